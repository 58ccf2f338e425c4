/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.h - the recorder: executes L1 with the interpreter and keeps its path.
 */
#ifndef CLUSTER_RECORD_H
#define CLUSTER_RECORD_H

#include "cluster.h"
#include "interp.h"

enum cluster_record {
    CLUSTER_RECORD_SEGMENT,     /* a new segment, ready to be translated */
    CLUSTER_RECORD_JOINED,      /* no segment needed: the edge now leads into the region again */
    CLUSTER_RECORD_NOTHING,     /* no exiting instruction worth going to: no segment */
    CLUSTER_RECORD_INTERRUPTED, /* no segment, because of an event: worth another try */
    CLUSTER_RECORD_FULL,        /* a pool is used up: the caller forgets everything, later */
};

/*
 * Record from x->regs on: a draft's first segment (@from NO_INDEX), or what
 * follows edge @from, which L1 has just gone by, of a region in the store.
 * @entry_rsp is RSP at the region's entry.
 *
 * L1's state moves on in any case, by what was executed, in x->regs and memory,
 * counted in @out; x->stop says why it went no further.  What was executed beyond
 * the last instruction worth bridging to is not part of the segment.
 *
 * On SEGMENT, *@segment is its index.  *@onward is NO_INDEX, or the edge by which
 * L1 has left a loop that the segment ends in: to be recorded from at once, for
 * what comes before it need not be worth anything by itself.
 */
enum cluster_record cluster_record(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                                   struct cluster_region *region, uint64_t entry_rsp,
                                   uint32_t from, struct cluster_outcome *out,
                                   uint32_t *segment, uint32_t *onward);

#endif /* CLUSTER_RECORD_H */
