/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * start.S - from the PVH entry (32-bit, flat, no paging; EBX: struct hvm_start_info) to
 * main() in 64-bit mode, and the way of exceptions that nobody expects.
 */
#include "layout.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18

#define CR0_PE          (1 << 0)
#define CR0_NE          (1 << 5)
#define CR0_WP          (1 << 16)
#define CR0_PG          (1 << 31)
#define CR4_PAE         (1 << 5)
#define MSR_EFER        0xc0000080
#define EFER_LME        (1 << 8)

#define TABLE           (PTE_PRESENT | PTE_WRITE)

    .section .note.Xen, "a", @note
    .balign 4
    .long   4, 8, XEN_ELFNOTE_PHYS32_ENTRY
    .asciz  "Xen"
    .quad   start32             /* QEMU reads as many bytes as a pointer of the ELF class has */

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
    mov     $EFER_LME, %eax
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
    mov     $stack_end, %rsp
    mov     %ebx, %edi
    call    main
1:  hlt
    jmp     1b

    /* 8 bytes for each exception; none of them returns. */
    .balign 8
    .globl exception_entries
exception_entries:
    .set    vector, 0
    .rept   NR_EXCEPTIONS
    .balign 8
    push    $vector
    jmp     exception
    .set    vector, vector + 1
    .endr
exception:
    pop     %rdi
    mov     %rsp, %rsi
    and     $-16, %rsp
    call    machine_exception

    .data
    .balign 8
gdt:
    .quad   0
    .quad   0x00af9b000000ffff  /* KERNEL_CS */
    .quad   0x00cf93000000ffff  /* KERNEL_DS */
gdt_end:
gdt_pointer:
    .word   gdt_end - gdt - 1
    .quad   gdt

    .balign 4096
pml4:
    .quad   pdpt + TABLE
    .fill   511, 8, 0
pdpt:
    .quad   identity + TABLE, identity + 0x1000 + TABLE
    .quad   identity + 0x2000 + TABLE, identity + 0x3000 + TABLE
    .quad   fault_directory + TABLE
    .fill   507, 8, 0
identity:
    .set    page, 0
    .rept   4 * 512
    .quad   page + TABLE + PTE_LARGE
    .set    page, page + 0x200000
    .endr
fault_directory:
    .quad   fault_table + TABLE
    .fill   511, 8, 0
    .globl fault_table
fault_table:
    .fill   512, 8, 0

    .bss
    .balign 16
    .skip   16384
stack_end:
