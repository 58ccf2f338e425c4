/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * enter.S - from L1 to L2 and back, with the general registers that a VM entry and a VM exit
 * leave alone.  See vmx.h.
 */
    .macro LOAD_REGISTERS
    mov     %rsp, l1_rsp
    mov     %rdi, l2_registers
    mov     %rdi, %rax
    test    %sil, %sil
    mov     8(%rax), %rcx
    mov     16(%rax), %rdx
    mov     24(%rax), %rbx
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
    .endm

    .macro PUSH_CALLEES
    push    %rbx
    push    %rbp
    push    %r12
    push    %r13
    push    %r14
    push    %r15
    .endm

    .text
    .globl vmx_enter
vmx_enter:
    PUSH_CALLEES
    LOAD_REGISTERS
    jnz     1f
    vmresume
    jmp     failed
1:  vmlaunch
failed:
    pushfq
    pop     %rax
    and     $0x8d5, %eax
back:
    pop     %r15
    pop     %r14
    pop     %r13
    pop     %r12
    pop     %rbp
    pop     %rbx
    ret

    .globl vmx_enter_in_shadow
vmx_enter_in_shadow:
    PUSH_CALLEES
    LOAD_REGISTERS
    push    %rax
    mov     %ss, %eax
    jnz     1f
    mov     %eax, %ss
    vmresume
    jmp     2f
1:  mov     %eax, %ss
    vmlaunch
2:  pop     %rax
    jmp     failed

    .globl vmx_exit_entry
vmx_exit_entry:
    push    %rax
    pushfq
    popq    vmx_rflags_at_exit
    mov     l2_registers, %rax
    popq    0(%rax)
    mov     %rcx, 8(%rax)
    mov     %rdx, 16(%rax)
    mov     %rbx, 24(%rax)
    mov     %rbp, 40(%rax)
    mov     %rsi, 48(%rax)
    mov     %rdi, 56(%rax)
    mov     %r8, 64(%rax)
    mov     %r9, 72(%rax)
    mov     %r10, 80(%rax)
    mov     %r11, 88(%rax)
    mov     %r12, 96(%rax)
    mov     %r13, 104(%rax)
    mov     %r14, 112(%rax)
    mov     %r15, 120(%rax)
    mov     l1_rsp, %rsp
    xor     %eax, %eax
    jmp     back

    .bss
    .balign 8
l1_rsp:
    .skip   8
l2_registers:
    .skip   8
    .globl vmx_rflags_at_exit
vmx_rflags_at_exit:
    .skip   8
