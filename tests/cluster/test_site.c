/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_site.c - where L1 exits: which sites become regions, which are given up, and which regions
 * stay.
 */
#include "cost.h"
#include "region_guest.h"
#include "tracker.h"

#define PAIR CODE("vmread rax, rdx; mov rcx, rax; vmread rbx, rdx; int3")

static void thirdExit_records_fourthRunsIt(void **state)
{
    struct guest *g = *state;

    region_record(g, PAIR);
    region_expect(g, 3, 2, CLUSTER_STOP_UNSUPPORTED);
    assert_int_equal(g->out.recorded->nr_nodes, 3);
    g->regs.gpr[CLUSTER_RCX] = 0;
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    assert_true(g->out.cached);
    assert_null(g->out.recorded);
    assert_int_equal(g->regs.rip, GUEST_CODE + PAIR.size - 1);
    assert_int_equal(g->regs.gpr[CLUSTER_RBX], guest_field(0));
    assert_int_equal(g->regs.gpr[CLUSTER_RCX], guest_field(0));
    assert_int_equal(g->regs.gpr[CLUSTER_RSP], GUEST_RSP);
}

/* Not by the recording either. */
static void whatWouldNotHaveExited_isNotAvoided(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; rdmsr; vmread rbx, rdx; vmread rsi, rdx; int3");

    g->silent_rdmsr = true;
    region_record(g, code);
    region_expect(g, 4, 3, CLUSTER_STOP_UNSUPPORTED);
    assert_true(region_exit(g));
    region_expect(g, 4, 3, CLUSTER_STOP_COMPLETE);
    g->silent_rdmsr = false;
    assert_true(region_exit(g));
    region_expect(g, 4, 4, CLUSTER_STOP_COMPLETE);
}

/* By the interpreter and by translated code. */
static void fieldsThatDoNotExit_areNotAvoided(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; mov ecx, 0x681e; vmread rbx, rcx; mov esi, 0x6820;"
                            "vmread rdi, rsi; vmwrite rcx, rdi; vmread rsi, rsi; int3");

    g->silent_field = 0x681e;
    g->stores = true;
    region_record(g, code);
    region_expect(g, 7, 3, CLUSTER_STOP_UNSUPPORTED);
    assert_true(region_exit(g));
    region_expect(g, 7, 3, CLUSTER_STOP_COMPLETE);
    g->silent_field = 0;
    g->stores = false;
}

/* Where L1 is about to be entered the first instruction need not exit, and one that does is one spared. */
static void kindOfVmExit_hasARegionOfItsOwn(void **state)
{
    struct guest *g = *state;

    g->kind = 3;
    region_record(g, CODE("nop; vmread rax, rdx; int3"));
    assert_non_null(g->out.recorded);
    assert_true(region_exit(g));
    assert_true(g->out.cached);
    region_expect(g, 2, 1, CLUSTER_STOP_COMPLETE);
    g->kind = 4;
    assert_false(region_exit(g));
    assert_int_equal(g->out.stop, CLUSTER_STOP_COUNTING);
    g->kind = 3;
    assert_true(region_exit(g));
    assert_true(g->out.cached);
    g->kind = 0;
}

static void lonelyInstruction_isBarren(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; nop; int3"));
    assert_false(region_exit(g));
    assert_false(region_exit(g));
    assert_true(region_exit(g));        /* it was executed, only not kept */
    region_expect(g, 2, 1, CLUSTER_STOP_UNSUPPORTED);
    assert_null(g->out.recorded);
    assert_null(region_of(g, GUEST_CODE));
    assert_true(cluster_site_barren(g->vcpu, GUEST_CODE));
    assert_false(region_exit(g));
    region_expect(g, 0, 0, CLUSTER_STOP_NO_CLUSTER);
    assert_int_equal(g->begin_count, 0);
}

/* A RIP may have several places of the stack, and one of them nothing to gain. */
static void barrenSite_doesNotShadowAnotherOfItsRip(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; ret");
    struct code there = CODE("vmread rbx, rdx; int3");
    uint64_t at[2] = { GUEST_CODE + 0x100, GUEST_CODE + 0x200 };
    unsigned int i, ran = 0;

    guest_put_code(g, GUEST_CODE, code);
    guest_put_code(g, at[0], CODE("int3"));     /* one caller has nothing */
    guest_put_code(g, at[1], there);            /* the other has */
    guest_write64(g, GUEST_RSP, at[0]);
    guest_write64(g, GUEST_RSP + 0x48, at[1]);
    for (i = 0; i < 40000 && !ran; i++) {
        g->regs.rflags = 2;
        g->regs.gpr[CLUSTER_RSP] = GUEST_RSP + (i % 2) * 0x48;
        guest_exit_at(g, GUEST_CODE);
        ran = g->out.cached;
    }
    assert_int_equal(ran, 1);
    assert_false(cluster_site_barren(g->vcpu, GUEST_CODE));
    for (i = 0; i < 1000; i++) {
        g->regs.rflags = 2;
        g->regs.gpr[CLUSTER_RSP] = GUEST_RSP + (i % 2) * 0x48;
        guest_exit_at(g, GUEST_CODE);
        assert_int_equal(g->out.cached, i % 2);
    }
}

/*
 * Told before anything else is asked.  Where no region is known at its address, that is told by
 * the address alone, and does not count here.
 */
static void barrenSite_isKnownBesideARegionOfItsRip(void **state)
{
    struct guest *g = *state;
    uint16_t other = cluster_variant(GUEST_RSP + 8, 0);
    unsigned int exits = 0;

    region_record(g, PAIR);
    cluster_tracker_set_barren(g->vcpu, GUEST_CODE, other, 10);
    cluster_tracker_set_barren(g->vcpu, GUEST_CODE + 1, other, 10);
    assert_false(cluster_exit_barren(g->vcpu, GUEST_CODE, GUEST_RSP));
    assert_false(cluster_exit_barren(g->vcpu, GUEST_CODE + 1, GUEST_RSP + 8));
    while (cluster_exit_barren(g->vcpu, GUEST_CODE, GUEST_RSP + 8))
        exits++;
    assert_int_equal(exits, 9);
}

static void otherStackAlignment_isAnotherRegion(void **state)
{
    struct guest *g = *state;

    region_record(g, PAIR);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP + 8;
    assert_false(guest_exit_at(g, GUEST_CODE));
    assert_int_equal(g->out.stop, CLUSTER_STOP_COUNTING);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP + 16;
    assert_true(guest_exit_at(g, GUEST_CODE));
    assert_true(region_exit(g));
}

static void recordingThatIsPoked_isTriedAgain(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE, PAIR);
    region_exit(g);
    region_exit(g);
    g->poke = 1;
    assert_true(region_exit(g));
    region_expect(g, 2, 1, CLUSTER_STOP_EVENT);
    assert_null(g->out.recorded);
    g->poke = 0;
    assert_true(region_exit(g));
    assert_non_null(g->out.recorded);
}

/* ---- what pays ---- */

/* The second VMREAD is hardly ever reached. */
static void uselessRegion_isDropped(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    g->regs.gpr[CLUSTER_RCX] = 1;
    region_record(g, CODE("vmread rax, rdx; test rcx, rcx; jz 1f; vmread rbx, rdx; int3;"
                          "1: nop; int3"));
    g->regs.gpr[CLUSTER_RCX] = 0;
    for (i = 1; i < CLUSTER_TRIAL_RUNS; i++) {
        assert_true(region_exit(g));
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
    }
    assert_true(region_exit(g));
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_USELESS);
    assert_int_equal(g->out.discarded_rip, GUEST_CODE);
    assert_false(region_exit(g));
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CLUSTER);
}

static void regionThatPays_outlivesItsTrials(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    region_record(g, PAIR);
    for (i = 0; i < 3 * CLUSTER_TRIAL_RUNS; i++) {
        assert_true(region_exit(g));
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
    }
}

static void vmresume_countsAsAnExitAvoided(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    region_record(g, CODE("vmread rax, rdx; nop; vmresume"));
    for (i = 0; i < 3 * CLUSTER_TRIAL_RUNS; i++) {
        assert_true(region_exit(g));
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH(thirdExit_records_fourthRunsIt),
        BOTH(whatWouldNotHaveExited_isNotAvoided),
        BOTH(fieldsThatDoNotExit_areNotAvoided),
        BOTH(kindOfVmExit_hasARegionOfItsOwn),
        BOTH(lonelyInstruction_isBarren),
        BOTH(barrenSite_doesNotShadowAnotherOfItsRip),
        BOTH(barrenSite_isKnownBesideARegionOfItsRip),
        BOTH(otherStackAlignment_isAnotherRegion),
        BOTH(recordingThatIsPoked_isTriedAgain),
        BOTH(uselessRegion_isDropped),
        BOTH(regionThatPays_outlivesItsTrials),
        BOTH(vmresume_countsAsAnExitAvoided),
    };

    return unit_report("site", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("site", tests, NULL, NULL));
}
