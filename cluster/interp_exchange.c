/* SPDX-License-Identifier: GPL-2.0-only */
#include "interp_step.h"
#include "locked.h"

enum { CACHE_LINE = 64 };

/* An access that crosses a line would lock the bus, if the processor allowed it at all. */
static bool lockable(const struct cluster_place *at, unsigned int width)
{
    return at->first == width &&
           ((uintptr_t)at->host & (CACHE_LINE - 1)) + width <= CACHE_LINE;
}

enum cluster_step cluster_step_locked(struct cluster_exec *x, const struct cluster_insn *insn,
                                      const struct cluster_place *at)
{
    uint64_t value = cluster_read_operand(x, insn, insn->src, insn->width, at);

    if (!lockable(at, insn->width))
        return cluster_step_stop(x, CLUSTER_STOP_MEMORY);
    cluster_locked(insn->op, insn->width, at->host, &value, &x->regs->gpr[CLUSTER_RAX],
                   &x->regs->rflags);
    if (insn->op == CLUSTER_OP_XCHG || insn->op == CLUSTER_OP_XADD)
        cluster_write_operand(x, insn, insn->src, value, at);
    return CLUSTER_STEP_NEXT;
}

/* Memory as a string of bits, which a register's offset, signed, goes beyond the operand. */
static bool reach_bit(struct cluster_exec *x, const struct cluster_insn *insn, int64_t offset,
                      struct cluster_place *at)
{
    bool write = insn->op != CLUSTER_OP_BT;
    int64_t bits = 8 * insn->width;
    uint64_t step = ((offset & ~(bits - 1)) >> 3);

    return cluster_reach(x, cluster_linear(x, &insn->mem, insn->mem.disp + step), insn->width,
                         write ? CLUSTER_WRITE : CLUSTER_READ, at);
}

static enum cluster_step locked_bit_test(struct cluster_exec *x, const struct cluster_insn *insn,
                                         uint64_t bit, const struct cluster_place *at)
{
    if (!lockable(at, insn->width))
        return cluster_step_stop(x, CLUSTER_STOP_MEMORY);
    cluster_locked(insn->op, insn->width, at->host, &bit, NULL, &x->regs->rflags);
    return CLUSTER_STEP_NEXT;
}

enum cluster_step cluster_step_bit_test(struct cluster_exec *x, const struct cluster_insn *insn,
                                        const struct cluster_place *at)
{
    uint64_t offset = cluster_sign_extend(cluster_read_operand(x, insn, insn->src, insn->width,
                                                               at), insn->width);
    uint64_t bit = offset & (8 * insn->width - 1), value;
    struct cluster_place beyond;

    if (insn->touch == CLUSTER_TOUCH_LATE) {
        if (!reach_bit(x, insn, offset, &beyond))
            return CLUSTER_STEP_STOP;
        at = &beyond;
    }
    if (insn->lock)
        return locked_bit_test(x, insn, bit, at);
    value = cluster_read_operand(x, insn, insn->dst, insn->width, at);
    value = cluster_bit_test(insn->op, insn->width, value, bit, &x->regs->rflags);
    if (insn->op != CLUSTER_OP_BT)
        cluster_write_operand(x, insn, insn->dst, value, at);
    return CLUSTER_STEP_NEXT;
}

/* XCHG and XADD.  Where both are the same register, it is the destination at last. */
enum cluster_step cluster_step_exchange(struct cluster_exec *x, const struct cluster_insn *insn,
                                        const struct cluster_place *at)
{
    uint64_t a = cluster_read_operand(x, insn, insn->dst, insn->width, at);
    uint64_t b = cluster_read_operand(x, insn, insn->src, insn->width, at);

    if (insn->op == CLUSTER_OP_XADD)
        b = cluster_alu(CLUSTER_OP_ADD, insn->width, a, b, &x->regs->rflags);
    cluster_write_operand(x, insn, insn->src, a, at);
    cluster_write_operand(x, insn, insn->dst, b, at);
    return CLUSTER_STEP_NEXT;
}

/* Writes its destination in any case. */
enum cluster_step cluster_step_compare_exchange(struct cluster_exec *x,
                                                const struct cluster_insn *insn,
                                                const struct cluster_place *at)
{
    uint64_t from = cluster_read_operand(x, insn, insn->src, insn->width, at);
    bool whole = insn->dst.kind == CLUSTER_OPERAND_REG;
    uint64_t *reg = cluster_gpr(x->regs, insn->dst.reg);
    uint64_t to = whole ? *reg : cluster_read_operand(x, insn, insn->dst, insn->width, at);

    cluster_compare_exchange(insn->width, &to, from, &x->regs->gpr[CLUSTER_RAX],
                             &x->regs->rflags);
    if (whole)
        *reg = to;
    else
        cluster_write_operand(x, insn, insn->dst, to, at);
    return CLUSTER_STEP_NEXT;
}
