/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "random_run.h"

#include <getopt.h>
#include <stdlib.h>
#include <sys/random.h>

bool random_run_options(int argc, char **argv, void (*usage)(FILE *out),
                        struct random_run *run, int *status)
{
    static const struct option options[] = {
        { "seed", required_argument, NULL, 's' },
        { "count", required_argument, NULL, 'c' },
        { "endless", no_argument, NULL, 'e' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    int option;

    *run = (struct random_run){ .count = 100000 };
    if (getrandom(&run->seed, sizeof(run->seed), 0) != sizeof(run->seed))
        run->seed = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's': run->seed = strtoull(optarg, NULL, 0); break;
        case 'c': run->count = strtoull(optarg, NULL, 0); break;
        case 'e': run->endless = true; break;
        case 'h': usage(stdout); *status = 0; return false;
        default:  usage(stderr); *status = 2; return false;
        }
    }
    return true;
}
