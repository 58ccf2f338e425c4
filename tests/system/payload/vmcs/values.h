/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * values.h - random values that a VM entry accepts, whatever the other fields have that were
 * written by these rules.
 *
 * Where fields depend on each other the rules leave no choice: limits fit both granularities,
 * data segments are of DPL 3, TR_ and LDTR_ are always usable.  RFLAGS, interruptibility and
 * injected events go together, see events.h.
 */
#ifndef VMCS_VALUES_H
#define VMCS_VALUES_H

#include "fields.h"

/* For @field, in a VMCS that uses EPT or not. */
uint64_t value_for(const struct field *field, bool ept);

/* RFLAGS that L2 can begin with: no trap, no VM86; IF as said. */
uint64_t value_rflags(bool interrupts);

#endif /* VMCS_VALUES_H */
