/* SPDX-License-Identifier: GPL-2.0-only */
#include "effects.h"

enum { ALL_REGISTERS = 0xffff };

static uint16_t bit(uint8_t reg)
{
    return reg < CLUSTER_NR_GPRS ? 1u << reg : 0;
}

static uint16_t named(struct cluster_operand o)
{
    bool reg = o.kind == CLUSTER_OPERAND_REG || o.kind == CLUSTER_OPERAND_REG_HIGH;

    return reg ? bit(o.reg) : 0;
}

uint16_t cluster_registers_written(const struct cluster_insn *insn)
{
    switch (insn->op) {
    case CLUSTER_OP_NOP: case CLUSTER_OP_JCC: case CLUSTER_OP_JMP: case CLUSTER_OP_VMWRITE:
    case CLUSTER_OP_CMP: case CLUSTER_OP_TEST: case CLUSTER_OP_BT:
    case CLUSTER_OP_WRITE_CR2:
    case CLUSTER_OP_CLI: case CLUSTER_OP_STI: case CLUSTER_OP_FENCE: case CLUSTER_OP_PAUSE:
    case CLUSTER_OP_CLC: case CLUSTER_OP_STC: case CLUSTER_OP_CMC: case CLUSTER_OP_CLD:
        return 0;
    case CLUSTER_OP_PUSH: case CLUSTER_OP_CALL: case CLUSTER_OP_RET:
    case CLUSTER_OP_PUSHF: case CLUSTER_OP_POPF:
        return bit(CLUSTER_RSP);
    case CLUSTER_OP_POP:
        return bit(CLUSTER_RSP) | named(insn->dst);
    case CLUSTER_OP_LEAVE:
        return bit(CLUSTER_RSP) | bit(CLUSTER_RBP);
    case CLUSTER_OP_MUL: case CLUSTER_OP_IMUL1: case CLUSTER_OP_DIV: case CLUSTER_OP_IDIV:
    case CLUSTER_OP_RDTSC:
        return bit(CLUSTER_RAX) | bit(CLUSTER_RDX);
    case CLUSTER_OP_CBW:
        return bit(CLUSTER_RAX);
    case CLUSTER_OP_CWD:
        return bit(CLUSTER_RDX);
    case CLUSTER_OP_XCHG: case CLUSTER_OP_XADD:
        return named(insn->dst) | named(insn->src);
    case CLUSTER_OP_CMPXCHG:
        return named(insn->dst) | bit(CLUSTER_RAX);
    default:
        break;
    }
    if (insn->op < CLUSTER_OP_MOVS || insn->op == CLUSTER_OP_VMREAD ||
        insn->op == CLUSTER_OP_WEAK_MOV || insn->op == CLUSTER_OP_READ_CR2)
        return named(insn->dst);
    return ALL_REGISTERS;
}

uint16_t cluster_registers_named(const struct cluster_insn *insn)
{
    uint16_t registers = named(insn->dst) | named(insn->src);

    if (insn->dst.kind == CLUSTER_OPERAND_MEM || insn->src.kind == CLUSTER_OPERAND_MEM)
        registers |= bit(insn->mem.base) | bit(insn->mem.index);
    return registers;
}

/* A count of 0 changes no flag; a count in CL may be 0. */
static enum cluster_flags_effect shift_effect(bool constant, int64_t count, unsigned int width)
{
    bool sure = constant && (count & (width == 8 ? 63 : 31)) != 0;

    return sure ? CLUSTER_FLAGS_SET : CLUSTER_FLAGS_MERGED;
}

enum cluster_flags_effect cluster_flags_effect(const struct cluster_insn *insn)
{
    switch (insn->op) {
    case CLUSTER_OP_ADD: case CLUSTER_OP_ADC: case CLUSTER_OP_SUB: case CLUSTER_OP_SBB:
    case CLUSTER_OP_AND: case CLUSTER_OP_OR: case CLUSTER_OP_XOR:
    case CLUSTER_OP_CMP: case CLUSTER_OP_TEST: case CLUSTER_OP_NEG:
    case CLUSTER_OP_XADD: case CLUSTER_OP_CMPXCHG:
    case CLUSTER_OP_VMREAD: case CLUSTER_OP_VMWRITE:
        return CLUSTER_FLAGS_SET;
    case CLUSTER_OP_SHL: case CLUSTER_OP_SHR: case CLUSTER_OP_SAR:
        return shift_effect(insn->src.kind == CLUSTER_OPERAND_IMM, insn->imm, insn->width);
    case CLUSTER_OP_NOP: case CLUSTER_OP_MOV: case CLUSTER_OP_MOVSX: case CLUSTER_OP_LEA:
    case CLUSTER_OP_NOT: case CLUSTER_OP_PUSH: case CLUSTER_OP_POP:
    case CLUSTER_OP_SETCC: case CLUSTER_OP_CMOVCC: case CLUSTER_OP_JCC: case CLUSTER_OP_JMP:
    case CLUSTER_OP_CALL: case CLUSTER_OP_RET: case CLUSTER_OP_LEAVE:
    case CLUSTER_OP_BSWAP: case CLUSTER_OP_CBW: case CLUSTER_OP_CWD: case CLUSTER_OP_XCHG:
    case CLUSTER_OP_PUSHF: case CLUSTER_OP_CLI: case CLUSTER_OP_STI: case CLUSTER_OP_CLD:
    case CLUSTER_OP_FENCE: case CLUSTER_OP_PAUSE:
    case CLUSTER_OP_READ_CR2: case CLUSTER_OP_WRITE_CR2: case CLUSTER_OP_RDTSC:
    case CLUSTER_OP_WEAK_MOV:
        return CLUSTER_FLAGS_KEPT;
    default:
        return CLUSTER_FLAGS_MERGED;
    }
}

bool cluster_flags_read(const struct cluster_insn *insn)
{
    switch (insn->op) {
    case CLUSTER_OP_SETCC: case CLUSTER_OP_CMOVCC: case CLUSTER_OP_JCC:
    case CLUSTER_OP_ADC: case CLUSTER_OP_SBB: case CLUSTER_OP_RCL: case CLUSTER_OP_RCR:
    case CLUSTER_OP_CMC: case CLUSTER_OP_PUSHF:
        return true;
    default:
        return false;
    }
}
