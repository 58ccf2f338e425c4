/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c - runs the table of cases and hands over what came of them.
 *
 * The command line says "mode=NAME": the nvmx-cluster= mode that Xen is in.  It names windows and
 * the file, and appears nowhere in the text, which has to be the same in all modes.
 */
#include "machine.h"
#include "report.h"
#include "trap.h"

/* xen/include/public/arch-x86/hvm/start_info.h */
struct start_info {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modules, cmdline;
};

enum { MODE_SIZE = 12 };

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

static const char *find_mode(const char *cmdline)
{
    static const char key[] = "mode=";
    unsigned int matched = 0;

    for (; *cmdline; cmdline++) {
        matched = *cmdline == key[matched] ? matched + 1 : *cmdline == key[0];
        if (!key[matched])
            return cmdline + 1;
    }
    return NULL;
}

/* False: the command line does not name a mode. */
static bool read_mode(char *mode, const struct start_info *info)
{
    const char *from = info->cmdline ? find_mode((const char *)info->cmdline) : NULL;
    unsigned int size = 0;

    while (from && *from > ' ' && size < MODE_SIZE - 1)
        mode[size++] = *from++;
    mode[size] = 0;
    return size > 0;
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

static void test(const struct test_case *c, unsigned int number, const char *mode)
{
    uint64_t distance = machine_distance(c);

    report_header(c, number, distance);
    machine_prepare(c);
    trap_begin_case(c, &at_start, mode);
    lab_open_window(mode, number);
    run_case(&at_start, c->start + distance);
    lab_close_window(mode, number);
    trap_begin_case(NULL, NULL, mode);
    machine_restore();
    report_registers(&case_result);
    machine_report();
}

/* Called by start.S. */
void main(const struct start_info *info);

void main(const struct start_info *info)
{
    static char mode[MODE_SIZE];
    const struct test_case *c;
    unsigned int number = 0;

    if (!lab_present() || !read_mode(mode, info))
        machine_shutdown(true);
    if (!machine_init()) {
        report_text("no VMX operation here\n");
        report_put(mode);
        machine_shutdown(true);
    }
    for (c = case_table; c < case_table_end; c++)
        test(c, ++number, mode);
    report_text("done ");
    report_decimal(number);
    report_text(" cases\n");
    report_put(mode);
    machine_shutdown(false);
}
