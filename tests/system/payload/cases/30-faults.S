/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory that is not there, may not be written, or is two pages; code that ends. */
#include "cases.h"

/* A fault in the middle: the instructions before it are done, RIP and CR2 are its own. */
.macro SKIPPED name, insn:vararg
CASE skip_\name, avoids=1, on_trap=TRAP_SKIP, resume=1
    vmread  %rdx, %rax
    \insn
    vmread  %rbx, %r8
resume_skip_\name:
    vmread  %rcx, %r9
    vmread  %rbx, %r10
END skip_\name
.endm

SKIPPED load_from_hole, mov 8(%r14), %r8
SKIPPED store_to_hole, movq $1, 0xff8(%r14)
SKIPPED store_to_read_only, mov %rax, (%r13)
SKIPPED add_to_read_only, add %rax, (%r13)
SKIPPED setcc_to_read_only, sete (%r13)
SKIPPED cmov_from_hole, cmovnz (%r14), %r8
SKIPPED cmov_not_taken_from_hole, cmovz (%r14), %r8
SKIPPED push_from_hole, push (%r14)
SKIPPED pop_to_read_only, pop (%r13)
SKIPPED pop_to_read_only_rsp, pop LIN_READ_ONLY - LIN_STACK - 0xf00(%rsp)
SKIPPED vmread_to_hole, vmread %rcx, (%r14)
SKIPPED vmread_to_read_only, vmread %rcx, 8(%r13)
SKIPPED vmwrite_from_hole, vmwrite (%r14), %rcx
SKIPPED load_across_into_hole, mov -4(%r14), %r8
SKIPPED store_across_into_hole, mov %rax, -4(%r14)
SKIPPED vmread_across_into_hole, vmread %rcx, -4(%r14)
SKIPPED vmwrite_across_into_hole, vmwrite -4(%r14), %rcx

/* Loads are what a read-only page is for, also those of CMP and TEST and of VMWRITE. */
CASE loads_from_read_only, avoids=2
    vmread  %rdx, %rax
    mov     (%r13), %r8
    cmp     %rax, 8(%r13)
    push    0x18(%r13)
    vmwrite 0x20(%r13), %rcx
    testb   $1, 0x10(%r13)
    vmread  %rcx, %r9
END loads_from_read_only

CASE push_to_hole, avoids=1, on_trap=TRAP_SKIP, resume=1
    mov     $LIN_STACK, %esp
    vmread  %rdx, %rax
    push    %rax
    vmread  %rbx, %r8
resume_push_to_hole:
    vmread  %rcx, %r9
    vmread  %rbx, %r10
END push_to_hole

CASE pop_from_hole, avoids=1, on_trap=TRAP_SKIP, resume=1
    mov     $LIN_STACK_END, %esp
    vmread  %rdx, %rax
    pop     %r11
    vmread  %rbx, %r8
resume_pop_from_hole:
    vmread  %rcx, %r9
    vmread  %rbx, %r10
END pop_from_hole

/* The handler maps the page and the instruction is executed again, once. */
CASE retry_load, avoids=2, on_trap=TRAP_MAP
    mov     $LIN_LATE, %esi
    vmread  %rdx, %rax
    mov     (%rsi), %r8
    vmread  %rcx, %r9
    incq    8(%rsi)
    vmread  %rbx, %r10
    vmread  %rbx, %r11
END retry_load

CASE retry_add, avoids=1, on_trap=TRAP_MAP
    vmread  %rdx, %rax
    add     %rax, (%r13)
    vmread  %rcx, %r9
    vmread  %rbx, %r10
END retry_add

CASE retry_vmread, avoids=2, on_trap=TRAP_MAP
    mov     $LIN_LATE, %esi
    vmread  %rdx, %rax
    vmread  %rcx, (%rsi)
    vmread  %rbx, 8(%rsi)
    vmread  %rbx, 16(%rsi)
END retry_vmread

CASE retry_vmwrite, avoids=1, on_trap=TRAP_MAP
    mov     $LIN_LATE, %esi
    vmread  %rdx, %rax
    vmwrite (%rsi), %rcx
    vmread  %rcx, %r8
END retry_vmwrite

/* A fault after stores: they are there, once. */
CASE fault_after_stores, avoids=2, on_trap=TRAP_MAP
    mov     $LIN_LATE, %esi
    vmread  %rdx, %rax
    incq    (%rdi)
    push    %rax
    vmwrite %r8, %rcx
    incq    8(%rdi)
    incq    (%rsi)
    vmread  %rcx, %r9
    vmread  %rbx, %r10
END fault_after_stores

/* Both pages are there: one access for the program, two for the processor. */
CASE across_pages, avoids=3
    mov     $LIN_DATA + 0x1000, %esi
    vmread  %rdx, %rax
    mov     -4(%rsi), %r8
    mov     %rax, -1(%rsi)
    vmread  %rcx, -5(%rsi)
    vmwrite -3(%rsi), %rbx
    addl    $0x55, -2(%rsi)
    vmread  %rbx, %r9
END across_pages

CASE stack_across_pages, avoids=3
    mov     $LIN_DATA + 0x1004, %esp
    vmread  %rdx, %rax
    push    %rax
    vmread  %rcx, %r8
    pop     %r9
    vmread  %rbx, %r10
    vmread  %rbx, %r11
END stack_across_pages

/* Addresses that are none. */
.macro NOT_CANONICAL name, insn:vararg
CASE not_canonical_\name, avoids=1, on_trap=TRAP_SKIP, resume=1
    movabs  $0x800000000000, %r11
    mov     %rsp, %rsi
    vmread  %rdx, %rax
    \insn
    vmread  %rbx, %r8
resume_not_canonical_\name:
    mov     %rsi, %rsp
    vmread  %rcx, %r9
    vmread  %rbx, %r10
END not_canonical_\name
.endm

NOT_CANONICAL load, mov (%r11), %r8
NOT_CANONICAL store, mov %rax, (%r11)
NOT_CANONICAL last_bytes, mov -4(%r11), %r8
NOT_CANONICAL vmread, vmread %rcx, (%r11)
NOT_CANONICAL vmread_last_bytes, vmread %rcx, -4(%r11)
NOT_CANONICAL vmread_wrapping, vmread %rcx, 0xfffffffffffffffc
NOT_CANONICAL vmwrite, vmwrite (%r11), %rcx
NOT_CANONICAL gs_relative, mov %gs:(%r11), %r8
NOT_CANONICAL pop_to, pop (%r11)

/* Through the stack segment it is #SS, not #GP. */
CASE not_canonical_rbp, avoids=1, on_trap=TRAP_SKIP, resume=1
    movabs  $0x800000000000, %rbp
    vmread  %rdx, %rax
    mov     (%rbp), %r8
    vmread  %rbx, %r8
resume_not_canonical_rbp:
    vmread  %rcx, %r9
    vmread  %rbx, %r10
END not_canonical_rbp

.macro BAD_STACK name, insn:vararg
CASE not_canonical_\name, avoids=1, on_trap=TRAP_SKIP, resume=1
    mov     %rsp, %r11
    movabs  $0xffff7ffffffffff0, %rsp
    vmread  %rdx, %rax
    \insn
    vmread  %rbx, %r8
resume_not_canonical_\name:
    mov     %r11, %rsp
    vmread  %rcx, %r9
    vmread  %rbx, %r10
END not_canonical_\name
.endm

BAD_STACK push, push %rax
BAD_STACK pop, pop %rax
BAD_STACK vmread_to_stack, vmread %rcx, (%rsp)

/* An offset that wraps at 64 bits, and at 32: in the gap that is an address like others. */
CASE wrapping_addresses, avoids=1
    mov     $-0x40, %r8
    lea     0x30(%rdi), %r9
    movabs  $0xffffffff00000040, %r11
    vmread  %rdx, %rax
    mov     0x40(%r8, %r9), %r10
    mov     %rax, (%r11d, %edi)
    vmread  %rcx, %rax
END wrapping_addresses

/*
 * Code that crosses a page, the last VMREAD but one in both.  It runs in place, and in other
 * mappings, where the second page is absent or not executable until the handler has been
 * there; what was formed of the first page alone remains.
 */
    .section .cases.pages, "awx"
    .balign 4096
    .globl crossing_pages
crossing_pages:
    .skip   4096 - 18, 0x90
CASE_HERE code_across_pages, avoids=9
    mov     $3, %r14d
1:  vmread  %rdx, %rax
    vmread  %rcx, %rsi
    mov     %rax, %r8
    inc     %ebp
    .byte   0x41        /* REX.B, in the first page */
    .byte   0x0f, 0x78, 0xc9    /* vmread %rcx, %r9 with it */
    mov     %r9, %r10
    vmread  %rbx, %r11
    dec     %r14d
    jnz     1b
END code_across_pages
    .balign 4096, 0x90

CASE_AT code_across_pages_mapped, code_across_pages, avoids=9, \
        runs_at=LIN_CODE, second_page=PTE_PRESENT
CASE_AT code_into_absent_page, code_across_pages, avoids=6, on_trap=TRAP_MAP, \
        runs_at=LIN_CODE_ABSENT
CASE_AT code_into_nx_page, code_across_pages, avoids=6, on_trap=TRAP_MAP, \
        runs_at=LIN_CODE_NX, second_page=(PTE_PRESENT | PTE_NX)
/* The cluster known here goes into a page that has gone meanwhile: nothing of it is executed. */
CASE_AT known_code_into_absent_page, code_across_pages, avoids=7, on_trap=TRAP_MAP, \
        runs_at=LIN_CODE
