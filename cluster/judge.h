/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * judge.h - what becomes of a region, by what its executions have cost and spared (cost.h).
 */
#ifndef CLUSTER_JUDGE_H
#define CLUSTER_JUDGE_H

#include "cluster.h"

enum cluster_verdict {
    CLUSTER_VERDICT_LATER,      /* too few executions yet */
    CLUSTER_VERDICT_PAYS,       /* and goes on doing so: a new trial has begun */
    CLUSTER_VERDICT_USELESS,
    CLUSTER_VERDICT_ANEW,       /* it would cost less if it were recorded now */
};

/* Begin a trial: the region is new, or has grown. */
void cluster_judge_start(struct cluster_region *region);

/*
 * @region, which is in the store, has been executed, as @out says, up to @stop.  After USELESS and
 * ANEW the caller drops it.  How often its site has been judged so is kept in @vcpu.
 */
enum cluster_verdict cluster_judge(struct cluster_vcpu *vcpu, struct cluster_region *region,
                                   const struct cluster_outcome *out, enum cluster_stop stop);

#endif /* CLUSTER_JUDGE_H */
