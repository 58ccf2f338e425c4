/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * step.h - what belongs to an instruction's execution besides cluster_step(), alike
 * for the recorder and for regions.
 */
#ifndef CLUSTER_STEP_H
#define CLUSTER_STEP_H

#include "alu.h"
#include "interp.h"

/*
 * @insn was executed: is there an event now that L1 has to take before the next
 * instruction?  x->stop says so then.  Asked only behind WRMSR and WEAK_MOV, which may
 * have caused one (an interrupt to oneself, the end of another); what comes up elsewhere
 * pokes (cluster_world.poke).
 */
static inline bool cluster_step_event_behind(struct cluster_exec *x,
                                             const struct cluster_insn *insn)
{
    _Static_assert(CLUSTER_OP_WEAK_MOV == CLUSTER_OP_WRMSR + 1 &&
                   CLUSTER_OP_VMRESUME == CLUSTER_OP_WEAK_MOV + 1, "and nothing else, executed");
    if (insn->op < CLUSTER_OP_WRMSR)
        return false;
    x->world.pending = x->ops->event_pending(x->ctx, x->regs->rflags | CLUSTER_FLAG_IF);
    if (!x->world.pending)
        return false;
    if (!(x->regs->rflags & CLUSTER_FLAG_IF) &&
        !x->ops->event_pending(x->ctx, x->regs->rflags))
        return false;
    x->stop = CLUSTER_STOP_EVENT;
    return true;
}

#endif /* CLUSTER_STEP_H */
