/* SPDX-License-Identifier: GPL-2.0-only */
/* What acts at every instruction boundary: single steps, breakpoints, shadows, interrupts. */
#include "cases.h"

#define X2APIC_SELF_IPI 0x83f

/* TF set by POPF: one #DB behind each instruction, those behind VMREADs are Xen's. */
CASE single_step, avoids=0, on_trap=TRAP_CONTINUE
    pushfq
    orq     $0x100, (%rsp)
    popfq
    vmread  %rdx, %rax
    mov     %rax, %r8
    vmread  %rcx, (%rdi)
    add     %r8, %rax
    vmwrite %r8, %rcx
    vmread  %rbx, %r9
    nop
END single_step

/* Off again, by POPF: clusters resume behind it. */
CASE single_step_ends, avoids=1, on_trap=TRAP_CONTINUE
    pushfq
    pushfq
    orq     $0x100, (%rsp)
    popfq
    vmread  %rdx, %rax
    vmread  %rcx, %r8
    popfq
    vmread  %rdx, %r9
    vmread  %rbx, %r10
END single_step_ends

/*
 * RF, set by IRETQ, is clear behind the next instruction.  The exit, too, saves it as 0
 * (SDM vol. 3, 28.3.3), so there is a cluster.
 */
CASE resume_flag, avoids=2
    mov     %rsp, %r8
    push    $KERNEL_DS
    push    %r8
    pushfq
    orq     $0x10000, (%rsp)
    push    $KERNEL_CS
    lea     1f(%rip), %r9
    push    %r9
    iretq
1:  vmread  %rdx, %rax
    vmread  %rcx, %r10
    vmread  %rbx, %r11
END resume_flag

/*
 * Instruction breakpoints in the gap and on a VMREAD, data breakpoints on what the gap and
 * what a VMREAD stores.
 */
.macro BREAKPOINT name, dr7, address
CASE breakpoint_\name, gated=3, on_trap=TRAP_CONTINUE
    lea     \address, %r8
    mov     %r8, %dr0
    mov     $0x400 | \dr7, %r8d
    mov     %r8, %dr7
    vmread  %rdx, %rax
1:  mov     %rax, (%rdi)
2:  vmread  %rcx, 8(%rdi)
    mov     %rax, %r9
    vmread  %rbx, %r10
END breakpoint_\name
.endm

BREAKPOINT on_gap, 0x2, 1f(%rip)
BREAKPOINT on_vmread, 0x2, 2f(%rip)
BREAKPOINT on_gap_local, 0x1, 1f(%rip)
BREAKPOINT on_store, 0xd0002, (%rdi)
BREAKPOINT on_vmread_store, 0x90002, 8(%rdi)

/* The one instruction behind STI, and behind MOV SS. */
CASE sti_shadow, avoids=1, gated=1
    sti
    vmread  %rdx, %rax
    vmread  %rcx, %r8
    vmread  %rbx, %r9
    cli
END sti_shadow

CASE mov_ss_shadow, avoids=1, gated=1
    mov     %ss, %r8d
    mov     %r8d, %ss
    vmread  %rdx, %rax
    vmread  %rcx, %r9
    vmread  %rbx, %r10
END mov_ss_shadow

/* An interrupt that waits for IF comes behind the VMREAD behind STI, not later. */
.macro SELF_IPI
    mov     %eax, %r8d
    mov     %ecx, %r9d
    mov     %edx, %r10d
    mov     $X2APIC_SELF_IPI, %ecx
    mov     $IPI_VECTOR, %eax
    xor     %edx, %edx
    wrmsr
    mov     %r8d, %eax
    mov     %r9d, %ecx
    mov     %r10d, %edx
.endm

CASE interrupt_behind_sti, avoids=1, gated=1, on_trap=TRAP_CONTINUE
    SELF_IPI
    sti
    vmread  %rdx, %rax
    vmread  %rcx, %r8
    vmread  %rbx, %r9
    cli
END interrupt_behind_sti

/* With IF clear it waits, and the cluster does not care. */
CASE interrupt_waits, avoids=2, on_trap=TRAP_CONTINUE
    SELF_IPI
    vmread  %rdx, %rax
    mov     %rax, (%rdi)
    vmread  %rcx, %r8
    vmread  %rbx, %r9
    sti
    nop
    cli
END interrupt_waits

/* As above, and the instruction in the shadow stores. */
CASE interrupt_behind_vmread_store, avoids=1, gated=1, on_trap=TRAP_CONTINUE
    SELF_IPI
    sti
    vmread  %rdx, (%rdi)
    incq    8(%rdi)
    vmread  %rcx, %r8
    vmread  %rbx, %r9
    cli
END interrupt_behind_vmread_store

#define MSR_TSC 0x10

/*
 * RDTSC does not exit: what is written just before counts from there on.  R15 rounds, each with
 * another upper half; R14: bits of those halves that were not so.  The TSC goes on as it was.
 */
CASE tsc_is_written
    rdtsc
    mov     %eax, %r8d
    mov     %edx, %r9d
    mov     $40, %r15d
    xor     %r14d, %r14d
    mov     $MSR_TSC, %ecx
1:  xor     %eax, %eax
    mov     %r15d, %edx
    shl     $20, %edx
    wrmsr
    rdtsc
    shr     $20, %edx
    xor     %r15d, %edx
    or      %edx, %r14d
    dec     %r15d
    jnz     1b
    mov     %r8d, %eax
    mov     %r9d, %edx
    wrmsr
    xor     %r8d, %r8d
    xor     %r9d, %r9d
    xor     %eax, %eax
    xor     %edx, %edx
END tsc_is_written
