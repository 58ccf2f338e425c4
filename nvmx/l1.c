/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * l1.c - see l1.h.
 *
 * What is loaded comes from nvmx_h2g_field in vvmx.c of Xen 4.20; the MSRs from
 * vmx_msr_read_intercept() in vmx.c, where those of SYSENTER are left out: they are seldom
 * read, and one of their fields is narrower than the MSR.
 */
#include "l1.h"

const struct nvmx_l1_field nvmx_l1_fields[NVMX_L1_FIELDS] = {
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

bool nvmx_l1_msr(uint32_t msr, enum nvmx_l1 *field)
{
    switch (msr) {
    case 0x1d9:                 /* IA32_DEBUGCTL */
        *field = NVMX_L1_DEBUGCTL;
        return true;
    case 0xc0000100:            /* IA32_FS_BASE */
        *field = NVMX_L1_FS_BASE;
        return true;
    case 0xc0000101:            /* IA32_GS_BASE */
        *field = NVMX_L1_GS_BASE;
        return true;
    default:
        return false;
    }
}
