/* SPDX-License-Identifier: GPL-2.0-only */
/* test_region_loops.c - loops: closed when they are recorded, left, grown, bounded. */
#include "cost.h"
#include "region_guest.h"
#include "selfcheck.h"

/* RSI counts the turns, from RCX on. */
#define COUNTED CODE("vmread rax, rdx; 1: inc rsi; dec rcx; jnz 1b; vmread rbx, rdx; int3")

static void turns(struct guest *g, uint64_t n)
{
    g->regs.gpr[CLUSTER_RCX] = n;
    g->regs.gpr[CLUSTER_RSI] = 0;
}

/* However often it is gone round, it is recorded once. */
static void loop_isClosed(void **state)
{
    struct guest *g = *state;
    unsigned int n;

    guest_put_code(g, GUEST_CODE, COUNTED);
    region_exit(g);
    region_exit(g);
    turns(g, 5);
    assert_true(region_exit(g));
    region_expect(g, 1 + 3 * 5 + 1, 2, CLUSTER_STOP_UNSUPPORTED);
    assert_int_equal(g->out.recorded->nr_nodes, 5);
    for (n = 1; n < 100; n++) {
        turns(g, n);
        assert_true(region_exit(g));
        region_expect(g, 1 + 3 * n + 1, 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RSI], n);
        assert_int_equal(g->regs.gpr[CLUSTER_RCX], 0);
    }
}

static void exitsInTheMiddleOfALoop_areCounted(void **state)
{
    struct guest *g = *state;
    unsigned int n;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; 1: inc rsi; vmread rdi, rdx; dec rcx;"
                                       "jnz 1b; vmread rbx, rdx; int3"));
    region_exit(g);
    region_exit(g);
    turns(g, 3);
    assert_true(region_exit(g));
    region_expect(g, 1 + 4 * 3 + 1, 1 + 3 + 1, CLUSTER_STOP_UNSUPPORTED);
    for (n = 1; n < 20; n++) {
        turns(g, n);
        assert_true(region_exit(g));
        region_expect(g, 1 + 4 * n + 1, 1 + n + 1, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RSI], n);
    }
}

/* Many turns of an inner loop are behind its exits when the outer one is closed: it is kept as one. */
static void exitsBeforeAnInnerLoop_areTheOuterLoops(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    guest_put_code(g, GUEST_CODE, CODE("1: vmread rax, rdx; vmread rbx, rdx; mov ecx, 20;"
                                       "2: dec rcx; jnz 2b; dec rsi; jnz 1b; int3"));
    for (i = 0; i < 3; i++) {
        g->regs.gpr[CLUSTER_RSI] = CLUSTER_BUDGET;
        region_exit(g);
    }
    assert_int_equal(g->out.stop, CLUSTER_STOP_GAP);        /* the turns that it has are used up */
    assert_int_equal(g->out.recorded->nr_nodes, 7);
}

/*
 * The way out is another target of the branch that closed the loop, and is not kept, as nothing
 * came of it.
 */
static void loopByAnIndirectJump_keepsNoEdgeThatIsLost(void **state)
{
    struct guest *g = *state;
    const char *wrong;
    uint32_t where;

    guest_put_code(g, GUEST_CODE,
                   CODE("vmread rax, rdx; lea r8, [rip+1f]; lea r9, [rip+2f]; 1: vmread rdi, rdx;"
                        "inc rsi; dec rcx; mov r10, r8; cmovz r10, r9; jmp r10; 2: nop; int3"));
    region_exit(g);
    region_exit(g);
    turns(g, 3);
    assert_true(region_exit(g));
    assert_non_null(g->out.recorded);
    wrong = selfcheck_edges(g->vcpu, &where);
    if (wrong)
        fail_msg("node %u: %s", where, wrong);
    turns(g, 5);
    assert_true(region_exit(g));
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 5);
}

/* Back to the very site: the first node is a header. */
static void loopAroundTheSite_isOneExecution(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; inc rsi; dec rcx; jnz .-9;"
                                       "vmread rbx, rdx; int3"));
    turns(g, 1);
    region_exit(g);
    region_exit(g);
    turns(g, 4);
    assert_true(region_exit(g));
    region_expect(g, 4 * 4 + 1, 5, CLUSTER_STOP_UNSUPPORTED);
    turns(g, 50);
    assert_true(region_exit(g));
    region_expect(g, 4 * 50 + 1, 51, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 50);
}

/* Left in the middle, when it is recorded: what follows becomes a segment of its own at once. */
static void loopLeftInTheMiddle_isRecordedToTheEnd(void **state)
{
    struct guest *g = *state;
    unsigned int n;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; 1: inc rsi; dec rcx; jz 2f; nop; jmp 1b;"
                                       "2: vmread rbx, rdx; int3"));
    region_exit(g);
    region_exit(g);
    turns(g, 3);
    assert_true(region_exit(g));
    region_expect(g, 1 + 5 * 2 + 3 + 1, 2, CLUSTER_STOP_UNSUPPORTED);
    assert_non_null(g->out.recorded);
    for (n = 1; n < 10; n++) {
        turns(g, n);
        assert_true(region_exit(g));
        region_expect(g, 1 + 5 * (n - 1) + 3 + 1, 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RSI], n);
    }
}

static void loopThatLeadsToNothing_isNoRegion(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; 1: inc rsi; dec rcx; jz 2f; nop; jmp 1b;"
                                       "2: int3"));
    region_exit(g);
    region_exit(g);
    turns(g, 3);
    assert_true(region_exit(g));
    region_expect(g, 1 + 5 * 2 + 3, 1, CLUSTER_STOP_UNSUPPORTED);
    assert_null(g->out.recorded);
    assert_null(region_of(g, GUEST_CODE));
}

static void nestedLoops_areClosed(void **state)
{
    struct guest *g = *state;
    unsigned int n;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; 1: mov edi, 3; 2: inc rsi; dec edi;"
                                       "jnz 2b; dec rcx; jnz 1b; vmread rbx, rdx; int3"));
    region_exit(g);
    region_exit(g);
    turns(g, 2);
    assert_true(region_exit(g));
    assert_int_equal(g->out.recorded->nr_nodes, 8);
    for (n = 1; n < 8; n++) {
        turns(g, n);
        assert_true(region_exit(g));
        region_expect(g, 1 + n * (1 + 9 + 2) + 1, 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RSI], 3 * n);
    }
}

/* Recorded when it was gone round once only: its back-edge grows into a loop later. */
static void loopSeenOnce_isLinkedAtOnce(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE, COUNTED);
    region_exit(g);
    region_exit(g);
    turns(g, 1);
    assert_true(region_exit(g));
    assert_int_equal(g->out.recorded->nr_nodes, 5);
    turns(g, 10);
    assert_true(region_exit(g));
    region_expect(g, 1 + 30 + 1, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 10);
}

static void otherWayInALoop_grows(void **state)
{
    struct guest *g = *state;
    unsigned int i, n;

    /* Every turn with RDI set takes the body. */
    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; 1: inc rsi; test rdi, rdi; jz 2f;"
                                       "add rbp, 2; 2: dec rcx; jnz 1b; vmread rbx, rdx; int3"));
    region_exit(g);
    region_exit(g);
    turns(g, 4);
    assert_true(region_exit(g));
    g->regs.gpr[CLUSTER_RDI] = 1;
    for (i = 0; i < CLUSTER_GROW_EXITS; i++) {
        turns(g, 4);
        assert_true(region_exit(g));
    }
    assert_non_null(g->out.recorded);
    for (n = 1; n < 20; n++) {
        turns(g, n);
        g->regs.gpr[CLUSTER_RBP] = 0;
        assert_true(region_exit(g));
        region_expect(g, 1 + 6 * n + 1, 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RBP], 2 * n);
    }
}

/* ---- bounds ---- */

static void endlessLoop_isStoppedByTheBudget(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RCX] = 1;
    region_record(g, COUNTED);
    turns(g, 1ull << 60);
    assert_true(region_exit(g));
    assert_int_equal(g->out.stop, CLUSTER_STOP_BUDGET);
    assert_in_range(g->out.insns, CLUSTER_BUDGET, CLUSTER_BUDGET + 3);
    assert_int_equal(g->regs.rip, GUEST_CODE + 3);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], (g->out.insns - 1) / 3);
    assert_int_equal(g->out.exiting, 1);
}

static void endlessLoop_isStoppedWhileItIsRecorded(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; 1: inc rsi; vmread rbx, rdx; jmp 1b"));
    region_exit(g);
    region_exit(g);
    assert_true(region_exit(g));
    assert_int_equal(g->out.insns, CLUSTER_BUDGET);
    assert_non_null(g->out.recorded);
    g->regs.gpr[CLUSTER_RSI] = 0;
    assert_true(region_exit(g));
    assert_int_equal(g->out.stop, CLUSTER_STOP_BUDGET);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], (g->out.insns - 1) / 3);
    assert_int_equal(g->out.exiting, 1 + (g->out.insns - 1) / 3);
}

/* The poke is looked at in every turn. */
static void poke_stopsALoop(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RCX] = 1;
    region_record(g, COUNTED);
    turns(g, 1000);
    g->poke = 1;
    assert_true(region_exit(g));
    region_expect(g, 4, 1, CLUSTER_STOP_EVENT);
    assert_int_equal(g->regs.rip, GUEST_CODE + 3);
    assert_int_equal(g->regs.gpr[CLUSTER_RCX], 999);
}

/* Where L1 has exited it is not looked at, but when a loop comes there again it is. */
static void poke_stopsALoopAroundTheSite(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    guest_map(g, GUEST_DATA, (uint8_t *)&g->poke, "rw");    /* the second turn pokes */
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA;
    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; cmp rsi, 1; sete [rdi]; inc rsi;"
                                       "jmp .-13"));
    for (i = 0; i < 5; i++) {
        turns(g, 0);
        if (i == 3)
            g->regs.gpr[CLUSTER_RSI] = 2;                   /* recorded, without a poke */
        g->poke = 0;
        if (!region_exit(g) || i == 3)
            continue;
        region_expect(g, 10, 2, CLUSTER_STOP_EVENT);
        assert_int_equal(g->regs.rip, GUEST_CODE);
        assert_int_equal(g->out.cached, i == 4);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH(loop_isClosed),
        BOTH(exitsInTheMiddleOfALoop_areCounted),
        BOTH(loopByAnIndirectJump_keepsNoEdgeThatIsLost),
        BOTH(exitsBeforeAnInnerLoop_areTheOuterLoops),
        BOTH(loopAroundTheSite_isOneExecution),
        BOTH(loopLeftInTheMiddle_isRecordedToTheEnd),
        BOTH(loopThatLeadsToNothing_isNoRegion),
        BOTH(nestedLoops_areClosed),
        BOTH(loopSeenOnce_isLinkedAtOnce),
        BOTH(otherWayInALoop_grows),
        BOTH(endlessLoop_isStoppedByTheBudget),
        BOTH(endlessLoop_isStoppedWhileItIsRecorded),
        BOTH(poke_stopsALoop),
        BOTH(poke_stopsALoopAroundTheSite),
    };

    return unit_report("region loops", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("region loops", tests, NULL, NULL));
}
