/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_stack.c - the interpreter's stack, calls and returns, and RFLAGS as a
 * whole.
 */
#include "stepper.h"

static void check_target(struct guest *g, struct code code, uint64_t target)
{
    struct stepped s = step(g, code);

    assert_int_equal(s.did, CLUSTER_STEP_TAKEN);
    assert_int_equal(g->regs.rip, target);
}

/* ---- PUSH, POP, LEAVE ---- */

static void pushRsp_pushesTheOldValue(void **state)
{
    struct guest *g = *state;

    step_next(g, CODE("push rsp"));
    assert_int_equal(GPR(g, RSP), GUEST_RSP - 8);
    assert_int_equal(guest_read64(g, GUEST_RSP - 8), GUEST_RSP);
}

static void pushOfMemoryAtRsp_usesTheOldRsp(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP + 8, 71);
    step_next(g, CODE("push qword ptr [rsp+8]"));
    assert_int_equal(guest_read64(g, GUEST_RSP - 8), 71);
}

static void popToMemoryAtRsp_usesTheNewRsp(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP, 72);
    step_next(g, CODE("pop qword ptr [rsp+0x10]"));
    assert_int_equal(GPR(g, RSP), GUEST_RSP + 8);
    assert_int_equal(guest_read64(g, GUEST_RSP + 8 + 0x10), 72);
}

static void popRsp_keepsWhatItPopped(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP, 0x1234);
    step_next(g, CODE("pop rsp"));
    assert_int_equal(GPR(g, RSP), 0x1234);
}

static void pushBelowAnUnmappedPage_leavesRsp(void **state)
{
    struct guest *g = *state;

    GPR(g, RSP) = GUEST_STACK;
    step_stop(g, CODE("push rcx"), CLUSTER_STOP_MEMORY);
}

static void popToUnmappedMemory_leavesRsp(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = UNMAPPED;
    step_stop(g, CODE("pop qword ptr [rbx]"), CLUSTER_STOP_MEMORY);
}

static void pushAcrossAPage_isDone(void **state)
{
    struct guest *g = *state;

    GPR(g, RSP) = GUEST_DATA2 + 4;
    GPR(g, RCX) = 0x8877665544332211;
    step_next(g, CODE("push rcx"));
    assert_int_equal(guest_read64(g, GUEST_DATA2 - 4), 0x8877665544332211);
}

static void leave_takesTheStackFromRbp(void **state)
{
    struct guest *g = *state;

    GPR(g, RBP) = GUEST_RSP + 0x100;
    guest_write64(g, GUEST_RSP + 0x100, 0xabc);
    step_next(g, CODE("leave"));
    assert_int_equal(GPR(g, RSP), GUEST_RSP + 0x108);
    assert_int_equal(GPR(g, RBP), 0xabc);
}

static void leave_fromUnmappedMemory_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBP) = UNMAPPED;
    step_stop(g, CODE("leave"), CLUSTER_STOP_MEMORY);
}

/* ---- JMP, CALL, RET ---- */

static void jmp_goesWhereItsOperandSays(void **state)
{
    struct guest *g = *state;

    check_target(g, CODE("jmp .+0x50"), GUEST_CODE + 0x50);
    GPR(g, RBX) = 0x1234567;
    check_target(g, CODE("jmp rbx"), 0x1234567);
    GPR(g, RSI) = GUEST_DATA;
    guest_write64(g, GUEST_DATA + 8, GUEST_CODE2);
    check_target(g, CODE("jmp [rsi+8]"), GUEST_CODE2);
}

static void call_pushesWhereItReturnsTo(void **state)
{
    struct guest *g = *state;

    check_target(g, CODE("call .+0x100"), GUEST_CODE + 0x100);
    assert_int_equal(GPR(g, RSP), GUEST_RSP - 8);
    assert_int_equal(guest_read64(g, GUEST_RSP - 8), GUEST_CODE + 5);
}

static void callOfWhatRspPointsTo_usesTheOldRsp(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP, GUEST_CODE2);
    check_target(g, CODE("call [rsp]"), GUEST_CODE2);
    GPR(g, RSP) = GUEST_RSP;
    check_target(g, CODE("call rsp"), GUEST_RSP);
}

static void call_withoutAStack_goesNowhere(void **state)
{
    struct guest *g = *state;

    GPR(g, RSP) = GUEST_STACK;
    step_stop(g, CODE("call .+0x100"), CLUSTER_STOP_MEMORY);
}

static void ret_popsItsTargetAndMore(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP, GUEST_CODE2 + 9);
    check_target(g, CODE("ret"), GUEST_CODE2 + 9);
    assert_int_equal(GPR(g, RSP), GUEST_RSP + 8);
    GPR(g, RSP) = GUEST_RSP;
    check_target(g, CODE("ret 0xfff8"), GUEST_CODE2 + 9);
    assert_int_equal(GPR(g, RSP), GUEST_RSP + 8 + 0xfff8);
}

static void nonCanonicalTargets_stopBeforeAnyEffect(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = NONCANONICAL;
    guest_write64(g, GUEST_RSP, NONCANONICAL);
    step_stop(g, CODE("jmp rbx"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("jmp [rsp]"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("call rbx"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("call [rsp]"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("ret"), CLUSTER_STOP_FAULT);
    step_stop(g, CODE("ret 8"), CLUSTER_STOP_FAULT);
    assert_int_equal(guest_read64(g, GUEST_RSP - 8), 0);
}

static void retpoline_isFollowed(void **state)
{
    struct guest *g = *state;
    struct stepped s;

    GPR(g, RAX) = GUEST_CODE2 + 0x30;
    s = step(g, CODE("call 7f; 6: pause; lfence; jmp 6b; 7: mov [rsp], rax; ret"));
    assert_int_equal(s.did, CLUSTER_STEP_TAKEN);
    assert_int_equal(s.executed, 3);
    assert_int_equal(g->regs.rip, GUEST_CODE2 + 0x30);
    assert_int_equal(GPR(g, RSP), GUEST_RSP);
}

/* ---- RFLAGS ---- */

static void pushf_pushesAllButVmAndRf(void **state)
{
    struct guest *g = *state;
    uint64_t flags = 2 | CLUSTER_FLAGS_ARITHMETIC | CLUSTER_FLAG_IF | CLUSTER_FLAG_AC |
                     CLUSTER_FLAG_ID | CLUSTER_FLAG_IOPL | CLUSTER_FLAG_NT;

    g->regs.rflags = flags | CLUSTER_FLAG_RF | CLUSTER_FLAG_VM;
    step_next(g, CODE("pushfq"));
    assert_int_equal(guest_read64(g, GUEST_RSP - 8), flags);
    assert_int_equal(g->regs.rflags, flags | CLUSTER_FLAG_RF | CLUSTER_FLAG_VM);
}

static void popf_loadsTheArithmeticFlagsAndIf(void **state)
{
    struct guest *g = *state;

    g->regs.rflags = 2 | CLUSTER_FLAG_IF | CLUSTER_FLAG_CF;
    guest_write64(g, GUEST_RSP, 2 | CLUSTER_FLAG_ZF | CLUSTER_FLAG_OF);
    step_next(g, CODE("popfq"));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_ZF | CLUSTER_FLAG_OF);
    assert_int_equal(GPR(g, RSP), GUEST_RSP + 8);
    assert_int_equal(g->event_count, 0);
}

/* Bits 3, 5, 15 and from 22 on are 0 for ever, bit 1 is 1. */
static void popf_doesNotLoadReservedBits(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP, 0xffffffffffc08028 | CLUSTER_FLAG_SF);
    step_next(g, CODE("popfq"));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_SF);
}

static void popf_ofAnyOtherChange_stopsBefore(void **state)
{
    static const uint64_t flag[] = {
        CLUSTER_FLAG_TF, CLUSTER_FLAG_DF, 1ull << 12, 1ull << 13, CLUSTER_FLAG_NT,
        CLUSTER_FLAG_RF, CLUSTER_FLAG_VM, CLUSTER_FLAG_AC, CLUSTER_FLAG_VIF,
        CLUSTER_FLAG_VIP, CLUSTER_FLAG_ID,
    };
    struct guest *g = *state;
    unsigned int i;

    for (i = 0; i < sizeof(flag) / sizeof(flag[0]); i++) {
        g->regs.rflags = 2;
        guest_write64(g, GUEST_RSP, 2 | flag[i]);
        step_stop(g, CODE("popfq"), CLUSTER_STOP_FLAGS);
        g->regs.rflags = 2 | flag[i];
        guest_write64(g, GUEST_RSP, 2);
        step_stop(g, CODE("popfq"), CLUSTER_STOP_FLAGS);
    }
}

static void popf_keepsWhatIsSetAlready(void **state)
{
    struct guest *g = *state;

    g->regs.rflags = 2 | CLUSTER_FLAG_AC | CLUSTER_FLAG_ID;
    guest_write64(g, GUEST_RSP, 2 | CLUSTER_FLAG_AC | CLUSTER_FLAG_ID | CLUSTER_FLAG_CF);
    step_next(g, CODE("popfq"));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_AC | CLUSTER_FLAG_ID | CLUSTER_FLAG_CF);
}

static void popfThatSetsIf_asksForEvents(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_RSP, 2 | CLUSTER_FLAG_IF);
    g->event_at = 1;
    step_stop(g, CODE("popfq"), CLUSTER_STOP_EVENT);
    assert_true(step_called(g, 'e', 2 | CLUSTER_FLAG_IF));
    g->event_at = 0;
    step_next(g, CODE("popfq"));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_IF);
    assert_false(g->regs.sti_shadow);
}

static void popfFromUnmappedMemory_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RSP) = UNMAPPED;
    step_stop(g, CODE("popfq"), CLUSTER_STOP_MEMORY);
}

static void sti_castsAShadowOnTheNextInstruction(void **state)
{
    struct guest *g = *state;

    step_next(g, CODE("sti"));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_IF);
    assert_true(g->regs.sti_shadow);
    assert_int_equal(g->event_count, 1);
    step_next(g, CODE("nop"));
    assert_false(g->regs.sti_shadow);
}

static void stiWhileIfIsSet_castsNoShadow(void **state)
{
    struct guest *g = *state;

    assert_int_equal(step(g, CODE("sti; sti")).executed, 2);
    assert_false(g->regs.sti_shadow);
    assert_int_equal(g->event_count, 1);
}

static void sti_stopsForAnEvent(void **state)
{
    struct guest *g = *state;

    g->event_at = 1;
    step_stop(g, CODE("sti"), CLUSTER_STOP_EVENT);
    assert_true(step_called(g, 'e', 2 | CLUSTER_FLAG_IF));
}

static void shadow_outlivesWhatIsNotExecuted(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = UNMAPPED;
    assert_int_equal(step(g, CODE("sti; mov rcx, [rbx]")).stop, CLUSTER_STOP_MEMORY);
    assert_true(g->regs.sti_shadow);
    assert_int_equal(g->regs.rip, GUEST_CODE + 1);
}

static void shadow_endsWithABranch(void **state)
{
    struct guest *g = *state;

    g->regs.sti_shadow = true;
    check_target(g, CODE("jmp .+0x20"), GUEST_CODE + 0x20);
    assert_false(g->regs.sti_shadow);
}

static void cli_clearsIfAndAsksNothing(void **state)
{
    struct guest *g = *state;

    g->regs.rflags = 2 | CLUSTER_FLAG_IF | CLUSTER_FLAG_CF;
    step_next(g, CODE("cli"));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_CF);
    assert_int_equal(g->event_count, 0);
}

static void carry_isClearedSetAndToggled(void **state)
{
    struct guest *g = *state;

    step_next(g, CODE("stc"));
    assert_int_equal(g->regs.rflags, 3);
    step_next(g, CODE("cmc"));
    assert_int_equal(g->regs.rflags, 2);
    step_next(g, CODE("cmc"));
    assert_int_equal(g->regs.rflags, 3);
    step_next(g, CODE("clc"));
    assert_int_equal(g->regs.rflags, 2);
    step_next(g, CODE("cld"));
    assert_int_equal(g->regs.rflags, 2);
}

/* ---- the end of the address space ---- */

static void nothing_isExecutedUpToANonCanonicalRip(void **state)
{
    struct guest *g = *state;
    struct cluster_exec x = { .ops = &guest_ops, .ctx = g, .regs = &g->regs };
    struct cluster_insn nop = { .op = CLUSTER_OP_NOP, .length = 1 };

    g->regs.rip = NONCANONICAL - 1;
    assert_int_equal(cluster_step(&x, &nop), CLUSTER_STEP_STOP);
    assert_int_equal(x.stop, CLUSTER_STOP_FAULT);
    assert_int_equal(g->regs.rip, NONCANONICAL - 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(pushRsp_pushesTheOldValue),
        LAW(pushOfMemoryAtRsp_usesTheOldRsp),
        LAW(popToMemoryAtRsp_usesTheNewRsp),
        LAW(popRsp_keepsWhatItPopped),
        LAW(pushBelowAnUnmappedPage_leavesRsp),
        LAW(popToUnmappedMemory_leavesRsp),
        LAW(pushAcrossAPage_isDone),
        LAW(leave_takesTheStackFromRbp),
        LAW(leave_fromUnmappedMemory_stopsBefore),
        LAW(jmp_goesWhereItsOperandSays),
        LAW(call_pushesWhereItReturnsTo),
        LAW(callOfWhatRspPointsTo_usesTheOldRsp),
        LAW(call_withoutAStack_goesNowhere),
        LAW(ret_popsItsTargetAndMore),
        LAW(nonCanonicalTargets_stopBeforeAnyEffect),
        LAW(retpoline_isFollowed),
        LAW(pushf_pushesAllButVmAndRf),
        LAW(popf_loadsTheArithmeticFlagsAndIf),
        LAW(popf_doesNotLoadReservedBits),
        LAW(popf_ofAnyOtherChange_stopsBefore),
        LAW(popf_keepsWhatIsSetAlready),
        LAW(popfThatSetsIf_asksForEvents),
        LAW(popfFromUnmappedMemory_stopsBefore),
        LAW(sti_castsAShadowOnTheNextInstruction),
        LAW(stiWhileIfIsSet_castsNoShadow),
        LAW(sti_stopsForAnEvent),
        LAW(shadow_outlivesWhatIsNotExecuted),
        LAW(shadow_endsWithABranch),
        LAW(cli_clearsIfAndAsksNothing),
        LAW(carry_isClearedSetAndToggled),
        LAW(nothing_isExecutedUpToANonCanonicalRip),
    };

    return unit_report("stack", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("stack", tests, NULL, NULL));
}
