/* SPDX-License-Identifier: GPL-2.0-only */
#include "decode.h"

#include <Zydis/Decoder.h>

/* Registers are translated by their distance from the first of each size. */
_Static_assert(ZYDIS_REGISTER_R15 - ZYDIS_REGISTER_RAX == 15 &&
               ZYDIS_REGISTER_R15D - ZYDIS_REGISTER_EAX == 15 &&
               ZYDIS_REGISTER_R15W - ZYDIS_REGISTER_AX == 15, "numbered as encoded");
_Static_assert(ZYDIS_REGISTER_BL - ZYDIS_REGISTER_AL == 3 &&
               ZYDIS_REGISTER_AH - ZYDIS_REGISTER_AL == 4 &&
               ZYDIS_REGISTER_BH - ZYDIS_REGISTER_AL == 7 &&
               ZYDIS_REGISTER_SPL - ZYDIS_REGISTER_AL == 8 &&
               ZYDIS_REGISTER_R15B - ZYDIS_REGISTER_AL == 19, "AH..BH stand before SPL");

/* No supported instruction names more operands than this. */
enum { MAX_OPERANDS = 2 };

/* What the library says of one instruction.  Large: there is one, in cluster_decode(). */
struct decoded {
    ZydisDecoderContext context;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operand[MAX_OPERANDS];
};

static bool is_opcode(const ZydisDecodedInstruction *z, ZydisOpcodeMap map,
                      unsigned int first, unsigned int last)
{
    return z->opcode_map == map && z->opcode >= first && z->opcode <= last;
}

static bool is_nop(const ZydisDecodedInstruction *z)
{
    /* The library also calls 0F 18..1E by this name, which are hints of several kinds. */
    return z->mnemonic == ZYDIS_MNEMONIC_NOP &&
           (is_opcode(z, ZYDIS_OPCODE_MAP_DEFAULT, 0x90, 0x90) ||
            is_opcode(z, ZYDIS_OPCODE_MAP_0F, 0x1f, 0x1f));
}

static int operation_by_mnemonic(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_ENDBR64: return CLUSTER_OP_NOP;
    case ZYDIS_MNEMONIC_MOV:     return CLUSTER_OP_MOV;
    case ZYDIS_MNEMONIC_MOVZX:   return CLUSTER_OP_MOV;
    case ZYDIS_MNEMONIC_MOVSX:   return CLUSTER_OP_MOVSX;
    case ZYDIS_MNEMONIC_MOVSXD:  return CLUSTER_OP_MOVSX;
    case ZYDIS_MNEMONIC_LEA:     return CLUSTER_OP_LEA;
    case ZYDIS_MNEMONIC_ADD:     return CLUSTER_OP_ADD;
    case ZYDIS_MNEMONIC_ADC:     return CLUSTER_OP_ADC;
    case ZYDIS_MNEMONIC_SUB:     return CLUSTER_OP_SUB;
    case ZYDIS_MNEMONIC_SBB:     return CLUSTER_OP_SBB;
    case ZYDIS_MNEMONIC_AND:     return CLUSTER_OP_AND;
    case ZYDIS_MNEMONIC_OR:      return CLUSTER_OP_OR;
    case ZYDIS_MNEMONIC_XOR:     return CLUSTER_OP_XOR;
    case ZYDIS_MNEMONIC_CMP:     return CLUSTER_OP_CMP;
    case ZYDIS_MNEMONIC_TEST:    return CLUSTER_OP_TEST;
    case ZYDIS_MNEMONIC_INC:     return CLUSTER_OP_INC;
    case ZYDIS_MNEMONIC_DEC:     return CLUSTER_OP_DEC;
    case ZYDIS_MNEMONIC_NEG:     return CLUSTER_OP_NEG;
    case ZYDIS_MNEMONIC_NOT:     return CLUSTER_OP_NOT;
    case ZYDIS_MNEMONIC_PUSH:    return CLUSTER_OP_PUSH;
    case ZYDIS_MNEMONIC_POP:     return CLUSTER_OP_POP;
    case ZYDIS_MNEMONIC_VMREAD:  return CLUSTER_OP_VMREAD;
    case ZYDIS_MNEMONIC_VMWRITE: return CLUSTER_OP_VMWRITE;
    default:                     return -1;
    }
}

/* The operation, or -1.  Those with a condition are told by opcode: 16 mnemonics each. */
static int operation(const ZydisDecodedInstruction *z)
{
    if (z->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
        return -1;
    if (is_nop(z))
        return CLUSTER_OP_NOP;
    if (is_opcode(z, ZYDIS_OPCODE_MAP_DEFAULT, 0x70, 0x7f) ||
        is_opcode(z, ZYDIS_OPCODE_MAP_0F, 0x80, 0x8f))
        return CLUSTER_OP_JCC;
    if (is_opcode(z, ZYDIS_OPCODE_MAP_0F, 0x90, 0x9f))
        return CLUSTER_OP_SETCC;
    if (is_opcode(z, ZYDIS_OPCODE_MAP_0F, 0x40, 0x4f))
        return CLUSTER_OP_CMOVCC;
    return operation_by_mnemonic(z->mnemonic);
}

static bool is_segment_prefix(uint8_t byte)
{
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
           byte == 0x64 || byte == 0x65;
}

static bool prefixes_supported(const ZydisDecodedInstruction *z, enum cluster_op op)
{
    unsigned int i, segments = 0;

    for (i = 0; i < z->raw.prefix_count; i++) {
        uint8_t byte = z->raw.prefixes[i].value;

        if (byte == 0xf0 || byte == 0xf2)
            return false;
        /* F3 is part of ENDBR64's opcode. */
        if (byte == 0xf3 && z->mnemonic != ZYDIS_MNEMONIC_ENDBR64)
            return false;
        /* Intel ignores it, AMD cuts RIP to 16 bits. */
        if (byte == 0x66 && op == CLUSTER_OP_JCC)
            return false;
        if (is_segment_prefix(byte))
            segments++;
    }
    return segments <= 1;
}

static bool general_register(struct cluster_operand *o, ZydisRegister reg)
{
    o->kind = CLUSTER_OPERAND_REG;
    if (reg >= ZYDIS_REGISTER_RAX && reg <= ZYDIS_REGISTER_R15)
        o->reg = reg - ZYDIS_REGISTER_RAX;
    else if (reg >= ZYDIS_REGISTER_EAX && reg <= ZYDIS_REGISTER_R15D)
        o->reg = reg - ZYDIS_REGISTER_EAX;
    else if (reg >= ZYDIS_REGISTER_AX && reg <= ZYDIS_REGISTER_R15W)
        o->reg = reg - ZYDIS_REGISTER_AX;
    else if (reg >= ZYDIS_REGISTER_AL && reg <= ZYDIS_REGISTER_BL)
        o->reg = reg - ZYDIS_REGISTER_AL;
    else if (reg >= ZYDIS_REGISTER_SPL && reg <= ZYDIS_REGISTER_R15B)
        o->reg = reg - ZYDIS_REGISTER_SPL + CLUSTER_RSP;
    else if (reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH) {
        o->kind = CLUSTER_OPERAND_REG_HIGH;
        o->reg = reg - ZYDIS_REGISTER_AH;
    } else
        return false;
    return true;
}

/* Base or index; NONE where there is none.  RIP is the caller's. */
static bool address_register(uint8_t *out, ZydisRegister reg)
{
    struct cluster_operand o;

    *out = CLUSTER_REG_NONE;
    if (reg == ZYDIS_REGISTER_NONE)
        return true;
    if (!general_register(&o, reg) || o.kind != CLUSTER_OPERAND_REG)
        return false;
    *out = o.reg;
    return true;
}

static uint8_t segment(ZydisRegister reg)
{
    switch (reg) {
    case ZYDIS_REGISTER_FS: return CLUSTER_SEG_FS;
    case ZYDIS_REGISTER_GS: return CLUSTER_SEG_GS;
    default:                return CLUSTER_SEG_FLAT;
    }
}

static uint8_t shift_of_scale(uint8_t scale)
{
    return scale == 8 ? 3 : scale == 4 ? 2 : scale == 2 ? 1 : 0;
}

/*
 * SIB with a base of 101b and mod 0 means a displacement and no base, whatever
 * REX.B says (SDM vol. 2, table 2-3).  Zydis up to 4.1.1 gives base R13D and no
 * displacement when the address size is 32 bits and REX.B is set.
 */
static bool sib_without_base(const ZydisDecodedInstruction *z)
{
    return (z->attributes & ZYDIS_ATTRIB_HAS_SIB) && z->raw.modrm.mod == 0 &&
           z->raw.sib.base == 5;
}

/* @next: address of the next instruction, to which RIP-relative addresses are relative. */
static bool memory(struct cluster_mem *mem, const ZydisDecodedInstruction *z,
                   const ZydisDecodedOperandMem *zm, uint64_t next)
{
    ZydisRegister base = zm->base;

    mem->disp = zm->disp.value;
    mem->rip_relative = base == ZYDIS_REGISTER_RIP || base == ZYDIS_REGISTER_EIP;
    if (mem->rip_relative) {
        mem->disp = next + (uint64_t)mem->disp;
        base = ZYDIS_REGISTER_NONE;
    }
    if (sib_without_base(z)) {
        mem->disp = z->raw.disp.value;
        base = ZYDIS_REGISTER_NONE;
    }
    mem->addr32 = z->address_width == 32;
    mem->shift = shift_of_scale(zm->scale);
    mem->segment = segment(zm->segment);
    return address_register(&mem->base, base) && address_register(&mem->index, zm->index);
}

static bool operand(struct cluster_insn *insn, struct cluster_operand *o,
                    const struct decoded *d, const ZydisDecodedOperand *zo, uint64_t next)
{
    switch (zo->type) {
    case ZYDIS_OPERAND_TYPE_REGISTER:
        return general_register(o, zo->reg.value);
    case ZYDIS_OPERAND_TYPE_MEMORY:
        o->kind = CLUSTER_OPERAND_MEM;
        return memory(&insn->mem, &d->insn, &zo->mem, next);
    case ZYDIS_OPERAND_TYPE_IMMEDIATE:
        o->kind = CLUSTER_OPERAND_IMM;
        insn->imm = zo->imm.value.s;
        if (zo->imm.is_relative)
            insn->imm = next + (uint64_t)insn->imm;
        return true;
    default:
        return false;
    }
}

static bool operands(struct cluster_insn *insn, const struct decoded *d, uint64_t next)
{
    const ZydisDecodedOperand *first = &d->operand[0], *second = &d->operand[1];
    unsigned int count = d->insn.operand_count_visible;

    if (insn->op == CLUSTER_OP_NOP)
        return true;            /* 0F 1F names operands and touches none */
    if (count == 0)
        return false;
    insn->width = first->size / 8;
    insn->src_width = insn->width;
    if (count == 2) {
        insn->src_width = second->size / 8;
        return operand(insn, &insn->dst, d, first, next) &&
               operand(insn, &insn->src, d, second, next);
    }
    /* A lone operand is a source where nothing but the stack or RIP is written. */
    return operand(insn, insn->op == CLUSTER_OP_PUSH || insn->op == CLUSTER_OP_JCC ?
                   &insn->src : &insn->dst, d, first, next);
}

static enum cluster_touch touch(const struct cluster_insn *insn)
{
    if (insn->src.kind == CLUSTER_OPERAND_MEM)
        return insn->op == CLUSTER_OP_LEA ? CLUSTER_TOUCH_NONE : CLUSTER_TOUCH_READ;
    if (insn->dst.kind != CLUSTER_OPERAND_MEM)
        return CLUSTER_TOUCH_NONE;
    switch (insn->op) {
    case CLUSTER_OP_CMP:
    case CLUSTER_OP_TEST:
        return CLUSTER_TOUCH_READ;
    case CLUSTER_OP_POP:
    case CLUSTER_OP_VMREAD:
        return CLUSTER_TOUCH_LATE;
    default:
        return CLUSTER_TOUCH_WRITE;
    }
}

static bool valid_width(unsigned int width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

/* Make the widths mean what cluster_insn.h says, or refuse the form. */
static bool settle_widths(struct cluster_insn *insn, const ZydisDecodedInstruction *z)
{
    switch (insn->op) {
    case CLUSTER_OP_NOP:
    case CLUSTER_OP_JCC:
        insn->width = insn->src_width = 8;
        return true;
    case CLUSTER_OP_LEA:
        insn->src_width = insn->width;
        break;
    case CLUSTER_OP_MOVSX:
        /* MOVSXD to 16 bits reads 16 bits on Intel, 32 on AMD. */
        if (z->mnemonic == ZYDIS_MNEMONIC_MOVSXD && insn->width == 2)
            return false;
        break;
    case CLUSTER_OP_PUSH:
    case CLUSTER_OP_POP:
        insn->width = insn->src_width = z->operand_width / 8;
        return insn->width == 8;
    case CLUSTER_OP_VMREAD:
    case CLUSTER_OP_VMWRITE:
        return insn->width == 8 && insn->src_width == 8 &&
               !(insn->touch != CLUSTER_TOUCH_NONE && insn->mem.addr32);
    default:
        break;
    }
    /* Immediates have been sign-extended: they are as wide as they need to be. */
    if (insn->src.kind == CLUSTER_OPERAND_IMM)
        insn->src_width = insn->width;
    return valid_width(insn->width) && valid_width(insn->src_width);
}

static bool translate(struct cluster_insn *insn, const struct decoded *d, uint64_t rip)
{
    const ZydisDecodedInstruction *z = &d->insn;

    insn->cond = z->opcode & 0xf;
    insn->target = CLUSTER_TARGET_OUTSIDE;
    if (!operands(insn, d, rip + z->length))
        return false;
    insn->touch = touch(insn);
    insn->accesses = insn->touch != CLUSTER_TOUCH_NONE;
    if (insn->op == CLUSTER_OP_PUSH || insn->op == CLUSTER_OP_POP)
        insn->accesses++;
    return settle_widths(insn, z);
}

enum cluster_decode cluster_decode(struct cluster_insn *insn, const uint8_t *code,
                                   unsigned int size, uint64_t rip)
{
    ZydisDecoder decoder;
    struct decoded d;
    ZyanStatus status;
    int op;

    if (size > CLUSTER_MAX_INSN_BYTES)
        size = CLUSTER_MAX_INSN_BYTES;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    status = ZydisDecoderDecodeInstruction(&decoder, &d.context, code, size, &d.insn);
    if (status == ZYDIS_STATUS_NO_MORE_DATA && size < CLUSTER_MAX_INSN_BYTES)
        return CLUSTER_DECODE_TRUNCATED;
    if (!ZYAN_SUCCESS(status))
        return CLUSTER_DECODE_INVALID;

    op = operation(&d.insn);
    if (op < 0 || !prefixes_supported(&d.insn, op) ||
        d.insn.operand_count_visible > MAX_OPERANDS)
        return CLUSTER_DECODE_UNSUPPORTED;
    status = ZydisDecoderDecodeOperands(&decoder, &d.context, &d.insn, d.operand,
                                        d.insn.operand_count_visible);
    if (!ZYAN_SUCCESS(status))
        return CLUSTER_DECODE_INVALID;

    memset(insn, 0, sizeof(*insn));
    insn->op = op;
    insn->length = d.insn.length;
    return translate(insn, &d, rip) ? CLUSTER_DECODE_OK : CLUSTER_DECODE_UNSUPPORTED;
}
