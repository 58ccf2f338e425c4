/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * l1.h - L1's state in vmcs01, as far as L0 knows it while vmcs01 is not loaded: between a
 * virtual exit and the moment that L1 is really entered.  One table.
 *
 * A virtual exit LOADS some guest-state fields of vmcs01 from the vvmcs' host state, as they
 * are, and leaves all others alone: those are as L1 had them when it last ran.  So a value is
 * known that was read from the vvmcs at the exit, or from vmcs01 when that was last left.
 *
 * What needs any other field of vmcs01 needs vmcs01.
 */
#ifndef NVMX_L1_H
#define NVMX_L1_H

#include "field.h"

enum nvmx_l1 {
    /* Loaded. */
    NVMX_L1_ES_SELECTOR,
    NVMX_L1_CS_SELECTOR,
    NVMX_L1_SS_SELECTOR,
    NVMX_L1_DS_SELECTOR,
    NVMX_L1_FS_SELECTOR,
    NVMX_L1_GS_SELECTOR,
    NVMX_L1_TR_SELECTOR,
    NVMX_L1_SYSENTER_CS,
    NVMX_L1_FS_BASE,
    NVMX_L1_GS_BASE,
    NVMX_L1_TR_BASE,
    NVMX_L1_GDTR_BASE,
    NVMX_L1_IDTR_BASE,
    NVMX_L1_SYSENTER_ESP,
    NVMX_L1_SYSENTER_EIP,
    NVMX_L1_LOADED,             /* that many */

    /* Left alone, and asked for. */
    NVMX_L1_CS_AR_BYTES = NVMX_L1_LOADED,
    NVMX_L1_SS_AR_BYTES,
    NVMX_L1_INTERRUPTIBILITY_INFO,
    NVMX_L1_DR7,
    NVMX_L1_GDTR_LIMIT,
    NVMX_L1_DEBUGCTL,
    NVMX_L1_FIELDS,
};

struct nvmx_l1_field {
    uint16_t guest;             /* encoding, in vmcs01 */
    uint16_t host;              /* of what is loaded: where from, in the vvmcs */
};

extern const struct nvmx_l1_field nvmx_l1_fields[NVMX_L1_FIELDS];

/*
 * Is RDMSR of @msr by L1, which never faults then, a read of @field and nothing else?  All
 * 64 bits of the field are the MSR's.
 */
bool nvmx_l1_msr(uint32_t msr, enum nvmx_l1 *field);

#endif /* NVMX_L1_H */
