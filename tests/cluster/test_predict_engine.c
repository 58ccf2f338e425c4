/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_predict_engine.c - verify mode: the engine's own prediction, and what is
 * found when its translations are wrong.
 */
#define _GNU_SOURCE             /* memmem() */
#include "tracker.h"
#include "verified_law.h"
#include "unit.h"

static void engine_agreesWithTheInterpreter(void **state)
{
    struct verified *l1 = *state;
    unsigned int i;

    for (i = 0; i < 4; i++) {   /* recorded, then found */
        verified_exits_at(l1, CODE(GAP));
        assert_true(verified_predict(l1));
        assert_int_equal(l1->out.exiting, 3);
        assert_int_equal(verified_pending(l1), 2);
        verified_check_all(l1);
    }
    assert_true(l1->out.cached);
}

static void engineChangesNothing(void **state)
{
    struct verified *l1 = *state;
    struct cluster_regs before;
    uint64_t field = l1->field[8];
    unsigned int i;

    verified_exits_at(l1, CODE(GAP));
    before = l1->guest->regs;
    for (i = 0; i < 3; i++)
        assert_true(verified_predict(l1));
    assert_memory_equal(&before, &l1->guest->regs, sizeof(before));
    assert_int_equal(guest_read64(l1->guest, GUEST_DATA), 0);
    assert_int_equal(guest_read64(l1->guest, GUEST_RSP - 8), 0);
    assert_int_equal(l1->field[8], field);
}

/* Replace the one place in the arena where @old stands. */
static void patch_translation(struct verified *l1, uint32_t old, uint32_t new)
{
    uint8_t *code = l1->guest->arena.write;
    unsigned int i, found = 0;

    for (i = 0; i + 4 <= l1->guest->arena.size; i++) {
        if (memcmp(code + i, &old, 4) == 0) {
            memcpy(code + i, &new, 4);
            found++;
        }
    }
    assert_int_equal(found, 1);
}

static void wrongTranslation_isFound(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmread rax, rdx; lea rsi, [rdx+0x13579bdf]; vmread rcx, rdx; ud2"));
    assert_true(verified_predict(l1));
    patch_translation(l1, 0x13579bdf, 0x13579bd0);
    assert_false(verified_predict(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_GPR, CLUSTER_RSI, 0x13579bdf + 0x10,
                            0x13579bd0 + 0x10);
    assert_false(l1->mismatch.native);
    assert_int_equal(verified_pending(l1), 0);
}

static void wrongStoreOfTheTranslation_isFound(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmread rax, rdx; mov dword ptr [rbx+16], 0x13579bdf;"
                               "vmread rcx, rdx; ud2"));
    assert_true(verified_predict(l1));
    patch_translation(l1, 0x13579bdf, 0x13579bd0);
    assert_false(verified_predict(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_MEMORY, GUEST_DATA + 16, 0x13579bdf, 0x13579bd0);
    assert_false(l1->mismatch.native);
}

static void wrongVmwriteOfTheTranslation_isFound(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmread rax, rdx; mov esi, 0x13579bdf; vmwrite rdx, rsi;"
                               "mov esi, edx; cpuid; ud2"));
    assert_true(verified_predict(l1));
    patch_translation(l1, 0x13579bdf, 0x13579bd0);
    assert_false(verified_predict(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_FIELD, 0x10, 0x13579bdf, 0x13579bd0);
    assert_false(l1->mismatch.native);
}

/* L1's code has changed, and the engine, made to believe that it has not, goes on. */
static void translationThatGoesTooFar_isFound(void **state)
{
    static const uint8_t old[] = { 0x48, 0xff, 0xc6 }, new[] = { 0x0f, 0x0b, 0x90 };
    struct verified *l1 = *state;
    uint8_t *snapshot;

    verified_exits_at(l1, CODE("vmread rax, rdx; inc rsi; vmread rcx, rdx; ud2"));
    assert_true(verified_predict(l1));
    snapshot = memmem(l1->guest->vcpu->code_words, 64, old, sizeof(old));
    assert_non_null(snapshot);
    memcpy(snapshot, new, sizeof(new));
    memcpy(guest_at(l1->guest, GUEST_CODE + 3), new, sizeof(new));
    assert_false(verified_predict(l1));
    verified_check_mismatch(l1, CLUSTER_MISMATCH_INSNS, GUEST_CODE + 3, 1, 3);
}

/* VMREADs that are plain loads see the VMWRITEs before them. */
static void engine_readsWhatItWrote(void **state)
{
    struct verified *l1 = *state;
    unsigned int i;

    for (i = 0; i < 3; i++) {
        GPR(l1, RBP) = i;       /* another value each time */
        verified_exits_at(l1, CODE("vmread rax, rdx; mov edx, 0x20; lea rsi, [rax+rbp];"
                                   "vmwrite rdx, rsi; mov edx, 0x20; vmread rdi, rdx; cpuid; ud2"));
        assert_true(verified_predict(l1));
        verified_check_all(l1);
        GPR(l1, RDX) = 0x10;
    }
}

/* L1 may do so, though it should not: VMREADs see it, plain loads or not. */
static void storeIntoTheVmcs_isReadByVmread(void **state)
{
    struct verified *l1 = *state;
    unsigned int i;

    guest_map(l1->guest, GUEST_DATA, (uint8_t *)l1->field, "rw");
    l1->guest->page[2].dirty = true;
    for (i = 0; i < 3; i++) {
        GPR(l1, RBP) = i;
        GPR(l1, RDX) = 0x10;
        verified_exits_at(l1, CODE("vmread rax, rdx; mov [rbx+8*8], rbp; vmread rdi, rdx;"
                                   "mov edx, 0x10; vmread rsi, rdx; mov rsi, [rbx+8*8]; cpuid;"
                                   "ud2"));
        assert_true(verified_predict(l1));
        verified_check_all(l1);
        assert_int_equal(GPR(l1, RDI), i);
    }
}

/* It is executed in part, which counts as no instruction. */
static void stringThatStopsInTheMiddle_isPredicted(void **state)
{
    struct verified *l1 = *state;
    unsigned int i;

    for (i = 0; i < 3; i++) {
        GPR(l1, RBX) = GUEST_DATA2 + GUEST_PAGE - 16;
        GPR(l1, RDX) = 0x10;
        verified_exits_at(l1, CODE("vmread rax, rdx; vmread rax, rdx; mov rdi, rbx; mov ecx, 5;"
                                   "rep stosq; vmread rax, rdx"));
        assert_true(verified_predict(l1));
        verified_check_all(l1);
    }
}

/* Even where L1 is known to exit by it: reading it would have an effect. */
static void deviceIsNotTouched_thePredictionEndsBeforeIt(void **state)
{
    struct verified *l1 = *state;
    struct cluster_vcpu *vcpu = l1->guest->vcpu;
    unsigned int i;

    l1->guest->device.linear = 0xffffffffff5fd000;
    for (i = 0; i < 4; i++) {
        GPR(l1, RBX) = l1->guest->device.linear;
        verified_exits_at(l1, CODE("vmread rax, rdx; vmread rcx, rdx; mov esi, [rbx]; vmread rdi, rdx;"
                                   "ud2"));
        cluster_tracker_exit(vcpu, GUEST_CODE + 6, GUEST_RSP % CLUSTER_RSP_ALIGNMENT, 1);
        assert_true(verified_predict(l1));
        assert_int_equal(l1->out.insns, 2);
        assert_int_equal(l1->out.stop,
                         i == 0 ? CLUSTER_STOP_MEMORY : CLUSTER_STOP_COMPLETE);
        assert_int_equal(verified_pending(l1), 1);
    }
    assert_int_equal(l1->guest->device.reads, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(engine_agreesWithTheInterpreter),
        LAW(engineChangesNothing),
        LAW(wrongTranslation_isFound),
        LAW(wrongStoreOfTheTranslation_isFound),
        LAW(wrongVmwriteOfTheTranslation_isFound),
        LAW(translationThatGoesTooFar_isFound),
        LAW(engine_readsWhatItWrote),
        LAW(storeIntoTheVmcs_isReadByVmread),
        LAW(stringThatStopsInTheMiddle_isPredicted),
        LAW(deviceIsNotTouched_thePredictionEndsBeforeIt),
    };

    return unit_report("test_predict_engine", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests(tests, NULL, NULL));
}
