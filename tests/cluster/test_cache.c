/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_cache.c - look-up, comparison, formation and replacement, through
 * cluster_run().
 */
#include "cache.h"
#include "cost.h"
#include "guest.h"
#include "unit.h"

#define PAIR     CODE("vmread rax, rdx; vmread rbx, rdx")
#define TRIPLE   CODE("vmread rax, rdx; vmread rbx, rdx; vmread rcx, rdx")
#define LONELY   CODE("vmread rax, rdx; ret; nop; nop")
#define GAP      CODE("vmread rax, rdx; mov rcx, 0x123456; add rcx, rax; lea rsi, [rcx+1];" \
                      "vmwrite rdx, rcx")

/* Sites this far apart have the same index in both tables. */
#define SAME_SET (1ull << 24)

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

static void secondExit_findsTheCluster(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, GAP));
    assert_non_null(g->out.formed);
    assert_int_equal(g->out.formed->rip, GUEST_CODE);
    assert_int_equal(g->out.formed->nr_insns, 5);
    assert_int_equal(g->out.formed->nr_exiting, 2);
    assert_int_equal(g->out.formed->bytes, GAP.size);
    assert_memory_equal(g->out.formed->code, GAP.bytes, GAP.size);
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);

    assert_true(guest_exit_at(g, GUEST_CODE));
    assert_null(g->out.formed);
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
    assert_int_equal(g->out.insns, 5);
    assert_int_equal(g->translate_count, 1);
    assert_int_equal(g->end_count, 1);
}

static void changedBytes_formAnewInTheSameCall(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, PAIR));
    assert_true(guest_run(g, TRIPLE));          /* the same six bytes: still the pair */
    assert_int_equal(g->out.insns, 2);
    assert_true(guest_run(g, GAP));
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_BYTES);
    assert_int_equal(g->out.discarded_rip, GUEST_CODE);
    assert_non_null(g->out.formed);
    assert_int_equal(g->out.insns, 5);
    assert_int_equal(cluster_flush(g->vcpu), 1);
}

static void changedBytes_thatFormNothing_areDiscardedToo(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, PAIR));
    assert_false(guest_run(g, LONELY));
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CLUSTER);
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_BYTES);
    assert_null(g->out.formed);
    assert_false(guest_exit_at(g, GUEST_CODE));
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
    assert_int_equal(cluster_flush(g->vcpu), 0);
}

/* Run the cluster at @site, then change each of its bytes in turn. */
static void check_every_byte(struct guest *g, uint64_t site, struct code code)
{
    unsigned int i;

    for (i = 0; i < code.size; i++) {
        guest_put_code(g, site, code);
        cluster_flush(g->vcpu);
        assert_true(guest_exit_at(g, site));
        *guest_at(g, site + i) ^= 0x80;
        guest_exit_at(g, site);
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_BYTES);
    }
}

static void changeOfAnyByte_isNoticed(void **state)
{
    struct guest *g = *state;
    unsigned int split;

    check_every_byte(g, GUEST_CODE, GAP);
    for (split = 1; split < GAP.size; split++)
        check_every_byte(g, GUEST_CODE2 - split, GAP);
}

static void changeBehindTheCluster_isOfNoConcern(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, GAP));
    *guest_at(g, GUEST_CODE + GAP.size) = 0xcc;
    assert_true(guest_exit_at(g, GUEST_CODE));
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
}

static void otherPage_withTheSameBytes_isTheSameSite(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, GAP));
    guest_map(g, GUEST_CODE, guest_at(g, GUEST_DATA), "rx");
    guest_put_code(g, GUEST_CODE, GAP);
    assert_true(guest_exit_at(g, GUEST_CODE));
    assert_null(g->out.formed);
}

static void otherPage_withOtherBytes_isNot(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, PAIR));
    guest_map(g, GUEST_CODE, guest_at(g, GUEST_DATA), "rx");
    assert_true(guest_run(g, GAP));
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_BYTES);
    assert_int_equal(g->out.insns, 5);
}

static void codeAcrossAPageEnd_isOneCluster(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE2 - 5, GAP);
    assert_true(guest_exit_at(g, GUEST_CODE2 - 5));
    assert_int_equal(g->out.insns, 5);
    assert_int_equal(g->regs.rip, GUEST_CODE2 - 5 + GAP.size);
    assert_true(guest_exit_at(g, GUEST_CODE2 - 5));
    assert_null(g->out.formed);
    assert_int_equal(g->translate_count, 2);
}

static void codeBeforeAPageThatCannotBeFetched_endsThere(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE2 - 8, TRIPLE);
    guest_unmap(g, GUEST_CODE2);
    assert_true(guest_exit_at(g, GUEST_CODE2 - 8));
    assert_int_equal(g->out.stop, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->out.insns, 2);
}

static void pageThatMayNotBeExecuted_isNotFetched(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE2 - 8, TRIPLE);
    guest_map(g, GUEST_CODE2, guest_at(g, GUEST_CODE2), "rw");
    assert_true(guest_exit_at(g, GUEST_CODE2 - 8));
    assert_int_equal(g->out.insns, 2);
}

static void siteThatCannotBeFetched_isRefused(void **state)
{
    struct guest *g = *state;

    guest_unmap(g, GUEST_CODE);
    assert_false(guest_exit_at(g, GUEST_CODE));
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CODE);
    assert_int_equal(g->end_count, 1);
}

static void knownSite_thatCannotBeFetchedNow_isRefusedAndKept(void **state)
{
    struct guest *g = *state;
    uint8_t *second = guest_at(g, GUEST_CODE2);

    guest_put_code(g, GUEST_CODE2 - 5, GAP);
    assert_true(guest_exit_at(g, GUEST_CODE2 - 5));
    guest_unmap(g, GUEST_CODE2);
    assert_false(guest_exit_at(g, GUEST_CODE2 - 5));
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CODE);
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
    guest_map(g, GUEST_CODE2, second, "rx");
    assert_true(guest_exit_at(g, GUEST_CODE2 - 5));
    assert_null(g->out.formed);
}

static void codeAtTheTopOfTheAddressSpace_doesNotWrap(void **state)
{
    struct guest *g = *state;
    const uint64_t top = -(uint64_t)GUEST_PAGE;

    guest_map(g, top, guest_at(g, GUEST_CODE), "rx");
    guest_put_code(g, -6ull, PAIR);
    assert_true(guest_exit_at(g, -6ull));
    assert_int_equal(g->out.insns, 2);
    assert_int_equal(g->regs.rip, 0);
    assert_int_equal(g->translate_count, 1);    /* page 0 is not asked for */
}

/* ---- barren sites ---- */

static void barrenSite_isNotLookedAtAgain(void **state)
{
    struct guest *g = *state;

    assert_false(guest_run(g, LONELY));
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CLUSTER);
    assert_int_equal(g->translate_count, 1);
    assert_false(guest_exit_at(g, GUEST_CODE));
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CLUSTER);
    assert_int_equal(g->translate_count, 0);
}

static void barrenSite_isDecodedAgainAfterAWhile(void **state)
{
    struct guest *g = *state;
    unsigned int exits = 0;

    assert_false(guest_run(g, LONELY));
    guest_put_code(g, GUEST_CODE, GAP);
    while (!guest_exit_at(g, GUEST_CODE))
        assert_true(++exits <= CLUSTER_BARREN_EXITS);
    assert_int_equal(exits, CLUSTER_BARREN_EXITS);
    assert_int_equal(g->out.insns, 5);
}

static void barrenSite_isForgottenByAFlush(void **state)
{
    struct guest *g = *state;

    assert_false(guest_run(g, LONELY));
    guest_put_code(g, GUEST_CODE, GAP);
    assert_int_equal(cluster_flush(g->vcpu), 0);
    assert_true(guest_exit_at(g, GUEST_CODE));
}

static void barrenSites_withOneIndex_displaceEachOther(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_CODE + SAME_SET, guest_at(g, GUEST_CODE), "rx");
    assert_false(guest_run(g, LONELY));
    assert_false(guest_exit_at(g, GUEST_CODE + SAME_SET));
    assert_int_equal(g->translate_count, 1);
    assert_false(guest_exit_at(g, GUEST_CODE));
    assert_int_equal(g->translate_count, 1);
}

/* ---- clusters that do not pay ---- */

/* VMREAD clears ZF: the branch is taken, and the second VMREAD never reached. */
#define LEAVES   CODE("vmread rax, rdx; jnz 5f; vmread rbx, rdx; ret; 5: ret")

static void uselessCluster_isDroppedAfterItsTrial(void **state)
{
    struct guest *g = *state;
    unsigned int runs = 1;

    assert_true(guest_run(g, LEAVES));
    for (; runs < CLUSTER_TRIAL_RUNS; runs++) {
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
        assert_true(guest_exit_at(g, GUEST_CODE));
    }
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_USELESS);
    assert_int_equal(g->out.discarded_rip, GUEST_CODE);
    assert_int_equal(g->out.insns, 2);          /* that execution counted all the same */

    assert_false(guest_exit_at(g, GUEST_CODE));
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CLUSTER);
    assert_int_equal(g->translate_count, 0);
}

static void clusterThatPays_outlivesItsTrials(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    assert_true(guest_run(g, GAP));
    for (i = 0; i < 3 * CLUSTER_TRIAL_RUNS; i++) {
        assert_true(guest_exit_at(g, GUEST_CODE));
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
    }
}

static void everyTrial_beginsAnew(void **state)
{
    struct guest *g = *state;
    unsigned int runs;

    assert_true(guest_run(g, GAP));
    for (runs = 1; runs < CLUSTER_TRIAL_RUNS; runs++)
        assert_true(guest_exit_at(g, GUEST_CODE));
    g->event_at = 1;                            /* from here on it stops before the second */
    for (runs = 0; runs < CLUSTER_TRIAL_RUNS; runs++) {
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
        assert_true(guest_exit_at(g, GUEST_CODE));
    }
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_USELESS);
}

static void costModel_weighsExitsAgainstExecutions(void **state)
{
    /* One execution that saves one exit may take so many instructions, and no more. */
    const unsigned int most = (CLUSTER_COST_EXIT - CLUSTER_COST_EXECUTION) / CLUSTER_COST_INSN;

    (void)state;
    assert_true(cluster_pays(1, most, 1));
    assert_false(cluster_pays(1, most + 1, 1));
    assert_true(cluster_pays(64, 64 * most, 64));
    assert_false(cluster_pays(64, 64 * most, 63));
    assert_false(cluster_pays(1, 1, 0));
}

static void unfetchableSite_isNotTakenForBarren(void **state)
{
    struct guest *g = *state;
    uint8_t *page = guest_at(g, GUEST_CODE);

    guest_put_code(g, GUEST_CODE, PAIR);
    guest_unmap(g, GUEST_CODE);
    assert_false(guest_exit_at(g, GUEST_CODE));
    guest_map(g, GUEST_CODE, page, "rx");
    assert_true(guest_exit_at(g, GUEST_CODE));
}

/* ---- replacement ---- */

static void site_number(struct guest *g, unsigned int i)
{
    guest_map(g, GUEST_CODE + i * SAME_SET, guest_at(g, GUEST_CODE), "rx");
    assert_true(guest_exit_at(g, GUEST_CODE + i * SAME_SET));
}

static void fullSet_evictsInTurn(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    guest_put_code(g, GUEST_CODE, PAIR);
    for (i = 0; i < CLUSTER_CACHE_WAYS; i++) {
        site_number(g, i);
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
    }
    for (i = 0; i < 2 * CLUSTER_CACHE_WAYS; i++) {
        site_number(g, CLUSTER_CACHE_WAYS + i);
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_EVICTED);
        assert_int_equal(g->out.discarded_rip, GUEST_CODE + i * SAME_SET);
    }
    assert_int_equal(cluster_flush(g->vcpu), CLUSTER_CACHE_WAYS);
}

static void fullSet_stillHoldsTheOthers(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    guest_put_code(g, GUEST_CODE, PAIR);
    for (i = 0; i <= CLUSTER_CACHE_WAYS; i++)
        site_number(g, i);
    for (i = 1; i <= CLUSTER_CACHE_WAYS; i++) {
        site_number(g, i);
        assert_null(g->out.formed);
    }
}

/* Its bytes changed: it is dropped and takes its own place again, and nobody else's. */
static void changedClusterInAFullSet_evictsNone(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    guest_put_code(g, GUEST_CODE, PAIR);
    for (i = 0; i < CLUSTER_CACHE_WAYS; i++)
        site_number(g, i);
    assert_true(guest_run(g, GAP));
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_BYTES);
    assert_int_equal(g->out.discarded_rip, GUEST_CODE);
    assert_int_equal(cluster_flush(g->vcpu), CLUSTER_CACHE_WAYS);
}

static void flush_forgetsAll(void **state)
{
    struct guest *g = *state;

    assert_true(guest_run(g, PAIR));
    guest_put_code(g, GUEST_CODE + 0x400, GAP);
    assert_true(guest_exit_at(g, GUEST_CODE + 0x400));
    assert_int_equal(cluster_flush(g->vcpu), 2);
    assert_int_equal(cluster_flush(g->vcpu), 0);
    assert_true(guest_exit_at(g, GUEST_CODE));
    assert_non_null(g->out.formed);
}

/* RIP 0 is an address like any other, and no sign of an empty entry. */
static void siteAtZero_isASite(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0, guest_at(g, GUEST_CODE), "rx");
    guest_put_code(g, 0, PAIR);
    assert_true(guest_exit_at(g, 0));
    assert_non_null(g->out.formed);
    assert_true(guest_exit_at(g, 0));
    assert_null(g->out.formed);
    cluster_flush(g->vcpu);
    guest_put_code(g, 0, LONELY);
    assert_false(guest_exit_at(g, 0));
    assert_int_equal(g->translate_count, 1);
}

/* A guest that makes new sites for ever: everything goes on working, in the same memory. */
static void sitesWithoutEnd_areBounded(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    for (i = 0; i < 4000; i++) {
        guest_put_code(g, GUEST_CODE + i, i % 2 ? LONELY : PAIR);
        assert_int_equal(guest_exit_at(g, GUEST_CODE + i), i % 2 == 0);
    }
    assert_true(cluster_flush(g->vcpu) <= CLUSTER_CACHE_SETS * CLUSTER_CACHE_WAYS);
}

#define LAW(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(secondExit_findsTheCluster),
        LAW(changedBytes_formAnewInTheSameCall),
        LAW(changedBytes_thatFormNothing_areDiscardedToo),
        LAW(changeOfAnyByte_isNoticed),
        LAW(changeBehindTheCluster_isOfNoConcern),
        LAW(otherPage_withTheSameBytes_isTheSameSite),
        LAW(otherPage_withOtherBytes_isNot),
        LAW(codeAcrossAPageEnd_isOneCluster),
        LAW(codeBeforeAPageThatCannotBeFetched_endsThere),
        LAW(pageThatMayNotBeExecuted_isNotFetched),
        LAW(siteThatCannotBeFetched_isRefused),
        LAW(knownSite_thatCannotBeFetchedNow_isRefusedAndKept),
        LAW(codeAtTheTopOfTheAddressSpace_doesNotWrap),
        LAW(barrenSite_isNotLookedAtAgain),
        LAW(barrenSite_isDecodedAgainAfterAWhile),
        LAW(barrenSite_isForgottenByAFlush),
        LAW(barrenSites_withOneIndex_displaceEachOther),
        LAW(uselessCluster_isDroppedAfterItsTrial),
        LAW(clusterThatPays_outlivesItsTrials),
        LAW(everyTrial_beginsAnew),
        LAW(costModel_weighsExitsAgainstExecutions),
        LAW(unfetchableSite_isNotTakenForBarren),
        LAW(fullSet_evictsInTurn),
        LAW(fullSet_stillHoldsTheOthers),
        LAW(changedClusterInAFullSet_evictsNone),
        LAW(flush_forgetsAll),
        LAW(siteAtZero_isASite),
        LAW(sitesWithoutEnd_areBounded),
    };

    return unit_report("cache", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("cache", tests, NULL, NULL));
}
