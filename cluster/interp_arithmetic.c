/* SPDX-License-Identifier: GPL-2.0-only */
#include "interp_step.h"

enum cluster_step cluster_step_shift(struct cluster_exec *x, const struct cluster_insn *insn,
                                     const struct cluster_place *at)
{
    uint64_t value = cluster_read_operand(x, insn, insn->dst, insn->width, at);
    uint8_t count = cluster_read_operand(x, insn, insn->src, 1, at);

    value = cluster_shift(insn->op, insn->width, value, count, &x->regs->rflags);
    cluster_write_operand(x, insn, insn->dst, value, at);
    return CLUSTER_STEP_NEXT;
}

enum cluster_step cluster_step_double_shift(struct cluster_exec *x,
                                            const struct cluster_insn *insn,
                                            const struct cluster_place *at)
{
    uint64_t value = cluster_read_operand(x, insn, insn->dst, insn->width, at);
    uint64_t from = cluster_read_operand(x, insn, insn->src, insn->width, at);
    uint8_t count = insn->imm == -1 ? x->regs->gpr[CLUSTER_RCX] : (uint64_t)insn->imm;

    value = cluster_double_shift(insn->op, insn->width, value, from, count, &x->regs->rflags);
    cluster_write_operand(x, insn, insn->dst, value, at);
    return CLUSTER_STEP_NEXT;
}

static struct cluster_pair pair(const struct cluster_regs *regs)
{
    return (struct cluster_pair){ regs->gpr[CLUSTER_RAX], regs->gpr[CLUSTER_RDX] };
}

static void set_pair(struct cluster_regs *regs, struct cluster_pair value)
{
    regs->gpr[CLUSTER_RAX] = value.low;
    regs->gpr[CLUSTER_RDX] = value.high;
}

enum cluster_step cluster_step_multiply(struct cluster_exec *x, const struct cluster_insn *insn,
                                        const struct cluster_place *at)
{
    uint64_t factor = cluster_read_operand(x, insn, insn->src, insn->width, at);
    struct cluster_pair value = pair(x->regs);

    cluster_multiply(insn->op, insn->width, &value, factor, &x->regs->rflags);
    set_pair(x->regs, value);
    return CLUSTER_STEP_NEXT;
}

enum cluster_step cluster_step_divide(struct cluster_exec *x, const struct cluster_insn *insn,
                                      const struct cluster_place *at)
{
    uint64_t divisor = cluster_read_operand(x, insn, insn->src, insn->width, at);
    struct cluster_pair value = pair(x->regs);

    if (!cluster_divide(insn->op, insn->width, &value, divisor, &x->regs->rflags))
        return cluster_step_stop(x, CLUSTER_STOP_FAULT);
    set_pair(x->regs, value);
    return CLUSTER_STEP_NEXT;
}

enum cluster_step cluster_step_signed_product(struct cluster_exec *x,
                                              const struct cluster_insn *insn,
                                              const struct cluster_place *at)
{
    uint64_t a = cluster_read_operand(x, insn, insn->src, insn->width, at);
    uint64_t b = insn->imm;

    if (insn->op == CLUSTER_OP_IMUL2)
        b = cluster_read_operand(x, insn, insn->dst, insn->width, at);
    a = cluster_signed_product(insn->width, a, b, &x->regs->rflags);
    cluster_write_operand(x, insn, insn->dst, a, at);
    return CLUSTER_STEP_NEXT;
}

/* The whole register is the processor's: what it leaves of it when there is no bit. */
enum cluster_step cluster_step_bit_scan(struct cluster_exec *x, const struct cluster_insn *insn,
                                        const struct cluster_place *at)
{
    uint64_t from = cluster_read_operand(x, insn, insn->src, insn->width, at);
    uint64_t *to = cluster_gpr(x->regs, insn->dst.reg);

    *to = cluster_bit_scan(insn->op, insn->width, *to, from, &x->regs->rflags);
    return CLUSTER_STEP_NEXT;
}

enum cluster_step cluster_step_bswap(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint64_t *reg = cluster_gpr(x->regs, insn->dst.reg);

    *reg = insn->width == 4 ? __builtin_bswap32(*reg) : __builtin_bswap64(*reg);
    return CLUSTER_STEP_NEXT;
}

/* CBW, CWDE, CDQE into RAX; CWD, CDQ, CQO into RDX. */
enum cluster_step cluster_step_widen(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint64_t *rax = &x->regs->gpr[CLUSTER_RAX], *rdx = &x->regs->gpr[CLUSTER_RDX];

    if (insn->op == CLUSTER_OP_CBW)
        cluster_write_register(rax, insn->width, cluster_sign_extend(*rax, insn->width / 2));
    else
        cluster_write_register(rdx, insn->width,
                               (int64_t)cluster_sign_extend(*rax, insn->width) >> 63);
    return CLUSTER_STEP_NEXT;
}
