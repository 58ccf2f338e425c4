/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * steps.h - the steps that random sequences are made of: instructions of L1, entries of L2.
 *
 * Whatever steps were taken, the next entry does not fail but by a VMfail that Xen knows of.
 */
#ifndef VMCS_STEPS_H
#define VMCS_STEPS_H

#include "vm.h"

/* All VMs are reset, those with odd numbers use EPT; the last one is current. */
void steps_start(void);

/* A random step; it is told what was done, to which VM and what came of it. */
void steps_take(void);

/* The VM whose VMCS is current, or NULL. */
struct vm *steps_vm(void);

/* Of those that this processor has. */
const struct field *steps_any_field(void);

#endif /* VMCS_STEPS_H */
