/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_mismatch.c - verify mode: everything that can differ, made to differ, and found.
 */
#include "alu.h"
#include "predict_compare.h"
#include "verified_law.h"
#include "unit.h"

/* ---- what is found to be wrong ---- */

static void wrongRegister_isFound(void **state)
{
    struct verified *l1 = *state;

    verified_predict_gap(l1);
    GPR(l1, R13) = 3;
    assert_false(verified_compare(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_GPR, CLUSTER_R13, 0, 3);
    assert_true(l1->mismatch.native);
    assert_int_equal(verified_pending(l1), 0);
}

static void wrongFlag_isFound(void **state)
{
    struct verified *l1 = *state;
    uint64_t flags;

    verified_predict_gap(l1);
    flags = l1->guest->regs.rflags;
    l1->guest->regs.rflags ^= CLUSTER_FLAG_CF;
    assert_false(verified_compare(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_RFLAGS, 0, flags, flags ^ CLUSTER_FLAG_CF);
}

static void resumeFlag_isNobodysBusiness(void **state)
{
    struct verified *l1 = *state;

    verified_predict_gap(l1);
    l1->guest->regs.rflags ^= CLUSTER_FLAG_RF;
    assert_true(verified_compare(l1));
}

static void otherPlace_isFound(void **state)
{
    struct verified *l1 = *state;
    uint64_t rip;

    verified_predict_gap(l1);
    rip = l1->guest->regs.rip;
    l1->guest->regs.rip += 3;
    assert_false(verified_compare(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_RIP, 0, rip, rip + 3);
}

static void wrongMemory_isFound(void **state)
{
    struct verified *l1 = *state;
    uint64_t stored;

    verified_predict_gap(l1);
    stored = guest_read64(l1->guest, GUEST_DATA);
    guest_write64(l1->guest, GUEST_DATA, stored ^ 0x100);
    assert_false(verified_compare(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_MEMORY, GUEST_DATA, stored, stored ^ 0x100);
}

/* The store does not change memory, so it is not by its effect that it is known. */
static void wrongMemory_underASilentStore_isFound(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmread rax, rdx; mov qword ptr [rbx], 0; vmread rax, rdx; ud2"));
    verified_predict_alone(l1);
    verified_go(l1);
    guest_write64(l1->guest, GUEST_DATA, 1);
    assert_false(verified_compare(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_MEMORY, GUEST_DATA, 0, 1);
}

/* Nobody predicted anything of it. */
static void otherMemory_isNotLookedAt(void **state)
{
    struct verified *l1 = *state;

    verified_predict_gap(l1);
    guest_write64(l1->guest, GUEST_DATA + 8, 1);
    assert_true(verified_compare(l1));
}

static void lostPage_isFound(void **state)
{
    struct verified *l1 = *state;

    verified_predict_gap(l1);
    guest_unmap(l1->guest, GUEST_DATA);
    assert_false(verified_compare(l1));
    assert_int_equal(l1->mismatch.kind, CLUSTER_MISMATCH_MEMORY);
}

static void wrongField_isFound(void **state)
{
    struct verified *l1 = *state;
    uint64_t value;

    verified_predict_gap(l1);
    assert_true(verified_compare(l1));
    verified_go(l1);
    value = l1->field[8]--;
    assert_false(verified_compare(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_FIELD, 0x10, value, value - 1);
}

/* L0 may change a field at an exit: what was written before it is not looked at again. */
static void fieldChangedLater_isNobodysBusiness(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmwrite rdx, rbx; vmread rcx, rbp; vmread rcx, rbp; ud2"));
    verified_predict_alone(l1);
    verified_go(l1);
    assert_true(verified_compare(l1));
    l1->field[8] = 99;
    verified_go(l1);
    assert_true(verified_compare(l1));
}

static void codeChangedMeanwhile_isFound(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmread rax, rdx; inc rsi; vmread rax, rdx; ud2"));
    verified_predict_alone(l1);
    guest_put_code(l1->guest, GUEST_CODE + 3, CODE("dec rsi"));
    verified_go(l1);
    assert_false(verified_compare(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_GPR, CLUSTER_RSI, 1, ~0ull);
}

/* What was overwritten between two exits is compared as it was left. */
static void lastStore_counts(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmread rax, rdx; mov qword ptr [rbx], 1; mov dword ptr [rbx+2], 2;"
                               "mov byte ptr [rbx], 3; vmread rax, rdx; mov byte ptr [rbx], 4;"
                               "vmread rax, rdx; ud2"));
    verified_predict_alone(l1);
    verified_check_all(l1);
}

static void mismatch_tellsThePath(void **state)
{
    struct verified *l1 = *state;
    const uint8_t *bytes;
    unsigned int length;
    uint64_t rip;

    verified_predict_gap(l1);
    assert_true(verified_compare(l1));
    verified_go(l1);
    GPR(l1, R8) = 3;
    assert_false(verified_compare(l1));
    assert_int_equal(l1->mismatch.end_insn - l1->mismatch.first_insn, 1);
    bytes = cluster_predict_path(l1->prediction, l1->mismatch.first_insn, &rip, &length);
    assert_int_equal(rip, GUEST_CODE + 12);
    assert_int_equal(length, 3);
    assert_memory_equal(bytes, guest_at(l1->guest, rip), 3);
}

/* ---- two copies: the interpreter's and the engine's ---- */

/* A copy of L1's data page in @l1's prediction, in which @value is at its beginning. */
static void put_copy(struct verified *l1, struct cluster_copy *copy, uint64_t value, bool written)
{
    const uint8_t *real = guest_at(l1->guest, GUEST_DATA);

    copy->nr_pages = 1;
    copy->nr_fields = 0;
    copy->real[0] = real;
    copy->linear[0] = GUEST_DATA;
    copy->written[0] = written;
    memcpy(copy->page[0], real, GUEST_PAGE);
    memcpy(copy->page[0], &value, sizeof(value));
}

static void copies_differ(struct verified *l1, uint64_t expected, uint64_t actual)
{
    const struct cluster_prediction *p = l1->prediction;

    assert_false(cluster_predict_same_copies(&p->interp, &p->engine, &l1->mismatch));
    assert_int_equal(l1->mismatch.kind, CLUSTER_MISMATCH_MEMORY);
    assert_int_equal(l1->mismatch.where, GUEST_DATA);
    assert_int_equal(l1->mismatch.expected, expected);
    assert_int_equal(l1->mismatch.actual, actual);
}

/* By the interpreter, the engine, or both; where one of them has no copy, its page is the real one. */
static void pageThatEitherWrote_isCompared(void **state)
{
    struct verified *l1 = *state;
    struct cluster_prediction *p = l1->prediction;

    guest_write64(l1->guest, GUEST_DATA, 5);
    put_copy(l1, &p->interp, 6, true);
    put_copy(l1, &p->engine, 6, true);
    assert_true(cluster_predict_same_copies(&p->interp, &p->engine, &l1->mismatch));
    put_copy(l1, &p->engine, 7, true);
    copies_differ(l1, 6, 7);
    put_copy(l1, &p->interp, 5, false);
    copies_differ(l1, 5, 7);
    p->interp.nr_pages = 0;
    copies_differ(l1, 5, 7);
    put_copy(l1, &p->interp, 6, true);
    p->engine.nr_pages = 0;
    copies_differ(l1, 6, 5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(wrongRegister_isFound),
        LAW(wrongFlag_isFound),
        LAW(resumeFlag_isNobodysBusiness),
        LAW(otherPlace_isFound),
        LAW(wrongMemory_isFound),
        LAW(wrongMemory_underASilentStore_isFound),
        LAW(otherMemory_isNotLookedAt),
        LAW(lostPage_isFound),
        LAW(wrongField_isFound),
        LAW(fieldChangedLater_isNobodysBusiness),
        LAW(codeChangedMeanwhile_isFound),
        LAW(lastStore_counts),
        LAW(mismatch_tellsThePath),
        LAW(pageThatEitherWrote_isCompared),
    };

    return unit_report("test_mismatch", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests(tests, NULL, NULL));
}
