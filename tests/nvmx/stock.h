/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stock.h - the oracle: what stock Xen's virtual_vmentry() and virtual_vmexit() do to the
 * fields of a vvmcs and of vmcs02, which is always all of it.
 *
 * A VMCS is an array of values by position (nvmx_position()).
 */
#ifndef STOCK_H
#define STOCK_H

#include "field.h"

enum { NR_INPUTS = 15 };        /* bits of NVMX_INPUT_ALL */

/* What L2 runs with. */
struct vmcs02 {
    uint64_t field[NVMX_POSITIONS];
    /*
     * By the number of the input's bit: instead of a merged control, a hash of all that it
     * is computed from.  Fields that L2 may change are not part of it, they are in @field.
     */
    uint64_t computed[NR_INPUTS];
};

/* What Xen stores in the vvmcs at a virtual exit, besides what it copies from vmcs02. */
struct stores {
    struct nvmx_set set;
    uint64_t value[NVMX_POSITIONS];
};

/* VMREAD and VMWRITE as of any well-formed encoding, high halves too. */
uint64_t vmcs_read(const uint64_t *vmcs, uint32_t encoding);
void vmcs_write(uint64_t *vmcs, uint32_t encoding, uint64_t value);

/* L1 does not intercept MOV to CR3. */
bool cr3_is_l2s(const uint64_t *vvmcs);

/* Is something to be injected?  If not, two more fields mean nothing. */
bool has_event(const uint64_t *vmcs);

/* Compute @inputs (enum nvmx_input) anew. */
void merge(const uint64_t *vvmcs, struct vmcs02 *to, uint32_t inputs);

void stock_enter(const uint64_t *vvmcs, struct vmcs02 *to);
void stock_leave(uint64_t *vvmcs, const struct vmcs02 *from, const struct stores *stores);

#endif /* STOCK_H */
