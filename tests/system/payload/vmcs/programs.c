/* SPDX-License-Identifier: GPL-2.0-only */
#include "programs.h"
#include "random.h"
#include "report.h"
#include "values.h"
#include "vmx.h"
#include "world.h"

enum {
    MAX_ORDERS = 4, RFLAGS_IF = 1 << 9,
    STI_BLOCKING = 1, MOV_SS_BLOCKING = 2,
};

#define INTR_INFO_VALID (1u << 31)

/* What the arguments of an operation are. */
enum argument {
    NONE, SELECTOR, TSS, LDT, GDTR, IDTR, MSR_READ, MSR_WRITTEN, CR0_BITS, CR4_BITS, ROOT, DR7,
    FLAGS, LEAF, PORT, PLACE, FIELD,
};

static const struct operation {
    const char *name;
    void (*op)(void);
    enum argument argument;
} operations[] = {
    { "look", l2_op_look, NONE },
    { "es", l2_op_es, SELECTOR },
    { "ss", l2_op_ss, SELECTOR },
    { "ds", l2_op_ds, SELECTOR },
    { "fs", l2_op_fs, SELECTOR },
    { "gs", l2_op_gs, SELECTOR },
    { "lldt", l2_op_lldt, LDT },
    { "ltr", l2_op_ltr, TSS },
    { "lgdt", l2_op_lgdt, GDTR },
    { "lidt", l2_op_lidt, IDTR },
    { "rdmsr", l2_op_rdmsr, MSR_READ },
    { "rdmsr", l2_op_rdmsr, MSR_READ },
    { "wrmsr", l2_op_wrmsr, MSR_WRITTEN },
    { "wrmsr", l2_op_wrmsr, MSR_WRITTEN },
    { "cr0", l2_op_cr0, CR0_BITS },
    { "clts", l2_op_clts, NONE },
    { "cr3", l2_op_cr3, ROOT },
    { "read_cr3", l2_op_read_cr3, NONE },
    { "cr4", l2_op_cr4, CR4_BITS },
    { "dr7", l2_op_dr7, DR7 },
    { "flags", l2_op_flags, FLAGS },
    { "iret", l2_op_iret, NONE },
    { "sti_cpuid", l2_op_sti_cpuid, NONE },
    { "mov_ss_cpuid", l2_op_mov_ss_cpuid, NONE },
    { "step", l2_op_step, NONE },
    { "cpuid", l2_op_cpuid, LEAF },
    { "cpuid", l2_op_cpuid, LEAF },
    { "vmcall", l2_op_vmcall, LEAF },
    { "hlt", l2_op_hlt, NONE },
    { "pause", l2_op_pause, NONE },
    { "invd", l2_op_invd, NONE },
    { "monitor", l2_op_monitor, NONE },
    { "mwait", l2_op_mwait, NONE },
    { "rdtsc", l2_op_rdtsc, NONE },
    { "rdtsc", l2_op_rdtsc, NONE },
    { "rdpmc", l2_op_rdpmc, NONE },
    { "invlpg", l2_op_invlpg, PLACE },
    { "out", l2_op_out, PORT },
    { "ud2", l2_op_ud2, NONE },
    { "int3", l2_op_int3, NONE },
    { "int80", l2_op_int80, NONE },
    { "divide", l2_op_divide, NONE },
    { "not_canonical", l2_op_not_canonical, NONE },
    { "load", l2_op_load, PLACE },
    { "load", l2_op_load, PLACE },
    { "store", l2_op_store, PLACE },
    { "vmread", l2_op_vmread, FIELD },
    { "vmptrld", l2_op_vmptrld, NONE },
    { "invept", l2_op_invept, NONE },
};

enum { NR_OPERATIONS = sizeof(operations) / sizeof(operations[0]) };

static const uint32_t msrs[] = {
    0xc0000100, 0xc0000101, 0xc0000102, 0x174, 0x175, 0x176,            /* written, too */
    0xc0000081, 0xc0000082, 0xc0000084, 0x1d9,
    0x277, 0xc0000080, 0x1b, 0x802, 0x40000000,                         /* only read */
};

enum { NR_MSRS = sizeof(msrs) / sizeof(msrs[0]), NR_WRITTEN = 10, DEBUGCTL = 9 };

static const struct pseudo_descriptor gdts[] = {
    { GDT_LIMIT, (uintptr_t)&world.gdt[0] }, { GDT_LIMIT + 8, (uintptr_t)&world.gdt[1] },
};
static const struct pseudo_descriptor idts[] = {
    { IDT_LIMIT, (uintptr_t)&world.idt[0] }, { IDT_LIMIT + 16, (uintptr_t)&world.idt[1] },
};

static const uint16_t selectors[] = { L2_DATA, L2_DATA_32 };

/* What may be injected; IF has to be set for the last one. */
static const struct {
    uint32_t info, error, length;
} events[] = {
    { 0x306, 0, 0 },            /* #UD */
    { 0xb0d, 0x1238, 0 },       /* #GP with an error code */
    { 0xb0e, 2, 0 },            /* #PF */
    { 0x202, 0, 0 },            /* NMI */
    { 0x480, 0, 2 },            /* INT 0x80 */
    { 0x603, 0, 1 },            /* INT3 */
    { 0x050, 0, 0 },            /* an interrupt */
};

enum { NR_EVENTS = sizeof(events) / sizeof(events[0]) };

static uint64_t msr_value(unsigned int msr)
{
    return msr == DEBUGCTL ? random_of(2) : random_of(0x7fffffffffff);
}

static uint64_t place(void)
{
    const uint64_t places[] = { address_of(&world.data), address_of(&world.other_data), LIN_ABSENT };

    return places[random_below(3)] + 8 * random_below(64);
}

static uint64_t first_argument(enum argument argument)
{
    switch (argument) {
    case SELECTOR:
        return selectors[random_below(2)];
    case TSS:
        return random_one_in(2) ? L2_TSS : L2_OTHER_TSS;
    case LDT:
        return L2_LDT;
    case GDTR:
        return address_of(&gdts[random_below(2)]);
    case IDTR:
        return address_of(&idts[random_below(2)]);
    case CR0_BITS:
        return random_of(0x5000a);              /* AM, WP, TS, MP */
    case CR4_BITS:
        return random_of(0x7cc);                /* TSD, DE, MCE, PGE, PCE, OSFXSR, OSXMMEXCPT */
    case ROOT:
        return address_of(&world.pml4[random_below(2)]);
    case DR7:
        return 0x400 | random_of(0x3ff);
    case FLAGS:
        return value_rflags(random_one_in(2));
    case LEAF:
        return random_below(8);
    case PORT:
        return random_one_in(8) ? 0x5000 : random_one_in(2) ? 0x80 : 0xed;
    case PLACE:
        return place();
    case FIELD:
        return fields[random_below(nr_fields)].encoding;
    default:
        return 0;
    }
}

static struct l2_order order_of(const struct operation *operation)
{
    struct l2_order order = { operation->op, first_argument(operation->argument), 0 };
    unsigned int msr = random_below(operation->argument == MSR_READ ? NR_MSRS : NR_WRITTEN);

    if (operation->argument == MSR_READ || operation->argument == MSR_WRITTEN)
        order.a = msrs[msr];
    order.b = operation->argument == MSR_WRITTEN ? msr_value(msr) : random_of(0xff);
    return order;
}

static void say_order(const char *name, const struct l2_order *order)
{
    report_text(" ");
    report_text(name);
    report_text("(");
    report_number(order->a);
    report_text(",");
    report_number(order->b);
    report_text(")");
}

void program_begin(struct vm *vm)
{
    unsigned int n = 1 + random_below(MAX_ORDERS);

    world_free_tss();
    vm_begin(vm);
    while (n--) {
        const struct operation *operation = &operations[random_below(NR_OPERATIONS)];
        struct l2_order order = order_of(operation);

        vm_order(vm, order.op, order.a, order.b);
        say_order(operation->name, &order);
    }
}

void program_inject(void)
{
    unsigned int i = random_below(NR_EVENTS);

    vmx_write(GUEST_INTERRUPTIBILITY_INFO, 0);
    vmx_write(GUEST_RFLAGS, value_rflags(i == NR_EVENTS - 1 || random_one_in(2)));
    vmx_write(VM_ENTRY_INTR_INFO, events[i].info | INTR_INFO_VALID);
    vmx_write(VM_ENTRY_EXCEPTION_ERROR_CODE, events[i].error);
    if (events[i].length)
        vmx_write(VM_ENTRY_INSTRUCTION_LEN, events[i].length);
    look_say("inject", events[i].info);
}

void program_write_flags(void)
{
    bool interrupts = random_one_in(2);
    uint32_t blocking = random_one_in(4) ? MOV_SS_BLOCKING : 0;

    if (interrupts && random_one_in(4))
        blocking = STI_BLOCKING;
    vmx_write(GUEST_INTERRUPTIBILITY_INFO, blocking);
    vmx_write(GUEST_RFLAGS, value_rflags(interrupts));
}
