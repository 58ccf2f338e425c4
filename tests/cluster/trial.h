/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trial.h - a program executed by the engine in both of its region modes and by
 * cluster_step() alone, and compared after each execution.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "party.h"
#include "program.h"

enum { TRIAL_ON, TRIAL_INTERP, TRIAL_ENGINES, TRIAL_REFERENCE = TRIAL_ENGINES, TRIAL_PARTIES };

struct trial_tally {
    uint64_t programs, executions, mismatches;
    /* Of the engine in each mode. */
    uint64_t ran[TRIAL_ENGINES], cached[TRIAL_ENGINES], recorded[TRIAL_ENGINES];
    uint64_t insns[TRIAL_ENGINES], exiting[TRIAL_ENGINES];
    uint64_t stops[TRIAL_ENGINES][CLUSTER_NR_STOPS];
};

struct trial {
    struct l1_script script;
    struct party party[TRIAL_PARTIES];
    struct program program;
    bool hostile;               /* programs are those of hostile.h */
    bool reflected;             /* L1 is entered at the program's start now and then: virtual VM exits */
    unsigned int kind;          /* of the present execution, 0 where L1 has exited */
    struct random r;
    struct l1_state before;     /* of the present execution */
    struct trial_tally tally;
    /* The reference in the present execution. */
    unsigned int insns, exiting;
    unsigned int late;          /* the first exiting instruction after a poke, or UINT_MAX */
    bool beyond;                /* it made a step that no engine's count has in it */
};

void trial_start(struct trial *t);
void trial_end(struct trial *t);

/* Execute the program of @seed @executions times.  Stops at a mismatch, and prints it. */
void trial_run(struct trial *t, uint64_t seed, unsigned int executions);

#endif /* TRIAL_H */
