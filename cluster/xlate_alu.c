/* SPDX-License-Identifier: GPL-2.0-only */
#include "xlate.h"
#include "effects.h"

static bool is_mem(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_MEM;
}

static bool is_imm(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_IMM;
}

static bool is_rsp(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_REG && o.reg == CLUSTER_RSP;
}

static void mov_imm(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;
    uint64_t value = insn->width == 4 ? (uint32_t)insn->imm : (uint64_t)insn->imm;

    if (is_mem(insn->dst) || insn->width < 4) {
        emit_store_imm(&x->hot, insn->width, xlate_operand(x, insn->dst, m), insn->imm);
    } else if (!xlate_homed(x, insn->dst)) {
        emit_constant(&x->hot, xlate_host(x, insn->dst.reg), value);
    } else {
        emit_constant(&x->hot, SCRATCH, value);
        xlate_store_home(x, insn->dst);
    }
}

/* MOVZX, MOVSX, MOVSXD, or a load of the same width. */
static void load_extended(struct xlate *x, uint8_t reg, struct emit_rm from)
{
    const struct cluster_insn *insn = x->insn;
    bool sign = insn->op == CLUSTER_OP_MOVSX;
    struct emit_insn host = {
        .two_byte = true, .opcode = (sign ? 0xbe : 0xb6) + (insn->src_width == 2),
        .width = sign || insn->width == 2 ? insn->width : 4,
        .byte_rm = insn->src_width == 1, .reg = reg, .rm = from,
    };

    if (sign && insn->src_width == 4) {
        host.two_byte = false;
        host.opcode = 0x63;
    } else if (insn->src_width >= insn->width || insn->src_width == 4) {
        emit_load(&x->hot, insn->src_width, reg, from);
        return;
    }
    emit(&x->hot, &host);
}

/* To a register whose upper bits are either set as well or to be kept by its home. */
static void mov_to_register(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;
    bool home = xlate_homed(x, insn->dst);

    if (home && insn->width < 4)
        emit_load(&x->hot, 8, SCRATCH, xlate_gpr(x, insn->dst.reg));
    load_extended(x, home ? SCRATCH : xlate_register(x, insn->dst).reg,
                  xlate_operand(x, insn->src, m));
    xlate_store_home(x, insn->dst);
}

static void mov(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;

    if (is_imm(insn->src))
        mov_imm(x, m);
    else if (is_mem(insn->dst))
        emit_store(&x->hot, insn->width, m, xlate_in_register(x, insn->src, SCRATCH));
    else
        mov_to_register(x, m);
}

static void alu_imm(struct xlate *x, struct emit_rm m, bool writes)
{
    const struct cluster_insn *insn = x->insn;
    bool widen = writes && xlate_widens(x);

    emit_alu_imm(&x->hot, xlate_lock_prefix(x), insn->op, insn->width,
                 xlate_destination(x, m, widen), insn->imm);
    if (widen)
        xlate_store_home(x, insn->dst);
}

static void alu(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;
    bool writes = insn->op != CLUSTER_OP_CMP && insn->op != CLUSTER_OP_TEST;
    bool home = xlate_homed(x, insn->dst);
    struct emit_rm dst, src;

    if (is_imm(insn->src)) {
        alu_imm(x, m, writes);
    } else if (is_mem(insn->dst) || (home && !is_mem(insn->src) && !(writes && xlate_widens(x)))) {
        dst = xlate_operand(x, insn->dst, m);
        emit_alu(&x->hot, xlate_lock_prefix(x), insn->op, insn->width, dst,
                 xlate_in_register(x, insn->src, SCRATCH));
    } else if (home) {
        src = is_rsp(insn->src) ? emit_reg(xlate_in_register(x, insn->src, SCRATCH_ADDRESS)) :
                                  xlate_operand(x, insn->src, m);
        dst = xlate_destination(x, m, true);
        emit_alu_load(&x->hot, insn->op, insn->width, dst.reg, src);
        if (writes)
            xlate_store_home(x, insn->dst);
    } else {
        src = xlate_operand(x, insn->src, m);
        emit_alu_load(&x->hot, insn->op, insn->width, xlate_register(x, insn->dst).reg, src);
    }
}

/* One r/m operand that is read and written: groups 2 to 4 of the SDM's opcode extensions. */
static void modify(struct xlate *x, struct emit_rm m, uint8_t opcode, uint8_t extension,
                   bool imm8)
{
    const struct cluster_insn *insn = x->insn;
    struct emit_insn host = {
        .prefix = xlate_lock_prefix(x), .opcode = opcode + (insn->width != 1), .width = insn->width,
        .byte_rm = insn->width == 1, .reg = extension, .imm_bytes = imm8, .imm = insn->imm,
        .rm = xlate_destination(x, m, xlate_widens(x)),
    };

    emit(&x->hot, &host);
    if (xlate_widens(x))
        xlate_store_home(x, insn->dst);
}

static void unary(struct xlate *x, struct emit_rm m)
{
    switch (x->insn->op) {
    case CLUSTER_OP_INC: modify(x, m, 0xfe, 0, false); break;
    case CLUSTER_OP_DEC: modify(x, m, 0xfe, 1, false); break;
    case CLUSTER_OP_NOT: modify(x, m, 0xf6, 2, false); break;
    default:             modify(x, m, 0xf6, 3, false); break;     /* NEG */
    }
}

static void shift(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;
    bool imm = is_imm(insn->src);
    uint8_t extension = insn->op - CLUSTER_OP_ROL;

    if (insn->op == CLUSTER_OP_SAR)
        extension = 7;
    modify(x, m, imm ? 0xc0 : 0xd2, extension, imm);
}

static void multiply_rax(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;
    struct emit_insn host = {
        .opcode = insn->width == 1 ? 0xf6 : 0xf7, .width = insn->width,
        .byte_rm = insn->width == 1, .reg = insn->op == CLUSTER_OP_MUL ? 4 : 5,
        .rm = xlate_operand(x, insn->src, m),
    };

    emit(&x->hot, &host);
}

/* The opcodes of a register that comes of r/m, 0F first; *@keeps: the old value counts too. */
static struct emit_insn to_register_form(const struct cluster_insn *insn, bool *keeps)
{
    struct emit_insn host = { .two_byte = true, .width = insn->width };

    *keeps = insn->width < 4;
    switch (insn->op) {
    case CLUSTER_OP_CMOVCC:
        host.opcode = 0x40 + insn->cond;
        *keeps = true;
        break;
    case CLUSTER_OP_IMUL2:
        host.opcode = 0xaf;
        *keeps = true;
        break;
    case CLUSTER_OP_IMUL3:
        host.two_byte = false;
        host.opcode = 0x69;
        host.imm = insn->imm;
        host.imm_bytes = insn->width == 2 ? 2 : 4;
        break;
    case CLUSTER_OP_BSF: case CLUSTER_OP_TZCNT:
        host.opcode = 0xbc;
        *keeps = true;
        break;
    default:                                    /* BSR, LZCNT */
        host.opcode = 0xbd;
        *keeps = true;
        break;
    }
    if (insn->op == CLUSTER_OP_TZCNT || insn->op == CLUSTER_OP_LZCNT)
        host.prefix = 0xf3;
    return host;
}

static void to_register(struct xlate *x, struct emit_rm m)
{
    const struct cluster_insn *insn = x->insn;
    bool home = xlate_homed(x, insn->dst), keeps;
    struct emit_insn host = to_register_form(insn, &keeps);

    host.rm = xlate_operand(x, insn->src, m);
    if (home && keeps)
        emit_load(&x->hot, 8, SCRATCH, xlate_gpr(x, insn->dst.reg));
    host.reg = home ? SCRATCH : xlate_host(x, insn->dst.reg);
    emit(&x->hot, &host);
    xlate_store_home(x, insn->dst);
}

static void setcc(struct xlate *x, struct emit_rm m)
{
    struct emit_insn host = {
        .two_byte = true, .opcode = 0x90 + x->insn->cond, .width = 1, .byte_rm = true,
        .rm = xlate_operand(x, x->insn->dst, m),
    };

    emit(&x->hot, &host);
}

static void lea(struct xlate *x)
{
    bool home = xlate_homed(x, x->insn->dst);

    xlate_lea(x, home ? SCRATCH : xlate_host(x, x->insn->dst.reg), x->insn->width);
    xlate_store_home(x, x->insn->dst);
}

static void compute(struct xlate *x, struct emit_rm m)
{
    switch (x->insn->op) {
    case CLUSTER_OP_MOV: case CLUSTER_OP_MOVSX:
        mov(x, m);
        break;
    case CLUSTER_OP_LEA:
        lea(x);
        break;
    case CLUSTER_OP_INC: case CLUSTER_OP_DEC: case CLUSTER_OP_NEG: case CLUSTER_OP_NOT:
        unary(x, m);
        break;
    case CLUSTER_OP_ROL: case CLUSTER_OP_ROR: case CLUSTER_OP_RCL: case CLUSTER_OP_RCR:
    case CLUSTER_OP_SHL: case CLUSTER_OP_SHR: case CLUSTER_OP_SAR:
        shift(x, m);
        break;
    case CLUSTER_OP_SHLD: case CLUSTER_OP_SHRD:
        xlate_double_shift(x, m);
        break;
    case CLUSTER_OP_MUL: case CLUSTER_OP_IMUL1:
        multiply_rax(x, m);
        break;
    case CLUSTER_OP_SETCC:
        setcc(x, m);
        break;
    case CLUSTER_OP_CMOVCC: case CLUSTER_OP_IMUL2: case CLUSTER_OP_IMUL3:
    case CLUSTER_OP_BSF: case CLUSTER_OP_BSR: case CLUSTER_OP_TZCNT: case CLUSTER_OP_LZCNT:
        to_register(x, m);
        break;
    case CLUSTER_OP_BT: case CLUSTER_OP_BTS: case CLUSTER_OP_BTR: case CLUSTER_OP_BTC:
        xlate_bit(x, m);
        break;
    case CLUSTER_OP_XCHG: case CLUSTER_OP_XADD: case CLUSTER_OP_CMPXCHG:
        xlate_exchange(x, m);
        break;
    case CLUSTER_OP_BSWAP:
        xlate_bswap(x);
        break;
    case CLUSTER_OP_CBW: case CLUSTER_OP_CWD:
        xlate_widen_rax(x);
        break;
    default:                                    /* ADD to XOR, CMP, TEST */
        alu(x, m);
        break;
    }
}

void xlate_native(struct xlate *x)
{
    bool merges = cluster_flags_effect(x->insn) == CLUSTER_FLAGS_MERGED;
    struct emit_rm m = emit_reg(SCRATCH_ADDRESS);

    if (x->plan->place != PLAN_PLACE_NONE)
        m = xlate_memory(x);
    if (cluster_flags_read(x->insn) || (merges && xlate_observed_after(x)))
        xlate_flags_to_host(x, &x->hot);
    compute(x, m);
    xlate_flags_produced(x);
}
