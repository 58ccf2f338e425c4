/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_interp.c - the interpreter, law by law, through cluster_run().  What
 * ordinary instructions compute is differential.c's subject; here are the
 * stops, the exiting instructions and the corners.
 */
#include "alu.h"
#include "guest.h"
#include "unit.h"

#define GPR(g, name) ((g)->regs.gpr[CLUSTER_##name])
#define NONCANONICAL 0x0000800000000000ull

static int start(void **state)
{
    *state = guest_start();
    return 0;
}

static int end(void **state)
{
    guest_end(*state);
    return 0;
}

static void check_stop(struct guest *g, enum cluster_stop why, unsigned int insns,
                       uint64_t offset)
{
    assert_int_equal(g->out.stop, why);
    assert_int_equal(g->out.insns, insns);
    assert_int_equal(g->regs.rip, GUEST_CODE + offset);
}

static bool called(const struct guest *g, char what, uint64_t argument)
{
    unsigned int i;

    for (i = 0; i < g->nr_calls; i++)
        if (g->call[i].what == what && g->call[i].argument == argument)
            return true;
    return false;
}

/* ---- whole executions ---- */

static void cluster_runsToItsEnd(void **state)
{
    struct guest *g = *state;

    GPR(g, RDX) = 0x6800;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rbx, rax; vmwrite rdx, rbx; ret")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 3, 9);
    assert_int_equal(g->out.exiting, 2);
    assert_int_equal(GPR(g, RBX), guest_field(0x6800));
    assert_int_equal(g->written_field, 0x6800);
    assert_int_equal(g->written_value, guest_field(0x6800));
    assert_int_equal(g->release_count, 1);
}

static void trapFlag_refuses(void **state)
{
    struct guest *g = *state;
    struct cluster_regs before;

    g->regs.rflags |= CLUSTER_FLAG_TF;
    before = g->regs;
    before.rip = GUEST_CODE;
    assert_false(guest_run(g, CODE("vmread rax, rdx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_FLAGS, 0, 0);
    assert_memory_equal(&before, &g->regs, sizeof(before));
    assert_int_equal(g->nr_calls, 0);
}

static void resumeFlag_refuses(void **state)
{
    struct guest *g = *state;

    g->regs.rflags |= CLUSTER_FLAG_RF;
    assert_false(guest_run(g, CODE("vmread rax, rdx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_FLAGS, 0, 0);
}

static void otherFlags_areKept(void **state)
{
    struct guest *g = *state;

    g->regs.rflags = ~(CLUSTER_FLAG_TF | CLUSTER_FLAG_RF);
    assert_true(guest_run(g, CODE("vmread rax, rdx; add rax, 1; vmread rax, rdx")));
    assert_int_equal(g->regs.rflags,
                     ~(CLUSTER_FLAG_TF | CLUSTER_FLAG_RF | CLUSTER_FLAGS_ARITHMETIC));
}

static void nonCanonicalRip_refuses(void **state)
{
    struct guest *g = *state;

    assert_false(guest_exit_at(g, NONCANONICAL));
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CODE);
    assert_int_equal(g->nr_calls, 0);
}

/* ---- events ---- */

static void event_stopsBeforeTheSecondExit(void **state)
{
    struct guest *g = *state;

    g->event_at = 1;
    assert_true(guest_run(g, CODE("vmread rax, rdx; inc rbx; vmread rcx, rdx; vmread rsi, rdx")));
    check_stop(g, CLUSTER_STOP_EVENT, 2, 6);
    assert_int_equal(g->out.exiting, 1);
    assert_int_equal(GPR(g, RBX), 1);
    assert_int_equal(GPR(g, RCX), 0);
}

static void event_isAskedForWithTheFlagsOfThatMoment(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, CODE("vmread rax, rdx; xor ecx, ecx; vmread rcx, rdx")));
    assert_int_equal(g->event_count, 1);
    assert_true(called(g, 'e', 2 | CLUSTER_FLAG_ZF | CLUSTER_FLAG_PF));
}

static void event_isNotAskedForBeforeTheSite(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, CODE("vmread rax, rdx; vmread rcx, rdx; vmwrite rdx, rax")));
    assert_int_equal(g->event_count, 2);
}

/* ---- VMREAD and VMWRITE ---- */

static void vmSucceed_clearsTheSixFlags(void **state)
{
    struct guest *g = *state;

    g->regs.rflags |= CLUSTER_FLAGS_ARITHMETIC;
    assert_true(guest_run(g, CODE("vmread rax, rdx; vmwrite rdx, rax")));
    assert_int_equal(g->regs.rflags, 2);
}

static void vmFailValid_setsZfAlone(void **state)
{
    struct guest *g = *state;

    g->regs.rflags |= CLUSTER_FLAGS_ARITHMETIC;
    g->vmx_result = CLUSTER_VMX_FAIL_VALID;
    assert_true(guest_run(g, CODE("vmread rax, rdx; vmwrite rdx, rax")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 2, 6);
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_ZF);
}

static void vmFailInvalid_setsCfAlone(void **state)
{
    struct guest *g = *state;

    g->regs.rflags |= CLUSTER_FLAGS_ARITHMETIC;
    g->vmx_result = CLUSTER_VMX_FAIL_INVALID;
    assert_true(guest_run(g, CODE("vmread rax, rdx; vmwrite rdx, rax")));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_CF);
}

static void failingVmread_leavesTheRegister(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = 77;
    g->vmx_result = CLUSTER_VMX_FAIL_VALID;
    assert_true(guest_run(g, CODE("vmread rax, rdx; vmread rax, rdx")));
    assert_int_equal(GPR(g, RAX), 77);
}

static void failingVmread_doesNotTouchItsMemory(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA + 5 * GUEST_PAGE;  /* not mapped: a translation would fail */
    g->vmx_result = CLUSTER_VMX_FAIL_VALID;
    assert_true(guest_run(g, CODE("vmread [rbx], rdx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 2, 6);
    assert_false(called(g, 't', GPR(g, RBX)));
}

static void vmread_translatesItsMemoryAfterTheRead(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    assert_true(guest_run(g, CODE("vmread [rbx], rdx; vmread rax, rdx")));
    assert_int_equal(g->call[0].what, 't');     /* the code */
    assert_int_equal(g->call[1].what, 'r');
    assert_int_equal(g->call[2].what, 't');
    assert_int_equal(g->call[2].argument, GUEST_DATA);
    assert_int_equal(guest_read64(g, GUEST_DATA), guest_field(0));
}

static void vmreadToUnmappedMemory_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA + 5 * GUEST_PAGE;
    g->regs.rflags |= CLUSTER_FLAG_SF;
    assert_false(guest_run(g, CODE("vmread [rbx], rdx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_MEMORY, 0, 0);
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_SF);
}

static void vmreadToNonCanonicalMemory_isNotEvenRead(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = NONCANONICAL;
    assert_false(guest_run(g, CODE("vmread [rbx], rdx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_MEMORY, 0, 0);
    assert_int_equal(g->vmx_count, 0);
}

static void vmwrite_readsItsMemoryFirst(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    GPR(g, RDX) = 0x681c;
    guest_write64(g, GUEST_DATA + 8, 0xfeedface);
    assert_true(guest_run(g, CODE("vmwrite rdx, [rbx + 8]; vmread rax, rdx")));
    assert_int_equal(g->call[1].what, 't');
    assert_int_equal(g->call[2].what, 'w');
    assert_int_equal(g->written_field, 0x681c);
    assert_int_equal(g->written_value, 0xfeedface);
}

static void vmwriteOfUnmappedMemory_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA + 5 * GUEST_PAGE;
    assert_true(guest_run(g, CODE("vmread rax, rdx; vmwrite rdx, [rbx]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_MEMORY, 1, 3);
    assert_int_equal(g->vmx_count, 1);
}

static void fieldNumber_isAllOfTheRegister(void **state)
{
    struct guest *g = *state;

    GPR(g, R9) = 0xdead000000006800;
    assert_true(guest_run(g, CODE("vmread rax, r9; vmwrite r9, rax")));
    assert_true(called(g, 'r', 0xdead000000006800));
    assert_true(called(g, 'w', 0xdead000000006800));
}

static void declined_stopsBeforeIt(void **state)
{
    struct guest *g = *state;

    g->vmx_result = CLUSTER_VMX_DECLINE;
    g->vmx_from = 1;
    GPR(g, RCX) = 5;
    g->regs.rflags |= CLUSTER_FLAG_CF;
    assert_true(guest_run(g, CODE("vmread rax, rdx; cmp rcx, 6; vmread rcx, rdx")));
    check_stop(g, CLUSTER_STOP_VMX, 2, 7);
    assert_int_equal(GPR(g, RCX), 5);
    assert_true(g->regs.rflags & CLUSTER_FLAG_CF);
}

static void declinedAtTheSite_changesNothing(void **state)
{
    struct guest *g = *state;

    g->vmx_result = CLUSTER_VMX_DECLINE;
    g->regs.rflags |= CLUSTER_FLAGS_ARITHMETIC;
    assert_false(guest_run(g, CODE("vmwrite rdx, rax; vmread rcx, rdx")));
    check_stop(g, CLUSTER_STOP_VMX, 0, 0);
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAGS_ARITHMETIC);
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

static void load_crossingAPage_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA2 - 7;
    check_memory_stop(g, CODE("vmread rax, rdx; mov rcx, [rbx]; vmread rcx, rdx"));
}

static void store_crossingAPage_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA2 - 1;
    check_memory_stop(g, CODE("vmread rax, rdx; mov [rbx], cx; vmread rcx, rdx"));
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

    GPR(g, RBX) = GUEST_DATA + 9 * GUEST_PAGE;
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

    GPR(g, RBX) = GUEST_DATA + 9 * GUEST_PAGE;
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
    assert_true(called(g, 's', CLUSTER_SEG_FS));
}

static void lea_asksForNoSegmentAndNoPage(void **state)
{
    struct guest *g = *state;

    g->gs = 0x1000;
    GPR(g, RBX) = NONCANONICAL;
    assert_true(guest_run(g, CODE("vmread rax, rdx; .byte 0x65;"
                                  "lea rcx, [rbx+8]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 3, 11);
    assert_int_equal(GPR(g, RCX), NONCANONICAL + 8);
    assert_false(called(g, 's', CLUSTER_SEG_GS));
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

/* ---- stores into code ---- */

static void storeIntoOwnCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_CODE, guest_at(g, GUEST_CODE), "rwx");
    GPR(g, RBX) = GUEST_CODE + 0x800;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov [rbx], rcx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
}

static void storeIntoOwnCode_isSeenThroughAnAlias(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RBX) = 0x7ffc;
    assert_true(guest_run(g, CODE("vmread rax, rdx; add byte ptr [rbx], 1; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
    assert_int_equal(*guest_at(g, GUEST_CODE + 0xffc), 0);
}

static void storeIntoOwnCode_isSeenAfterALoad(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RBX) = 0x7000;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, [rbx]; mov [rbx], rcx;"
                                  "vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 2, 6);
}

static void pushIntoOwnCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RSP) = 0x7800;
    assert_true(guest_run(g, CODE("vmread rax, rdx; push rcx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
    assert_int_equal(GPR(g, RSP), 0x7800);
}

static void popIntoOwnCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RBX) = 0x7800;
    assert_true(guest_run(g, CODE("vmread rax, rdx; pop qword ptr [rbx]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
    assert_int_equal(GPR(g, RSP), GUEST_RSP);
}

static void vmreadIntoOwnCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RBX) = 0x7800;
    assert_true(guest_run(g, CODE("vmread rax, rdx; vmread [rbx], rdx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
    assert_int_equal(guest_read64(g, 0x7800), 0);
}

static void storeIntoTheSecondCodePage_stopsBefore(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; mov [rbx], rcx; vmread rax, rdx");

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE2), "rw");
    GPR(g, RBX) = 0x7800;
    guest_put_code(g, GUEST_CODE2 - 7, code);
    assert_true(guest_exit_at(g, GUEST_CODE2 - 7));     /* as just formed */
    assert_int_equal(g->out.stop, CLUSTER_STOP_CODE_WRITE);
    assert_true(guest_exit_at(g, GUEST_CODE2 - 7));     /* as found in the cache */
    assert_int_equal(g->out.stop, CLUSTER_STOP_CODE_WRITE);
}

/* Formation looks ahead into the next page, but the cluster does not lie there. */
static void storeIntoAPageThatWasOnlyLookedAt_isDone(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE2), "rw");
    GPR(g, RBX) = 0x7800;
    GPR(g, RCX) = 3;
    guest_put_code(g, GUEST_CODE2 - 9, CODE("vmread rax, rdx;"
                                            "mov [rbx], rcx; vmread rax, rdx; ret"));
    assert_true(guest_exit_at(g, GUEST_CODE2 - 9));
    assert_int_equal(g->out.stop, CLUSTER_STOP_COMPLETE);
    assert_int_equal(guest_read64(g, 0x7800), 3);
}

static void loadFromOwnCode_isDone(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_CODE;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, [rbx]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 3, 9);
}

/* ---- the stack ---- */

static void pushRsp_pushesTheOldValue(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, CODE("vmread rax, rdx; push rsp; vmread rax, rdx")));
    assert_int_equal(GPR(g, RSP), GUEST_RSP - 8);
    assert_int_equal(guest_read64(g, GUEST_RSP - 8), GUEST_RSP);
}

static void pushOfMemoryAtRsp_usesTheOldRsp(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP + 8, 71);
    assert_true(guest_run(g, CODE("vmread rax, rdx; push qword ptr [rsp+8]; vmread rax, rdx")));
    assert_int_equal(guest_read64(g, GUEST_RSP - 8), 71);
}

static void popToMemoryAtRsp_usesTheNewRsp(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP, 72);
    assert_true(guest_run(g, CODE("vmread rax, rdx; pop qword ptr [rsp+0x10]; vmread rax, rdx")));
    assert_int_equal(GPR(g, RSP), GUEST_RSP + 8);
    assert_int_equal(guest_read64(g, GUEST_RSP + 8 + 0x10), 72);
}

static void popRsp_keepsWhatItPopped(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP, 0x1234);
    assert_true(guest_run(g, CODE("vmread rax, rdx; pop rsp; vmread rax, rdx")));
    assert_int_equal(GPR(g, RSP), 0x1234);
}

static void pushBelowAnUnmappedPage_leavesRsp(void **state)
{
    struct guest *g = *state;

    GPR(g, RSP) = GUEST_STACK;
    check_memory_stop(g, CODE("vmread rax, rdx; push rcx; vmread rcx, rdx"));
}

static void popToUnmappedMemory_leavesRsp(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA + 9 * GUEST_PAGE;
    check_memory_stop(g, CODE("vmread rax, rdx; pop qword ptr [rbx]; vmread rcx, rdx"));
}

static void pushAcrossAPage_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_STACK - GUEST_PAGE, guest_at(g, GUEST_DATA), "rw");
    GPR(g, RSP) = GUEST_STACK + 4;
    check_memory_stop(g, CODE("vmread rax, rdx; push rcx; vmread rcx, rdx"));
}

/* ---- branches ---- */

static void forwardBranch_skips(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, CODE("vmread rax, rdx; cmp rcx, 0; jz 5f; inc rbx;"
                                  "5: vmread rsi, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 4, 15);
    assert_int_equal(GPR(g, RBX), 0);
}

static void forwardBranch_notTaken_fallsThrough(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, CODE("vmread rax, rdx; cmp rcx, 0; jnz 5f;"
                                  "inc rbx; 5: vmread rsi, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 5, 15);
    assert_int_equal(GPR(g, RBX), 1);
}

static void branchOut_stopsAtItsTarget(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, CODE("vmread rax, rdx; jnc .+0x50; vmread rsi, rdx")));
    check_stop(g, CLUSTER_STOP_BRANCH, 2, 3 + 0x50);
    assert_int_equal(g->out.exiting, 1);
}

static void backwardBranch_leaves(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, CODE("5: vmread rax, rdx; inc rbx; jnz 5b; vmread rsi, rdx")));
    check_stop(g, CLUSTER_STOP_BRANCH, 3, 0);
    assert_int_equal(GPR(g, RBX), 1);
}

static void branchToNonCanonical_stopsBeforeIt(void **state)
{
    struct guest *g = *state;
    const uint64_t site = 0x00007fffff000000;

    guest_map(g, site, guest_at(g, GUEST_CODE), "rx");
    guest_put_code(g, site, CODE("vmread rax, rdx; .byte 0x0f, 0x83, 0, 0, 0, 1; vmread rsi, rdx"));
    assert_true(guest_exit_at(g, site));
    assert_int_equal(g->out.stop, CLUSTER_STOP_BRANCH);
    assert_int_equal(g->out.insns, 1);
    assert_int_equal(g->regs.rip, site + 3);
}

static void clusterAtTheEndOfTheLowerHalf_endsCanonical(void **state)
{
    struct guest *g = *state;
    const uint64_t site = NONCANONICAL - 9;

    guest_map(g, NONCANONICAL - GUEST_PAGE, guest_at(g, GUEST_CODE), "rx");
    guest_put_code(g, site, CODE("vmread rax, rdx; vmread rbx, rdx; vmread rsi, rdx"));
    assert_true(guest_exit_at(g, site));
    assert_int_equal(g->out.stop, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->out.insns, 2);
    assert_int_equal(g->regs.rip, site + 6);
}

/* ---- arithmetic: a few known answers; differential.c has the rest ---- */

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
    assert_true(guest_run(g, CODE("vmread rax, rdx; cmovz ecx, eax; vmread rax, rdx")));
    assert_int_equal(GPR(g, RCX), 0xffffffff);
}

static void narrowWrites_arePartial_32BitOnesAreNot(void **state)
{
    struct guest *g = *state;

    GPR(g, RCX) = GPR(g, RBX) = GPR(g, RSI) = GPR(g, RDI) = 0x1111111111111111;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov ch, 2; mov bx, 3; mov esi, 4; mov dil, 5;"
                                  "vmread rax, rdx")));
    assert_int_equal(GPR(g, RCX), 0x1111111111110211);
    assert_int_equal(GPR(g, RBX), 0x1111111111110003);
    assert_int_equal(GPR(g, RSI), 4);
    assert_int_equal(GPR(g, RDI), 0x1111111111111105);
}

#define LAW(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(cluster_runsToItsEnd),
        LAW(trapFlag_refuses),
        LAW(resumeFlag_refuses),
        LAW(otherFlags_areKept),
        LAW(nonCanonicalRip_refuses),
        LAW(event_stopsBeforeTheSecondExit),
        LAW(event_isAskedForWithTheFlagsOfThatMoment),
        LAW(event_isNotAskedForBeforeTheSite),
        LAW(vmSucceed_clearsTheSixFlags),
        LAW(vmFailValid_setsZfAlone),
        LAW(vmFailInvalid_setsCfAlone),
        LAW(failingVmread_leavesTheRegister),
        LAW(failingVmread_doesNotTouchItsMemory),
        LAW(vmread_translatesItsMemoryAfterTheRead),
        LAW(vmreadToUnmappedMemory_stopsBefore),
        LAW(vmreadToNonCanonicalMemory_isNotEvenRead),
        LAW(vmwrite_readsItsMemoryFirst),
        LAW(vmwriteOfUnmappedMemory_stopsBefore),
        LAW(fieldNumber_isAllOfTheRegister),
        LAW(declined_stopsBeforeIt),
        LAW(declinedAtTheSite_changesNothing),
        LAW(load_crossingAPage_stopsBefore),
        LAW(store_crossingAPage_stopsBefore),
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
        LAW(lea_asksForNoSegmentAndNoPage),
        LAW(ripRelative_countsFromTheNextInstruction),
        LAW(tlb_asksOncePerPage),
        LAW(tlb_writeServesReads_butNotTheOtherWay),
        LAW(tlb_readRightDoesNotAllowAStore),
        LAW(tlb_livesForOneExecution),
        LAW(tlb_forgetsTheOldest),
        LAW(storeIntoOwnCode_stopsBefore),
        LAW(storeIntoOwnCode_isSeenThroughAnAlias),
        LAW(storeIntoOwnCode_isSeenAfterALoad),
        LAW(pushIntoOwnCode_stopsBefore),
        LAW(popIntoOwnCode_stopsBefore),
        LAW(vmreadIntoOwnCode_stopsBefore),
        LAW(storeIntoTheSecondCodePage_stopsBefore),
        LAW(storeIntoAPageThatWasOnlyLookedAt_isDone),
        LAW(loadFromOwnCode_isDone),
        LAW(pushRsp_pushesTheOldValue),
        LAW(pushOfMemoryAtRsp_usesTheOldRsp),
        LAW(popToMemoryAtRsp_usesTheNewRsp),
        LAW(popRsp_keepsWhatItPopped),
        LAW(pushBelowAnUnmappedPage_leavesRsp),
        LAW(popToUnmappedMemory_leavesRsp),
        LAW(pushAcrossAPage_stopsBefore),
        LAW(forwardBranch_skips),
        LAW(forwardBranch_notTaken_fallsThrough),
        LAW(branchOut_stopsAtItsTarget),
        LAW(backwardBranch_leaves),
        LAW(branchToNonCanonical_stopsBeforeIt),
        LAW(clusterAtTheEndOfTheLowerHalf_endsCanonical),
        LAW(negOfZero_clearsCf),
        LAW(sbb_ofEqualValues_withBorrow),
        LAW(incAndDec_keepCf),
        LAW(logic_clearsAf),
        LAW(not_changesNoFlag),
        LAW(cmov32_zeroExtends_evenIfNotMoved),
        LAW(narrowWrites_arePartial_32BitOnesAreNot),
    };

    return unit_report("interpreter", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("interpreter", tests, NULL, NULL));
}
