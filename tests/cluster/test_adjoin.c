/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_adjoin.c - L1's stack across two pages that do not lie side by side in L0: where they are
 * adjoined is another place each time, and the last one is not there any more.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "region_guest.h"

#define CALLS CODE("vmread rax, rdx; push rax; push rbx; push rcx; push rdi; pop rsi; pop r8;" \
                   "pop r9; pop r10; vmread rbx, rdx; int3")
enum { CALLS_INSNS = 10 };

/* Two stacks of L1, and where the second page of each begins. */
#define STACK_A  0xffffc90000100000ull
#define STACK_B  0xffffc90000200000ull
#define MIDDLE   (GUEST_PAGE + 16)

enum { PAGES = 8, PLACES = 64 };

/* Memory that can be mapped twice, and where pages of it have been adjoined so far. */
struct memory {
    int fd;
    uint8_t *page;
    uint8_t *place;             /* PLACES times two pages, used one after the other */
    unsigned int used;
    bool none_left;             /* the next one is refused */
};

static void map_at(const struct memory *m, uint8_t *at, const uint8_t *page)
{
    if (mmap(at, GUEST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m->fd,
             page - m->page) == MAP_FAILED)
        abort();
}

static void *reserve(size_t size)
{
    void *at = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (at == MAP_FAILED)
        abort();
    return at;
}

/* The place before faults when it is touched again. */
static uint8_t *adjoin_elsewhere(struct guest *g, uint8_t *const page[2])
{
    struct memory *m = g->adjoin_ctx;
    uint8_t *at = m->place + m->used * 2 * GUEST_PAGE;

    assert_true(m->used < PLACES);
    if (m->used != 0 && mprotect(at - 2 * GUEST_PAGE, 2 * GUEST_PAGE, PROT_NONE) != 0)
        abort();
    m->used++;
    if (m->none_left)
        return NULL;
    map_at(m, at, page[0]);
    map_at(m, at + GUEST_PAGE, page[1]);
    return at;
}

/* Stack A has pages 0 and 2 of the memory, B 5 and 3: neither lies side by side. */
static void map_stacks(struct guest *g)
{
    struct memory *m = g->adjoin_ctx;

    guest_map(g, STACK_A, m->page, "rw");
    guest_map(g, STACK_A + GUEST_PAGE, m->page + 2 * GUEST_PAGE, "rw");
    guest_map(g, STACK_B, m->page + 5 * GUEST_PAGE, "rw");
    guest_map(g, STACK_B + GUEST_PAGE, m->page + 3 * GUEST_PAGE, "rw");
    guest_put_code(g, GUEST_CODE, CALLS);
    guest_put_code(g, GUEST_CODE2, CALLS);
}

static int start(void **state)
{
    struct memory *m = calloc(1, sizeof(*m));
    struct guest *g;

    if (region_start_on(state) != 0 || !m)
        return -1;
    g = *state;
    m->fd = memfd_create("pages of L1", 0);
    if (m->fd < 0 || ftruncate(m->fd, PAGES * GUEST_PAGE) != 0)
        return -1;
    m->page = mmap(NULL, PAGES * GUEST_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
    if (m->page == MAP_FAILED)
        return -1;
    m->place = reserve(PLACES * 2 * GUEST_PAGE);
    g->adjoin = adjoin_elsewhere;
    g->adjoin_ctx = m;
    map_stacks(g);
    return 0;
}

static int end(void **state)
{
    struct memory *m = ((struct guest *)*state)->adjoin_ctx;

    munmap(m->place, PLACES * 2 * GUEST_PAGE);
    munmap(m->page, PAGES * GUEST_PAGE);
    close(m->fd);
    free(m);
    return region_end(state);
}

/* CALLS at @code on @stack, across its middle; what it pushed is there. */
static void run_on(struct guest *g, uint64_t code, uint64_t stack, enum cluster_stop stop)
{
    uint64_t top = stack + MIDDLE, tag = g->regs.gpr[CLUSTER_RDI] += 0x1001;

    g->regs.rflags = 2;
    g->regs.gpr[CLUSTER_RSP] = top;
    g->regs.gpr[CLUSTER_RCX] = ~tag;
    assert_true(guest_exit_at(g, code));
    region_expect(g, CALLS_INSNS, 2, stop);
    assert_int_equal(g->regs.gpr[CLUSTER_RSP], top);
    assert_int_equal(guest_read64(g, top - 8), guest_field(0));
    assert_int_equal(guest_read64(g, top - 24), ~tag);
    assert_int_equal(guest_read64(g, top - 32), tag);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], tag);
    assert_int_equal(g->regs.gpr[CLUSTER_R10], guest_field(0));
}

static void record_at(struct guest *g, uint64_t code, uint64_t stack)
{
    unsigned int i;

    for (i = 0; i < 2; i++) {
        g->regs.gpr[CLUSTER_RSP] = stack + MIDDLE;
        assert_false(guest_exit_at(g, code));
    }
    run_on(g, code, stack, CLUSTER_STOP_UNSUPPORTED);
}

static unsigned int adjoined(struct guest *g)
{
    return ((struct memory *)g->adjoin_ctx)->used;
}

static void sameStack_isAdjoinedOnce(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    record_at(g, GUEST_CODE, STACK_A);
    for (i = 0; i < 5; i++)
        run_on(g, GUEST_CODE, STACK_A, CLUSTER_STOP_COMPLETE);
    assert_int_equal(adjoined(g), 1);
}

/* The first region's place is gone when it comes to its turn again, in the same epoch. */
static void twoStacksByTurns_areAdjoinedEachTime(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    record_at(g, GUEST_CODE, STACK_A);
    record_at(g, GUEST_CODE2, STACK_B);
    for (i = 0; i < 10; i++) {
        run_on(g, GUEST_CODE, STACK_A, CLUSTER_STOP_COMPLETE);
        run_on(g, GUEST_CODE2, STACK_B, CLUSTER_STOP_COMPLETE);
    }
    assert_int_equal(adjoined(g), 20);
}

/* Without a place the interpreter goes from page to page; the other's is gone all the same. */
static void whereNothingCanBeAdjoined_noOldPlaceIsUsed(void **state)
{
    struct guest *g = *state;
    struct memory *m = g->adjoin_ctx;

    record_at(g, GUEST_CODE, STACK_A);
    record_at(g, GUEST_CODE2, STACK_B);
    run_on(g, GUEST_CODE, STACK_A, CLUSTER_STOP_COMPLETE);
    m->none_left = true;
    run_on(g, GUEST_CODE2, STACK_B, CLUSTER_STOP_COMPLETE);
    run_on(g, GUEST_CODE, STACK_A, CLUSTER_STOP_COMPLETE);
    m->none_left = false;
    run_on(g, GUEST_CODE, STACK_A, CLUSTER_STOP_COMPLETE);
    run_on(g, GUEST_CODE2, STACK_B, CLUSTER_STOP_COMPLETE);
}

/* The same region on either: what it knew of the one is not the other. */
static void oneRegionOnBothStacks_knowsWhichItIsOn(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    record_at(g, GUEST_CODE, STACK_A);
    for (i = 0; i < 6; i++) {
        run_on(g, GUEST_CODE, STACK_B, CLUSTER_STOP_COMPLETE);
        run_on(g, GUEST_CODE, STACK_A, CLUSTER_STOP_COMPLETE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sameStack_isAdjoinedOnce, start, end),
        cmocka_unit_test_setup_teardown(twoStacksByTurns_areAdjoinedEachTime, start, end),
        cmocka_unit_test_setup_teardown(whereNothingCanBeAdjoined_noOldPlaceIsUsed, start, end),
        cmocka_unit_test_setup_teardown(oneRegionOnBothStacks_knowsWhichItIsOn, start, end),
    };

    return unit_report("adjoin", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("adjoin", tests, NULL, NULL));
}
