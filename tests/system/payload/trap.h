/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trap.h - exceptions and interrupts while a case runs.
 *
 * Each is written into the report, with the registers as the handler finds them; what then happens
 * says the case (TRAP_...).  A trap while no case runs ends the domain.
 */
#ifndef TRAP_H
#define TRAP_H

#include "layout.h"

/* From now on traps belong to @c, which started with @before; NULL: to nobody. */
void trap_begin_case(const struct test_case *c, const struct registers *before, const char *mode);

#endif /* TRAP_H */
