/* SPDX-License-Identifier: GPL-2.0-only */
#include "region_guest.h"
#include "cost.h"
#include "store.h"

static int start(void **state, enum cluster_mode mode)
{
    struct guest *g = guest_start();

    g->mode = mode;
    *state = g;
    return 0;
}

int region_start_interp(void **state)
{
    return start(state, CLUSTER_MODE_INTERP);
}

int region_start_on(void **state)
{
    return start(state, CLUSTER_MODE_ON);
}

int region_end(void **state)
{
    guest_end(*state);
    return 0;
}

bool region_exit(struct guest *g)
{
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
    g->regs.rflags = 2;
    g->regs.sti_shadow = false;
    return guest_exit_at(g, GUEST_CODE);
}

void region_record(struct guest *g, struct code code)
{
    guest_put_code(g, GUEST_CODE, code);
    assert_false(region_exit(g));
    assert_int_equal(g->out.stop, CLUSTER_STOP_COUNTING);
    assert_false(region_exit(g));
    assert_true(region_exit(g));
    assert_non_null(g->out.recorded);
    assert_false(g->out.cached);
}

void region_grow(struct guest *g)
{
    unsigned int i;

    for (i = 0; i < CLUSTER_GROW_EXITS; i++)
        assert_true(region_exit(g));
    assert_non_null(g->out.recorded);
}

void region_expect(struct guest *g, unsigned int insns, unsigned int exiting,
                   enum cluster_stop stop)
{
    assert_int_equal(g->out.stop, stop);
    assert_int_equal(g->out.insns, insns);
    assert_int_equal(g->out.exiting, exiting);
}

const struct cluster_region *region_of(struct guest *g, uint64_t rip)
{
    return cluster_store_find(g->vcpu, rip, cluster_variant(GUEST_RSP, 0));
}
