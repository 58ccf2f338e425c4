/* SPDX-License-Identifier: GPL-2.0-only */
/* L2's exceptions, intercepted and not; events that L1 injects; windows, timer, interrupts. */
#include "tests.h"
#include "controls.h"
#include "report.h"
#include "run.h"
#include "vmx.h"
#include "world.h"

enum { PF_VECTOR = 14, PFEC_WRITE = 2, TYPE_SHIFT = 8 };

enum event_type {
    EVENT_EXTERNAL, EVENT_NMI = 2, EVENT_EXCEPTION, EVENT_SOFTWARE, EVENT_SOFTWARE_EXCEPTION = 6,
};

#define INTR_INFO_ERROR_CODE    (1u << 11)
#define INTR_INFO_VALID         (1u << 31)
#define RFLAGS_WITH_IF          0x202
#define MSR_X2APIC_ICR          0x830
#define ICR_SELF                (1u << 18)

static const struct {
    const char *name;
    unsigned int vector;
    void (*op)(void);
    uint64_t a;
} exceptions[] = {
    { "divide", 0, l2_op_divide, 0 },
    { "step", 1, l2_op_step, 0 },
    { "int3", 3, l2_op_int3, 0 },
    { "ud2", 6, l2_op_ud2, 0 },
    { "ss_beyond_gdt", 13, l2_op_ss, 0x70 },
    { "stack", 12, l2_op_stack_load, 0 },
    { "not_canonical", 13, l2_op_not_canonical, 0 },
    { "load_absent", 14, l2_op_load, LIN_ABSENT },
    { "int80", 31, l2_op_int80, 0 },            /* no exception: never intercepted */
    { "triple_fault", 31, l2_op_triple_fault, 0 },
};

/* What L1 may inject. */
static const struct {
    const char *name;
    uint32_t info, error, length;
    bool interrupts;            /* RFLAGS.IF has to be set */
} events[] = {
    { "ud", 6 | EVENT_EXCEPTION << TYPE_SHIFT, 0, 0, false },
    { "gp", 13 | EVENT_EXCEPTION << TYPE_SHIFT | INTR_INFO_ERROR_CODE, 0x1238, 0, false },
    { "pf", 14 | EVENT_EXCEPTION << TYPE_SHIFT | INTR_INFO_ERROR_CODE, 2, 0, false },
    { "ac", 17 | EVENT_EXCEPTION << TYPE_SHIFT | INTR_INFO_ERROR_CODE, 0, 0, false },
    { "nmi", 2 | EVENT_NMI << TYPE_SHIFT, 0, 0, false },
    { "interrupt", 0x50, 0, 0, true },
    { "int80", L2_USER_VECTOR | EVENT_SOFTWARE << TYPE_SHIFT, 0, 2, false },
    { "int3", 3 | EVENT_SOFTWARE_EXCEPTION << TYPE_SHIFT, 0, 1, false },
};

static void take_exception(struct vm *vm, unsigned int i, uint64_t bitmap)
{
    run_write(EXCEPTION_BITMAP, bitmap);
    run_op(vm, exceptions[i].op, exceptions[i].a, 0);
    run_write(GUEST_IDTR_BASE, address_of(&world.idt[0]));
    run_write(GUEST_IDTR_LIMIT, IDT_LIMIT);
}

static void test_exception(struct vm *vm, unsigned int i)
{
    run_begin_of("exception", exceptions[i].name);
    take_exception(vm, i, 0);
    take_exception(vm, i, 1ull << exceptions[i].vector);
    take_exception(vm, i, 0xffffffff & ~(1ull << exceptions[i].vector));
    run_write(EXCEPTION_BITMAP, 0);
}

/* Mask, match and bit 14 decide together. */
static void test_page_faults(struct vm *vm)
{
    const uint32_t matches[][2] = { { 0, 0 }, { PFEC_WRITE, 0 }, { PFEC_WRITE, PFEC_WRITE }, { 0, 1 } };
    unsigned int i, bit;

    for (i = 0; i < 4; i++)
        for (bit = 0; bit < 2; bit++) {
            run_begin("page faults");
            run_write(EXCEPTION_BITMAP, (uint64_t)bit << PF_VECTOR);
            run_write(PAGE_FAULT_ERROR_CODE_MASK, matches[i][0]);
            run_write(PAGE_FAULT_ERROR_CODE_MATCH, matches[i][1]);
            run_op(vm, l2_op_load, LIN_ABSENT + 0x10, 0);
            run_op(vm, l2_op_store, LIN_ABSENT + 0x20, 1);
        }
    run_write(EXCEPTION_BITMAP, 0);
    run_write(PAGE_FAULT_ERROR_CODE_MASK, 0);
    run_write(PAGE_FAULT_ERROR_CODE_MATCH, 0);
}

static void inject(unsigned int i)
{
    run_write(GUEST_INTERRUPTIBILITY_INFO, 0);
    run_write(GUEST_RFLAGS, events[i].interrupts ? RFLAGS_WITH_IF : 2);
    run_write(VM_ENTRY_INTR_INFO, events[i].info | INTR_INFO_VALID);
    run_write(VM_ENTRY_EXCEPTION_ERROR_CODE, events[i].error);
    run_write(VM_ENTRY_INSTRUCTION_LEN, events[i].length);
}

/* Delivered; not delivered, since there is no IDT; the same with an exit for what comes of that. */
static void test_event(struct vm *vm, unsigned int i)
{
    run_begin_of("inject", events[i].name);
    inject(i);
    run_look(vm);
    run_op(vm, l2_op_iret, 0, 0);

    run_begin_of("inject without idt", events[i].name);
    inject(i);
    run_write(EXCEPTION_BITMAP, 1 << 13 | 1 << 8);
    run_write(GUEST_IDTR_LIMIT, 0);
    vm_begin(vm);
    vm_set_start(vm);
    run_enter(vm);
    run_write(GUEST_IDTR_LIMIT, IDT_LIMIT);
    run_write(EXCEPTION_BITMAP, 0);
    run_look(vm);
    run_op(vm, l2_op_iret, 0, 0);
}

/* L1 puts the same event back until L2 has it, as a hypervisor does. */
static void test_reinjection(struct vm *vm)
{
    uint64_t info;

    run_begin("reinjection");
    inject(5);
    run_write(EXCEPTION_BITMAP, 1 << 13);
    run_write(GUEST_IDTR_LIMIT, 0);
    vm_begin(vm);
    vm_order(vm, l2_op_look, 0, 0);
    vm_set_start(vm);
    run_enter(vm);
    info = vmx_value(IDT_VECTORING_INFO);
    run_write(GUEST_IDTR_LIMIT, IDT_LIMIT);
    run_write(EXCEPTION_BITMAP, 0);
    run_write(VM_ENTRY_INTR_INFO, info);
    run_on(vm);
}

static void set_bits(uint32_t field, uint32_t bits)
{
    run_write(field, controls_allowed(field, (uint32_t)vmx_value(field) | bits));
}

static void test_windows(struct vm *vm)
{
    run_begin("interrupt window, closed");
    run_write(GUEST_RFLAGS, 2);
    set_bits(CPU_BASED_VM_EXEC_CONTROL, CPU_INTERRUPT_WINDOW);
    run_op(vm, l2_op_sti_cpuid, 0, 0);
    run_begin("interrupt window, open");
    run_write(GUEST_INTERRUPTIBILITY_INFO, 0);
    run_write(GUEST_RFLAGS, RFLAGS_WITH_IF);
    set_bits(CPU_BASED_VM_EXEC_CONTROL, CPU_INTERRUPT_WINDOW);
    run_look(vm);
    run_begin("nmi window");
    set_bits(CPU_BASED_VM_EXEC_CONTROL, CPU_NMI_WINDOW);
    run_look(vm);
    run_begin("monitor trap flag");
    set_bits(CPU_BASED_VM_EXEC_CONTROL, CPU_MONITOR_TRAP_FLAG);
    run_op(vm, l2_op_clts, 0, 0);
}

/* Of time there is none or so much that it does not matter. */
static void test_timer(struct vm *vm)
{
    if (!controls_can(PIN_BASED_VM_EXEC_CONTROL, PIN_PREEMPTION_TIMER))
        return;
    run_begin("preemption timer");
    run_write(GUEST_PREEMPTION_TIMER, 0);
    run_look(vm);
    set_bits(PIN_BASED_VM_EXEC_CONTROL, PIN_PREEMPTION_TIMER);
    run_look(vm);
    run_write(GUEST_PREEMPTION_TIMER, 0xf0000000);
    set_bits(PIN_BASED_VM_EXEC_CONTROL, PIN_PREEMPTION_TIMER);
    run_look(vm);
}

/*
 * An interrupt of L1 that is pending when L2 is entered with IF set: at once.  Without
 * acknowledgement the vector is not told, and it stays pending for the next time.
 */
static void test_interrupt(struct vm *vm)
{
    uint64_t before = vmx_value(VM_EXIT_CONTROLS);

    run_begin("external interrupt");
    run_write(GUEST_INTERRUPTIBILITY_INFO, 0);
    run_write(GUEST_RFLAGS, RFLAGS_WITH_IF);
    run_write(VM_EXIT_CONTROLS, before & ~(uint64_t)EXIT_ACK_INTR);
    write_msr(MSR_X2APIC_ICR, ICR_SELF | IPI_VECTOR);
    vm_begin(vm);
    vm_order(vm, l2_op_look, 0, 0);
    vm_set_start(vm);
    run_enter(vm);
    run_write(VM_EXIT_CONTROLS, before | EXIT_ACK_INTR);
    run_on(vm);
    run_write(VM_EXIT_CONTROLS, before);
    run_write(GUEST_RFLAGS, 2);
}

void test_events(void)
{
    struct vm *vm = &vms[2];
    unsigned int i;

    vm_reset(vm, false);
    run_begin("events");
    run_look(vm);
    for (i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++)
        test_exception(vm, i);
    test_page_faults(vm);
    for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
        test_event(vm, i);
    test_reinjection(vm);
    test_windows(vm);
    test_timer(vm);
    test_interrupt(vm);
}
