/* SPDX-License-Identifier: GPL-2.0-only */
#include "xlate.h"

static bool is_mem(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_MEM;
}

static bool is_rsp(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_REG && o.reg == CLUSTER_RSP;
}

/* Memory was resolved to @m before. RSP is loaded to SCRATCH. */
struct emit_rm xlate_operand(struct xlate *x, struct cluster_operand o, struct emit_rm m)
{
    if (is_mem(o))
        return m;
    if (is_rsp(o)) {
        xlate_load_rsp(x, &x->hot, SCRATCH, 0);
        return emit_reg(SCRATCH);
    }
    return xlate_register(x, o);
}

/* The operand in a register: its own, or else @scratch. */
uint8_t xlate_in_register(struct xlate *x, struct cluster_operand o, uint8_t scratch)
{
    if (is_rsp(o)) {
        xlate_load_rsp(x, &x->hot, scratch, 0);
        return scratch;
    }
    if (xlate_homed(x, o)) {
        emit_load(&x->hot, 8, scratch, xlate_gpr(x, o.reg));
        return scratch;
    }
    return xlate_register(x, o).reg;
}

/* A homed destination was computed in SCRATCH, all 64 bits. */
void xlate_store_home(struct xlate *x, struct cluster_operand o)
{
    if (xlate_homed(x, o))
        emit_store(&x->hot, 8, xlate_gpr(x, o.reg), SCRATCH);
}

uint8_t xlate_lock_prefix(const struct xlate *x)
{
    return x->insn->lock && is_mem(x->insn->dst) ? 0xf0 : 0;
}

/* Is the destination a register in the frame of which 32 bits are written, so that all change? */
bool xlate_widens(const struct xlate *x)
{
    return xlate_homed(x, x->insn->dst) && x->insn->width == 4;
}

/* The destination for an operation on r/m: its home will not do where it @must be a register. */
struct emit_rm xlate_destination(struct xlate *x, struct emit_rm m, bool must)
{
    if (!must || !xlate_homed(x, x->insn->dst))
        return xlate_operand(x, x->insn->dst, m);
    emit_load(&x->hot, 8, SCRATCH, xlate_gpr(x, x->insn->dst.reg));
    return emit_reg(SCRATCH);
}
