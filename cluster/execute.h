/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * execute.h - executing a region: by its translation, or by the interpreter.
 */
#ifndef CLUSTER_EXECUTE_H
#define CLUSTER_EXECUTE_H

#include "cluster.h"
#include "interp.h"

/*
 * Execute @region from its entry, at x->regs->rip, until it stops: translated
 * code where @translated, and the interpreter for what that leaves to it;
 * everything by the interpreter otherwise.  The bytes of each segment are
 * compared with the guest's before the first of its instructions is executed;
 * where they differ execution stops there with CLUSTER_STOP_BYTES.
 *
 * The caller has filled in @x: ops, ctx, regs, world and region, no code, a fresh TLB.
 *
 * x->regs are precise afterwards; they are unchanged when out->insns is 0.
 * Counts in @out; x->stop says why it stopped.  Where it left by an edge that is
 * hot now and may grow, *@grow is that edge, else NO_INDEX.
 */
void cluster_execute(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                     struct cluster_region *region, bool translated,
                     struct cluster_outcome *out, uint32_t *grow);

#endif /* CLUSTER_EXECUTE_H */
