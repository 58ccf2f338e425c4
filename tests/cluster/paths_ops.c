/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * paths_ops.c - L0's answers in the world of a recorded path: those that it gave then, in
 * the same order, and an error where it is asked otherwise.
 */
#include "alu.h"
#include "adjoin.h"
#include "paths_world.h"

#include <inttypes.h>

static const volatile uint32_t no_poke;

/* What the first MOV from CR2 gave, unless L1 writes it before. */
static uint64_t first_cr2(const struct path_world *w)
{
    unsigned int i;

    for (i = w->first; i < w->end; i++) {
        const struct cluster_insn *insn = &w->code->insn[i];

        if (insn->op == CLUSTER_OP_WRITE_CR2)
            break;
        if (insn->op == CLUSTER_OP_READ_CR2)
            return w->code->path->insn[i + 1].before.regs.gpr[insn->dst.reg];
    }
    return 0;
}

static bool op_begin(void *ctx, struct cluster_world *world,
                     struct cluster_deps *deps)
{
    struct path_world *w = ctx;
    const struct path_state *state = &w->code->path->insn[w->first].before;

    (void)deps;
    w->cr2 = first_cr2(w);
    *world = (struct cluster_world){
        .epoch = w->epoch,
        .fs_base = state->fs_base,
        .gs_base = state->gs_base,
        .vmcs = w->plain_fields ? (uint8_t *)w->vmcs : NULL,
        .poke = &no_poke,
        .cr2 = &w->cr2,
    };
    return true;
}

static void op_end(void *ctx)
{
    (void)ctx;
}

static void *op_translate(void *ctx, uint64_t linear, enum cluster_access access)
{
    struct path_page *page = path_world_page(ctx, linear);

    if (!page || (access == CLUSTER_FETCH && !page->executable) ||
        ((access == CLUSTER_WRITE || access == CLUSTER_PROBE_WRITE) && !page->writable))
        return NULL;
    return page->host;
}

/* A function of its own: what an op_...() calls is no op_...() (paths-cost.sh). */
static bool plain_field(const struct path_world *w, uint64_t field, struct cluster_field *where)
{
    unsigned int i;

    for (i = 0; i < w->nr_fields; i++) {
        if (w->field[i].field == field && w->field[i].plain && w->plain_fields) {
            *where = (struct cluster_field){
                .offset = i * sizeof(w->vmcs[0]), .width = sizeof(w->vmcs[0]),
            };
            return true;
        }
    }
    return false;
}

static bool op_vmcs_field(void *ctx, uint64_t field, struct cluster_field *where)
{
    return plain_field(ctx, field, where);
}

/* The next instruction that L0 was asked about, which has to be an @op; or world->end. */
static unsigned int answer_to(struct path_world *w, unsigned int op)
{
    const struct cluster_insn *insn;
    struct cluster_field where;

    for (; w->next < w->end; w->next++) {
        insn = &w->code->insn[w->next];
        if (!path_asks(w->code, w->next))
            continue;
        if (insn->op == op)
            return w->next++;
        if (insn->op != CLUSTER_OP_VMREAD ||
            !plain_field(w, path_field_number(w->code, w->next), &where))
            break;
    }
    path_world_fail(w, "L0 is asked for op %u, L1 has asked otherwise", op);
    return w->end;
}

static enum cluster_vmx op_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    struct path_world *w = ctx;
    unsigned int i = answer_to(w, CLUSTER_OP_VMREAD);
    struct cluster_field where;
    uint64_t expected;

    /* Plain loads are not seen here: the answer may be to a later one. */
    while (i != w->end && path_field_number(w->code, i) != field &&
           plain_field(w, path_field_number(w->code, i), &where))
        i = answer_to(w, CLUSTER_OP_VMREAD);
    if (i == w->end)
        return CLUSTER_VMX_DECLINE;
    expected = path_field_number(w->code, i);
    if (expected != field)
        path_world_fail(w, "VMREAD of 0x%" PRIx64 ", not 0x%" PRIx64, field, expected);
    *value = path_value(w->code, i);
    path_world_patch(w, i, false);
    return path_vmx_result(w->code, i);
}

static enum cluster_vmx op_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    struct path_world *w = ctx;
    unsigned int i = answer_to(w, CLUSTER_OP_VMWRITE);

    if (i == w->end)
        return CLUSTER_VMX_DECLINE;
    if (path_field_number(w->code, i) != field)
        path_world_fail(w, "VMWRITE to 0x%" PRIx64 ", not 0x%" PRIx64, field,
                        path_field_number(w->code, i));
    else if (path_value(w->code, i) != value)
        path_world_fail(w, "VMWRITE of 0x%" PRIx64 ", not 0x%" PRIx64, value,
                        path_value(w->code, i));
    else if (path_vmx_result(w->code, i) == CLUSTER_VMX_SUCCEED)
        w->vmcs[path_world_field(w, field) - w->field] = value;
    path_world_patch(w, i, false);
    return path_vmx_result(w->code, i);
}

/* A bit for each implicit register that @op reads, or (@results) writes. */
static unsigned int implicit(unsigned int op, bool results)
{
    enum {
        A = 1 << CLUSTER_RAX, B = 1 << CLUSTER_RBX, C = 1 << CLUSTER_RCX, D = 1 << CLUSTER_RDX,
    };

    switch (op) {
    case CLUSTER_OP_RDMSR:  return results ? A | D : C;
    case CLUSTER_OP_WRMSR:  return results ? 0 : A | C | D;
    case CLUSTER_OP_CPUID:  return results ? A | B | C | D : A | C;
    case CLUSTER_OP_RDTSC:  return results ? A | D : 0;
    case CLUSTER_OP_RDTSCP: return results ? A | C | D : 0;
    default:                return 0;
    }
}

/* The selector of VERW @i: its operand is read first, the descriptor later. */
static uint16_t selector_of(const struct path_code *code, unsigned int i)
{
    const struct cluster_operand *src = &code->insn[i].src;
    const struct path_insn *insn = &code->path->insn[i];
    uint16_t selector = insn->before.regs.gpr[src->reg % CLUSTER_NR_GPRS];

    if (src->kind == CLUSTER_OPERAND_MEM && insn->nr_accesses != 0)
        memcpy(&selector, code->path->access[insn->first_access].byte, sizeof(selector));
    return selector;
}

static void check_operands(struct path_world *w, unsigned int i, unsigned int op,
                           const struct cluster_regs *regs, const struct cluster_operands *operands)
{
    const struct cluster_regs *before = &w->code->path->insn[i].before.regs;
    const struct cluster_insn *insn = &w->code->insn[i];
    unsigned int r;

    for (r = 0; r < CLUSTER_NR_GPRS; r++)
        if (implicit(op, false) >> r & 1 && (uint32_t)regs->gpr[r] != (uint32_t)before->gpr[r])
            path_world_fail(w, "register %u of emulated op %u is 0x%" PRIx64 ", not 0x%" PRIx64,
                            r, op, regs->gpr[r], before->gpr[r]);
    if (op == CLUSTER_OP_VMPTRLD &&
        operands->memory[0] != path_operand(w->code, i, &insn->src, 'p'))
        path_world_fail(w, "VMPTRLD of 0x%" PRIx64, operands->memory[0]);
    if ((op == CLUSTER_OP_INVEPT || op == CLUSTER_OP_INVVPID) &&
        operands->reg != before->gpr[insn->dst.reg])
        path_world_fail(w, "type of INVEPT or INVVPID is 0x%" PRIx64, operands->reg);
    if (op == CLUSTER_OP_VERW && (uint16_t)operands->memory[0] != selector_of(w->code, i))
        path_world_fail(w, "VERW of 0x%" PRIx64, operands->memory[0]);
}

static enum cluster_emulated op_emulate(void *ctx, enum cluster_op op, struct cluster_regs *regs,
                                        struct cluster_operands *operands)
{
    struct path_world *w = ctx;
    unsigned int i = answer_to(w, op);
    const struct cluster_regs *after;
    unsigned int r;

    if (i == w->end)
        return CLUSTER_EMULATE_DECLINE;
    check_operands(w, i, op, regs, operands);
    after = &w->code->path->insn[i + 1].before.regs;
    for (r = 0; r < CLUSTER_NR_GPRS; r++)
        if (implicit(op, true) >> r & 1)
            regs->gpr[r] = after->gpr[r];
    if (op == CLUSTER_OP_VERW)
        operands->result = (after->rflags & FLAG_ZF) != 0;
    operands->vmx = path_vmx_result(w->code, i);
    path_world_patch(w, i, false);
    return CLUSTER_EMULATED;
}

static bool op_event_pending(void *ctx, uint64_t rflags)
{
    (void)ctx, (void)rflags;
    return false;
}

const struct cluster_ops path_world_ops = {
    .begin = op_begin,
    .end = op_end,
    .translate = op_translate,
    .vmread = op_vmread,
    .vmwrite = op_vmwrite,
    .vmcs_field = op_vmcs_field,
    .emulate = op_emulate,
    .event_pending = op_event_pending, .adjoin = adjoin_nowhere,
};
