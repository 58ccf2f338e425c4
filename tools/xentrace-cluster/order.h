/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * order.h - one stream in time order out of the windows of many CPUs.
 *
 * xentrace looks at the CPUs in ascending order, round after round, and writes
 * a window for each that has records.  A vCPU that changed CPU within a round
 * therefore has its later events before its earlier ones in the file.  What a
 * window holds was recorded before it was written, so once a round is complete
 * all records up to the newest one of the round before it have been read:
 * these events are given out, sorted by time; the younger ones wait for the
 * next round.  A round begins with a window whose CPU number is not above the
 * previous window's.
 *
 * Memory: the events of two rounds, that is of two fillings of Xen's trace
 * buffers, never more than ORDER_MAX_HELD.  When that many are held, the oldest
 * go out early; an event that then turns out to be older than one already given
 * out is given out late and counted.
 *
 * Time: within a CPU the order of the file is kept whatever its TSC says.
 * A TSC that goes back by less than ORDER_JITTER cycles stands still until it
 * has caught up; one that goes back further (64-bit wrap, a reset by suspend)
 * begins a new epoch of that CPU, which sorts after all earlier epochs.  Both
 * are counted.  Between CPUs the TSCs are taken to be synchronised; equal
 * times keep the order of the file.
 */
#ifndef XC_ORDER_H
#define XC_ORDER_H

#include "events.h"

#define ORDER_JITTER (UINT64_C(1) << 32)

enum { ORDER_MAX_HELD = 1 << 20 };      /* events, about 100 bytes each */

/* Receives the events in order; *event lives for the call only. */
typedef void order_sink(void *ctx, const struct event *event);

struct order;

/* What became of the clocks. */
struct order_times {
    uint64_t cycles;            /* first to last record, summed over epochs */
    uint64_t jitters;           /* times a CPU's TSC went back a little */
    uint64_t resets;            /* times a CPU's TSC went back far */
    uint64_t late;              /* events given out after a younger one */
};

/* order_free() gives it back. */
struct order *order_new(order_sink *sink, void *ctx);
void order_free(struct order *order);

/*
 * To be called for every record of the file, in the file's order: first
 * order_window() if it is a CPU_CHANGE, or order_clock() if it has a TSC; then
 * order_push() with its event, if the sink is to have it.
 */
void order_window(struct order *order, uint32_t cpu);
void order_clock(struct order *order, uint32_t cpu, uint64_t tsc);
void order_push(struct order *order, const struct event *event);

/* The file has ended: everything held goes out. */
void order_finish(struct order *order);

struct order_times order_times(const struct order *order);

#endif /* XC_ORDER_H */
