/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_window.h - windows of measurement, and the samples that medians need.
 *
 * Samples exist only while a window is open.  A sample is made when what it
 * measures begins and filled in when that ends; a window holds those
 * that were made while it was open and are filled in when it closes.
 */
#ifndef BX_LAB_WINDOW_H
#define BX_LAB_WINDOW_H

#include "lab.h"

enum bx_lab_outcome { LAB_UNFINISHED, LAB_REFLECTED, LAB_L0_HANDLED };

/* From an L2 exit to the next entry of L2. */
struct bx_lab_reflection {
    Bit64u instructions;                /* in L0 and L1 */
    /* L0's, until L1 is entered first and since L1's last exit: only if l1_entered. */
    Bit64u l0_until_l1, l0_to_l2;
    Bit32u exits;                       /* that of L2 included */
    Bit32u vmcs_ops[LAB_VMCS_OPS];      /* in L0 */
    Bit16u outcome;                     /* enum bx_lab_outcome */
    bool l1_entered;                    /* L0 may reflect to L1, and act for it */
};

/* L0 instructions from an L1 exit to the next VM entry; LAB_NO_VALUE: not ended yet. */
enum { LAB_NO_VALUE = 0xffffffff };

bool bx_lab_recording();

/* Make an unfinished sample and give its index, for the setters.  Only while recording. */
size_t bx_lab_new_reflection(unsigned kind);
void bx_lab_set_reflection(unsigned kind, size_t index, const struct bx_lab_reflection &r);
size_t bx_lab_new_l1_exit(unsigned kind);
void bx_lab_set_l1_exit(unsigned kind, size_t index, Bit64u l0_instructions);

/* Count one exit of a level. */
void bx_lab_exit(unsigned level, unsigned kind, Bit32u charged);

/*
 * LAB_OPEN and LAB_CLOSE; result for RAX.  name: checked, zero-terminated.
 * cpu: the processor that executes the mark.  Its own instruction is in no window.
 */
Bit64s bx_lab_window_open(const char *name, BX_CPU_C *cpu);
Bit64s bx_lab_window_close(const char *name, BX_CPU_C *cpu);

/* Say on stderr which windows are still open: their counts are lost. */
void bx_lab_report_open_windows();

#endif
