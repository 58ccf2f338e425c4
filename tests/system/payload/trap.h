/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trap.h - exceptions and interrupts while a case runs.
 *
 * Each is written into the report, with the registers as the handler finds them; what then happens
 * says the case (TRAP_...).  A trap while no case runs ends the domain, but for those that are
 * expected: they are counted, and what was interrupted goes on.
 */
#ifndef TRAP_H
#define TRAP_H

#include "layout.h"

/* From now on traps belong to @c, which started with @before; NULL: to nobody. */
void trap_begin_case(const struct test_case *c, const struct registers *before, const char *mode);

/* From now on @vectors, as bits, are expected where no case runs; none has been seen yet. */
void trap_expect(uint32_t vectors);

/* Of those: how many, and where, as one number that depends on their order. */
extern struct trap_seen {
    uint64_t number, places;
} trap_seen;

#endif /* TRAP_H */
