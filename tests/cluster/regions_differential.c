/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * regions_differential.c - regions against the interpreter's single steps.
 *
 * Random programs (program.h) are executed from exit to exit by cluster_run(), in
 * MODE_ON and MODE_INTERP, and by as many cluster_step()s, with code, mappings,
 * data and events changing in between.  Registers, flags, memory and what was
 * asked of the world must be the same (trial.h).
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "random_run.h"
#include "selfcheck.h"
#include "trial.h"
#include "unit.h"

enum {
    PER_PROGRAM = 400,          /* executions of each mode */
    ENOUGH = 200000,            /* executions among which a fair part must have been of regions */
    REPORT_EVERY = 1000,        /* programs; in endless runs */
    SHOWN = 3,                  /* malformed programs that are told of */
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

static const char *const stop_name[CLUSTER_NR_STOPS] = {
    "complete", "branch", "memory", "code write", "event", "vmx", "flags", "no code",
    "no cluster", "edge", "unsupported", "gap", "budget", "resume", "world", "bytes", "fault",
    "counting", "stack",
};

static void print_engine(const struct trial_tally *tally, unsigned int engine, const char *name)
{
    unsigned int i;

    printf("%s: %" PRIu64 " of regions, %" PRIu64 " recorded; %" PRIu64 " instructions, %" PRIu64
           " exiting; stopped by", name, tally->cached[engine], tally->recorded[engine],
           tally->insns[engine], tally->exiting[engine]);
    for (i = 0; i < CLUSTER_NR_STOPS; i++)
        if (tally->stops[engine][i])
            printf(" %s %" PRIu64, stop_name[i], tally->stops[engine][i]);
    printf("\n");
}

static void print_totals(const struct trial_tally *tally, uint64_t next)
{
    printf("%" PRIu64 " executions of %" PRIu64 " programs, %" PRIu64 " differ; next seed %" PRIu64
           "\n", tally->executions, tally->programs, tally->mismatches, next);
    print_engine(tally, TRIAL_ON, "translated");
    print_engine(tally, TRIAL_INTERP, "interpreted");
    fflush(stdout);
}

/* Are regions what was tested, or was most of it refused? */
static bool worth_it(const struct trial_tally *tally)
{
    static const enum cluster_stop stops[] = {
        CLUSTER_STOP_MEMORY, CLUSTER_STOP_CODE_WRITE, CLUSTER_STOP_EVENT, CLUSTER_STOP_VMX,
        CLUSTER_STOP_EDGE, CLUSTER_STOP_RESUME, CLUSTER_STOP_WORLD, CLUSTER_STOP_BYTES,
        CLUSTER_STOP_FAULT, CLUSTER_STOP_BUDGET, CLUSTER_STOP_COUNTING,
    };
    uint64_t each = tally->executions / TRIAL_ENGINES;
    unsigned int i, j;

    for (i = 0; i < TRIAL_ENGINES; i++) {
        if (tally->cached[i] < each / 4)
            return false;
        for (j = 0; j < sizeof(stops) / sizeof(stops[0]); j++)
            if (tally->stops[i][stops[j]] == 0)
                return false;
    }
    return true;
}

/* What the engine has made of a program, in the mode that translates. */
static bool is_well_formed(const struct trial *t, uint64_t seed, bool tell)
{
    const struct cluster_vcpu *vcpu = t->party[TRIAL_ON].vcpu;
    const char *wrong;
    uint32_t where;

    wrong = selfcheck_arena(vcpu, &where);
    if (!wrong)
        wrong = selfcheck_edges(vcpu, &where);
    if (wrong && tell)
        printf("\nseed %" PRIu64 ": %s, 0x%x\n", seed, wrong, where);
    return !wrong;
}

static int run(uint64_t seed, uint64_t count, bool endless)
{
    struct trial *t = malloc(sizeof(*t));
    unsigned int malformed = 0;
    bool worth;
    int result;

    if (!t)
        abort();
    trial_start(t);
    while (!interrupted && (endless || t->tally.executions < count)) {
        trial_run(t, seed, PER_PROGRAM);
        malformed += !is_well_formed(t, seed++, malformed < SHOWN);
        if (endless && t->tally.programs % REPORT_EVERY == 0)
            print_totals(&t->tally, seed);
    }
    print_totals(&t->tally, seed);
    worth = interrupted || (count < ENOUGH && !endless) || worth_it(&t->tally);
    if (!worth)
        printf("too few executions were of regions, or not all ways to stop were there\n");
    /* Three tests: all are equal, what was made of them is what may be, and it was worth it. */
    result = unit_report("regions against single steps", 3,
                         (t->tally.mismatches != 0) + (malformed != 0) + !worth);
    trial_end(t);
    free(t);
    return result;
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: regions_differential [--seed N] [--count N | --endless]\n"
            "\n"
            "Executes random programs by regions, translated and interpreted, and by single\n"
            "steps, and compares what they leave.\n"
            "\n"
            "  --seed N    of the first program, the next ones following; default: chosen anew\n"
            "              each time and printed.  A seed always gives the same program and\n"
            "              the same executions.\n"
            "  --count N   number of executions; default 100000\n"
            "  --endless   until interrupted\n"
            "  --help      this text\n");
}

int main(int argc, char **argv)
{
    struct random_run options;
    int status;

    if (!random_run_options(argc, argv, usage, &options, &status))
        return status;
    printf("seed %" PRIu64 "\n", options.seed);
    fflush(stdout);
    signal(SIGINT, on_interrupt);
    return run(options.seed, options.count, options.endless);
}
