/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine.h - the processor's state around the cases: tables, test pages, VMX operation.
 *
 * Order: machine_init() once, then for each case machine_prepare(), the case, machine_restore(),
 * machine_report().
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "layout.h"

enum { PAGE_SIZE = 4096 };

/* Descriptor tables, local APIC, FS and GS, VMX operation.  False: no VMX here. */
bool machine_init(void);

/* Pages, page tables and the current VMCS as every case finds them. */
void machine_prepare(const struct test_case *c);

/* From now on there is a breakpoint at @rip. */
void machine_break_at(uint64_t rip);

/* Undo what a case may have switched on: breakpoints, xAPIC mode. */
void machine_restore(void);

/* What the case did to memory, page table entries and VMCS, as text. */
void machine_report(void);

/* How far from where it is linked the case runs. */
uint64_t machine_distance(const struct test_case *c);

/*
 * TRAP_MAP: the 4 KiB page of @linear, which lies behind LIN_BASE, may be used in every way
 * from now on.
 */
void machine_grant(uint64_t linear);

/* The page table at LIN_BASE; start.S has it. */
extern uint64_t test_table[512];

/* Behind a change of it. */
void machine_flush_tlb(void);

/* End of an interrupt of the local APIC. */
void machine_end_interrupt(void);

/* Power off; does not return.  @failed: the domain crashes instead. */
void machine_shutdown(bool failed) __attribute__((noreturn));

static inline uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static inline uint64_t read_cr2(void)
{
    uint64_t value;

    __asm__ volatile("mov %%cr2, %0" : "=r"(value));
    return value;
}

static inline uint64_t read_dr6(void)
{
    uint64_t value;

    __asm__ volatile("mov %%dr6, %0" : "=r"(value));
    return value;
}

static inline void write_dr6(uint64_t value)
{
    __asm__ volatile("mov %0, %%dr6" : : "r"(value));
}

#endif /* MACHINE_H */
