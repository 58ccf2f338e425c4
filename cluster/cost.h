/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cost.h - the cost model: does it pay?  All its constants are here.
 *
 * In cycles.  "Counted" are instructions that the lab's emulator executed (Sandy
 * Bridge model, Xen 4.20.3); where one has to stand for cycles, one cycle an
 * instruction is assumed.
 */
#ifndef CLUSTER_COST_H
#define CLUSTER_COST_H

#include "cluster.h"

enum {
    /*
     * What one exit less saves.  Counted: 954 instructions of L0 for an L1 exit by
     * VMREAD or VMWRITE (case loop_1000 of tests/system/payload).  Taken from the
     * paper (USENIX ATC 2012): 784 cycles for the hardware's exit and resume.
     */
    CLUSTER_COST_EXIT = 954 + 784,

    /*
     * Static clusters: what one execution costs beyond the exit that it replaces,
     * and each instruction in it.  Counted: an execution of 8 instructions with 4
     * exiting ones takes L0 2,869, so 1,915 beyond the exit.  Assumed: how these
     * divide into a fixed part and one per instruction (one case cannot tell; 1000
     * and 120 are round numbers that come to 1,960).
     */
    CLUSTER_COST_EXECUTION = 1000,
    CLUSTER_COST_INSN = 120,

    /*
     * Regions: the same, for translated code.  An instruction of L1's takes a cycle
     * of L1 if it is not bridged, so BRIDGED - 1 is what bridging costs.  BRIDGED
     * includes the memory accesses (0.44 an instruction, counted) and the comparison of
     * the instruction's bytes.
     *
     * "bench/cost-model --measure" says 1,700 and 5.4 of the boot sandy_bridge-debian-ept1-xen
     * (docs/RESULTS.md), and said 1,830 while vmcs01's loading was in it.  1,400 is from before it
     * counted what goes before an execution behind a virtual exit, some of which happens
     * without one, too; 1,830 was not tried.  With 5 in place of 4 the longest gap is 784, and
     * that was tried: exits of L1 left in the compile 53,801 in place of 37,989 (Debian's
     * kernel) and 54,192 in place of 51,586 (the small one), overhead 24.5 in place of 23.5 %
     * and 27.2 in place of 27.3 %.
     */
    CLUSTER_COST_REGION = 1400,
    CLUSTER_COST_BRIDGED = 4,

    /*
     * What a region costs once, for each instruction in it: to decode, interpret and
     * keep it, and to translate it.  3,400 to 4,800 in the boots of docs/RESULTS.md.
     */
    CLUSTER_COST_RECORD = 4000,

    /*
     * A gap that is longer costs more to bridge than the exit behind it, where another
     * execution would have to be begun.  That is so if L1 always gets there.  Where it mostly
     * leaves the region in between, a quarter is the most for the site, when what was bridged
     * in vain has cost as much as to record its region anew; and a quarter of that.
     */
    CLUSTER_MAX_GAP = (CLUSTER_COST_EXIT + CLUSTER_COST_REGION) / (CLUSTER_COST_BRIDGED - 1),
    CLUSTER_MAX_NARROWED = 2,

    /*
     * Exits by an edge after which the region grows there.  A path of 100 instructions
     * costs 500,000 cycles, which are 288 exits avoided; assumed: what was taken 32 times
     * will be taken many hundred times, and one that is not is found by the judgement.  Fewer
     * than CLUSTER_TRIAL_RUNS, or it would come too early.
     *
     * 8 where no exit was avoided before the edge were tried: in two compiles 33,611 and 37,312
     * exits of L1 were left, 57,942 and 50,847 instructions recorded; with 32, 35,605 and 40,618.
     */
    CLUSTER_GROW_EXITS = 32,

    /*
     * Where nothing came of that: another path may be the usual one.  Sixteen times as
     * many exits are waited for, and that is all: a try in vain costs as much as one that
     * succeeds.
     */
    CLUSTER_GROW_TRIES = 2,

    /*
     * Goings from segment to segment in an execution, on average, that are too many.
     * Assumed: with fewer there may be no better path.
     */
    CLUSTER_SCATTERED_HOPS = 2,

    /*
     * What each of them costs.  Counted, in forks (bench/l0-parts by function): the way by C
     * 150, the comparison of bytes that are not executed 300.
     */
    CLUSTER_COST_HOP = 450,

    /*
     * A site's region is recorded anew when hops have cost as much as a recording does, then
     * twice as much, and so on: there may be no usual path.  So often at most.
     *
     * A quarter for the first time was tried.  CPUID of L2 took 9,543 model cycles in forks in
     * place of 10,075, and 10,466 in micro in place of 14,862.  But in the compile 57,900
     * instructions were recorded in place of 42,300, and its overhead was 25.1 in place of 23.7 %.
     */
    CLUSTER_MAX_REBUILT = 24,

    /*
     * A site is given up for CLUSTER_BARREN_EXITS exits (cache.h), and for twice as many
     * the next time, so often: to record it again costs more than 1,000 cycles
     * for each of 4,096 exits.
     */
    CLUSTER_MAX_GIVEN_UP = 3,

    /* Executions after which a cluster or region is judged, each time anew. */
    CLUSTER_TRIAL_RUNS = 64,
};

/* Where a site's gaps have been narrowed @narrowed times. */
static inline unsigned int cluster_max_gap(unsigned int narrowed)
{
    return CLUSTER_MAX_GAP >> 2 * narrowed;
}

/* Exits by an edge before it is tried the (@tries + 1)th time. */
static inline unsigned int cluster_exits_to_grow(unsigned int tries)
{
    return CLUSTER_GROW_EXITS << (4 * tries);
}

/* Did @runs executions of static clusters, of @insns instructions in all, pay by @avoided exits? */
static inline bool cluster_pays(unsigned int runs, unsigned int insns, unsigned int avoided)
{
    return (uint64_t)avoided * CLUSTER_COST_EXIT >=
           (uint64_t)runs * CLUSTER_COST_EXECUTION + (uint64_t)insns * CLUSTER_COST_INSN;
}

/* The same of regions. */
static inline bool cluster_region_pays(unsigned int runs, unsigned int insns,
                                       unsigned int avoided)
{
    return (uint64_t)avoided * CLUSTER_COST_EXIT >=
           (uint64_t)runs * CLUSTER_COST_REGION +
           (uint64_t)insns * (CLUSTER_COST_BRIDGED - 1);
}

/*
 * Have @hops, and @wasted instructions bridged in vain, cost as much as to record @insns,
 * doubled @times times?
 */
static inline bool cluster_worth_recording(uint64_t hops, uint64_t wasted, uint64_t insns,
                                           unsigned int times)
{
    return hops * CLUSTER_COST_HOP + wasted * (CLUSTER_COST_BRIDGED - 1) >=
           insns * CLUSTER_COST_RECORD << times;
}

#endif /* CLUSTER_COST_H */
