/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_interp.c - the interpreter of static clusters, law by law, through
 * cluster_run(): the stops, the exiting instructions, branches.  What ordinary
 * instructions compute is differential.c's subject; single instructions are
 * tested in test_memory.c, test_stack.c and others.
 */
#include "stepper.h"

static void check_stop(struct guest *g, enum cluster_stop why, unsigned int insns,
                       uint64_t offset)
{
    assert_int_equal(g->out.stop, why);
    assert_int_equal(g->out.insns, insns);
    assert_int_equal(g->regs.rip, GUEST_CODE + offset);
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
    assert_int_equal(g->end_count, 1);
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
    assert_true(step_called(g, 'e', 2 | CLUSTER_FLAG_ZF | CLUSTER_FLAG_PF));
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

    GPR(g, RBX) = UNMAPPED;  /* not mapped: a translation would fail */
    g->vmx_result = CLUSTER_VMX_FAIL_VALID;
    assert_true(guest_run(g, CODE("vmread [rbx], rdx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 2, 6);
    assert_false(step_called(g, 't', GPR(g, RBX)));
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

    GPR(g, RBX) = UNMAPPED;
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

    GPR(g, RBX) = UNMAPPED;
    assert_true(guest_run(g, CODE("vmread rax, rdx; vmwrite rdx, [rbx]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_MEMORY, 1, 3);
    assert_int_equal(g->vmx_count, 1);
}

static void fieldNumber_isAllOfTheRegister(void **state)
{
    struct guest *g = *state;

    GPR(g, R9) = 0xdead000000006800;
    assert_true(guest_run(g, CODE("vmread rax, r9; vmwrite r9, rax")));
    assert_true(step_called(g, 'r', 0xdead000000006800));
    assert_true(step_called(g, 'w', 0xdead000000006800));
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
    assert_int_equal(g->out.stop, CLUSTER_STOP_FAULT);
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
        LAW(forwardBranch_skips),
        LAW(forwardBranch_notTaken_fallsThrough),
        LAW(branchOut_stopsAtItsTarget),
        LAW(backwardBranch_leaves),
        LAW(branchToNonCanonical_stopsBeforeIt),
        LAW(clusterAtTheEndOfTheLowerHalf_endsCanonical),
    };

    return unit_report("interpreter", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("interpreter", tests, NULL, NULL));
}
