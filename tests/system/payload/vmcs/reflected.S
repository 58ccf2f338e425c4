/* SPDX-License-Identifier: GPL-2.0-only */
/* reflected.S - see reflected.h.  RAX, RCX, RDX and RSI are nobody's. */
#include "reflected.h"
#include "layout.h"

/* As in fields.h and vm.h, which are for C. */
#define HOST_GS_BASE    0x6c08
#define REASON_EXCEPTION 0
#define REASON_INTERRUPT 1
#define REASON_INTERRUPT_WINDOW 7
#define REASON_NMI_WINDOW 8
#define REASON_VMCALL   18
#define REASON_TIMER    52
#define UD2_LENGTH      2
#define VMCALL_LENGTH   3

#define MSR_X2APIC_EOI  0x80b
#define MSR_X2APIC_TMICT 0x838
#define MSR_GS_BASE     0xc0000101

    .text
    .globl reflected_entry
reflected_entry:
    mov     $VM_EXIT_REASON, %eax
    vmread  %rax, %rcx
    cmp     $REASON_INTERRUPT, %ecx
    je      interrupt
    mov     $UD2_LENGTH, %edx
    cmp     $REASON_EXCEPTION, %ecx
    je      handle
    mov     $VMCALL_LENGTH, %edx
    cmp     $REASON_VMCALL, %ecx
    je      handle
    xor     %edx, %edx
    cmp     $REASON_INTERRUPT_WINDOW, %ecx
    je      handle
    cmp     $REASON_NMI_WINDOW, %ecx
    je      handle
    cmp     $REASON_TIMER, %ecx
    jne     stop
handle:
    mov     $GUEST_RIP, %eax
    vmread  %rax, %rcx
    add     %rdx, %rcx
    vmwrite %rcx, %rax
    mov     reflected_action, %rax
    call    *%rax
    .globl reflected_next
reflected_next:
    mov     reflected_rounds, %rax
    sub     $1, %rax
    mov     %rax, reflected_rounds
    jz      stop
    vmresume
stop:
    jmp     vmx_exit_entry

interrupt:
    mov     $MSR_X2APIC_EOI, %ecx
    xor     %eax, %eax
    xor     %edx, %edx
    wrmsr
    mov     $GUEST_RIP, %eax
    vmread  %rax, %rdx
    call    add
    jmp     reflected_next

    .globl reflected_timer_entry
reflected_timer_entry:
    mov     $VM_EXIT_REASON, %eax
    vmread  %rax, %rcx
    cmp     $REASON_INTERRUPT, %ecx
    je      2f
    cmp     $REASON_VMCALL, %ecx
    jne     stop
    cmpq    $0, reflected_rounds
    je      stop
    mov     $GUEST_RIP, %eax
    vmread  %rax, %rcx
    add     $VMCALL_LENGTH, %rcx
    vmwrite %rcx, %rax
1:  vmresume
    jmp     stop
2:  mov     $MSR_X2APIC_EOI, %ecx
    xor     %eax, %eax
    xor     %edx, %edx
    wrmsr
    decq    reflected_rounds
    jz      1b
    mov     reflected_b, %rax
    add     reflected_c, %rax
    mov     %rax, reflected_b
    mov     $MSR_X2APIC_TMICT, %ecx
    xor     %edx, %edx
    wrmsr
    jmp     1b

/* RDX. */
add:
    mov     reflected_sum, %rcx
    rol     $9, %rcx
    add     %rdx, %rcx
    mov     %rcx, reflected_sum
    ret

read:
    mov     reflected_b, %rax
    mov     (%rax), %rdx
    jmp     add

/* The entry at a. */
flip:
    mov     reflected_a, %rax
    mov     reflected_c, %rcx
    xor     %rcx, (%rax)
    ret

turn:
    mov     reflected_b, %rax
    xor     reflected_c, %rax
    mov     %rax, reflected_b
    ret

    .globl reflected_nothing
reflected_nothing:
    ret

    .globl reflected_natively
reflected_natively:
    mov     %cr0, %rdx
    jmp     add

    .globl reflected_seldom_natively
reflected_seldom_natively:
    mov     reflected_rounds, %rax
    test    $3, %al
    jz      reflected_natively
    ret

    .globl reflected_gs
reflected_gs:
    mov     %gs:0, %rdx
    jmp     add

    .globl reflected_fs
reflected_fs:
    mov     %fs:0, %rdx
    jmp     add

    .globl reflected_rdmsr
reflected_rdmsr:
    mov     reflected_a, %ecx
    rdmsr
    shl     $32, %rdx
    or      %rax, %rdx
    jmp     add

    .globl reflected_wrmsr
reflected_wrmsr:
    mov     reflected_a, %ecx
    mov     reflected_b, %eax
    mov     reflected_b + 4, %edx
    wrmsr
    jmp     turn

    .globl reflected_seldom_wrmsr
reflected_seldom_wrmsr:
    mov     reflected_rounds, %rax
    test    $3, %al
    jz      reflected_wrmsr
    ret

    .globl reflected_invept
reflected_invept:
    call    flip
    mov     reflected_b, %rax
    lea     reflected_eptp, %rcx
    invept  (%rcx), %rax
    ret

    .globl reflected_move
reflected_move:
    call    read
    jmp     flip

    .globl reflected_seldom_move
reflected_seldom_move:
    mov     reflected_rounds, %rax
    test    $3, %al
    jnz     read
    call    flip
    mov     reflected_b, %rax
    invlpg  (%rax)
    jmp     read

    .globl reflected_vmread
reflected_vmread:
    mov     reflected_a, %rax
    xor     %edx, %edx
    vmread  %rax, %rdx
    call    add
    mov     $VM_INSTRUCTION_ERROR, %eax
    vmread  %rax, %rdx
    jmp     add

    .globl reflected_vmwrite
reflected_vmwrite:
    mov     reflected_a, %rax
    mov     reflected_b, %rcx
    vmwrite %rcx, %rax
    jmp     turn

    .globl reflected_vmwrite_gs
reflected_vmwrite_gs:
    mov     $HOST_GS_BASE, %eax
    mov     reflected_b, %rcx
    vmwrite %rcx, %rax
    call    turn
    mov     %gs:0, %rdx
    call    add
    mov     $MSR_GS_BASE, %ecx
    rdmsr
    shl     $32, %rdx
    or      %rax, %rdx
    jmp     add

    .globl reflected_verw
reflected_verw:
    verw    reflected_a
    sete    %dl
    movzbl  %dl, %edx
    jmp     add

    .globl reflected_invvpid
reflected_invvpid:
    mov     reflected_a, %rax
    lea     descriptor, %rcx
    invvpid (%rcx), %rax
    setbe   %dl
    movzbl  %dl, %edx
    jmp     add

/* L2 does not need its RBX. */
    .globl reflected_cpuid
reflected_cpuid:
    xor     %eax, %eax
    xor     %ecx, %ecx
    cpuid
    mov     %rbx, %rdx
    jmp     add

    .globl reflected_sti
reflected_sti:
    sti
    nop
    cli
    ret

    .data
    .balign 16
descriptor:
    .quad   1, 0
    .globl reflected_eptp
reflected_eptp:
    .quad   0, 0

    .bss
    .balign 8
    .macro VARIABLE name
    .globl \name
\name:
    .skip   8
    .endm
    VARIABLE reflected_rounds
    VARIABLE reflected_action
    VARIABLE reflected_a
    VARIABLE reflected_b
    VARIABLE reflected_c
    VARIABLE reflected_sum
