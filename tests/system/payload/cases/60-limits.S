/* SPDX-License-Identifier: GPL-2.0-only */
/* The limits of a cluster (cluster.h), and many of them. */
#include "cases.h"

/* Four accesses between two exiting instructions are bridged, five are not. */
CASE five_accesses, avoids=2
    vmread  %rdx, %rax
    mov     (%rdi), %r8
    mov     %rax, 8(%rdi)
    incq    16(%rdi)
    push    %rax
    vmread  %rcx, %rax
    mov     (%rdi), %r9
    mov     %rax, 24(%rdi)
    incq    32(%rdi)
    push    %rax
    pop     %r10
    vmread  %rbx, %rax
    vmread  %r15, %r11
END five_accesses

/* 16 instructions, and 17. */
CASE seventeen_instructions, avoids=1
    vmread  %rdx, %rax
    .rept   14
    inc     %r8
    .endr
    vmread  %rcx, %rax
    pause
    vmread  %rdx, %rax
    .rept   15
    inc     %r9
    .endr
    vmread  %rcx, %rax
END seventeen_instructions

CASE eight_in_a_row, avoids=7
    vmread  %rdx, %rax
    vmread  %rcx, %rsi
    vmread  %rbx, %rdi
    vmread  %r15, %r8
    vmread  %rbp, %r9
    vmwrite %r8, %rdx
    vmread  %rdx, %r10
    vmread  %rcx, %r11
END eight_in_a_row

/* 16 and 4. */
CASE twenty_in_a_row, avoids=18
    .rept   10
    vmread  %rdx, %rax
    vmwrite %rcx, %rdx
    .endr
END twenty_in_a_row

/* More data pages than the soft TLB has entries for. */
CASE many_pages, avoids=7
    mov     $vmcs_page, %esi
    vmread  %rdx, (%rdi)
    vmread  %rcx, 0x1000(%rdi)
    vmread  %rbx, (%rsp)
    mov     (%r13), %r8
    mov     rip_page(%rip), %r9
    vmread  %rdx, rip_page + 8(%rip)
    mov     (%rsi), %r10
    mov     case_end_pointer, %r10
    vmread  %rcx, 0x1008(%rdi)
    mov     pml4, %r11
    vmread  %rbx, 8(%rdi)
    vmread  %rdx, 8(%rsp)
    vmread  %rdx, %r14
END many_pages

/* The count: 1000 times four exits, moves and stores between them. */
CASE loop_1000, avoids=3000
    mov     $1000, %r14d
    xor     %r8d, %r8d
1:  vmread  %rdx, %rax
    lea     1(%rax), %r9
    vmwrite %r9, %rdx
    add     %rax, (%rdi)
    vmread  %rcx, %r10
    mov     %r10, 8(%rdi)
    vmwrite %r8, %rcx
    inc     %r8
    dec     %r14d
    jnz     1b
END loop_1000

/* More sites than the cache has ways for one index, twice: nothing depends on what was evicted. */
CASE many_sites, avoids=1024
    mov     $2, %r14d
1:  .rept   512
    vmread  %rdx, %rax
    vmread  %rcx, %r8
    lea     (%r8, %rax), %r9
    pause
    .endr
    dec     %r14d
    jnz     1b
END many_sites

/*
 * A cluster that saves nothing in its first rounds is given up for a long while (cost.h): its
 * site is handled one exit at a time, also when it would save something.
 */
CASE useless_cluster, avoids=0
    mov     $120, %r15d
1:  vmread  %rdx, %rax
    cmp     $30, %r15d
    ja      2f
    vmread  %rcx, %r8
2:  inc     %r9
    dec     %r15d
    jnz     1b
END useless_cluster
