/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cases.h - how a case is written.
 *
 *   CASE name, avoids=1, on_trap=TRAP_SKIP, resume=1
 *       vmread  %rdx, %rax
 *       ...
 *   END name
 *
 * puts the code and its table entry in place.  At the start (main.c, machine.c):
 *
 *   rdx  GUEST_RIP        rdi  LIN_DATA           r12  2, an index
 *   rcx  GUEST_RSP        rsi  LIN_DATA + 0x800   r13  LIN_READ_ONLY
 *   rbx  GUEST_RFLAGS     rsp  LIN_STACK + 0xf00  r14  LIN_HOLE
 *   rbp  HOST_RIP         gs   base LIN_DATA + 0x100, fs LIN_DATA + 0x200
 *   rax, r8 to r11        patterns                r15  VM_EXIT_REASON
 *
 * RFLAGS is 2 (IF clear), every byte of the pages is a pattern, a VMCS is current whose
 * fields are set.  Cases end at END, with whatever stack they have.
 *
 * avoids counts the exiting instructions that execute in a cluster, except each
 * cluster's first; formation's limits are cluster.h's.  gated counts the exits that
 * do not reach the engine, because of a shadow, a breakpoint, no current VMCS.  A case
 * that is wrong about either fails.
 */
#include "layout.h"

.macro CASE_AT name, code, avoids=0, gated=0, on_trap=TRAP_END, resume=0, runs_at=0, second_page=0
    .pushsection .rodata.names, "a"
name_\name:
    .asciz  "\name"
    .popsection
    .pushsection .case_table, "a"
    .quad   name_\name, case_\code, end_\code, \runs_at, \avoids, \gated, \on_trap
    .if \resume
    .quad   resume_\code
    .else
    .quad   0
    .endif
    .quad   \second_page
    .popsection
.endm

/* Where the section stands: cases that need a certain place set it first. */
.macro CASE_HERE name, avoids=0, gated=0, on_trap=TRAP_END, resume=0
    CASE_AT \name, \name, \avoids, \gated, \on_trap, \resume
case_\name:
.endm

.macro CASE name, avoids=0, gated=0, on_trap=TRAP_END, resume=0
    .section .cases, "awx"
    .balign 16
    CASE_HERE \name, \avoids, \gated, \on_trap, \resume
.endm

/* Works from every mapping: neither a register nor RIP is used. */
.macro END name
    jmp     *case_end_pointer
end_\name:
.endm
