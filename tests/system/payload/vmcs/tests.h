/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tests.h - the tests of what Xen makes of a VMCS.
 *
 * Their text is the same in all modes of nvmx-cluster=, batch on or off.  What would end the
 * domain under stock Xen 4.20 is left out; main.c of this directory says what that is.
 */
#ifndef VMCS_TESTS_H
#define VMCS_TESTS_H

#include "layout.h"

/*
 * The words of the command line say which test: "test=vmcs", "test=late" or "test=seq".
 * False: none of them.  To be called in VMX operation.  @name: whose text it is.
 */
bool vmcs_test(const char *cmdline, const char *name);

/* Fields that cease to exit.  Before others make them do so. */
void test_hot(void);
/* What L1 has not read yet.  Before others read everything. */
void test_unread(void);
/* Each field, written by L1, seen by L2; changed by L2, read by L1. */
void test_fields(void);
/* Control registers, their masks and shadows. */
void test_control_registers(void);
/* What exits, and what does not; exceptions, injected events. */
void test_exits(void);
void test_events(void);
/* Modes of L2, EPT. */
void test_modes(void);
void test_ept(void);
/* Bitmaps that change in memory. */
void test_bitmaps(void);
/* Exits that L1 handles one after the other. */
void test_reflected(void);
/* Instructions that fail. */
void test_failures(void);

/* Random sequences of everything.  @cmdline: "seed=N", "steps=N", "look=N", "verbose". */
void test_sequences(const char *cmdline);

#endif /* VMCS_TESTS_H */
