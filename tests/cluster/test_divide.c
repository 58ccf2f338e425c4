/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_divide.c - multiplication, and division, which must not fault on the
 * processor that L0 runs on.
 */
#include "stepper.h"

static void mul_hasAProductOfTwoRegisters(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = GPR(g, RBX) = ~0ull;
    step_next(g, CODE("mul rbx"));
    assert_int_equal(GPR(g, RAX), 1);
    assert_int_equal(GPR(g, RDX), ~1ull);
    assert_true(g->regs.rflags & CLUSTER_FLAG_CF);
    step_next(g, CODE("imul ebx"));
    assert_int_equal(GPR(g, RAX), 0xffffffff);
    assert_int_equal(GPR(g, RDX), 0xffffffff);
    assert_false(g->regs.rflags & CLUSTER_FLAG_CF);
}

static void mulOfBytes_isInAxAlone(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = 0x1111111111111110;
    GPR(g, RCX) = 0x2000;
    GPR(g, RDX) = 0x3333333333333333;
    step_next(g, CODE("mul ch"));
    assert_int_equal(GPR(g, RAX), 0x1111111111110200);
    assert_int_equal(GPR(g, RDX), 0x3333333333333333);
    step_next(g, CODE("mul cx"));       /* 0x0200 * 0x2000 */
    assert_int_equal(GPR(g, RAX), 0x1111111111110000);
    assert_int_equal(GPR(g, RDX), 0x3333333333330040);
}

static void imul_ofTwoAndThreeOperands(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = -7;
    GPR(g, RCX) = 6;
    step_next(g, CODE("imul rcx, rbx"));
    assert_int_equal(GPR(g, RCX), (uint64_t)-42);
    step_next(g, CODE("imul ecx, ebx, -3"));
    assert_int_equal(GPR(g, RCX), 21);
    step_next(g, CODE("imul cx, bx, 0x4000"));
    assert_int_equal(GPR(g, RCX), (-7 * 0x4000) & 0xffff);
    assert_true(g->regs.rflags & CLUSTER_FLAG_OF);
    guest_write64(g, GUEST_DATA, 5);
    GPR(g, RSI) = GUEST_DATA;
    step_next(g, CODE("imul rax, [rsi], 1000"));
    assert_int_equal(GPR(g, RAX), 5000);
}

static void division_isExact(void **state)
{
    struct guest *g = *state;

    GPR(g, RDX) = 6;
    GPR(g, RAX) = 5;
    GPR(g, RBX) = 7;
    step_next(g, CODE("div rbx"));      /* 6 * 2^64 + 5 */
    assert_int_equal(GPR(g, RAX), 15811494920322472814ull);
    assert_int_equal(GPR(g, RDX), 3);
    GPR(g, RDX) = ~0ull;
    GPR(g, RAX) = -100;
    step_next(g, CODE("idiv rbx"));
    assert_int_equal(GPR(g, RAX), (uint64_t)-14);
    assert_int_equal(GPR(g, RDX), (uint64_t)-2);
    GPR(g, RAX) = 0x1111111111110065;   /* 101 */
    step_next(g, CODE("div bl"));
    assert_int_equal(GPR(g, RAX), 0x111111111111030e);
    GPR(g, RDX) = 0x3333333333330001;
    GPR(g, RAX) = 0x1111111111110001;
    step_next(g, CODE("div bx"));       /* 65537 = 9362 * 7 + 3 */
    assert_int_equal(GPR(g, RAX), 0x1111111111110000 | 9362);
    assert_int_equal(GPR(g, RDX), 0x3333333333330003);
    GPR(g, RDX) = 0xffffffffffffffff;
    GPR(g, RAX) = 0x33333333fffffff9;
    step_next(g, CODE("idiv ebx"));
    assert_int_equal(GPR(g, RAX), 0xffffffff);
    assert_int_equal(GPR(g, RDX), 0);
}

static void divisionByZero_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = 1;
    GPR(g, RBX) = 0x100;
    step_stop(g, CODE("div rcx"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("div ecx"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("div cx"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("div bl"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("idiv rcx"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("idiv ecx"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("idiv cx"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("idiv bl"), CLUSTER_STOP_FAULT);
}

static void unsignedOverflow_isToldExactly(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GPR(g, RDX) = 0x8000000000000001;
    step_stop(g, CODE("div rbx"), CLUSTER_STOP_FAULT);
    GPR(g, RDX)--;
    GPR(g, RAX) = ~0ull;
    step_next(g, CODE("div rbx"));

    GPR(g, RBX) = GPR(g, RDX) = 0x1234567890000000;
    step_stop(g, CODE("div ebx"), CLUSTER_STOP_FAULT);
    GPR(g, RDX)--;
    step_next(g, CODE("div ebx"));

    GPR(g, RBX) = GPR(g, RDX) = 0x12345678fedc;
    step_stop(g, CODE("div bx"), CLUSTER_STOP_FAULT);
    GPR(g, RDX)--;
    step_next(g, CODE("div bx"));

    GPR(g, RBX) = 0x7f80;
    GPR(g, RAX) = 0x8000;
    step_stop(g, CODE("div bl"), CLUSTER_STOP_FAULT);
    GPR(g, RAX) = 0x7fff;
    step_next(g, CODE("div bl"));
    assert_int_equal(GPR(g, RAX), 0x7fff);
}

/* RDX:RAX / RBX of @width, through the widest division, with and without overflow. */
static bool signed_division_fits(unsigned int width, int64_t high, uint64_t low, int64_t divisor)
{
    struct cluster_pair pair = { low, high };
    uint64_t rflags = 2;

    return cluster_divide(CLUSTER_OP_IDIV, width, &pair, divisor, &rflags);
}

static void signedOverflow_isToldExactly(void **state)
{
    const uint64_t least = 0x8000000000000000;

    (void)state;
    assert_false(signed_division_fits(8, -1, least, -1));       /* -2^63 / -1 */
    assert_true(signed_division_fits(8, -1, least, 1));
    assert_true(signed_division_fits(8, -1, least + 1, -1));
    assert_false(signed_division_fits(8, 0, least, 1));
    assert_true(signed_division_fits(8, 0, least, -1));
    assert_true(signed_division_fits(8, 0, least - 1, 1));
    assert_false(signed_division_fits(8, 0, least + 1, -1));
    assert_false(signed_division_fits(8, least, 0, -1));        /* -2^127 */
    assert_false(signed_division_fits(8, least, 0, least));     /* 2^64 */
    assert_false(signed_division_fits(8, 0x4000000000000001, 0, least));
    assert_true(signed_division_fits(8, 0x3fffffffffffffff, ~0ull, least));
    assert_true(signed_division_fits(8, 0x4000000000000000, 0, least));

    assert_false(signed_division_fits(4, -1, 0x80000000, -1));
    assert_true(signed_division_fits(4, -1, 0x80000000, 1));
    assert_false(signed_division_fits(4, 0, 0x80000000, 1));
    assert_true(signed_division_fits(4, 0, 0x80000000, 0xffffffff));
    assert_false(signed_division_fits(4, 0x80000000, 0, -1));   /* -2^63 / -1 */

    assert_false(signed_division_fits(2, -1, 0x8000, 0xffff));
    assert_true(signed_division_fits(2, -1, 0x8000, 1));
    assert_false(signed_division_fits(1, 0, 0xff80, 0xff));     /* -128 / -1 */
    assert_true(signed_division_fits(1, 0, 0xff80, 1));
    assert_true(signed_division_fits(1, ~0ull, 0xffffffff0000ff81, 0xff));
    assert_false(signed_division_fits(1, 0, 0x8000, 0xff));
}

/* All there are, but for the dividends between, of each sign and any quotient. */
static void divisionOfBytes_isThatOfC(void **state)
{
    int dividend, divisor;

    (void)state;
    for (dividend = -0x8000; dividend < 0x8000; dividend += 3)
        for (divisor = -0x80; divisor < 0x80; divisor++) {
            bool fits = divisor != 0 && dividend / divisor >= -0x80 && dividend / divisor < 0x80;
            struct cluster_pair pair = { (uint16_t)dividend, 0 };
            uint64_t rflags = 2;

            assert_int_equal(cluster_divide(CLUSTER_OP_IDIV, 1, &pair, divisor & 0xff, &rflags),
                             fits);
            if (fits)
                assert_int_equal(pair.low, (uint8_t)(dividend / divisor) |
                                           (uint8_t)(dividend % divisor) << 8);
        }
}

static void divisorInUnmappedMemory_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = UNMAPPED;
    step_stop(g, CODE("div qword ptr [rbx]"), CLUSTER_STOP_MEMORY);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(mul_hasAProductOfTwoRegisters),
        LAW(mulOfBytes_isInAxAlone),
        LAW(imul_ofTwoAndThreeOperands),
        LAW(division_isExact),
        LAW(divisionByZero_stopsBefore),
        LAW(unsignedOverflow_isToldExactly),
        LAW(signedOverflow_isToldExactly),
        LAW(divisionOfBytes_isThatOfC),
        LAW(divisorInUnmappedMemory_stopsBefore),
    };

    return unit_report("division", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("division", tests, NULL, NULL));
}
