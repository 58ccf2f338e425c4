/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential.c - the interpreter against the CPU this runs on.
 *
 * Random sequences of instructions are executed twice from the same random
 * state, by the CPU on real pages and by the interpreter on copies of them, and
 * end there by themselves, by a fault or by a jump to nowhere.  Where they end,
 * all registers, the arithmetic flags and all of the memory must be equal.
 *
 * What the interpreter leaves to hardware (accesses that cross a page end) the
 * CPU does for it, by a single step.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "alu.h"
#include "compare.h"
#include "model.h"
#include "native.h"
#include "random_run.h"
#include "sequence.h"
#include "unit.h"

enum {
    SHOWN = 3,                  /* mismatches printed in full */
    STATES = 8,                 /* from which each sequence is executed */
    ENOUGH = 10000,             /* sequences among which every form must have been */
    REPORT_EVERY = 1000000,     /* executions; in endless runs */
};

struct tally {
    uint64_t sequences, executions, insns, by_hardware, mismatches, foreign;
    uint64_t ending[MODEL_NR_ENDINGS];
    uint64_t *per_form;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* ---- one execution ---- */

/* Not compared: the interpreter came to what it does not know, or to no end. */
static bool comparable(enum model_ending ending)
{
    return ending == MODEL_END || ending == MODEL_FAULT || ending == MODEL_MEMORY ||
           ending == MODEL_NOWHERE;
}

/*
 * The page that was refused to L1 is one of this program's own, such as a sanitizer has
 * at 2 GiB: the CPU would not refuse it.
 */
static bool is_mapped_here(const struct model *m)
{
    bool l1 = m->refused >= NATIVE_DATA && m->refused <= NATIVE_CODE;
    unsigned char resident;

    return m->ending == MODEL_MEMORY && m->refused != 0 && !l1 &&
           mincore((void *)(uintptr_t)m->refused, 4096, &resident) == 0;
}

static void execute(struct model *m, struct tally *tally)
{
    model_interpret(m);
    tally->executions++;
    tally->ending[m->ending]++;
    tally->insns += m->insns;
    tally->by_hardware += m->by_hardware;
    if (!comparable(m->ending) || is_mapped_here(m)) {
        tally->foreign += comparable(m->ending);
        model_to_native(m);
        return;
    }
    model_native(m);
    if (compare_equal(m))
        return;
    if (tally->mismatches++ < SHOWN)
        compare_show(m, tally->sequences);
    model_from_native(m);       /* the next one starts equal again */
}

static void one_sequence(struct model *m, struct random *r, struct tally *tally)
{
    unsigned int i;

    sequence_generate(&m->s, r, native_has_bases(), m->flags_defined);
    model_load(m);
    for (i = 0; i < STATES; i++) {
        execute(m, tally);
        sequence_draw_state(&m->s, r);
    }
    tally->sequences++;
}

/* ---- the run ---- */

static unsigned int forms_never_executed(const struct model *m, bool tell)
{
    unsigned int i, missing = 0;

    for (i = 0; i < nr_forms(); i++) {
        if (m->executed[i] != 0)
            continue;
        if (tell)
            printf("never executed: %s\n", forms[i].name);
        missing++;
    }
    return missing;
}

static void print_totals(const struct model *m, const struct tally *tally)
{
    printf("%" PRIu64 " executions of %" PRIu64 " sequences, %" PRIu64 " instructions of %u forms, "
           "%" PRIu64 " differ\n", tally->executions, tally->sequences, tally->insns,
           nr_forms() - forms_never_executed(m, false), tally->mismatches);
    printf("ended behind the last instruction: %" PRIu64 ", by #DE and #GP: %" PRIu64
           ", by an access: %" PRIu64 ", nowhere: %" PRIu64 ", not compared: %" PRIu64 "; "
           "single steps by the CPU: %" PRIu64 "\n", tally->ending[MODEL_END],
           tally->ending[MODEL_FAULT], tally->ending[MODEL_MEMORY], tally->ending[MODEL_NOWHERE],
           tally->ending[MODEL_UNKNOWN] + tally->ending[MODEL_ENDLESS] + tally->foreign,
           tally->by_hardware);
    fflush(stdout);
}

static bool every_ending(const struct tally *tally)
{
    return tally->ending[MODEL_END] && tally->ending[MODEL_FAULT] && tally->ending[MODEL_MEMORY] &&
           tally->ending[MODEL_NOWHERE];
}

static int run(uint64_t seed, uint64_t count, bool endless)
{
    struct random r = { seed };
    struct tally tally = { 0 };
    struct model *m = model_start(&r);
    bool enough = endless || count >= ENOUGH * STATES;
    bool all;

    while (!interrupted && (endless || tally.executions < count)) {
        one_sequence(m, &r, &tally);
        if (endless && tally.executions % REPORT_EVERY == 0)
            print_totals(m, &tally);
    }
    print_totals(m, &tally);
    all = forms_never_executed(m, enough) == 0 && every_ending(&tally);
    model_end(m);
    /* Two tests: all are equal, and all forms and endings were there to be compared. */
    return unit_report("interpreter against the CPU", 2,
                       (tally.mismatches != 0) + (!all && enough && !interrupted));
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: differential [--seed N] [--count N | --endless]\n"
            "\n"
            "Executes random sequences of instructions on this CPU and in the\n"
            "interpreter, and compares what they leave.\n"
            "\n"
            "  --seed N    start the random numbers at N; default: chosen anew each time\n"
            "              and printed.  The same seed gives the same sequences.\n"
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
    printf("seed %" PRIu64 ", FS and GS bases %s\n", options.seed,
           native_has_bases() ? "included" : "left out: the kernel does not let programs set them");
    fflush(stdout);
    signal(SIGINT, on_interrupt);
    return run(options.seed, options.count, options.endless);
}
