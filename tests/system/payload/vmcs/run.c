/* SPDX-License-Identifier: GPL-2.0-only */
#include "run.h"
#include "report.h"
#include "vmx.h"

static const char *text_name;

void run_text_of(const char *name)
{
    text_name = name;
}

void run_hand_over(void)
{
    report_put(text_name);
}

void run_begin(const char *name)
{
    run_begin_of(name, NULL);
}

void run_begin_of(const char *what, const char *name)
{
    run_hand_over();
    report_text("case ");
    report_text(what);
    if (name) {
        report_text(" ");
        report_text(name);
    }
    report_text("\n");
}

void run_say_flags(uint32_t flags)
{
    if (!flags)
        return;
    report_text(" flags ");
    report_number(flags);
    if (flags == VMX_FAIL_VALID) {
        report_text(" error ");
        report_decimal(vmx_value(VM_INSTRUCTION_ERROR));
    }
}

void run_write(uint32_t field, uint64_t value)
{
    uint32_t flags = vmx_write(field, value);

    report_text("  write");
    look_say(field_name(field), value);
    run_say_flags(flags);
    report_text("\n");
}

static void say_failure(uint32_t flags)
{
    report_text("  fails");
    run_say_flags(flags);
    report_text("\n");
}

static void say_exit(uint32_t reason)
{
    report_text("  exit ");
    report_decimal(reason);
    report_text("\n");
}

uint32_t run_enter(struct vm *vm)
{
    uint32_t flags = vm_enter(vm), reason;

    if (flags) {
        say_failure(flags);
        return RUN_FAILED;
    }
    reason = vmx_value(VM_EXIT_REASON);
    say_exit(reason);
    look_at_l1(vm);
    look_at_fields(vm);
    look_at_l2(vm);
    return reason;
}

void run_on(struct vm *vm)
{
    unsigned int exits;
    uint32_t reason;

    for (exits = 0; exits < MAX_EXITS; exits++) {
        reason = run_enter(vm);
        if (reason == RUN_FAILED || vm_is_done(vm, reason))
            return;
        vm_go_on(vm, reason);
    }
    report_text("  given up\n");
}

void run_op(struct vm *vm, void (*op)(void), uint64_t a, uint64_t b)
{
    vm_begin(vm);
    vm_order(vm, op, a, b);
    vm_order(vm, l2_op_look, 0, 0);
    vm_set_start(vm);
    run_on(vm);
}

void run_look(struct vm *vm)
{
    vm_begin(vm);
    vm_order(vm, l2_op_look, 0, 0);
    vm_set_start(vm);
    run_on(vm);
}
