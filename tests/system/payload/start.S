/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * start.S - from Xen's PVH entry (32-bit, flat, no paging; EBX: struct hvm_start_info,
 * xen/include/public/arch-x86/hvm/start_info.h) to main() in 64-bit mode.
 */
#include "layout.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18

#define CR0_PE          (1 << 0)
#define CR0_NE          (1 << 5)        /* VMX operation needs it */
#define CR0_WP          (1 << 16)
#define CR0_PG          (1 << 31)
#define CR4_PAE         (1 << 5)
#define MSR_EFER        0xc0000080
#define EFER_LME        (1 << 8)
#define EFER_NXE        (1 << 11)

#define TABLE           (PTE_PRESENT | PTE_WRITE | PTE_USER)
#define PDE_LARGE       0x80

    .section .note.Xen, "a", @note
    .long   4, 4, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz  "Xen"
    .long   start32

    .code32
    .text
    .globl start32
start32:
    cli
    lgdt    gdt_pointer
    mov     $CR4_PAE, %eax
    mov     %eax, %cr4
    mov     $pml4, %eax
    mov     %eax, %cr3
    mov     $MSR_EFER, %ecx
    mov     $(EFER_LME | EFER_NXE), %eax
    xor     %edx, %edx
    wrmsr
    mov     $(CR0_PG | CR0_WP | CR0_NE | CR0_PE), %eax
    mov     %eax, %cr0
    ljmp    $KERNEL_CS, $start64

    .code64
start64:
    mov     $KERNEL_DS, %eax
    mov     %eax, %ds
    mov     %eax, %es
    mov     %eax, %ss
    xor     %eax, %eax          /* null: what a change of CPL does to them keeps their base */
    mov     %eax, %fs
    mov     %eax, %gs
    mov     $kernel_stack_end, %rsp
    mov     %ebx, %edi
    call    main
1:  hlt
    jmp     1b

    .data
    .balign 8
    .globl gdt
gdt:                            /* the TSS' descriptor is filled in by machine.c */
    .quad   0
    .quad   0x00af9b000000ffff  /* KERNEL_CS */
    .quad   0x00cf93000000ffff  /* KERNEL_DS */
    .quad   0x00cff3000000ffff  /* USER_DS */
    .quad   0x00affb000000ffff  /* USER_CS */
    .quad   0, 0                /* TSS_SELECTOR */
gdt_end:
gdt_pointer:
    .word   gdt_end - gdt - 1
    .quad   gdt

    .balign 4096
    .globl pml4
pml4:
    .quad   pdpt + TABLE
    .fill   511, 8, 0
pdpt:
    .quad   identity + TABLE, test_directory + TABLE
    .fill   510, 8, 0
identity:
    .set    page, 0
    .rept   512
    .quad   page + PTE_PRESENT + PTE_WRITE + PDE_LARGE
    .set    page, page + 0x200000
    .endr
    .globl test_directory
test_directory:                 /* LIN_BASE */
    .quad   test_table + TABLE
    .fill   511, 8, 0
    .globl test_table
test_table:
    .fill   512, 8, 0
    /* A second address space; its test pages are filled in by machine.c, too. */
    .globl other_pml4, other_table
other_pml4:
    .quad   other_pdpt + TABLE
    .fill   511, 8, 0
other_pdpt:
    .quad   identity + TABLE, other_directory + TABLE
    .fill   510, 8, 0
other_directory:
    .quad   other_table + TABLE
    .fill   511, 8, 0
other_table:
    .fill   512, 8, 0

    .bss
    .balign 16
    .skip   16384
kernel_stack_end:
