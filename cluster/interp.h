/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * interp.h - the reference interpreter of decoded instructions.
 *
 * It is the definition of what the engine does; whatever else executes clusters
 * is compared with it.  Every instruction makes all checks that can fail before
 * it changes anything, so a stop before an instruction leaves no trace of it.
 * (REP string operations make their checks for each element, and a stop between
 * two is where hardware would take a fault or an interrupt: RIP at the
 * instruction, the registers saying how far it came.)
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
    struct cluster_world world;
    struct cluster_code code;   /* static: no store may hit these pages */
    const struct cluster_region *region; /* nor these of a region; or NULL */
    struct cluster_tlb tlb;
    uint64_t operand;           /* the linear address of the last memory operand resolved first */
    enum cluster_stop stop;     /* why the last instruction tried was not executed */
};

enum cluster_step {
    CLUSTER_STEP_NEXT,          /* executed; RIP is behind it */
    CLUSTER_STEP_TAKEN,         /* executed, a branch that was taken; RIP is where it goes */
    CLUSTER_STEP_LAST,          /* executed, as NEXT, but nothing more may be: x->stop says why */
    CLUSTER_STEP_STOP,          /* not executed, or a string operation in part; RIP at it, x->stop says why */
};

/*
 * Execute @insn, which lies at x->regs->rip.  The caller has looked for events
 * where it has to; STI and POPF do on their own, where they set IF.
 *
 * The caller has set ops, ctx, regs, world, code (all NULL but for static
 * clusters) and region, and started the TLB.  regs->sti_shadow is true after an
 * STI that set IF, and false after all else that was executed.
 *
 * Stops with FAULT where hardware would raise #DE or #GP, and before an
 * instruction that ends where RIP cannot be; with MEMORY before an access that
 * cannot be made, and a locked one that crosses a cache line; with CODE_WRITE;
 * with FLAGS before a POPF that changes more than arithmetic flags and IF; with
 * BUDGET before more than CLUSTER_MAX_REP iterations; with EVENT, VMX and RESUME.
 */
enum cluster_step cluster_step(struct cluster_exec *x, const struct cluster_insn *insn);

/*
 * Execute static cluster @c from its first instruction, at x->regs->rip, until it stops.
 * x->regs are precise afterwards; they are unchanged when out->insns is 0.
 * Fills in out->stop and counts in out->insns and out->exiting.
 *
 * The caller has set ops, ctx, regs, world and code, and started the TLB.
 */
void cluster_interpret(struct cluster_exec *x, const struct cluster *c,
                       struct cluster_outcome *out);

/*
 * Take back from out->exiting what this processor would not have exited by (struct
 * cluster_world, silent), and count that from 0 again.
 */
void cluster_discount(struct cluster_exec *x, struct cluster_outcome *out);

#endif /* CLUSTER_INTERP_H */
