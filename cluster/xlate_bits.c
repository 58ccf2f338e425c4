/* SPDX-License-Identifier: GPL-2.0-only */
#include "xlate.h"

static bool is_imm(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_IMM;
}

/* A register in the frame has to be loaded: there the bit offset would go beyond it. */
void xlate_bit(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;
    uint8_t number = insn->op - CLUSTER_OP_BT;
    bool home = xlate_homed(x, insn->dst);
    struct emit_insn host = {
        .prefix = xlate_lock_prefix(x), .two_byte = true, .width = insn->width,
        .rm = xlate_destination(x, m, true),
    };

    if (is_imm(insn->src)) {
        host.opcode = 0xba;
        host.reg = 4 + number;
        host.imm_bytes = 1;
        host.imm = insn->imm;
    } else {
        host.opcode = 0xa3 + 8 * number;
        host.reg = xlate_in_register(x, insn->src, home ? SCRATCH_ADDRESS : SCRATCH);
    }
    emit(&x->hot, &host);
    if (insn->op != CLUSTER_OP_BT)
        xlate_store_home(x, insn->dst);
}

/* Shifts of two registers' worth, or memory's. */
void xlate_double_shift(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;
    bool by_cl = insn->imm == -1;
    struct emit_insn host = {
        .two_byte = true, .opcode = (insn->op == CLUSTER_OP_SHLD ? 0xa4 : 0xac) + by_cl,
        .width = insn->width, .reg = xlate_host(x, insn->src.reg), .imm_bytes = !by_cl,
        .imm = insn->imm, .rm = xlate_destination(x, m, xlate_widens(x)),
    };

    emit(&x->hot, &host);
    if (xlate_widens(x))
        xlate_store_home(x, insn->dst);
}

/* dst and a register, of which XCHG and XADD change both. */
void xlate_exchange(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;
    bool byte = insn->width == 1, xchg = insn->op == CLUSTER_OP_XCHG;
    uint8_t opcode = xchg ? 0x86 : insn->op == CLUSTER_OP_XADD ? 0xc0 : 0xb0;
    struct emit_insn host = {
        .prefix = xlate_lock_prefix(x), .two_byte = !xchg, .opcode = opcode + !byte,
        .width = insn->width, .byte_reg = byte, .byte_rm = byte,
        .reg = xlate_in_register(x, insn->src, SCRATCH), .rm = xlate_operand(x, insn->dst, m),
    };

    emit(&x->hot, &host);
    if (insn->op != CLUSTER_OP_CMPXCHG)
        xlate_store_home(x, insn->src);
}

void xlate_bswap(struct xlate *x)
{
    uint8_t reg = xlate_in_register(x, x->insn->dst, SCRATCH);
    uint8_t code[] = { 0x40 | (x->insn->width == 8) << 3 | reg >> 3, 0x0f, 0xc8 + (reg & 7) };

    emit_bytes(&x->hot, code, sizeof(code));
    xlate_store_home(x, x->insn->dst);
}

/* CBW and CWD with their kin: one opcode, the width by prefix. */
void xlate_widen_rax(struct xlate *x)
{
    uint8_t opcode = x->insn->op == CLUSTER_OP_CBW ? 0x98 : 0x99;

    if (x->insn->width == 2)
        emit_byte(&x->hot, 0x66);
    else if (x->insn->width == 8)
        emit_byte(&x->hot, 0x48);
    emit_byte(&x->hot, opcode);
}
