/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * L1 accesses a field twice between two entries, again and again.  With VMCS shadowing such
 * accesses cease to exit, and the one at which that is decided is the first of the two: what
 * was known of the second, before the first was carried out, does not hold.
 */
#include "tests.h"
#include "look.h"
#include "report.h"
#include "run.h"
#include "vmx.h"
#include "world.h"

/* Fields without an effect, as CR3_TARGET_COUNT is 0. */
enum { FIRST = 0x6008, FIELDS = 4, ROUNDS = 8 };

static uint32_t field(unsigned int i)
{
    return FIRST + 2 * i;
}

static void write_twice(unsigned int round)
{
    unsigned int i;

    for (i = 0; i < FIELDS; i++) {
        vmx_write(field(i), 0x100 * round + i);
        vmx_write(field(i), 0x100 * round + 0x10 + i);
    }
}

static uint64_t read_twice(void)
{
    uint64_t sum = 0;
    unsigned int i;

    for (i = 0; i < FIELDS; i++) {
        sum += vmx_value(field(i));
        sum = 3 * sum + vmx_value(field(i));
    }
    return sum;
}

void test_hot(void)
{
    struct vm *vm = &vms[0];
    unsigned int round;

    vm_reset(vm, false);
    run_begin("hot");
    for (round = 0; round < ROUNDS; round++) {
        write_twice(round);
        report_text(" ");
        look_say("sum", read_twice());
        report_text("\n");
        vm_begin(vm);
        vm_set_start(vm);
        vm_enter(vm);
    }
}
