/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hitpath.c - what a found cluster costs: two exiting instructions and three
 * gap fillers, one of them a store, executed many times.  "make hitpath" counts
 * its instructions with callgrind; fast functions stand in for the world.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cluster.h"
#include "adjoin.h"
#include "guest.h"

enum { RUNS = 10000 };

/* As short as they can be: they are not what is measured. */
static void *op_translate(void *ctx, uint64_t page, enum cluster_access access)
{
    struct guest *g = ctx;

    (void)access;
    return g->memory + (page == GUEST_CODE ? 0 : GUEST_PAGE);
}

static bool op_begin(void *ctx, struct cluster_world *world,
                     struct cluster_deps *deps)
{
    static const uint32_t no_poke;

    (void)deps;
    (void)ctx;
    memset(world, 0, sizeof(*world));
    world->epoch = 1;
    world->poke = &no_poke;
    return true;
}

static void op_end(void *ctx)
{
    (void)ctx;
}

static enum cluster_vmx op_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    (void)ctx;
    *value = field;
    return CLUSTER_VMX_SUCCEED;
}

static enum cluster_vmx op_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    (void)ctx, (void)field, (void)value;
    return CLUSTER_VMX_SUCCEED;
}

static bool op_vmcs_field(void *ctx, uint64_t field, struct cluster_field *where)
{
    (void)ctx, (void)field, (void)where;
    return false;
}

static enum cluster_emulated op_emulate(void *ctx, enum cluster_op op, struct cluster_regs *regs,
                                        struct cluster_operands *operands)
{
    (void)ctx, (void)op, (void)regs, (void)operands;
    return CLUSTER_EMULATE_DECLINE;
}

static bool op_event_pending(void *ctx, uint64_t rflags)
{
    (void)ctx, (void)rflags;
    return false;
}

static const struct cluster_ops ops = {
    .begin = op_begin, .end = op_end, .translate = op_translate, .vmread = op_vmread,
    .vmwrite = op_vmwrite, .vmcs_field = op_vmcs_field, .emulate = op_emulate,
    .event_pending = op_event_pending, .adjoin = adjoin_nowhere,
};

int main(void)
{
    struct guest *g = guest_start();
    unsigned int i;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; mov [rbx+0x10], rax; mov edx, 0x4404;"
                                       "lea rcx, [rax+8]; vmread rax, rdx"));
    g->regs.gpr[CLUSTER_RBX] = GUEST_DATA;
    for (i = 0; i < RUNS; i++) {
        g->regs.rip = GUEST_CODE;
        if (!cluster_run(g->vcpu, CLUSTER_MODE_STATIC, &ops, g, &g->regs, 0, &g->out) || g->out.insns != 5)
            abort();
    }
    printf("%d runs\n", RUNS);
    guest_end(g);
    return 0;
}
