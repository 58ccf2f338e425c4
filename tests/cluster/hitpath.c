/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hitpath.c - what a found cluster costs: two exiting instructions and three
 * gap fillers, one of them a store, executed many times.  "make hitpath" counts
 * its instructions with callgrind; fast functions stand in for the world.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cluster.h"
#include "guest.h"

enum { RUNS = 10000 };

/* As short as they can be: they are not what is measured. */
static void *op_translate(void *ctx, uint64_t page, enum cluster_access access)
{
    struct guest *g = ctx;

    (void)access;
    return g->memory + (page == GUEST_CODE ? 0 : GUEST_PAGE);
}

static void op_release(void *ctx)
{
    (void)ctx;
}

static uint64_t op_segment_base(void *ctx, enum cluster_segment seg)
{
    (void)ctx, (void)seg;
    return 0;
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

static bool op_event_pending(void *ctx, uint64_t rflags)
{
    (void)ctx, (void)rflags;
    return false;
}

static const struct cluster_ops ops = {
    op_translate, op_release, op_segment_base, op_vmread, op_vmwrite, op_event_pending,
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
        if (!cluster_run(g->vcpu, &ops, g, &g->regs, &g->out) || g->out.insns != 5)
            abort();
    }
    printf("%d runs\n", RUNS);
    guest_end(g);
    return 0;
}
