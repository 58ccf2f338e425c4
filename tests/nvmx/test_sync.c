/* SPDX-License-Identifier: GPL-2.0-only */
/* test_sync.c - the laws of sync.h. */
#include <stdlib.h>

#include "fields.h"
#include "random.h"
#include "sync.h"
#include "unit.h"

/* A vCPU whose vvmcs has just become current. */
struct vcpu {
    struct nvmx_table table;
    struct nvmx_sync sync;
};

static int start(void **state)
{
    struct vcpu *v = calloc(1, sizeof(*v));

    *state = v;
    if (!v)
        return -1;
    nvmx_table_init(&v->table);
    nvmx_sync_start(&v->sync, &v->table);
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static void enter(struct vcpu *v)
{
    struct nvmx_plan_entry plan;

    nvmx_plan_entry(&v->sync, &v->table, &plan);
    nvmx_sync_entered(&v->sync);
}

/* @cr3: L1 does not intercept MOV to CR3. */
static void run_l2(struct vcpu *v, bool cr3)
{
    enter(v);
    nvmx_sync_left(&v->sync, &v->table, cr3);
}

static void fetch(struct vcpu *v, const struct nvmx_set *wanted)
{
    struct nvmx_set plan;

    nvmx_plan_fetch(&v->sync, wanted, &plan);
    nvmx_sync_fetched(&v->sync, &plan);
}

static struct nvmx_set set_of(uint32_t encoding)
{
    struct nvmx_set set = { { 0 } };

    nvmx_set_add(&set, nvmx_position(encoding));
    return set;
}

static struct nvmx_set set_of_two(uint32_t one, uint32_t other)
{
    struct nvmx_set set = set_of(one);

    nvmx_set_add(&set, nvmx_position(other));
    return set;
}

static void assert_same(const struct nvmx_set *a, const struct nvmx_set *b)
{
    assert_memory_equal(a, b, sizeof(*a));
}

static void assert_empty(const struct nvmx_set *set)
{
    assert_int_equal(nvmx_set_size(set), 0);
}

static bool is_dirty(const struct vcpu *v, uint32_t encoding)
{
    return nvmx_set_has(&v->sync.dirty, nvmx_position(encoding));
}

static bool is_stale(const struct vcpu *v, uint32_t encoding)
{
    return nvmx_set_has(&v->sync.stale, nvmx_position(encoding));
}

static bool is_eager(const struct vcpu *v, uint32_t encoding)
{
    return nvmx_set_has(&v->sync.eager, nvmx_position(encoding));
}

/* ---- A vvmcs becomes current. ---- */

static void start_allIsDirty(void **state)
{
    struct vcpu *v = *state;

    assert_same(&v->sync.dirty, &v->table.known);
}

static void start_nothingIsStale(void **state)
{
    struct vcpu *v = *state;

    run_l2(v, true);
    nvmx_sync_start(&v->sync, &v->table);
    assert_empty(&v->sync.stale);
    assert_same(&v->sync.dirty, &v->table.known);
}

static void start_whatIsEagerStaysSo(void **state)
{
    struct vcpu *v = *state;

    nvmx_sync_pin(&v->sync, nvmx_position(GUEST_RFLAGS));
    nvmx_sync_start(&v->sync, &v->table);
    assert_true(is_eager(v, GUEST_RFLAGS));
}

/* ---- L1 writes. ---- */

static void written_isDirty(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set written = set_of(TSC_OFFSET);

    run_l2(v, false);
    nvmx_sync_written(&v->sync, nvmx_position(TSC_OFFSET));
    assert_same(&v->sync.dirty, &written);
}

static void written_isStaleNoMore(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set others = v->table.hardware;

    run_l2(v, false);
    nvmx_set_remove(&others, nvmx_position(GUEST_RFLAGS));
    nvmx_sync_written(&v->sync, nvmx_position(GUEST_RFLAGS));
    assert_same(&v->sync.stale, &others);
}

/* L1 may write what is no field; it has a position all the same. */
static void writtenUnknownField_isNotPlanned(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_plan_entry plan;
    unsigned int p;

    enter(v);
    for (p = 0; p < NVMX_POSITIONS; p++)
        if (!nvmx_set_has(&v->table.known, p))
            nvmx_sync_written(&v->sync, p);
    nvmx_plan_entry(&v->sync, &v->table, &plan);
    assert_empty(&plan.copy);
    assert_int_equal(plan.inputs, 0);
}

/* ---- Virtual entries. ---- */

static void firstEntry_copiesAndComputesAll(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_plan_entry plan;

    nvmx_plan_entry(&v->sync, &v->table, &plan);
    assert_same(&plan.copy, &v->table.copy);
    assert_int_equal(plan.inputs, NVMX_INPUT_ALL);
}

static void entryWithoutWrites_doesNothing(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_plan_entry plan;

    run_l2(v, true);
    memset(&plan, 0xff, sizeof(plan));
    nvmx_plan_entry(&v->sync, &v->table, &plan);
    assert_empty(&plan.copy);
    assert_int_equal(plan.inputs, 0);
}

static void oneWrite_plansThatFieldOnly(void **state)
{
    struct vcpu *v = *state;
    unsigned int i;

    for (i = 0; i < nvmx_nr_fields; i++) {
        const struct nvmx_field *f = &nvmx_fields[i];
        struct nvmx_set copy = { { 0 } };
        struct nvmx_plan_entry plan;

        if (f->entry == NVMX_ENTRY_COPY)
            copy = set_of(f->encoding);
        run_l2(v, false);
        nvmx_sync_written(&v->sync, nvmx_position(f->encoding));
        nvmx_plan_entry(&v->sync, &v->table, &plan);
        assert_same(&plan.copy, &copy);
        assert_int_equal(plan.inputs, f->inputs);
    }
}

static void twoWrites_planBoth(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set copy = set_of_two(GUEST_ES_BASE, GUEST_PAT);
    struct nvmx_plan_entry plan;

    run_l2(v, false);
    nvmx_sync_written(&v->sync, nvmx_position(GUEST_ES_BASE));
    nvmx_sync_written(&v->sync, nvmx_position(GUEST_PAT));
    nvmx_sync_written(&v->sync, nvmx_position(EPT_POINTER));
    nvmx_sync_written(&v->sync, nvmx_position(GUEST_RIP));
    nvmx_plan_entry(&v->sync, &v->table, &plan);
    assert_same(&plan.copy, &copy);
    assert_int_equal(plan.inputs, NVMX_INPUT_ENTRY | NVMX_INPUT_EPT);
}

/* vmcs02 has the newer value. */
static void entry_doesNotCopyWhatIsStale(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set both;
    struct nvmx_plan_entry plan;
    unsigned int i;

    run_l2(v, true);
    nvmx_sync_written(&v->sync, nvmx_position(GUEST_DR7));
    nvmx_plan_entry(&v->sync, &v->table, &plan);
    for (i = 0; i < NVMX_SET_WORDS; i++)
        both.word[i] = plan.copy.word[i] & v->sync.stale.word[i];
    assert_empty(&both);
}

static void entered_nothingIsDirty(void **state)
{
    struct vcpu *v = *state;

    nvmx_sync_written(&v->sync, nvmx_position(GUEST_RIP));
    nvmx_sync_entered(&v->sync);
    assert_empty(&v->sync.dirty);
}

/* ---- Virtual exits. ---- */

static void left_whatTheProcessorChangesIsStale(void **state)
{
    struct vcpu *v = *state;

    run_l2(v, false);
    assert_same(&v->sync.stale, &v->table.hardware);
}

static void left_cr3IsStaleWhereL1DoesNotInterceptIt(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set stale = v->table.hardware;

    nvmx_set_add(&stale, nvmx_position(GUEST_CR3));
    run_l2(v, true);
    assert_same(&v->sync.stale, &stale);
}

static void left_whatWasFetchedIsStaleAgain(void **state)
{
    struct vcpu *v = *state;

    run_l2(v, false);
    fetch(v, &v->table.known);
    run_l2(v, false);
    assert_same(&v->sync.stale, &v->table.hardware);
}

/* L1 never got the value that L2 had left, and L2 cannot change it any more. */
static void left_cr3StaysStale_whenL1HasComeToInterceptIt(void **state)
{
    struct vcpu *v = *state;

    run_l2(v, true);
    nvmx_sync_written(&v->sync, nvmx_position(CPU_BASED_VM_EXEC_CONTROL));
    run_l2(v, false);
    assert_true(is_stale(v, GUEST_CR3));
}

static void left_cr3ThatL1HasWrittenIsNotStale_whereL1InterceptsIt(void **state)
{
    struct vcpu *v = *state;

    run_l2(v, true);
    nvmx_sync_written(&v->sync, nvmx_position(GUEST_CR3));
    run_l2(v, false);
    assert_false(is_stale(v, GUEST_CR3));
}

static void left_whatXenStoresIsNotStale(void **state)
{
    struct vcpu *v = *state;
    unsigned int i;

    run_l2(v, true);
    for (i = 0; i < nvmx_nr_fields; i++)
        if (nvmx_fields[i].exit == NVMX_EXIT_XEN || nvmx_fields[i].exit == NVMX_EXIT_NOTHING)
            assert_false(is_stale(v, nvmx_fields[i].encoding));
}

/* ---- Fetching. ---- */

static void fetchPlan_isWhatIsWantedAndStale(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set wanted = set_of_two(GUEST_RFLAGS, EPT_POINTER), stale = set_of(GUEST_RFLAGS);
    struct nvmx_set plan;

    run_l2(v, false);
    assert_int_equal(nvmx_plan_fetch(&v->sync, &wanted, &plan), 1);
    assert_same(&plan, &stale);
}

static void fetchPlan_ofNothingStale_isEmpty(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set plan;

    assert_int_equal(nvmx_plan_fetch(&v->sync, &v->table.known, &plan), 0);
    assert_empty(&plan);
}

static void completePlan_isAllThatIsStale(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set plan;

    run_l2(v, true);
    assert_true(nvmx_plan_complete(&v->sync, &plan));
    assert_int_equal(nvmx_set_size(&plan), nvmx_set_size(&v->table.hardware) + 1);
    assert_same(&plan, &v->sync.stale);
}

/* What L1 reads changes; what translated code reads is not told. */
static void eagerFields_areFoundAnew_butForPinnedOnes(void **state)
{
    unsigned int read = nvmx_position(0x6820), pinned = nvmx_position(0x681a), i;
    struct vcpu *v = *state;

    nvmx_sync_pin(&v->sync, pinned);
    for (i = 0; i < NVMX_EAGER_AFTER; i++) {
        run_l2(v, false);
        nvmx_sync_asked(&v->sync, read);
    }
    assert_true(nvmx_set_has(&v->sync.eager, read));
    for (i = NVMX_EAGER_AFTER; i < NVMX_EAGER_EXITS - 1; i++)
        run_l2(v, false);
    assert_true(nvmx_set_has(&v->sync.eager, read));
    assert_false(nvmx_set_has(&v->sync.stale, read));
    run_l2(v, false);
    assert_false(nvmx_set_has(&v->sync.eager, read));
    assert_true(nvmx_set_has(&v->sync.stale, read));
    assert_true(nvmx_set_has(&v->sync.eager, pinned));
}

/* CR3 is not the processor's to change at each exit: fetched by itself. */
static void eagerFields_areNotStale_butForCr3(void **state)
{
    unsigned int eager = nvmx_position(0x6820), cr3 = nvmx_position(0x6802);
    struct vcpu *v = *state;

    nvmx_sync_pin(&v->sync, eager);
    nvmx_sync_pin(&v->sync, cr3);
    run_l2(v, true);
    assert_false(nvmx_set_has(&v->sync.stale, eager));
    assert_true(nvmx_set_has(&v->sync.stale, cr3));
    assert_int_equal(nvmx_set_size(&v->sync.stale), nvmx_set_size(&v->table.hardware));
}

static void completed_nothingIsStale(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set plan;

    run_l2(v, true);
    nvmx_plan_complete(&v->sync, &plan);
    nvmx_sync_fetched(&v->sync, &plan);
    assert_empty(&v->sync.stale);
    assert_int_equal(nvmx_plan_complete(&v->sync, &plan), 0);
    assert_empty(&plan);
}

static void fetched_isStaleNoMore_othersAre(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set wanted = set_of(GUEST_RFLAGS), others = v->table.hardware;

    run_l2(v, false);
    nvmx_set_remove(&others, nvmx_position(GUEST_RFLAGS));
    fetch(v, &wanted);
    assert_same(&v->sync.stale, &others);
}

static void fetched_isNotDirty(void **state)
{
    struct vcpu *v = *state;

    run_l2(v, true);
    fetch(v, &v->table.known);
    assert_empty(&v->sync.dirty);
}

/* ---- What L1 reads becomes eager. ---- */

static bool read_once(struct vcpu *v, uint32_t encoding)
{
    struct nvmx_set wanted = set_of(encoding);
    bool stale = nvmx_sync_asked(&v->sync, nvmx_position(encoding));

    if (stale)
        fetch(v, &wanted);
    return stale;
}

static void asked_isTrueWhileStale(void **state)
{
    struct vcpu *v = *state;

    run_l2(v, false);
    assert_true(read_once(v, VM_EXIT_REASON));
    assert_false(read_once(v, VM_EXIT_REASON));
    assert_false(read_once(v, EPT_POINTER));
}

static void eager_afterSoManyReadsWhileStale(void **state)
{
    struct vcpu *v = *state;
    unsigned int i;

    for (i = 1; i <= NVMX_EAGER_AFTER; i++) {
        assert_false(is_eager(v, VM_EXIT_REASON));
        run_l2(v, false);
        read_once(v, VM_EXIT_REASON);
    }
    assert_true(is_eager(v, VM_EXIT_REASON));
    assert_int_equal(nvmx_set_size(&v->sync.eager), 1);
}

static void readsThatFindItThere_doNotCount(void **state)
{
    struct vcpu *v = *state;
    unsigned int i;

    run_l2(v, false);
    for (i = 0; i < 3 * NVMX_EAGER_AFTER; i++) {
        read_once(v, VM_EXIT_REASON);
        read_once(v, EPT_POINTER);
    }
    assert_empty(&v->sync.eager);
}

static void reads_areCountedByField(void **state)
{
    struct vcpu *v = *state;
    unsigned int i;

    for (i = 0; i < NVMX_EAGER_AFTER - 1; i++) {
        run_l2(v, true);
        read_once(v, VM_EXIT_REASON);
        read_once(v, EXIT_QUALIFICATION);
        read_once(v, GUEST_CR3);
    }
    assert_empty(&v->sync.eager);
}

/* The counter has 8 bits. */
static void eagerField_isAskedForNoMore(void **state)
{
    struct vcpu *v = *state;
    unsigned int i;

    for (i = 0; i < 1000; i++) {
        run_l2(v, false);
        fetch(v, &v->sync.eager);
        read_once(v, VM_EXIT_REASON);
    }
    assert_true(is_eager(v, VM_EXIT_REASON));
    assert_int_equal(v->sync.asked[nvmx_position(VM_EXIT_REASON)], NVMX_EAGER_AFTER);
}

static void eager_neverCeasesToBe(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set plan;

    nvmx_sync_pin(&v->sync, nvmx_position(GUEST_RFLAGS));
    run_l2(v, true);
    nvmx_plan_complete(&v->sync, &plan);
    nvmx_sync_fetched(&v->sync, &plan);
    nvmx_sync_written(&v->sync, nvmx_position(GUEST_RFLAGS));
    nvmx_sync_start(&v->sync, &v->table);
    assert_true(is_eager(v, GUEST_RFLAGS));
}

static void pinned_isEagerAtOnce(void **state)
{
    struct vcpu *v = *state;
    struct nvmx_set pinned = set_of(GUEST_RFLAGS);

    nvmx_sync_pin(&v->sync, nvmx_position(GUEST_RFLAGS));
    assert_same(&v->sync.eager, &pinned);
}

static void pinned_maybeStaleStill(void **state)
{
    struct vcpu *v = *state;

    run_l2(v, false);
    nvmx_sync_pin(&v->sync, nvmx_position(GUEST_RFLAGS));
    assert_true(is_stale(v, GUEST_RFLAGS));
}

/* ---- Whatever comes. ---- */

static void some_event(struct vcpu *v, struct random *r)
{
    uint32_t encoding = nvmx_fields[random_below(r, nvmx_nr_fields)].encoding;
    struct nvmx_set plan;

    switch (random_below(r, 8)) {
    case 0:
        run_l2(v, one_in(r, 2));
        fetch(v, &v->sync.eager);
        break;
    case 1:
        nvmx_plan_complete(&v->sync, &plan);
        nvmx_sync_fetched(&v->sync, &plan);
        if (one_in(r, 2))
            nvmx_sync_start(&v->sync, &v->table);
        break;
    case 2: case 3: case 4:
        read_once(v, encoding);
        break;
    default:
        nvmx_sync_written(&v->sync, nvmx_position(encoding));
        break;
    }
}

static void never_bothDirtyAndStale(void **state)
{
    struct vcpu *v = *state;
    struct random r = { 1 };
    unsigned int n, i;

    for (n = 0; n < 100000; n++) {
        some_event(v, &r);
        for (i = 0; i < NVMX_SET_WORDS; i++)
            assert_int_equal(v->sync.dirty.word[i] & v->sync.stale.word[i], 0);
    }
    /* A translated VMWRITE of an eager field makes it DIRTY and does not look. */
    for (i = 0; i < NVMX_SET_WORDS; i++)
        assert_int_equal(v->sync.eager.word[i] & v->sync.stale.word[i], 0);
}

static void written_isDirtyWhateverItWas(void **state)
{
    struct vcpu *v = *state;
    struct random r = { 2 };
    unsigned int n;

    for (n = 0; n < 10000; n++) {
        uint32_t encoding = nvmx_fields[random_below(&r, nvmx_nr_fields)].encoding;

        some_event(v, &r);
        nvmx_sync_written(&v->sync, nvmx_position(encoding));
        assert_true(is_dirty(v, encoding));
        assert_false(is_stale(v, encoding));
    }
}

#define LAW(name) cmocka_unit_test_setup_teardown(name, start, end)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(start_allIsDirty),
        LAW(start_nothingIsStale),
        LAW(start_whatIsEagerStaysSo),
        LAW(written_isDirty),
        LAW(written_isStaleNoMore),
        LAW(writtenUnknownField_isNotPlanned),
        LAW(firstEntry_copiesAndComputesAll),
        LAW(entryWithoutWrites_doesNothing),
        LAW(oneWrite_plansThatFieldOnly),
        LAW(twoWrites_planBoth),
        LAW(entry_doesNotCopyWhatIsStale),
        LAW(entered_nothingIsDirty),
        LAW(left_whatTheProcessorChangesIsStale),
        LAW(left_cr3IsStaleWhereL1DoesNotInterceptIt),
        LAW(left_whatWasFetchedIsStaleAgain),
        LAW(left_cr3StaysStale_whenL1HasComeToInterceptIt),
        LAW(left_cr3ThatL1HasWrittenIsNotStale_whereL1InterceptsIt),
        LAW(left_whatXenStoresIsNotStale),
        LAW(fetchPlan_isWhatIsWantedAndStale),
        LAW(fetchPlan_ofNothingStale_isEmpty),
        LAW(completePlan_isAllThatIsStale),
        LAW(eagerFields_areNotStale_butForCr3),
        LAW(eagerFields_areFoundAnew_butForPinnedOnes),
        LAW(completed_nothingIsStale),
        LAW(fetched_isStaleNoMore_othersAre),
        LAW(fetched_isNotDirty),
        LAW(asked_isTrueWhileStale),
        LAW(eager_afterSoManyReadsWhileStale),
        LAW(readsThatFindItThere_doNotCount),
        LAW(reads_areCountedByField),
        LAW(eagerField_isAskedForNoMore),
        LAW(eager_neverCeasesToBe),
        LAW(pinned_isEagerAtOnce),
        LAW(pinned_maybeStaleStill),
        LAW(never_bothDirtyAndStale),
        LAW(written_isDirtyWhateverItWas),
    };

    return unit_report("sync", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("sync", tests, NULL, NULL));
}
