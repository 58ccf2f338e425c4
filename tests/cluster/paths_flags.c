/* SPDX-License-Identifier: GPL-2.0-only */
#include "paths_flags.h"

/* The count of a shift or rotation as the processor masks it. */
static unsigned int count_of(const struct cluster_insn *insn, const struct cluster_regs *before)
{
    bool twice = insn->op == CLUSTER_OP_SHLD || insn->op == CLUSTER_OP_SHRD;
    bool in_cl = twice ? insn->imm == -1 : insn->src.kind == CLUSTER_OPERAND_REG;
    uint64_t count = in_cl ? before->gpr[CLUSTER_RCX] : (uint64_t)insn->imm;

    return count & (insn->width == 8 ? 0x3f : 0x1f);
}

static unsigned int after_shift(const struct cluster_insn *insn, unsigned int count)
{
    unsigned int bits = 8u * insn->width;
    unsigned int undefined = FLAG_AF;

    if (count == 0)
        return 0;
    if (count != 1)
        undefined |= FLAG_OF;
    if (insn->op == CLUSTER_OP_SHLD || insn->op == CLUSTER_OP_SHRD)
        return count > bits ? FLAGS_ARITHMETIC : undefined;
    if (count >= bits && insn->op != CLUSTER_OP_SAR)
        undefined |= FLAG_CF;
    return undefined;
}

unsigned int path_flags_undefined(const struct cluster_insn *insn,
                                  const struct cluster_regs *before)
{
    switch (insn->op) {
    case CLUSTER_OP_AND: case CLUSTER_OP_OR: case CLUSTER_OP_XOR: case CLUSTER_OP_TEST:
        return FLAG_AF;
    case CLUSTER_OP_SHL: case CLUSTER_OP_SHR: case CLUSTER_OP_SAR:
    case CLUSTER_OP_SHLD: case CLUSTER_OP_SHRD:
        return after_shift(insn, count_of(insn, before));
    case CLUSTER_OP_ROL: case CLUSTER_OP_ROR: case CLUSTER_OP_RCL: case CLUSTER_OP_RCR:
        return count_of(insn, before) > 1 ? FLAG_OF : 0;
    case CLUSTER_OP_MUL: case CLUSTER_OP_IMUL1: case CLUSTER_OP_IMUL2: case CLUSTER_OP_IMUL3:
        return FLAG_SF | FLAG_ZF | FLAG_AF | FLAG_PF;
    case CLUSTER_OP_DIV: case CLUSTER_OP_IDIV:
        return FLAGS_ARITHMETIC;
    case CLUSTER_OP_BT: case CLUSTER_OP_BTS: case CLUSTER_OP_BTR: case CLUSTER_OP_BTC:
        return FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF;
    case CLUSTER_OP_BSF: case CLUSTER_OP_BSR:
        return FLAG_CF | FLAG_OF | FLAG_SF | FLAG_AF | FLAG_PF;
    case CLUSTER_OP_TZCNT: case CLUSTER_OP_LZCNT:
        /* A processor that does not know them, as the emulated one, executes BSF and BSR. */
        return FLAGS_ARITHMETIC;
    default:
        return 0;
    }
}

/* Written in any way, undefined ones included. */
static unsigned int written(const struct cluster_insn *insn, const struct cluster_regs *before)
{
    switch (insn->op) {
    case CLUSTER_OP_ADD: case CLUSTER_OP_ADC: case CLUSTER_OP_SUB: case CLUSTER_OP_SBB:
    case CLUSTER_OP_CMP: case CLUSTER_OP_NEG: case CLUSTER_OP_XADD: case CLUSTER_OP_CMPXCHG:
    case CLUSTER_OP_AND: case CLUSTER_OP_OR: case CLUSTER_OP_XOR: case CLUSTER_OP_TEST:
    case CLUSTER_OP_MUL: case CLUSTER_OP_IMUL1: case CLUSTER_OP_IMUL2: case CLUSTER_OP_IMUL3:
    case CLUSTER_OP_DIV: case CLUSTER_OP_IDIV: case CLUSTER_OP_BSF: case CLUSTER_OP_BSR:
    case CLUSTER_OP_TZCNT: case CLUSTER_OP_LZCNT: case CLUSTER_OP_POPCNT: case CLUSTER_OP_POPF:
    case CLUSTER_OP_VMREAD: case CLUSTER_OP_VMWRITE: case CLUSTER_OP_VMPTRLD:
    case CLUSTER_OP_INVEPT: case CLUSTER_OP_INVVPID:
        return FLAGS_ARITHMETIC;
    case CLUSTER_OP_INC: case CLUSTER_OP_DEC:
        return FLAGS_ARITHMETIC & ~FLAG_CF;
    case CLUSTER_OP_SHL: case CLUSTER_OP_SHR: case CLUSTER_OP_SAR:
    case CLUSTER_OP_SHLD: case CLUSTER_OP_SHRD:
        return count_of(insn, before) ? FLAGS_ARITHMETIC : 0;
    case CLUSTER_OP_ROL: case CLUSTER_OP_ROR: case CLUSTER_OP_RCL: case CLUSTER_OP_RCR:
        return count_of(insn, before) ? FLAG_CF | FLAG_OF : 0;
    case CLUSTER_OP_BT: case CLUSTER_OP_BTS: case CLUSTER_OP_BTR: case CLUSTER_OP_BTC:
        return FLAGS_ARITHMETIC & ~FLAG_ZF;
    case CLUSTER_OP_CLC: case CLUSTER_OP_STC:
        return FLAG_CF;
    case CLUSTER_OP_VERW:
        return FLAG_ZF;
    default:
        /* CMPS and SCAS with a count of 0 write none. */
        return 0;
    }
}

unsigned int path_flags_defined(const struct cluster_insn *insn,
                                const struct cluster_regs *before)
{
    return written(insn, before) & ~path_flags_undefined(insn, before);
}
