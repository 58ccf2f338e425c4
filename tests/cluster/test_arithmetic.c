/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_arithmetic.c - known answers of sums, shifts and scans; differential.c has
 * the rest.
 */
#include "stepper.h"

/* ---- alu.c ---- */

static uint64_t alu_flags(enum cluster_op op, unsigned int width, uint64_t a, uint64_t b,
                          uint64_t rflags)
{
    cluster_alu(op, width, a, b, &rflags);
    return rflags;
}

static void negOfZero_clearsCf(void **state)
{
    (void)state;
    assert_int_equal(alu_flags(CLUSTER_OP_NEG, 8, 0, 0, CLUSTER_FLAG_CF),
                     CLUSTER_FLAG_ZF | CLUSTER_FLAG_PF);
    assert_true(alu_flags(CLUSTER_OP_NEG, 4, 1, 0, 0) & CLUSTER_FLAG_CF);
}

static void sbb_ofEqualValues_withBorrow(void **state)
{
    uint64_t rflags = CLUSTER_FLAG_CF;

    (void)state;
    assert_int_equal(cluster_alu(CLUSTER_OP_SBB, 1, 0xff, 0xff, &rflags), 0xff);
    assert_int_equal(rflags, CLUSTER_FLAG_CF | CLUSTER_FLAG_AF | CLUSTER_FLAG_SF |
                             CLUSTER_FLAG_PF);
}

static void incAndDec_keepCf(void **state)
{
    (void)state;
    assert_true(alu_flags(CLUSTER_OP_INC, 8, ~0ull, 0, CLUSTER_FLAG_CF) & CLUSTER_FLAG_CF);
    assert_false(alu_flags(CLUSTER_OP_INC, 8, ~0ull, 0, 0) & CLUSTER_FLAG_CF);
    assert_false(alu_flags(CLUSTER_OP_DEC, 8, 0, 0, 0) & CLUSTER_FLAG_CF);
}

static void logic_clearsAf(void **state)
{
    (void)state;
    assert_int_equal(alu_flags(CLUSTER_OP_AND, 4, 3, 1, CLUSTER_FLAGS_ARITHMETIC), 0);
    assert_int_equal(alu_flags(CLUSTER_OP_TEST, 4, 3, 1, CLUSTER_FLAGS_ARITHMETIC), 0);
}

static void not_changesNoFlag(void **state)
{
    (void)state;
    assert_int_equal(alu_flags(CLUSTER_OP_NOT, 4, ~0u, 0, CLUSTER_FLAG_CF | CLUSTER_FLAG_OF),
                     CLUSTER_FLAG_CF | CLUSTER_FLAG_OF);
}

static void cmov32_zeroExtends_evenIfNotMoved(void **state)
{
    struct guest *g = *state;

    GPR(g, RCX) = ~0ull;
    step_next(g, CODE("cmovz ecx, eax"));
    assert_int_equal(GPR(g, RCX), 0xffffffff);
}

static void narrowWrites_arePartial_32BitOnesAreNot(void **state)
{
    struct guest *g = *state;

    GPR(g, RCX) = GPR(g, RBX) = GPR(g, RSI) = GPR(g, RDI) = 0x1111111111111111;
    assert_int_equal(step(g, CODE("mov ch, 2; mov bx, 3; mov esi, 4; mov dil, 5")).executed, 4);
    assert_int_equal(GPR(g, RCX), 0x1111111111110211);
    assert_int_equal(GPR(g, RBX), 0x1111111111110003);
    assert_int_equal(GPR(g, RSI), 4);
    assert_int_equal(GPR(g, RDI), 0x1111111111111105);
}

/* ---- shifts ---- */

static void shift_ofNothing_keepsTheFlagsButCutsTheRegister(void **state)
{
    struct guest *g = *state;

    g->regs.rflags = 2 | CLUSTER_FLAGS_ARITHMETIC;
    GPR(g, RBX) = ~0ull;
    step_next(g, CODE("shl ebx, cl"));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAGS_ARITHMETIC);
    assert_int_equal(GPR(g, RBX), 0xffffffff);
}

static void shift_countIsClMasked(void **state)
{
    struct guest *g = *state;

    GPR(g, RCX) = 0xffffffffffffff21;   /* 33: one for 32 bits, 33 for 64 */
    GPR(g, RBX) = GPR(g, RSI) = 1;
    step_next(g, CODE("shl ebx, cl"));
    step_next(g, CODE("shl rsi, cl"));
    assert_int_equal(GPR(g, RBX), 2);
    assert_int_equal(GPR(g, RSI), 1ull << 33);
}

static void sar_keepsTheSign_shrDoesNot(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GPR(g, RSI) = 0x80;
    step_next(g, CODE("sar bl, 3"));
    step_next(g, CODE("shr sil"));
    assert_int_equal(GPR(g, RBX), 0xf0);
    assert_int_equal(GPR(g, RSI), 0x40);
    assert_true(g->regs.rflags & CLUSTER_FLAG_OF);
}

static void rotateThroughCarry_usesTheGuestsCarry(void **state)
{
    struct guest *g = *state;

    g->regs.rflags = 3;
    GPR(g, RBX) = 0x4000;
    step_next(g, CODE("rcl bx, 1"));
    assert_int_equal(GPR(g, RBX), 0x8001);
    assert_false(g->regs.rflags & CLUSTER_FLAG_CF);
    g->regs.rflags = 3 | CLUSTER_FLAG_IF | CLUSTER_FLAG_AC;
    GPR(g, RBX) = 2;
    step_next(g, CODE("rcr bh, 1"));
    assert_int_equal(GPR(g, RBX), 0x8002);
    assert_int_equal(g->regs.rflags & (CLUSTER_FLAG_IF | CLUSTER_FLAG_AC),
                     CLUSTER_FLAG_IF | CLUSTER_FLAG_AC);
}

static void doubleShift_takesTheOthersBits(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = 0x1234567800000000;
    GPR(g, RSI) = 0xabcdef0112345678;
    GPR(g, RCX) = 72;                   /* 8 */
    step_next(g, CODE("shld rbx, rsi, 16"));
    assert_int_equal(GPR(g, RBX), 0x567800000000abcd);
    step_next(g, CODE("shrd rbx, rsi, cl"));
    assert_int_equal(GPR(g, RBX), 0x78567800000000ab);
    GPR(g, RCX) = 31;
    step_next(g, CODE("shld ebx, esi, cl"));
    assert_int_equal(GPR(g, RBX), 0x12345678u >> 1 | (uint64_t)(0xab & 1) << 31);
}

static void shiftOfMemory_isStored(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    guest_write64(g, GUEST_DATA, 0x1111111111110101);
    step_next(g, CODE("ror word ptr [rbx], 4"));
    assert_int_equal(guest_read64(g, GUEST_DATA), 0x1111111111111010);
}

/* ---- bits and bytes ---- */

static void bitScans_findTheBits(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = 0x0000300000008000;
    step_next(g, CODE("bsf rcx, rbx"));
    assert_int_equal(GPR(g, RCX), 15);
    step_next(g, CODE("bsr rcx, rbx"));
    assert_int_equal(GPR(g, RCX), 45);
    assert_false(g->regs.rflags & CLUSTER_FLAG_ZF);
    step_next(g, CODE("popcnt ecx, ebx"));
    assert_int_equal(GPR(g, RCX), 1);
    step_next(g, CODE("tzcnt cx, bx"));
    assert_int_equal(GPR(g, RCX), 15);
}

static void bitScanOfZero_keepsTheDestination(void **state)
{
    struct guest *g = *state;

    GPR(g, RCX) = 0x123456789;
    step_next(g, CODE("bsf rcx, rbx"));
    assert_int_equal(GPR(g, RCX), 0x123456789);
    assert_true(g->regs.rflags & CLUSTER_FLAG_ZF);
    step_next(g, CODE("bsr cx, bx"));
    assert_int_equal(GPR(g, RCX), 0x123456789);
}

/* Whatever this processor takes them for: the interpreter does the same. */
static void countsOfZeros_areThisProcessors(void **state)
{
    struct guest *g = *state;
    uint64_t trailing = 77, leading = 77;

    __asm__("tzcnt %1, %0" : "+r"(trailing) : "r"(0ull) : "cc");
    __asm__("lzcnt %1, %0" : "+r"(leading) : "r"(0x10ull) : "cc");
    GPR(g, RCX) = GPR(g, RSI) = 77;
    GPR(g, RDI) = 0x10;
    step_next(g, CODE("tzcnt rcx, rbx"));
    step_next(g, CODE("lzcnt rsi, rdi"));
    assert_int_equal(GPR(g, RCX), trailing);
    assert_int_equal(GPR(g, RSI), leading);
}

static void bswap_reversesBytes(void **state)
{
    struct guest *g = *state;

    GPR(g, R9) = GPR(g, RBX) = 0x1122334455667788;
    step_next(g, CODE("bswap r9"));
    assert_int_equal(GPR(g, R9), 0x8877665544332211);
    step_next(g, CODE("bswap ebx"));
    assert_int_equal(GPR(g, RBX), 0x88776655);
}

static void signsAreSpread(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = 0x1111111111111180;
    step_next(g, CODE("cbw"));
    assert_int_equal(GPR(g, RAX), 0x111111111111ff80);
    step_next(g, CODE("cwde"));
    assert_int_equal(GPR(g, RAX), 0xffffff80);
    step_next(g, CODE("cdqe"));
    assert_int_equal(GPR(g, RAX), 0xffffffffffffff80);
    GPR(g, RDX) = 0x3333333333333333;
    step_next(g, CODE("cwd"));
    assert_int_equal(GPR(g, RDX), 0x333333333333ffff);
    step_next(g, CODE("cdq"));
    assert_int_equal(GPR(g, RDX), 0xffffffff);
    step_next(g, CODE("cqo"));
    assert_int_equal(GPR(g, RDX), ~0ull);
    GPR(g, RAX) = 5;
    step_next(g, CODE("cdq"));
    assert_int_equal(GPR(g, RDX), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(negOfZero_clearsCf),
        LAW(sbb_ofEqualValues_withBorrow),
        LAW(incAndDec_keepCf),
        LAW(logic_clearsAf),
        LAW(not_changesNoFlag),
        LAW(cmov32_zeroExtends_evenIfNotMoved),
        LAW(narrowWrites_arePartial_32BitOnesAreNot),
        LAW(shift_ofNothing_keepsTheFlagsButCutsTheRegister),
        LAW(shift_countIsClMasked),
        LAW(sar_keepsTheSign_shrDoesNot),
        LAW(rotateThroughCarry_usesTheGuestsCarry),
        LAW(doubleShift_takesTheOthersBits),
        LAW(shiftOfMemory_isStored),
        LAW(bitScans_findTheBits),
        LAW(bitScanOfZero_keepsTheDestination),
        LAW(countsOfZeros_areThisProcessors),
        LAW(bswap_reversesBytes),
        LAW(signsAreSpread),
    };

    return unit_report("arithmetic", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("arithmetic", tests, NULL, NULL));
}
