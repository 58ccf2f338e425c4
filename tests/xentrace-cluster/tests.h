/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tests.h - what the groups of tests share.
 */
#ifndef TEST_TESTS_H
#define TEST_TESTS_H

/* cmocka.h wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A group runs its tests; returns how many failed and adds how many there are to *total. */
typedef int test_group(unsigned int *total);

test_group reader_tests, events_tests, order_tests, batches_tests, model_tests, table_tests,
    symbols_tests, disasm_tests, hostile_tests, program_tests;

#define RUN_GROUP(tests, total)                                        \
    (*(total) += (unsigned int)(sizeof(tests) / sizeof((tests)[0])),   \
     cmocka_run_group_tests_name(#tests, tests, NULL, NULL))

#endif /* TEST_TESTS_H */
