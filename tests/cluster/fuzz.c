/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.c - random bytes through decoding, formation and execution, by static
 * clusters and by regions.
 *
 * Nothing may crash or overrun (build with SAN=1 to see the latter: every
 * buffer has its exact size), every cluster formed must keep the rules that the
 * interpreter relies on, every outcome those of cluster.h, and regions must
 * leave what single steps leave (trial.h).
 *
 * usage: fuzz [SEED [COUNT]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "decode.h"
#include "form.h"
#include "guest.h"
#include "hostile.h"
#include "insn_text.h"
#include "trial.h"
#include "unit.h"

enum {
    PER_PROGRAM = 40,           /* executions of hostile code in each mode */
    INPUTS_PER_PROGRAM = 100,   /* so many inputs for static clusters for each of its programs */
};

static bool rule(bool holds, const char *what)
{
    if (!holds)
        printf("BROKEN: %s\n", what);
    return holds;
}

/* Decode from a buffer that ends where the bytes end. */
static bool check_decode(const uint8_t *code, unsigned int size)
{
    uint8_t *exact = malloc(size);
    struct cluster_insn insn;
    bool good = true;

    memcpy(exact, code, size);
    if (cluster_decode(&insn, exact, size, GUEST_CODE) == CLUSTER_DECODE_OK)
        good = rule(insn.length >= 1 && insn.length <= size && insn.length <= 15, "length") &&
               rule(insn.accesses <= 2, "at most two accesses") &&
               rule(insn.op < CLUSTER_NR_OPS, "operation");
    free(exact);
    return good;
}

static bool check_insn(const struct cluster *c, unsigned int i, unsigned int *gap_accesses)
{
    const struct cluster_insn *insn = &c->insn[i];
    unsigned int end = insn->offset + insn->length;

    if (cluster_insn_exits(insn))
        *gap_accesses = 0;
    else
        *gap_accesses += insn->accesses;
    return rule(end == (i + 1 < c->nr_insns ? c->insn[i + 1].offset : c->bytes), "contiguous") &&
           rule(insn->target == CLUSTER_TARGET_OUTSIDE ||
                (insn->target > i && insn->target < c->nr_insns), "targets are later ones") &&
           rule(*gap_accesses <= CLUSTER_MAX_GAP_ACCESSES, "accesses");
}

static bool check_cluster(const struct cluster *c)
{
    unsigned int i, gap_accesses = 0, exiting = 0;

    if (!rule(c->nr_insns <= CLUSTER_MAX_INSNS && c->bytes <= CLUSTER_MAX_BYTES, "limits"))
        return false;
    for (i = 0; i < c->nr_insns; i++) {
        if (!check_insn(c, i, &gap_accesses))
            return false;
        exiting += cluster_insn_exits(&c->insn[i]);
    }
    return rule(exiting == c->nr_exiting, "count of exiting ones") &&
           rule(exiting < 2 || cluster_insn_exits(&c->insn[c->nr_insns - 1]), "ends exiting");
}

static bool check_formation(struct random *r, const uint8_t *code, unsigned int size)
{
    struct cluster *c = malloc(sizeof(*c));
    bool formed, good;

    memset(c, random_next(r), sizeof(*c));
    c->rip = (int64_t)(random_next(r) << 16) >> 16;
    memcpy(c->code, code, size);
    formed = cluster_form(c, size);
    good = check_cluster(c) && rule(formed == (c->nr_exiting >= 2), "formed or not");
    if (!good)
        cluster_text(stdout, c, formed);
    free(c);
    return good;
}

/* Registers that point into pages, near their ends, and anywhere. */
static void draw_registers(struct guest *g, struct random *r)
{
    static const uint64_t page[] = { GUEST_CODE, GUEST_DATA, GUEST_DATA2, GUEST_STACK };
    unsigned int i;

    for (i = 0; i < CLUSTER_NR_GPRS; i++) {
        uint64_t at = page[random_below(r, 4)];

        g->regs.gpr[i] = random_below(r, 3) == 0 ? random_next(r)
                       : random_below(r, 2) ? at + random_below(r, GUEST_PAGE)
                       : at + GUEST_PAGE - random_below(r, 16);
    }
    g->regs.rflags = 2 | (random_next(r) & 0x8d5);
    g->vmx_result = random_below(r, 4);
    g->vmx_from = random_below(r, 8);
    g->event_at = random_below(r, 8);
}

static bool check_run(struct guest *g, struct random *r, const uint8_t *code, unsigned int size)
{
    uint64_t site = random_below(r, 2) ? GUEST_CODE : GUEST_CODE2 - 1 - random_below(r, 40);
    struct cluster_regs before;
    bool ran;

    guest_put_code(g, site, (struct code){ code, size });
    if (g->out.stop == CLUSTER_STOP_NO_CLUSTER)
        cluster_flush(g->vcpu);     /* or the site would stay barren for most of the inputs */
    draw_registers(g, r);
    before = g->regs;
    before.rip = site;
    ran = guest_exit_at(g, site);
    return rule(ran == (g->out.insns != 0), "true when something was executed") &&
           rule(ran || memcmp(&before, &g->regs, sizeof(before)) == 0, "refusals change nothing") &&
           rule(cluster_canonical(g->regs.rip), "RIP is canonical") &&
           rule(g->out.exiting <= g->out.insns && g->out.insns <= CLUSTER_MAX_INSNS, "counts") &&
           rule(g->begin_count <= 1 && g->begin_count == g->end_count, "what was begun is ended") &&
           rule(g->translate_count == 0 || g->begin_count == 1, "translated within an execution") &&
           rule(!g->out.formed || check_cluster(g->out.formed), "what was formed");
}

static bool fuzz_static(struct random *r, uint64_t count)
{
    struct guest *g = guest_start();
    uint64_t i, executed = 0;
    bool good = true;

    guest_map(g, GUEST_CODE, guest_at(g, GUEST_CODE), "rwx");
    guest_map(g, 0, guest_at(g, GUEST_DATA), "rw");
    for (i = 0; i < count && good; i++) {
        uint8_t code[CLUSTER_MAX_BYTES];
        unsigned int size = 1 + random_below(r, CLUSTER_MAX_BYTES);

        hostile_fill(r, code, size);
        good = check_decode(code, size) && check_formation(r, code, size) &&
               check_run(g, r, code, size);
        executed += g->out.insns != 0;
    }
    guest_end(g);
    printf("%" PRIu64 " inputs, %" PRIu64 " clusters executed\n", i, executed);
    return good && rule(executed > count / 20, "enough of them were clusters");
}

static bool fuzz_regions(uint64_t seed, uint64_t programs)
{
    struct trial *t = malloc(sizeof(*t));
    uint64_t i, cached;
    bool good;

    if (!t)
        abort();
    trial_start(t);
    t->hostile = true;
    for (i = 0; i < programs && t->tally.mismatches == 0; i++)
        trial_run(t, seed + i, PER_PROGRAM);
    cached = t->tally.cached[TRIAL_ON];
    good = t->tally.mismatches == 0;
    printf("%" PRIu64 " hostile programs, %" PRIu64 " executions, %" PRIu64 " of regions, %" PRIu64
           " instructions translated\n", i, t->tally.executions, cached, t->tally.insns[TRIAL_ON]);
    good = good && rule(programs < 100 || cached > programs, "enough of them were regions");
    trial_end(t);
    free(t);
    return good;
}

static int run(uint64_t seed, uint64_t count)
{
    struct random r = { seed };
    int failed = !fuzz_static(&r, count);

    failed += !fuzz_regions(seed, count / INPUTS_PER_PROGRAM);
    return unit_report("fuzz", 2, failed);
}

int main(int argc, char **argv)
{
    uint64_t seed, count = argc > 2 ? strtoull(argv[2], NULL, 0) : 200000;

    if (argc > 1)
        seed = strtoull(argv[1], NULL, 0);
    else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        seed = 1;
    printf("seed %" PRIu64 "\n", seed);
    fflush(stdout);
    return run(seed, count);
}
