/* SPDX-License-Identifier: GPL-2.0-only */
/* interp_stack.c - the stack, branches, and RFLAGS as a whole. */
#include "interp_step.h"

/* What POPF may change beside the arithmetic flags and IF; whatever else it loads is 0 for ever. */
#define DELICATE_FLAGS \
    (CLUSTER_FLAG_TF | CLUSTER_FLAG_DF | CLUSTER_FLAG_IOPL | CLUSTER_FLAG_NT | \
     CLUSTER_FLAG_RF | CLUSTER_FLAG_VM | CLUSTER_FLAG_AC | CLUSTER_FLAG_VIF | \
     CLUSTER_FLAG_VIP | CLUSTER_FLAG_ID)

/* What PUSHF pushes of RFLAGS: all but VM and RF (SDM vol. 2, PUSHF). */
#define PUSHED_FLAGS 0x00fcffffull

static enum cluster_step push(struct cluster_exec *x, uint64_t value)
{
    uint64_t rsp = x->regs->gpr[CLUSTER_RSP] - 8;
    struct cluster_place stack;

    if (!cluster_reach(x, rsp, 8, CLUSTER_WRITE, &stack))
        return CLUSTER_STEP_STOP;
    cluster_place_store(&stack, 8, value);
    x->regs->gpr[CLUSTER_RSP] = rsp;
    return CLUSTER_STEP_NEXT;
}

/* What is at @address, for an instruction that has not moved RSP yet. */
static bool peek(struct cluster_exec *x, uint64_t address, uint64_t *value)
{
    struct cluster_place stack;

    if (!cluster_reach(x, address, 8, CLUSTER_READ, &stack))
        return false;
    *value = cluster_place_load(&stack, 8);
    return true;
}

enum cluster_step cluster_step_push(struct cluster_exec *x, const struct cluster_insn *insn,
                                    const struct cluster_place *at)
{
    return push(x, cluster_read_operand(x, insn, insn->src, 8, at));
}

/* Where POP stores: an address with RSP as its base is computed after RSP has grown. */
static bool pop_destination(struct cluster_exec *x, const struct cluster_insn *insn,
                            struct cluster_place *at)
{
    uint64_t disp = insn->mem.disp;

    if (insn->mem.base == CLUSTER_RSP)
        disp += 8;
    return cluster_reach(x, cluster_linear(x, &insn->mem, disp), 8, CLUSTER_WRITE, at);
}

enum cluster_step cluster_step_pop(struct cluster_exec *x, const struct cluster_insn *insn)
{
    struct cluster_place at;
    uint64_t value;

    if (!peek(x, x->regs->gpr[CLUSTER_RSP], &value))
        return CLUSTER_STEP_STOP;
    if (insn->dst.kind == CLUSTER_OPERAND_MEM && !pop_destination(x, insn, &at))
        return CLUSTER_STEP_STOP;
    x->regs->gpr[CLUSTER_RSP] += 8;
    cluster_write_operand(x, insn, insn->dst, value, &at);  /* last: POP RSP keeps what it popped */
    return CLUSTER_STEP_NEXT;
}

enum cluster_step cluster_step_leave(struct cluster_exec *x)
{
    uint64_t frame = x->regs->gpr[CLUSTER_RBP], value;

    if (!peek(x, frame, &value))
        return CLUSTER_STEP_STOP;
    x->regs->gpr[CLUSTER_RSP] = frame + 8;
    x->regs->gpr[CLUSTER_RBP] = value;
    return CLUSTER_STEP_NEXT;
}

enum cluster_step cluster_step_jcc(struct cluster_exec *x, const struct cluster_insn *insn)
{
    if (!cluster_condition(insn->cond, x->regs->rflags))
        return CLUSTER_STEP_NEXT;
    if (!cluster_canonical(insn->imm))
        return cluster_step_stop(x, CLUSTER_STOP_FAULT);
    x->regs->rip = insn->imm;
    return CLUSTER_STEP_TAKEN;
}

enum cluster_step cluster_step_jmp(struct cluster_exec *x, const struct cluster_insn *insn,
                                   const struct cluster_place *at)
{
    uint64_t target = cluster_read_operand(x, insn, insn->src, 8, at);

    if (!cluster_canonical(target))
        return cluster_step_stop(x, CLUSTER_STOP_FAULT);
    x->regs->rip = target;
    return CLUSTER_STEP_TAKEN;
}

enum cluster_step cluster_step_call(struct cluster_exec *x, const struct cluster_insn *insn,
                                    const struct cluster_place *at)
{
    uint64_t target = cluster_read_operand(x, insn, insn->src, 8, at);

    if (!cluster_canonical(target))
        return cluster_step_stop(x, CLUSTER_STOP_FAULT);
    if (push(x, x->regs->rip + insn->length) == CLUSTER_STEP_STOP)
        return CLUSTER_STEP_STOP;
    x->regs->rip = target;
    return CLUSTER_STEP_TAKEN;
}

enum cluster_step cluster_step_ret(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint64_t target;

    if (!peek(x, x->regs->gpr[CLUSTER_RSP], &target))
        return CLUSTER_STEP_STOP;
    if (!cluster_canonical(target))
        return cluster_step_stop(x, CLUSTER_STOP_FAULT);
    x->regs->gpr[CLUSTER_RSP] += 8 + insn->imm;
    x->regs->rip = target;
    return CLUSTER_STEP_TAKEN;
}

enum cluster_step cluster_step_pushf(struct cluster_exec *x)
{
    return push(x, x->regs->rflags & PUSHED_FLAGS);
}

/* Would L1 take an event if IF were set?  Not asked where it is set. */
static bool event_waits_for_if(struct cluster_exec *x)
{
    uint64_t rflags = x->regs->rflags;

    return !(rflags & CLUSTER_FLAG_IF) &&
           x->ops->event_pending(x->ctx, rflags | CLUSTER_FLAG_IF);
}

enum cluster_step cluster_step_popf(struct cluster_exec *x)
{
    const uint64_t loaded = CLUSTER_FLAGS_ARITHMETIC | CLUSTER_FLAG_IF;
    uint64_t rflags = x->regs->rflags, value;

    if (!peek(x, x->regs->gpr[CLUSTER_RSP], &value))
        return CLUSTER_STEP_STOP;
    if ((value ^ rflags) & DELICATE_FLAGS)
        return cluster_step_stop(x, CLUSTER_STOP_FLAGS);
    if ((value & CLUSTER_FLAG_IF) && event_waits_for_if(x))
        return cluster_step_stop(x, CLUSTER_STOP_EVENT);
    x->regs->rflags = (rflags & ~loaded) | (value & loaded);
    x->regs->gpr[CLUSTER_RSP] += 8;
    return CLUSTER_STEP_NEXT;
}

/* There is no shadow where IF was set before (SDM vol. 2, STI). */
enum cluster_step cluster_step_sti(struct cluster_exec *x)
{
    if (event_waits_for_if(x))
        return cluster_step_stop(x, CLUSTER_STOP_EVENT);
    x->regs->sti_shadow = !(x->regs->rflags & CLUSTER_FLAG_IF);
    x->regs->rflags |= CLUSTER_FLAG_IF;
    return CLUSTER_STEP_NEXT;
}
