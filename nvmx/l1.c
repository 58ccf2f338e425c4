/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * l1.c - see l1.h.
 *
 * The MSRs come from vmx_msr_read_intercept() in vmx.c of Xen 4.20, where those of SYSENTER
 * are left out: they are seldom read, and one of their fields is narrower than the MSR.
 */
#include "l1.h"

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
