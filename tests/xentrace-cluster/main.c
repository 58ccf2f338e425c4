/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs all groups, each in a process of its own so that one which crashes
 * counts as a failure and takes no other with it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests.h"

struct outcome {
    unsigned int total, failed;
};

static void run_here(test_group *group, int report)
{
    struct outcome outcome = { 0, 0 };

    outcome.failed = (unsigned int)group(&outcome.total);
    if (write(report, &outcome, sizeof(outcome)) != sizeof(outcome))
        exit(1);
    exit(0);
}

static struct outcome run(test_group *group)
{
    struct outcome outcome = { 1, 1 };
    int ends[2], status;
    pid_t child;

    if (pipe(ends) || (child = fork()) < 0)
        return outcome;
    if (!child) {
        close(ends[0]);
        run_here(group, ends[1]);
    }
    close(ends[1]);
    if (read(ends[0], &outcome, sizeof(outcome)) != sizeof(outcome))
        fprintf(stderr, "a group of tests died\n");
    close(ends[0]);
    waitpid(child, &status, 0);
    /* Sanitizers speak at the end of the process. */
    if (!outcome.failed && status)
        outcome.failed = 1;
    return outcome;
}

int main(void)
{
    static test_group *const groups[] = {
        table_tests, reader_tests, events_tests, order_tests, batches_tests, model_tests,
        symbols_tests, disasm_tests, hostile_tests, program_tests,
    };
    struct outcome all = { 0, 0 }, one;
    unsigned int i;

    for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        one = run(groups[i]);
        all.total += one.total;
        all.failed += one.failed;
    }
    printf("%u passed, %u failed\n", all.total - all.failed, all.failed);
    return all.failed ? 1 : 0;
}
