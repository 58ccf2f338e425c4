/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fields.h - the VMCS fields that Xen 4.20 knows, by name, and what may be written to each
 * so that the VM entry that follows does not fail.
 */
#ifndef VMCS_FIELDS_H
#define VMCS_FIELDS_H

#include "layout.h"

/* VMCS encodings that C code names, besides those of layout.h (SDM vol. 3, appendix B). */
enum {
    GUEST_CS_SELECTOR = 0x0802, GUEST_SS_SELECTOR = 0x0804, GUEST_DS_SELECTOR = 0x0806,
    GUEST_FS_SELECTOR = 0x0808, GUEST_GS_SELECTOR = 0x080a, GUEST_LDTR_SELECTOR = 0x080c,
    GUEST_TR_SELECTOR = 0x080e,
    HOST_ES_SELECTOR = 0x0c00, HOST_CS_SELECTOR = 0x0c02, HOST_SS_SELECTOR = 0x0c04,
    HOST_DS_SELECTOR = 0x0c06, HOST_FS_SELECTOR = 0x0c08, HOST_GS_SELECTOR = 0x0c0a,
    HOST_TR_SELECTOR = 0x0c0c,
    IO_BITMAP_A = 0x2000, IO_BITMAP_B = 0x2002, MSR_BITMAP = 0x2004,
    VIRTUAL_APIC_PAGE_ADDR = 0x2012, EPT_POINTER = 0x201a,
    VMCS_LINK_POINTER = 0x2800, GUEST_IA32_DEBUGCTL = 0x2802, GUEST_PAT = 0x2804,
    GUEST_EFER = 0x2806, GUEST_PDPTE0 = 0x280a,
    HOST_PAT = 0x2c00, HOST_EFER = 0x2c02,
    PIN_BASED_VM_EXEC_CONTROL = 0x4000, CPU_BASED_VM_EXEC_CONTROL = 0x4002,
    PAGE_FAULT_ERROR_CODE_MASK = 0x4006, PAGE_FAULT_ERROR_CODE_MATCH = 0x4008,
    VM_EXIT_CONTROLS = 0x400c, VM_ENTRY_CONTROLS = 0x4012, VM_ENTRY_INTR_INFO = 0x4016,
    VM_ENTRY_EXCEPTION_ERROR_CODE = 0x4018, VM_ENTRY_INSTRUCTION_LEN = 0x401a,
    TPR_THRESHOLD = 0x401c, SECONDARY_VM_EXEC_CONTROL = 0x401e,
    VM_EXIT_INTR_INFO = 0x4404, VM_EXIT_INTR_ERROR_CODE = 0x4406, IDT_VECTORING_INFO = 0x4408,
    IDT_VECTORING_ERROR_CODE = 0x440a, VM_EXIT_INSTRUCTION_LEN = 0x440c,
    GUEST_ES_LIMIT = 0x4800, GUEST_SS_LIMIT = 0x4804, GUEST_LDTR_LIMIT = 0x480c, GUEST_TR_LIMIT = 0x480e,
    GUEST_GDTR_LIMIT = 0x4810, GUEST_IDTR_LIMIT = 0x4812,
    GUEST_ES_AR_BYTES = 0x4814, GUEST_CS_AR_BYTES = 0x4816, GUEST_SS_AR_BYTES = 0x4818,
    GUEST_DS_AR_BYTES = 0x481a, GUEST_FS_AR_BYTES = 0x481c, GUEST_GS_AR_BYTES = 0x481e,
    GUEST_LDTR_AR_BYTES = 0x4820, GUEST_TR_AR_BYTES = 0x4822,
    GUEST_INTERRUPTIBILITY_INFO = 0x4824, GUEST_ACTIVITY_STATE = 0x4826,
    GUEST_PREEMPTION_TIMER = 0x482e,
    CR0_GUEST_HOST_MASK = 0x6000, CR4_GUEST_HOST_MASK = 0x6002,
    CR0_READ_SHADOW = 0x6004, CR4_READ_SHADOW = 0x6006, EXIT_QUALIFICATION = 0x6400,
    GUEST_CR0 = 0x6800, GUEST_CR3 = 0x6802, GUEST_CR4 = 0x6804, GUEST_ES_BASE = 0x6806,
    GUEST_CS_BASE = 0x6808, GUEST_SS_BASE = 0x680a, GUEST_DS_BASE = 0x680c,
    GUEST_FS_BASE = 0x680e, GUEST_GS_BASE = 0x6810, GUEST_LDTR_BASE = 0x6812,
    GUEST_TR_BASE = 0x6814,
    GUEST_GDTR_BASE = 0x6816, GUEST_IDTR_BASE = 0x6818, GUEST_DR7 = 0x681a,
    GUEST_PENDING_DBG_EXCEPTIONS = 0x6822, GUEST_SYSENTER_ESP = 0x6824,
    HOST_CR0 = 0x6c00, HOST_CR3 = 0x6c02, HOST_CR4 = 0x6c04, HOST_FS_BASE = 0x6c06,
    HOST_GS_BASE = 0x6c08, HOST_TR_BASE = 0x6c0a, HOST_GDTR_BASE = 0x6c0c,
    HOST_IDTR_BASE = 0x6c0e, HOST_SYSENTER_ESP = 0x6c10, HOST_SYSENTER_EIP = 0x6c12,
    HOST_RSP = 0x6c14,
};

/* What a value has to be.  See values.c. */
enum field_kind {
    FIELD_FREE,                 /* anything */
    FIELD_FIXED,                /* what state.c has put there, or what a test means by it */
    FIELD_CANONICAL, FIELD_BASE_32, FIELD_LIMIT, FIELD_TABLE_LIMIT,
    FIELD_SELECTOR,             /* anything, as the descriptor is of DPL 3 */
    FIELD_SELECTOR_0,           /* RPL 0, of the GDT */
    FIELD_NULL_OR_DATA,         /* L1's FS and GS */
    FIELD_DATA_AR, FIELD_CODE_AR, FIELD_STACK_AR, FIELD_LDTR_AR, FIELD_TR_AR,
    FIELD_GDTR, FIELD_IDTR,
    FIELD_DR7, FIELD_DEBUGCTL, FIELD_PAT, FIELD_ALL_ONES, FIELD_TSC, FIELD_TIMER,
    FIELD_CR0, FIELD_CR0_SHADOW, FIELD_CR3, FIELD_CR4, FIELD_CR4_SHADOW,
    FIELD_HOST_CR0, FIELD_HOST_CR3, FIELD_HOST_CR4,
    FIELD_PIN, FIELD_CPU, FIELD_SECONDARY, FIELD_EXIT, FIELD_ENTRY, FIELD_EXCEPTIONS,
    FIELD_IO_BITMAP, FIELD_MSR_BITMAP, FIELD_VIRTUAL_APIC, FIELD_EPTP,
    FIELD_ERROR_CODE, FIELD_LENGTH,
};

struct field {
    uint16_t encoding;
    uint16_t kind;
    const char *name;           /* Xen's */
};

enum { NR_FIELDS = 160 };       /* at most */

extern const struct field fields[];
extern const unsigned int nr_fields;

/* Its name; "?" where it has none. */
const char *field_name(uint32_t encoding);

static inline bool field_has_halves(uint32_t encoding)
{
    return (encoding >> 13 & 3) == 1;
}

/* Of the SDM's types: control, read-only data, guest state, host state. */
enum { TYPE_CONTROL, TYPE_READ_ONLY, TYPE_GUEST, TYPE_HOST };

static inline unsigned int field_type(uint32_t encoding)
{
    return encoding >> 10 & 3;
}

#endif /* VMCS_FIELDS_H */
