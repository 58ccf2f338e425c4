/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fields that L2 has changed and that L1 has not read: L1 writes half of them, or all; it makes
 * another VMCS current; it runs L2 again.  Only then it reads.
 */
#include "tests.h"
#include "controls.h"
#include "report.h"
#include "run.h"
#include "vmx.h"
#include "world.h"

#define MSR_SYSENTER_CS 0x174
#define MSR_DEBUGCTL    0x1d9

enum { ROUNDS = 3 };            /* fewer than it takes L0 to see that a field is wanted */

/* What L1 does before it reads. */
enum between {
    NOTHING, HIGH_HALF, OTHER_FIELD, SAME_FIELD, OTHER_VMCS, CLEAR, RUN_AGAIN, UNUSUAL, IN_VAIN,
};

static const char *const between_names[] = {
    "nothing", "high_half", "other_field", "same_field", "other_vmcs", "clear", "run_again",
    "unusual", "in_vain",
};

/* L2 changes DEBUGCTL, SYSENTER_ESP and CR3, and is not seen to. */
static void change(struct vm *vm, unsigned int round)
{
    vm_begin(vm);
    vm_order(vm, l2_op_wrmsr, MSR_DEBUGCTL, round & 1 ? 0 : 2);
    vm_order(vm, l2_op_wrmsr, MSR_SYSENTER_CS + 1, 0x1000 + round);
    vm_order(vm, l2_op_cr3, address_of(&world.pml4[!(round & 1)]), 0);
    vm_order(vm, l2_op_dr7, 0x400 | round, 0);
    vm_set_start(vm);
    vm_enter(vm);
}

static void run_again(struct vm *vm)
{
    vm_begin(vm);
    vm_set_start(vm);
    vm_enter(vm);
}

/* An entry that the stock path has to make. */
static void run_unusually(struct vm *vm)
{
    uint64_t before = vmx_value(VM_ENTRY_CONTROLS);
    uint32_t wanted = before | ENTRY_LOAD_PERF_GLOBAL_CTRL;

    vmx_write(VM_ENTRY_CONTROLS, controls_allowed(VM_ENTRY_CONTROLS, wanted));
    run_again(vm);
    vmx_write(VM_ENTRY_CONTROLS, before);
}

static void do_between(struct vm *vm, enum between between)
{
    switch (between) {
    case HIGH_HALF:
        vmx_write(GUEST_IA32_DEBUGCTL | 1, 0);
        vmx_write(GUEST_PAT | 1, 0x00070406);
        break;
    case OTHER_FIELD:
        vmx_write(TSC_OFFSET, 0x1234);
        break;
    case SAME_FIELD:
        vmx_write(GUEST_SYSENTER_ESP, 0x5678);
        vmx_write(GUEST_DR7, 0x402);
        break;
    case OTHER_VMCS:
        vm_load(&vms[1]);
        vm_load(vm);
        break;
    case CLEAR:
        vmx_clear(vm->region);
        vm->launched = false;
        vm_load(vm);
        break;
    case RUN_AGAIN:
        run_again(vm);
        break;
    case UNUSUAL:
        run_unusually(vm);
        break;
    case IN_VAIN:
        vmx_enter(&vm->registers, true);
        break;
    default:
        break;
    }
}

static void read(uint32_t field)
{
    look_say(field_name(field), vmx_value(field));
}

static void test(struct vm *vm, enum between between, unsigned int round)
{
    run_begin_of("unread", between_names[between]);
    change(vm, round);
    do_between(vm, between);
    report_text(" ");
    read(GUEST_IA32_DEBUGCTL);
    read(GUEST_SYSENTER_ESP);
    read(GUEST_CR3);
    read(GUEST_DR7);
    read(GUEST_PAT);
    read(VM_INSTRUCTION_ERROR);
    report_text("\n");
}

/* The next entry has the value, whoever wrote it, and whether L1 has read it or not. */
static void test_entry(struct vm *vm, enum between between, unsigned int round)
{
    run_begin_of("unread, entered", between_names[between]);
    change(vm, round);
    do_between(vm, between);
    vm_begin(vm);
    vm_order(vm, l2_op_look, 0, 0);
    vm_set_start(vm);
    vm_enter(vm);
    look_at_l2(vm);
}

void test_unread(void)
{
    struct vm *vm = &vms[0];
    unsigned int round;
    enum between between;

    vm_reset(&vms[1], false);
    vm_reset(vm, false);
    for (round = 0; round < ROUNDS; round++)
        for (between = NOTHING; between <= IN_VAIN; between++)
            test_entry(vm, between, round);
    for (between = NOTHING; between <= IN_VAIN; between++)
        test(vm, IN_VAIN - between, between);
}
