/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * micro - an L2 that does single operations, each many times in a window of the emulator's.
 *
 * The number of the run is RUN=N on the command line. Its windows are workload-N, around all,
 * and op-N-NAME; the host gets l2-N.json. The last line on the serial port is "L2: done CODE".
 */
#include <stddef.h>

#include "clock.h"
#include "host.h"
#include "machine.h"
#include "operations.h"
#include "text.h"

enum {
    WARM_UP = 2000,             /* Xen forms regions, also of rounds that L1's timer interrupts */
    ROUNDS = 1000,
    MAX_RUN = 8,                /* digits of a run's number, and more */
};

/* xen/include/public/arch-x86/hvm/start_info.h */
struct hvm_start_info {
    uint32_t magic, version, flags, nr_modules;
    uint64_t modules, cmdline;
};

static char run[MAX_RUN];
static char json[1024];

static bool fail(const char *what, const char *name)
{
    machine_print("L2: FAIL ");
    machine_print(what);
    machine_print(name);
    machine_print("\n");
    return false;
}

/* The number behind the first "RUN=". */
static bool find_run(const char *cmdline)
{
    struct text t = { run, sizeof(run), 0 };

    for (; *cmdline; cmdline++)
        if (cmdline[0] == 'R' && cmdline[1] == 'U' && cmdline[2] == 'N' && cmdline[3] == '=')
            break;
    for (cmdline += *cmdline ? 4 : 0; *cmdline >= '0' && *cmdline <= '9'; cmdline++)
        text_add(&t, (const char[]){ *cmdline, 0 });
    host_set_run(run);
    return t.length > 0 || fail("no RUN=N on the command line", "");
}

static bool repeat(const struct operation *o, unsigned int rounds)
{
    while (rounds--)
        if (!o->once())
            return fail("without effect: ", o->name);
    return true;
}

static bool measure(const struct operation *o)
{
    if (!repeat(o, WARM_UP))
        return false;
    if (!host_open("op", o->name) || !repeat(o, ROUNDS) || !host_close("op", o->name))
        return fail("not measured: ", o->name);
    return true;
}

static bool measure_all(void)
{
    unsigned int i;

    for (i = 0; i < NR_OPERATIONS; i++)
        if (!measure(&operations[i]))
            return false;
    return true;
}

static bool put_result(uint64_t nanoseconds)
{
    struct text t = { json, sizeof(json), 0 };
    unsigned int i;

    text_add(&t, "{\"workload\": \"micro\", \"l2_seconds\": ");
    text_add_decimal(&t, nanoseconds / 1000000000, 1);
    text_add(&t, ".");
    text_add_decimal(&t, nanoseconds / 1000 % 1000000, 6);
    text_add(&t, ", \"operations\": {");
    for (i = 0; i < NR_OPERATIONS; i++) {
        text_add(&t, i ? ", \"" : "\"");
        text_add(&t, operations[i].name);
        text_add(&t, "\": ");
        text_add_decimal(&t, ROUNDS, 1);
    }
    text_add(&t, "}}\n");
    return host_put_result(json, t.length);
}

static bool workload(void)
{
    uint64_t start = clock_nanoseconds(), end;

    if (!host_open("workload", ""))
        return fail("no window: is this the lab?", "");
    if (!measure_all())
        return false;
    host_close("workload", "");
    end = clock_nanoseconds();
    return put_result(end - start) || fail("the host does not take the result", "");
}

static bool init(const struct hvm_start_info *info)
{
    if (!machine_init() || !find_run((const char *)info->cmdline))
        return false;
    if (!clock_init())
        return fail("KVM offers no clock", "");
    return operations_init() || fail("no virtio-mmio transport", "");
}

/* Called by start.S. */
void main(const struct hvm_start_info *info);

void main(const struct hvm_start_info *info)
{
    bool done = init(info) && workload();

    machine_print(done ? "L2: done 0\n" : "L2: done 1\n");
    machine_off();
}
