/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random sequences of VMX instructions and of entries, over four VMs of which two use EPT.  A
 * line for each step:
 *
 *   17 vm 2 write TSC_OFFSET=12 ...      what was done, and to which VM
 *   18 vm 2 enter cpuid(1,0) exit 10     L2 ran
 *   19 vm 2 ptrld misaligned flags 40 error 9 = 5f...6 8a...1
 *
 * Behind the "=": a sum of some fields, the same ones all through the run, and a sum of
 * L1's and L2's registers and memory.  All fields, which are the larger part, are read in one
 * of LOOK steps only, and behind another VMPTRLD: what L0 has put off until a field is read
 * should get the time to go wrong.  look=1 reads all, at once, at each step.
 */
#include "tests.h"
#include "cmdline.h"
#include "random.h"
#include "report.h"
#include "run.h"
#include "steps.h"
#include "vmx.h"

enum { DEFAULT_STEPS = 3000, DEFAULT_LOOK = 16, NR_WATCHED = 10 };

static uint32_t watched[NR_WATCHED];

static uint64_t sum_of_watched(void)
{
    uint64_t sum = LOOK_SUM_START, values[NR_WATCHED];
    unsigned int i;

    vmx_values(watched, NR_WATCHED, values);
    for (i = 0; i < NR_WATCHED; i++)
        sum = look_add(sum, values[i]);
    return sum;
}

static void say_sums(const struct vm *vm, unsigned int look)
{
    report_text(" = ");
    report_hex(look == 1 ? look_sum_of_fields(vm) : sum_of_watched(), 16);
    report_text(" ");
    report_hex(look_sum_of_registers(vm), 16);
    report_text("\n");
}

static void look_about(struct vm *vm, bool late)
{
    look_late = late;
    look_at_fields(vm);
    look_at_l1(vm);
    look_at_l2(vm);
    look_late = false;
}

static void run_step(unsigned int number, unsigned int look, bool verbose)
{
    bool about;
    struct vm *vm;

    run_hand_over();
    report_decimal(number);
    steps_take();
    about = random_one_in(look == 1 ? DEFAULT_LOOK : look);
    vm = steps_vm();
    if (!vm) {
        report_text("\n");
        return;
    }
    say_sums(vm, look);
    if (verbose || about)
        look_about(vm, !verbose && look != 1);
}

void test_sequences(const char *cmdline)
{
    unsigned int number = cmdline_number(cmdline, "steps=", DEFAULT_STEPS), i;
    unsigned int look = cmdline_number(cmdline, "look=", DEFAULT_LOOK);
    bool verbose = cmdline_has(cmdline, "verbose");

    random_start(cmdline_number(cmdline, "seed=", cmdline_number(cmdline, "rounds=", 1)));
    for (i = 0; i < NR_WATCHED; i++)
        watched[i] = steps_any_field()->encoding;
    steps_start();
    for (i = 1; i <= number; i++)
        run_step(i, look, verbose);
}
