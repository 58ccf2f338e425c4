/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_parts.h - what L0 executes in some of its functions.
 *
 * NVMX_LAB_PARTS in the environment names a file; each of its lines is the name
 * of a part, [A-Za-z0-9_-], and the address of a function of L0, hexadecimal;
 * several functions may make up a part.  An instruction that L0 executes
 * between the call of such a function and its return belongs to its part,
 * whatever function it is in itself; with one call inside another, to the inner one.
 *
 * The name "reflect" is a mark, not a part: its functions are those that L0 calls where
 * it reflects an L2 exit, which L1 need not be entered for.  Such a call says so of the
 * L2 exit that is being handled (lab.h); it takes no instructions and is not
 * among the parts.
 *
 * Calls are seen where Bochs begins a trace: every taken branch begins one.  A
 * function has returned when RSP is above what it was at its entry.  An interrupt
 * that comes in between is counted with the part.  Without the variable this
 * costs a test for each trace and counts nothing.
 */
#ifndef BX_LAB_PARTS_H
#define BX_LAB_PARTS_H

enum { LAB_MAX_PARTS = 16 };

struct bx_lab_part_counts {
    Bit64u instructions[LAB_MAX_PARTS];
    Bit64u calls[LAB_MAX_PARTS];
};

class BX_CPU_C;

/* Are there any parts? */
extern bool bx_lab_parts;

/* A trace begins: RIP, RSP and icount are those before its first instruction. */
void bx_lab_trace_begins(BX_CPU_C *cpu);

/* Totals of all processors; they only grow. */
void bx_lab_part_totals(struct bx_lab_part_counts *totals);

unsigned bx_lab_nr_parts();
const char *bx_lab_part_name(unsigned part);

#endif
