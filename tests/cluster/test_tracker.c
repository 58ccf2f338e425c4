/* SPDX-License-Identifier: GPL-2.0-only */
/* test_tracker.c - which exits record. */
#include "cache.h"
#include "guest.h"
#include "tracker.h"
#include "unit.h"

#define SITE 0xffffffff81000100ull

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

static enum cluster_tracked exit_at(struct guest *g, uint64_t rip)
{
    return cluster_tracker_exit(g->vcpu, rip, 0, 1);
}

static void thirdExit_andAllAfterIt_record(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_COUNTING);
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_COUNTING);
    for (i = 0; i < 10; i++)
        assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_RECORD);
}

static void otherRsp_isAnotherSite(void **state)
{
    struct guest *g = *state;

    exit_at(g, SITE);
    exit_at(g, SITE);
    assert_int_equal(cluster_tracker_exit(g->vcpu, SITE, 8, 1), CLUSTER_TRACKED_COUNTING);
    assert_int_equal(cluster_tracker_exit(g->vcpu, SITE, 0, 1), CLUSTER_TRACKED_RECORD);
}

static void sites_areCountedApart(void **state)
{
    struct guest *g = *state;
    unsigned int round, i;

    for (round = 1; round <= 3; round++)
        for (i = 0; i < 256; i++)
            assert_int_equal(exit_at(g, SITE + 3 * i), round < 3 ? CLUSTER_TRACKED_COUNTING
                                                                 : CLUSTER_TRACKED_RECORD);
}

/* Each row is a FIFO: what is not among the latest entries begins anew. */
static void oldSites_areForgotten(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    exit_at(g, SITE);
    exit_at(g, SITE);
    for (i = 1; i < 64 * CLUSTER_TRACKER_ROWS; i++)
        exit_at(g, SITE + i);
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_COUNTING);
}

static void barrenSite_waits_thenRecords(void **state)
{
    struct guest *g = *state;
    unsigned int exits = 0;

    cluster_tracker_set_barren(g->vcpu, SITE, 0, CLUSTER_BARREN_EXITS);
    while (exit_at(g, SITE) == CLUSTER_TRACKED_BARREN)
        exits++;
    assert_int_equal(exits, CLUSTER_BARREN_EXITS - 1);
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_RECORD);
}

static void barrenSite_countsTheExitsThatNobodyAskedFor(void **state)
{
    struct guest *g = *state;

    cluster_tracker_set_barren(g->vcpu, SITE, 0, CLUSTER_BARREN_EXITS);
    assert_int_equal(cluster_tracker_exit(g->vcpu, SITE, 0, CLUSTER_BARREN_EXITS - 1),
                     CLUSTER_TRACKED_BARREN);
    assert_int_equal(cluster_tracker_exit(g->vcpu, SITE, 0, 257), CLUSTER_TRACKED_RECORD);
}

/* Asked apart: how often yes was said, counts; no changes nothing. */
static void barrenKind_isOneAmongOthersOfItsAddress(void **state)
{
    struct guest *g = *state;
    unsigned int exits = 0;

    assert_false(cluster_variant_barren(g->vcpu, SITE, 0, 5));
    cluster_tracker_set_barren(g->vcpu, SITE, cluster_variant(0, 5), 100);
    assert_false(cluster_variant_barren(g->vcpu, SITE, 0, 6));
    assert_false(cluster_variant_barren(g->vcpu, SITE, 8, 5));
    while (cluster_variant_barren(g->vcpu, SITE, 16, 5))
        exits++;
    assert_int_equal(exits, 99);
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_COUNTING);
}

static void barrenSite_waitsNoLongerThanCanBeCounted(void **state)
{
    struct guest *g = *state;

    cluster_tracker_set_barren(g->vcpu, SITE, 0, 1u << 31);
    assert_int_equal(cluster_tracker_exit(g->vcpu, SITE, 0, 0x7ffe), CLUSTER_TRACKED_BARREN);
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_RECORD);
}

static void siteRecordedTooOften_isBarren(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    for (i = 0; i < CLUSTER_TRACKER_TRIES; i++)
        cluster_tracker_recorded(g->vcpu, SITE, 0);
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_BARREN);
}

static void siteThatDoesWell_maybeRecordedAgain(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    for (i = 0; i < 3 * CLUSTER_TRACKER_TRIES; i++) {
        cluster_tracker_recorded(g->vcpu, SITE, 0);
        cluster_tracker_settle(g->vcpu, SITE, 0);
    }
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_RECORD);
}

static void settling_doesNotWakeABarrenSite(void **state)
{
    struct guest *g = *state;

    cluster_tracker_set_barren(g->vcpu, SITE, 0, CLUSTER_BARREN_EXITS);
    cluster_tracker_settle(g->vcpu, SITE, 0);
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_BARREN);
}

/* A barren site, too, has exited; and asking is no exit. */
static void siteIsKnown_onceItHasExited(void **state)
{
    struct guest *g = *state;

    assert_false(cluster_tracker_knows(g->vcpu, SITE, 0));
    assert_false(cluster_tracker_knows(g->vcpu, SITE, 0));
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_COUNTING);
    assert_true(cluster_tracker_knows(g->vcpu, SITE, 0));
    assert_false(cluster_tracker_knows(g->vcpu, SITE, 8));
    assert_int_equal(exit_at(g, SITE), CLUSTER_TRACKED_COUNTING);
    cluster_tracker_set_barren(g->vcpu, SITE, 0, CLUSTER_BARREN_EXITS);
    assert_true(cluster_tracker_knows(g->vcpu, SITE, 0));
}

#define LAW(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(thirdExit_andAllAfterIt_record),
        LAW(otherRsp_isAnotherSite),
        LAW(sites_areCountedApart),
        LAW(oldSites_areForgotten),
        LAW(barrenSite_waits_thenRecords),
        LAW(barrenSite_countsTheExitsThatNobodyAskedFor),
        LAW(barrenKind_isOneAmongOthersOfItsAddress),
        LAW(barrenSite_waitsNoLongerThanCanBeCounted),
        LAW(siteRecordedTooOften_isBarren),
        LAW(siteThatDoesWell_maybeRecordedAgain),
        LAW(settling_doesNotWakeABarrenSite),
        LAW(siteIsKnown_onceItHasExited),
    };

    return unit_report("tracker", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("tracker", tests, NULL, NULL));
}
