/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_emulate.c - what the pretended L0 of the tests does for an instruction
 * that the engine hands to it: something simple that can be told afterwards.
 */
#include "guest.h"
#include "alu.h"

#include <stdio.h>
#include <stdlib.h>

uint32_t guest_cpuid(uint32_t leaf, uint32_t subleaf, enum cluster_gpr reg)
{
    return 0x9e3779b9u * (leaf + 1) + 0x85ebca6bu * (subleaf + 1) + 0x01010101u * reg;
}

static void cpuid(struct cluster_regs *regs)
{
    uint32_t leaf = regs->gpr[CLUSTER_RAX], subleaf = regs->gpr[CLUSTER_RCX];
    unsigned int i;

    for (i = CLUSTER_RAX; i <= CLUSTER_RBX; i++)
        regs->gpr[i] = guest_cpuid(leaf, subleaf, i);
}

/* To EDX:EAX. */
static void put_pair(struct cluster_regs *regs, uint64_t value)
{
    regs->gpr[CLUSTER_RAX] = (uint32_t)value;
    regs->gpr[CLUSTER_RDX] = value >> 32;
}

static uint64_t get_pair(const struct cluster_regs *regs)
{
    return (uint32_t)regs->gpr[CLUSTER_RAX] | regs->gpr[CLUSTER_RDX] << 32;
}

static void rdtsc(struct guest *g, struct cluster_regs *regs)
{
    g->tsc += 1000;
    put_pair(regs, g->tsc);
}

/* VMPTRLD, INVEPT and INVVPID end as the vmwrites do. */
static bool vmx(struct guest *g, struct cluster_operands *operands)
{
    operands->vmx = g->vmx_result;
    return g->vmx_result != CLUSTER_VMX_DECLINE;
}

uint64_t guest_device_value(unsigned int read, unsigned int width)
{
    return (0x1122334455667788ull * read) & cluster_width_mask(width);
}

static bool on_device(struct guest *g, const struct cluster_operands *o)
{
    return g->device.linear != 0 && !guest_is_mapped(g, g->device.linear) &&
           o->address - g->device.linear <= GUEST_PAGE - o->width;
}

static bool access_device(struct guest *g, struct cluster_operands *o)
{
    struct guest_device *device = &g->device;

    if (!on_device(g, o))
        return false;
    if (!o->write) {
        o->result = guest_device_value(++device->reads, o->width);
        return true;
    }
    device->writes++;
    device->written_at = o->address;
    device->written = o->reg;
    device->written_width = o->width;
    if (device->raises_event)
        g->event_at = 1;
    return true;
}

/* Returns false when nothing was done. */
static bool emulate(struct guest *g, enum cluster_op op, struct cluster_regs *regs,
                    struct cluster_operands *operands)
{
    switch (op) {
    case CLUSTER_OP_RDTSC:
        rdtsc(g, regs);
        break;
    case CLUSTER_OP_RDTSCP:
        rdtsc(g, regs);
        regs->gpr[CLUSTER_RCX] = 3;
        break;
    case CLUSTER_OP_VERW:       /* as if all segments could be written */
        operands->result = (operands->memory[0] & ~3u) != 0;
        break;
    case CLUSTER_OP_RDMSR:
        put_pair(regs, g->msr);
        break;
    case CLUSTER_OP_WRMSR:
        g->msr = get_pair(regs);
        break;
    case CLUSTER_OP_CPUID:
        cpuid(regs);
        break;
    case CLUSTER_OP_WEAK_MOV:
        return access_device(g, operands);
    case CLUSTER_OP_VMPTRLD:
    case CLUSTER_OP_INVEPT:
    case CLUSTER_OP_INVVPID:
        return vmx(g, operands);
    default:
        fprintf(stderr, "emulate() asked for operation %d\n", op);
        abort();
    }
    return true;
}

enum cluster_emulated guest_emulate(void *ctx, enum cluster_op op, struct cluster_regs *regs,
                                    struct cluster_operands *operands)
{
    struct guest *g = ctx;

    if (++g->emulate_count == g->emulate_decline_at)
        return CLUSTER_EMULATE_DECLINE;
    g->emulated_op = op;
    g->operands = *operands;
    if (!emulate(g, op, regs, operands))
        return CLUSTER_EMULATE_DECLINE;
    return g->emulate_count == g->emulate_stop_at ? CLUSTER_EMULATED_STOP : CLUSTER_EMULATED;
}
