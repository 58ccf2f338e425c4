/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * L1 handles many exits without a look at itself: Xen need not enter it for any of them.  What it
 * then finds in its registers is what the last exits made of them, and what it had before.
 */
#include "tests.h"
#include "controls.h"
#include "machine.h"
#include "reflected.h"
#include "report.h"
#include "run.h"
#include "trap.h"
#include "vmx.h"
#include "world.h"

#define MSR_X2APIC_ID   0x802
#define MSR_X2APIC_ICR  0x830
#define MSR_X2APIC_LVTT 0x832
#define MSR_X2APIC_TMICT 0x838
#define MSR_X2APIC_TDCR 0x83e
#define ICR_SELF        (1u << 18)
#define ICR_NMI         (1u << 14 | 4u << 8)
#define MSR_SYSENTER    0x174
#define MSR_DEBUGCTL    0x1d9
#define MSR_PAT         0x277
#define MSR_FS_BASE     0xc0000100
#define MSR_GS_BASE     0xc0000101

/* Xen looks at 32 bits of an encoding, the processor at all. */
#define WIDE            (1ull << 32)
#define PAT_A           0x0007040600070406
#define PAT_B           0x0006040700060407
#define PAT_INVALID     0x0002040600070406      /* type 2: reserved */

enum {
    ROUNDS = 60, CR4_DE = 8, CR3_PWT = 8, BTF = 2, INVVPID_CONTEXT = 1, INVEPT_ONE = 1,
    RFLAGS_IF_SET = 0x202, DB_VECTOR = 1, NMI_VECTOR = 2, UD_VECTOR = 6, LVT_MASKED = 1 << 16, DIVIDE_BY_1 = 0xb,
};

/* What GS and FS lead to. */
static uint64_t targets[4] = { 0x1111, 0x2222, 0x3333, 0x4444 };

struct series {
    const char *name;
    void (*action)(void);
    uint64_t a, b, c;
    uint32_t host_pat;          /* EXIT_LOAD_PAT or 0 */
    uint64_t pat;
};

/* L2 carries out @op; NULL: it says VMCALL again and again. */
static void run_l2(struct vm *vm, const struct series *s, void (*op)(void), uint64_t argument)
{
    reflected_action = s->action;
    reflected_a = s->a;
    reflected_b = s->b;
    reflected_c = s->c;
    reflected_rounds = ROUNDS;
    vm_begin(vm);
    if (op)
        vm_order(vm, op, argument, 0);
    vm->l2.result[0] = 0;
    vm_set_start(vm);
    run_enter(vm);
    report_text("  rounds left");
    look_say("n", reflected_rounds);
    look_say("sum", reflected_sum);
    if (op)
        look_say("result", vm->l2.result[0]);
    report_text("\n");
}

static void run(struct vm *vm, const struct series *s)
{
    run_l2(vm, s, NULL, 0);
}

/* What L1 has of its own accord; the exit changes some of it. */
static void set_own_state(void)
{
    write_msr(MSR_GS_BASE, address_of(&targets[2]));
    write_msr(MSR_FS_BASE, address_of(&targets[3]));
    write_msr(MSR_SYSENTER + 1, 0x5a5a);
    write_msr(MSR_PAT, PAT_A);
    write_msr(MSR_DEBUGCTL, BTF);
}

static void begin(struct vm *vm, bool ept, const struct series *s)
{
    run_begin_of(ept ? "reflected, ept" : "reflected", s->name);
    vm_reset(vm, ept);
    vmx_write(HOST_RIP, address_of(reflected_entry));
    vmx_write(HOST_GS_BASE, address_of(&targets[0]));
    vmx_write(HOST_FS_BASE, address_of(&targets[1]));
    vmx_write(HOST_SYSENTER_ESP, 0xa5a5);
    vmx_write(HOST_PAT, s->pat ? s->pat : PAT_A);
    vmx_write(VM_EXIT_CONTROLS,
              controls_allowed(VM_EXIT_CONTROLS, EXIT_IA32E_MODE | EXIT_ACK_INTR | s->host_pat));
    set_own_state();
    reflected_sum = 0;
}

static void test(struct vm *vm, bool ept, const struct series *s)
{
    begin(vm, ept, s);
    run(vm, s);
    /* Again, what was a path for the first time is one for good. */
    run(vm, s);
}

static void test_actions(struct vm *vm, bool ept)
{
    const uint64_t bases = address_of(&targets[0]) ^ address_of(&targets[2]);
    const struct series all[] = {
        { "nothing", reflected_nothing, 0, 0, 0, 0, 0 },
        { "natively", reflected_natively, 0, 0, 0, 0, 0 },
        { "seldom natively", reflected_seldom_natively, 0, 0, 0, EXIT_LOAD_PAT, PAT_B },
        { "gs", reflected_gs, 0, 0, 0, 0, 0 },
        { "fs", reflected_fs, 0, 0, 0, 0, 0 },
        { "rdmsr debugctl", reflected_rdmsr, MSR_DEBUGCTL, 0, 0, 0, 0 },
        { "rdmsr gs_base", reflected_rdmsr, MSR_GS_BASE, 0, 0, 0, 0 },
        { "rdmsr sysenter_esp", reflected_rdmsr, MSR_SYSENTER + 1, 0, 0, 0, 0 },
        { "rdmsr pat", reflected_rdmsr, MSR_PAT, 0, 0, EXIT_LOAD_PAT, PAT_B },
        { "wrmsr sysenter_esp", reflected_wrmsr, MSR_SYSENTER + 1, 0x1000, 0x1800, 0, 0 },
        { "wrmsr gs_base", reflected_wrmsr, MSR_GS_BASE, address_of(&targets[0]), bases, 0, 0 },
        { "wrmsr debugctl", reflected_wrmsr, MSR_DEBUGCTL, 0, BTF, 0, 0 },
        { "vmread", reflected_vmread, GUEST_SYSENTER_ESP, 0, 0, 0, 0 },
        { "vmread of the host's", reflected_vmread, HOST_GS_BASE, 0, 0, 0, 0 },
        { "vmread of a wide encoding", reflected_vmread, WIDE | VM_EXIT_REASON, 0, 0, 0, 0 },
        { "vmwrite gs_base", reflected_vmwrite_gs, 0, address_of(&targets[2]), bases, 0, 0 },
        { "vmwrite sysenter_eip", reflected_vmwrite, HOST_SYSENTER_EIP, 0x77, 0xff, 0, 0 },
        { "vmwrite cr3", reflected_vmwrite, HOST_CR3, vmx_value(HOST_CR3), CR3_PWT, 0, 0 },
        { "vmwrite cr4", reflected_vmwrite, HOST_CR4, vmx_value(HOST_CR4), CR4_DE, 0, 0 },
        { "vmwrite pat", reflected_vmwrite, HOST_PAT, PAT_B, PAT_A ^ PAT_B, EXIT_LOAD_PAT, PAT_B },
        { "vmwrite pat, invalid", reflected_vmwrite, HOST_PAT, PAT_INVALID, PAT_B ^ PAT_INVALID,
          EXIT_LOAD_PAT, PAT_B },
        { "vmwrite exit controls", reflected_vmwrite, VM_EXIT_CONTROLS,
          vmx_value(VM_EXIT_CONTROLS), EXIT_LOAD_PAT, 0, PAT_B },
        { "vmwrite guest", reflected_vmwrite, GUEST_SYSENTER_ESP, 0x10, 0x30, 0, 0 },
        { "verw", reflected_verw, KERNEL_DS, 0, 0, 0, 0 },
        { "verw of code", reflected_verw, KERNEL_CS, 0, 0, 0, 0 },
        { "verw beyond the limit", reflected_verw, 0x7ff0, 0, 0, 0, 0 },
        { "invvpid", reflected_invvpid, INVVPID_CONTEXT, 0, 0, 0, 0 },
        { "cpuid", reflected_cpuid, 0, 0, 0, 0, 0 },
        { "sti", reflected_sti, 0, 0, 0, 0, 0 },
    };
    unsigned int i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        test(vm, ept, &all[i]);
}

/* VMREAD of what the processor lacks leaves its error number where L1 alone finds it. */
static void test_lacking(struct vm *vm, bool ept)
{
    struct series s = { "a field that the processor lacks", reflected_vmread, 0, 0, 0, 0, 0 };
    unsigned int i;

    for (i = 0; i < nr_fields && look_can_read(i); i++)
        ;
    if (i == nr_fields)
        return;
    s.a = fields[i].encoding;
    test(vm, ept, &s);
}

/*
 * Of L1's own: pending at a VMRESUME behind which L2 is open to it, so that it exits at once.
 * Where it is sent seldom L1 has not been entered for the exits before.
 */
static void test_interrupts(struct vm *vm, bool ept)
{
    const struct series all[] = {
        { "interrupts", reflected_wrmsr, MSR_X2APIC_ICR, ICR_SELF | IPI_VECTOR, 0, 0, 0 },
        { "seldom interrupts", reflected_seldom_wrmsr, MSR_X2APIC_ICR, ICR_SELF | IPI_VECTOR,
          0, 0, 0 },
    };
    unsigned int i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        begin(vm, ept, &all[i]);
        vmx_write(GUEST_RFLAGS, RFLAGS_IF_SET);
        run(vm, &all[i]);
        run(vm, &all[i]);
    }
}

/*
 * Those exits that L1 asks for, and takes back: in each other round.  L2 is where it was, but for
 * the rounds between.
 */
static void test_windows(struct vm *vm, bool ept)
{
    const uint64_t cpu = vmx_value(CPU_BASED_VM_EXEC_CONTROL);
    const uint64_t pin = vmx_value(PIN_BASED_VM_EXEC_CONTROL);
    const struct series all[] = {
        { "interrupt window", reflected_vmwrite, CPU_BASED_VM_EXEC_CONTROL,
          cpu | CPU_INTERRUPT_WINDOW, CPU_INTERRUPT_WINDOW, 0, 0 },
        { "nmi window", reflected_vmwrite, CPU_BASED_VM_EXEC_CONTROL, cpu | CPU_NMI_WINDOW,
          CPU_NMI_WINDOW, 0, 0 },
        { "preemption timer", reflected_vmwrite, PIN_BASED_VM_EXEC_CONTROL,
          pin | PIN_PREEMPTION_TIMER, PIN_PREEMPTION_TIMER, 0, 0 },
    };
    unsigned int i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (!controls_can((uint32_t)all[i].a, (uint32_t)all[i].c))
            continue;
        begin(vm, ept, &all[i]);
        vmx_write(GUEST_RFLAGS, RFLAGS_IF_SET);
        vmx_write(GUEST_PREEMPTION_TIMER, 0);
        run(vm, &all[i]);
        run(vm, &all[i]);
    }
}

static void say_traps(void)
{
    report_text("  traps of l1");
    look_say("n", trap_seen.number);
    look_say("places", trap_seen.places);
    report_text("\n");
}

/*
 * L1 sends them to itself, and takes them behind the WRMSR.  As for interrupts, where it is
 * seldom L1 has not been entered before.
 */
static void test_nmis(struct vm *vm, bool ept)
{
    const uint64_t nmi = read_msr(MSR_X2APIC_ID) << 32 | ICR_NMI;
    const struct series all[] = {
        { "nmis", reflected_wrmsr, MSR_X2APIC_ICR, nmi, 0, 0, 0 },
        { "seldom nmis", reflected_seldom_wrmsr, MSR_X2APIC_ICR, nmi, 0, 0, 0 },
    };
    unsigned int i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        trap_expect(1u << NMI_VECTOR);
        test(vm, ept, &all[i]);
        say_traps();
    }
    trap_expect(0);
}

/* In the handler, for a time. */
static void test_breakpoint(struct vm *vm, bool ept)
{
    const struct series s = { "breakpoint", reflected_nothing, 0, 0, 0, 0, 0 };

    begin(vm, ept, &s);
    run(vm, &s);
    trap_expect(1u << DB_VECTOR);
    machine_break_at(address_of(reflected_next));
    run(vm, &s);
    machine_restore();
    say_traps();
    trap_expect(0);
    run(vm, &s);
}

/*
 * L1's timer expires wherever it does: in L2, in L1's handler, which has interrupts shut, and in
 * Xen while it acts for L1.  All that can be told of it is that each one comes.
 */
static void test_timer(struct vm *vm, bool ept)
{
    const struct series s = { "timer", reflected_nothing, 0, 500, 37, 0, 0 };

    begin(vm, ept, &s);
    vmx_write(HOST_RIP, address_of(reflected_timer_entry));
    vmx_write(GUEST_RFLAGS, RFLAGS_IF_SET);
    write_msr(MSR_X2APIC_TDCR, DIVIDE_BY_1);
    write_msr(MSR_X2APIC_LVTT, IPI_VECTOR);
    write_msr(MSR_X2APIC_TMICT, s.b);
    run(vm, &s);
    write_msr(MSR_X2APIC_TMICT, s.b);
    run(vm, &s);
    write_msr(MSR_X2APIC_LVTT, LVT_MASKED | IPI_VECTOR);
}

static void test_exceptions(struct vm *vm, bool ept)
{
    const struct series s = { "exceptions", reflected_nothing, 0, 0, 0, 0, 0 };

    begin(vm, ept, &s);
    vmx_write(EXCEPTION_BITMAP, 1 << UD_VECTOR);
    run_l2(vm, &s, l2_op_ud2_on, 0);
    run_l2(vm, &s, l2_op_ud2_on, 0);
}

/* L1 moves a page of L2's at each exit, and L2 sees it where it is. */
static void test_invept(struct vm *vm)
{
    uint64_t *entry = &world.ept_table[0].word[(address_of(&world.data) >> 12) % 512];
    const uint64_t move = address_of(&world.data) ^ address_of(&world.other_data);
    const struct series s = { "invept", reflected_invept, address_of(entry), INVEPT_ONE, move, 0, 0 };

    begin(vm, true, &s);
    reflected_eptp[0] = world_eptp(0);
    world.data.word[1] = 0x5eed;
    world.other_data.word[1] = 0xbead;
    run_l2(vm, &s, l2_op_load_on, address_of(&world.data.word[1]));
    run_l2(vm, &s, l2_op_load_on, address_of(&world.data.word[1]));
}

/*
 * L1 moves a page of its own.  Without VPID the next exit of L2 does away with the old
 * translation, as the entry behind it does; with it INVLPG has to, and for all other exits L1
 * need not be entered.
 */
static void test_move(struct vm *vm, bool ept)
{
    const uint64_t move = address_of(&world.data) ^ address_of(&world.other_data);
    const struct series s[] = {
        { "move", reflected_move, address_of(&test_table[0]), LIN_BASE, move, 0, 0 },
        { "seldom move", reflected_seldom_move, address_of(&test_table[0]), LIN_BASE, move, 0, 0 },
    };

    world.data.word[0] = 0x5eed;
    world.other_data.word[0] = 0xbead;
    test_table[0] = address_of(&world.data) | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY;
    machine_flush_tlb();
    test(vm, ept, &s[ept]);
    test_table[0] = 0;
    machine_flush_tlb();
}

void test_reflected(void)
{
    struct vm *vm = &vms[3];
    unsigned int ept;

    for (ept = 0; ept < 2; ept++) {
        vm_reset(vm, ept);
        test_actions(vm, ept);
        test_lacking(vm, ept);
        test_interrupts(vm, ept);
        test_windows(vm, ept);
        test_nmis(vm, ept);
        test_breakpoint(vm, ept);
        test_timer(vm, ept);
        test_exceptions(vm, ept);
        test_move(vm, ept);
    }
    test_invept(vm);
    write_msr(MSR_DEBUGCTL, 0);
}
