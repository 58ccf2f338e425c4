/* SPDX-License-Identifier: GPL-2.0-only */
/* test_hot.c - the laws of hot.h. */
#include <stdlib.h>

#include "fields.h"
#include "hot.h"
#include "random.h"
#include "unit.h"

static int start(void **state)
{
    struct nvmx_hot *hot = calloc(1, sizeof(*hot));

    *state = hot;
    if (!hot)
        return -1;
    nvmx_hot_start(hot);
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static bool exits(struct nvmx_hot *hot, uint32_t encoding, enum nvmx_access access)
{
    return nvmx_hot_exited(hot, nvmx_position(encoding), access);
}

static bool passes(const struct nvmx_hot *hot, uint32_t encoding, enum nvmx_access access)
{
    return nvmx_set_has(&hot->pass[access], nvmx_position(encoding));
}

static void entries(struct nvmx_hot *hot, unsigned int n)
{
    for (; n > 0; n--)
        nvmx_hot_entered(hot);
}

/* Between each two of as many entries as it takes. */
static void make_hot(struct nvmx_hot *hot, uint32_t encoding, enum nvmx_access access)
{
    unsigned int i;

    for (i = 0; i < NVMX_HOT_AFTER; i++) {
        exits(hot, encoding, access);
        nvmx_hot_entered(hot);
    }
}

static void changed(struct nvmx_hot *hot, uint32_t encoding)
{
    nvmx_hot_changed(hot, nvmx_position(encoding));
}

/* What is written before L1 runs, and written. */
static struct nvmx_set write_back(struct nvmx_hot *hot)
{
    struct nvmx_set plan = { { 0 } };

    if (nvmx_plan_hot(hot, &plan))
        nvmx_hot_written(hot, &plan);
    else
        memset(&plan, 0, sizeof(plan));
    return plan;
}

static void assert_is_only(const struct nvmx_set *set, uint32_t encoding)
{
    assert_int_equal(nvmx_set_size(set), 1);
    assert_true(nvmx_set_has(set, nvmx_position(encoding)));
}

static void assert_empty(const struct nvmx_set *set)
{
    assert_int_equal(nvmx_set_size(set), 0);
}

/* ---- What becomes hot. ---- */

static void hot_afterExitsBetweenSoManyEntries(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int i;

    for (i = 1; i < NVMX_HOT_AFTER; i++) {
        assert_false(exits(hot, GUEST_RIP, NVMX_READ));
        assert_false(passes(hot, GUEST_RIP, NVMX_READ));
        nvmx_hot_entered(hot);
    }
    assert_true(exits(hot, GUEST_RIP, NVMX_READ));
    assert_true(passes(hot, GUEST_RIP, NVMX_READ));
}

static void becomesHot_once(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int i;

    make_hot(hot, GUEST_RIP, NVMX_WRITE);
    for (i = 0; i < 3 * NVMX_HOT_AFTER; i++) {
        assert_false(exits(hot, GUEST_RIP, NVMX_WRITE));
        nvmx_hot_entered(hot);
    }
    assert_true(passes(hot, GUEST_RIP, NVMX_WRITE));
}

/* A VMCS that is set up, or dumped, at the beginning or later. */
static void exitsBetweenTheSameEntries_countOnce(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int gap, i;

    for (gap = 1; gap < NVMX_HOT_AFTER; gap++) {
        for (i = 0; i < 1000; i++)
            assert_false(exits(hot, GUEST_RIP, NVMX_READ));
        nvmx_hot_entered(hot);
    }
    assert_true(exits(hot, GUEST_RIP, NVMX_READ));
}

static void readsAndWrites_areCountedApart(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int i;

    for (i = 1; i < NVMX_HOT_AFTER; i++) {
        assert_false(exits(hot, GUEST_RIP, NVMX_READ));
        assert_false(exits(hot, GUEST_RIP, NVMX_WRITE));
        nvmx_hot_entered(hot);
    }
    assert_true(exits(hot, GUEST_RIP, NVMX_WRITE));
    assert_false(passes(hot, GUEST_RIP, NVMX_READ));
}

static void fields_areCountedApart(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int i;

    for (i = 1; i < NVMX_HOT_AFTER; i++) {
        assert_false(exits(hot, GUEST_RIP, NVMX_READ));
        assert_false(exits(hot, GUEST_RSP, NVMX_READ));
        nvmx_hot_entered(hot);
    }
    assert_true(exits(hot, GUEST_RIP, NVMX_READ));
    assert_false(passes(hot, GUEST_RSP, NVMX_READ));
}

/* NVMX_HOT_WINDOW entries, the one that began the window included, have one gap less. */
static void exitsFarApartInOneWindow_makeHot(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int i;

    for (i = 1; i < NVMX_HOT_AFTER; i++) {
        assert_false(exits(hot, GUEST_RIP, NVMX_READ));
        nvmx_hot_entered(hot);
    }
    entries(hot, NVMX_HOT_WINDOW - 2 - (NVMX_HOT_AFTER - 1));
    assert_true(exits(hot, GUEST_RIP, NVMX_READ));
}

static void exitsOfTwoWindows_doNotAdd(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int i;

    for (i = 1; i < NVMX_HOT_AFTER; i++) {
        assert_false(exits(hot, GUEST_RIP, NVMX_READ));
        nvmx_hot_entered(hot);
    }
    entries(hot, NVMX_HOT_WINDOW - 1 - (NVMX_HOT_AFTER - 1));
    for (i = 1; i < NVMX_HOT_AFTER; i++) {
        assert_false(exits(hot, GUEST_RIP, NVMX_READ));
        nvmx_hot_entered(hot);
    }
    assert_true(exits(hot, GUEST_RIP, NVMX_READ));
}

/* It is not taken for that of the window before. */
static void exitInTheSameGapOfTheNextWindow_counts(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int i;

    exits(hot, GUEST_RIP, NVMX_READ);
    entries(hot, NVMX_HOT_WINDOW - 1);
    for (i = 1; i < NVMX_HOT_AFTER; i++) {
        assert_false(exits(hot, GUEST_RIP, NVMX_READ));
        nvmx_hot_entered(hot);
    }
    assert_true(exits(hot, GUEST_RIP, NVMX_READ));
}

/* Wherever in a window the first one is. */
static void everyGapOfAWindow_counts(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int first, i;

    for (first = 0; first + NVMX_HOT_AFTER < NVMX_HOT_WINDOW; first++) {
        memset(hot, 0, sizeof(*hot));
        entries(hot, first);
        for (i = 1; i < NVMX_HOT_AFTER; i++) {
            assert_false(exits(hot, GUEST_RIP, NVMX_WRITE));
            nvmx_hot_entered(hot);
        }
        assert_true(exits(hot, GUEST_RIP, NVMX_WRITE));
    }
}

static void rareExits_neverMakeHot(void **state)
{
    struct nvmx_hot *hot = *state;
    unsigned int i;

    for (i = 0; i < 1000; i++) {
        assert_false(exits(hot, GUEST_RIP, NVMX_READ));
        entries(hot, NVMX_HOT_WINDOW / (NVMX_HOT_AFTER - 1));
    }
}

static void hot_neverCeasesToBe(void **state)
{
    struct nvmx_hot *hot = *state;

    make_hot(hot, GUEST_RIP, NVMX_READ);
    entries(hot, 3 * NVMX_HOT_WINDOW);
    nvmx_hot_start(hot);
    assert_true(passes(hot, GUEST_RIP, NVMX_READ));
}

/* ---- What is ahead of the shadow VMCS. ---- */

static void start_nothingIsAhead(void **state)
{
    struct nvmx_hot *hot = *state;
    struct nvmx_set plan;

    make_hot(hot, GUEST_RIP, NVMX_READ);
    changed(hot, GUEST_RIP);
    changed(hot, GUEST_RSP);
    nvmx_hot_start(hot);
    assert_false(nvmx_plan_hot(hot, &plan));
    assert_false(nvmx_plan_ahead(hot, &plan));
}

static void changed_isWrittenBeforeL1Runs_ifL1ReadsItWithoutAnExit(void **state)
{
    struct nvmx_hot *hot = *state;
    struct nvmx_set plan;

    make_hot(hot, GUEST_RIP, NVMX_READ);
    changed(hot, GUEST_RIP);
    changed(hot, GUEST_RSP);
    plan = write_back(hot);
    assert_is_only(&plan, GUEST_RIP);
}

/* L0 finds out what L1 has written by comparing. */
static void changed_isWrittenBeforeL1Runs_ifL1WritesItWithoutAnExit(void **state)
{
    struct nvmx_hot *hot = *state;
    struct nvmx_set plan;

    make_hot(hot, GUEST_RSP, NVMX_WRITE);
    changed(hot, GUEST_RIP);
    changed(hot, GUEST_RSP);
    plan = write_back(hot);
    assert_is_only(&plan, GUEST_RSP);
}

static void changedColdOnes_areNothingToWrite(void **state)
{
    struct nvmx_hot *hot = *state;
    struct nvmx_set plan;

    make_hot(hot, GUEST_RIP, NVMX_READ);
    changed(hot, GUEST_RSP);
    assert_false(nvmx_plan_hot(hot, &plan));
}

static void written_isWrittenOnce(void **state)
{
    struct nvmx_hot *hot = *state;
    struct nvmx_set plan;

    make_hot(hot, GUEST_RIP, NVMX_READ);
    changed(hot, GUEST_RIP);
    write_back(hot);
    assert_false(nvmx_plan_hot(hot, &plan));
    changed(hot, GUEST_RSP);
    assert_false(nvmx_plan_hot(hot, &plan));
    changed(hot, GUEST_RIP);
    plan = write_back(hot);
    assert_is_only(&plan, GUEST_RIP);
}

/* It was cold, and could be left; L1 will read it without an exit now. */
static void becomesHotWhileAhead_isWrittenBeforeL1Runs(void **state)
{
    struct nvmx_hot *hot = *state;
    struct nvmx_set plan;
    unsigned int i;

    changed(hot, GUEST_RIP);
    write_back(hot);
    for (i = 1; i < NVMX_HOT_AFTER; i++) {
        exits(hot, GUEST_RIP, NVMX_READ);
        plan = write_back(hot);
        assert_empty(&plan);
        nvmx_hot_entered(hot);
    }
    exits(hot, GUEST_RIP, NVMX_READ);
    plan = write_back(hot);
    assert_is_only(&plan, GUEST_RIP);
}

static void beforeOthersLook_allThatIsAheadIsWritten(void **state)
{
    struct nvmx_hot *hot = *state;
    struct nvmx_set plan;

    make_hot(hot, GUEST_RIP, NVMX_READ);
    changed(hot, GUEST_RIP);
    changed(hot, GUEST_RSP);
    write_back(hot);
    assert_true(nvmx_plan_ahead(hot, &plan));
    assert_is_only(&plan, GUEST_RSP);
    nvmx_hot_written(hot, &plan);
    assert_false(nvmx_plan_ahead(hot, &plan));
    assert_empty(&plan);
}

static void written_othersStayAhead(void **state)
{
    struct nvmx_hot *hot = *state;
    struct nvmx_set written = { { 0 } }, plan;

    changed(hot, GUEST_RIP);
    changed(hot, GUEST_ES_SELECTOR);
    nvmx_set_add(&written, nvmx_position(GUEST_ES_SELECTOR));
    nvmx_hot_written(hot, &written);
    assert_true(nvmx_plan_ahead(hot, &plan));
    assert_is_only(&plan, GUEST_RIP);
}

/* ---- Whatever comes. ---- */

static void some_event(struct nvmx_hot *hot, struct random *r)
{
    unsigned int field = random_below(r, nvmx_nr_fields);
    unsigned int position = nvmx_position(nvmx_fields[field].encoding);

    switch (random_below(r, 4)) {
    case 0:
        nvmx_hot_entered(hot);
        break;
    case 1:
        nvmx_hot_changed(hot, position);
        break;
    default:
        nvmx_hot_exited(hot, position, random_below(r, NVMX_ACCESSES));
        break;
    }
}

static void behindWriteBack_nothingHotIsAhead(void **state)
{
    struct nvmx_hot *hot = *state;
    struct random r = { 1 };
    unsigned int n, i;

    for (n = 0; n < 100000; n++) {
        some_event(hot, &r);
        if (!one_in(&r, 4))
            continue;
        write_back(hot);
        for (i = 0; i < NVMX_SET_WORDS; i++)
            assert_int_equal(hot->ahead.word[i] & (hot->pass[NVMX_READ].word[i] |
                                                   hot->pass[NVMX_WRITE].word[i]), 0);
    }
    assert_true(nvmx_set_size(&hot->pass[NVMX_READ]) > 0);
    assert_true(nvmx_set_size(&hot->pass[NVMX_WRITE]) > 0);
}

#define LAW(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(hot_afterExitsBetweenSoManyEntries),
        LAW(becomesHot_once),
        LAW(exitsBetweenTheSameEntries_countOnce),
        LAW(readsAndWrites_areCountedApart),
        LAW(fields_areCountedApart),
        LAW(exitsFarApartInOneWindow_makeHot),
        LAW(exitsOfTwoWindows_doNotAdd),
        LAW(exitInTheSameGapOfTheNextWindow_counts),
        LAW(everyGapOfAWindow_counts),
        LAW(rareExits_neverMakeHot),
        LAW(hot_neverCeasesToBe),
        LAW(start_nothingIsAhead),
        LAW(changed_isWrittenBeforeL1Runs_ifL1ReadsItWithoutAnExit),
        LAW(changed_isWrittenBeforeL1Runs_ifL1WritesItWithoutAnExit),
        LAW(changedColdOnes_areNothingToWrite),
        LAW(written_isWrittenOnce),
        LAW(becomesHotWhileAhead_isWrittenBeforeL1Runs),
        LAW(beforeOthersLook_allThatIsAheadIsWritten),
        LAW(written_othersStayAhead),
        LAW(behindWriteBack_nothingHotIsAhead),
    };

    return unit_report("hot", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("hot", tests, NULL, NULL));
}
