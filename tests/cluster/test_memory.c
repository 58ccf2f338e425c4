/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_memory.c - which accesses the interpreter makes, and the soft TLB.
 */
#include "stepper.h"

static void check_stop(struct guest *g, enum cluster_stop why, unsigned int insns,
                       uint64_t offset)
{
    assert_int_equal(g->out.stop, why);
    assert_int_equal(g->out.insns, insns);
    assert_int_equal(g->regs.rip, GUEST_CODE + offset);
}

/* ---- memory ---- */

/* Whatever @code's second instruction is, it must stop before it, with nothing changed. */
static void check_memory_stop(struct guest *g, struct code code)
{
    struct cluster_regs expected = g->regs;

    assert_true(guest_run(g, code));
    check_stop(g, CLUSTER_STOP_MEMORY, 1, 3);
    expected.rip = GUEST_CODE + 3;
    expected.gpr[CLUSTER_RAX] = guest_field(expected.gpr[CLUSTER_RDX]);
    assert_memory_equal(&expected, &g->regs, sizeof(expected));
}

static void load_crossingAPage_isPutTogether(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA2 - 3;
    memcpy(guest_at(g, GUEST_DATA2 - 3), "\x11\x22\x33", 3);
    memcpy(guest_at(g, GUEST_DATA2), "\x44\x55\x66\x77\x88", 5);
    step_next(g, CODE("mov rcx, [rbx]"));
    assert_int_equal(GPR(g, RCX), 0x8877665544332211);
}

static void store_crossingAPage_isTakenApart(void **state)
{
    struct guest *g = *state;

    /* Neighbours in linear space only. */
    guest_map(g, 0x5000, guest_at(g, GUEST_DATA2), "rw");
    guest_map(g, 0x6000, guest_at(g, GUEST_DATA), "rw");
    GPR(g, RBX) = 0x5fff;
    GPR(g, RCX) = 0x44332211;
    step_next(g, CODE("mov [rbx], ecx"));
    assert_int_equal(*guest_at(g, 0x5fff), 0x11);
    assert_memory_equal(guest_at(g, 0x6000), "\x22\x33\x44\x00", 4);
}

static void readModifyWrite_crossingAPage_isDone(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA2 - 1;
    *guest_at(g, GUEST_DATA2 - 1) = 0xff;
    step_next(g, CODE("add word ptr [rbx], 1"));
    assert_int_equal(*guest_at(g, GUEST_DATA2 - 1), 0);
    assert_int_equal(*guest_at(g, GUEST_DATA2), 1);
}

/* A store in part would be seen. */
static void store_crossingIntoAPageThatCannotBeWritten_storesNothing(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_DATA2, guest_at(g, GUEST_DATA2), "r");
    GPR(g, RBX) = GUEST_DATA2 - 4;
    GPR(g, RCX) = ~0ull;
    step_stop(g, CODE("mov [rbx], rcx"), CLUSTER_STOP_MEMORY);
    assert_int_equal(guest_read64(g, GUEST_DATA2 - 8), 0);
}

static void access_crossingFromAnUnmappedPage_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA - 4;
    step_stop(g, CODE("mov rcx, [rbx]"), CLUSTER_STOP_MEMORY);
}

static void accessThatWrapsToAddressZero_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0xfffffffffffff000, guest_at(g, GUEST_DATA), "rw");
    guest_map(g, 0, guest_at(g, GUEST_DATA2), "rw");
    GPR(g, RBX) = 0xfffffffffffffffc;
    step_stop(g, CODE("mov rcx, [rbx]"), CLUSTER_STOP_MEMORY);
}

static void storeCrossingIntoCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_DATA), "rw");
    guest_map(g, 0x8000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RBX) = 0x7ffc;
    GPR(g, RCX) = ~0ull;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov [rbx], rcx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
    assert_int_equal(*guest_at(g, 0x7fff), 0);
}

static void access_endingAtThePageEnd_isDone(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA2 - 8;
    guest_write64(g, GUEST_DATA2 - 8, 42);
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, [rbx]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 3, 9);
    assert_int_equal(GPR(g, RCX), 42);
}

static void load_ofAnUnmappedPage_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = UNMAPPED;
    check_memory_stop(g, CODE("vmread rax, rdx; add rcx, [rbx]; vmread rcx, rdx"));
}

static void readModifyWrite_ofAReadOnlyPage_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_DATA, guest_at(g, GUEST_DATA), "r");
    GPR(g, RBX) = GUEST_DATA;
    check_memory_stop(g, CODE("vmread rax, rdx; inc dword ptr [rbx]; vmread rcx, rdx"));
}

static void compare_ofAReadOnlyPage_isDone(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_DATA, guest_at(g, GUEST_DATA), "r");
    GPR(g, RBX) = GUEST_DATA;
    assert_true(guest_run(g, CODE("vmread rax, rdx; cmp dword ptr [rbx], 0; setz cl;"
                                  "test [rbx], ecx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 5, 14);
    assert_int_equal(GPR(g, RCX), 1);
}

static void nonCanonicalAddress_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = NONCANONICAL;
    check_memory_stop(g, CODE("vmread rax, rdx; mov rcx, [rbx]; vmread rcx, rdx"));
}

static void accessThatRunsIntoTheHole_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = NONCANONICAL - 1;
    check_memory_stop(g, CODE("vmread rax, rdx; mov rcx, [rbx]; vmread rcx, rdx"));
}

static void cmovFromUnmappedMemory_stopsEvenIfNotMoved(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = UNMAPPED;
    check_memory_stop(g, CODE("vmread rax, rdx; cmovz rcx, [rbx]; vmread rcx, rdx"));
}

static void addressSize_wrapsAt32Bits(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x1000, guest_at(g, GUEST_DATA), "rw");
    guest_write64(g, GUEST_DATA + 0x10, 99);
    GPR(g, RBX) = 0xabcdef00fffff000;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, [ebx + 0x2010]; vmread rax, rdx")));
    assert_int_equal(GPR(g, RCX), 99);
}

static void segmentBase_isAddedAfterTheCut(void **state)
{
    struct guest *g = *state;

    g->gs = GUEST_DATA;
    guest_write64(g, GUEST_DATA + 0x20, 1234);
    GPR(g, RBX) = 0x5555555500000018;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, gs:[ebx + 8]; vmread rax, rdx")));
    assert_int_equal(GPR(g, RCX), 1234);
}

static void segmentBase_wrapsAt64Bits(void **state)
{
    struct guest *g = *state;

    g->fs = GUEST_DATA + 0x1000;
    guest_write64(g, GUEST_DATA + 0xff0, 4321);
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, fs:[-0x10]; vmread rax, rdx")));
    assert_int_equal(GPR(g, RCX), 4321);
}

static void lea_knowsNoSegmentAndNoPage(void **state)
{
    struct guest *g = *state;

    g->gs = 0x1000;
    GPR(g, RBX) = NONCANONICAL;
    assert_true(guest_run(g, CODE("vmread rax, rdx; .byte 0x65;"
                                  "lea rcx, [rbx+8]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 3, 11);
    assert_int_equal(GPR(g, RCX), NONCANONICAL + 8);
    assert_false(step_called(g, 't', NONCANONICAL));
}

static void ripRelative_countsFromTheNextInstruction(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_CODE + 0x100, 31337);
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, [rip + 0xf6]; vmread rax, rdx")));
    assert_int_equal(GPR(g, RCX), 31337);
}

/* ---- the soft TLB ---- */

static void tlb_asksOncePerPage(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, [rbx]; mov rsi, [rbx+0x10];"
                                  "vmread rax, rdx")));
    assert_int_equal(g->translate_count, 2);    /* code, data */
}

static void tlb_writeServesReads_butNotTheOtherWay(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov [rbx], rcx; mov rsi, [rbx+0x10];"
                                  "vmread rax, rdx")));
    assert_int_equal(g->translate_count, 2);
    cluster_flush(g->vcpu);
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rsi, [rbx]; mov [rbx+0x10], rcx;"
                                  "vmread rax, rdx")));
    assert_int_equal(g->translate_count, 3);
}

static void tlb_readRightDoesNotAllowAStore(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_DATA, guest_at(g, GUEST_DATA), "r");
    GPR(g, RBX) = GUEST_DATA;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rsi, [rbx]; mov [rbx+0x10], rcx;"
                                  "vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_MEMORY, 2, 6);
}

static void tlb_livesForOneExecution(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; mov rcx, [rbx]; vmread rax, rdx");

    GPR(g, RBX) = GUEST_DATA;
    assert_true(guest_run(g, code));
    guest_unmap(g, GUEST_DATA);
    assert_true(guest_run(g, code));
    check_stop(g, CLUSTER_STOP_MEMORY, 1, 3);
}

/* Nine pages are one more than there are entries: the first is asked for again. */
static void tlb_forgetsTheOldest(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    for (i = 0; i < 9; i++) {
        guest_map(g, 0x100000 + i * 0x1000, guest_at(g, GUEST_DATA), "r");
        guest_write64(g, GUEST_DATA, 5);
    }
    GPR(g, RBX) = 0x100000;
    assert_true(guest_run(g, CODE(
        "vmread rax, rdx; mov rcx, [rbx]; mov rcx, [rbx+0x1000]; mov rcx, [rbx+0x2000];"
        "mov rcx, [rbx+0x3000]; vmread rax, rdx; mov rcx, [rbx+0x4000]; mov rcx, [rbx+0x5000];"
        "mov rcx, [rbx+0x6000]; mov rcx, [rbx+0x7000]; vmread rax, rdx;"
        "mov rcx, [rbx+0x8000]; mov rcx, [rbx+0x1000]; mov rcx, [rbx]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 15, g->regs.rip - GUEST_CODE);
    assert_int_equal(g->translate_count, 1 + 9 + 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(load_crossingAPage_isPutTogether),
        LAW(store_crossingAPage_isTakenApart),
        LAW(readModifyWrite_crossingAPage_isDone),
        LAW(store_crossingIntoAPageThatCannotBeWritten_storesNothing),
        LAW(access_crossingFromAnUnmappedPage_stopsBefore),
        LAW(accessThatWrapsToAddressZero_stopsBefore),
        LAW(storeCrossingIntoCode_stopsBefore),
        LAW(access_endingAtThePageEnd_isDone),
        LAW(load_ofAnUnmappedPage_stopsBefore),
        LAW(readModifyWrite_ofAReadOnlyPage_stopsBefore),
        LAW(compare_ofAReadOnlyPage_isDone),
        LAW(nonCanonicalAddress_stopsBefore),
        LAW(accessThatRunsIntoTheHole_stopsBefore),
        LAW(cmovFromUnmappedMemory_stopsEvenIfNotMoved),
        LAW(addressSize_wrapsAt32Bits),
        LAW(segmentBase_isAddedAfterTheCut),
        LAW(segmentBase_wrapsAt64Bits),
        LAW(lea_knowsNoSegmentAndNoPage),
        LAW(ripRelative_countsFromTheNextInstruction),
        LAW(tlb_asksOncePerPage),
        LAW(tlb_writeServesReads_butNotTheOtherWay),
        LAW(tlb_readRightDoesNotAllowAStore),
        LAW(tlb_livesForOneExecution),
        LAW(tlb_forgetsTheOldest),
    };

    return unit_report("memory", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("memory", tests, NULL, NULL));
}
