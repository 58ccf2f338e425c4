/* SPDX-License-Identifier: GPL-2.0-only */
/* Each instruction of L2 that may exit, with the control that decides it off and on. */
#include "tests.h"
#include "controls.h"
#include "run.h"
#include "vmx.h"
#include "world.h"

#define MSR_SYSENTER_CS 0x174
#define MSR_EFER        0xc0000080
#define MSR_X2APIC_ID   0x802

/* Ports: the one that Xen looks at in L1's bitmap, one that L2 never has for itself. */
enum { PORT_POST = 0x80, PORT_OTHER = 0x5000 };

enum { PIN = PIN_BASED_VM_EXEC_CONTROL, CPU = CPU_BASED_VM_EXEC_CONTROL,
       SECONDARY = SECONDARY_VM_EXEC_CONTROL };

/* Exit whatever L1 says. */
static const struct {
    const char *name;
    void (*op)(void);
    uint64_t a, b;
} always[] = {
    { "cpuid", l2_op_cpuid, 1, 0 },
    { "vmcall", l2_op_vmcall, 0x1234, 0 },
    { "invd", l2_op_invd, 0, 0 },
    { "xsetbv", l2_op_xsetbv, 0, 0 },
    { "vmread", l2_op_vmread, GUEST_RIP, 0 },
    { "vmptrld", l2_op_vmptrld, 0, 0 },
    { "vmresume", l2_op_vmresume, 0, 0 },
    { "invept", l2_op_invept, 0, 0 },
    { "hlt", l2_op_hlt, 0, 0 },                 /* the control is always on */
};

static const struct {
    const char *name;
    uint32_t field, bit;
    void (*op)(void);
    uint64_t a, b;
} optional[] = {
    { "invlpg", CPU, CPU_INVLPG_EXITING, l2_op_invlpg, 0x123000, 0 },
    { "mwait", CPU, CPU_MWAIT_EXITING, l2_op_mwait, 0, 0 },
    { "rdpmc", CPU, CPU_RDPMC_EXITING, l2_op_rdpmc, 0, 0 },
    { "rdtsc", CPU, CPU_RDTSC_EXITING, l2_op_rdtsc, 0, 0 },
    { "cr8_load", CPU, CPU_CR8_LOAD_EXITING, l2_op_cr8, 3, 0 },
    { "cr8_store", CPU, CPU_CR8_STORE_EXITING, l2_op_read_cr8, 0, 0 },
    { "mov_dr", CPU, CPU_MOV_DR_EXITING, l2_op_dr7, 0x400, 0 },
    { "out_80", CPU, CPU_UNCOND_IO_EXITING, l2_op_out, PORT_POST, 0x12 },
    { "out", CPU, CPU_UNCOND_IO_EXITING, l2_op_out, PORT_OTHER, 0x34 },
    { "in", CPU, CPU_UNCOND_IO_EXITING, l2_op_in, PORT_OTHER, 0 },
    { "monitor", CPU, CPU_MONITOR_EXITING, l2_op_monitor, 0, 0 },
    { "pause", CPU, CPU_PAUSE_EXITING, l2_op_pause, 0, 0 },
    { "wbinvd", CPU, 0, l2_op_wbinvd, 0, 0 },
    { "descriptor_tables", SECONDARY, SECONDARY_DESCRIPTOR_TABLE_EXITING, l2_op_lldt, L2_LDT, 0 },
    { "cpuid_by_mtf", CPU, CPU_MONITOR_TRAP_FLAG, l2_op_cpuid, 0, 0 },
};

/* L1's bitmaps that let everything pass, all that exit. */
static void test_all_bitmaps(struct vm *vm)
{
    unsigned int which;

    for (which = 0; which < 2; which++) {
        run_begin_of("bitmaps", which ? "full" : "empty");
        run_write(IO_BITMAP_A, address_of(&world.io_bitmap[which][0]));
        run_write(IO_BITMAP_B, address_of(&world.io_bitmap[which][1]));
        run_write(MSR_BITMAP, address_of(&world.msr_bitmap[which]));
        run_op(vm, l2_op_out, PORT_POST, 0x56);
        run_op(vm, l2_op_in, PORT_OTHER, 0);
        run_op(vm, l2_op_in, 0x9000, 0);
        run_op(vm, l2_op_wrmsr, MSR_SYSENTER_CS, 0x30 + which);
        run_op(vm, l2_op_rdmsr, MSR_EFER, 0);
        run_op(vm, l2_op_rdmsr, MSR_X2APIC_ID, 0);
        run_op(vm, l2_op_rdmsr, 0x40000000, 0);     /* in no bitmap: exits */
    }
    run_write(IO_BITMAP_A, address_of(&world.io_bitmap[0][0]));
    run_write(IO_BITMAP_B, address_of(&world.io_bitmap[0][1]));
    run_write(MSR_BITMAP, address_of(&world.msr_bitmap[0]));
}

/* Without bitmaps: all MSRs exit, and all ports or none. */
static void test_no_bitmaps(struct vm *vm)
{
    uint64_t before = vmx_value(CPU);

    run_begin("no bitmaps");
    run_write(CPU, before & ~(uint64_t)(CPU_MSR_BITMAPS | CPU_IO_BITMAPS));
    run_op(vm, l2_op_rdmsr, MSR_SYSENTER_CS, 0);
    run_op(vm, l2_op_out, PORT_POST, 0x78);
    run_write(CPU, before);
    run_look(vm);
}

/* CR8 is nobody's unless L1 has one of these on: see main.c. */
static bool needs_cr8(uint32_t bit)
{
    return bit == CPU_CR8_LOAD_EXITING || bit == CPU_CR8_STORE_EXITING;
}

static void test_optional(struct vm *vm, unsigned int i)
{
    uint32_t field = optional[i].field;
    uint64_t before = vmx_value(field), off = before & ~(uint64_t)optional[i].bit;

    if (optional[i].bit == CPU_UNCOND_IO_EXITING)
        off &= ~(uint64_t)CPU_IO_BITMAPS;
    if (needs_cr8(optional[i].bit))
        off |= CPU_TPR_SHADOW;
    run_begin_of("without", optional[i].name);
    run_write(field, off);
    run_op(vm, optional[i].op, optional[i].a, optional[i].b);
    if (controls_can(field, optional[i].bit)) {
        run_begin_of("with", optional[i].name);
        run_write(field, off | optional[i].bit);
        run_op(vm, optional[i].op, optional[i].a, optional[i].b);
    }
    run_write(field, before);
}

/* L2's task priority: the virtual APIC page's, with a threshold below which it exits. */
static void test_tpr(struct vm *vm)
{
    uint64_t before = vmx_value(CPU);

    run_begin("tpr threshold");
    run_write(CPU, before | CPU_TPR_SHADOW);
    run_write(VIRTUAL_APIC_PAGE_ADDR, address_of(&world.virtual_apic[1]));
    run_op(vm, l2_op_cr8, 5, 0);
    run_write(TPR_THRESHOLD, 4);
    run_op(vm, l2_op_cr8, 6, 0);
    run_op(vm, l2_op_cr8, 2, 0);
    run_write(TPR_THRESHOLD, 0);
    run_op(vm, l2_op_read_cr8, 0, 0);
    run_write(VIRTUAL_APIC_PAGE_ADDR, address_of(&world.virtual_apic[0]));
    run_op(vm, l2_op_read_cr8, 0, 0);
    run_write(CPU, before);
}

/* Of L2's TSC the highest byte is the offset's. */
static void test_tsc(struct vm *vm)
{
    uint64_t before = vmx_value(CPU);
    unsigned int i;

    run_begin("tsc offset");
    run_write(CPU, before | CPU_TSC_OFFSETTING);
    for (i = 1; i < 4; i++) {
        run_write(TSC_OFFSET, (uint64_t)i << 60 | i);
        run_op(vm, l2_op_rdtsc, 0, 0);
    }
    run_write(TSC_OFFSET | 1, 0x70000000);
    run_op(vm, l2_op_rdtsc, 0, 0);
    run_write(CPU, before);
    run_op(vm, l2_op_rdtsc, 0, 0);
}

/* A control that the stock path has to carry out goes there and back. */
static void test_unusual_entry(struct vm *vm)
{
    const uint32_t bits = ENTRY_LOAD_PERF_GLOBAL_CTRL | ENTRY_LOAD_PAT;
    uint64_t before = vmx_value(VM_ENTRY_CONTROLS);

    run_begin("unusual entry");
    run_write(VM_ENTRY_CONTROLS, controls_allowed(VM_ENTRY_CONTROLS, before | bits));
    run_op(vm, l2_op_wrmsr, MSR_SYSENTER_CS, 0x99);
    run_look(vm);
    run_write(VM_ENTRY_CONTROLS, before);
    run_op(vm, l2_op_wrmsr, MSR_SYSENTER_CS, 0xaa);
}

void test_exits(void)
{
    struct vm *vm = &vms[1];
    unsigned int i;

    vm_reset(vm, false);
    run_begin("exits");
    run_look(vm);
    for (i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
        run_begin_of("exit", always[i].name);
        run_op(vm, always[i].op, always[i].a, always[i].b);
    }
    for (i = 0; i < sizeof(optional) / sizeof(optional[0]); i++)
        test_optional(vm, i);
    test_all_bitmaps(vm);
    test_no_bitmaps(vm);
    test_tpr(vm);
    test_tsc(vm);
    test_unusual_entry(vm);
}
