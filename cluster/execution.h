/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * execution.h - one execution of a region (private to execute.c and dispatch.c).
 *
 * Where an execution has come to is a node and whether it is before or behind
 * it.  The instructions executed so far follow from the node's depth; edges
 * to nodes of another depth than the next one's correct that.
 */
#ifndef CLUSTER_EXECUTION_H
#define CLUSTER_EXECUTION_H

#include "interp.h"

struct cluster_execution {
    struct cluster_vcpu *vcpu;
    struct cluster_exec *x;
    struct cluster_region *region;
    struct cluster_outcome *out;
    struct cluster_frame *frame;
    uint64_t entry_rsp;
    int32_t *budget;            /* as the frame's members of the names */
    int32_t *exiting;
    const struct cluster_exit *missed;  /* the last MISS, and where */
    uint64_t missed_address;
    uint32_t grow;              /* the edge that has become hot, or NO_INDEX */
};

/* The end, before or @behind node @n: x->stop is @why, and *out counts. */
void cluster_execution_stop(struct cluster_execution *e, uint32_t n, bool behind,
                            enum cluster_stop why);

/*
 * L1 goes by @edge, out of a segment or to a header.  Returns the node, whose
 * segment has been compared; or NO_INDEX when the execution has ended.  Does not look
 * at L1's registers.
 */
uint32_t cluster_execution_follow(struct cluster_execution *e, uint32_t edge);

/*
 * Execute node @n, at regs->rip.  Returns the node that comes next, or NO_INDEX
 * when the execution has ended, before the node or behind it.
 */
uint32_t cluster_execution_step(struct cluster_execution *e, uint32_t n);

/* Execute from node @n on until it ends. */
void cluster_execution_interpret(struct cluster_execution *e, uint32_t n);

/* The same by translated code, entered at offset @code of the arena. */
void cluster_execution_enter(struct cluster_execution *e, uint32_t code);

#endif /* CLUSTER_EXECUTION_H */
