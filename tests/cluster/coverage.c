/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * coverage.c - which share of what L1 executes between a reflected exit and its
 * VMRESUME does the engine know?
 *
 * usage: coverage [--json] [--at-least PERCENT] FILE...
 * FILE is a path file of the emulator (bench/README.md), gzipped or not.  Each
 * instruction counts as often as it was executed, a string instruction once.
 * Paths that do not end with VMRESUME (L1 went to its user space or did something
 * else altogether) are counted apart.
 *
 * With --at-least the last line says how many files have that share.  Exit code 1: the share in
 * some file is below PERCENT.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <Zydis/Zydis.h>

#include "decode.h"
#include "paths_read.h"

struct missing {
    const char *mnemonic;
    unsigned long count, first_rip;
    char example[2 * CLUSTER_MAX_INSN_BYTES + 1];
};

enum { MAX_MISSING = 256 };

struct coverage {
    unsigned long paths, complete_paths;    /* that resumed; of which everything is known */
    unsigned long insns, known;             /* in those */
    unsigned long other_paths, other_insns, other_known;
    struct missing missing[MAX_MISSING];
    unsigned int nr_missing;
};

static const char *mnemonic_of(const struct path_insn *insn)
{
    ZydisDecoder decoder;
    ZydisDecodedInstruction decoded;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder, NULL, insn->byte, insn->length,
                                                  &decoded)))
        return "invalid";
    return ZydisMnemonicGetString(decoded.mnemonic);
}

static void count_missing(struct coverage *c, const struct path_insn *insn)
{
    const char *mnemonic = mnemonic_of(insn);
    struct missing *m;
    unsigned int i;

    for (m = c->missing; m < c->missing + c->nr_missing; m++)
        if (strcmp(m->mnemonic, mnemonic) == 0)
            break;
    if (m == c->missing + MAX_MISSING)
        return;
    if (m == c->missing + c->nr_missing) {
        c->nr_missing++;
        m->mnemonic = mnemonic;
        m->first_rip = insn->before.regs.rip;
        for (i = 0; i < insn->length; i++)
            sprintf(m->example + 2 * i, "%02x", insn->byte[i]);
    }
    m->count++;
}

static bool known(const struct path_insn *insn)
{
    struct cluster_insn decoded;

    return cluster_decode(&decoded, insn->byte, insn->length, insn->before.regs.rip) ==
           CLUSTER_DECODE_OK;
}

static void count_path(struct coverage *c, const struct path *path)
{
    bool resumed = strcmp(path->end, "resumed") == 0;
    unsigned int i, unknown = 0;

    for (i = 0; i < path->nr_insns; i++) {
        if (known(&path->insn[i]))
            continue;
        unknown++;
        if (resumed)
            count_missing(c, &path->insn[i]);
    }
    if (resumed) {
        c->paths++;
        c->complete_paths += unknown == 0;
        c->insns += path->nr_insns;
        c->known += path->nr_insns - unknown;
    } else {
        c->other_paths++;
        c->other_insns += path->nr_insns;
        c->other_known += path->nr_insns - unknown;
    }
}

static int by_count(const void *a, const void *b)
{
    const struct missing *x = a, *y = b;

    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return strcmp(x->mnemonic, y->mnemonic);
}

static void count_file(struct coverage *c, const char *name)
{
    struct path path = { 0 };
    FILE *file = paths_open(name);

    memset(c, 0, sizeof(*c));
    while (path_read(&path, file, name))
        count_path(c, &path);
    path_free(&path);
    paths_close(file, name);
    qsort(c->missing, c->nr_missing, sizeof(c->missing[0]), by_count);
}

static double percent(unsigned long part, unsigned long all)
{
    return all ? 100.0 * part / all : 0;
}

static void print_text(const struct coverage *c, const char *name)
{
    const struct missing *m;

    printf("%s: %lu paths to VMRESUME, %lu instructions, %.3f%% supported; %lu paths entirely\n",
           name, c->paths, c->insns, percent(c->known, c->insns), c->complete_paths);
    if (c->other_paths)
        printf("  other paths: %lu, %lu instructions, %.3f%% supported\n", c->other_paths,
               c->other_insns, percent(c->other_known, c->other_insns));
    for (m = c->missing; m < c->missing + c->nr_missing; m++)
        printf("  %8lu  %-12s first at 0x%lx: %s\n", m->count, m->mnemonic, m->first_rip,
               m->example);
}

static void print_json(const struct coverage *c, const char *name, bool first)
{
    const struct missing *m;

    printf("%s\n  {\"file\": \"%s\", \"paths\": %lu, \"paths_supported\": %lu,\n"
           "   \"instructions\": %lu, \"supported\": %lu, \"supported_percent\": %.4f,\n"
           "   \"other_paths\": %lu, \"other_instructions\": %lu, \"other_supported\": %lu,\n"
           "   \"unsupported\": [", first ? "" : ",", name, c->paths, c->complete_paths,
           c->insns, c->known, percent(c->known, c->insns), c->other_paths, c->other_insns,
           c->other_known);
    for (m = c->missing; m < c->missing + c->nr_missing; m++)
        printf("%s\n    {\"mnemonic\": \"%s\", \"count\": %lu, \"bytes\": \"%s\"}",
               m == c->missing ? "" : ",", m->mnemonic, m->count, m->example);
    printf("]}");
}

int main(int argc, char **argv)
{
    static struct coverage c;
    double least = -1;
    bool json = false, first = true;
    int i = 1, enough = 0, files;

    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--at-least") == 0 && i + 1 < argc)
            least = atof(argv[++i]);
        else
            break;
    }
    if (i == argc || argv[i][0] == '-')
        errx(2, "usage: coverage [--json] [--at-least PERCENT] FILE...");
    files = argc - i;
    if (json)
        printf("[");
    for (; i < argc; i++, first = false) {
        count_file(&c, argv[i]);
        if (json)
            print_json(&c, argv[i], first);
        else
            print_text(&c, argv[i]);
        enough += c.paths != 0 && percent(c.known, c.insns) >= least;
    }
    if (json)
        printf("\n]\n");
    else if (least >= 0)
        printf("coverage: %d passed, %d failed\n", enough, files - enough);
    return enough == files ? 0 : 1;
}
