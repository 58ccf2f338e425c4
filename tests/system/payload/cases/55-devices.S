/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Devices of Xen's by memory, the local APIC above all: accesses by which L1 exits only where they
 * are to such a page, and not on all processors.  Static clusters end before them.
 */
#include "cases.h"

#define MSR_APIC_BASE   0x1b
#define BASE_ENABLE     (1 << 11)
#define BASE_X2APIC     (1 << 10)
#define SPURIOUS_ENABLE 0x1ff

#define APIC_ID         0x20
#define APIC_VERSION    0x30
#define APIC_TPR        0x80
#define APIC_EOI        0xb0
#define APIC_LDR        0xd0
#define APIC_DFR        0xe0
#define APIC_SPURIOUS   0xf0
#define APIC_ISR_40     0x120           /* with the bit of IPI_VECTOR */
#define APIC_IRR_40     0x220
#define APIC_ICR        0x300
#define APIC_ICR2       0x310
#define APIC_LVT_TIMER  0x320
#define APIC_TMICT      0x380
#define APIC_TMCCT      0x390

#define SELF_IPI        (0x44000 | IPI_VECTOR)
#define ENTRY(linear)   (test_table + ((linear) - LIN_BASE) / 4096 * 8)
#define APIC_ENTRY      (APIC_PHYSICAL | PTE_PRESENT | PTE_WRITE)

/* x2APIC is left by way of an APIC that is switched off.  R8: the APIC, R15: rounds. */
.macro TO_XAPIC rounds=40
    mov     %rcx, %r8
    mov     %rdx, %r9
    mov     $MSR_APIC_BASE, %ecx
    rdmsr
    and     $~(BASE_ENABLE | BASE_X2APIC), %eax
    wrmsr
    or      $BASE_ENABLE, %eax
    wrmsr
    mov     %r8, %rcx
    mov     %r9, %rdx
    mov     $LIN_APIC, %r8d
    movl    $SPURIOUS_ENABLE, APIC_SPURIOUS(%r8)
    mov     $\rounds, %r15d
.endm

/* machine.c goes back. */

CASE apic_loop_reads
    TO_XAPIC
1:  vmread  %rdx, %rax
    mov     APIC_ID(%r8), %r9d
    mov     %r9, (%rdi)
    vmread  %rcx, %r10
    mov     APIC_VERSION(%r8), %r11d
    add     %r11, 8(%rdi)
    dec     %r15d
    jnz     1b
END apic_loop_reads

CASE apic_loop_writes
    TO_XAPIC
    xor     %r9d, %r9d
1:  vmread  %rdx, %rax
    add     $0x01010101, %r9d
    mov     %r9d, APIC_LDR(%r8)
    vmwrite %r9, %rcx
    mov     APIC_LDR(%r8), %r10d
    add     %r10, 8(%rdi)
    movl    $0x12345678, APIC_DFR(%r8)
    mov     %r9d, APIC_ICR2(%r8)
    mov     APIC_DFR(%r8), %r11d
    mov     APIC_ICR2(%r8), %r12d
    add     %r12, 16(%rdi)
    dec     %r15d
    jnz     1b
END apic_loop_writes

/* Nothing else that exits; the flags are needed later. */
CASE apic_loop_alone
    TO_XAPIC
1:  cmp     $20, %r15d
    mov     APIC_ID(%r8), %r9d
    mov     APIC_SPURIOUS(%r8), %r10d
    adc     %r10, (%rdi)
    mov     %r9d, APIC_EOI(%r8)
    dec     %r15d
    jnz     1b
END apic_loop_alone

/* With a TPR shadow these do not exit. */
CASE apic_loop_priority
    TO_XAPIC
1:  vmread  %rdx, %rax
    mov     APIC_TPR(%r8), %r9d
    add     $0x10, %r9d
    mov     %r9d, APIC_TPR(%r8)
    add     %r9, (%rdi)
    vmread  %rcx, %r10
    dec     %r15d
    jnz     1b
END apic_loop_priority

/* An interrupt to oneself that waits for IF. */
CASE apic_interrupt_waits, on_trap=TRAP_CONTINUE
    TO_XAPIC 12
1:  vmread  %rdx, %rax
    movl    $SELF_IPI, APIC_ICR(%r8)
    vmread  %rcx, %r9
    mov     APIC_IRR_40(%r8), %r10d
    add     %r10, (%rdi)
    mov     APIC_ISR_40(%r8), %r11d
    vmread  %rbx, %r12
    sti
    nop
    cli
    mov     APIC_IRR_40(%r8), %r14d
    dec     %r15d
    jnz     1b
END apic_interrupt_waits

/* One that does not have to wait: it comes behind the access. */
CASE apic_interrupt_at_once, on_trap=TRAP_CONTINUE
    TO_XAPIC 12
    sti
1:  vmread  %rdx, %rax
    movl    $SELF_IPI, APIC_ICR(%r8)
    inc     %r9
    vmread  %rcx, %r10
    dec     %r15d
    jnz     1b
    cli
END apic_interrupt_at_once

/* One that waits for the priority. */
CASE apic_interrupt_by_priority, on_trap=TRAP_CONTINUE
    TO_XAPIC 12
    sti
1:  movl    $0x50, APIC_TPR(%r8)
    vmread  %rdx, %rax
    movl    $SELF_IPI, APIC_ICR(%r8)
    vmread  %rcx, %r10
    mov     APIC_IRR_40(%r8), %r11d
    movl    $0, APIC_TPR(%r8)
    inc     %r9
    vmread  %rbx, %r12
    dec     %r15d
    jnz     1b
    cli
END apic_interrupt_by_priority

/* Other accesses than those to whole registers, and other instructions than MOV. */
CASE apic_other_accesses
    TO_XAPIC
1:  vmread  %rdx, %rax
    movzbl  APIC_VERSION(%r8), %r9d
    movzwl  APIC_VERSION + 2(%r8), %r10d
    vmread  %rcx, %r11
    mov     APIC_VERSION(%r8), %r12
    mov     APIC_VERSION + 4(%r8), %r13d
    vmread  %rdx, %rax
    mov     APIC_ID + 2(%r8), %r14d
    add     APIC_VERSION(%r8), %r14
    orl     $0x0f000000, APIC_LDR(%r8)
    vmread  %rcx, %rax
    movw    $0x55aa, APIC_ICR2 + 2(%r8)
    movb    $0, APIC_EOI(%r8)
    add     APIC_LDR(%r8), %r14d
    dec     %r15d
    jnz     1b
END apic_other_accesses

/* The timer is set and stopped; nothing of what it counts is told. */
CASE apic_timer
    TO_XAPIC
    movl    $0x10040, APIC_LVT_TIMER(%r8)
1:  vmread  %rdx, %rax
    movl    $0x7fffffff, APIC_TMICT(%r8)
    mov     APIC_TMICT(%r8), %r9d
    mov     APIC_TMCCT(%r8), %r10d
    test    %r10d, %r10d
    setnz   %r10b
    movzbl  %r10b, %r10d
    vmread  %rcx, %r11
    movl    $0, APIC_TMICT(%r8)
    mov     APIC_TMCCT(%r8), %r12d
    dec     %r15d
    jnz     1b
END apic_timer

/* The page is RAM in every other stretch of eight rounds, and then there are clusters. */
CASE apic_page_turns_into_ram, avoids=64
    TO_XAPIC 64
    mov     ENTRY(LIN_DATA + 4096), %r14
    mov     $APIC_ENTRY, %r13d
    xor     %r13, %r14
1:  vmread  %rdx, %rax
    mov     %r15d, APIC_LDR(%r8)
    vmread  %rcx, %r9
    mov     APIC_LDR(%r8), %r10d
    add     %r10, (%rdi)
    vmread  %rbx, %r11
    test    $7, %r15d
    jnz     2f
    xor     %r14, ENTRY(LIN_APIC)
    invlpg  (%r8)
2:  dec     %r15d
    jnz     1b
END apic_page_turns_into_ram

/* It loses the right to be written: #PF, and the register stays. */
CASE apic_page_loses_write, on_trap=TRAP_MAP
    TO_XAPIC
1:  vmread  %rdx, %rax
    mov     %r15d, APIC_LDR(%r8)
    vmread  %rcx, %r9
    cmp     $10, %r15d
    jne     2f
    andq    $~PTE_WRITE, ENTRY(LIN_APIC)
    invlpg  (%r8)
2:  dec     %r15d
    jnz     1b
END apic_page_loses_write

/* Accessed and dirty bits come with each access. */
CASE apic_accessed_and_dirty
    TO_XAPIC
1:  vmread  %rdx, %rax
    mov     APIC_VERSION(%r8), %r9d
    add     ENTRY(LIN_APIC), %r10
    vmread  %rcx, %r11
    mov     %r9d, APIC_ICR2(%r8)
    add     ENTRY(LIN_APIC), %r12
    vmread  %rbx, %r13
    test    $3, %r15d
    jnz     2f
    andq    $~0x60, ENTRY(LIN_APIC)
    invlpg  (%r8)
2:  dec     %r15d
    jnz     1b
END apic_accessed_and_dirty

/* Across the page's end into a hole. */
CASE apic_across_the_end, avoids=1
    TO_XAPIC 6
1:  vmread  %rdx, %rax
    mov     APIC_ID(%r8), %r9d
    vmread  %rcx, %r10
    dec     %r15d
    jnz     1b
    vmread  %rdx, %rax
    mov     %r9d, 0xffe(%r8)
END apic_across_the_end

/* A register is selected, written and read: by Xen where the domain has an I/O APIC. */
CASE io_apic
    mov     $LIN_IO_APIC, %r8d
    mov     $40, %r15d
1:  vmread  %rdx, %rax
    movl    $0x11, (%r8)
    mov     %r15d, %r9d
    shl     $24, %r9d
    mov     %r9d, 0x10(%r8)
    vmread  %rcx, %r10
    mov     (%r8), %r11d
    mov     0x10(%r8), %r12d
    add     %r12, (%rdi)
    movl    $1, (%r8)
    mov     0x10(%r8), %r13d
    dec     %r15d
    jnz     1b
END io_apic

/* Stopped, so that nothing of it depends on the time. */
CASE hpet
    mov     $LIN_HPET, %r8d
    mov     $40, %r15d
1:  vmread  %rdx, %rax
    mov     (%r8), %r9d
    mov     4(%r8), %r10d
    mov     %r15d, 0xf0(%r8)
    vmread  %rcx, %r11
    mov     0xf0(%r8), %r12d
    add     %r12, (%rdi)
    mov     0x10(%r8), %r13
    dec     %r15d
    jnz     1b
END hpet
