/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * recorder.h - one recording (private to record.c, which follows the path, and
 * record_segment.c, which makes a segment of it).
 */
#ifndef CLUSTER_RECORDER_H
#define CLUSTER_RECORDER_H

#include "interp.h"
#include "stack.h"

/* As far as a path is worth keeping. */
struct cluster_extent {
    uint32_t nodes, edges;      /* ends in the pools */
    int32_t  low, high;         /* of the stack */
    unsigned int exits;
};

struct cluster_recorder {
    struct cluster_vcpu *vcpu;
    struct cluster_exec *x;
    struct cluster_region *region;
    struct cluster_outcome *out;
    uint64_t entry_rsp;
    uint32_t from;              /* edge, or NO_INDEX */
    uint32_t first, next;       /* nodes: of the recording, to be appended next */
    uint32_t way;               /* the edge that leads to it, or NO_INDEX */
    struct cluster_stack stack;
    int64_t rsp;                /* less that at the region's entry */
    uint32_t call;
    unsigned int depth, exiting, gap;
    unsigned int exits;         /* those of the exiting ones that L1 would have exited by */
    bool exited;                /* the one executed last is one of these */
    uint32_t first_edge;        /* of the recording, in the pool */
    struct cluster_extent kept;
    uint32_t joined;            /* an older node that the path goes to, or NO_INDEX */
    uint32_t onward;
    bool pays;                  /* up to one of its exiting instructions it would (cost.h) */
    bool full, interrupted;
};

/* All that has been recorded is worth keeping. */
void cluster_recorder_keep(struct cluster_recorder *r);

/* One that L1 would have exited by was appended: up to there, too. */
void cluster_recorder_note_exit(struct cluster_recorder *r);

/* A first segment begins where L1 has exited already, or, at HOST_RIP, where it has not. */
bool cluster_recorder_has_exited(const struct cluster_recorder *r);

/* Is what is worth keeping a segment?  The recording has ended, with x->stop. */
bool cluster_recorder_is_worth_it(const struct cluster_recorder *r);

/*
 * What was kept becomes the region's next segment; the region had @pages code pages before.
 * Returns false when a pool is full.
 */
bool cluster_recorder_commit(struct cluster_recorder *r, unsigned int pages);

/* As if nothing had been recorded. */
void cluster_recorder_undo(struct cluster_recorder *r, unsigned int pages);

#endif /* CLUSTER_RECORDER_H */
