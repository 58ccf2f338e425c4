/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cost.h - the cost model: does a cluster pay?
 *
 * In cycles.  Counted in the lab (Sandy Bridge model, Xen 4.20.3; case loop_1000 of
 * tests/system/payload, by bench/lab-boot with TRACE=0 in the job): an L1 exit by
 * VMREAD or VMWRITE takes L0 954 instructions, an execution of 8 instructions with
 * 4 exiting ones 2,869, so 1,915 beyond the exit that it replaces.  Assumed: how
 * these divide into a fixed part and one per instruction (one case cannot tell;
 * 1000 and 120 are round numbers that come to 1,960); one cycle an instruction;
 * and 784 cycles for the hardware's exit and resume (Sandy Bridge, USENIX ATC 2012).
 */
#ifndef CLUSTER_COST_H
#define CLUSTER_COST_H

#include "cluster.h"

enum {
    /* What one exit less saves. */
    CLUSTER_COST_EXIT = 954 + 784,
    /* What one execution costs beyond the exit that it replaces... */
    CLUSTER_COST_EXECUTION = 1000,
    /* ...and each instruction in it. */
    CLUSTER_COST_INSN = 120,
    /* Executions after which a cluster is judged, each time anew. */
    CLUSTER_TRIAL_RUNS = 64,
};

/* Did @runs executions of @insns instructions in all, which avoided @avoided exits, pay? */
static inline bool cluster_pays(unsigned int runs, unsigned int insns, unsigned int avoided)
{
    return (uint64_t)avoided * CLUSTER_COST_EXIT >=
           (uint64_t)runs * CLUSTER_COST_EXECUTION + (uint64_t)insns * CLUSTER_COST_INSN;
}

#endif /* CLUSTER_COST_H */
