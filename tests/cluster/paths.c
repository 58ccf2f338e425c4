/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * paths.c - golden paths: what a real L1 executed in the emulator, executed again
 * by the engine, and compared with what the emulated processor did.
 *
 * usage: paths FILE...              test; the last line is the result
 *        paths --measure N FILE...  N executions of every site besides, for paths-cost.sh
 *        paths --formation FILE...  translated regions only, and how many instructions they
 *                                   were formed of, for formation-cost.sh
 *
 * A path falls into parts: L0 injects events into L1, and some instructions are left to
 * hardware.  Each part is executed instruction by instruction by the interpreter
 * and compared after each one; then, as L1's exits would, from exit site to exit
 * site by cluster_run(), several times over from the same state, so that regions
 * are recorded, found, grown and translated.  Registers, flags that the SDM
 * defines, every byte of memory and all that L0 is asked for must be the same.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "guest_arena.h"
#include "interp.h"
#include "paths_world.h"

/* Twice to be counted, once to be recorded, the others to be found; the last in another epoch. */
enum { REPETITIONS = 8, ARENA_SIZE = 4 * 1024 * 1024 };

/* A way to execute regions. */
struct way {
    const char *name;
    enum cluster_mode mode;
    bool plain_fields;
};

static const struct way ways[] = {
    { "interp", CLUSTER_MODE_INTERP, false },
    { "on", CLUSTER_MODE_ON, false },
    { "on, plain fields", CLUSTER_MODE_ON, true },
};

/* What a path came to in one way. */
struct tally {
    unsigned int visits;        /* exits that are left */
    unsigned int exiting, insns, cached;
    unsigned int skipped;       /* sites for which no world can be made */
};

struct test {
    const char *name;
    const struct path_code *code;
    struct path_world *world;
    struct cluster_vcpu *vcpu;
    unsigned long measure, measured_insns, measured_exiting;
    bool formation;             /* count what is formed */
    unsigned long formed_insns, formed_segments;
    uint64_t epoch;
};

/* The first instruction behind @first that is not in its part any more, or the part's last. */
static unsigned int part_end(const struct path_code *code, unsigned int first)
{
    while (first + 1 < code->path->nr_insns && code->joins[first + 1])
        first++;
    return first;
}

static bool report(const struct test *t, const char *way, unsigned int i)
{
    const struct path_insn *insn = &t->code->path->insn[i];
    unsigned int n;

    printf("%s: %s: instruction %u of the exit for reason %d, at 0x%llx, ", t->name, way, i,
           t->code->path->reason, (unsigned long long)insn->before.regs.rip);
    for (n = 0; n < insn->length; n++)
        printf("%02x", insn->byte[n]);
    printf(": %s\n", t->world->error);
    return false;
}

/* ---- by steps ---- */

static bool step(struct test *t, struct cluster_exec *x, unsigned int i)
{
    const struct cluster_insn *insn = &t->code->insn[i];
    const struct cluster_regs *after = &t->code->path->insn[i + 1].before.regs;
    unsigned int undefined = path_flags_undefined(insn, x->regs);

    if (cluster_step(x, insn) == CLUSTER_STEP_STOP)
        snprintf(t->world->error, sizeof(t->world->error), "not executed: stop %d", x->stop);
    if (t->world->error[0] != '\0' ||
        !path_world_check_registers(t->world, x->regs, i + 1, undefined))
        return report(t, "steps", i);
    x->regs->rflags = (x->regs->rflags & ~(uint64_t)undefined) | (after->rflags & undefined);
    x->regs->sti_shadow = false;
    return true;
}

static bool step_part(struct test *t, unsigned int first, unsigned int end, unsigned int *stepped)
{
    struct cluster_regs regs;
    struct cluster_exec x = { .ops = &path_world_ops, .ctx = t->world, .regs = &regs };
    unsigned int i;

    if (!path_world_build(t->world, t->code, first, end))
        return true;            /* not counted as stepped */
    t->world->plain_fields = false;
    t->world->epoch = ++t->epoch;
    path_world_reset(t->world, &regs);
    if (!path_world_ops.begin(t->world, &x.world, NULL))
        return false;
    cluster_tlb_start(&x.tlb);
    for (i = first; i < t->world->end; i++)
        if (!step(t, &x, i))
            return false;
    path_world_ops.end(t->world);
    *stepped += t->world->end - first;
    return path_world_check(t->world, &regs, t->world->end) || report(t, "steps", i);
}

static bool step_path(struct test *t)
{
    unsigned int nr = t->code->path->nr_insns, first, end, stepped = 0;
    bool good = true;

    for (first = 0; first < nr && good; first = end + 1) {
        end = part_end(t->code, first);
        if (end > first + 1)
            good = step_part(t, first, end, &stepped);
    }
    /* What cannot be stepped is a handful, unless L1 has done something else altogether. */
    if (good && strcmp(t->code->path->end, "resumed") == 0 && stepped < nr - nr / 10) {
        snprintf(t->world->error, sizeof(t->world->error), "%u of %u stepped", stepped, nr);
        return report(t, "steps", 0);
    }
    return good;
}

/* ---- by regions ---- */

/* Regions do not follow L1 to another stack: they know RSP by its distance from the entry's. */
static bool leaves_stack(const struct cluster_insn *insn)
{
    return insn->op == CLUSTER_OP_LEAVE ||
           (insn->dst.kind == CLUSTER_OPERAND_REG && insn->dst.reg == CLUSTER_RSP &&
            insn->op != CLUSTER_OP_ADD && insn->op != CLUSTER_OP_SUB);
}

/* May an execution end before instruction @at for this reason? */
static bool good_stop(const struct test *t, unsigned int at, enum cluster_stop stop)
{
    switch (stop) {
    case CLUSTER_STOP_COMPLETE: case CLUSTER_STOP_EDGE: case CLUSTER_STOP_GAP:
    case CLUSTER_STOP_BUDGET: case CLUSTER_STOP_STACK:
        return true;
    case CLUSTER_STOP_RESUME:
        return t->code->insn[at].op == CLUSTER_OP_VMRESUME ||
               t->code->insn[at].op == CLUSTER_OP_VMLAUNCH;
    /* The INT3 at the end; or the page of the end, which holds nothing else. */
    case CLUSTER_STOP_NO_CODE:
        return at == t->world->end;
    case CLUSTER_STOP_UNSUPPORTED:
        return at == t->world->end || leaves_stack(&t->code->insn[at]) ||
               leaves_stack(&t->code->insn[at - 1]);
    default:
        return false;
    }
}

static bool good_refusal(enum cluster_stop stop)
{
    return stop == CLUSTER_STOP_COUNTING || stop == CLUSTER_STOP_NO_CLUSTER ||
           stop == CLUSTER_STOP_GAP || stop == CLUSTER_STOP_STACK;
}

static bool judge(struct test *t, const struct way *way, unsigned int site, bool ran,
                  const struct cluster_regs *regs, const struct cluster_outcome *out)
{
    unsigned int at = site + out->insns;

    if (at > t->world->end) {
        snprintf(t->world->error, sizeof(t->world->error), "%u instructions, further than L1 went",
                 out->insns);
        return report(t, way->name, site);
    }
    if (!(ran ? good_stop(t, at, out->stop) : good_refusal(out->stop))) {
        snprintf(t->world->error, sizeof(t->world->error), "stop %d", out->stop);
        return report(t, way->name, at);
    }
    return path_world_check(t->world, regs, at) || report(t, way->name, at);
}

/* A function of its own, for callgrind's --toggle-collect. */
__attribute__((noinline, noclone))
static bool measured_run(struct test *t, const struct way *way, struct cluster_regs *regs,
                         struct cluster_outcome *out)
{
    return cluster_run(t->vcpu, way->mode, &path_world_ops, t->world, regs, 0, out);
}

static void measure(struct test *t, const struct way *way)
{
    struct cluster_outcome out;
    struct cluster_regs regs;
    unsigned long i;

    /* Whatever there is to grow grows now; barren sites are looked at again. */
    for (i = 0; i < t->measure; i++) {
        path_world_reset(t->world, &regs);
        cluster_run(t->vcpu, way->mode, &path_world_ops, t->world, &regs, 0, &out);
    }
    for (i = 0; i < t->measure; i++) {
        path_world_reset(t->world, &regs);
        if (measured_run(t, way, &regs, &out)) {
            t->measured_insns += out.insns;
            t->measured_exiting += out.exiting;
        }
    }
}

/*
 * L1 exits at @site, again and again; or, where @kind is not 0, is entered there after a virtual
 * VM exit.  *at is the instruction before which the last execution ended.
 */
static bool visit(struct test *t, const struct way *way, unsigned int kind, unsigned int site,
                  unsigned int end, unsigned int *at, struct tally *tally)
{
    struct cluster_outcome out;
    struct cluster_regs regs;
    unsigned int i;
    bool ran;

    *at = site + 1;
    if (!path_world_build(t->world, t->code, site, end)) {
        tally->skipped++;
        return true;
    }
    t->world->plain_fields = way->plain_fields;
    t->epoch++;
    for (i = 0; i < REPETITIONS; i++) {
        if (i == REPETITIONS - 1)
            t->epoch++;
        t->world->epoch = t->epoch;
        path_world_reset(t->world, &regs);
        memset(&out, 0xaa, sizeof(out));
        ran = cluster_run(t->vcpu, way->mode, &path_world_ops, t->world, &regs, kind, &out);
        if (!judge(t, way, site, ran, &regs, &out))
            return false;
    }
    if (kind == 0)
        measure(t, way);
    tally->visits++;
    if (ran) {
        *at = site + out.insns;
        tally->insns += out.insns;
        tally->exiting += out.exiting;
        tally->cached += out.cached;
    } else {
        tally->exiting += kind == 0;
    }
    return true;
}

static bool run_part(struct test *t, const struct way *way, unsigned int first, unsigned int end,
                     struct tally *tally)
{
    unsigned int at = first;

    while (at < end) {
        if (!cluster_insn_exits(&t->code->insn[at]))
            at++;
        else if (!visit(t, way, 0, at, end, &at, tally))
            return false;
    }
    return true;
}

/* From HOST_RIP, as L0 begins when it does not enter L1 after a virtual VM exit. */
static bool run_reflected(struct test *t, const struct way *way, unsigned int *insns)
{
    struct tally tally = { 0 };
    unsigned int at;

    if (!visit(t, way, 1 + t->code->path->reason, 0, part_end(t->code, 0), &at, &tally))
        return false;
    *insns = tally.insns;
    if (tally.insns != 0)
        return true;
    snprintf(t->world->error, sizeof(t->world->error), "nothing executed from HOST_RIP");
    return report(t, way->name, 0);
}

/* A test that executed nothing from the cache, or nothing translated, has shown nothing. */
static bool executed_regions(struct test *t, const struct way *way, const struct tally *tally)
{
    unsigned int i, translated = 0;

    for (i = 0; i < t->vcpu->nr_segments; i++)
        translated += t->vcpu->segment[i].code != CLUSTER_NO_INDEX;
    if (tally->cached != 0 && (translated != 0) == (way->mode == CLUSTER_MODE_ON))
        return true;
    snprintf(t->world->error, sizeof(t->world->error), "%u regions executed, %u of %u translated",
             tally->cached, translated, t->vcpu->nr_segments);
    return report(t, way->name, 0);
}

static bool run_path(struct test *t, const struct way *way)
{
    unsigned int nr = t->code->path->nr_insns, first, end;
    struct cluster_arena arena = guest_arena_map(ARENA_SIZE);
    struct tally tally = { 0 };
    unsigned int reflected = 0;
    bool good = true;

    t->vcpu = calloc(1, sizeof(*t->vcpu));
    if (!t->vcpu)
        err(2, "calloc");
    cluster_init(t->vcpu, &arena);
    for (first = 0; first < nr && good; first = end + 1) {
        end = part_end(t->code, first);
        good = run_part(t, way, first, end, &tally);
    }
    good = good && executed_regions(t, way, &tally) && run_reflected(t, way, &reflected);
    t->formed_insns += t->vcpu->nr_nodes;
    t->formed_segments += t->vcpu->nr_segments;
    free(t->vcpu);
    guest_arena_unmap(&arena);
    if (good)
        printf("  %-18s %2u exits instead of %2u: %5u instructions in them, %2u from regions, "
               "%u sites skipped\n  %-18s from HOST_RIP: %u instructions\n", way->name, tally.visits,
               tally.exiting, tally.insns, tally.cached, tally.skipped, way->name, reflected);
    return good;
}

/* ---- files ---- */

static void test_path(struct test *t, const struct path *path, unsigned int *passed,
                      unsigned int *failed)
{
    bool costs = t->measure || t->formation;
    struct path_code code;
    unsigned int i;

    path_decode(&code, path);
    t->code = &code;
    printf("%s: exit reason %d, vector %d, number %lu: %u instructions, %s\n", t->name,
           path->reason, path->vector, path->number, path->nr_insns, path->end);
    if (!costs)
        ++*(step_path(t) ? passed : failed);
    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (!costs || i == 2)
            ++*(run_path(t, &ways[i]) ? passed : failed);
    path_code_free(&code);
}

static void test_file(struct test *t, const char *name, unsigned int *passed, unsigned int *failed)
{
    struct path path = { 0 };
    FILE *file = paths_open(name);
    const char *slash = strrchr(name, '/');

    t->name = slash ? slash + 1 : name;
    while (path_read(&path, file, name))
        test_path(t, &path, passed, failed);
    path_free(&path);
    paths_close(file, name);
}

int main(int argc, char **argv)
{
    unsigned int passed = 0, failed = 0;
    struct test t = { 0 };
    int i = 1;

    if (i + 1 < argc && strcmp(argv[i], "--measure") == 0) {
        t.measure = strtoul(argv[i + 1], NULL, 10);
        i += 2;
    } else if (i < argc && strcmp(argv[i], "--formation") == 0) {
        t.formation = true;
        i++;
    }
    if (i == argc)
        errx(2, "usage: paths [--measure N | --formation] FILE...");
    t.world = calloc(1, sizeof(*t.world));
    if (!t.world)
        err(2, "calloc");
    for (; i < argc; i++)
        test_file(&t, argv[i], &passed, &failed);
    path_world_free(t.world);
    free(t.world);
    if (t.measure)
        printf("measured: %lu instructions, %lu of them exiting\n", t.measured_insns,
               t.measured_exiting);
    if (t.formation)
        printf("formed: %lu instructions, in %lu segments\n", t.formed_insns, t.formed_segments);
    printf("golden paths: %u passed, %u failed\n", passed, failed);
    return failed != 0;
}
