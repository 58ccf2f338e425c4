/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "mem.h"
#include "order.h"

/* A point in time that never goes back within a CPU. */
struct when {
    uint32_t epoch;
    uint64_t tsc;
};

struct clock {
    struct when now;
    bool running;               /* now is valid */
};

struct held {
    struct when when;
    uint64_t seq;               /* place in the file */
    struct event event;
};

struct order {
    order_sink *sink;
    void *ctx;
    struct held *heap;          /* the oldest at [0] */
    size_t nr, cap;
    uint64_t seq;
    bool any_window;
    uint32_t last_cpu;          /* of the previous window */
    struct when newest;         /* of all records read */
    struct when complete;       /* everything up to here has been read */
    struct when given;          /* the last event given out */
    struct when first;          /* oldest record of newest's epoch */
    bool any_record;
    struct order_times times;
    struct clock clocks[READER_MAX_CPUS + 1];
};

static int compare(struct when a, struct when b)
{
    if (a.epoch != b.epoch)
        return a.epoch < b.epoch ? -1 : 1;
    return a.tsc < b.tsc ? -1 : a.tsc > b.tsc;
}

static bool older(const struct held *a, const struct held *b)
{
    int order = compare(a->when, b->when);

    return order ? order < 0 : a->seq < b->seq;
}

struct order *order_new(order_sink *sink, void *ctx)
{
    struct order *order = mem_zalloc(sizeof(*order));

    order->sink = sink;
    order->ctx = ctx;
    return order;
}

void order_free(struct order *order)
{
    free(order->heap);
    free(order);
}

/* Put @held into the hole at @i, or above it. */
static void sift_up(struct order *order, size_t i, const struct held *held)
{
    while (i > 0 && older(held, &order->heap[(i - 1) / 2])) {
        order->heap[i] = order->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    order->heap[i] = *held;
}

/* Put @held into the hole at @i, or below it. */
static void sift_down(struct order *order, size_t i, const struct held *held)
{
    size_t child;

    while ((child = 2 * i + 1) < order->nr) {
        if (child + 1 < order->nr && older(&order->heap[child + 1], &order->heap[child]))
            child++;
        if (!older(&order->heap[child], held))
            break;
        order->heap[i] = order->heap[child];
        i = child;
    }
    order->heap[i] = *held;
}

static void give_oldest(struct order *order)
{
    struct held oldest = order->heap[0];
    struct held last = order->heap[--order->nr];

    if (order->nr)
        sift_down(order, 0, &last);
    if (compare(oldest.when, order->given) < 0)
        order->times.late++;
    else
        order->given = oldest.when;
    order->sink(order->ctx, &oldest.event);
}

static void give_complete(struct order *order)
{
    while (order->nr && compare(order->heap[0].when, order->complete) <= 0)
        give_oldest(order);
}

void order_window(struct order *order, uint32_t cpu)
{
    if (!order->any_window || cpu <= order->last_cpu) {
        give_complete(order);
        order->complete = order->newest;
    }
    order->any_window = true;
    order->last_cpu = cpu;
}

/*
 * A CPU met for the first time is taken to live in the newest epoch; in the one
 * before where its TSC is far ahead, because then it has yet to fall back.
 */
static struct when start(const struct order *order, uint64_t tsc)
{
    bool ahead = tsc > order->newest.tsc && tsc - order->newest.tsc >= ORDER_JITTER;

    return (struct when){ order->newest.epoch - (order->newest.epoch && ahead), tsc };
}

static struct when advance(struct order *order, struct when now, uint64_t tsc)
{
    if (tsc >= now.tsc)
        return (struct when){ now.epoch, tsc };
    if (now.tsc - tsc < ORDER_JITTER) {
        order->times.jitters++;
        return now;
    }
    order->times.resets++;
    return (struct when){ now.epoch + 1, tsc };
}

/* Keep first..newest the extent of the newest epoch; close the one before it. */
static void extend(struct order *order, struct when now)
{
    if (!order->any_record || now.epoch > order->newest.epoch) {
        order->times.cycles += order->newest.tsc - order->first.tsc;
        order->first = order->newest = now;
        order->any_record = true;
        return;
    }
    if (compare(now, order->newest) > 0)
        order->newest = now;
    if (now.epoch == order->first.epoch && now.tsc < order->first.tsc)
        order->first = now;
}

void order_clock(struct order *order, uint32_t cpu, uint64_t tsc)
{
    struct clock *clock = &order->clocks[cpu];

    clock->now = clock->running ? advance(order, clock->now, tsc) : start(order, tsc);
    clock->running = true;
    extend(order, clock->now);
}

void order_push(struct order *order, const struct event *event)
{
    struct held held = { order->clocks[event->cpu].now, order->seq++, *event };

    if (order->nr == ORDER_MAX_HELD)
        give_oldest(order);
    order->heap = mem_room(order->heap, &order->cap, order->nr + 1, sizeof(*order->heap));
    sift_up(order, order->nr++, &held);
}

void order_finish(struct order *order)
{
    while (order->nr)
        give_oldest(order);
}

struct order_times order_times(const struct order *order)
{
    struct order_times times = order->times;

    times.cycles += order->newest.tsc - order->first.tsc;
    return times;
}
