/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VMX instructions that fail, and their neighbours that do not: what they say by RFLAGS and
 * VM_INSTRUCTION_ERROR.  To add one: a line in the table.
 */
#include "tests.h"
#include "report.h"
#include "run.h"
#include "vmx.h"
#include "world.h"

/* Behind all memory, within the addresses that a processor has; and no address. */
#define NO_MEMORY       0xf00000000ull
#define NO_ADDRESS      0xfff0000000000000ull
#define SHADOW_VMCS     0x80000000u

enum instruction {
    VMLAUNCH, VMRESUME, VMLAUNCH_IN_SHADOW, VMRESUME_IN_SHADOW, VMRESUME_WITH_MSR_BITMAP,
    VMRESUME_WITH_IO_BITMAP_A, VMRESUME_WITH_IO_BITMAP_B, VMCLEAR, VMPTRLD, VMPTRST, VMXON, VMREAD,
    VMWRITE, INVEPT, INVVPID,
};

/* What the number is added to; NUMBER: nothing. */
enum operand { NUMBER, CURRENT, SPARE, WRONG_REGION, VMXON_REGION };

/* Of vms[0], which is current, unless NONE is. */
enum state { LAUNCHED, CLEAR, NONE };

static const struct failure {
    const char *name;
    enum instruction instruction;
    enum operand operand;
    uint64_t number;
    enum state state;
} table[] = {
    { "vmlaunch_launched", VMLAUNCH, NUMBER, 0, LAUNCHED },
    { "vmresume_clear", VMRESUME, NUMBER, 0, CLEAR },
    { "vmlaunch", VMLAUNCH, NUMBER, 0, CLEAR },
    { "vmresume", VMRESUME, NUMBER, 0, LAUNCHED },
    { "vmlaunch_none", VMLAUNCH, NUMBER, 0, NONE },
    { "vmresume_none", VMRESUME, NUMBER, 0, NONE },
    { "vmlaunch_in_shadow", VMLAUNCH_IN_SHADOW, NUMBER, 0, CLEAR },
    { "vmresume_in_shadow", VMRESUME_IN_SHADOW, NUMBER, 0, LAUNCHED },
    { "msr_bitmap_misaligned", VMRESUME_WITH_MSR_BITMAP, SPARE, 8, LAUNCHED },
    { "msr_bitmap_nowhere", VMRESUME_WITH_MSR_BITMAP, NUMBER, NO_MEMORY, LAUNCHED },
    { "io_bitmap_a_nowhere", VMRESUME_WITH_IO_BITMAP_A, NUMBER, NO_MEMORY, LAUNCHED },
    { "io_bitmap_b_nowhere", VMRESUME_WITH_IO_BITMAP_B, NUMBER, NO_MEMORY, LAUNCHED },
    { "vmclear_misaligned", VMCLEAR, SPARE, 8, LAUNCHED },
    { "vmclear_misaligned_none", VMCLEAR, SPARE, 8, NONE },
    { "vmclear_nowhere", VMCLEAR, NUMBER, NO_MEMORY, LAUNCHED },
    { "vmclear_no_address", VMCLEAR, NUMBER, NO_ADDRESS, LAUNCHED },
    { "vmclear_vmxon_region", VMCLEAR, VMXON_REGION, 0, LAUNCHED },
    { "vmclear_vmxon_region_none", VMCLEAR, VMXON_REGION, 0, NONE },
    { "vmclear_other", VMCLEAR, SPARE, 0, LAUNCHED },
    { "vmclear_other_none", VMCLEAR, SPARE, 0, NONE },
    { "vmptrld_misaligned", VMPTRLD, SPARE, 0x800, LAUNCHED },
    { "vmptrld_misaligned_none", VMPTRLD, SPARE, 0x800, NONE },
    { "vmptrld_nowhere", VMPTRLD, NUMBER, NO_MEMORY, LAUNCHED },
    { "vmptrld_no_address", VMPTRLD, NUMBER, NO_ADDRESS, LAUNCHED },
    { "vmptrld_vmxon_region", VMPTRLD, VMXON_REGION, 0, LAUNCHED },
    { "vmptrld_vmxon_region_none", VMPTRLD, VMXON_REGION, 0, NONE },
    { "vmptrld_wrong_revision", VMPTRLD, WRONG_REGION, 0, LAUNCHED },
    { "vmptrld_wrong_revision_none", VMPTRLD, WRONG_REGION, 0, NONE },
    { "vmptrld_again", VMPTRLD, CURRENT, 0, LAUNCHED },
    { "vmptrst", VMPTRST, NUMBER, 0, LAUNCHED },
    { "vmptrst_none", VMPTRST, NUMBER, 0, NONE },
    { "vmxon_again", VMXON, VMXON_REGION, 0, LAUNCHED },
    { "vmxon_again_none", VMXON, VMXON_REGION, 0, NONE },
    { "vmxon_misaligned", VMXON, VMXON_REGION, 4, LAUNCHED },
    { "vmread", VMREAD, NUMBER, TSC_OFFSET, LAUNCHED },
    { "vmread_none", VMREAD, NUMBER, TSC_OFFSET, NONE },
    { "vmread_bogus", VMREAD, NUMBER, 0x6b7e, LAUNCHED },
    { "vmread_alias", VMREAD, NUMBER, TSC_OFFSET | 0x40, LAUNCHED },
    { "vmread_reserved", VMREAD, NUMBER, TSC_OFFSET | 0x1000, LAUNCHED },
    { "vmread_beyond", VMREAD, NUMBER, TSC_OFFSET | 0x8000, LAUNCHED },
    { "vmread_too_long", VMREAD, NUMBER, TSC_OFFSET | 1ull << 32, LAUNCHED },
    { "vmread_half_of_none", VMREAD, NUMBER, GUEST_RIP | 1, LAUNCHED },
    { "vmwrite", VMWRITE, NUMBER, TSC_OFFSET, LAUNCHED },
    { "vmwrite_none", VMWRITE, NUMBER, TSC_OFFSET, NONE },
    { "vmwrite_read_only", VMWRITE, NUMBER, VM_EXIT_REASON, LAUNCHED },
    { "vmwrite_bogus", VMWRITE, NUMBER, 0x6b7e, LAUNCHED },
    { "vmwrite_alias", VMWRITE, NUMBER, TSC_OFFSET | 0x40, LAUNCHED },
    { "vmwrite_too_long", VMWRITE, NUMBER, TSC_OFFSET | 1ull << 32, LAUNCHED },
    { "vmwrite_half_of_none", VMWRITE, NUMBER, VM_EXIT_REASON | 1, LAUNCHED },
    { "invept_0", INVEPT, NUMBER, 0, LAUNCHED },
    { "invept_1", INVEPT, NUMBER, 1, LAUNCHED },
    { "invept_2", INVEPT, NUMBER, 2, LAUNCHED },
    { "invept_3", INVEPT, NUMBER, 3, LAUNCHED },
    { "invept_3_none", INVEPT, NUMBER, 3, NONE },
    { "invvpid_0", INVVPID, NUMBER, 0, LAUNCHED },
    { "invvpid_1", INVVPID, NUMBER, 1, LAUNCHED },
    { "invvpid_2", INVVPID, NUMBER, 2, LAUNCHED },
    { "invvpid_3", INVVPID, NUMBER, 3, LAUNCHED },
    { "invvpid_4", INVVPID, NUMBER, 4, LAUNCHED },
    { "invvpid_4_none", INVVPID, NUMBER, 4, NONE },
};

extern uint64_t vmxon_address;      /* machine.c */

static uint64_t operand(const struct failure *f)
{
    switch (f->operand) {
    case CURRENT:
        return vms[0].region + f->number;
    case SPARE:
        return address_of(&vm_spare_region) + f->number;
    case WRONG_REGION:
        return address_of(&vm_wrong_region) + f->number;
    case VMXON_REGION:
        return vmxon_address + f->number;
    default:
        return f->number;
    }
}

static uint32_t enter(bool launch)
{
    l2_current = &vms[0].l2;
    return vmx_enter(&vms[0].registers, launch);
}

/* The field is as before when the error is told. */
static uint32_t resume_with(uint32_t field, uint64_t value)
{
    uint64_t before = vmx_value(field);
    uint32_t flags;

    vmx_write(field, value);
    flags = enter(false);
    vmx_write(field, before);
    return flags;
}

static uint32_t store_pointer(void)
{
    uint64_t region = 0;
    uint32_t flags = vmx_ptrst(&region);

    look_say("region", region);
    return flags;
}

static uint32_t read(uint64_t field)
{
    uint64_t value = 0x756e746f75636864;
    uint32_t flags = vmx_read(field, &value);

    look_say("value", value);
    return flags;
}

static uint32_t invalidate(enum instruction instruction, uint64_t type)
{
    const struct vmx_descriptor ept = { world_eptp(0), 0 }, vpid = { 1, 0 };

    return instruction == INVEPT ? vmx_invept(type, &ept) : vmx_invvpid(type, &vpid);
}

static uint32_t enter_by(enum instruction instruction, uint64_t bitmap)
{
    switch (instruction) {
    case VMLAUNCH:
    case VMRESUME:
        return enter(instruction == VMLAUNCH);
    case VMLAUNCH_IN_SHADOW:
    case VMRESUME_IN_SHADOW:
        return vmx_enter_in_shadow(&vms[0].registers, instruction == VMLAUNCH_IN_SHADOW);
    case VMRESUME_WITH_MSR_BITMAP:
        return resume_with(MSR_BITMAP, bitmap);
    case VMRESUME_WITH_IO_BITMAP_A:
        return resume_with(IO_BITMAP_A, bitmap);
    default:
        return resume_with(IO_BITMAP_B, bitmap);
    }
}

static uint32_t carry_out(const struct failure *f)
{
    switch (f->instruction) {
    case VMCLEAR:
        return vmx_clear(operand(f));
    case VMPTRLD:
        return vmx_ptrld(operand(f));
    case VMPTRST:
        return store_pointer();
    case VMXON:
        return vmx_on(operand(f));
    case VMREAD:
        return read(f->number);
    case VMWRITE:
        return vmx_write(f->number, 0x2a2a2a2a);
    case INVEPT:
    case INVVPID:
        return invalidate(f->instruction, f->number);
    default:
        return enter_by(f->instruction, operand(f));
    }
}

/* L2 has nothing to do but to say that it is done. */
static void prepare(enum state state)
{
    struct vm *vm = &vms[0];

    vm_reset(vm, false);
    vm_begin(vm);
    vm_set_start(vm);
    if (state == LAUNCHED) {
        vm_enter(vm);
        vm_begin(vm);
        vm_set_start(vm);
    }
    if (state == NONE)
        vmx_clear(vm->region);
}

/* All ones where nothing is current any more. */
static void tell(struct vm *vm, uint32_t flags)
{
    look_say("flags", flags);
    look_say("error", vmx_value(VM_INSTRUCTION_ERROR));
    report_text("\n");
    vm_load(vm);
    look_at_fields(vm);
}

static void try(const struct failure *f)
{
    struct vm *vm = &vms[0];
    uint32_t flags;

    prepare(f->state);
    run_begin_of("failure", f->name);
    report_text(" ");
    flags = carry_out(f);
    tell(vm, flags);
}

/* A region that says of itself to be a shadow VMCS, which L1 is not told of. */
static void test_shadow_region(void)
{
    struct vm *vm = &vms[0];
    uint32_t flags;

    prepare(LAUNCHED);
    run_begin("failure vmptrld_shadow");
    report_text(" ");
    vm_wrong_region.word[0] = vm_revision() | SHADOW_VMCS;
    flags = vmx_ptrld(address_of(&vm_wrong_region));
    vmx_clear(address_of(&vm_wrong_region));
    vm_wrong_region.word[0] = vm_revision() ^ VM_WRONG_REVISION;
    tell(vm, flags);
}

/* VMX operation ends and begins again; VMXON itself fails, too. */
static void test_vmxon(void)
{
    struct vm *vm = &vms[0];

    prepare(LAUNCHED);
    run_begin("vmxoff and vmxon");
    report_text(" ");
    look_say("vmxoff", vmx_off());
    look_say("misaligned", vmx_on(vmxon_address + 8));
    look_say("nowhere", vmx_on(NO_MEMORY));
    look_say("wrong_revision", vmx_on(address_of(&vm_wrong_region)));
    look_say("vmxon", vmx_on(vmxon_address));
    look_say("none_current", vmx_write(GUEST_RIP, 0));
    look_say("vmptrld", vmx_ptrld(vm->region));
    report_text("\n");
    run_look(vm);
}

void test_failures(void)
{
    unsigned int i;

    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        try(&table[i]);
    test_shadow_region();
    test_vmxon();
}
