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

/* What is loaded comes from nvmx_h2g_field in vvmx.c of Xen 4.20.  Here, to be constants. */
static const struct nvmx_l1_field nvmx_l1_fields[NVMX_L1_FIELDS] = {
    /* GUEST_, HOST_ */
    [NVMX_L1_ES_SELECTOR]   = { 0x0800, 0x0c00 },
    [NVMX_L1_CS_SELECTOR]   = { 0x0802, 0x0c02 },
    [NVMX_L1_SS_SELECTOR]   = { 0x0804, 0x0c04 },
    [NVMX_L1_DS_SELECTOR]   = { 0x0806, 0x0c06 },
    [NVMX_L1_FS_SELECTOR]   = { 0x0808, 0x0c08 },
    [NVMX_L1_GS_SELECTOR]   = { 0x080a, 0x0c0a },
    [NVMX_L1_TR_SELECTOR]   = { 0x080e, 0x0c0c },
    [NVMX_L1_SYSENTER_CS]   = { 0x482a, 0x4c00 },
    [NVMX_L1_FS_BASE]       = { 0x680e, 0x6c06 },
    [NVMX_L1_GS_BASE]       = { 0x6810, 0x6c08 },
    [NVMX_L1_TR_BASE]       = { 0x6814, 0x6c0a },
    [NVMX_L1_GDTR_BASE]     = { 0x6816, 0x6c0c },
    [NVMX_L1_IDTR_BASE]     = { 0x6818, 0x6c0e },
    [NVMX_L1_SYSENTER_ESP]  = { 0x6824, 0x6c10 },
    [NVMX_L1_SYSENTER_EIP]  = { 0x6826, 0x6c12 },

    [NVMX_L1_CS_AR_BYTES]   = { 0x4816, 0 },
    [NVMX_L1_SS_AR_BYTES]   = { 0x4818, 0 },
    [NVMX_L1_INTERRUPTIBILITY_INFO] = { 0x4824, 0 },
    [NVMX_L1_DR7]           = { 0x681a, 0 },
    [NVMX_L1_GDTR_LIMIT]    = { 0x4810, 0 },
    [NVMX_L1_DEBUGCTL]      = { 0x2802, 0 },
};

/*
 * Is RDMSR of @msr by L1, which never faults then, a read of @field and nothing else?  All
 * 64 bits of the field are the MSR's.
 */
bool nvmx_l1_msr(uint32_t msr, enum nvmx_l1 *field);

#endif /* NVMX_L1_H */
