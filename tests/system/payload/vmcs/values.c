/* SPDX-License-Identifier: GPL-2.0-only */
#include "values.h"
#include "controls.h"
#include "random.h"
#include "world.h"

enum {
    CR0_PE = 1 << 0, CR0_MP = 1 << 1, CR0_EM = 1 << 2, CR0_TS = 1 << 3, CR0_ET = 1 << 4,
    CR0_NE = 1 << 5, CR0_WP = 1 << 16, CR0_AM = 1 << 18,
    CR3_PWT = 1 << 3, CR3_PCD = 1 << 4,
    CR4_TSD = 1 << 2, CR4_DE = 1 << 3, CR4_PSE = 1 << 4, CR4_PAE = 1 << 5, CR4_MCE = 1 << 6,
    CR4_PGE = 1 << 7, CR4_PCE = 1 << 8, CR4_OSFXSR = 1 << 9, CR4_OSXMMEXCPT = 1 << 10,
    CR4_VMXE = 1 << 13,
    AR_DATA = 0x93, AR_CODE = 0x9b, AR_DPL_3 = 0x60, AR_AVL = 1 << 12, AR_LONG = 1 << 13,
    AR_BIG = 1 << 14, AR_GRANULAR = 1 << 15, AR_UNUSABLE = 1 << 16,
    AR_LDT = 0x82, AR_TSS = 0x8b,
};

#define CR0_PG          (1u << 31)
#define CR4_FREE        (CR4_TSD | CR4_DE | CR4_PSE | CR4_MCE | CR4_PGE | CR4_PCE | CR4_OSFXSR | \
                         CR4_OSXMMEXCPT)
#define RFLAGS_FREE     0x244cd5ull     /* CF PF AF ZF SF DF OF NT AC ID; IOPL stays 0 */
#define RFLAGS_IF       (1ull << 9)

/* start.S: L1's two address spaces. */
extern const uint64_t pml4[], other_pml4[];

static uint64_t canonical(void)
{
    return (int64_t)(random_number() << 16) >> 16;
}

/* Fits byte granularity (below 1 MiB) and page granularity (low bits set). */
static uint64_t limit(void)
{
    return random_of(0xff) << 12 | 0xfff;
}

static uint64_t data_ar(void)
{
    uint64_t types[] = { AR_DATA, AR_DATA & ~2, AR_DATA | 4, AR_CODE, AR_CODE | 4 };

    return types[random_below(5)] | AR_DPL_3 | random_of(AR_AVL | AR_LONG | AR_BIG | AR_GRANULAR) |
           (random_one_in(4) ? AR_UNUSABLE : 0);
}

static uint64_t code_ar(void)
{
    return (AR_CODE & ~random_of(2)) | AR_LONG | random_of(AR_AVL | AR_GRANULAR);
}

static uint64_t pat(void)
{
    const uint8_t types[] = { 0, 1, 4, 5, 6, 7 };
    uint64_t value = 0;
    unsigned int i;

    for (i = 0; i < 8; i++)
        value = value << 8 | types[random_below(sizeof(types))];
    return value;
}

uint64_t value_rflags(bool interrupts)
{
    return 2 | random_of(RFLAGS_FREE) | (interrupts ? RFLAGS_IF : 0);
}

/* Either at once or never: what is in between depends on time. */
static uint64_t timer(void)
{
    return random_one_in(4) ? 0 : 0xf0000000 | random_of(0x0fffffff);
}

/* The highest byte of L2's TSC is this one's. */
static uint64_t tsc_offset(void)
{
    return random_number() << 56 | random_of(0xffffffff);
}

static uint64_t cr0(void)
{
    return CR0_PG | CR0_PE | CR0_NE | CR0_ET | random_of(CR0_MP | CR0_EM | CR0_TS | CR0_WP | CR0_AM);
}

/* PE and PG are what L2 reads and writes back, so they have to be set. */
static uint64_t cr0_shadow(void)
{
    return cr0() & ~random_of(CR0_NE | CR0_ET);
}

/* HLT would end a domain whose L1 does not want to see it. */
static uint32_t cpu_controls(void)
{
    uint32_t wanted = random_of(CPU_TSC_OFFSETTING | CPU_INVLPG_EXITING | CPU_MWAIT_EXITING |
                                CPU_RDPMC_EXITING | CPU_RDTSC_EXITING | CPU_CR3_LOAD_EXITING |
                                CPU_CR3_STORE_EXITING | CPU_CR8_LOAD_EXITING |
                                CPU_CR8_STORE_EXITING | CPU_TPR_SHADOW | CPU_MOV_DR_EXITING |
                                CPU_UNCOND_IO_EXITING | CPU_IO_BITMAPS | CPU_MONITOR_EXITING |
                                CPU_PAUSE_EXITING);

    wanted |= CPU_HLT_EXITING;
    wanted |= random_one_in(8) ? 0 : CPU_SECONDARY_CONTROLS;
    wanted |= random_one_in(4) ? 0 : CPU_MSR_BITMAPS;
    wanted |= random_one_in(16) ? CPU_MONITOR_TRAP_FLAG : 0;
    wanted |= random_one_in(16) ? CPU_INTERRUPT_WINDOW : 0;
    wanted |= random_one_in(16) ? CPU_NMI_WINDOW : 0;
    return wanted;
}

static uint32_t secondary_controls(bool ept)
{
    return (ept ? SECONDARY_EPT | random_of(SECONDARY_UNRESTRICTED_GUEST) : 0) |
           random_of(SECONDARY_VPID) |
           (random_one_in(4) ? SECONDARY_DESCRIPTOR_TABLE_EXITING : 0);
}

static uint32_t exit_controls(void)
{
    return EXIT_IA32E_MODE | random_of(EXIT_ACK_INTR | EXIT_SAVE_PAT | EXIT_LOAD_PAT |
                                       EXIT_SAVE_EFER | EXIT_LOAD_EFER) |
           (random_one_in(8) ? EXIT_LOAD_PERF_GLOBAL_CTRL : 0);
}

static uint32_t entry_controls(void)
{
    return ENTRY_IA32E_MODE | random_of(ENTRY_LOAD_PAT | ENTRY_LOAD_EFER) |
           (random_one_in(8) ? ENTRY_LOAD_PERF_GLOBAL_CTRL : 0);
}

static uint32_t control(uint32_t field, bool ept)
{
    uint32_t wanted = 0;

    if (field == PIN_BASED_VM_EXEC_CONTROL)
        wanted = random_of(PIN_EXT_INTR_EXITING | PIN_NMI_EXITING) |
                 (random_one_in(4) ? PIN_PREEMPTION_TIMER : 0);
    else if (field == CPU_BASED_VM_EXEC_CONTROL)
        wanted = cpu_controls();
    else if (field == SECONDARY_VM_EXEC_CONTROL)
        wanted = secondary_controls(ept);
    else if (field == VM_EXIT_CONTROLS)
        wanted = exit_controls();
    else
        wanted = entry_controls();
    return controls_allowed(field, wanted);
}

static uint64_t io_bitmap(uint32_t field)
{
    return address_of(&world.io_bitmap[random_below(3)][field == IO_BITMAP_B]);
}

static uint64_t control_register(const struct field *field)
{
    switch (field->kind) {
    case FIELD_CR0:
        return cr0();
    case FIELD_CR0_SHADOW:
        return cr0_shadow();
    case FIELD_CR3:
        return address_of(&world.pml4[random_below(2)]) | random_of(CR3_PWT | CR3_PCD);
    case FIELD_CR4:
        return CR4_PAE | CR4_VMXE | random_of(CR4_FREE);
    case FIELD_CR4_SHADOW:
        return CR4_PAE | random_of(CR4_FREE | CR4_VMXE);
    case FIELD_HOST_CR0:
        return CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_PE | random_of(CR0_MP | CR0_TS | CR0_AM);
    case FIELD_HOST_CR3:
        return address_of(random_one_in(2) ? pml4 : other_pml4);
    default:
        return CR4_PAE | CR4_VMXE | random_of(CR4_FREE);
    }
}

static uint64_t address(const struct field *field)
{
    unsigned int which = random_below(2);

    switch (field->kind) {
    case FIELD_GDTR:
        return address_of(&world.gdt[which]);
    case FIELD_IDTR:
        return address_of(&world.idt[which]);
    case FIELD_IO_BITMAP:
        return io_bitmap(field->encoding);
    case FIELD_MSR_BITMAP:
        return address_of(&world.msr_bitmap[random_below(3)]);
    case FIELD_VIRTUAL_APIC:
        return address_of(&world.virtual_apic[which]);
    default:
        return world_eptp(which);
    }
}

static uint64_t segment(const struct field *field)
{
    switch (field->kind) {
    case FIELD_CANONICAL:
        return canonical();
    case FIELD_BASE_32:
        return random_of(0xffffffff);
    case FIELD_LIMIT:
        return limit();
    case FIELD_TABLE_LIMIT:
        return random_of(0xf) << 12 | 0xfff;
    case FIELD_SELECTOR:
        return random_of(0xffff);
    case FIELD_SELECTOR_0:
        return random_of(0xfff8);
    case FIELD_NULL_OR_DATA:
        return random_of(KERNEL_DS);
    case FIELD_DATA_AR:
        return data_ar();
    case FIELD_CODE_AR:
        return code_ar();
    case FIELD_STACK_AR:
        return (AR_DATA | random_of(4 | AR_AVL | AR_LONG | AR_BIG | AR_GRANULAR));
    case FIELD_LDTR_AR:
        return AR_LDT | random_of(AR_DPL_3 | AR_AVL | AR_BIG | AR_GRANULAR);
    default:
        return AR_TSS | random_of(AR_DPL_3 | AR_AVL | AR_BIG | AR_GRANULAR);
    }
}

uint64_t value_for(const struct field *field, bool ept)
{
    switch (field->kind) {
    case FIELD_FREE:
        return random_number() >> random_below(64);
    case FIELD_CANONICAL ... FIELD_TR_AR:
        return segment(field);
    case FIELD_CR0 ... FIELD_HOST_CR4:
        return control_register(field);
    case FIELD_PIN ... FIELD_ENTRY:
        return control(field->encoding, ept);
    case FIELD_GDTR:
    case FIELD_IDTR:
    case FIELD_IO_BITMAP ... FIELD_EPTP:
        return address(field);
    case FIELD_DR7:
        return 0x400 | random_of(0x3ff);        /* breakpoints at 0, where nobody goes */
    case FIELD_DEBUGCTL:
        return random_of(2);
    case FIELD_PAT:
        return pat();
    case FIELD_TSC:
        return tsc_offset();
    case FIELD_TIMER:
        return timer();
    case FIELD_EXCEPTIONS:
        return random_of(0xffffffff);
    case FIELD_ERROR_CODE:
        return random_of(0xffff);
    case FIELD_LENGTH:
        return 1 + random_below(15);
    default:
        return ~0ull;                           /* FIELD_ALL_ONES; FIELD_FIXED is not asked for */
    }
}
