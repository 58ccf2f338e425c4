/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batches.h - what virtual VM entries by batch add up to: how many fields each moved,
 * and what it computed anew.
 */
#ifndef XC_BATCHES_H
#define XC_BATCHES_H

#include "events.h"
#include "format.h"

/* Numbers of fields: how often each came, and all of them together. */
struct spread {
    uint64_t sum;
    uint64_t of[NVMX_POSITIONS + 1];
};

struct batches {
    uint64_t nr;
    struct spread written, fetched;
    uint64_t inputs[EVENT_NR_INPUTS];
};

/* @event: an EVENT_BATCH */
void batches_add(struct batches *batches, const struct event *event);

/* Of at least one number.  The median is the lower one of two middle ones. */
unsigned int spread_median(const struct spread *spread);
unsigned int spread_max(const struct spread *spread);

/* Classes of numbers: 0, 1, 2-3, 4-7 and so on. */
enum { SPREAD_CLASSES = 11 };

/* How many numbers were in class @n. */
uint64_t spread_class(const struct spread *spread, unsigned int n);
struct format spread_class_name(unsigned int n);

#endif /* XC_BATCHES_H */
