/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "batches.h"
#include "model.h"
#include "tests.h"

static void add(struct batches *b, unsigned int written, unsigned int fetched, unsigned int inputs)
{
    struct event e = { .kind = EVENT_BATCH };

    e.batch.written = written;
    e.batch.fetched = fetched;
    e.batch.inputs = inputs;
    batches_add(b, &e);
}

static void written_and_fetched_are_told_apart(void **state)
{
    struct batches b = { 0 };

    (void)state;
    add(&b, 2, 7, 0);
    add(&b, 2, 0, 0);
    add(&b, 5, 8, 0);
    assert_int_equal(b.nr, 3);
    assert_int_equal(b.written.sum, 9);
    assert_int_equal(b.fetched.sum, 15);
    assert_int_equal(spread_median(&b.written), 2);
    assert_int_equal(spread_median(&b.fetched), 7);
    assert_int_equal(spread_max(&b.written), 5);
    assert_int_equal(spread_max(&b.fetched), 8);
}

static void median_is_the_lower_one_of_two(void **state)
{
    static const unsigned int numbers[] = { 512, 0, 9, 3 };
    static const unsigned int medians[] = { 512, 0, 9, 3 };
    struct batches b = { 0 };
    unsigned int i;

    (void)state;
    for (i = 0; i < 4; i++) {
        add(&b, numbers[i], 0, 0);
        assert_int_equal(spread_median(&b.written), medians[i]);
    }
    assert_int_equal(spread_max(&b.written), NVMX_POSITIONS);
}

/* The borders of all of them; together they have every number once. */
static void classes_are_powers_of_two(void **state)
{
    static const char *const names[SPREAD_CLASSES] = {
        "0", "1", "2-3", "4-7", "8-15", "16-31", "32-63", "64-127", "128-255", "256-511", "512",
    };
    struct batches b = { 0 };
    uint64_t all = 0;
    unsigned int i;

    (void)state;
    for (i = 0; i <= NVMX_POSITIONS; i++)
        add(&b, i, 0, 0);
    for (i = 0; i < SPREAD_CLASSES; i++) {
        assert_string_equal(spread_class_name(i).text, names[i]);
        all += spread_class(&b.written, i);
    }
    assert_int_equal(all, NVMX_POSITIONS + 1);
    assert_int_equal(spread_class(&b.written, 0), 1);
    assert_int_equal(spread_class(&b.written, 2), 2);
    assert_int_equal(spread_class(&b.written, 9), 256);
    assert_int_equal(spread_class(&b.written, 10), 1);
}

static void inputs_are_counted_one_by_one(void **state)
{
    struct batches b = { 0 };

    (void)state;
    add(&b, 0, 0, NVMX_INPUT_PIN | NVMX_INPUT_CR);
    add(&b, 0, 0, NVMX_INPUT_CR | 1 << EVENT_INPUT_UNKNOWN);
    assert_int_equal(b.inputs[0], 1);
    assert_int_equal(b.inputs[9], 2);
    assert_int_equal(b.inputs[1], 0);
    assert_int_equal(b.inputs[EVENT_INPUT_UNKNOWN], 1);
}

static void the_model_counts_them_and_makes_no_row(void **state)
{
    struct event e = { .kind = EVENT_BATCH, .vcpu = 0x10000 };
    struct model m;

    (void)state;
    model_init(&m);
    e.batch.written = 4;
    model_add(&m, &e);
    model_finish(&m);
    assert_int_equal(m.totals.batches.nr, 1);
    assert_int_equal(m.totals.batches.written.sum, 4);
    assert_int_equal(m.nr_rows, 0);
    model_free(&m);
}

int batches_tests(unsigned int *total)
{
    static const struct CMUnitTest batches[] = {
        cmocka_unit_test(written_and_fetched_are_told_apart),
        cmocka_unit_test(median_is_the_lower_one_of_two),
        cmocka_unit_test(classes_are_powers_of_two),
        cmocka_unit_test(inputs_are_counted_one_by_one),
        cmocka_unit_test(the_model_counts_them_and_makes_no_row),
    };

    return RUN_GROUP(batches, total);
}
