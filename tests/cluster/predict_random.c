/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * predict_random.c - verify mode on random programs (program.h): the engine and
 * the interpreter predict on copies, then L1 steps on its real memory, and each
 * predicted exit is compared.  Code changes in between.
 *
 * usage: predict_random [SEED [COUNT]], COUNT predicted exits.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "alu.h"
#include "guest_arena.h"
#include "predict.h"
#include "program.h"
#include "tlb.h"
#include "unit.h"

enum {
    PER_PROGRAM = 200,          /* executions */
    MAX_STEPS = 3000,           /* of one of them */
    ARENA = 4 * 1024 * 1024,
};

struct tally {
    uint64_t predictions, compared, cached, mismatches;
};

struct world {
    struct l1 *l;
    struct l1_script script;
    struct program program;
    struct random r;
    struct cluster_vcpu *vcpu;
    struct cluster_arena arena;
    struct cluster_prediction *p;
    struct cluster_ops ops;     /* l1_ops, but for fields */
    struct tally tally;
};

/* A plain field succeeds always, another one never: l1_ops' would depend on what came before. */
static enum cluster_vmx op_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    struct l1 *l = ctx;
    struct cluster_field where;

    if (!l1_ops.vmcs_field(l, field, &where))
        return CLUSTER_VMX_FAIL_VALID;
    *value = cluster_load((uint8_t *)l->state.vmcs + where.offset, where.width);
    return CLUSTER_VMX_SUCCEED;
}

static enum cluster_vmx op_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    struct l1 *l = ctx;
    struct cluster_field where;

    if (!l1_ops.vmcs_field(l, field, &where))
        return CLUSTER_VMX_FAIL_VALID;
    cluster_store((uint8_t *)l->state.vmcs + where.offset, where.width, value);
    return CLUSTER_VMX_SUCCEED;
}

static bool more_vmwrite(void *ctx, uint64_t field, uint64_t *value)
{
    struct cluster_field where;

    if (!l1_ops.vmcs_field(ctx, field, &where))
        return false;
    *value &= cluster_width_mask(where.width);
    return true;
}

static bool more_pure(void *ctx, enum cluster_op op, const struct cluster_regs *regs)
{
    (void)ctx;
    (void)regs;
    return op == CLUSTER_OP_CPUID;
}

/* As with VMCS shadowing for some fields. */
static bool more_exits(void *ctx, enum cluster_op op, const struct cluster_regs *regs,
                       uint64_t field)
{
    (void)ctx;
    (void)regs;
    return (op != CLUSTER_OP_VMREAD && op != CLUSTER_OP_VMWRITE) || field % 16 != 2;
}

static const struct cluster_predict_ops more = {
    .vmwrite = more_vmwrite,
    .pure = more_pure,
    .exits = more_exits,
    .vmcs_bytes = sizeof(((struct l1_state *)0)->vmcs),
};

static bool exits(struct l1 *l, const struct cluster_insn *insn)
{
    const struct cluster_operand *o = insn->op == CLUSTER_OP_VMREAD ? &insn->src : &insn->dst;

    return cluster_insn_exits(insn) &&
           more_exits(l, insn->op, &l->state.regs,
                      l->state.regs.gpr[o->reg & (CLUSTER_NR_GPRS - 1)]);
}

static enum cluster_step step(struct world *w, const struct cluster_insn *insn)
{
    struct cluster_exec x = { .ops = &w->ops, .ctx = w->l, .regs = &w->l->state.regs };
    enum cluster_step did;

    w->ops.begin(w->l, &x.world, NULL);
    cluster_tlb_start(&x.tlb);
    did = cluster_step(&x, insn);
    w->ops.end(w->l);
    return did;
}

/* From one exit to the next.  Returns false when there is none. */
static bool go(struct world *w, unsigned int *steps)
{
    const struct cluster_insn *insn = l1_insn(w->l);

    while (insn && ++*steps < MAX_STEPS) {
        if (insn->op == CLUSTER_OP_VMRESUME || insn->op == CLUSTER_OP_VMLAUNCH ||
            step(w, insn) == CLUSTER_STEP_STOP)
            return false;
        insn = l1_insn(w->l);
        if (insn && exits(w->l, insn))
            return true;
    }
    return false;
}

static void show(const struct world *w, const char *what, const struct cluster_mismatch *m)
{
    printf("program %" PRIu64 ": %s: kind %d, site %" PRIx64 ", at %" PRIx64 ", where %" PRIx64
           ": expected %" PRIx64 ", actual %" PRIx64 "\n", w->program.seed, what, m->kind,
           m->site, m->rip, m->where, m->expected, m->actual);
}

static bool predict(struct world *w)
{
    struct cluster_outcome out;
    struct cluster_mismatch m;

    if (w->l->state.regs.sti_shadow)
        return true;
    w->l->nr_translations = w->l->nr_calls = 0;
    if (!cluster_predict(w->p, w->vcpu, &w->ops, &more, w->l, &w->l->state.regs, 0, &out, &m)) {
        show(w, "translation", &m);
        return false;
    }
    if (out.insns == 0)
        cluster_predict(w->p, NULL, &w->ops, &more, w->l, &w->l->state.regs, 0, &out, &m);
    w->tally.cached += out.cached;
    w->tally.predictions += w->p->nr_exits != 0;
    return true;
}

/* L1 is at an exit. */
static bool at_exit(struct world *w)
{
    struct cluster_mismatch m;

    if (cluster_predict_pending(w->p)) {
        w->tally.compared++;
        if (!cluster_predict_compare(w->p, &w->ops, w->l, &w->l->state.regs, &m)) {
            show(w, "L1", &m);
            return false;
        }
    }
    return cluster_predict_pending(w->p) || predict(w);
}

static bool execute(struct world *w)
{
    unsigned int steps = 0;

    program_draw_state(&w->program, &w->r, &w->l->state);
    l1_begin_execution(w->l);
    cluster_predict_abandon(w->p);
    do {
        if (!at_exit(w))
            return false;
    } while (go(w, &steps));
    if (cluster_predict_pending(w->p) && steps < MAX_STEPS) {
        printf("program %" PRIu64 ": L1 stops before an exit that was predicted\n",
               w->program.seed);
        return false;
    }
    return true;
}

static void patch(struct world *w)
{
    const struct program_patch *patch;

    if (w->program.nr_patches == 0 || !one_in(&w->r, 10))
        return;
    patch = &w->program.patch[random_below(&w->r, w->program.nr_patches)];
    memcpy(l1_at(w->l, patch->at), patch->form[random_below(&w->r, PATCH_FORMS)], PATCH_BYTES);
}

static void run_program(struct world *w, uint64_t seed)
{
    unsigned int i;

    w->r.state = seed;
    program_generate(&w->program, seed);
    program_load(&w->program, w->r, w->l);
    cluster_flush(w->vcpu);
    for (i = 0; i < PER_PROGRAM; i++) {
        patch(w);
        if (!execute(w)) {
            w->tally.mismatches++;
            return;
        }
    }
}

static void *allocate(size_t size)
{
    void *memory;

    if (posix_memalign(&memory, L1_PAGE, size))
        abort();
    return memset(memory, 0, size);
}

static void start(struct world *w)
{
    l1_map_all(&w->script);
    w->script.epoch = 1;
    w->script.vmcs = w->script.permissive = true;
    w->l = l1_start(&w->script);
    w->ops = l1_ops;
    w->ops.vmread = op_vmread;
    w->ops.vmwrite = op_vmwrite;
    w->p = allocate(sizeof(*w->p));
    w->vcpu = allocate(sizeof(*w->vcpu));
    w->arena = guest_arena_map(ARENA);
    cluster_init(w->vcpu, &w->arena);
}

static void end(struct world *w)
{
    guest_arena_unmap(&w->arena);
    l1_end(w->l);
    free(w->vcpu);
    free(w->p);
    free(w);
}

int main(int argc, char **argv)
{
    struct world *w = allocate(sizeof(*w));
    uint64_t seed, count = argc > 2 ? strtoull(argv[2], NULL, 0) : 500000;
    uint64_t failed, worth;

    if (argc > 1)
        seed = strtoull(argv[1], NULL, 0);
    else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        seed = 1;
    printf("seed %" PRIu64 "\n", seed);
    start(w);
    while (w->tally.compared < count && w->tally.mismatches < 10)
        run_program(w, seed++);
    printf("%" PRIu64 " predictions, %" PRIu64 " by regions found; %" PRIu64 " exits compared, "
           "%" PRIu64 " differ\n", w->tally.predictions, w->tally.cached, w->tally.compared,
           w->tally.mismatches);
    /* Regions are what predicted? */
    worth = w->tally.cached >= w->tally.predictions / 10;
    failed = (w->tally.mismatches != 0) + !worth;
    end(w);
    return unit_report("predictions against single steps", 2, failed);
}
