/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "order.h"
#include "tests.h"

enum { MAX_SEEN = 64 };

/* Events are told apart by their offset, which order.c only carries. */
struct seen {
    unsigned int nr;
    uint64_t ids[MAX_SEEN];
    struct order *order;
};

static void see(void *ctx, const struct event *event)
{
    struct seen *seen = ctx;

    assert_true(seen->nr < MAX_SEEN);
    seen->ids[seen->nr++] = event->offset;
}

static void start(struct seen *seen)
{
    memset(seen, 0, sizeof(*seen));
    seen->order = order_new(see, seen);
}

static void push(struct seen *seen, uint32_t cpu, uint64_t tsc, uint64_t id)
{
    struct event event = { .kind = EVENT_EXECUTED, .cpu = cpu, .tsc = tsc, .offset = id };

    order_clock(seen->order, cpu, tsc);
    order_push(seen->order, &event);
}

static struct order_times finish(struct seen *seen)
{
    struct order_times times;

    order_finish(seen->order);
    times = order_times(seen->order);
    order_free(seen->order);
    return times;
}

static void assert_seen(const struct seen *seen, unsigned int nr)
{
    unsigned int i;

    assert_int_equal(seen->nr, nr);
    for (i = 0; i < nr; i++)
        assert_int_equal(seen->ids[i], i + 1);
}

static void windows_of_two_cpus_are_merged_by_time(void **state)
{
    struct seen seen;
    struct order_times times;

    (void)state;
    start(&seen);
    order_window(seen.order, 0);
    push(&seen, 0, 10, 1);
    push(&seen, 0, 30, 3);
    push(&seen, 0, 50, 5);
    order_window(seen.order, 1);
    push(&seen, 1, 20, 2);
    push(&seen, 1, 40, 4);
    times = finish(&seen);
    assert_seen(&seen, 5);
    assert_int_equal(times.cycles, 40);
    assert_int_equal(times.late, 0);
}

/* CPU 1's window is looked at after CPU 0's, so it may hold records younger than CPU 0's next. */
static void merging_reaches_into_the_next_round(void **state)
{
    struct seen seen;

    (void)state;
    start(&seen);
    order_window(seen.order, 0);
    push(&seen, 0, 10, 1);
    order_window(seen.order, 1);
    push(&seen, 1, 20, 2);
    push(&seen, 1, 40, 4);
    order_window(seen.order, 0);
    push(&seen, 0, 30, 3);
    push(&seen, 0, 50, 5);
    order_window(seen.order, 1);
    push(&seen, 1, 60, 6);
    assert_int_equal(finish(&seen).late, 0);
    assert_seen(&seen, 6);
}

static void events_are_given_out_two_rounds_later_at_the_latest(void **state)
{
    struct seen seen;

    (void)state;
    start(&seen);
    order_window(seen.order, 0);
    push(&seen, 0, 10, 1);
    order_window(seen.order, 1);
    push(&seen, 1, 20, 2);
    order_window(seen.order, 0);
    assert_int_equal(seen.nr, 0);
    push(&seen, 0, 30, 3);
    order_window(seen.order, 0);
    assert_seen(&seen, 2);
    finish(&seen);
    assert_seen(&seen, 3);
}

static void equal_times_keep_the_order_of_the_file(void **state)
{
    struct seen seen;
    uint64_t id;

    (void)state;
    start(&seen);
    order_window(seen.order, 0);
    for (id = 1; id <= 20; id++)
        push(&seen, 0, 10, id);
    order_window(seen.order, 1);
    for (; id <= 40; id++)
        push(&seen, 1, 10, id);
    finish(&seen);
    assert_seen(&seen, 40);
}

static void small_step_back_keeps_the_order_and_stands_still(void **state)
{
    struct seen seen;
    struct order_times times;

    (void)state;
    start(&seen);
    order_window(seen.order, 0);
    push(&seen, 0, 100, 1);
    push(&seen, 0, 90, 2);
    push(&seen, 0, 95, 3);
    push(&seen, 0, 120, 5);
    order_window(seen.order, 1);
    push(&seen, 1, 110, 4);
    times = finish(&seen);
    assert_seen(&seen, 5);
    assert_int_equal(times.jitters, 2);
    assert_int_equal(times.resets, 0);
    assert_int_equal(times.cycles, 20);
}

static void wrapped_tsc_goes_on_after_the_wrap_on_all_cpus(void **state)
{
    struct seen seen;
    struct order_times times;

    (void)state;
    start(&seen);
    order_window(seen.order, 0);
    push(&seen, 0, UINT64_MAX - 20, 1);
    push(&seen, 0, UINT64_MAX, 3);
    push(&seen, 0, 5, 4);
    order_window(seen.order, 1);
    push(&seen, 1, UINT64_MAX - 10, 2);
    push(&seen, 1, 10, 5);
    order_window(seen.order, 0);
    push(&seen, 0, 15, 6);
    times = finish(&seen);
    assert_seen(&seen, 6);
    assert_int_equal(times.resets, 2);
    assert_int_equal(times.jitters, 0);
    /* 20 before the wrap, 10 after it */
    assert_int_equal(times.cycles, 30);
}

static void other_records_count_for_the_time_span(void **state)
{
    struct seen seen;

    (void)state;
    start(&seen);
    order_clock(seen.order, READER_NO_CPU, 1000);
    order_clock(seen.order, READER_NO_CPU, 1700);
    order_window(seen.order, 3);
    order_clock(seen.order, 3, 900);
    assert_int_equal(finish(&seen).cycles, 800);
}

static unsigned int counted;

static void count(void *ctx, const struct event *event)
{
    (void)ctx;
    (void)event;
    counted++;
}

/* One endless window: no round ends, yet no more than the limit is held. */
static void memory_is_bounded_without_rounds(void **state)
{
    struct event event = { .kind = EVENT_EXECUTED, .cpu = 0 };
    struct order *order = order_new(count, NULL);
    unsigned int i;

    (void)state;
    counted = 0;
    order_window(order, 0);
    for (i = 0; i < ORDER_MAX_HELD + 1000; i++) {
        order_clock(order, 0, i);
        order_push(order, &event);
    }
    assert_int_equal(counted, 1000);
    order_window(order, 1);
    order_clock(order, 1, 500);
    event.cpu = 1;
    order_push(order, &event);
    order_finish(order);
    assert_int_equal(counted, ORDER_MAX_HELD + 1001);
    assert_int_equal(order_times(order).late, 1);
    order_free(order);
}

int order_tests(unsigned int *total)
{
    static const struct CMUnitTest order[] = {
        cmocka_unit_test(windows_of_two_cpus_are_merged_by_time),
        cmocka_unit_test(merging_reaches_into_the_next_round),
        cmocka_unit_test(events_are_given_out_two_rounds_later_at_the_latest),
        cmocka_unit_test(equal_times_keep_the_order_of_the_file),
        cmocka_unit_test(small_step_back_keeps_the_order_and_stands_still),
        cmocka_unit_test(wrapped_tsc_goes_on_after_the_wrap_on_all_cpus),
        cmocka_unit_test(other_records_count_for_the_time_span),
        cmocka_unit_test(memory_is_bounded_without_rounds),
    };

    return RUN_GROUP(order, total);
}
