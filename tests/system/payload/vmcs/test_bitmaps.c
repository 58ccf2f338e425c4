/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * L1's bitmaps change in memory, between two VMRESUMEs and without a VMWRITE; L2 makes the
 * access.  A line tells what exited:
 *
 *   msr 174 read bits 0 exits 0
 */
#include "tests.h"
#include "random.h"
#include "report.h"
#include "run.h"
#include "vmx.h"
#include "world.h"

enum { ROUNDS = 24 };

/* Xen lets a guest have the first ones itself; the others exit to it, if not to L1. */
static const uint32_t msrs[] = {
    0xc0000100, 0xc0000101, 0xc0000102,         /* FS_BASE, GS_BASE, KERNEL_GS_BASE */
    0x174, 0x175, 0x176, 0x277,                 /* SYSENTER_..., PAT */
    0xc0000080, 0xc0000081, 0xc0000082, 0xc0000084,     /* EFER, STAR, LSTAR, SFMASK */
    0x1d9, 0x1b, 0x802,                         /* DEBUGCTL, APIC_BASE, x2APIC's ID */
};

static const uint16_t ports[] = { 0x80, 0xed, 0x5000, 0x9000 };

enum { NR_MSRS = sizeof(msrs) / sizeof(msrs[0]), NR_PORTS = sizeof(ports) / sizeof(ports[0]) };

/* Only those are written that L2 may have any value of. */
static bool is_written(uint32_t msr)
{
    return msr == 0x174 || msr == 0x175 || msr == 0x176 || (msr >= 0xc0000100 && msr <= 0xc0000102);
}

/* Did L2's access exit to L1?  Whatever it does, it goes on to the end. */
static bool access_exits(struct vm *vm, void (*op)(void), uint64_t a, uint64_t b)
{
    bool exited = false;
    unsigned int exits;

    vm_begin(vm);
    vm_order(vm, op, a, b);
    vm_set_start(vm);
    for (exits = 0; exits < MAX_EXITS; exits++) {
        uint32_t reason;

        if (vm_enter(vm))
            return false;
        reason = vmx_value(VM_EXIT_REASON);
        if (vm_is_done(vm, reason))
            return exited;
        exited = true;
        vm_go_on(vm, reason);
    }
    return exited;
}

static void say(const char *what, uint32_t number, bool write, bool bit, bool exits)
{
    report_text("  ");
    report_text(what);
    report_text(" ");
    report_number(number);
    report_text(write ? " write bit " : " read bit ");
    report_decimal(bit);
    report_text(" exits ");
    report_decimal(exits);
    report_text("\n");
}

static void try_msr(struct vm *vm, uint32_t msr, bool write, bool bit)
{
    bool exits;

    world_intercept_msr(&world.msr_bitmap[2], msr, write, bit);
    exits = write ? access_exits(vm, l2_op_wrmsr, msr, 0x1000 + msr % 64)
                  : access_exits(vm, l2_op_rdmsr, msr, 0);
    say("msr", msr, write, bit, exits);
    look_at_l2(vm);
}

/* Each by itself: closed, open, closed. */
static void test_each_msr(struct vm *vm, uint32_t msr)
{
    unsigned int i, bit;

    for (i = 0; i < 2; i++)
        for (bit = 0; bit < 3; bit++)
            if (i == 0 || is_written(msr))
                try_msr(vm, msr, i, bit != 1);
}

/* Several bits change at once; the access is of another one. */
static void test_some_msrs(struct vm *vm)
{
    unsigned int i;

    for (i = 0; i < 4; i++)
        world_intercept_msr(&world.msr_bitmap[2], msrs[random_below(NR_MSRS)], random_one_in(2),
                            random_one_in(2));
    i = random_below(NR_MSRS);
    try_msr(vm, msrs[i], is_written(msrs[i]) && random_one_in(2), random_one_in(2));
}

static void try_port(struct vm *vm, uint16_t port, bool bit)
{
    world_intercept_port(world.io_bitmap[2], port, bit);
    say("port", port, true, bit, access_exits(vm, l2_op_out, port, 0x99));
}

void test_bitmaps(void)
{
    struct vm *vm = &vms[3];
    unsigned int i, bit;

    vm_reset(vm, false);
    run_begin("bitmaps in memory");
    run_write(MSR_BITMAP, address_of(&world.msr_bitmap[2]));
    run_write(IO_BITMAP_A, address_of(&world.io_bitmap[2][0]));
    run_write(IO_BITMAP_B, address_of(&world.io_bitmap[2][1]));
    for (i = 0; i < NR_MSRS; i++)
        test_each_msr(vm, msrs[i]);
    for (i = 0; i < ROUNDS; i++)
        test_some_msrs(vm);
    for (i = 0; i < NR_PORTS; i++)
        for (bit = 0; bit < 5; bit++)
            try_port(vm, ports[i], bit & 1);
    look_at_fields(vm);
}
