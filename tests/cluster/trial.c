/* SPDX-License-Identifier: GPL-2.0-only */
#include "trial.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

#include "hostile.h"
#include "regions_show.h"

enum {
    SHOWN = 3,                  /* mismatches printed in full */
    STOCK_STEPS = 600,          /* from one exit to the next, at most */
};

static struct l1 *reference(struct trial *t)
{
    return t->party[TRIAL_REFERENCE].l;
}

/* ---- what changes between executions ---- */

static void for_all_write(struct trial *t, uint64_t linear, const void *bytes, unsigned int size)
{
    unsigned int i, j;

    for (i = 0; i < TRIAL_PARTIES; i++)
        for (j = 0; j < size; j++)
            *l1_at(t->party[i].l, linear + j) = ((const uint8_t *)bytes)[j];
}

static void change_data(struct trial *t)
{
    uint64_t value = random_next(&t->r);

    for_all_write(t, L1_DATA + 8 * random_below(&t->r, 9), &value, sizeof(value));
}

static void patch_code(struct trial *t)
{
    const struct program_patch *patch;

    if (t->program.nr_patches == 0)
        return;
    patch = &t->program.patch[random_below(&t->r, t->program.nr_patches)];
    for_all_write(t, patch->at, patch->form[random_below(&t->r, PATCH_FORMS)], PATCH_BYTES);
}

static void swap_pages(struct l1_mapping *a, struct l1_mapping *b)
{
    uint8_t page = a->page;

    a->page = b->page;
    b->page = page;
}

/* Not for long: the next change brings it back. */
static void change_mappings(struct trial *t)
{
    struct l1_mapping *map = t->script.map;
    unsigned int which = random_below(&t->r, L1_NR_MAPPINGS);

    l1_map_all(&t->script);
    t->script.epoch++;
    switch (random_below(&t->r, 7)) {
    case 0:  map[which].present = false; break;
    case 1:  map[which].writable = !map[which].writable; break;
    case 2:  swap_pages(&map[4], &map[5]); break;       /* data */
    case 3:  swap_pages(&map[10], &map[11]); break;     /* per CPU */
    case 4:  map[L1_MAPPING_NO_RAM].present = true; break;
    default: break;
    }
}

static void draw_events(struct trial *t)
{
    struct l1_script *s = &t->script;

    s->pending = one_in(&t->r, 20);
    s->poke_at = one_in(&t->r, 8) ? reference(t)->state.advanced + 1 + random_below(&t->r, 6) : 0;
    s->event = !one_in(&t->r, 3);
    s->vmcs = !one_in(&t->r, 12);
    s->refuse = one_in(&t->r, 100);
}

static void change_world(struct trial *t)
{
    change_data(t);
    if (one_in(&t->r, 10))
        patch_code(t);
    if (one_in(&t->r, 25))
        change_mappings(t);
    if (one_in(&t->r, 400))
        cluster_flush(t->party[random_below(&t->r, TRIAL_ENGINES)].vcpu);
    draw_events(t);
}

/* ---- the stock path: what hardware and L0 do without the engine ---- */

static void restart(struct trial *t)
{
    unsigned int i;

    program_draw_state(&t->program, &t->r, &reference(t)->state);
    for (i = 0; i < TRIAL_ENGINES; i++)
        t->party[i].l->state.regs = reference(t)->state.regs;
}

/* L1 gets nowhere: its entry is not mapped, or overwritten. */
static void repair(struct trial *t)
{
    l1_map_all(&t->script);
    t->script.epoch++;
    for_all_write(t, L1_CODE, t->program.code, L1_CODE_PAGES * L1_PAGE);
    for_all_write(t, L1_FAR, t->program.code + L1_CODE_PAGES * L1_PAGE, L1_PAGE);
}

static bool leaves_l1(const struct cluster_insn *insn)
{
    return insn->op == CLUSTER_OP_VMRESUME || insn->op == CLUSTER_OP_VMLAUNCH;
}

/* One instruction; what cluster_step() cannot do is skipped. */
static void stock_step(struct l1 *l, const struct cluster_insn *insn)
{
    struct cluster_regs *regs = &l->state.regs;

    if (l1_step(l, insn) != CLUSTER_STEP_STOP)
        return;
    if (insn->rep && regs->gpr[CLUSTER_RCX] > CLUSTER_MAX_REP) {
        regs->gpr[CLUSTER_RCX] &= 0xff;
        return;
    }
    regs->rip += insn->length;
    regs->sti_shadow = false;
}

static void stock_step_all(struct trial *t, struct cluster_insn insn)
{
    unsigned int i;

    for (i = 0; i < TRIAL_PARTIES; i++)
        stock_step(t->party[i].l, &insn);
}

/* Before an exiting instruction, where cluster_run() may be called? */
static bool at_exit(struct trial *t, const struct cluster_insn *insn)
{
    return l1_exits(reference(t), insn) && !leaves_l1(insn) &&
           !t->party[TRIAL_REFERENCE].l->state.regs.sti_shadow;
}

/* @progress: the engine has done something, so an exiting instruction here may be a new exit. */
static void stock_path(struct trial *t, bool progress)
{
    unsigned int steps, restarts = 0;

    t->script.permissive = true;
    t->script.event = false;
    t->script.pending = false;
    t->script.poke_at = 0;
    t->script.refuse = false;
    for (steps = 0; ; steps++) {
        const struct cluster_insn *insn = l1_insn(reference(t));

        if (!insn || leaves_l1(insn) || steps % STOCK_STEPS == STOCK_STEPS - 1) {
            restart(t);
            if (++restarts % 4 == 0)
                repair(t);
        } else if (at_exit(t, insn) && (steps > 0 || (progress && one_in(&t->r, 2)))) {
            break;
        } else {
            stock_step_all(t, *insn);
        }
    }
    t->script.permissive = false;
}

/* A virtual VM exit: L1 goes on where it always does, and the engine is asked at once. */
static void virtual_exit(struct trial *t)
{
    t->kind = 1 + random_below(&t->r, 3);
    restart(t);
}

static void go_to_site(struct trial *t, bool progress)
{
    t->kind = 0;
    if (t->reflected && one_in(&t->r, 2))
        virtual_exit(t);
    else
        stock_path(t, progress);
}

/* ---- the reference ---- */

/* Returns false when it does not execute its next instruction as a whole. */
static bool reference_step(struct trial *t)
{
    struct l1 *l = reference(t);
    const struct cluster_insn *insn = l1_insn(l);
    bool poked = l->poke, exits;

    if (!insn || leaves_l1(insn))
        return false;
    exits = l1_exits(l, insn);
    if (exits && poked && t->insns > 0 && t->late > t->insns)
        t->late = t->insns;
    if (l1_step(l, insn) == CLUSTER_STEP_STOP)
        return false;
    t->insns++;
    t->exiting += exits;
    return true;
}

/*
 * An engine stopped in the middle of a string operation, perhaps before a store into its code:
 * let both have another try.
 */
static void finish_string(struct trial *t, struct party *p)
{
    const struct cluster_insn *insn = l1_insn(p->l);

    if (!insn || !insn->rep || p->l->state.regs.rip != reference(t)->state.regs.rip)
        return;
    l1_step(p->l, insn);
    if (!t->beyond)
        reference_step(t);
    t->beyond = true;
}

/* ---- comparison ---- */

static bool broken(const struct trial *t, const struct party *p, const char *what)
{
    printf("\nMISMATCH, seed %" PRIu64 ", %s: %s\n", t->program.seed, p->name, what);
    return false;
}

/* A VMREAD to memory reads the field before it finds that it cannot store it. */
static bool one_read_more(const struct party *p, unsigned int calls)
{
    return p->l->nr_calls == calls + 1 && p->l->call[calls].op == CLUSTER_OP_VMREAD &&
           (p->out.stop == CLUSTER_STOP_MEMORY || p->out.stop == CLUSTER_STOP_CODE_WRITE);
}

static bool check_calls(struct trial *t, const struct party *p)
{
    unsigned int calls = reference(t)->nr_calls;

    if (p->l->nr_calls != calls && !one_read_more(p, calls))
        return broken(t, p, "more or fewer calls of ops");
    if (!party_same_calls(p, &t->party[TRIAL_REFERENCE], calls))
        return broken(t, p, "other calls of ops");
    return true;
}

static bool check_outcome(struct trial *t, const struct party *p)
{
    const struct cluster_outcome *out = &p->out;

    if (p->ran != (out->insns != 0))
        return broken(t, p, "the result is not whether anything was executed");
    /* It is looked at where paths meet, so the rest of a path may come on top. */
    if (out->insns > CLUSTER_BUDGET + CLUSTER_REGION_NODES)
        return broken(t, p, "beyond the budget");
    if (out->stop >= CLUSTER_NR_STOPS)
        return broken(t, p, "no reason to stop");
    if (p->l->begun)
        return broken(t, p, "an execution without end()");
    if (!cluster_canonical(p->l->state.regs.rip))
        return broken(t, p, "RIP is not canonical");
    if (out->stop == CLUSTER_STOP_RESUME && p->ran && !leaves_l1(l1_insn(p->l)))
        return broken(t, p, "STOP_RESUME before another instruction");
    return true;
}

/* The reference is where @p's count of instructions says. */
static bool check_party(struct trial *t, struct party *p)
{
    if (!check_outcome(t, p))
        return false;
    if (t->insns < p->out.insns)
        return broken(t, p, "the reference cannot execute that many instructions");
    if (t->insns == p->out.insns && t->exiting != p->out.exiting)
        return broken(t, p, "another number of exiting instructions");
    if (t->late < p->out.insns)
        return broken(t, p, "it went on after a poke");
    if (!t->beyond && !check_calls(t, p))
        return false;
    if (party_same_state(p, &t->party[TRIAL_REFERENCE]))
        return true;
    finish_string(t, p);
    if (party_same_state(p, &t->party[TRIAL_REFERENCE]))
        return true;
    return broken(t, p, "another state");
}

static void show(struct trial *t, struct party *p)
{
    printf("%s: %u instructions, %u exiting, stopped by %d%s%s; the reference: %u, %u, poked late "
           "at %u; execution %" PRIu64 "\n", p->name, p->out.insns, p->out.exiting, p->out.stop,
           p->out.cached ? ", of a region" : "", p->out.recorded ? ", recorded" : "", t->insns,
           t->exiting, t->late, t->tally.executions);
    show_difference(p, &t->party[TRIAL_REFERENCE], &t->before);
    show_calls(p);
    show_calls(&t->party[TRIAL_REFERENCE]);
    show_program(&t->program, reference(t));
    show_regions(p->vcpu);
    fflush(stdout);
}

/* Let the reference go to where @p stopped, and compare. */
static bool compare(struct trial *t, struct party *p)
{
    while (t->insns < p->out.insns && reference_step(t))
        ;
    if (check_party(t, p))
        return true;
    if (t->tally.mismatches++ < SHOWN)
        show(t, p);
    return false;
}

static void count(struct trial *t, unsigned int engine)
{
    const struct cluster_outcome *out = &t->party[engine].out;
    struct trial_tally *tally = &t->tally;

    tally->ran[engine] += t->party[engine].ran;
    tally->cached[engine] += out->cached;
    tally->recorded[engine] += out->recorded != NULL;
    tally->insns[engine] += out->insns;
    tally->exiting[engine] += out->exiting;
    tally->stops[engine][out->stop % CLUSTER_NR_STOPS]++;
}

/* ---- one execution ---- */

/* All go on from where the reference is now. */
static void agree(struct trial *t)
{
    unsigned int i;

    for (i = 0; i < TRIAL_ENGINES; i++)
        if (t->beyond || t->party[i].out.insns != t->insns)
            party_copy_state(&t->party[i], &t->party[TRIAL_REFERENCE]);
}

static bool execute(struct trial *t)
{
    struct party *less = &t->party[TRIAL_ON], *more = &t->party[TRIAL_INTERP], *swap;
    unsigned int i;

    t->before = reference(t)->state;
    for (i = 0; i < TRIAL_ENGINES; i++) {
        party_run(&t->party[i], t->kind);
        count(t, i);
    }
    t->tally.executions += TRIAL_ENGINES;
    l1_begin_execution(reference(t));
    t->insns = t->exiting = 0;
    t->late = UINT_MAX;
    t->beyond = false;
    if (less->out.insns > more->out.insns) {
        swap = less;
        less = more;
        more = swap;
    }
    if (!compare(t, less) || !compare(t, more))
        return false;
    agree(t);
    return true;
}

/* ---- a program ---- */

void trial_start(struct trial *t)
{
    memset(t, 0, sizeof(*t));
    party_start(&t->party[TRIAL_ON], "translated", CLUSTER_MODE_ON, true, &t->script);
    party_start(&t->party[TRIAL_INTERP], "interpreted", CLUSTER_MODE_INTERP, true, &t->script);
    party_start(&t->party[TRIAL_REFERENCE], "stepped", CLUSTER_MODE_INTERP, false, &t->script);
}

void trial_end(struct trial *t)
{
    unsigned int i;

    for (i = 0; i < TRIAL_PARTIES; i++)
        party_end(&t->party[i]);
}

static void load(struct trial *t, uint64_t seed)
{
    unsigned int i;

    if (t->hostile)
        hostile_program(&t->program, seed);
    else
        program_generate(&t->program, seed);
    t->r.state = seed ^ 0x5851f42d4c957f2d;
    t->script.seed = random_next(&t->r);
    t->script.vmcs = t->script.device = true;
    t->reflected = one_in(&t->r, 2);
    l1_map_all(&t->script);
    t->script.epoch++;          /* never that of an older program */
    for (i = 0; i < TRIAL_PARTIES; i++) {
        party_forget(&t->party[i]);
        program_load(&t->program, t->r, t->party[i].l);
    }
    restart(t);
}

void trial_run(struct trial *t, uint64_t seed, unsigned int executions)
{
    bool progress = true;
    unsigned int i;

    load(t, seed);
    t->tally.programs++;
    for (i = 0; i < executions; i++) {
        go_to_site(t, progress);
        change_world(t);
        if (!execute(t))
            return;
        progress = t->insns != 0;
    }
}
