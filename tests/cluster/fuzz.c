/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.c - random bytes through decoding, formation and execution.
 *
 * Nothing may crash or overrun (build with SAN=1 to see the latter: every
 * buffer has its exact size), every cluster formed must keep the rules that the
 * interpreter relies on, and every outcome those of cluster.h.
 *
 * usage: fuzz [SEED [COUNT]]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "decode.h"
#include "form.h"
#include "generate.h"
#include "guest.h"
#include "insn_text.h"
#include "unit.h"

/* Bytes that make instructions the engine knows, or nearly, more likely than chance. */
static const uint8_t likely[] = {
    0x0f, 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x64, 0x65, 0x40, 0x41, 0x48, 0x49, 0x4c, 0x89, 0x8b,
    0x83, 0x81, 0xc7, 0xff, 0x50, 0x58, 0x74, 0x75, 0x05, 0x25, 0x44, 0x8d, 0x00, 0x01, 0xf7,
    0x1f, 0x90, 0xb6, 0xbf, 0x94, 0x45, 0x84, 0xe8, 0xc3, 0x63, 0xa1, 0x8f, 0x6a, 0x68, 0xb8,
};

static uint8_t random_byte(struct random *r)
{
    return random_below(r, 2) ? likely[random_below(r, sizeof(likely))] : random_next(r);
}

/* VMREAD or VMWRITE, of anything. */
static void put_exiting(struct random *r, uint8_t *at)
{
    at[0] = 0x0f;
    at[1] = 0x78 + random_below(r, 2);
    at[2] = random_below(r, 3) ? 0xc0 | random_next(r) : random_next(r);
}

/* A REX prefix, perhaps, an opcode that the engine knows, and whatever is there behind it. */
static void put_plausible(struct random *r, uint8_t *at)
{
    unsigned int i = 0;

    if (random_below(r, 3) == 0)
        at[i++] = 0x40 | random_below(r, 16);
    at[i] = likely[random_below(r, sizeof(likely))];
}

/* Its length, or 0 where it is none that the engine knows. */
static unsigned int length_of(const uint8_t *at, unsigned int size)
{
    struct cluster_insn insn;

    return cluster_decode(&insn, at, size, GUEST_CODE) == CLUSTER_DECODE_OK ? insn.length : 0;
}

/* Exiting instructions, others that may well be supported, and now and then anything. */
static void fill(struct random *r, uint8_t *code, unsigned int size)
{
    unsigned int i, length;

    for (i = 0; i < size; i++)
        code[i] = random_byte(r);
    for (i = 0; i + 3 <= size; i += length) {
        if (i == 0 || random_below(r, 3) == 0)
            put_exiting(r, code + i);
        else
            put_plausible(r, code + i);
        length = length_of(code + i, size - i);
        if (length == 0)
            length = random_below(r, 20) == 0;
    }
}

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
           rule(g->release_count <= 1 && (g->translate_count == 0 || g->release_count == 1),
                "what was translated is released") &&
           rule(!g->out.formed || check_cluster(g->out.formed), "what was formed");
}

static int run(uint64_t seed, uint64_t count)
{
    struct random r = { seed };
    struct guest *g = guest_start();
    uint64_t i, executed = 0;
    bool good = true;

    guest_map(g, GUEST_CODE, guest_at(g, GUEST_CODE), "rwx");
    guest_map(g, 0, guest_at(g, GUEST_DATA), "rw");
    for (i = 0; i < count && good; i++) {
        uint8_t code[CLUSTER_MAX_BYTES];
        unsigned int size = 1 + random_below(&r, CLUSTER_MAX_BYTES);

        fill(&r, code, size);
        good = check_decode(code, size) && check_formation(&r, code, size) &&
               check_run(g, &r, code, size);
        executed += g->out.insns != 0;
    }
    guest_end(g);
    printf("%" PRIu64 " inputs, %" PRIu64 " clusters executed\n", i, executed);
    good = good && rule(executed > count / 20, "enough of them were clusters");
    return unit_report("fuzz", 1, !good);
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
