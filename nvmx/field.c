/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * field.c - the table of VMCS fields, in the order of SDM vol. 3, appendix B, by their names
 * in Xen (asm/hvm/vmx/vmcs.h).
 *
 * Where the columns come from, all in vvmx.c of Xen 4.20:
 *
 *   entry    virtual_vmentry().  COPY is vmcs_gstate_field, EVENT load_shadow_guest_state()'s
 *            vmentry_fields, REGISTER what goes to Xen's copy of L2's registers.
 *   exit     virtual_vmexit().  HARDWARE is vmcs_ro_field (sync_vvmcs_ro()) and
 *            vmcs_gstate_field (sync_vvmcs_guest_state()), which has CR3's condition, too.
 *            XEN: that function's own stores, nvmx_store_pdptes(), load_vvmcs_host_state().
 *   inputs   the fields that are read by what load_shadow_control() calls, in its order: PIN to
 *            TPR, and PF; by load_shadow_cr_values() and load_shadow_cr_masks(): CR; by
 *            nvmx_get_tsc_offset(), nvmx_load_pdptes(); and by virtual_vmentry() for EPT and
 *            VPID.  A control that says whether another field counts is an input as well.
 *
 * Xen knows two more, SPEC_CTRL_MASK and SPEC_CTRL_SHADOW.  Their indices are above 31, so
 * that vvmcs_offset() gives them the positions of other fields.
 */
#include "field.h"

/* The columns, in short. */
enum {
    NOTHING = NVMX_ENTRY_NOTHING,       /* and NVMX_EXIT_NOTHING, which is the same number */

    COPY = NVMX_ENTRY_COPY,
    INPUT = NVMX_ENTRY_INPUT,
    REGISTER = NVMX_ENTRY_REGISTER,
    EVENT = NVMX_ENTRY_EVENT,

    HARDWARE = NVMX_EXIT_HARDWARE,
    XEN = NVMX_EXIT_XEN,
    CR3 = NVMX_EXIT_CR3,

    PIN = NVMX_INPUT_PIN,
    CPU = NVMX_INPUT_CPU,
    SECONDARY = NVMX_INPUT_SECONDARY,
    EXIT = NVMX_INPUT_EXIT,
    ENTRY = NVMX_INPUT_ENTRY,
    EXCEPTION = NVMX_INPUT_EXCEPTION,
    APIC_ACCESS = NVMX_INPUT_APIC_ACCESS,
    VIRTUAL_APIC = NVMX_INPUT_VIRTUAL_APIC,
    TPR = NVMX_INPUT_TPR,
    CR = NVMX_INPUT_CR,
    TSC = NVMX_INPUT_TSC,
    EPT = NVMX_INPUT_EPT,
    VPID = NVMX_INPUT_VPID,
    PDPTE = NVMX_INPUT_PDPTE,
    PF = NVMX_INPUT_PF,

    /* What the bits of the two words of controls decide about. */
    OF_PRIMARY = CPU | SECONDARY | APIC_ACCESS | VIRTUAL_APIC | TPR | TSC | CR,
    OF_SECONDARY = SECONDARY | APIC_ACCESS | EPT | VPID,
};

const struct nvmx_field nvmx_fields[] = {
    /* encoding, entry, exit, inputs */

    /* 16-bit control fields */
    { 0x0000, INPUT,    NOTHING,  VPID },           /* VIRTUAL_PROCESSOR_ID */
    { 0x0002, NOTHING,  NOTHING,  0 },              /* POSTED_INTR_NOTIFICATION_VECTOR */
    { 0x0004, NOTHING,  NOTHING,  0 },              /* EPTP_INDEX */

    /* 16-bit guest-state fields */
    { 0x0800, COPY,     HARDWARE, 0 },              /* GUEST_ES_SELECTOR */
    { 0x0802, COPY,     HARDWARE, 0 },              /* GUEST_CS_SELECTOR */
    { 0x0804, COPY,     HARDWARE, 0 },              /* GUEST_SS_SELECTOR */
    { 0x0806, COPY,     HARDWARE, 0 },              /* GUEST_DS_SELECTOR */
    { 0x0808, COPY,     HARDWARE, 0 },              /* GUEST_FS_SELECTOR */
    { 0x080a, COPY,     HARDWARE, 0 },              /* GUEST_GS_SELECTOR */
    { 0x080c, COPY,     HARDWARE, 0 },              /* GUEST_LDTR_SELECTOR */
    { 0x080e, COPY,     HARDWARE, 0 },              /* GUEST_TR_SELECTOR */
    { 0x0810, NOTHING,  NOTHING,  0 },              /* GUEST_INTR_STATUS */
    { 0x0812, NOTHING,  NOTHING,  0 },              /* GUEST_PML_INDEX */

    /* 16-bit host-state fields */
    { 0x0c00, NOTHING,  NOTHING,  0 },              /* HOST_ES_SELECTOR */
    { 0x0c02, NOTHING,  NOTHING,  0 },              /* HOST_CS_SELECTOR */
    { 0x0c04, NOTHING,  NOTHING,  0 },              /* HOST_SS_SELECTOR */
    { 0x0c06, NOTHING,  NOTHING,  0 },              /* HOST_DS_SELECTOR */
    { 0x0c08, NOTHING,  NOTHING,  0 },              /* HOST_FS_SELECTOR */
    { 0x0c0a, NOTHING,  NOTHING,  0 },              /* HOST_GS_SELECTOR */
    { 0x0c0c, NOTHING,  NOTHING,  0 },              /* HOST_TR_SELECTOR */

    /* 64-bit control fields */
    { 0x2000, INPUT,    NOTHING,  CPU },            /* IO_BITMAP_A */
    { 0x2002, INPUT,    NOTHING,  CPU },            /* IO_BITMAP_B */
    { 0x2004, INPUT,    NOTHING,  CPU },            /* MSR_BITMAP */
    { 0x2006, NOTHING,  NOTHING,  0 },              /* VM_EXIT_MSR_STORE_ADDR */
    { 0x2008, NOTHING,  NOTHING,  0 },              /* VM_EXIT_MSR_LOAD_ADDR */
    { 0x200a, NOTHING,  NOTHING,  0 },              /* VM_ENTRY_MSR_LOAD_ADDR */
    { 0x200e, NOTHING,  NOTHING,  0 },              /* PML_ADDRESS */
    { 0x2010, INPUT,    NOTHING,  TSC },            /* TSC_OFFSET */
    { 0x2012, INPUT,    NOTHING,  VIRTUAL_APIC },   /* VIRTUAL_APIC_PAGE_ADDR */
    { 0x2014, INPUT,    NOTHING,  APIC_ACCESS },    /* APIC_ACCESS_ADDR */
    { 0x2016, NOTHING,  NOTHING,  0 },              /* PI_DESC_ADDR */
    { 0x2018, NOTHING,  NOTHING,  0 },              /* VM_FUNCTION_CONTROL */
    { 0x201a, INPUT,    NOTHING,  EPT },            /* EPT_POINTER */
    { 0x201c, NOTHING,  NOTHING,  0 },              /* EOI_EXIT_BITMAP0 */
    { 0x201e, NOTHING,  NOTHING,  0 },              /* EOI_EXIT_BITMAP1 */
    { 0x2020, NOTHING,  NOTHING,  0 },              /* EOI_EXIT_BITMAP2 */
    { 0x2022, NOTHING,  NOTHING,  0 },              /* EOI_EXIT_BITMAP3 */
    { 0x2024, NOTHING,  NOTHING,  0 },              /* EPTP_LIST_ADDR */
    { 0x2026, NOTHING,  NOTHING,  0 },              /* VMREAD_BITMAP */
    { 0x2028, NOTHING,  NOTHING,  0 },              /* VMWRITE_BITMAP */
    { 0x202a, NOTHING,  NOTHING,  0 },              /* VIRT_EXCEPTION_INFO */
    { 0x202c, NOTHING,  NOTHING,  0 },              /* XSS_EXIT_BITMAP */
    { 0x2032, NOTHING,  NOTHING,  0 },              /* TSC_MULTIPLIER */
    { 0x2034, NOTHING,  NOTHING,  0 },              /* TERTIARY_VM_EXEC_CONTROL */

    /* 64-bit read-only data fields */
    { 0x2400, NOTHING,  HARDWARE, 0 },              /* GUEST_PHYSICAL_ADDRESS */

    /* 64-bit guest-state fields */
    { 0x2800, COPY,     HARDWARE, 0 },              /* VMCS_LINK_POINTER */
    { 0x2802, COPY,     HARDWARE, 0 },              /* GUEST_IA32_DEBUGCTL */
    { 0x2804, COPY,     HARDWARE, ENTRY },          /* GUEST_PAT */
    { 0x2806, COPY,     HARDWARE, 0 },              /* GUEST_EFER */
    { 0x2808, COPY,     HARDWARE, ENTRY },          /* GUEST_PERF_GLOBAL_CTRL */
    { 0x280a, INPUT,    XEN,      PDPTE },          /* GUEST_PDPTE0 */
    { 0x280c, INPUT,    XEN,      PDPTE },          /* GUEST_PDPTE1 */
    { 0x280e, INPUT,    XEN,      PDPTE },          /* GUEST_PDPTE2 */
    { 0x2810, INPUT,    XEN,      PDPTE },          /* GUEST_PDPTE3 */
    { 0x2812, NOTHING,  NOTHING,  0 },              /* GUEST_BNDCFGS */

    /* 64-bit host-state fields */
    { 0x2c00, NOTHING,  NOTHING,  0 },              /* HOST_PAT */
    { 0x2c02, NOTHING,  NOTHING,  0 },              /* HOST_EFER */
    { 0x2c04, NOTHING,  NOTHING,  0 },              /* HOST_PERF_GLOBAL_CTRL */

    /* 32-bit control fields */
    { 0x4000, INPUT,    NOTHING,  PIN },            /* PIN_BASED_VM_EXEC_CONTROL */
    { 0x4002, INPUT,    NOTHING,  OF_PRIMARY },     /* CPU_BASED_VM_EXEC_CONTROL */
    { 0x4004, INPUT,    NOTHING,  EXCEPTION },      /* EXCEPTION_BITMAP */
    { 0x4006, INPUT,    NOTHING,  PF },             /* PAGE_FAULT_ERROR_CODE_MASK */
    { 0x4008, INPUT,    NOTHING,  PF },             /* PAGE_FAULT_ERROR_CODE_MATCH */
    { 0x400a, NOTHING,  NOTHING,  0 },              /* CR3_TARGET_COUNT */
    { 0x400c, INPUT,    NOTHING,  EXIT },           /* VM_EXIT_CONTROLS */
    { 0x400e, NOTHING,  NOTHING,  0 },              /* VM_EXIT_MSR_STORE_COUNT */
    { 0x4010, NOTHING,  NOTHING,  0 },              /* VM_EXIT_MSR_LOAD_COUNT */
    { 0x4012, INPUT,    NOTHING,  ENTRY | CR },     /* VM_ENTRY_CONTROLS */
    { 0x4014, NOTHING,  NOTHING,  0 },              /* VM_ENTRY_MSR_LOAD_COUNT */
    { 0x4016, EVENT,    XEN,      0 },              /* VM_ENTRY_INTR_INFO */
    { 0x4018, EVENT,    NOTHING,  0 },              /* VM_ENTRY_EXCEPTION_ERROR_CODE */
    { 0x401a, EVENT,    NOTHING,  0 },              /* VM_ENTRY_INSTRUCTION_LEN */
    { 0x401c, INPUT,    NOTHING,  TPR },            /* TPR_THRESHOLD */
    { 0x401e, INPUT,    NOTHING,  OF_SECONDARY },   /* SECONDARY_VM_EXEC_CONTROL */
    { 0x4020, NOTHING,  NOTHING,  0 },              /* PLE_GAP */
    { 0x4022, NOTHING,  NOTHING,  0 },              /* PLE_WINDOW */
    { 0x4024, NOTHING,  NOTHING,  0 },              /* NOTIFY_WINDOW */

    /* 32-bit read-only data fields */
    { 0x4400, NOTHING,  HARDWARE, 0 },              /* VM_INSTRUCTION_ERROR */
    { 0x4402, NOTHING,  HARDWARE, 0 },              /* VM_EXIT_REASON */
    { 0x4404, NOTHING,  HARDWARE, 0 },              /* VM_EXIT_INTR_INFO */
    { 0x4406, NOTHING,  HARDWARE, 0 },              /* VM_EXIT_INTR_ERROR_CODE */
    { 0x4408, NOTHING,  HARDWARE, 0 },              /* IDT_VECTORING_INFO */
    { 0x440a, NOTHING,  HARDWARE, 0 },              /* IDT_VECTORING_ERROR_CODE */
    { 0x440c, NOTHING,  HARDWARE, 0 },              /* VM_EXIT_INSTRUCTION_LEN */
    { 0x440e, NOTHING,  HARDWARE, 0 },              /* VMX_INSTRUCTION_INFO */

    /* 32-bit guest-state fields */
    { 0x4800, COPY,     HARDWARE, 0 },              /* GUEST_ES_LIMIT */
    { 0x4802, COPY,     HARDWARE, 0 },              /* GUEST_CS_LIMIT */
    { 0x4804, COPY,     HARDWARE, 0 },              /* GUEST_SS_LIMIT */
    { 0x4806, COPY,     HARDWARE, 0 },              /* GUEST_DS_LIMIT */
    { 0x4808, COPY,     HARDWARE, 0 },              /* GUEST_FS_LIMIT */
    { 0x480a, COPY,     HARDWARE, 0 },              /* GUEST_GS_LIMIT */
    { 0x480c, COPY,     HARDWARE, 0 },              /* GUEST_LDTR_LIMIT */
    { 0x480e, COPY,     HARDWARE, 0 },              /* GUEST_TR_LIMIT */
    { 0x4810, COPY,     HARDWARE, 0 },              /* GUEST_GDTR_LIMIT */
    { 0x4812, COPY,     HARDWARE, 0 },              /* GUEST_IDTR_LIMIT */
    { 0x4814, COPY,     HARDWARE, 0 },              /* GUEST_ES_AR_BYTES */
    { 0x4816, COPY,     HARDWARE, 0 },              /* GUEST_CS_AR_BYTES */
    { 0x4818, COPY,     HARDWARE, 0 },              /* GUEST_SS_AR_BYTES */
    { 0x481a, COPY,     HARDWARE, 0 },              /* GUEST_DS_AR_BYTES */
    { 0x481c, COPY,     HARDWARE, 0 },              /* GUEST_FS_AR_BYTES */
    { 0x481e, COPY,     HARDWARE, 0 },              /* GUEST_GS_AR_BYTES */
    { 0x4820, COPY,     HARDWARE, 0 },              /* GUEST_LDTR_AR_BYTES */
    { 0x4822, COPY,     HARDWARE, 0 },              /* GUEST_TR_AR_BYTES */
    { 0x4824, COPY,     HARDWARE, 0 },              /* GUEST_INTERRUPTIBILITY_INFO */
    { 0x4826, NOTHING,  NOTHING,  0 },              /* GUEST_ACTIVITY_STATE */
    { 0x4828, NOTHING,  NOTHING,  0 },              /* GUEST_SMBASE */
    { 0x482a, COPY,     HARDWARE, 0 },              /* GUEST_SYSENTER_CS */
    { 0x482e, COPY,     HARDWARE, 0 },              /* GUEST_PREEMPTION_TIMER */

    /* 32-bit host-state fields */
    { 0x4c00, NOTHING,  NOTHING,  0 },              /* HOST_SYSENTER_CS */

    /* Natural-width control fields */
    { 0x6000, INPUT,    NOTHING,  CR },             /* CR0_GUEST_HOST_MASK */
    { 0x6002, INPUT,    NOTHING,  CR },             /* CR4_GUEST_HOST_MASK */
    { 0x6004, INPUT,    NOTHING,  CR },             /* CR0_READ_SHADOW */
    { 0x6006, INPUT,    NOTHING,  CR },             /* CR4_READ_SHADOW */
    { 0x6008, NOTHING,  NOTHING,  0 },              /* CR3_TARGET_VALUE0 */
    { 0x600a, NOTHING,  NOTHING,  0 },              /* CR3_TARGET_VALUE1 */
    { 0x600c, NOTHING,  NOTHING,  0 },              /* CR3_TARGET_VALUE2 */
    { 0x600e, NOTHING,  NOTHING,  0 },              /* CR3_TARGET_VALUE3 */

    /* Natural-width read-only data fields */
    { 0x6400, NOTHING,  HARDWARE, 0 },              /* EXIT_QUALIFICATION */
    { 0x640a, NOTHING,  HARDWARE, 0 },              /* GUEST_LINEAR_ADDRESS */

    /* Natural-width guest-state fields */
    { 0x6800, INPUT,    NOTHING,  CR },             /* GUEST_CR0 */
    { 0x6802, INPUT,    CR3,      CR },             /* GUEST_CR3 */
    { 0x6804, INPUT,    XEN,      CR },             /* GUEST_CR4 */
    { 0x6806, COPY,     HARDWARE, 0 },              /* GUEST_ES_BASE */
    { 0x6808, COPY,     HARDWARE, 0 },              /* GUEST_CS_BASE */
    { 0x680a, COPY,     HARDWARE, 0 },              /* GUEST_SS_BASE */
    { 0x680c, COPY,     HARDWARE, 0 },              /* GUEST_DS_BASE */
    { 0x680e, COPY,     HARDWARE, 0 },              /* GUEST_FS_BASE */
    { 0x6810, COPY,     HARDWARE, 0 },              /* GUEST_GS_BASE */
    { 0x6812, COPY,     HARDWARE, 0 },              /* GUEST_LDTR_BASE */
    { 0x6814, COPY,     HARDWARE, 0 },              /* GUEST_TR_BASE */
    { 0x6816, COPY,     HARDWARE, 0 },              /* GUEST_GDTR_BASE */
    { 0x6818, COPY,     HARDWARE, 0 },              /* GUEST_IDTR_BASE */
    { 0x681a, COPY,     HARDWARE, 0 },              /* GUEST_DR7 */
    { 0x681c, REGISTER, XEN,      0 },              /* GUEST_RSP */
    { 0x681e, REGISTER, XEN,      0 },              /* GUEST_RIP */
    { 0x6820, COPY,     HARDWARE, 0 },              /* GUEST_RFLAGS */
    { 0x6822, COPY,     HARDWARE, 0 },              /* GUEST_PENDING_DBG_EXCEPTIONS */
    { 0x6824, COPY,     HARDWARE, 0 },              /* GUEST_SYSENTER_ESP */
    { 0x6826, COPY,     HARDWARE, 0 },              /* GUEST_SYSENTER_EIP */

    /* Natural-width host-state fields */
    { 0x6c00, NOTHING,  NOTHING,  0 },              /* HOST_CR0 */
    { 0x6c02, NOTHING,  NOTHING,  0 },              /* HOST_CR3 */
    { 0x6c04, NOTHING,  NOTHING,  0 },              /* HOST_CR4 */
    { 0x6c06, NOTHING,  NOTHING,  0 },              /* HOST_FS_BASE */
    { 0x6c08, NOTHING,  NOTHING,  0 },              /* HOST_GS_BASE */
    { 0x6c0a, NOTHING,  NOTHING,  0 },              /* HOST_TR_BASE */
    { 0x6c0c, NOTHING,  NOTHING,  0 },              /* HOST_GDTR_BASE */
    { 0x6c0e, NOTHING,  NOTHING,  0 },              /* HOST_IDTR_BASE */
    { 0x6c10, NOTHING,  NOTHING,  0 },              /* HOST_SYSENTER_ESP */
    { 0x6c12, NOTHING,  NOTHING,  0 },              /* HOST_SYSENTER_EIP */
    { 0x6c14, NOTHING,  NOTHING,  0 },              /* HOST_RSP */
    { 0x6c16, NOTHING,  NOTHING,  0 },              /* HOST_RIP */
};
const unsigned int nvmx_nr_fields = sizeof(nvmx_fields) / sizeof(nvmx_fields[0]);

/* Of an encoding, SDM vol. 3, "VMCS Encodings". */
enum {
    HIGH_HALF = 1,              /* bit 0, of 64-bit fields */

    WIDTH_16 = 0,               /* bits 14:13 */
    WIDTH_64 = 1,
    WIDTH_32 = 2,

    TYPE_READ_ONLY = 1,         /* bits 11:10 */
};

unsigned int nvmx_field_width(uint32_t encoding)
{
    switch (encoding >> 13 & 3) {
    case WIDTH_16:
        return 2;
    case WIDTH_32:
        return 4;
    case WIDTH_64:
        return encoding & HIGH_HALF ? 4 : 8;
    default:
        return 8;
    }
}

bool nvmx_field_writable(uint32_t encoding)
{
    return (encoding >> 10 & 3) != TYPE_READ_ONLY;
}

static void add_field(struct nvmx_table *table, const struct nvmx_field *field)
{
    unsigned int position = nvmx_position(field->encoding);

    nvmx_set_add(&table->known, position);
    table->encoding[position] = field->encoding;
    table->inputs[position] = field->inputs;
    if (field->inputs)
        nvmx_set_add(&table->input, position);
    if (field->entry == NVMX_ENTRY_COPY)
        nvmx_set_add(&table->copy, position);
    if (field->exit == NVMX_EXIT_HARDWARE)
        nvmx_set_add(&table->hardware, position);
}

void nvmx_table_init(struct nvmx_table *table)
{
    unsigned int i;

    memset(table, 0, sizeof(*table));
    for (i = 0; i < nvmx_nr_fields; i++)
        add_field(table, &nvmx_fields[i]);
}
