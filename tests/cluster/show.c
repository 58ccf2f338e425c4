/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * show.c - what becomes of a golden path: its regions, as L1's code, as nodes, and
 * as the code that they are translated to.
 *
 * usage: show [--regions | --check | [--l1] [--at RIP | --from NODE] [--nodes N]] FILE
 *
 * The first path of the file is recorded and translated as paths.c does it, with VMREADs as
 * plain loads.  Then, of the node at L1's address RIP, or of node number NODE, and the N - 1
 * behind it in their segment: L1's instruction, its IR, what is known of it, its translation
 * and its exits.  --l1: without the translation and the exits.  --regions: which there are.
 *
 * --check: is all code understood, and are L1's bytes those of the path?  The last line is
 * the result.  The line before the nodes, and before the result, is that of the program
 * paths for the same file.
 */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "guest_arena.h"
#include "paths_world.h"
#include "show.h"

/* As in paths.c. */
enum { REPETITIONS = 8, ARENA_SIZE = 4 * 1024 * 1024 };

struct options {
    bool regions, check, l1;
    uint64_t at;
    uint32_t from, nodes;
    const char *file;
};

struct tally {
    unsigned int visits, exiting, insns, cached, skipped;
};

struct show {
    struct path_code code;
    struct path_world world;
    struct cluster_vcpu vcpu;
    struct tally tally;
};

/* ---- execution, as in paths.c ---- */

static unsigned int part_end(const struct path_code *code, unsigned int first)
{
    while (first + 1 < code->path->nr_insns && code->joins[first + 1])
        first++;
    return first;
}

static bool execute(struct show *s, uint64_t epoch, struct cluster_outcome *out)
{
    struct cluster_regs regs;

    s->world.epoch = epoch;
    path_world_reset(&s->world, &regs);
    return cluster_run(&s->vcpu, CLUSTER_MODE_ON, &path_world_ops, &s->world, &regs, 0, out);
}

/* L1 exits at @site, again and again.  Returns the instruction before which the last one ended. */
static unsigned int visit(struct show *s, unsigned int site, unsigned int end, uint64_t *epoch)
{
    struct cluster_outcome out = { 0 };
    unsigned int i;
    bool ran = false;

    if (!path_world_build(&s->world, &s->code, site, end)) {
        s->tally.skipped++;
        return site + 1;
    }
    s->world.plain_fields = true;
    ++*epoch;
    for (i = 0; i < REPETITIONS; i++) {
        *epoch += i == REPETITIONS - 1;
        ran = execute(s, *epoch, &out);
    }
    if (s->world.error[0] != '\0')
        errx(1, "instruction %u: %s", site, s->world.error);
    s->tally.visits++;
    s->tally.exiting += ran ? out.exiting : 1;
    s->tally.insns += ran ? out.insns : 0;
    s->tally.cached += ran && out.cached;
    return ran ? site + out.insns : site + 1;
}

static void run_path(struct show *s)
{
    unsigned int nr = s->code.path->nr_insns, first, end, at;
    uint64_t epoch = 0;

    for (first = 0; first < nr; first = end + 1) {
        end = part_end(&s->code, first);
        for (at = first; at < end; )
            at = cluster_insn_exits(&s->code.insn[at]) ? visit(s, at, end, &epoch) : at + 1;
    }
    printf("  %-18s %2u exits instead of %2u: %5u instructions in them, %2u from regions, "
           "%u sites skipped\n", "on, plain fields", s->tally.visits, s->tally.exiting,
           s->tally.insns, s->tally.cached, s->tally.skipped);
}

/* ---- what there is to be seen ---- */

static void show_regions(const struct cluster_vcpu *vcpu)
{
    unsigned int r;
    uint32_t i;

    for (r = 0; r < vcpu->nr_regions; r++) {
        const struct cluster_region *region = &vcpu->region[r];

        printf("region %u: site 0x%" PRIx64 ", RSP %% 16 = %u, %u nodes, %u exiting, %u pages%s\n",
               r, region->rip, cluster_variant_rsp(region->variant), region->nr_nodes, region->nr_exiting,
               region->nr_pages, region->rip ? "" : ", dropped");
        for (i = region->first_segment; i != CLUSTER_NO_INDEX; i = vcpu->segment[i].next)
            printf("  segment %u: nodes %u to %u, stack [%d, %d)\n", i,
                   vcpu->segment[i].first_node,
                   vcpu->segment[i].first_node + vcpu->segment[i].nr_nodes - 1,
                   vcpu->segment[i].rsp_low, vcpu->segment[i].rsp_high);
    }
}

static uint32_t first_node(const struct cluster_vcpu *vcpu, const struct options *o)
{
    uint32_t n;

    for (n = o->from; n < vcpu->nr_nodes; n++)
        if (o->at == 0 || vcpu->node[n].rip == o->at)
            return n;
    errx(2, "no such node");
}

static void show_nodes(const struct cluster_vcpu *vcpu, const struct options *o)
{
    uint32_t n = first_node(vcpu, o), i;
    const struct cluster_segment *segment = &vcpu->segment[vcpu->node[n].segment];
    const struct cluster_region *region = &vcpu->region[segment->region];

    printf("region at 0x%" PRIx64 "\n", region->rip);
    for (i = 0; i < 8 && !o->l1; i++)
        if (region->host[i] == CLUSTER_HOST_NONE)
            printf("  L1's R%u is in the frame\n", 8 + i);
        else if (region->host[i] != 8 + i)
            printf("  L1's R%u is in R%u\n", 8 + i, region->host[i]);
    for (i = 0; i < o->nodes; i++, n++) {
        show_node(stdout, vcpu, n, !o->l1);
        if (vcpu->node[n].last)
            break;
    }
}

/* ---- the check ---- */

/* Are the bytes of node @n those that L1 executed at its address? */
static bool is_of_path(const struct show *s, uint32_t n)
{
    const struct path *path = s->code.path;
    const struct cluster_node *node = &s->vcpu.node[n];
    uint8_t bytes[CLUSTER_MAX_INSN_BYTES];
    unsigned int length = show_bytes(&s->vcpu, n, bytes), i;

    for (i = 0; i < path->nr_insns; i++)
        if (path->insn[i].before.regs.rip == node->rip && path->insn[i].length == length &&
            memcmp(path->insn[i].byte, bytes, length) == 0)
            return true;
    printf("node %u, at 0x%" PRIx64 ": not of the path\n", n, node->rip);
    return false;
}

static bool check(const struct show *s)
{
    unsigned int passed = 0, failed = 0;
    uint32_t n;

    for (n = 0; n < s->vcpu.nr_nodes; n++)
        if (show_check_node(stdout, &s->vcpu, n) && is_of_path(s, n))
            passed++;
        else
            failed++;
    printf("nodes: %u passed, %u failed\n", passed, failed);
    return failed == 0 && passed != 0;
}

/* ---- files ---- */

static void take(struct options *o, const char *name, const char *value)
{
    if (strcmp(name, "--at") == 0)
        o->at = strtoull(value, NULL, 16);
    else if (strcmp(name, "--from") == 0)
        o->from = strtoul(value, NULL, 10);
    else if (strcmp(name, "--nodes") == 0)
        o->nodes = strtoul(value, NULL, 10);
    else
        errx(2, "%s is not known; the head of show.c says what is", name);
}

static struct options parse(int argc, char **argv)
{
    struct options o = { .nodes = 16 };
    int i;

    for (i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--regions") == 0)
            o.regions = true;
        else if (strcmp(argv[i], "--check") == 0)
            o.check = true;
        else if (strcmp(argv[i], "--l1") == 0)
            o.l1 = true;
        else if (i + 2 < argc)
            take(&o, argv[i], argv[i + 1]), i++;
    if (i >= argc)
        errx(2, "usage: show [--regions | --check | [--l1] [--at RIP | --from NODE] [--nodes N]] "
             "FILE");
    o.file = argv[argc - 1];
    return o;
}

int main(int argc, char **argv)
{
    struct options o = parse(argc, argv);
    struct cluster_arena arena = guest_arena_map(ARENA_SIZE);
    struct path path = { 0 };
    struct show *s = calloc(1, sizeof(*s));
    FILE *file = paths_open(o.file);
    bool good = true;

    if (!s || !path_read(&path, file, o.file))
        errx(2, "%s: no path", o.file);
    paths_close(file, o.file);
    path_decode(&s->code, &path);
    cluster_init(&s->vcpu, &arena);
    run_path(s);
    if (o.regions)
        show_regions(&s->vcpu);
    else if (o.check)
        good = check(s);
    else
        show_nodes(&s->vcpu, &o);
    path_world_free(&s->world);
    path_code_free(&s->code);
    path_free(&path);
    free(s);
    guest_arena_unmap(&arena);
    return !good;
}
