/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * programs.h - what a random sequence lets L2 do, and what it injects into it.
 *
 * Whatever L2 does, the VMCS that is left behind stays valid under the rules of values.h: so
 * no null selectors, no other CPL, no IDT that cannot be used.
 */
#ifndef VMCS_PROGRAMS_H
#define VMCS_PROGRAMS_H

#include "vm.h"

/* vm_begin(), and some orders, which are told as " NAME(A,B)". */
void program_begin(struct vm *vm);

/*
 * An event for the entry that follows next, which has to be one that succeeds: RFLAGS,
 * interruptibility and the three fields of the injection.  It is told by its number.
 */
void program_inject(void);

/* RFLAGS and interruptibility, which go together. */
void program_write_flags(void);

#endif /* VMCS_PROGRAMS_H */
