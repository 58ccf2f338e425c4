/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * controls.h - bits of the VMCS controls (SDM vol. 3, 25.6 to 25.8), and which of them this
 * machine allows.
 */
#ifndef VMCS_CONTROLS_H
#define VMCS_CONTROLS_H

#include "layout.h"

enum {
    PIN_EXT_INTR_EXITING = 1 << 0, PIN_NMI_EXITING = 1 << 3, PIN_PREEMPTION_TIMER = 1 << 6,

    CPU_INTERRUPT_WINDOW = 1 << 2, CPU_TSC_OFFSETTING = 1 << 3, CPU_HLT_EXITING = 1 << 7,
    CPU_INVLPG_EXITING = 1 << 9, CPU_MWAIT_EXITING = 1 << 10, CPU_RDPMC_EXITING = 1 << 11,
    CPU_RDTSC_EXITING = 1 << 12, CPU_CR3_LOAD_EXITING = 1 << 15,
    CPU_CR3_STORE_EXITING = 1 << 16, CPU_CR8_LOAD_EXITING = 1 << 19,
    CPU_CR8_STORE_EXITING = 1 << 20, CPU_TPR_SHADOW = 1 << 21, CPU_NMI_WINDOW = 1 << 22,
    CPU_MOV_DR_EXITING = 1 << 23, CPU_UNCOND_IO_EXITING = 1 << 24, CPU_IO_BITMAPS = 1 << 25,
    CPU_MONITOR_TRAP_FLAG = 1 << 27, CPU_MSR_BITMAPS = 1 << 28, CPU_MONITOR_EXITING = 1 << 29,
    CPU_PAUSE_EXITING = 1 << 30,

    SECONDARY_EPT = 1 << 1, SECONDARY_DESCRIPTOR_TABLE_EXITING = 1 << 2, SECONDARY_VPID = 1 << 5,
    SECONDARY_UNRESTRICTED_GUEST = 1 << 7,

    EXIT_IA32E_MODE = 1 << 9, EXIT_LOAD_PERF_GLOBAL_CTRL = 1 << 12, EXIT_ACK_INTR = 1 << 15,
    EXIT_SAVE_PAT = 1 << 18, EXIT_LOAD_PAT = 1 << 19, EXIT_SAVE_EFER = 1 << 20,
    EXIT_LOAD_EFER = 1 << 21,

    ENTRY_IA32E_MODE = 1 << 9, ENTRY_LOAD_PERF_GLOBAL_CTRL = 1 << 13, ENTRY_LOAD_PAT = 1 << 14,
    ENTRY_LOAD_EFER = 1 << 15,
};

/* Bit 31, no enumerator of an int. */
#define CPU_SECONDARY_CONTROLS (1u << 31)

/* Read the capability MSRs. */
void controls_init(void);

/*
 * @wanted as far as it is allowed, and what has to be set, of the control whose encoding is
 * @field.
 */
uint32_t controls_allowed(uint32_t field, uint32_t wanted);

static inline bool controls_can(uint32_t field, uint32_t bit)
{
    return controls_allowed(field, bit) & bit;
}

#endif /* VMCS_CONTROLS_H */
