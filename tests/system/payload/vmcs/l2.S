/* SPDX-License-Identifier: GPL-2.0-only */
/* l2.S - an L2's first instruction, its loop, its traps.  See l2.h. */
#include "l2.h"

    .text
    .globl l2_start
l2_start:
    mov     %rdi, %rbp
    mov     %rsp, L2_ENTRY_RSP(%rbp)
    pushfq
    popq    L2_RFLAGS(%rbp)
    cld
    lea     L2_ORDERS(%rbp), %r12
1:  mov     (%r12), %rax
    test    %rax, %rax
    jz      2f
    mov     8(%r12), %rsi
    mov     16(%r12), %rdx
    add     $24, %r12
    call    *%rax
    jmp     1b
2:  lea     3f(%rip), %rax
    mov     %rax, L2_RESUME_RIP(%rbp)
    mov     %rsp, L2_RESUME_RSP(%rbp)
    mov     $L2_DONE, %eax
    vmcall
3:  jmp     2b

    .balign 16
    .globl l2_trap_entries
l2_trap_entries:
    .set    vector, 0
    .rept   L2_VECTORS
    .balign L2_TRAP_ENTRY
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
    pushq   $0
    .endif
    pushq   $vector
    jmp     trap
    .set    vector, vector + 1
    .endr

/* Vector, error code, RIP, CS, RFLAGS, RSP, SS. */
trap:
    push    %rax
    push    %rbx
    mov     l2_current, %rbx
    incq    L2_TRAPS(%rbx)
    mov     16(%rsp), %rax
    mov     %rax, L2_VECTOR(%rbx)
    mov     24(%rsp), %rax
    mov     %rax, L2_ERROR(%rbx)
    mov     32(%rsp), %rax
    mov     %rax, L2_TRAP_RIP(%rbx)
    mov     48(%rsp), %rax
    mov     %rax, L2_TRAP_RFLAGS(%rbx)
    mov     %rbx, %rax
    pop     %rbx
    mov     L2_RESUME_RSP(%rax), %rsp
    jmp     *L2_RESUME_RIP(%rax)

    .bss
    .balign 8
    .globl l2_current
l2_current:
    .skip   8
