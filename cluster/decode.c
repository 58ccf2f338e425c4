/* SPDX-License-Identifier: GPL-2.0-only */
#include "decode.h"
#include "decode_op.h"

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
enum { MAX_OPERANDS = 3 };

/* What the library says of one instruction.  Large: there is one, in cluster_decode(). */
struct decoded {
    ZydisDecoderContext context;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operand[MAX_OPERANDS];
};

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

/* Those that name no operand, or none that the operation does not imply. */
static bool names_operands(const struct cluster_insn *insn, const ZydisDecodedInstruction *z)
{
    switch (insn->op) {
    case CLUSTER_OP_NOP:        /* of 0F 1F no operand is kept; of a prefetch, its address */
        return z->mnemonic != ZYDIS_MNEMONIC_NOP && z->mnemonic != ZYDIS_MNEMONIC_ENDBR64;
    case CLUSTER_OP_RET:
        return z->operand_count_visible != 0;
    case CLUSTER_OP_LEAVE:
    case CLUSTER_OP_CBW:
    case CLUSTER_OP_CWD:
    case CLUSTER_OP_RDMSR:
    case CLUSTER_OP_WRMSR:
    case CLUSTER_OP_CPUID:
    case CLUSTER_OP_VMRESUME:
    case CLUSTER_OP_VMLAUNCH:
        return false;
    default:
        return insn->op < CLUSTER_OP_MOVS || insn->op > CLUSTER_OP_RDTSCP ||
               insn->op == CLUSTER_OP_READ_CR2 || insn->op == CLUSTER_OP_WRITE_CR2;
    }
}

/* A lone operand is a source where nothing but what the operation implies is written. */
static bool is_source(unsigned int op)
{
    switch (op) {
    case CLUSTER_OP_NOP:
    case CLUSTER_OP_PUSH:
    case CLUSTER_OP_JCC:
    case CLUSTER_OP_JMP:
    case CLUSTER_OP_CALL:
    case CLUSTER_OP_RET:
    case CLUSTER_OP_MUL:
    case CLUSTER_OP_IMUL1:
    case CLUSTER_OP_DIV:
    case CLUSTER_OP_IDIV:
    case CLUSTER_OP_VMPTRLD:
    case CLUSTER_OP_VERW:
        return true;
    default:
        return false;
    }
}

/* After two, an immediate or CL: a factor or a count. */
static bool third_operand(struct cluster_insn *insn, const struct decoded *d)
{
    const ZydisDecodedOperand *zo = &d->operand[2];

    insn->imm = zo->type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? zo->imm.value.s : -1;
    return true;
}

/* The general register of a MOV from or to CR2. */
static bool cr2_operand(struct cluster_insn *insn, const struct decoded *d)
{
    insn->width = insn->src_width = 8;
    return insn->op == CLUSTER_OP_READ_CR2 ?
           general_register(&insn->dst, d->operand[0].reg.value) :
           general_register(&insn->src, d->operand[1].reg.value);
}

static bool operands(struct cluster_insn *insn, const struct decoded *d, uint64_t next)
{
    const ZydisDecodedOperand *first = &d->operand[0], *second = &d->operand[1];
    unsigned int count = d->insn.operand_count_visible;

    insn->width = insn->src_width = 8;
    if (!names_operands(insn, &d->insn))
        return true;
    if (insn->op == CLUSTER_OP_READ_CR2 || insn->op == CLUSTER_OP_WRITE_CR2)
        return cr2_operand(insn, d);
    if (count == 0)
        return false;
    insn->width = first->size / 8;
    insn->src_width = insn->width;
    if (count == 1)
        return operand(insn, is_source(insn->op) ? &insn->src : &insn->dst, d, first, next);
    insn->src_width = second->size / 8;
    return operand(insn, &insn->dst, d, first, next) &&
           operand(insn, &insn->src, d, second, next) &&
           (count == 2 || third_operand(insn, d));
}

static bool is_bit_test(unsigned int op)
{
    return op >= CLUSTER_OP_BT && op <= CLUSTER_OP_BTC;
}

static enum cluster_touch touch(const struct cluster_insn *insn)
{
    if (insn->src.kind == CLUSTER_OPERAND_MEM) {
        if (insn->op == CLUSTER_OP_LEA || insn->op == CLUSTER_OP_NOP)
            return CLUSTER_TOUCH_NONE;
        return insn->src_width > 8 ? CLUSTER_TOUCH_LATE : CLUSTER_TOUCH_READ;
    }
    if (insn->dst.kind != CLUSTER_OPERAND_MEM)
        return CLUSTER_TOUCH_NONE;
    if (is_bit_test(insn->op) && insn->src.kind == CLUSTER_OPERAND_REG)
        return CLUSTER_TOUCH_LATE;
    switch (insn->op) {
    case CLUSTER_OP_CMP:
    case CLUSTER_OP_TEST:
    case CLUSTER_OP_BT:
        return CLUSTER_TOUCH_READ;
    case CLUSTER_OP_POP:
    case CLUSTER_OP_VMREAD:
        return CLUSTER_TOUCH_LATE;
    default:
        return CLUSTER_TOUCH_WRITE;
    }
}

/* Memory accesses beside that of the memory operand: the stack's, and the strings'. */
static unsigned int implied_accesses(unsigned int op)
{
    switch (op) {
    case CLUSTER_OP_PUSH: case CLUSTER_OP_POP: case CLUSTER_OP_CALL: case CLUSTER_OP_RET:
    case CLUSTER_OP_LEAVE: case CLUSTER_OP_PUSHF: case CLUSTER_OP_POPF:
    case CLUSTER_OP_STOS: case CLUSTER_OP_LODS: case CLUSTER_OP_SCAS:
        return 1;
    case CLUSTER_OP_MOVS:
    case CLUSTER_OP_CMPS:
        return 2;
    default:
        return 0;
    }
}

static bool valid_width(unsigned int width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

/* Make the widths mean what cluster_insn.h says, or refuse the form. */
static bool settle_widths(struct cluster_insn *insn, const ZydisDecodedInstruction *z)
{
    unsigned int operand_width = z->operand_width / 8;

    switch (insn->op) {
    case CLUSTER_OP_NOP:
    case CLUSTER_OP_JCC: case CLUSTER_OP_JMP: case CLUSTER_OP_CALL: case CLUSTER_OP_RET:
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
    case CLUSTER_OP_PUSH: case CLUSTER_OP_POP: case CLUSTER_OP_LEAVE:
    case CLUSTER_OP_PUSHF: case CLUSTER_OP_POPF:
        insn->width = insn->src_width = operand_width;
        return insn->width == 8;
    case CLUSTER_OP_CBW:
    case CLUSTER_OP_CWD:
        insn->width = insn->src_width = operand_width;
        break;
    case CLUSTER_OP_VERW:       /* a selector, whatever the operand size */
        insn->width = insn->src_width = 2;
        return true;
    case CLUSTER_OP_BSWAP:      /* of 16 bits: undefined */
        return insn->width >= 4;
    case CLUSTER_OP_MOVS: case CLUSTER_OP_STOS: case CLUSTER_OP_LODS:
    case CLUSTER_OP_CMPS: case CLUSTER_OP_SCAS:
        insn->width = insn->src_width = z->opcode & 1 ? operand_width : 1;
        return z->address_width == 64;
    case CLUSTER_OP_VMREAD:
    case CLUSTER_OP_VMWRITE:
    case CLUSTER_OP_VMPTRLD:
        return insn->width == 8 && insn->src_width == 8 &&
               !(insn->touch != CLUSTER_TOUCH_NONE && insn->mem.addr32);
    case CLUSTER_OP_INVEPT:
    case CLUSTER_OP_INVVPID:
        return insn->width == 8 && insn->src_width == 16 && !insn->mem.addr32;
    default:
        break;
    }
    /* Immediates have been sign-extended: they are as wide as they need to be. */
    if (insn->src.kind == CLUSTER_OPERAND_IMM)
        insn->src_width = insn->width;
    return valid_width(insn->width) && valid_width(insn->src_width);
}

/* Counts and bit offsets are bytes without a sign, and what RET pops has 16 bits. */
static void settle_immediate(struct cluster_insn *insn)
{
    bool is_count = (insn->op >= CLUSTER_OP_ROL && insn->op <= CLUSTER_OP_SAR) ||
                    is_bit_test(insn->op);

    if (is_count)
        insn->imm &= 0xff;
    else if (insn->op == CLUSTER_OP_RET)
        insn->imm &= 0xffff;
    else if ((insn->op == CLUSTER_OP_SHLD || insn->op == CLUSTER_OP_SHRD) && insn->imm != -1)
        insn->imm &= 0xff;
}

/* What only the prefixes tell. */
static void string_prefixes(struct cluster_insn *insn, const ZydisDecodedInstruction *z)
{
    if (cluster_decode_has_prefix(z, 0xf3))
        insn->rep = 0xf3;
    else if (cluster_decode_has_prefix(z, 0xf2))
        insn->rep = 0xf2;
    if (cluster_decode_has_prefix(z, 0x64))
        insn->mem.segment = CLUSTER_SEG_FS;
    else if (cluster_decode_has_prefix(z, 0x65))
        insn->mem.segment = CLUSTER_SEG_GS;
}

/* XCHG with memory is locked without being told. */
static bool settle_lock(struct cluster_insn *insn, const ZydisDecodedInstruction *z)
{
    bool memory = insn->dst.kind == CLUSTER_OPERAND_MEM;
    bool prefix = cluster_decode_has_prefix(z, 0xf0);

    insn->lock = prefix || (insn->op == CLUSTER_OP_XCHG && memory);
    return !prefix || (cluster_decode_is_lockable(insn->op) && memory);
}

static bool translate(struct cluster_insn *insn, const struct decoded *d, uint64_t rip)
{
    const ZydisDecodedInstruction *z = &d->insn;
    uint64_t next = rip + z->length;

    insn->cond = z->opcode & 0xf;
    insn->target = CLUSTER_TARGET_OUTSIDE;
    if (insn->op == CLUSTER_OP_FENCE)
        insn->cond = z->raw.modrm.reg;
    if (cluster_decode_is_string(insn->op))
        string_prefixes(insn, z);
    if (!operands(insn, d, next) || !settle_lock(insn, z))
        return false;
    settle_immediate(insn);
    insn->touch = touch(insn);
    insn->accesses = (insn->touch != CLUSTER_TOUCH_NONE) + implied_accesses(insn->op);
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

    op = cluster_decode_operation(&d.insn);
    if (op < 0 || !cluster_decode_prefixes_supported(&d.insn, op) ||
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
