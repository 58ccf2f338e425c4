/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scenario.h - traces with a story, for the golden files and for damaging.
 * The caller has initialised the writer and frees it.
 */
#ifndef TEST_SCENARIO_H
#define TEST_SCENARIO_H

#include "writer.h"

/*
 * A guest hypervisor on two vCPUs and two CPUs: a cluster formed on both vCPUs,
 * rewritten on one of them, stops of several kinds, a vCPU that changes CPU
 * within a round, records of other classes, refusals, an eviction and a flush.
 */
void scenario_two_cpus(struct writer *w);

/* The same machine, but Xen lost records: code and a formation are missing. */
void scenario_lost(struct writer *w);

/* No cpu_change at the start, padding, a TSC that goes back, a newer Xen's events. */
void scenario_odd(struct writer *w);

/*
 * A region with a call in it, grown by a second path, on two vCPUs and in two
 * modes beside a static cluster of the same site; a segment whose pieces were
 * lost; mismatches of verify mode.
 */
void scenario_regions(struct writer *w);

/*
 * Virtual entries by batch: the first, which moves all, usual ones, one that moves nothing
 * and one with an input of a newer Xen; a region executed in between.
 */
void scenario_batches(struct writer *w);

/* Four lines of kallsyms for them. */
extern const char scenario_symbols[];

#endif /* TEST_SCENARIO_H */
