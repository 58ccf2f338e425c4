/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_region.c - a region does what L1 would.
 */
#include "cost.h"
#include "region_guest.h"

#define PAIR CODE("vmread rax, rdx; mov rcx, rax; vmread rbx, rdx; int3")

/*
 * A VMREAD of a known field is a load, and the function that would do it is not called.
 * The first one's is known by what its register held at the recording.
 */
static void translatedCode_isWhatRuns(void **state)
{
    struct guest *g = *state;

    region_record(g, CODE("vmread rax, rdx; mov edx, 0x4402; vmread rbx, rdx; int3"));
    assert_int_equal(g->out.recorded->code != CLUSTER_NO_INDEX, g->mode == CLUSTER_MODE_ON);
    g->regs.gpr[CLUSTER_RBX] = 0;
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RBX], guest_field(0x4402));
    assert_int_equal(g->vmx_count, 2);          /* RDX is 0x4402 now, which it was not */
    assert_int_equal(g->regs.gpr[CLUSTER_RAX], guest_field(0x4402));
    g->regs.gpr[CLUSTER_RDX] = 0;
    assert_true(region_exit(g));
    assert_int_equal(g->vmx_count, g->mode == CLUSTER_MODE_ON ? 0 : 2);
    assert_int_equal(g->regs.gpr[CLUSTER_RAX], guest_field(0));
}

static void everyExecution_isBegunAndEndedOnce(void **state)
{
    struct guest *g = *state;

    region_record(g, PAIR);
    assert_int_equal(g->begin_count, 1);
    assert_int_equal(g->end_count, 1);
    region_exit(g);
    assert_int_equal(g->begin_count, 1);
    assert_int_equal(g->end_count, 1);
}

static void worldThatCannotBegin_refuses(void **state)
{
    struct guest *g = *state;

    region_record(g, PAIR);
    g->refuse = true;
    assert_false(region_exit(g));
    region_expect(g, 0, 0, CLUSTER_STOP_WORLD);
    g->refuse = false;
    assert_true(region_exit(g));
}

/* ---- paths ---- */

#define CALLS CODE("vmread rax, rdx; call 1f; vmread rbx, rdx; int3;"   \
                   "1: push rax; lea rcx, [rax+3]; pop rsi; ret")

static void callsAndReturns_areFollowed(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    region_record(g, CALLS);
    region_expect(g, 7, 2, CLUSTER_STOP_UNSUPPORTED);
    for (i = 0; i < 3; i++) {
        g->regs.gpr[CLUSTER_RCX] = g->regs.gpr[CLUSTER_RSI] = 0;
        assert_true(region_exit(g));
        region_expect(g, 7, 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RSI], guest_field(0));
        assert_int_equal(g->regs.gpr[CLUSTER_RCX], guest_field(0) + 3);
        assert_int_equal(g->regs.gpr[CLUSTER_RSP], GUEST_RSP);
        assert_int_equal(guest_read64(g, GUEST_RSP - 16), guest_field(0));
    }
}

/* The return goes elsewhere than it did. */
static void returnToAnotherCaller_leaves(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE + 0x100, CODE("vmread rcx, rdx; int3"));
    guest_write64(g, GUEST_RSP, GUEST_CODE + 0x100);
    region_record(g, CODE("vmread rax, rdx; ret"));
    region_expect(g, 3, 2, CLUSTER_STOP_UNSUPPORTED);
    guest_write64(g, GUEST_RSP, GUEST_CODE + 0x200);
    assert_true(region_exit(g));
    region_expect(g, 2, 1, CLUSTER_STOP_EDGE);
    assert_int_equal(g->regs.rip, GUEST_CODE + 0x200);
    assert_int_equal(g->regs.gpr[CLUSTER_RSP], GUEST_RSP + 8);
}

static void indirectCall_goesByItsTarget(void **state)
{
    struct guest *g = *state;
    unsigned int i, grown = 0;

    guest_put_code(g, GUEST_CODE + 0x100, CODE("vmread rcx, rdx; ret"));
    guest_put_code(g, GUEST_CODE + 0x200, CODE("vmread rsi, rdx; ret"));
    g->regs.gpr[CLUSTER_RDI] = GUEST_CODE + 0x100;
    region_record(g, CODE("vmread rax, rdx; call rdi; vmread rbx, rdx; int3"));
    region_expect(g, 5, 3, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RDI] = GUEST_CODE + 0x200;
    for (i = 0; i < 2 * CLUSTER_GROW_EXITS; i++) {
        g->regs.gpr[CLUSTER_RSI] = 0;
        assert_true(region_exit(g));
        if (g->out.recorded)
            grown++;
        else if (!grown)
            region_expect(g, 2, 1, CLUSTER_STOP_EDGE);
        else
            region_expect(g, 5, 3, CLUSTER_STOP_COMPLETE);
    }
    assert_int_equal(grown, 1);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], guest_field(0));
    g->regs.gpr[CLUSTER_RDI] = GUEST_CODE + 0x100;
    assert_true(region_exit(g));
    region_expect(g, 5, 3, CLUSTER_STOP_COMPLETE);
}

static void retpoline_isFollowed(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE + 0x100, CODE("vmread rcx, rdx; ret"));
    g->regs.gpr[CLUSTER_RDI] = GUEST_CODE + 0x100;
    region_record(g, CODE("vmread rax, rdx; call 3f; vmread rbx, rdx; int3;"
                          "3: call 1f; 2: pause; lfence; jmp 2b; 1: mov [rsp], rdi; ret"));
    region_expect(g, 8, 3, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RCX] = g->regs.gpr[CLUSTER_RBX] = 0;
    assert_true(region_exit(g));
    region_expect(g, 8, 3, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RCX], guest_field(0));
    assert_int_equal(g->regs.gpr[CLUSTER_RBX], guest_field(0));
}

#define FORK CODE("vmread rax, rdx; test rcx, rcx; jz 1f; vmread rbx, rdx; int3;"  \
                  "1: vmread rsi, rdx; int3")

static void otherWay_leaves_thenGrows(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    g->regs.gpr[CLUSTER_RCX] = 1;
    region_record(g, FORK);
    region_expect(g, 4, 2, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RCX] = 0;
    for (i = 1; i < CLUSTER_GROW_EXITS; i++) {
        assert_true(region_exit(g));
        region_expect(g, 3, 1, CLUSTER_STOP_EDGE);
        assert_null(g->out.recorded);
        assert_true(g->out.cached);
    }
    assert_true(region_exit(g));                /* hot: recorded from there at once */
    assert_non_null(g->out.recorded);
    assert_true(g->out.cached);
    region_expect(g, 4, 2, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RSI] = 0;
    assert_true(region_exit(g));
    region_expect(g, 4, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], guest_field(0));
    g->regs.gpr[CLUSTER_RCX] = 1;
    assert_true(region_exit(g));
    region_expect(g, 4, 2, CLUSTER_STOP_COMPLETE);
}

/* The way around the body of an "if" is on the path already. */
static void wayAroundABody_needsNoGrowth(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RCX] = 1;
    region_record(g, CODE("vmread rax, rdx; test rcx, rcx; jz 1f; inc rsi; inc rsi; 1: nop;"
                          "vmread rbx, rdx; int3"));
    region_expect(g, 7, 2, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RCX] = g->regs.gpr[CLUSTER_RSI] = 0;
    assert_true(region_exit(g));
    region_expect(g, 5, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 0);
    g->regs.gpr[CLUSTER_RCX] = 1;
    assert_true(region_exit(g));
    region_expect(g, 7, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 2);
}

/* The body is recorded later, and comes back to the path without a branch. */
static void grownBody_joinsThePath(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RCX] = 0;
    region_record(g, CODE("vmread rax, rdx; test rcx, rcx; jz 1f; inc rsi; inc rsi; 1: nop;"
                          "vmread rbx, rdx; int3"));
    region_expect(g, 5, 2, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RCX] = 1;
    region_grow(g);
    assert_int_equal(g->out.recorded->nr_nodes, 2);
    g->regs.gpr[CLUSTER_RSI] = 0;
    assert_true(region_exit(g));
    region_expect(g, 7, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 2);
    g->regs.gpr[CLUSTER_RCX] = 0;
    assert_true(region_exit(g));
    region_expect(g, 5, 2, CLUSTER_STOP_COMPLETE);
}

/*
 * A function's other way ends with a RET of its own.  It is known where that goes, so the
 * interpreter, which would ask where the stack is, has no part in it; and RSP is right behind it.
 */
static void grownReturn_joinsThePath(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    g->regs.gpr[CLUSTER_RCX] = 0;
    region_record(g, CODE("vmread rax, rdx; call 1f; vmread rbx, rdx; int3;"
                          "1: test rcx, rcx; jz 2f; inc rsi; ret; 2: ret"));
    region_expect(g, 6, 2, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RCX] = 1;
    region_grow(g);
    assert_int_equal(g->out.recorded->nr_nodes, 2);
    for (i = 0; i < 2; i++) {
        g->regs.gpr[CLUSTER_RSI] = 0;
        assert_true(region_exit(g));
        region_expect(g, 7, 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RSI], 1);
        assert_int_equal(g->regs.gpr[CLUSTER_RSP], GUEST_RSP);
    }
    if (g->mode == CLUSTER_MODE_ON)
        assert_int_equal(g->translate_count, 0);
}

/* Its body pokes, and that is seen at the RET: L1 is behind that, in all its state. */
static void grownReturn_isExecutedBeforeAnEvent(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_DATA, (uint8_t *)&g->poke, "rw");
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA;
    g->regs.gpr[CLUSTER_RCX] = g->regs.gpr[CLUSTER_RSI] = 0;
    region_record(g, CODE("vmread rax, rdx; call 1f; vmread rbx, rdx; int3;"
                          "1: test rcx, rcx; jz 2f; mov [rdi], esi; ret; 2: ret"));
    g->regs.gpr[CLUSTER_RCX] = 1;
    region_grow(g);
    assert_true(region_exit(g));
    region_expect(g, 7, 2, CLUSTER_STOP_COMPLETE);
    g->regs.gpr[CLUSTER_RSI] = 1;
    assert_true(region_exit(g));
    region_expect(g, 6, 1, CLUSTER_STOP_EVENT);
    assert_int_equal(g->regs.rip, GUEST_CODE + 8);
    assert_int_equal(g->regs.gpr[CLUSTER_RSP], GUEST_RSP);
    g->poke = 0;
}

/* A way around something in the second call does not lead into the first. */
static void branchInAFunctionCalledTwice_staysInItsCall(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RCX] = 1;
    region_record(g, CODE("vmread rax, rdx; call 1f; inc rbx; call 1f; vmread rdi, rdx; int3;"
                          "1: test rcx, rcx; jz 2f; inc rsi; 2: ret"));
    region_expect(g, 13, 2, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RCX] = g->regs.gpr[CLUSTER_RSI] = g->regs.gpr[CLUSTER_RBX] = 0;
    assert_true(region_exit(g));
    region_expect(g, 11, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 0);
    assert_int_equal(g->regs.gpr[CLUSTER_RBX], 1);
}

/* The body ends with an exiting instruction, and the path goes on with the flags that it left. */
static void grownBodyThatExits_joinsThePath(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    g->regs.gpr[CLUSTER_RCX] = 0;
    region_record(g, CODE("vmread rax, rdx; cmp rcx, 1; jb 1f; mov edx, 0x4402; stc;"
                          "vmread rdi, rdx; 1: setc sil; vmread rbx, rdx; int3"));
    region_expect(g, 5, 2, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RCX] = 1;
    region_grow(g);
    assert_int_equal(g->out.recorded->nr_nodes, 3);
    for (i = 0; i < 4; i++) {
        g->regs.gpr[CLUSTER_RCX] = i % 2;
        g->regs.gpr[CLUSTER_RSI] = 7;
        assert_true(region_exit(g));
        region_expect(g, i % 2 ? 8 : 5, i % 2 ? 3 : 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RSI], i % 2 ? 0 : 1);
    }
}

/* VMREAD clears them, however it is executed. */
static void flags_arePreciseAtTheEnd(void **state)
{
    struct guest *g = *state;

    region_record(g, CODE("vmread rax, rdx; mov edx, 0x4402; stc; vmread rbx, rdx; int3"));
    assert_true(region_exit(g));
    region_expect(g, 4, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.rflags, 2);
}

/* RSP comes from a register, which need not be what it was. */
static void otherStack_isStoppedBehind(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RBP] = GUEST_RSP - 32;
    region_record(g, CODE("vmread rax, rdx; mov rsp, rbp; pop rcx; vmread rbx, rdx; int3"));
    assert_true(region_exit(g));
    region_expect(g, 4, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSP], GUEST_RSP - 24);
    g->regs.gpr[CLUSTER_RBP] = GUEST_RSP - 64;
    assert_true(region_exit(g));
    region_expect(g, 2, 1, CLUSTER_STOP_STACK);
    assert_int_equal(g->regs.gpr[CLUSTER_RSP], GUEST_RSP - 64);
    assert_int_equal(g->regs.rip, GUEST_CODE + 6);
}

/* Both calls of a function: the same instructions with other nodes, and no confusion of returns. */
static void functionCalledTwice_returnsToEachCaller(void **state)
{
    struct guest *g = *state;

    region_record(g, CODE("vmread rax, rdx; call 1f; inc rbx; call 1f; vmread rcx, rdx; int3;"
                          "1: inc rsi; ret"));
    region_expect(g, 9, 2, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RSI] = g->regs.gpr[CLUSTER_RBX] = 0;
    assert_true(region_exit(g));
    region_expect(g, 9, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 2);
    assert_int_equal(g->regs.gpr[CLUSTER_RBX], 1);
}

/* ---- where it ends ---- */

static void vmresume_isTheCallersToExecute(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; nop; vmresume");

    region_record(g, code);
    region_expect(g, 2, 1, CLUSTER_STOP_RESUME);
    assert_int_equal(g->out.recorded->nr_nodes, 3);
    assert_true(region_exit(g));
    region_expect(g, 2, 1, CLUSTER_STOP_RESUME);
    assert_int_equal(g->regs.rip, GUEST_CODE + code.size - 3);
}

static void gapThatDoesNotPay_isCutOff(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; vmread rbx, rdx"));
    for (i = 6; i < 6 + CLUSTER_MAX_GAP + 8; i++)
        *guest_at(g, GUEST_CODE + i) = 0x90;
    guest_put_code(g, GUEST_CODE + i, CODE("vmread rcx, rdx; int3"));
    region_exit(g);
    region_exit(g);
    assert_true(region_exit(g));
    region_expect(g, 2 + CLUSTER_MAX_GAP + 1, 2, CLUSTER_STOP_GAP);
    assert_int_equal(g->out.recorded->nr_nodes, 2);
    assert_true(region_exit(g));
    region_expect(g, 2, 2, CLUSTER_STOP_COMPLETE);
}

static void declinedInstruction_isStoppedBefore(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; nop; vmwrite rdx, rax; nop; vmread rbx, rdx; int3");

    region_record(g, code);
    region_expect(g, 5, 3, CLUSTER_STOP_UNSUPPORTED);
    g->vmx_result = CLUSTER_VMX_DECLINE;
    g->hide_vmcs = true;
    g->vmx_from = 1;
    assert_true(region_exit(g));
    region_expect(g, 2, 1, CLUSTER_STOP_VMX);
    assert_int_equal(g->regs.rip, GUEST_CODE + 4);
}

static void eventBehindAWrmsr_stopsThere(void **state)
{
    struct guest *g = *state;

    region_record(g, CODE("vmread rax, rdx; wrmsr; nop; vmread rbx, rdx; int3"));
    region_expect(g, 4, 3, CLUSTER_STOP_UNSUPPORTED);
    g->event_at = 1;
    assert_true(region_exit(g));
    region_expect(g, 2, 2, CLUSTER_STOP_EVENT);
    g->event_at = 0;
    assert_true(region_exit(g));
    region_expect(g, 4, 3, CLUSTER_STOP_COMPLETE);
}

static void poke_stopsBeforeTheNextExitingInstruction(void **state)
{
    struct guest *g = *state;

    region_record(g, PAIR);
    g->poke = 1;
    assert_true(region_exit(g));                /* not before the first: L1 has exited there */
    region_expect(g, 2, 1, CLUSTER_STOP_EVENT);
    assert_int_equal(g->regs.rip, GUEST_CODE + 6);
    g->poke = 0;
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
}

static void accessThatFaults_isStoppedBefore(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA;
    region_record(g, CODE("vmread rax, rdx; mov [rdi], rax; vmread rbx, rdx; int3"));
    region_expect(g, 3, 2, CLUSTER_STOP_UNSUPPORTED);
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    g->regs.gpr[CLUSTER_RDI] = 0x1000;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
    assert_int_equal(g->regs.rip, GUEST_CODE + 3);
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA + 8;
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(guest_read64(g, GUEST_DATA + 8), guest_field(0));
}

/* Wherever in the stack L1 is, across a page end too: there the pages have to adjoin. */
static void stackAnywhere_isTheSameRegion(void **state)
{
    struct guest *g = *state;
    uint64_t rsp;

    region_record(g, CALLS);
    for (rsp = GUEST_STACK + 32; rsp < GUEST_STACK + GUEST_PAGE - 32; rsp += 16) {
        g->regs.rflags = 2;
        g->regs.gpr[CLUSTER_RSP] = rsp;
        assert_true(guest_exit_at(g, GUEST_CODE));
        region_expect(g, 7, 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RSP], rsp);
    }
}

static void stackThatIsNotThere_isMetByTheInterpreter(void **state)
{
    struct guest *g = *state;
    uint8_t *stack = guest_at(g, GUEST_STACK);

    region_record(g, CALLS);
    assert_true(region_exit(g));
    guest_unmap(g, GUEST_STACK);
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
    assert_int_equal(g->regs.rip, GUEST_CODE + 3);
    assert_int_equal(g->regs.gpr[CLUSTER_RSP], GUEST_RSP);
    guest_map(g, GUEST_STACK, stack, "rw");
    assert_true(region_exit(g));
    region_expect(g, 7, 2, CLUSTER_STOP_COMPLETE);
}

/* The lowest page of the stack is above all that was known, and the highest below. */
static void stackAcrossTheEndOfAddresses_isNotTheOldOne(void **state)
{
    struct guest *g = *state;

    region_record(g, CODE("vmread rax, rdx; push rax; push rax; push rax; pop rcx; pop rcx;"
                          "pop rcx; vmread rbx, rdx; int3"));
    assert_true(region_exit(g));
    region_expect(g, 8, 2, CLUSTER_STOP_COMPLETE);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP % CLUSTER_RSP_ALIGNMENT + CLUSTER_RSP_ALIGNMENT;
    g->regs.rflags = 2;
    assert_true(guest_exit_at(g, GUEST_CODE));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
}

static void flagsThatChangeEverything_areRefused(void **state)
{
    struct guest *g = *state;
    static const uint64_t refused[] = { 1 << 8, 1 << 10, 1 << 16 };
    unsigned int i;

    region_record(g, PAIR);
    for (i = 0; i < 3; i++) {
        g->regs.rflags = 2 | refused[i];
        g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
        assert_false(guest_exit_at(g, GUEST_CODE));
        assert_int_equal(g->out.stop, CLUSTER_STOP_FLAGS);
    }
}

static void worldWithoutVmcs_isLeftToTheInterpreter(void **state)
{
    struct guest *g = *state;

    region_record(g, CODE("vmread rax, rdx; mov edx, 0x4402; vmread rbx, rdx; int3"));
    g->hide_vmcs = true;
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->vmx_count, 2);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH(translatedCode_isWhatRuns),
        BOTH(everyExecution_isBegunAndEndedOnce),
        BOTH(worldThatCannotBegin_refuses),
        BOTH(stackAnywhere_isTheSameRegion),
        BOTH(callsAndReturns_areFollowed),
        BOTH(returnToAnotherCaller_leaves),
        BOTH(indirectCall_goesByItsTarget),
        BOTH(retpoline_isFollowed),
        BOTH(otherWay_leaves_thenGrows),
        BOTH(wayAroundABody_needsNoGrowth),
        BOTH(grownBody_joinsThePath),
        BOTH(grownReturn_joinsThePath),
        BOTH(grownReturn_isExecutedBeforeAnEvent),
        BOTH(branchInAFunctionCalledTwice_staysInItsCall),
        BOTH(grownBodyThatExits_joinsThePath),
        BOTH(flags_arePreciseAtTheEnd),
        BOTH(otherStack_isStoppedBehind),
        BOTH(functionCalledTwice_returnsToEachCaller),
        BOTH(vmresume_isTheCallersToExecute),
        BOTH(gapThatDoesNotPay_isCutOff),
        BOTH(declinedInstruction_isStoppedBefore),
        BOTH(eventBehindAWrmsr_stopsThere),
        BOTH(poke_stopsBeforeTheNextExitingInstruction),
        BOTH(accessThatFaults_isStoppedBefore),
        BOTH(stackThatIsNotThere_isMetByTheInterpreter),
        BOTH(stackAcrossTheEndOfAddresses_isNotTheOldOne),
        BOTH(flagsThatChangeEverything_areRefused),
        BOTH(worldWithoutVmcs_isLeftToTheInterpreter),
    };

    return unit_report("region", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("region", tests, NULL, NULL));
}
