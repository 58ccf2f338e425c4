/* SPDX-License-Identifier: GPL-2.0-only */
/* test_growth.c - when a region grows, by which edges, and what is taken back. */
#include "cost.h"
#include "region_guest.h"

/* With RCX 0 it goes to 1, of which the test knows what is there. */
#define FORKS "vmread rax, rdx; vmread rbp, rdx; test rcx, rcx; jz 1f; vmread rbx, rdx; int3; 1: "

/* As many exits by the edge as it takes to have it tried; the last of them has tried it. */
static void go_by_the_edge(struct guest *g, unsigned int exits, unsigned int insns)
{
    unsigned int i;

    for (i = 0; i < exits; i++) {
        g->regs.gpr[CLUSTER_RCX] = 0;
        assert_true(region_exit(g));
        if (i + 1 < exits) {
            region_expect(g, insns, 2, CLUSTER_STOP_EDGE);
            assert_null(g->out.recorded);
        }
    }
}

static void record_with_rcx(struct guest *g, struct code code)
{
    g->regs.gpr[CLUSTER_RCX] = 1;
    region_record(g, code);
}

/* Left in its middle, so that what follows is a segment of its own: which has nothing. */
static void loopThatLeadsNowhere_isTakenBack(void **state)
{
    struct guest *g = *state;
    struct cluster_vcpu *vcpu = g->vcpu;
    unsigned int nodes;

    record_with_rcx(g, CODE(FORKS "mov ecx, 3; 2: dec rcx; jz 3f; inc rsi; jmp 2b; 3: inc rdi; int3"));
    nodes = region_of(g, GUEST_CODE)->nr_nodes;
    go_by_the_edge(g, CLUSTER_GROW_EXITS, 4);
    assert_null(g->out.recorded);
    assert_int_equal(g->out.nr_recorded, 0);
    assert_in_range(g->out.insns, 4 + 10, 4 + 13);          /* L1 has gone on all the same */
    assert_int_equal(region_of(g, GUEST_CODE)->nr_nodes, nodes);
    assert_int_equal(vcpu->nr_segments, 1);
    assert_int_equal(vcpu->nr_nodes, nodes);
    go_by_the_edge(g, 2, 4);                                /* it leaves there as before */
}

/* The loop and what follows it are two segments, recorded in one go. */
static void loopThatLeadsToAnExit_isKept(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    record_with_rcx(g, CODE(FORKS "mov ecx, 3; 2: dec rcx; jz 3f; inc rsi; jmp 2b;"
                            "3: vmread rdi, rdx; int3"));
    go_by_the_edge(g, CLUSTER_GROW_EXITS, 4);
    assert_non_null(g->out.recorded);
    assert_int_equal(g->out.nr_recorded, 2);
    assert_int_equal(g->out.recorded[0].nr_exiting, 0);
    assert_int_equal(g->out.recorded[1].nr_exiting, 1);
    assert_int_equal(g->out.recorded[1].nr_nodes, 1);
    for (i = 0; i < 2; i++) {
        g->regs.gpr[CLUSTER_RCX] = g->regs.gpr[CLUSTER_RSI] = g->regs.gpr[CLUSTER_RDI] = 0;
        assert_true(region_exit(g));
        region_expect(g, 4 + 1 + 2 * 4 + 2 + 1, 3, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RSI], 2);
        assert_int_equal(g->regs.gpr[CLUSTER_RDI], guest_field(0));
    }
}

/* Instructions since the last exit count, those before the edge as well. */
static void gap_goesOnBehindTheEdge(void **state)
{
    enum { BEFORE = CLUSTER_MAX_GAP - 8, BEHIND = 20 };
    struct guest *g = *state;
    uint64_t at = GUEST_CODE;
    unsigned int i;

    guest_put_code(g, at, CODE("vmread rax, rdx; vmread rbp, rdx"));
    at += 6;
    for (i = 0; i < BEFORE; i++)
        *guest_at(g, at++) = 0x90;
    guest_put_code(g, at, CODE("test rcx, rcx; jz 1f; vmread rbx, rdx; int3; 1:"));
    for (at += 9, i = 0; i < BEHIND; i++)
        *guest_at(g, at++) = 0x90;
    guest_put_code(g, at, CODE("vmread rsi, rdx; int3"));
    for (i = 0; i < 3; i++) {
        g->regs.gpr[CLUSTER_RCX] = 1;
        region_exit(g);
    }
    assert_non_null(g->out.recorded);
    go_by_the_edge(g, CLUSTER_GROW_EXITS, 2 + BEFORE + 2);
    assert_null(g->out.recorded);
    assert_int_equal(g->out.exiting, 2);
    assert_in_range(g->out.insns, 2 + CLUSTER_MAX_GAP, 2 + CLUSTER_MAX_GAP + 2);
}

/* In the place of an edge that was tried in vain before all was forgotten. */
static void edgeOfAForgottenRegion_leavesNothing(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    record_with_rcx(g, CODE(FORKS "int3"));
    for (i = 0; i < CLUSTER_GROW_TRIES; i++)
        go_by_the_edge(g, cluster_exits_to_grow(i), 4);
    cluster_flush(g->vcpu);
    record_with_rcx(g, CODE(FORKS "vmread rsi, rdx; int3"));
    go_by_the_edge(g, CLUSTER_GROW_EXITS, 4);
    assert_non_null(g->out.recorded);
}

/* Three exits, then @far instructions, a branch that goes nowhere with RCX 0, and an exit. */
static void put_far_exit(struct guest *g, unsigned int far)
{
    uint64_t at = GUEST_CODE;

    guest_put_code(g, at, CODE("vmread rax, rdx; vmread rbp, rdx; vmread rsi, rdx"));
    for (at += 9; at < GUEST_CODE + 9 + far; at++)
        *guest_at(g, at) = 0x90;
    guest_put_code(g, at, CODE("test rcx, rcx; jz 1f; vmread rbx, rdx; int3; 1: int3"));
}

/* The third of them records. */
static void record_far_exit(struct guest *g)
{
    unsigned int i;

    for (i = 0; i < 3; i++) {
        g->regs.gpr[CLUSTER_RCX] = 1;
        region_exit(g);
    }
    assert_non_null(g->out.recorded);
}

/*
 * L1 mostly goes to the branch in vain.  Once that has cost as much as a recording, the region
 * is recorded anew, and does not go there.
 */
static void farExit_isGivenUp_whereL1MostlyLeavesBefore(void **state)
{
    enum { FAR = CLUSTER_MAX_GAP / 3, INSNS = 3 + FAR + 2 };
    struct guest *g = *state;
    unsigned int runs = 0, needed;

    put_far_exit(g, FAR);
    record_far_exit(g);
    assert_int_equal(g->out.recorded->nr_nodes, INSNS + 1);
    do {
        g->regs.gpr[CLUSTER_RCX] = 0;
        assert_true(region_exit(g));
        runs++;
        assert_in_range(runs, 1, 4000);
    } while (g->out.discarded == CLUSTER_DISCARD_NONE);
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_SCATTERED);
    for (needed = CLUSTER_TRIAL_RUNS;
         !cluster_worth_recording(0, (uint64_t)needed * (FAR + 2), INSNS, 0);
         needed += CLUSTER_TRIAL_RUNS)
        ;
    assert_in_range(runs, needed - CLUSTER_TRIAL_RUNS, needed + CLUSTER_TRIAL_RUNS);
    g->regs.gpr[CLUSTER_RCX] = 1;
    assert_true(region_exit(g));                /* recorded again at once */
    assert_non_null(g->out.recorded);
    assert_int_equal(g->out.recorded->nr_nodes, 3);
    assert_true(region_exit(g));
    region_expect(g, 3, 3, CLUSTER_STOP_COMPLETE);
}

/* Reached each time, it costs nothing in vain. */
static void farExitThatIsReached_stays(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    put_far_exit(g, CLUSTER_MAX_GAP / 3);
    record_far_exit(g);
    for (i = 0; i < 4000; i++) {
        g->regs.gpr[CLUSTER_RCX] = 1;
        assert_true(region_exit(g));
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
    }
}

/* As a whole it does not pay, its first three exits do: that is no reason to leave the site alone. */
static void uselessEnd_isCutOff(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    put_far_exit(g, CLUSTER_MAX_GAP - 10);
    record_far_exit(g);
    for (i = 1; i <= CLUSTER_TRIAL_RUNS; i++) {
        g->regs.gpr[CLUSTER_RCX] = 0;
        assert_true(region_exit(g));
        assert_int_equal(g->out.discarded, i == CLUSTER_TRIAL_RUNS ? CLUSTER_DISCARD_SCATTERED
                                                                   : CLUSTER_DISCARD_NONE);
    }
    g->regs.gpr[CLUSTER_RCX] = 1;
    assert_true(region_exit(g));
    assert_non_null(g->out.recorded);
    assert_int_equal(g->out.recorded->nr_nodes, 3);
}

/* Behind two exits and @far instructions each, a choice by RCX, three times; both ways are as long. */
static void put_two_ways(struct guest *g, unsigned int far)
{
    uint64_t at = GUEST_CODE;
    unsigned int i;

    for (i = 0; i < 2; i++) {
        guest_put_code(g, at, CODE("vmread rax, rdx"));
        for (at += 3; at % 0x1000 < (i + 1) * (far + 3); at++)
            *guest_at(g, at) = 0x90;
    }
    guest_put_code(g, at, CODE("test rcx, rcx; jz 1f; vmread rbx, rdx; jmp 2f; 1: vmread rbp, rdx; jmp 2f;"
                               "2: test rcx, rcx; jz 3f; vmread rbx, rdx; jmp 4f; 3: vmread rbp, rdx; jmp 4f;"
                               "4: test rcx, rcx; jz 5f; vmread rbx, rdx; jmp 6f; 5: vmread rbp, rdx; jmp 6f;"
                               "6: vmread rsi, rdx; int3"));
}

/* Exits with @rcx until the region is dropped: how many, once it goes all the way. */
static unsigned int runs_until_dropped(struct guest *g, uint64_t rcx, unsigned int exiting)
{
    unsigned int whole = 0, exits = 0;

    do {
        g->regs.gpr[CLUSTER_RCX] = rcx;
        assert_true(region_exit(g));
        whole += g->out.exiting == exiting && !g->out.recorded;
        assert_in_range(++exits, 1, 20000);
    } while (g->out.discarded == CLUSTER_DISCARD_NONE);
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_SCATTERED);
    return whole;
}

/*
 * L1 goes by another way than when the site was new: through six segments.  The region is recorded
 * anew when that has cost as much as a recording; and when L1 changes its ways again, twice that.
 */
static void scatteredRegion_isRecordedAnew_forItsPrice_thenForTwiceThat(void **state)
{
    enum { FAR = 200, EXITING = 6, HOPS = 6 };
    struct guest *g = *state;
    unsigned int times, rcx = 1, i;

    put_two_ways(g, FAR);
    for (i = 0; i < 3; i++) {
        g->regs.gpr[CLUSTER_RCX] = rcx;
        region_exit(g);
    }
    assert_non_null(g->out.recorded);
    for (times = 0; times < 3; times++) {
        unsigned int nodes = region_of(g, GUEST_CODE)->nr_nodes, needed, runs;

        rcx = !rcx;
        runs = runs_until_dropped(g, rcx, EXITING);
        for (needed = 1; !cluster_worth_recording(needed * HOPS, 0, nodes, times); needed++)
            ;
        assert_in_range(runs, needed - CLUSTER_TRIAL_RUNS / 2, needed + CLUSTER_TRIAL_RUNS);
        g->regs.gpr[CLUSTER_RCX] = rcx;
        assert_true(region_exit(g));
        assert_non_null(g->out.recorded);
        assert_true(region_exit(g));
        region_expect(g, region_of(g, GUEST_CODE)->nr_nodes, EXITING, CLUSTER_STOP_COMPLETE);
        assert_int_equal(region_of(g, GUEST_CODE)->hops, 0);
    }
}

/*
 * @exits VMREADs, of which all but the first are of field RCX, @far instructions and VMRESUME:
 * what the third exit there makes of it.
 */
static const struct cluster_segment *record_up_to_vmresume(struct guest *g, unsigned int exits,
                                                           unsigned int far)
{
    uint64_t at = GUEST_CODE;
    unsigned int i;

    g->regs.gpr[CLUSTER_RCX] = 0x681e;
    for (i = 0; i < exits; i++, at += 3)
        guest_put_code(g, at, i ? CODE("vmread rbx, rcx") : CODE("vmread rax, rdx"));
    for (i = 0; i < far; i++)
        *guest_at(g, at++) = 0x90;
    guest_put_code(g, at, CODE("vmresume"));
    for (i = 0; i < 3; i++)
        region_exit(g);
    assert_int_equal(g->out.stop, CLUSTER_STOP_RESUME);     /* L1 is there, kept or not */
    assert_int_equal(g->out.insns, exits + far);
    return g->out.recorded;
}

/* Seen up to its end, it cannot become better than it is. */
static void wholeWayThatDoesNotPay_isNotTried(void **state)
{
    enum { FAR = 300 };
    struct guest *g = *state;

    assert_false(cluster_region_pays(1, 1 + FAR + 1, 1));
    assert_null(record_up_to_vmresume(g, 1, FAR));
    assert_null(region_of(g, GUEST_CODE));
    assert_int_equal(g->vcpu->nr_nodes, 0);
    assert_false(region_exit(g));
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CLUSTER);
}

static void wholeWayThatPays_isKept(void **state)
{
    enum { FAR = 50 };

    assert_true(cluster_region_pays(1, 1 + FAR + 1, 1));
    assert_non_null(record_up_to_vmresume(*state, 1, FAR));
}

/* L1 would not have exited for the second VMREAD. */
static void wholeWayOfExitsThatAreNone_isNotTried(void **state)
{
    enum { FAR = 300 };
    struct guest *g = *state;

    assert_true(cluster_region_pays(1, 2 + FAR + 1, 2));
    assert_non_null(record_up_to_vmresume(g, 2, FAR));
    cluster_flush(g->vcpu);
    g->silent_field = 0x681e;
    assert_null(record_up_to_vmresume(g, 2, FAR));
    g->silent_field = 0;
}

/* A path that goes on in another way than to VMRESUME is kept for its exits, which these are not. */
static void pathOfExitsThatAreNone_isNotKept(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    g->silent_field = 0x681e;
    g->regs.gpr[CLUSTER_RCX] = g->silent_field;
    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; vmread rbx, rcx; vmread rsi, rcx; int3"));
    for (i = 0; i < 3; i++)
        region_exit(g);
    region_expect(g, 3, 1, CLUSTER_STOP_UNSUPPORTED);
    assert_null(g->out.recorded);
    assert_null(region_of(g, GUEST_CODE));
    g->silent_field = 0;
}

/* The gap is that between real ones, and what lies behind the last of them is cut off. */
static void exitThatIsNone_doesNotEndAGap(void **state)
{
    enum { HALF = CLUSTER_MAX_GAP / 2 };
    struct guest *g = *state;
    uint64_t at = GUEST_CODE;
    unsigned int i;

    g->silent_field = 0x681e;
    g->regs.gpr[CLUSTER_RCX] = g->silent_field;
    guest_put_code(g, at, CODE("vmread rax, rdx; vmread rbx, rdx; vmread rsi, rcx"));
    for (i = 0, at += 9; i < CLUSTER_MAX_GAP + 8; i++, at++)
        *guest_at(g, at) = 0x90;
    guest_put_code(g, GUEST_CODE + 9 + HALF, CODE("vmread rsi, rcx"));
    guest_put_code(g, at, CODE("vmread rsi, rdx; int3"));
    for (i = 0; i < 3; i++)
        region_exit(g);
    assert_int_equal(g->out.stop, CLUSTER_STOP_GAP);
    assert_int_equal(g->out.recorded->nr_nodes, 2);
    assert_int_equal(g->out.recorded->nr_exiting, 2);
    g->silent_field = 0;
}

/* For its beginning, which is what will be left of it. */
static void wholeWayOfWhichABeginningPays_isKept(void **state)
{
    enum { FAR = 800 };

    assert_true(cluster_region_pays(1, 2, 1));
    assert_false(cluster_region_pays(1, 2 + FAR + 1, 2));
    assert_non_null(record_up_to_vmresume(*state, 2, FAR));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH(loopThatLeadsNowhere_isTakenBack),
        BOTH(loopThatLeadsToAnExit_isKept),
        BOTH(gap_goesOnBehindTheEdge),
        BOTH(edgeOfAForgottenRegion_leavesNothing),
        BOTH(farExit_isGivenUp_whereL1MostlyLeavesBefore),
        BOTH(farExitThatIsReached_stays),
        BOTH(uselessEnd_isCutOff),
        BOTH(scatteredRegion_isRecordedAnew_forItsPrice_thenForTwiceThat),
        BOTH(wholeWayThatDoesNotPay_isNotTried),
        BOTH(wholeWayThatPays_isKept),
        BOTH(wholeWayOfExitsThatAreNone_isNotTried),
        BOTH(pathOfExitsThatAreNone_isNotKept),
        BOTH(exitThatIsNone_doesNotEndAGap),
        BOTH(wholeWayOfWhichABeginningPays_isKept),
    };

    return unit_report("growth of regions", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("growth of regions", tests, NULL, NULL));
}
