/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * unit.h - cmocka with what it needs, and the last line of every test program,
 * which run-checks.sh adds up.
 */
#ifndef UNIT_H
#define UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* Print it and return the program's exit code.  @failed as cmocka's group runner returns it. */
static inline int unit_report(const char *what, int tests, int failed)
{
    printf("%s: %d passed, %d failed\n", what, tests - failed, failed);
    return failed != 0;
}

#endif /* UNIT_H */
