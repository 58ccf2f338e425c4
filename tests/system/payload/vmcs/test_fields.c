/* SPDX-License-Identifier: GPL-2.0-only */
/* Each field by itself: what L1 writes is what L2 has, what L2 changes is what L1 reads. */
#include "tests.h"
#include "random.h"
#include "run.h"
#include "values.h"
#include "vmx.h"
#include "world.h"

enum { VALUES = 2, RFLAGS_IF = 1 << 9, STI_BLOCKING = 1 };

#define MSR_SYSENTER_CS 0x174
#define MSR_DEBUGCTL    0x1d9
#define MSR_STAR        0xc0000081
#define MSR_LSTAR       0xc0000082
#define MSR_FS_BASE     0xc0000100
#define MSR_GS_BASE     0xc0000101
#define MSR_KERNEL_GS   0xc0000102

static const struct pseudo_descriptor other_gdt = { GDT_LIMIT - 8, (uintptr_t)&world.gdt[1] };
static const struct pseudo_descriptor other_idt = { IDT_LIMIT - 16, (uintptr_t)&world.idt[1] };

/* What L2 may change without asking. */
static const struct {
    const char *name;
    void (*op)(void);
    uint64_t a, b;
} changes[] = {
    { "es", l2_op_es, L2_USER_DATA, 0 },
    { "es_null", l2_op_es, 3, 0 },
    { "es_32", l2_op_es, L2_DATA_32, 0 },
    { "ss", l2_op_ss, 0, 0 },
    { "ss_data", l2_op_ss, L2_DATA, 0 },
    { "ds", l2_op_ds, L2_DATA_32, 0 },
    { "ds_code", l2_op_ds, L2_CODE_32, 0 },
    { "fs", l2_op_fs, L2_DATA_32, 0 },
    { "gs", l2_op_gs, L2_USER_DATA, 0 },
    { "ldtr", l2_op_lldt, L2_LDT, 0 },
    { "tr", l2_op_ltr, L2_OTHER_TSS, 0 },
    { "gdtr", l2_op_lgdt, (uintptr_t)&other_gdt, 0 },
    { "idtr", l2_op_lidt, (uintptr_t)&other_idt, 0 },
    { "fs_base", l2_op_wrmsr, MSR_FS_BASE, 0xffff800012345678 },
    { "gs_base", l2_op_wrmsr, MSR_GS_BASE, 0x00007fff87654321 },
    { "shadow_gs_base", l2_op_wrmsr, MSR_KERNEL_GS, 0x1234567890 },
    { "sysenter_cs", l2_op_wrmsr, MSR_SYSENTER_CS, 0x5678 },
    { "sysenter_esp", l2_op_wrmsr, MSR_SYSENTER_CS + 1, 0xffffffff80001000 },
    { "sysenter_eip", l2_op_wrmsr, MSR_SYSENTER_CS + 2, 0xffffffff80002000 },
    { "debugctl", l2_op_wrmsr, MSR_DEBUGCTL, 2 },
    { "star", l2_op_wrmsr, MSR_STAR, 0x0023001000000000 },
    { "lstar", l2_op_wrmsr, MSR_LSTAR, 0xffffffff81234560 },
    { "cr3", l2_op_cr3, (uintptr_t)&world.pml4[1], 0 },
    { "cr3_back", l2_op_cr3, (uintptr_t)&world.pml4[0], 0 },
    { "dr7", l2_op_dr7, 0x401, 0 },
    { "dr7_back", l2_op_dr7, 0x400, 0 },
    { "flags", l2_op_flags, 0x244cd7, 0 },
    { "flags_if", l2_op_flags, 0x202, 0 },
    { "sti_shadow", l2_op_sti_cpuid, 0, 0 },
    { "mov_ss_shadow", l2_op_mov_ss_cpuid, 0, 0 },
    { "mov_ss_shadow_tf", l2_op_mov_ss_tf_cpuid, 0, 0 },
    { "single_step", l2_op_step, 0, 0 },
    { "cpl_3", l2_op_user, 0, 0 },
};

static void write_values(struct vm *vm, const struct field *field)
{
    uint64_t before = vmx_value(field->encoding);
    unsigned int i;

    run_begin_of("write", field->name);
    for (i = 0; i < VALUES; i++) {
        run_write(field->encoding, value_for(field, vm->ept));
        run_look(vm);
    }
    if (field_type(field->encoding) != TYPE_READ_ONLY)
        run_write(field->encoding, before);
}

/* The half that is not written has to stay. */
static void write_high_half(struct vm *vm, const struct field *field)
{
    uint64_t before = vmx_value(field->encoding);

    run_begin_of("high", field->name);
    run_write(field->encoding | 1, value_for(field, vm->ept) >> 32);
    run_look(vm);
    if (field_type(field->encoding) != TYPE_READ_ONLY)
        run_write(field->encoding, before);
}

/* Those that belong together. */
static void write_rflags(struct vm *vm)
{
    unsigned int i;

    for (i = 0; i < 4; i++) {
        run_begin("write GUEST_RFLAGS");
        run_write(GUEST_INTERRUPTIBILITY_INFO, i == 3 ? STI_BLOCKING : 0);
        run_write(GUEST_RFLAGS, value_rflags(i >= 2));
        run_look(vm);
    }
    run_write(GUEST_INTERRUPTIBILITY_INFO, 0);
    run_write(GUEST_RFLAGS, 2);
}

/* L2 pushes there first, and says where that was. */
static void write_rsp(struct vm *vm)
{
    run_begin("write GUEST_RSP");
    vm_begin(vm);
    vm_set_start(vm);
    run_write(GUEST_RSP, vm->l2.resume_rsp - 0x100);
    run_on(vm);
}

static void change(struct vm *vm, unsigned int i)
{
    run_begin_of("change", changes[i].name);
    world_free_tss();
    run_op(vm, changes[i].op, changes[i].a, changes[i].b);
}

static bool is_written(unsigned int i)
{
    return fields[i].kind != FIELD_FIXED && look_can_read(i);
}

void test_fields(void)
{
    struct vm *vm = &vms[0];
    unsigned int i;

    vm_reset(vm, false);
    run_begin("start");
    run_look(vm);
    for (i = 0; i < nr_fields; i++)
        if (is_written(i))
            write_values(vm, &fields[i]);
    for (i = 0; i < nr_fields; i++)
        if (is_written(i) && field_has_halves(fields[i].encoding))
            write_high_half(vm, &fields[i]);
    write_rflags(vm);
    write_rsp(vm);
    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
        change(vm, i);
}
