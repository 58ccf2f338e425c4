/* SPDX-License-Identifier: GPL-2.0-only */
/* Every form, register and width is encoded and read back by another decoder. */
#include "emit.h"
#include "selfcheck.h"
#include "unit.h"

enum { SIZE = 64, FRAME_DISTANCE = 0x1000 };

static const unsigned int widths[] = { 1, 2, 4, 8 };
static uint8_t code[SIZE];

/* Nothing is executed: the addresses are of no memory. */
static struct emitter emitter(void)
{
    return (struct emitter){ .write = code, .execute = 0x10000000,
                             .frame = 0x10000000 + FRAME_DISTANCE, .at = 0, .end = SIZE };
}

static struct selfcheck_insn read_back(const struct emitter *e)
{
    struct selfcheck_insn out;

    assert_false(e->full);
    assert_true(selfcheck_decode(code, e->at, &out));
    assert_int_equal(out.insn.length, e->at);
    return out;
}

static ZydisRegister general(unsigned int reg, unsigned int width)
{
    static const ZydisRegister high[] = { ZYDIS_REGISTER_AH, ZYDIS_REGISTER_CH,
                                          ZYDIS_REGISTER_DH, ZYDIS_REGISTER_BH };

    if (reg & EMIT_HIGH)
        return high[reg & 3];
    switch (width) {
    case 1:
        return reg < 4 ? ZYDIS_REGISTER_AL + reg : ZYDIS_REGISTER_SPL + (reg - 4);
    case 2:  return ZYDIS_REGISTER_AX + reg;
    case 4:  return ZYDIS_REGISTER_EAX + reg;
    default: return ZYDIS_REGISTER_RAX + reg;
    }
}

static void is_register(const ZydisDecodedOperand *o, unsigned int reg, unsigned int width)
{
    assert_int_equal(o->type, ZYDIS_OPERAND_TYPE_REGISTER);
    assert_int_equal(o->reg.value, general(reg, width));
}

static void is_memory(const ZydisDecodedOperand *o, const struct emit_rm *rm, unsigned int width,
                      unsigned int length)
{
    assert_int_equal(o->type, ZYDIS_OPERAND_TYPE_MEMORY);
    if (width)
        assert_int_equal(o->size, 8 * width);
    if (rm->kind == EMIT_RM_FRAME) {
        assert_int_equal(o->mem.base, ZYDIS_REGISTER_RIP);
        assert_int_equal(o->mem.disp.value + length, FRAME_DISTANCE + rm->disp);
        return;
    }
    assert_int_equal(o->mem.base, rm->reg == EMIT_NO_BASE ? ZYDIS_REGISTER_NONE :
                                                            general(rm->reg, 8));
    assert_int_equal(o->mem.disp.value, rm->disp);
    if (rm->index == EMIT_NO_INDEX) {
        assert_int_equal(o->mem.index, ZYDIS_REGISTER_NONE);
    } else {
        assert_int_equal(o->mem.index, general(rm->index, 8));
        assert_int_equal(o->mem.scale, 1 << rm->shift);
    }
}

/* Every shape of an address, with every register in each place; returns false behind the last. */
static bool memory_shape(unsigned int n, struct emit_rm *rm)
{
    static const int32_t disp[] = { 0, 1, -128, 127, 128, -129, 0x7fffffff, (int32_t)0x80000000 };
    unsigned int d = n % 8, index = n / 8 % 17, base = n / (8 * 17);

    if (base > 17)
        return false;
    if (base == 17)
        *rm = emit_frame(8 * index);
    else if (index == 16)
        *rm = emit_mem(base % 16, disp[d]);
    else
        *rm = emit_indexed(base == 16 ? EMIT_NO_BASE : base,
                           index == CLUSTER_RSP ? CLUSTER_RAX : index, n & 3, disp[d]);
    return true;
}

static void moves_name_their_registers(void **state)
{
    unsigned int w, a, b;

    (void)state;
    for (w = 0; w < 4; w++)
        for (a = 0; a < 16; a++)
            for (b = 0; b < 16; b++) {
                struct emitter e = emitter();
                struct selfcheck_insn out;

                emit_load(&e, widths[w], a, emit_reg(b));
                out = read_back(&e);
                assert_int_equal(out.insn.mnemonic, ZYDIS_MNEMONIC_MOV);
                is_register(&out.operand[0], a, widths[w]);
                is_register(&out.operand[1], b, widths[w]);
                e = emitter();
                emit_store(&e, widths[w], emit_reg(b), a);
                out = read_back(&e);
                is_register(&out.operand[0], b, widths[w]);
                is_register(&out.operand[1], a, widths[w]);
            }
}

static void high_bytes_go_without_rex(void **state)
{
    unsigned int a, b;

    (void)state;
    for (a = 0; a < 4; a++)
        for (b = 0; b < 8; b++) {
            struct emitter e = emitter();
            unsigned int other = b < 4 ? b : (b - 4) | EMIT_HIGH;
            struct selfcheck_insn out;

            emit_alu_load(&e, CLUSTER_OP_XOR, 1, a | EMIT_HIGH, emit_reg(other));
            out = read_back(&e);
            assert_int_equal(out.insn.mnemonic, ZYDIS_MNEMONIC_XOR);
            is_register(&out.operand[0], a | EMIT_HIGH, 1);
            is_register(&out.operand[1], other, 1);
        }
}

static void addresses_have_every_shape(void **state)
{
    struct emit_rm rm;
    unsigned int n, w;

    (void)state;
    for (n = 0; memory_shape(n, &rm); n++)
        for (w = 0; w < 4; w++) {
            struct emitter e = emitter();
            unsigned int reg = n % 16;
            struct selfcheck_insn out;

            emit_load(&e, widths[w], reg, rm);
            out = read_back(&e);
            is_register(&out.operand[0], reg, widths[w]);
            is_memory(&out.operand[1], &rm, widths[w], out.insn.length);
            e = emitter();
            emit_lea(&e, 8, reg, rm);
            out = read_back(&e);
            assert_int_equal(out.insn.mnemonic, ZYDIS_MNEMONIC_LEA);
            is_memory(&out.operand[1], &rm, 0, out.insn.length);
        }
}

static const struct {
    unsigned int op;
    ZydisMnemonic mnemonic;
} alu_ops[] = {
    { CLUSTER_OP_ADD, ZYDIS_MNEMONIC_ADD }, { CLUSTER_OP_OR, ZYDIS_MNEMONIC_OR },
    { CLUSTER_OP_ADC, ZYDIS_MNEMONIC_ADC }, { CLUSTER_OP_SBB, ZYDIS_MNEMONIC_SBB },
    { CLUSTER_OP_AND, ZYDIS_MNEMONIC_AND }, { CLUSTER_OP_SUB, ZYDIS_MNEMONIC_SUB },
    { CLUSTER_OP_XOR, ZYDIS_MNEMONIC_XOR }, { CLUSTER_OP_CMP, ZYDIS_MNEMONIC_CMP },
    { CLUSTER_OP_TEST, ZYDIS_MNEMONIC_TEST },
};
enum { NR_ALU_OPS = sizeof(alu_ops) / sizeof(alu_ops[0]) };

static void alu_has_every_operand(void **state)
{
    unsigned int i, w, reg, n;
    struct emit_rm rm;

    (void)state;
    for (i = 0; i < NR_ALU_OPS; i++)
        for (w = 0; w < 4; w++)
            for (n = 0; memory_shape(n, &rm); n += 7) {
                struct emitter e = emitter();
                struct selfcheck_insn out;

                reg = n % 16;
                emit_alu(&e, 0, alu_ops[i].op, widths[w], rm, reg);
                out = read_back(&e);
                assert_int_equal(out.insn.mnemonic, alu_ops[i].mnemonic);
                is_memory(&out.operand[0], &rm, widths[w], out.insn.length);
                is_register(&out.operand[1], reg, widths[w]);
                e = emitter();
                emit_alu_load(&e, alu_ops[i].op, widths[w], reg, emit_reg((reg + 5) % 16));
                out = read_back(&e);
                assert_int_equal(out.insn.mnemonic, alu_ops[i].mnemonic);
            }
}

static void immediates_keep_their_values(void **state)
{
    static const int64_t values[] = { 0, 1, -1, 127, -128, 128, -129, 0x7fff, -0x8000,
                                      0x7fffffff, -0x80000000LL };
    unsigned int i, w, v, reg;

    (void)state;
    for (i = 0; i < NR_ALU_OPS; i++)
        for (w = 0; w < 4; w++)
            for (v = 0; v < sizeof(values) / sizeof(values[0]); v++)
                for (reg = 0; reg < 17; reg++) {
                    struct emitter e = emitter();
                    struct emit_rm rm = reg == 16 ? emit_frame(40) : emit_reg(reg);
                    uint64_t mask = ~0ULL >> (64 - 8 * widths[w]);
                    struct selfcheck_insn out;

                    emit_alu_imm(&e, 0, alu_ops[i].op, widths[w], rm, values[v]);
                    out = read_back(&e);
                    assert_int_equal(out.insn.mnemonic, alu_ops[i].mnemonic);
                    assert_int_equal(out.operand[1].type, ZYDIS_OPERAND_TYPE_IMMEDIATE);
                    assert_int_equal(out.operand[1].imm.value.u & mask, values[v] & mask);
                    if (reg == 16)
                        is_memory(&out.operand[0], &rm, widths[w], out.insn.length);
                    else
                        is_register(&out.operand[0], reg, widths[w]);
                }
}

static void constants_are_exact(void **state)
{
    static const uint64_t values[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
                                       0xffffffff80000000, 0xffffffff7fffffff, ~0ULL,
                                       0x123456789abcdef0 };
    unsigned int v, reg;

    (void)state;
    for (v = 0; v < sizeof(values) / sizeof(values[0]); v++)
        for (reg = 0; reg < 16; reg++) {
            struct emitter e = emitter();
            struct selfcheck_insn out;

            emit_constant(&e, reg, values[v]);
            out = read_back(&e);
            assert_int_equal(out.insn.mnemonic, ZYDIS_MNEMONIC_MOV);
            is_register(&out.operand[0], reg, out.operand[0].size / 8);
            /* Written as 32 bits it is zero-extended, so it must be that already. */
            assert_true(out.operand[0].size == 64 || values[v] >> 32 == 0);
            if (out.operand[0].size == 64)
                assert_true(out.operand[1].imm.value.u == values[v]);
            else
                assert_true((uint32_t)out.operand[1].imm.value.u == values[v]);
        }
}

static void jumps_reach_their_targets(void **state)
{
    static const uint32_t targets[] = { 0, 1, 1000, 63 << 20 };
    unsigned int t, cond;

    (void)state;
    for (t = 0; t < 4; t++)
        for (cond = 0; cond < 17; cond++) {
            struct emitter e = emitter();
            struct selfcheck_insn out;

            if (cond == 16)
                emit_jump(&e, targets[t]);
            else
                emit_jump_if(&e, cond, targets[t]);
            out = read_back(&e);
            assert_int_equal(out.insn.length + out.operand[0].imm.value.s, targets[t]);
            if (cond < 16)
                assert_int_equal(out.insn.meta.category, ZYDIS_CATEGORY_COND_BR);
        }
}

static void flags_are_pushed_and_popped(void **state)
{
    struct emit_rm rm = emit_frame(offsetof(struct cluster_frame, flags));
    struct emitter e = emitter();
    struct selfcheck_insn out;

    (void)state;
    emit_push(&e, rm);
    out = read_back(&e);
    assert_int_equal(out.insn.mnemonic, ZYDIS_MNEMONIC_PUSH);
    is_memory(&out.operand[0], &rm, 8, out.insn.length);
    e = emitter();
    emit_pop(&e, rm);
    out = read_back(&e);
    assert_int_equal(out.insn.mnemonic, ZYDIS_MNEMONIC_POP);
    is_memory(&out.operand[0], &rm, 8, out.insn.length);
}

static void nothing_goes_beyond_the_end(void **state)
{
    struct emitter e = emitter();
    unsigned int room;

    (void)state;
    for (room = 0; room < 12; room++) {
        memset(code, 0xcc, sizeof(code));
        e = emitter();
        e.end = room;
        emit_store_imm(&e, 8, emit_frame(0), 0x12345678);       /* eleven bytes */
        assert_int_equal(e.full, room < 11);
        assert_int_equal(e.at, room < 11 ? 0 : 11);
        assert_int_equal(code[room], 0xcc);
        emit_byte(&e, 0x90);
        assert_int_equal(e.at, room < 11 ? 0 : 11);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_name_their_registers),
        cmocka_unit_test(high_bytes_go_without_rex),
        cmocka_unit_test(addresses_have_every_shape),
        cmocka_unit_test(alu_has_every_operand),
        cmocka_unit_test(immediates_keep_their_values),
        cmocka_unit_test(constants_are_exact),
        cmocka_unit_test(jumps_reach_their_targets),
        cmocka_unit_test(flags_are_pushed_and_popped),
        cmocka_unit_test(nothing_goes_beyond_the_end),
    };

    return unit_report("emit", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests(tests, NULL, NULL));
}
