/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Page tables that change between two executions of one cluster, and within one: what was
 * found by an earlier walk must not be used.  The changes are those after which the
 * processor's own TLB has to forget, too.
 */
#include "cases.h"

#define ENTRY(linear)   (test_table + ((linear) - LIN_BASE) / 4096 * 8)

#define MSR_EFER        0xc0000080
#define EFER_NXE        (1 << 11)

#define HYPERCALL_MEMORY_OP             12
#define XENMEM_REMOVE_FROM_PHYSMAP      15
#define DOMID_SELF                      0x7ff0

/* Two pages change places each time. */
CASE pages_change_places, avoids=6
    mov     $6, %r15d
1:  vmread  %rdx, %rax
    mov     (%rdi), %r8
    incq    8(%rdi)
    vmread  %rcx, %r9
    push    %r8
    mov     ENTRY(LIN_DATA), %r10
    mov     ENTRY(LIN_DATA + 4096), %r11
    mov     %r11, ENTRY(LIN_DATA)
    mov     %r10, ENTRY(LIN_DATA + 4096)
    invlpg  (%rdi)
    invlpg  0x1000(%rdi)
    dec     %r15d
    jnz     1b
END pages_change_places

/* The third of four rounds finds the page without a right; the handler gives it back. */
.macro LOSES_RIGHT name, right, insn:vararg
CASE page_loses_\name, avoids=3, on_trap=TRAP_MAP
    mov     $4, %r15d
1:  vmread  %rdx, %rax
    \insn
    vmread  %rcx, %r9
    cmp     $3, %r15d
    jne     2f
    andq    $~(\right), ENTRY(LIN_DATA)
    invlpg  (%rdi)
2:  dec     %r15d
    jnz     1b
END page_loses_\name
.endm

LOSES_RIGHT write, PTE_WRITE, incq (%rdi)
LOSES_RIGHT presence, PTE_PRESENT, mov (%rdi), %r8

/* Read-only is no obstacle to a load: no trap. */
CASE page_loses_write_and_is_read, avoids=4, on_trap=TRAP_MAP
    mov     $4, %r15d
1:  vmread  %rdx, %rax
    mov     (%rdi), %r8
    vmread  %rcx, %r9
    andq    $~PTE_WRITE, ENTRY(LIN_DATA)
    invlpg  (%rdi)
    dec     %r15d
    jnz     1b
END page_loses_write_and_is_read

/* Accessed and dirty bits are set in each round, and only those that have to be. */
.macro ACCESSED_AND_DIRTY name, avoids, insn:vararg
CASE accessed_and_dirty_by_\name, \avoids
    mov     $4, %r15d
1:  vmread  %rdx, %rax
    \insn
    vmread  %rcx, %r9
    push    ENTRY(LIN_DATA)
    test    $1, %r15d
    jz      2f
    andq    $~(PTE_ACCESSED | PTE_DIRTY), ENTRY(LIN_DATA)
    invlpg  (%rdi)
2:  dec     %r15d
    jnz     1b
END accessed_and_dirty_by_\name
.endm

ACCESSED_AND_DIRTY load, 4, mov (%rdi), %r8
ACCESSED_AND_DIRTY store, 4, mov %r15, (%rdi)
ACCESSED_AND_DIRTY compare, 4, cmp %r15, (%rdi)
ACCESSED_AND_DIRTY vmwrite, 8, vmwrite (%rdi), %rcx

/* The right is taken away one level up. */
CASE directory_loses_write, avoids=3, on_trap=TRAP_SKIP, resume=1
    mov     $3, %r15d
1:  vmread  %rdx, %rax
    mov     %rax, (%rdi)
    vmread  %rcx, %r9
    cmp     $2, %r15d
    jne     2f
    andq    $~PTE_WRITE, test_directory
    invlpg  (%rdi)
2:  dec     %r15d
    jnz     1b
resume_directory_loses_write:
    orq     $PTE_WRITE, test_directory
    invlpg  (%rdi)
    vmread  %rdx, %r8
    vmread  %rbx, %r10
END directory_loses_write

/* Another address space, in which the two data pages have changed places. */
CASE address_space_changes, avoids=6
    mov     %cr3, %r13
    mov     $other_pml4, %r14d
    mov     $6, %r15d
1:  vmread  %rdx, %rax
    mov     (%rdi), %r8
    incq    8(%rdi)
    vmread  %rcx, %r9
    push    %r8
    mov     %r14, %cr3
    xchg    %r13, %r14
    dec     %r15d
    jnz     1b
END address_space_changes

/*
 * Bit 63 of an entry is reserved when EFER.NXE is 0 (SDM vol. 3, 4.5): a load that was
 * fine faults, though no entry has changed.
 */
CASE nxe_goes, avoids=4, on_trap=TRAP_SKIP, resume=1
    btsq    $63, ENTRY(LIN_DATA)
    mov     $4, %r15d
1:  vmread  %rdx, %rax
    mov     (%rdi), %r8
    vmread  %rcx, %r9
    cmp     $2, %r15d
    jne     2f
    mov     $0, %r10d
    jmp     3f
2:  dec     %r15d
    jnz     1b
resume_nxe_goes:
    mov     $EFER_NXE, %r10d
3:  mov     %rcx, %r11
    mov     %rdx, %r13
    mov     $MSR_EFER, %ecx
    rdmsr
    and     $~EFER_NXE, %eax
    or      %r10d, %eax
    wrmsr
    mov     %r11, %rcx
    mov     %r13, %rdx
    invlpg  (%rdi)
    test    %r10d, %r10d
    jz      2b
    vmread  %rdx, %r8
    vmread  %rbx, %r10
END nxe_goes

/* A store of the cluster maps the page that its next instruction loads from. */
CASE cluster_maps_a_page, avoids=1
    mov     ENTRY(LIN_DATA + 4096), %r8
    vmread  %rdx, %rax
    mov     %r8, ENTRY(LIN_LATE)
    mov     LIN_LATE, %r9
    vmread  %rcx, %r10
END cluster_maps_a_page

/* L0 takes the page away: not L1's tables change, but what is behind them. */
CASE frame_goes, avoids=2
    mov     $4, %r15d
1:  vmread  %rdx, %rax
    mov     gone_page, %r8
    vmread  %rcx, %r9
    push    %r8
    cmp     $3, %r15d
    jne     2f
    mov     $HYPERCALL_MEMORY_OP, %eax
    mov     $XENMEM_REMOVE_FROM_PHYSMAP, %edi
    mov     $frame_to_remove, %esi
    vmcall
    push    %rax
2:  dec     %r15d
    jnz     1b
END frame_goes

    .data
    .balign 8
frame_to_remove:
    .quad   DOMID_SELF
    .globl frame_to_remove_gfn
frame_to_remove_gfn:            /* machine.c */
    .quad   0
