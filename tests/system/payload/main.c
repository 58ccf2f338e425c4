/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c - runs the table of cases and hands over what came of them.
 *
 * The command line says "name=NAME", which names windows and the file and appears nowhere in the
 * text: that has to be the same in all modes of nvmx-cluster=.  With "rounds=N" every case is run N
 * times, as regions are made of what was seen to happen again; a round whose text is that of
 * the first one is told in a line.  With "test=NAME" other tests run in place of the cases: see
 * vmcs/main.c.
 */
#include "cmdline.h"
#include "machine.h"
#include "report.h"
#include "trap.h"
#include "vmcs/tests.h"

/* xen/include/public/arch-x86/hvm/start_info.h */
struct start_info {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modules, cmdline;
};

/* What the emulator makes of a name has room for 12 characters of it. */
enum { NAME_SIZE = 13, MAX_ROUNDS = 99 };

/* payload.lds */
extern const struct test_case case_table[], case_table_end[];

/* run.S */
void run_case(const struct registers *registers, uint64_t entry);
extern struct registers case_result;

/* cases.h promises these. */
static const struct registers at_start = {
    .gpr = {
        [RAX] = 0xa1a2a3a4a5a6a7a8, [RCX] = GUEST_RSP, [RDX] = GUEST_RIP, [RBX] = GUEST_RFLAGS,
        [RSP] = LIN_STACK + 0xf00, [RBP] = HOST_RIP, [RSI] = LIN_DATA + 0x800, [RDI] = LIN_DATA,
        [R8] = 0x0818283848586878, [R9] = 0x8999a9b9c9d9e9f9, [R10] = 0x1020304050607080,
        [R11] = 0xf0e0d0c0b0a09080, [R12] = 2, [R13] = LIN_READ_ONLY, [R14] = LIN_HOLE,
        [R15] = VM_EXIT_REASON,
    },
    .rflags = 2,
};

static unsigned int read_rounds(const char *cmdline)
{
    unsigned int rounds = cmdline_number(cmdline, "rounds=", 1);

    return rounds && rounds <= MAX_ROUNDS ? rounds : 1;
}

static void report_header(const struct test_case *c, unsigned int number, uint64_t distance)
{
    report_text("case ");
    report_decimal(number);
    report_text(" ");
    report_text(c->name);
    report_text(" at ");
    report_hex(c->start + distance, 8);
    report_text(" ");
    report_hex(c->end + distance, 8);
    report_text(" avoids ");
    report_decimal(c->avoids);
    report_text(" gated ");
    report_decimal(c->gated);
    report_text("\n");
}

static void run_round(const struct test_case *c, unsigned int number, const char *name)
{
    machine_prepare(c);
    trap_begin_case(c, &at_start, name);
    lab_open_window(name, number);
    run_case(&at_start, c->start + machine_distance(c));
    lab_close_window(name, number);
    trap_begin_case(NULL, NULL, name);
    machine_restore();
    report_registers(&case_result);
    machine_report();
}

static void test(const struct test_case *c, unsigned int number, const char *name,
                 unsigned int rounds)
{
    struct report_part first;
    unsigned int round;
    size_t start;

    report_header(c, number, machine_distance(c));
    first.start = report_length();
    run_round(c, number, name);
    first.size = report_length() - first.start;
    for (round = 2; round <= rounds; round++) {
        start = report_length();
        run_round(c, number, name);
        report_text(report_fold(&first, start) ? "  the same in round " : "  in round ");
        report_decimal(round);
        report_text("\n");
    }
}

static void run_cases(const char *name, unsigned int rounds)
{
    const struct test_case *c;
    unsigned int number = 0;

    for (c = case_table; c < case_table_end; c++)
        test(c, ++number, name, rounds);
    report_text("done ");
    report_decimal(number);
    report_text(" cases\n");
}

/* Called by start.S. */
void main(const struct start_info *info);

void main(const struct start_info *info)
{
    const char *cmdline = (const char *)info->cmdline;
    static char name[NAME_SIZE];

    if (!lab_present() || !cmdline_copy(cmdline, "name=", name, NAME_SIZE))
        machine_shutdown(true);
    if (!machine_init()) {
        report_text("no VMX operation here\n");
        report_put(name);
        machine_shutdown(true);
    }
    trap_begin_case(NULL, NULL, name);
    if (!vmcs_test(cmdline, name))
        run_cases(name, read_rounds(cmdline));
    report_put(name);
    machine_shutdown(false);
}
