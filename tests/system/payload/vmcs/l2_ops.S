/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * l2_ops.S - L2's operations: RSI and RDX are the arguments, RBP the struct l2.
 *
 * Nothing is kept that depends on time or on which processor this is.
 */
#include "l2.h"

#define MSR_SYSENTER_CS 0x174
#define MSR_DEBUGCTL    0x1d9
#define MSR_PAT         0x277
#define MSR_EFER        0xc0000080
#define MSR_STAR        0xc0000081
#define MSR_LSTAR       0xc0000082
#define MSR_FS_BASE     0xc0000100
#define MSR_GS_BASE     0xc0000101
#define MSR_KERNEL_GS   0xc0000102

#define RFLAGS_TF       0x100

    .macro OP name
    .globl l2_op_\name
l2_op_\name:
    .endm

/* Label 9 is where it goes on if what follows exits or traps. */
    .macro RESUME_AT_9
    lea     9f(%rip), %r11
    mov     %r11, L2_RESUME_RIP(%rbp)
    mov     %rsp, L2_RESUME_RSP(%rbp)
    .endm

    .macro MAY_EXIT insn:vararg
    RESUME_AT_9
    \insn
9:
    .endm

/* An operation that is one instruction; EAX to EDX are free. */
    .macro PLAIN name, insn:vararg
    OP \name
    MAY_EXIT \insn
    ret
    .endm

    .macro VIEW word, register
    mov     \register, L2_VIEW + 8 * \word(%rbp)
    .endm

/* Nothing where it exits: L1 does not say what it reads. */
    .macro VIEW_BY word, insn:vararg
    xor     %eax, %eax
    MAY_EXIT \insn
    VIEW    \word, %rax
    .endm

    .macro VIEW_MSR word, msr
    mov     $\msr, %ecx
    xor     %eax, %eax
    xor     %edx, %edx
    MAY_EXIT rdmsr
    shl     $32, %rdx
    or      %rdx, %rax
    VIEW    \word, %rax
    .endm

/* To memory: the exit qualification is undefined for a register. */
    .macro VIEW_SELECTOR word, insn
    movq    $0, -8(%rsp)
    MAY_EXIT \insn -8(%rsp)
    mov     -8(%rsp), %rax
    VIEW    \word, %rax
    .endm

/* The instruction stores a limit and a base. */
    .macro VIEW_TABLE word, insn
    movq    $0, -16(%rsp)
    movq    $0, -8(%rsp)
    RESUME_AT_9
    \insn   -16(%rsp)
9:  movzwl  -16(%rsp), %eax
    VIEW    \word, %rax
    mov     -14(%rsp), %rax
    VIEW    (\word + 1), %rax
    .endm

    .text
    OP look
    VIEW_BY 0, mov %es, %eax
    VIEW_BY 1, mov %cs, %eax
    VIEW_BY 2, mov %ss, %eax
    VIEW_BY 3, mov %ds, %eax
    VIEW_BY 4, mov %fs, %eax
    VIEW_BY 5, mov %gs, %eax
    VIEW_SELECTOR 6, sldt
    VIEW_SELECTOR 7, str
    VIEW_TABLE 8, sgdt
    VIEW_TABLE 10, sidt
    VIEW_BY 12, mov %cr0, %rax
    VIEW_BY 13, mov %cr3, %rax
    VIEW_BY 14, mov %cr4, %rax
    VIEW_BY 15, smsw %eax
    VIEW_BY 16, mov %dr7, %rax
    VIEW_MSR 17, MSR_FS_BASE
    VIEW_MSR 18, MSR_GS_BASE
    VIEW_MSR 19, MSR_KERNEL_GS
    VIEW_MSR 20, MSR_SYSENTER_CS
    VIEW_MSR 21, (MSR_SYSENTER_CS + 1)
    VIEW_MSR 22, (MSR_SYSENTER_CS + 2)
    VIEW_MSR 23, MSR_EFER
    VIEW_MSR 24, MSR_PAT
    VIEW_MSR 25, MSR_DEBUGCTL
    VIEW_MSR 26, MSR_STAR
    VIEW_MSR 27, MSR_LSTAR
    /* By a segment's base: what the hidden part has, whatever the MSR says. */
    lea     L2_VIEW(%rbp), %rcx
    sub     L2_VIEW + 8 * 17(%rbp), %rcx
    VIEW_BY 28, mov %fs:(%rcx), %rax
    lea     L2_VIEW(%rbp), %rcx
    sub     L2_VIEW + 8 * 18(%rbp), %rcx
    VIEW_BY 29, mov %gs:(%rcx), %rax
    mov     $L2_DATA_32, %ecx
    VIEW_BY 30, lsl %ecx, %eax
    VIEW_BY 31, lar %ecx, %eax
    ret

    PLAIN es, mov %esi, %es
    PLAIN ss, mov %esi, %ss
    PLAIN ds, mov %esi, %ds
    PLAIN fs, mov %esi, %fs
    PLAIN gs, mov %esi, %gs
    OP lldt
    mov     %rsi, -8(%rsp)
    MAY_EXIT lldt -8(%rsp)
    ret

    OP ltr
    mov     %rsi, -8(%rsp)
    MAY_EXIT ltr -8(%rsp)
    ret

    PLAIN lgdt, lgdt (%rsi)
    PLAIN lidt, lidt (%rsi)

    OP rdmsr
    mov     %esi, %ecx
    xor     %eax, %eax
    xor     %edx, %edx
    MAY_EXIT rdmsr
    mov     %eax, L2_RESULT(%rbp)
    mov     %edx, L2_RESULT + 4(%rbp)
    ret

    OP wrmsr
    mov     %esi, %ecx
    mov     %edx, %eax
    shr     $32, %rdx
    MAY_EXIT wrmsr
    ret

    OP cr0
    mov     %cr0, %rax
    xor     %rsi, %rax
    MAY_EXIT mov %rax, %cr0
    ret

    OP cr4
    mov     %cr4, %rax
    xor     %rsi, %rax
    MAY_EXIT mov %rax, %cr4
    ret

    PLAIN cr3, mov %rsi, %cr3

    OP read_cr3
    xor     %eax, %eax
    MAY_EXIT mov %cr3, %rax
    mov     %rax, L2_RESULT(%rbp)
    ret

    PLAIN cr8, mov %rsi, %cr8

    OP read_cr8
    xor     %eax, %eax
    MAY_EXIT mov %cr8, %rax
    mov     %rax, L2_RESULT(%rbp)
    ret

    PLAIN clts, clts
    PLAIN lmsw, lmsw %si
    PLAIN dr7, mov %rsi, %dr7

    OP flags
    RESUME_AT_9
    xor     %eax, %eax
    push    %rsi
    popfq
    cpuid
9:  pushq   $2
    popfq
    ret

    OP iret
    mov     %rsp, %rax
    pushq   $L2_DATA
    push    %rax
    pushfq
    pushq   $L2_CODE
    lea     9f(%rip), %r11
    push    %r11
    mov     %r11, L2_RESUME_RIP(%rbp)
    mov     %rax, L2_RESUME_RSP(%rbp)
    iretq
9:  ret

    OP user
    RESUME_AT_9
    mov     %rsp, %rax
    pushq   $L2_USER_DATA
    push    %rax
    pushfq
    pushq   $L2_USER_CODE
    lea     l2_user(%rip), %r11
    push    %r11
    iretq
9:  mov     $L2_DATA, %eax      /* SS is null behind a trap that changed CPL */
    mov     %eax, %ss
    ret

/* L1 goes on at the CPUID's resume, which leads to the operation's. */
    .globl l2_user
l2_user:
    push    L2_RESUME_RIP(%rbp)
    push    L2_RESUME_RSP(%rbp)
    MAY_EXIT cpuid
    pop     L2_RESUME_RSP(%rbp)
    pop     L2_RESUME_RIP(%rbp)
    int     $L2_USER_VECTOR
    ud2

    OP sti_cpuid
    xor     %eax, %eax
    RESUME_AT_9
    sti
    cpuid
9:  cli
    ret

    OP mov_ss_cpuid
    xor     %eax, %eax
    mov     $L2_DATA, %ecx
    RESUME_AT_9
    mov     %ecx, %ss
    cpuid
9:  ret

    OP mov_ss_tf_cpuid
    xor     %eax, %eax
    mov     $L2_DATA, %ecx
    RESUME_AT_9
    pushq   $(RFLAGS_TF | 2)
    popfq
    mov     %ecx, %ss
    cpuid
9:  ret

    OP step
    RESUME_AT_9
    pushq   $(RFLAGS_TF | 2)
    popfq
    nop
    ud2
9:  ret

    OP cpuid
    mov     %esi, %eax
    xor     %ecx, %ecx
    MAY_EXIT cpuid
    ret

    OP vmcall
    mov     %esi, %eax
    MAY_EXIT vmcall
    ret

    PLAIN hlt, hlt
    PLAIN pause, pause
    PLAIN invd, invd
    PLAIN wbinvd, wbinvd

    OP xsetbv
    xor     %ecx, %ecx
    mov     $1, %eax
    xor     %edx, %edx
    MAY_EXIT xsetbv
    ret

    OP monitor
    mov     %rbp, %rax
    xor     %ecx, %ecx
    xor     %edx, %edx
    MAY_EXIT monitor
    ret

    OP mwait
    xor     %eax, %eax
    xor     %ecx, %ecx
    MAY_EXIT mwait
    ret

    OP rdtsc
    xor     %edx, %edx
    MAY_EXIT rdtsc
    shr     $24, %edx
    mov     %rdx, L2_RESULT(%rbp)
    xor     %eax, %eax
    ret

    OP rdpmc
    xor     %ecx, %ecx
    MAY_EXIT rdpmc
    xor     %eax, %eax
    xor     %edx, %edx
    ret

    PLAIN invlpg, invlpg (%rsi)

    OP in
    mov     %esi, %edx
    MAY_EXIT in %dx, %al
    xor     %eax, %eax
    ret

    OP out
    mov     %edx, %eax
    mov     %esi, %edx
    MAY_EXIT out %al, %dx
    ret

    PLAIN fnop, fnop
    PLAIN ud2, ud2
    PLAIN int3, int3

/* Again and again; L1 keeps R13 and R14, and goes on behind what exits by itself. */
    OP ud2_on
    xor     %r14d, %r14d
1:  ud2
    inc     %r14
    mov     %r14, L2_RESULT(%rbp)
    jmp     1b

    OP load_on
    mov     %rsi, %r13
    xor     %r14d, %r14d
1:  rol     $9, %r14
    add     (%r13), %r14
    mov     %r14, L2_RESULT(%rbp)
    vmcall
    jmp     1b

    PLAIN int80, int $L2_USER_VECTOR

    OP divide
    xor     %eax, %eax
    xor     %edx, %edx
    xor     %ecx, %ecx
    MAY_EXIT div %ecx
    ret

    OP not_canonical
    mov     $0x800000000000, %rax
    MAY_EXIT mov (%rax), %rax
    ret

    OP load
    xor     %eax, %eax
    MAY_EXIT mov (%rsi), %rax
    mov     %rax, L2_RESULT(%rbp)
    ret

    PLAIN store, mov %rdx, (%rsi)

    OP stack_load
    mov     %rbp, %rcx
    mov     $0x800000000000, %rbp
    lea     9f(%rip), %r11
    mov     %r11, L2_RESUME_RIP(%rcx)
    mov     %rsp, L2_RESUME_RSP(%rcx)
    mov     (%rbp), %rax
9:  mov     %rcx, %rbp
    ret

    OP vmread
    mov     %rsi, %rcx
    xor     %eax, %eax
    MAY_EXIT vmread %rcx, 0x40(%rsp, %rax, 2)
    ret

    PLAIN vmptrld, vmptrld -8(%rsp)
    PLAIN vmresume, vmresume

    OP invept
    mov     $2, %ecx
    MAY_EXIT invept -16(%rsp), %rcx
    ret

/* No gate for #UD, nor for what comes of that. */
    OP triple_fault
    movq    $0, -16(%rsp)
    movq    $0, -8(%rsp)
    RESUME_AT_9
    lidt    -16(%rsp)
    ud2
9:  ret

/*
 * EBP: struct l2, as every segment's base is taken to be 0 for it.  ESI, EDI, EBX, ECX: where
 * it is for ES, SS, FS and GS, of which it reads the RFLAGS word; EDX: what DS' base is.
 */
    .code32
    .globl l2_start_32
l2_start_32:
    mov     %es:L2_RFLAGS(%esi), %esi
    mov     %ss:L2_RFLAGS(%edi), %edi
    mov     %fs:L2_RFLAGS(%ebx), %ebx
    mov     %gs:L2_RFLAGS(%ecx), %ecx
    neg     %edx
    mov     %ds:L2_RFLAGS(%ebp, %edx), %edx
    mov     $L2_DONE, %eax
    vmcall
    jmp     l2_start_32
    .code64
