/* SPDX-License-Identifier: GPL-2.0-only */
/* Code that changes. */
#include "cases.h"

/* A store changes the immediate of a later instruction of the same cluster. */
CASE store_into_own_code, avoids=1
    vmread  %rdx, %rax
    movb    $0x77, 1f + 2(%rip)
    vmread  %rcx, %r9
1:  mov     $0x11, %r8d
    vmread  %rbx, %r10
END store_into_own_code

/* VMREAD itself is what stores. */
CASE vmread_into_own_code, avoids=0
    mov     %rsp, %r11
    vmread  %rdx, %rax
    vmread  %rcx, 1f + 2(%rip)
1:  movabs  $0x1122334455667788, %r8
    vmread  %rbx, %r10
END vmread_into_own_code

/* PUSH stores there, too. */
CASE push_into_own_code, avoids=0
    lea     1f + 2 + 8(%rip), %rsp
    vmread  %rdx, %rax
    push    %rax
1:  movabs  $0x1122334455667788, %r8
    vmread  %rbx, %r10
END push_into_own_code

/* Another mapping of the page: RAM is what counts, not the address. */
    .section .cases.pages, "awx"
    .balign 4096
    .globl alias_page
alias_page:
CASE_HERE store_through_alias, avoids=1
    vmread  %rdx, %rax
    movb    $0x77, (store_through_alias_insn + 2 - alias_page) + LIN_ALIAS
    vmread  %rcx, %r9
store_through_alias_insn:
    mov     $0x11, %r8d
    vmread  %rbx, %r10
END store_through_alias
    .balign 4096, 0x90

/* One site, three rounds, other code in each: what was decoded before must not be used. */
CASE changed_between_rounds, avoids=3
    mov     $3, %r15d
1:  vmread  %rdx, %rax
2:  mov     $0x11, %r8d
    vmread  %rcx, %r9
    push    %r8
    incb    2b + 2(%rip)
    dec     %r15d
    jnz     1b
END changed_between_rounds

/*
 * The change is in the opcode and makes the cluster end elsewhere: INC becomes SHL, which is
 * not bridged.
 */
CASE cluster_shrinks, avoids=3
    mov     $2, %r15d
1:  vmread  %rdx, %rax
    vmread  %rcx, %r9
2:  inc     %r8d
    vmread  %rbx, %r10
    push    %r8
    movw    $0xe0d1, 2b + 1(%rip)
    dec     %r15d
    jnz     1b
END cluster_shrinks

/*
 * A site that formed no cluster is not decoded again for a while (cache.h): it stays one
 * exit at a time, and right, when its code becomes one.
 */
CASE no_cluster_then_one, avoids=0
    mov     $2, %r15d
1:  vmread  %rdx, %rax
2:  .byte   0xf3, 0x90, 0x90            /* pause; nop */
    inc     %r8d
    vmread  %rbx, %r10
    movw    $0x9090, 2b(%rip)
    dec     %r15d
    jnz     1b
END no_cluster_then_one
