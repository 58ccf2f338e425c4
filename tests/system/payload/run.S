/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.S - into a case, out of it, and the way of a trap to trap.c.
 */
#include "layout.h"

    .text
/*
 * void run_case(const struct registers *registers, uint64_t entry): loads all registers and
 * jumps; comes back through case_end with case_result filled in.
 */
    .globl run_case
run_case:
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    mov     %rsp, kernel_rsp
    mov     %rsi, case_entry
    mov     %rdi, %rax
    pushq   128(%rax)
    popfq
    mov     8(%rax), %rcx
    mov     16(%rax), %rdx
    mov     24(%rax), %rbx
    mov     32(%rax), %rsp
    mov     40(%rax), %rbp
    mov     48(%rax), %rsi
    mov     56(%rax), %rdi
    mov     64(%rax), %r8
    mov     72(%rax), %r9
    mov     80(%rax), %r10
    mov     88(%rax), %r11
    mov     96(%rax), %r12
    mov     104(%rax), %r13
    mov     112(%rax), %r14
    mov     120(%rax), %r15
    mov     0(%rax), %rax
    jmp     *case_entry

    .globl case_end
case_end:
    mov     %rax, case_result + 0
    mov     %rcx, case_result + 8
    mov     %rdx, case_result + 16
    mov     %rbx, case_result + 24
    mov     %rsp, case_result + 32
    mov     %rbp, case_result + 40
    mov     %rsi, case_result + 48
    mov     %rdi, case_result + 56
    mov     %r8, case_result + 64
    mov     %r9, case_result + 72
    mov     %r10, case_result + 80
    mov     %r11, case_result + 88
    mov     %r12, case_result + 96
    mov     %r13, case_result + 104
    mov     %r14, case_result + 112
    mov     %r15, case_result + 120
    mov     kernel_rsp, %rsp
    pushfq
    popq    case_result + 128
    pushq   $2                  /* flags that C code expects, IF clear */
    popfq
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    ret

/* One entry per vector, 16 bytes apart.  Each makes the frame of trap.h: error code, vector. */
    .balign 16
    .globl trap_entries
trap_entries:
    .set    vector, 0
    .rept   NR_VECTORS
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21)
    pushq   $0
    .endif
    pushq   $vector
    jmp     trap_common
    .set    vector, vector + 1
    .endr

trap_common:
    push    %r15
    push    %r14
    push    %r13
    push    %r12
    push    %r11
    push    %r10
    push    %r9
    push    %r8
    push    %rdi
    push    %rsi
    push    %rbp
    pushq   $0                  /* RSP: trap.c takes it from the hardware's part */
    push    %rbx
    push    %rdx
    push    %rcx
    push    %rax
    cld
    mov     %rsp, %rdi
    mov     %rsp, %rbp
    and     $~15, %rsp
    call    handle_trap
    mov     %rbp, %rsp
    pop     %rax
    pop     %rcx
    pop     %rdx
    pop     %rbx
    add     $8, %rsp
    pop     %rbp
    pop     %rsi
    pop     %rdi
    pop     %r8
    pop     %r9
    pop     %r10
    pop     %r11
    pop     %r12
    pop     %r13
    pop     %r14
    pop     %r15
    add     $16, %rsp
    iretq

    .data
    .balign 8
    .globl case_end_pointer
case_end_pointer:
    .quad   case_end

    .bss
    .balign 8
kernel_rsp:
    .skip   8
case_entry:
    .skip   8
    .globl case_result
case_result:
    .skip   17 * 8
