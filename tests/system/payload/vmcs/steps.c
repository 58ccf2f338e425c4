/* SPDX-License-Identifier: GPL-2.0-only */
#include "steps.h"
#include "programs.h"
#include "random.h"
#include "report.h"
#include "run.h"
#include "values.h"
#include "vmx.h"
#include "world.h"

enum { MAX_WRITES = 6, NO_VM = NR_VMS };

/* Behind all memory, within the addresses that a processor has. */
#define NO_MEMORY 0xf00000000ull

extern uint64_t vmxon_address;      /* machine.c */

static unsigned int current;        /* of vms, or NO_VM */
static bool runs[NR_VMS];           /* L2 has orders left */

struct vm *steps_vm(void)
{
    return current == NO_VM ? NULL : &vms[current];
}

static void say(const char *text)
{
    report_text(" ");
    report_text(text);
}

const struct field *steps_any_field(void)
{
    unsigned int i;

    do
        i = random_below(nr_fields);
    while (!look_can_read(i));
    return &fields[i];
}

/* Also one that this processor lacks: that VMWRITE fails. */
static const struct field *any_free_field(void)
{
    const struct field *field;

    do
        field = &fields[random_below(nr_fields)];
    while (field->kind == FIELD_FIXED);
    return field;
}

/* An encoding that no processor has; stock Xen takes it for @encoding. */
static uint64_t alias(uint32_t encoding)
{
    const uint64_t bits[] = { 0x40, 0x100, 0x1000, 0x8000, 1ull << 32 };

    return encoding | bits[random_below(5)];
}

static void write_one(const struct vm *vm)
{
    const struct field *field = any_free_field();
    uint64_t encoding = field->encoding, value = value_for(field, vm && vm->ept);

    if (!look_is_strict && random_one_in(8)) {
        encoding = alias(encoding);
    } else if (field_has_halves(encoding) && random_one_in(3)) {
        encoding |= 1;
        value >>= 32;
    }
    report_text(" ");
    report_text(field->name);
    report_text(encoding == field->encoding ? "=" : encoding & 1 ? " high=" : " alias=");
    report_number(value);
    run_say_flags(vmx_write(encoding, value));
}

/*
 * Without a word in between, so that a region can have both: a VMWRITE that always exits,
 * and one of a field that the processor may lack.  What the second leaves behind is told.
 */
static void write_silently(void)
{
    uint64_t address = 0, error = 0;
    unsigned int i;

    vmx_read(0x2000, &address);         /* IO_BITMAP_A */
    for (i = 0; i < 64; i++) {
        vmx_write(0x2000, address);
        vmx_write(0x200e, i);           /* PML_ADDRESS */
    }
    vmx_read(0x4400, &error);           /* VM_INSTRUCTION_ERROR */
    look_say("error", error);
}

static void step_write(void)
{
    unsigned int n = 1 + random_below(MAX_WRITES);

    say("write");
    while (n--)
        write_one(steps_vm());
    if (random_one_in(8) && current != NO_VM)
        write_silently();
    if (random_one_in(8) && current != NO_VM) {
        say("flags_of_l2");
        program_write_flags();
    }
}

static void step_read(void)
{
    uint64_t encoding = steps_any_field()->encoding, value = 0;
    uint32_t flags;

    if (!look_is_strict && random_one_in(4))
        encoding = alias(encoding);
    else if (field_has_halves(encoding) && random_one_in(3))
        encoding |= 1;
    flags = vmx_read(encoding, &value);
    say("read ");
    report_number(encoding);
    look_say("value", value);
    run_say_flags(flags);
}

/* The wrong one of the two, or in the shadow of a MOV to SS. */
static void enter_in_vain(struct vm *vm)
{
    uint32_t flags;

    say("in_vain");
    if (random_one_in(2))
        flags = vmx_enter(&vm->registers, vm->launched);
    else
        flags = vmx_enter_in_shadow(&vm->registers, random_one_in(2));
    run_say_flags(flags);
}

static void end_entry(struct vm *vm, uint32_t flags)
{
    uint32_t reason;

    run_say_flags(flags);
    if (flags)
        return;
    reason = vmx_value(VM_EXIT_REASON);
    report_text(" exit ");
    report_decimal(reason);
    if (vm_is_done(vm, reason))
        runs[current] = false;
    else
        vm_go_on(vm, reason);
}

/* With a bitmap that is nowhere: fails, unless the bitmap is not used. */
static void enter_badly(struct vm *vm)
{
    const uint32_t bitmaps[] = { MSR_BITMAP, IO_BITMAP_A, IO_BITMAP_B };
    uint32_t field = bitmaps[random_below(3)], flags;
    uint64_t before = vmx_value(field);

    say("without");
    say(field_name(field));
    vmx_write(field, NO_MEMORY);
    flags = vm_enter(vm);
    vmx_write(field, before);
    end_entry(vm, flags);
}

static void enter(struct vm *vm)
{
    if (!runs[current]) {
        program_begin(vm);
        vm_set_start(vm);
        runs[current] = true;
    }
    if (random_one_in(20)) {
        enter_badly(vm);
        return;
    }
    if (random_one_in(10))
        program_inject();
    end_entry(vm, vm_enter(vm));
}

static void step_enter(void)
{
    struct vm *vm = steps_vm();

    say("enter");
    if (!vm || random_one_in(20))
        enter_in_vain(vm ? vm : &vms[0]);
    else
        enter(vm);
}

static void step_ptrld(void)
{
    unsigned int which = random_below(NR_VMS);

    say("ptrld ");
    report_decimal(which);
    run_say_flags(vmx_ptrld(vms[which].region));
    current = which;
}

static void step_clear(void)
{
    unsigned int which = random_below(NR_VMS);

    say("clear ");
    report_decimal(which);
    run_say_flags(vmx_clear(vms[which].region));
    vms[which].launched = false;
    if (current == which)
        current = NO_VM;
}

static void step_ptrst(void)
{
    uint64_t region = 0;
    uint32_t flags = vmx_ptrst(&region);

    say("ptrst");
    look_say("region", region);
    run_say_flags(flags);
}

static void step_reset(void)
{
    current = random_below(NR_VMS);
    say("reset ");
    report_decimal(current);
    vm_reset(&vms[current], current & 1);
    runs[current] = false;
}

static uint64_t bad_region(void)
{
    const uint64_t regions[] = {
        address_of(&vm_spare_region) + 0x10, NO_MEMORY, vmxon_address, address_of(&vm_wrong_region) + 1,
    };

    return regions[random_below(4)];
}

/* Stock Xen may let the current one go before it looks at the other. */
static uint32_t load_badly(uint64_t region)
{
    uint32_t flags = vmx_ptrld(region);
    uint64_t left = 0;

    vmx_ptrst(&left);
    if (current != NO_VM && left != vms[current].region)
        current = NO_VM;
    return flags;
}

static void step_failure(void)
{
    const struct vmx_descriptor descriptor = { 0, 0 };
    uint32_t flags;

    say("failure ");
    switch (random_below(6)) {
    case 0:
        report_text("clear");
        flags = vmx_clear(bad_region());
        break;
    case 1:
        report_text("ptrld");
        flags = load_badly(bad_region());
        break;
    case 2:
        report_text("revision");
        flags = load_badly(address_of(&vm_wrong_region));
        break;
    case 3:
        report_text("on");
        flags = vmx_on(vmxon_address);
        break;
    case 4:
        report_text("invept");
        flags = vmx_invept(7, &descriptor);
        break;
    default:
        report_text("invvpid");
        flags = vmx_invvpid(7, &descriptor);
        break;
    }
    run_say_flags(flags);
}

/* L1's bitmaps change in memory. */
static void step_bitmap(void)
{
    const uint32_t msrs[] = { 0xc0000100, 0xc0000101, 0xc0000102, 0x174, 0x175, 0x176, 0x277, 0x1d9 };
    uint32_t msr = msrs[random_below(8)];
    bool write = random_one_in(2), bit = random_one_in(2);

    say("bitmap ");
    report_number(msr);
    report_text(write ? " write " : " read ");
    report_decimal(bit);
    world_intercept_msr(&world.msr_bitmap[2], msr, write, bit);
    world_intercept_port(world.io_bitmap[2], random_one_in(2) ? 0x80 : 0xed, random_one_in(2));
}

static void step_ept(void)
{
    const struct vmcs_page *pages[] = { &world.data, &world.other_data };
    unsigned int ept = random_below(2), rights = random_below(8);
    const struct vmx_descriptor descriptor = { world_eptp(ept), 0 };

    say("ept ");
    report_decimal(ept);
    look_say("rights", rights);
    world_map_data(ept, pages[random_below(2)], rights);
    run_say_flags(vmx_invept(1 + random_below(2), &descriptor));
}

static void step_off_and_on(void)
{
    say("off");
    run_say_flags(vmx_off());
    say("on");
    run_say_flags(vmx_on(vmxon_address));
    current = NO_VM;
}

static const struct {
    void (*step)(void);
    unsigned int weight;
} steps[] = {
    { step_enter, 50 }, { step_write, 24 }, { step_read, 6 }, { step_ptrld, 8 }, { step_clear, 2 },
    { step_ptrst, 1 }, { step_reset, 1 }, { step_failure, 4 }, { step_bitmap, 5 }, { step_ept, 2 },
    { step_off_and_on, 1 },
};

void steps_start(void)
{
    unsigned int i;

    for (i = 0; i < NR_VMS; i++) {
        vm_reset(&vms[i], i & 1);
        runs[i] = false;
    }
    current = NR_VMS - 1;
}

void steps_take(void)
{
    unsigned int i, at, all = 0;

    if (current != NO_VM) {
        report_text(" vm ");
        report_decimal(current);
    }
    if (current == NO_VM && !random_one_in(4)) {
        step_ptrld();
        return;
    }
    for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
        all += steps[i].weight;
    at = random_below(all);
    for (i = 0; at >= steps[i].weight; i++)
        at -= steps[i].weight;
    steps[i].step();
}
