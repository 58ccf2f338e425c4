/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_predict.c - verify mode: what is predicted, and how far.
 */
#include "verified_law.h"
#include "unit.h"

/* ---- what is predicted ---- */

static void prediction_agreesWithL1(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE(GAP));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 2);
    assert_int_equal(l1->prediction->insns, 7);
    verified_check_all(l1);
}

static void prediction_changesNothing(void **state)
{
    struct verified *l1 = *state;
    struct cluster_regs before;
    uint64_t field = l1->field[8];

    verified_exits_at(l1, CODE(GAP));
    before = l1->guest->regs;
    verified_predict_alone(l1);
    assert_memory_equal(&before, &l1->guest->regs, sizeof(before));
    assert_int_equal(guest_read64(l1->guest, GUEST_DATA), 0);
    assert_int_equal(guest_read64(l1->guest, GUEST_RSP - 8), 0);
    assert_int_equal(l1->field[8], field);
}

static void prediction_dirtiesNoPage(void **state)
{
    struct verified *l1 = *state;
    unsigned int i;

    for (i = 0; i < l1->guest->nr_pages; i++)
        l1->guest->page[i].dirty = false;
    verified_exits_at(l1, CODE("vmread rax, rdx; vmread rcx, rdx; mov [rbx], rax;"
                               "vmread rcx, rdx"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);           /* it ends before the store */
    for (i = 0; i < l1->guest->nr_pages; i++)
        assert_false(l1->guest->page[i].dirty);
}

static void predictedStore_isReadAgain(void **state)
{
    struct verified *l1 = *state;

    GPR(l1, RAX) = 7;
    verified_exits_at(l1, CODE("vmread rcx, rdx; mov rsi, [rbx]; mov [rbx], rax; mov rsi, [rbx];"
                               "vmread rcx, rdx; ud2"));
    verified_predict_alone(l1);
    assert_int_equal(l1->prediction->exit[0].regs.gpr[CLUSTER_RSI], 7);
    verified_check_all(l1);
}

/* Two addresses of one page: what is stored by one is read by the other. */
static void predictedStore_isReadThroughAnAlias(void **state)
{
    struct verified *l1 = *state;
    uint64_t alias = GUEST_DATA + 16 * GUEST_PAGE;

    guest_map(l1->guest, alias, guest_at(l1->guest, GUEST_DATA), "rw");
    GPR(l1, RAX) = 7;
    GPR(l1, RDI) = alias;
    verified_exits_at(l1, CODE("vmread rcx, rdx; mov rsi, [rdi]; mov [rbx], rax; mov rsi, [rdi];"
                               "vmread rcx, rdx; ud2"));
    verified_predict_alone(l1);
    assert_int_equal(l1->prediction->exit[0].regs.gpr[CLUSTER_RSI], 7);
    verified_check_all(l1);
}

static void readOnlyPage_isNotWritten(void **state)
{
    struct verified *l1 = *state;

    guest_map(l1->guest, GUEST_DATA, guest_at(l1->guest, GUEST_DATA), "r");
    verified_exits_at(l1, CODE("vmread rcx, rdx; mov rsi, [rbx]; vmread rcx, rdx; mov [rbx], rax;"
                               "vmread rcx, rdx; ud2"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);
}

/* From the copy of the VMCS, or where VMREADs are no plain loads, from the log. */
static void predictedVmwrite_isReadAgain(void **state)
{
    struct verified *l1 = *state;
    unsigned int i;

    for (i = 0; i < 2; i++) {
        l1->inlined = i;
        GPR(l1, RSI) = 7 + i;
        verified_exits_at(l1, CODE("vmwrite rdx, rsi; vmread rcx, rdx; inc rcx; vmread rdi, rdx;"
                                   "ud2"));
        verified_predict_alone(l1);
        assert_int_equal(l1->prediction->exit[1].regs.gpr[CLUSTER_RCX], 8 + i);
        verified_check_all(l1);
    }
}

/* As with hardware VMCS shadowing.  What was written twice is compared as it was left. */
static void shadowedFields_areNoExits(void **state)
{
    struct verified *l1 = *state;

    l1->shadowed = true;
    verified_exits_at(l1, CODE("cpuid; mov edx, 0x10; vmwrite rdx, rsi; vmwrite rdx, rbx;"
                               "vmread rcx, rdx; cpuid; ud2"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);
    verified_check_all(l1);
}

static void wrmsr_isTheLastExit(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmread rsi, rdx; vmread rdi, rdx; wrmsr; vmread rdi, rdx"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 2);
    assert_int_equal(l1->guest->msr, 0);
    assert_int_equal(l1->prediction->exit[1].regs.rip, GUEST_CODE + 6);
}

static void rdtsc_isNoExit_andEndsIt(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmread rsi, rdx; vmread rdi, rdx; rdtsc; vmread rdi, rdx"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);
    assert_int_equal(l1->guest->tsc, 0);
}

static void quietMsrAndCpuid_areGoneThrough(void **state)
{
    struct verified *l1 = *state;

    l1->guest->msr = 0x123400005678;
    verified_exits_at(l1, CODE("vmread rsi, rdx; rdmsr; mov rsi, rax; cpuid;"
                               "vmread rdi, rdx; ud2"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 3);
    assert_int_equal(l1->prediction->exit[1].regs.gpr[CLUSTER_RSI], 0x5678);
    GPR(l1, RDX) = 0x10;
    verified_go(l1);
    assert_true(verified_compare(l1));
    verified_go(l1);
    assert_true(verified_compare(l1));
}

static void noisyMsr_endsIt(void **state)
{
    struct verified *l1 = *state;

    GPR(l1, RCX) = VERIFIED_NOISY_MSR;
    verified_exits_at(l1, CODE("vmread rsi, rdx; rdmsr; vmread rdi, rdx"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);
    assert_int_equal(l1->prediction->insns, 1);
}

/* It exits nowhere, so L1 is next seen at the VMREAD behind it. */
static void passedMsr_isNoExit(void **state)
{
    struct verified *l1 = *state;

    GPR(l1, RCX) = VERIFIED_PASSED_MSR;
    verified_exits_at(l1, CODE("vmread rsi, rdx; rdmsr; mov edx, 0x10; vmread rdi, rdx; ud2"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);
    verified_check_all(l1);
}

static void vmresume_isTheLastExit(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("vmread rsi, rdx; inc rsi; vmresume; vmread rdi, rdx"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);
    verified_check_all(l1);
    assert_int_equal(l1->guest->regs.rip, GUEST_CODE + 6);
}

static void failingVmwrite_isTheLastExit(void **state)
{
    struct verified *l1 = *state;

    GPR(l1, RDI) = 0x7001;
    verified_exits_at(l1, CODE("vmread rsi, rdx; vmwrite rdi, rsi; vmread rdi, rdx"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);
}

static void cr2_isWrittenOnTheCopy(void **state)
{
    struct verified *l1 = *state;

    l1->guest->cr2 = 5;
    GPR(l1, RAX) = 6;
    verified_exits_at(l1, CODE("vmread rsi, rdx; mov rdi, cr2; mov cr2, rax; mov rcx, cr2;"
                               "vmread rsi, rdx; ud2"));
    verified_predict_alone(l1);
    assert_int_equal(l1->guest->cr2, 5);
    assert_int_equal(l1->prediction->exit[0].regs.gpr[CLUSTER_RDI], 5);
    assert_int_equal(l1->prediction->exit[0].regs.gpr[CLUSTER_RCX], 6);
    verified_check_all(l1);
}

static void storeIntoItsCode_endsIt(void **state)
{
    struct verified *l1 = *state;

    guest_map(l1->guest, GUEST_CODE, guest_at(l1->guest, GUEST_CODE), "rwx");
    l1->guest->page[0].dirty = true;
    GPR(l1, RDI) = GUEST_CODE + 0x800;
    verified_exits_at(l1, CODE("vmread rsi, rdx; vmread rsi, rdx; mov [rdi], rax;"
                               "vmread rsi, rdx"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);
}

static void instruction_acrossAPageEnd_isFollowed(void **state)
{
    struct verified *l1 = *state;

    verified_exits_at(l1, CODE("ud2"));
    l1->guest->regs.rip = GUEST_CODE2 - 5;
    guest_put_code(l1->guest, GUEST_CODE2 - 5,
                   CODE("vmread rsi, rdx; add rsi, 0x11223344; vmread rdi, rdx; ud2"));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 1);
    verified_check_all(l1);
}

static void beginRefused_predictsNothing(void **state)
{
    struct verified *l1 = *state;

    l1->guest->refuse = true;
    verified_exits_at(l1, CODE(GAP));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 0);
}

/* ---- events, limits ---- */

static void abandoned_isComparedNoMore(void **state)
{
    struct verified *l1 = *state;

    verified_predict_gap(l1);
    assert_int_equal(cluster_predict_abandon(l1->prediction), 2);
    assert_false(cluster_predict_pending(l1->prediction));
    assert_int_equal(cluster_predict_abandon(l1->prediction), 0);
}

static void refusedAtTheExit_comparesRegistersAlone(void **state)
{
    struct verified *l1 = *state;

    verified_predict_gap(l1);
    guest_write64(l1->guest, GUEST_DATA, 1);
    l1->guest->refuse = true;
    assert_true(verified_compare(l1));
}

static void moreExitsThanThereIsRoomFor_areCut(void **state)
{
    struct verified *l1 = *state;

    GPR(l1, RSI) = 100;
    verified_exits_at(l1, CODE("1: vmread rax, rdx; dec rsi; jnz 1b; ud2"));
    verified_predict_alone(l1);
    assert_true(l1->prediction->cut);
    assert_int_equal(verified_pending(l1), CLUSTER_PREDICT_EXITS);
    verified_check_all(l1);
}

static void moreStoresThanThereIsRoomFor_areCut(void **state)
{
    struct verified *l1 = *state;

    GPR(l1, RSI) = 20;
    GPR(l1, RBX) = GUEST_DATA;
    verified_exits_at(l1, CODE("1: mov rdi, rbx; vmread rax, rdx; mov ecx, 512; rep stosq; dec rsi;"
                               "jnz 1b; ud2"));
    l1->guest->regs.rip += 3;
    GPR(l1, RDI) = GUEST_DATA;
    verified_predict_alone(l1);
    assert_true(l1->prediction->cut);
    assert_in_range(verified_pending(l1), 4, CLUSTER_PREDICT_STORES / 512);
    verified_check_all(l1);
}

static void morePagesThanThereIsRoomFor_areCut(void **state)
{
    struct verified *l1 = *state;
    static uint8_t memory[CLUSTER_COPY_PAGES + 1][GUEST_PAGE];
    unsigned int i;

    for (i = 0; i <= CLUSTER_COPY_PAGES; i++)
        guest_map(l1->guest, GUEST_DATA + i * GUEST_PAGE, memory[i], "rw");
    for (i = 0; i < l1->guest->nr_pages; i++)
        l1->guest->page[i].dirty = true;
    verified_exits_at(l1, CODE("1: vmread rax, rdx; mov [rbx], rax; add rbx, 4096; jmp 1b"));
    verified_predict_alone(l1);
    assert_true(l1->prediction->cut);
    assert_int_equal(verified_pending(l1), CLUSTER_COPY_PAGES - 1);      /* one is the VMCS */
    verified_check_all(l1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(prediction_agreesWithL1),
        LAW(prediction_changesNothing),
        LAW(prediction_dirtiesNoPage),
        LAW(predictedStore_isReadAgain),
        LAW(predictedStore_isReadThroughAnAlias),
        LAW(readOnlyPage_isNotWritten),
        LAW(predictedVmwrite_isReadAgain),
        LAW(shadowedFields_areNoExits),
        LAW(wrmsr_isTheLastExit),
        LAW(rdtsc_isNoExit_andEndsIt),
        LAW(quietMsrAndCpuid_areGoneThrough),
        LAW(noisyMsr_endsIt),
        LAW(passedMsr_isNoExit),
        LAW(vmresume_isTheLastExit),
        LAW(failingVmwrite_isTheLastExit),
        LAW(cr2_isWrittenOnTheCopy),
        LAW(storeIntoItsCode_endsIt),
        LAW(instruction_acrossAPageEnd_isFollowed),
        LAW(beginRefused_predictsNothing),
        LAW(abandoned_isComparedNoMore),
        LAW(refusedAtTheExit_comparesRegistersAlone),
        LAW(moreExitsThanThereIsRoomFor_areCut),
        LAW(moreStoresThanThereIsRoomFor_areCut),
        LAW(morePagesThanThereIsRoomFor_areCut),
    };

    return unit_report("test_predict", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests(tests, NULL, NULL));
}
