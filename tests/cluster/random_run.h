/* SPDX-License-Identifier: GPL-2.0-only */
/* random_run.h - the options of programs that try random sequences. */
#ifndef RANDOM_RUN_H
#define RANDOM_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct random_run {
    uint64_t seed;              /* --seed, or one of the system's */
    uint64_t count;             /* --count, or 100000 */
    bool endless;               /* --endless */
};

/*
 * False: there is nothing to run, and the program ends with *@status: --help, or what
 * is not an option.  @usage says what there is.
 */
bool random_run_options(int argc, char **argv, void (*usage)(FILE *out),
                        struct random_run *run, int *status);

#endif /* RANDOM_RUN_H */
