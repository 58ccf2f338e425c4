/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cost.h - the cost model: does a cluster pay?
 *
 * In cycles.  Counted in the lab (Sandy Bridge model, Xen 4.20.3, clusters off):
 * an L1 exit by VMREAD or VMWRITE takes L0 940 instructions.  Assumed: one
 * cycle an instruction, and 784 cycles for the hardware's exit and resume (Sandy
 * Bridge, USENIX ATC 2012).
 */
#ifndef CLUSTER_COST_H
#define CLUSTER_COST_H

#include "cluster.h"

enum {
    /* What one exit less saves. */
    CLUSTER_COST_EXIT = 940 + 784,
    /* What one execution costs beyond the exit that it replaces. */
    CLUSTER_COST_EXECUTION = 1000,
    /* Executions after which a cluster is judged, each time anew. */
    CLUSTER_TRIAL_RUNS = 64,
};

/* Did @runs executions, which avoided @avoided exits in all, pay? */
static inline bool cluster_pays(unsigned int runs, unsigned int avoided)
{
    return (uint64_t)avoided * CLUSTER_COST_EXIT >= (uint64_t)runs * CLUSTER_COST_EXECUTION;
}

#endif /* CLUSTER_COST_H */
