/* SPDX-License-Identifier: GPL-2.0-only */
#include "trap.h"
#include "machine.h"
#include "report.h"

enum { VECTOR_DB = 1, VECTOR_PF = 14 };

#define RFLAGS_TF       (1ull << 8)
#define RFLAGS_RF       (1ull << 16)
#define DR6_BREAKPOINTS 0xfull
#define DR6_NONE        0xffff0ff0ull

/* A case that traps more often than this goes round in circles. */
#define MAX_TRAPS 64

/* As trap_common in run.S leaves it. */
struct trap_frame {
    uint64_t gpr[NR_GPRS];      /* gpr[RSP] is not filled in */
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

extern const char case_end[];

static const struct test_case *current;
static const struct registers *started_with;
static const char *mode_name;
static unsigned int nr_traps;

static uint32_t expected;
struct trap_seen trap_seen;

void trap_begin_case(const struct test_case *c, const struct registers *before, const char *mode)
{
    current = c;
    started_with = before;
    mode_name = mode;
    nr_traps = 0;
}

void trap_expect(uint32_t vectors)
{
    expected = vectors;
    trap_seen = (struct trap_seen){ 0, 0 };
}

static uint64_t offset_in_case(uint64_t rip)
{
    return rip - current->start - machine_distance(current);
}

static bool in_case(uint64_t rip)
{
    return offset_in_case(rip) < current->end - current->start;
}

static struct registers registers_of(const struct trap_frame *f)
{
    struct registers r;
    unsigned int i;

    for (i = 0; i < NR_GPRS; i++)
        r.gpr[i] = f->gpr[i];
    r.gpr[RSP] = f->rsp;
    r.rflags = f->rflags;
    return r;
}

static void report_trap(const struct trap_frame *f, uint64_t dr6)
{
    struct registers r = registers_of(f);

    report_text("  trap ");
    report_decimal(f->vector);
    report_text(" error ");
    report_hex(f->error, 4);
    if (f->vector == VECTOR_PF) {
        report_text(" cr2 ");
        report_hex(read_cr2(), 16);
    }
    if (f->vector == VECTOR_DB) {
        report_text(" dr6 ");
        report_hex(dr6, 8);
    }
    report_text(" cs ");
    report_hex(f->cs, 2);
    report_text(" at +");
    report_hex(offset_in_case(f->rip), 4);
    report_changed_registers(&r, started_with);
}

/* The processor is set back to the kernel; the stack pointer is what the case had. */
static void end_case(struct trap_frame *f)
{
    f->rip = (uintptr_t)case_end;
    f->cs = KERNEL_CS;
    f->ss = KERNEL_DS;
    f->rflags &= ~RFLAGS_TF;
}

/* RF: the instruction at a breakpoint is to be executed now, not to be reported again. */
static void continue_case(struct trap_frame *f, uint64_t dr6)
{
    if (f->vector >= 32)
        machine_end_interrupt();
    else if (dr6 & DR6_BREAKPOINTS)
        f->rflags |= RFLAGS_RF;
}

static void follow(struct trap_frame *f, uint64_t dr6)
{
    if (current->on_trap == TRAP_CONTINUE && (f->vector == VECTOR_DB || f->vector >= 32))
        continue_case(f, dr6);
    else if (current->on_trap == TRAP_MAP && f->vector == VECTOR_PF)
        machine_grant(read_cr2());
    else if (current->on_trap == TRAP_SKIP)
        f->rip = current->resume + machine_distance(current);
    else
        end_case(f);
}

static void __attribute__((noreturn)) give_up(const struct trap_frame *f)
{
    report_text("trap outside of a case: ");
    report_decimal(f->vector);
    report_text(" at ");
    report_hex(f->rip, 16);
    report_text("\n");
    report_put(mode_name ? mode_name : "early");
    machine_shutdown(true);
}

/* With RF an instruction at a breakpoint is executed; on others it has no effect. */
static void see(struct trap_frame *f)
{
    if (f->vector >= 32 || !(expected >> f->vector & 1))
        give_up(f);
    trap_seen.number++;
    trap_seen.places = (trap_seen.places << 9 | trap_seen.places >> 55) + f->rip;
    f->rflags |= RFLAGS_RF;
}

/* Called by run.S. */
void handle_trap(struct trap_frame *f);

void handle_trap(struct trap_frame *f)
{
    uint64_t dr6 = 0;

    if (f->vector == VECTOR_DB) {
        dr6 = read_dr6();
        write_dr6(DR6_NONE);
    }
    if (!current) {
        see(f);
        return;
    }
    if (f->vector == VECTOR_DB && !in_case(f->rip)) {
        f->rflags &= ~RFLAGS_TF;        /* a single step out of the case */
        return;
    }
    report_trap(f, dr6);
    if (++nr_traps == MAX_TRAPS)
        end_case(f);
    else
        follow(f, dr6);
}
