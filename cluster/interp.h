/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * interp.h - the reference interpreter of decoded clusters.
 *
 * It is the definition of what the engine does; whatever else will execute
 * clusters is compared with it.  Every instruction makes all checks that can
 * fail before it changes anything, so a stop before an instruction leaves no
 * trace of it.
 */
#ifndef CLUSTER_INTERP_H
#define CLUSTER_INTERP_H

#include "cluster.h"
#include "code.h"
#include "tlb.h"

/* One execution: the guest's state and all that is needed to reach it. */
struct cluster_exec {
    const struct cluster_ops *ops;
    void *ctx;
    struct cluster_regs *regs;
    struct cluster_code code;   /* no store may hit these pages */
    struct cluster_tlb tlb;
    enum cluster_stop stop;     /* why the last instruction tried was not executed */
};

/*
 * Execute @c from its first instruction, at x->regs->rip, until it stops.
 * x->regs are precise afterwards; they are unchanged when out->insns is 0.
 * Fills in out->stop and counts in out->insns and out->exiting.
 *
 * The caller has set ops, ctx, regs and code, and started the TLB.
 */
void cluster_interpret(struct cluster_exec *x, const struct cluster *c,
                       struct cluster_outcome *out);

#endif /* CLUSTER_INTERP_H */
