/* SPDX-License-Identifier: GPL-2.0-only */
#include "verified.h"
#include "adjoin.h"
#include "decode.h"
#include "interp.h"

#include <stdio.h>
#include <stdlib.h>

static struct guest *guest_of(void *ctx)
{
    return ((struct verified *)ctx)->guest;
}

static bool op_begin(void *ctx, struct cluster_world *world,
                     struct cluster_deps *deps)
{
    struct verified *l1 = ctx;

    (void)deps;
    if (!guest_ops.begin(l1->guest, world, NULL))
        return false;
    world->vmcs = l1->inlined ? (uint8_t *)l1->field : NULL;
    return true;
}

static void op_end(void *ctx)
{
    guest_ops.end(guest_of(ctx));
}

static void *op_translate(void *ctx, uint64_t page, enum cluster_access access)
{
    return guest_ops.translate(guest_of(ctx), page, access);
}

static bool is_field(uint64_t field)
{
    return field < 2 * VERIFIED_FIELDS && !(field & 1);
}

static enum cluster_vmx op_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    struct verified *l1 = ctx;

    if (!is_field(field))
        return CLUSTER_VMX_FAIL_VALID;
    *value = l1->field[field / 2];
    return CLUSTER_VMX_SUCCEED;
}

static enum cluster_vmx op_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    struct verified *l1 = ctx;

    if (!is_field(field))
        return CLUSTER_VMX_FAIL_VALID;
    l1->field[field / 2] = value;
    return CLUSTER_VMX_SUCCEED;
}

static bool op_vmcs_field(void *ctx, uint64_t field, struct cluster_field *where)
{
    (void)ctx;
    *where = (struct cluster_field){ .offset = field / 2 * 8, .width = 8, .store = true };
    return is_field(field);
}

static enum cluster_emulated op_emulate(void *ctx, enum cluster_op op, struct cluster_regs *regs,
                                        struct cluster_operands *operands)
{
    return guest_ops.emulate(guest_of(ctx), op, regs, operands);
}

static bool op_event_pending(void *ctx, uint64_t rflags)
{
    return guest_ops.event_pending(guest_of(ctx), rflags);
}

static const struct cluster_ops ops = {
    .begin = op_begin,
    .end = op_end,
    .translate = op_translate,
    .vmread = op_vmread,
    .vmwrite = op_vmwrite,
    .vmcs_field = op_vmcs_field,
    .emulate = op_emulate,
    .event_pending = op_event_pending, .adjoin = adjoin_nowhere,
};

static bool more_vmwrite(void *ctx, uint64_t field, uint64_t *value)
{
    (void)ctx;
    (void)value;
    return is_field(field);
}

static bool more_pure(void *ctx, enum cluster_op op, const struct cluster_regs *regs)
{
    (void)ctx;
    return op == CLUSTER_OP_CPUID ||
           (op == CLUSTER_OP_RDMSR && regs->gpr[CLUSTER_RCX] != VERIFIED_NOISY_MSR);
}

static bool more_exits(void *ctx, enum cluster_op op, const struct cluster_regs *regs,
                       uint64_t field)
{
    const struct verified *l1 = ctx;

    (void)field;
    if (op == CLUSTER_OP_VMREAD || op == CLUSTER_OP_VMWRITE)
        return !l1->shadowed;
    return !((op == CLUSTER_OP_RDMSR || op == CLUSTER_OP_WRMSR) &&
             regs->gpr[CLUSTER_RCX] == VERIFIED_PASSED_MSR);
}

static const struct cluster_predict_ops more = {
    .vmwrite = more_vmwrite,
    .pure = more_pure,
    .exits = more_exits,
    .vmcs_bytes = VERIFIED_FIELDS * 8,
};

static void *allocate(size_t size)
{
    void *memory;

    if (posix_memalign(&memory, GUEST_PAGE, size))
        abort();
    return memset(memory, 0, size);
}

struct verified *verified_start(void)
{
    struct verified *l1 = allocate(sizeof(*l1));
    unsigned int i;

    l1->guest = guest_start();
    l1->prediction = allocate(sizeof(*l1->prediction));
    l1->inlined = true;
    for (i = 0; i < VERIFIED_FIELDS; i++)
        l1->field[i] = guest_field(2 * i);
    for (i = 0; i < l1->guest->nr_pages; i++)
        l1->guest->page[i].accessed = l1->guest->page[i].dirty = true;
    return l1;
}

void verified_end(struct verified *l1)
{
    guest_end(l1->guest);
    free(l1->prediction);
    free(l1);
}

void verified_exits_at(struct verified *l1, struct code code)
{
    guest_put_code(l1->guest, GUEST_CODE, code);
    l1->guest->regs.rip = GUEST_CODE;
}

static bool predict(struct verified *l1, struct cluster_vcpu *vcpu)
{
    return cluster_predict(l1->prediction, vcpu, &ops, &more, l1, &l1->guest->regs, 0, &l1->out,
                           &l1->mismatch);
}

void verified_predict_alone(struct verified *l1)
{
    if (!predict(l1, NULL))
        abort();                /* there is nothing to differ from */
}

bool verified_predict(struct verified *l1)
{
    unsigned int tries = 5;
    bool same;

    do
        same = predict(l1, l1->guest->vcpu);
    while (same && l1->out.insns == 0 && --tries);
    return same;
}

static bool decode(struct verified *l1, struct cluster_insn *insn)
{
    uint64_t rip = l1->guest->regs.rip;
    uint8_t bytes[CLUSTER_MAX_INSN_BYTES];
    unsigned int i;

    for (i = 0; i < sizeof(bytes); i++)
        bytes[i] = *guest_at(l1->guest, rip + i);
    return cluster_decode(insn, bytes, sizeof(bytes), rip) == CLUSTER_DECODE_OK;
}

static bool exits(struct verified *l1, const struct cluster_insn *insn)
{
    return cluster_insn_exits(insn) && more_exits(l1, insn->op, &l1->guest->regs, 0);
}

void verified_go(struct verified *l1)
{
    struct cluster_exec x = { .ops = &ops, .ctx = l1, .regs = &l1->guest->regs };
    struct cluster_insn insn;
    enum cluster_step did;

    if (!op_begin(l1, &x.world, NULL) || !decode(l1, &insn))
        abort();
    cluster_tlb_start(&x.tlb);
    do
        did = cluster_step(&x, &insn);
    while (did != CLUSTER_STEP_STOP && decode(l1, &insn) && !exits(l1, &insn));
    op_end(l1);
}

bool verified_compare(struct verified *l1)
{
    return cluster_predict_compare(l1->prediction, &ops, l1, &l1->guest->regs, &l1->mismatch);
}
