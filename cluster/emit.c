/* SPDX-License-Identifier: GPL-2.0-only */
#include "emit.h"

enum { REX = 0x40, REX_W = 8, REX_R = 4, REX_X = 2, REX_B = 1 };

/* r/m and SIB fields with a meaning of their own. */
enum { RM_SIB = 4, RM_RIP = 5, SIB_NO_INDEX = 4, BASE_NEEDS_DISP = 5 };

enum { AT_ONCE = 16 };

/* One instruction on its way, and room for the rest of a value that is put as 8 bytes. */
struct bytes {
    uint8_t byte[AT_ONCE + 8];
    unsigned int count;
};

static void put(struct bytes *b, uint8_t byte)
{
    b->byte[b->count++] = byte;
}

static void put_le(struct bytes *b, uint64_t value, unsigned int count)
{
    memcpy(b->byte + b->count, &value, sizeof(value));
    b->count += count;
}

void emit_bytes(struct emitter *e, const uint8_t *bytes, unsigned int count)
{
    if (e->full || count > e->end - e->at) {
        e->full = true;
        return;
    }
    memcpy(e->write + e->at, bytes, count);
    e->at += count;
}

/* As emit_bytes(), but a copy of fixed size where there is room for it: no call. */
static void append(struct emitter *e, const struct bytes *b)
{
    if (e->full || e->end - e->at < AT_ONCE) {
        emit_bytes(e, b->byte, b->count);
        return;
    }
    memcpy(e->write + e->at, b->byte, AT_ONCE);
    e->at += b->count;
}

void emit_again(struct emitter *e, uint32_t from, uint32_t count)
{
    emit_bytes(e, e->write + from, count);
}

void emit_byte(struct emitter *e, uint8_t byte)
{
    emit_bytes(e, &byte, 1);
}

static uint8_t low_bits(uint8_t reg)
{
    return reg & EMIT_HIGH ? (reg & 3) + 4 : reg & 7;
}

/* R8 to R15, neither of AH to BH nor none at all. */
static bool upper_half(uint8_t reg)
{
    return reg >= 8 && reg < EMIT_HIGH;
}

/* SPL, BPL, SIL and DIL are AH to BH without a REX prefix. */
static bool needs_rex(uint8_t reg)
{
    return reg >= 4 && reg <= 7;
}

static uint8_t rex_of(const struct emit_insn *insn)
{
    uint8_t rex = 0;

    if (insn->width == 8)
        rex |= REX | REX_W;
    if (upper_half(insn->reg))
        rex |= REX | REX_R;
    if (insn->rm.kind != EMIT_RM_FRAME && upper_half(insn->rm.reg))
        rex |= REX | REX_B;
    if (insn->rm.kind == EMIT_RM_MEM && insn->rm.index != EMIT_NO_INDEX &&
        upper_half(insn->rm.index))
        rex |= REX | REX_X;
    if ((insn->byte_reg && needs_rex(insn->reg)) ||
        (insn->byte_rm && insn->rm.kind == EMIT_RM_REG && needs_rex(insn->rm.reg)))
        rex |= REX;
    return rex;
}

static bool fits8(int64_t value)
{
    return value == (int8_t)value;
}

/* Base, index and displacement, the shortest form. */
static void put_memory(struct bytes *b, uint8_t reg, const struct emit_rm *m)
{
    uint8_t base = m->reg & 7;
    bool sib = m->index != EMIT_NO_INDEX || base == RM_SIB;
    uint8_t mod = m->disp == 0 && base != BASE_NEEDS_DISP ? 0 : fits8(m->disp) ? 1 : 2;

    if (m->reg == EMIT_NO_BASE) {
        put(b, reg << 3 | RM_SIB);
        put(b, m->shift << 6 | (m->index & 7) << 3 | BASE_NEEDS_DISP);
        put_le(b, (uint32_t)m->disp, 4);
        return;
    }
    put(b, mod << 6 | reg << 3 | (sib ? RM_SIB : base));
    if (sib)
        put(b, m->shift << 6 | base |
               (m->index == EMIT_NO_INDEX ? SIB_NO_INDEX : m->index & 7) << 3);
    if (mod == 1)
        put(b, m->disp);
    else if (mod == 2)
        put_le(b, (uint32_t)m->disp, 4);
}

/* Relative to the end of the instruction, which the immediate still belongs to. */
static void put_frame(const struct emitter *e, struct bytes *b, const struct emit_insn *insn,
                      uint8_t reg)
{
    uint64_t end = e->execute + e->at + b->count + 1 + 4 + insn->imm_bytes;

    put(b, reg << 3 | RM_RIP);
    put_le(b, (uint32_t)(e->frame + insn->rm.disp - end), 4);
}

void emit(struct emitter *e, const struct emit_insn *insn)
{
    uint8_t rex = rex_of(insn), reg = low_bits(insn->reg);
    struct bytes b = { .count = 0 };

    if (insn->width == 2)
        put(&b, 0x66);
    if (insn->prefix)
        put(&b, insn->prefix);
    if (rex)
        put(&b, rex);
    if (insn->two_byte)
        put(&b, 0x0f);
    put(&b, insn->opcode);
    if (insn->rm.kind == EMIT_RM_REG)
        put(&b, 3 << 6 | reg << 3 | low_bits(insn->rm.reg));
    else if (insn->rm.kind == EMIT_RM_MEM)
        put_memory(&b, reg, &insn->rm);
    else
        put_frame(e, &b, insn, reg);
    put_le(&b, insn->imm, insn->imm_bytes);
    append(e, &b);
}

/* Both operands of one width, the opcode that of bytes and one more otherwise. */
static void emit_plain(struct emitter *e, uint8_t prefix, uint8_t opcode, unsigned int width,
                       uint8_t reg, struct emit_rm rm)
{
    struct emit_insn insn = {
        .prefix = prefix, .opcode = opcode + (width != 1), .width = width,
        .byte_reg = width == 1, .byte_rm = width == 1, .reg = reg, .rm = rm,
    };

    emit(e, &insn);
}

void emit_load(struct emitter *e, unsigned int width, uint8_t reg, struct emit_rm from)
{
    emit_plain(e, 0, 0x8a, width, reg, from);
}

void emit_store(struct emitter *e, unsigned int width, struct emit_rm to, uint8_t reg)
{
    emit_plain(e, 0, 0x88, width, reg, to);
}

void emit_lea(struct emitter *e, unsigned int width, uint8_t reg, struct emit_rm address)
{
    struct emit_insn insn = { .opcode = 0x8d, .width = width, .reg = reg, .rm = address };

    emit(e, &insn);
}

static uint8_t imm_bytes(unsigned int width)
{
    return width == 8 ? 4 : width;
}

void emit_store_imm(struct emitter *e, unsigned int width, struct emit_rm to, int64_t imm)
{
    struct emit_insn insn = {
        .opcode = width == 1 ? 0xc6 : 0xc7, .width = width, .byte_rm = width == 1, .rm = to,
        .imm_bytes = imm_bytes(width), .imm = imm,
    };

    emit(e, &insn);
}

/* B8+r: the one instruction with an immediate of 64 bits. */
static void emit_move_imm(struct emitter *e, uint8_t reg, uint64_t value, unsigned int count)
{
    struct bytes b = { .count = 0 };
    uint8_t rex = (count == 8 ? REX | REX_W : 0) | (upper_half(reg) ? REX | REX_B : 0);

    if (rex)
        put(&b, rex);
    put(&b, 0xb8 + (reg & 7));
    put_le(&b, value, count);
    append(e, &b);
}

void emit_constant(struct emitter *e, uint8_t reg, uint64_t value)
{
    if (value == (uint32_t)value)
        emit_move_imm(e, reg, value, 4);
    else if ((int64_t)value == (int32_t)value)
        emit_store_imm(e, 8, emit_reg(reg), value);
    else
        emit_move_imm(e, reg, value, 8);
}

/* The number that the eight classic operations have in opcodes (SDM vol. 2, table A-6, group 1). */
static uint8_t group1(unsigned int op)
{
    switch (op) {
    case CLUSTER_OP_ADD: return 0;
    case CLUSTER_OP_OR:  return 1;
    case CLUSTER_OP_ADC: return 2;
    case CLUSTER_OP_SBB: return 3;
    case CLUSTER_OP_AND: return 4;
    case CLUSTER_OP_SUB: return 5;
    case CLUSTER_OP_XOR: return 6;
    default:             return 7;      /* CMP */
    }
}

void emit_alu(struct emitter *e, uint8_t prefix, unsigned int op, unsigned int width,
              struct emit_rm rm, uint8_t reg)
{
    uint8_t opcode = op == CLUSTER_OP_TEST ? 0x84 : group1(op) << 3;

    emit_plain(e, prefix, opcode, width, reg, rm);
}

void emit_alu_load(struct emitter *e, unsigned int op, unsigned int width, uint8_t reg,
                   struct emit_rm rm)
{
    /* TEST has one direction only, and needs no other. */
    uint8_t opcode = op == CLUSTER_OP_TEST ? 0x84 : group1(op) << 3 | 2;

    emit_plain(e, 0, opcode, width, reg, rm);
}

void emit_alu_imm(struct emitter *e, uint8_t prefix, unsigned int op, unsigned int width,
                  struct emit_rm rm, int64_t imm)
{
    struct emit_insn insn = {
        .prefix = prefix, .width = width, .byte_rm = width == 1, .reg = group1(op), .rm = rm,
        .imm = imm, .imm_bytes = imm_bytes(width),
    };

    if (op == CLUSTER_OP_TEST) {
        insn.opcode = width == 1 ? 0xf6 : 0xf7;
        insn.reg = 0;
    } else if (width != 1 && fits8(imm)) {
        insn.opcode = 0x83;
        insn.imm_bytes = 1;
    } else {
        insn.opcode = width == 1 ? 0x80 : 0x81;
    }
    emit(e, &insn);
}

void emit_jump(struct emitter *e, uint32_t to)
{
    struct bytes b = { .count = 0 };

    put(&b, 0xe9);
    put_le(&b, to - (e->at + 5), 4);
    append(e, &b);
}

void emit_jump_if(struct emitter *e, unsigned int cond, uint32_t to)
{
    struct bytes b = { .count = 0 };

    put(&b, 0x0f);
    put(&b, 0x80 + cond);
    put_le(&b, to - (e->at + 6), 4);
    append(e, &b);
}

void emit_push(struct emitter *e, struct emit_rm rm)
{
    struct emit_insn insn = { .opcode = 0xff, .width = 4, .reg = 6, .rm = rm };

    emit(e, &insn);
}

void emit_pop(struct emitter *e, struct emit_rm rm)
{
    struct emit_insn insn = { .opcode = 0x8f, .width = 4, .reg = 0, .rm = rm };

    emit(e, &insn);
}
