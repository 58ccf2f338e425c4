/* SPDX-License-Identifier: GPL-2.0-only */
#include "xlate.h"
#include "alu.h"
#include "effects.h"

static struct emit_rm frame_flags(void)
{
    return emit_frame(offsetof(struct cluster_frame, flags));
}

static struct emit_rm frame_lazy(unsigned int which)
{
    return emit_frame(offsetof(struct cluster_frame, lazy) + 8 * which);
}

static void save(struct emitter *e)
{
    emit_pushfq(e);
    emit_pop(e, frame_flags());
}

static bool clobbers_after(const struct xlate *x)
{
    return !x->node->last && x->plan[1].clobbers;
}

bool xlate_observed_after(const struct xlate *x)
{
    return x->node->last || x->plan[1].observed;
}

void xlate_flags_resumed(struct xlate *x)
{
    x->flags.where = FLAGS_HOST | FLAGS_FRAME;
}

void xlate_flags_spare(struct xlate *x)
{
    if (x->flags.where == FLAGS_HOST) {
        save(&x->hot);
        x->flags.where = FLAGS_FRAME;
    }
    x->flags.where &= ~FLAGS_HOST;
}

/* A register or memory for an operand; SCRATCH where it has to be computed. */
static struct emit_rm lazy_rm(struct xlate *x, struct emitter *e, const struct lazy_operand *o)
{
    if (o->kind == LAZY_REGISTER)
        return xlate_gpr(x, o->reg);
    if (o->kind == LAZY_FRAME)
        return frame_lazy(o->reg);
    emit_load(e, 8, SCRATCH, emit_frame(offsetof(struct cluster_frame, entry_rsp)));
    emit_lea(e, 8, SCRATCH, emit_mem(SCRATCH, o->value));
    return emit_reg(SCRATCH);
}

/* SCRATCH or another register @reg, OP= an operand. */
static void lazy_op(struct xlate *x, struct emitter *e, unsigned int op, uint8_t reg,
                    const struct lazy_operand *o)
{
    unsigned int width = x->flags.lazy.width;

    if (o->kind == LAZY_IMMEDIATE)
        emit_alu_imm(e, 0, op, width, emit_reg(reg), o->value);
    else
        emit_alu_load(e, op, width, reg, lazy_rm(x, e, o));
}

/* Undo the operation on a copy of its result, then do it again. */
static void again_sum(struct xlate *x, struct emitter *e)
{
    const struct lazy *lazy = &x->flags.lazy;
    unsigned int undo = lazy->op == CLUSTER_OP_ADD ? CLUSTER_OP_SUB : CLUSTER_OP_ADD;
    struct emit_rm a = lazy_rm(x, e, &lazy->a);

    if (a.kind != EMIT_RM_REG || a.reg != SCRATCH)
        emit_load(e, 8, SCRATCH, a);
    lazy_op(x, e, undo, SCRATCH, &lazy->b);
    lazy_op(x, e, lazy->op, SCRATCH, &lazy->b);
}

/* CMP or TEST. */
static void again_compare(struct xlate *x, struct emitter *e)
{
    const struct lazy *lazy = &x->flags.lazy;
    struct emit_rm a = lazy_rm(x, e, &lazy->a), b;

    if (lazy->b.kind == LAZY_IMMEDIATE) {
        emit_alu_imm(e, 0, lazy->op, lazy->width, a, lazy->b.value);
        return;
    }
    b = lazy_rm(x, e, &lazy->b);
    if (a.kind == EMIT_RM_REG) {
        emit_alu_load(e, lazy->op, lazy->width, a.reg, b);
    } else if (b.kind == EMIT_RM_REG) {
        emit_alu(e, 0, lazy->op, lazy->width, a, b.reg);
    } else {
        emit_load(e, 8, SCRATCH, a);
        emit_alu_load(e, lazy->op, lazy->width, SCRATCH, b);
    }
}

/* Flags without an origin: of a zero, or none of the six. */
static void make_known(struct xlate *x, struct emitter *e)
{
    emit_constant(e, SCRATCH, x->flags.known == 0);
    emit_alu(e, 0, CLUSTER_OP_TEST, 4, emit_reg(SCRATCH), SCRATCH);
}

void xlate_flags_to_host(struct xlate *x, struct emitter *e)
{
    if (x->flags.where & FLAGS_HOST)
        return;
    if (x->flags.where & FLAGS_KNOWN) {
        make_known(x, e);
    } else if (x->flags.where & FLAGS_LAZY) {
        if (x->flags.lazy.op == CLUSTER_OP_ADD || x->flags.lazy.op == CLUSTER_OP_SUB)
            again_sum(x, e);
        else
            again_compare(x, e);
    } else {
        emit_push(e, frame_flags());
        emit_popfq(e);
    }
    x->flags.where |= FLAGS_HOST;
}

void xlate_flags_to_frame(struct xlate *x, struct emitter *e)
{
    if (x->flags.where & FLAGS_FRAME)
        return;
    xlate_flags_to_host(x, e);
    save(e);
    x->flags.where |= FLAGS_FRAME;
}

/* The register of @o is about to change: its value goes to the frame. */
static void keep(struct xlate *x, struct lazy_operand *o, unsigned int which)
{
    uint8_t reg = xlate_host(x, o->reg);

    if (reg == CLUSTER_HOST_NONE) {
        reg = SCRATCH;
        emit_load(&x->hot, 8, reg, xlate_gpr(x, o->reg));
    }
    emit_store(&x->hot, 8, frame_lazy(which), reg);
    o->kind = LAZY_FRAME;
    o->reg = which;
}

static bool changes(const struct lazy_operand *o, uint16_t written)
{
    return o->kind == LAZY_REGISTER && (written & (1u << o->reg));
}

void xlate_flags_before(struct xlate *x)
{
    uint16_t written = cluster_registers_written(x->insn);
    struct lazy *lazy = &x->flags.lazy;
    bool set = cluster_flags_effect(x->insn) == CLUSTER_FLAGS_SET;
    bool a = changes(&lazy->a, written), b = changes(&lazy->b, written);
    bool same = lazy->a.kind == lazy->b.kind && lazy->a.reg == lazy->b.reg;

    if (!(x->flags.where & FLAGS_LAZY) || (!a && !b) || x->plan->how <= PLAN_OPERAND || set)
        return;
    if ((x->flags.where & (FLAGS_FRAME | FLAGS_KNOWN)) || !xlate_observed_after(x) ||
        ((x->flags.where & FLAGS_HOST) && !clobbers_after(x) && !x->plan->clobbers)) {
        if (x->flags.where != FLAGS_LAZY)
            x->flags.where &= ~FLAGS_LAZY;
        return;
    }
    if (a)
        keep(x, &lazy->a, 0);
    if (b && same)
        lazy->b = lazy->a;
    else if (b)
        keep(x, &lazy->b, 1);
}

static struct lazy_operand operand(struct cluster_operand o, int64_t imm)
{
    if (o.kind == CLUSTER_OPERAND_IMM)
        return (struct lazy_operand){ LAZY_IMMEDIATE, 0, (int32_t)imm };
    return (struct lazy_operand){ LAZY_REGISTER, o.reg, 0 };
}

static bool is_gpr(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_REG && o.reg != CLUSTER_RSP;
}

/* The flags of a logical operation are those of its result (AF is clear with them all). */
static bool lazy_of_result(struct lazy *lazy, const struct cluster_insn *insn)
{
    *lazy = (struct lazy){ CLUSTER_OP_TEST, insn->width, operand(insn->dst, 0),
                           operand(insn->dst, 0) };
    return true;
}

/* Of two operands that are both still there, or of one and the result. */
static bool lazy_of_operands(struct lazy *lazy, const struct cluster_insn *insn)
{
    bool imm = insn->src.kind == CLUSTER_OPERAND_IMM;
    bool compare = insn->op == CLUSTER_OP_CMP || insn->op == CLUSTER_OP_TEST;

    if (!imm && !is_gpr(insn->src))
        return false;
    if (!compare && !imm && insn->src.reg == insn->dst.reg)
        return false;
    *lazy = (struct lazy){ insn->op, insn->width, operand(insn->dst, 0),
                           operand(insn->src, insn->imm) };
    return true;
}

static bool lazy_of(struct lazy *lazy, const struct cluster_insn *insn)
{
    if (!is_gpr(insn->dst))
        return false;
    switch (insn->op) {
    case CLUSTER_OP_AND: case CLUSTER_OP_OR: case CLUSTER_OP_XOR:
        return lazy_of_result(lazy, insn);
    case CLUSTER_OP_ADD: case CLUSTER_OP_SUB: case CLUSTER_OP_CMP: case CLUSTER_OP_TEST:
        return lazy_of_operands(lazy, insn);
    default:
        return false;
    }
}

/* XOR or SUB of a register with itself. */
static bool zeroes(const struct cluster_insn *insn)
{
    return (insn->op == CLUSTER_OP_XOR || insn->op == CLUSTER_OP_SUB) && is_gpr(insn->dst) &&
           is_gpr(insn->src) && insn->src.reg == insn->dst.reg;
}

void xlate_flags_produced(struct xlate *x)
{
    switch (cluster_flags_effect(x->insn)) {
    case CLUSTER_FLAGS_KEPT:
        return;
    case CLUSTER_FLAGS_SET:
        x->flags.where = FLAGS_HOST;
        break;
    default:
        x->flags.where = FLAGS_HOST;
        return;
    }
    if (zeroes(x->insn)) {
        x->flags.where |= FLAGS_KNOWN;
        x->flags.known = CLUSTER_FLAG_ZF | CLUSTER_FLAG_PF;
    } else if (lazy_of(&x->flags.lazy, x->insn)) {
        x->flags.where |= FLAGS_LAZY;
    }
}

void xlate_flags_cleared(struct xlate *x)
{
    x->flags.where = FLAGS_KNOWN;
    x->flags.known = 0;
}

void xlate_flags_of_rsp(struct xlate *x)
{
    const struct lazy_operand after = { LAZY_STACK, 0, cluster_rsp_after(x->node) };

    x->flags.where = FLAGS_LAZY;
    if (x->insn->op == CLUSTER_OP_AND) {
        x->flags.lazy = (struct lazy){ CLUSTER_OP_TEST, 8, after, after };
        return;
    }
    x->flags.lazy = (struct lazy){
        x->insn->op, 8, after, { LAZY_IMMEDIATE, 0, (int32_t)x->insn->imm },
    };
}
