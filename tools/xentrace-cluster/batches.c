/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "batches.h"

static void spread_add(struct spread *spread, unsigned int number)
{
    spread->of[number]++;
    spread->sum += number;
}

void batches_add(struct batches *batches, const struct event *event)
{
    unsigned int bit;

    batches->nr++;
    spread_add(&batches->written, event->batch.written);
    spread_add(&batches->fetched, event->batch.fetched);
    for (bit = 0; bit < EVENT_NR_INPUTS; bit++)
        batches->inputs[bit] += event->batch.inputs >> bit & 1;
}

static uint64_t between(const struct spread *spread, unsigned int first, unsigned int last)
{
    uint64_t count = 0;
    unsigned int number;

    for (number = first; number <= last; number++)
        count += spread->of[number];
    return count;
}

unsigned int spread_median(const struct spread *spread)
{
    uint64_t below = (between(spread, 0, NVMX_POSITIONS) - 1) / 2;
    unsigned int number = 0;

    while (below >= spread->of[number])
        below -= spread->of[number++];
    return number;
}

unsigned int spread_max(const struct spread *spread)
{
    unsigned int number = NVMX_POSITIONS;

    while (!spread->of[number])
        number--;
    return number;
}

static unsigned int class_first(unsigned int n)
{
    return n ? 1u << (n - 1) : 0;
}

static unsigned int class_last(unsigned int n)
{
    unsigned int last = class_first(n + 1) - 1;

    return last < NVMX_POSITIONS ? last : NVMX_POSITIONS;
}

_Static_assert(1u << (SPREAD_CLASSES - 1) > NVMX_POSITIONS &&
               1u << (SPREAD_CLASSES - 2) <= NVMX_POSITIONS, "the last class has the last number");

uint64_t spread_class(const struct spread *spread, unsigned int n)
{
    return between(spread, class_first(n), class_last(n));
}

struct format spread_class_name(unsigned int n)
{
    struct format name;

    if (class_first(n) == class_last(n))
        snprintf(name.text, sizeof(name.text), "%u", class_first(n));
    else
        snprintf(name.text, sizeof(name.text), "%u-%u", class_first(n), class_last(n));
    return name;
}
