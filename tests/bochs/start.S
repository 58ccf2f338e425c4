/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * start.S - boot sector of the test payloads.
 *
 * Loads the sectors behind it, enters 64-bit mode with the first GiB mapped one to one
 * in 2 MiB pages (user access allowed), and jumps to main with interrupts off.
 * Linked first, at 0x7c00.
 */
#define PAYLOAD_SECTORS 64
#define PAGE_TABLES 0x70000             /* PML4, PDPT, PD: one page each */

        .globl _start, gdt, tss, page_directory
        .set page_directory, PAGE_TABLES + 0x2000
        .set tss, 0x60000               /* memory that nothing has written: zeros */

        .code16
_start:
        cli
        cld
        xor     %ax, %ax
        mov     %ax, %ds
        mov     %ax, %ss
        mov     $0x7c00, %sp
        mov     $packet, %si
        mov     $0x42, %ah
        int     $0x13
hang:   jc      hang
        in      $0x92, %al
        or      $2, %al
        out     %al, $0x92

        mov     $PAGE_TABLES >> 4, %ax
        mov     %ax, %es
        xor     %di, %di
        xor     %eax, %eax
        mov     $0x3000 / 4, %cx
        rep     stosl
        movl    $PAGE_TABLES + 0x1007, %es:0
        movl    $PAGE_TABLES + 0x2007, %es:0x1000
        mov     $0x2000, %di
        mov     $0x87, %eax
        mov     $512, %cx
1:      mov     %eax, %es:(%di)
        add     $8, %di
        add     $0x200000, %eax
        loop    1b

        mov     $0x20, %eax             /* PAE */
        mov     %eax, %cr4
        mov     $PAGE_TABLES, %eax
        mov     %eax, %cr3
        mov     $0xc0000080, %ecx       /* EFER.LME */
        rdmsr
        or      $0x100, %ax
        wrmsr
        mov     %cr0, %eax
        or      $0x80000021, %eax       /* PG, NE, PE */
        mov     %eax, %cr0
        lgdt    gdt_pointer
        ljmp    $8, $long_mode

        .code64
long_mode:
        mov     $0x10, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %fs
        mov     %eax, %gs
        mov     %eax, %ss
        mov     $0x7c00, %esp
        mov     $0x30, %eax
        ltr     %ax
        jmp     main

        .balign 8
packet: .byte   16, 0
        .word   PAYLOAD_SECTORS, 0x7e00, 0
        .quad   1
gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt
        .balign 8
gdt:    .quad   0
        .quad   0x00af9b000000ffff      /* 0x08: 64-bit code */
        .quad   0x00cf93000000ffff      /* 0x10: data */
        .quad   0x00cff3000000ffff      /* 0x18: data, user */
        .quad   0x00affb000000ffff      /* 0x20: 64-bit code, user */
        .quad   0x00cf9b000000ffff      /* 0x28: 32-bit code */
        .quad   0x0000890600000067      /* 0x30: TSS at 0x60000 */
        .quad   0
gdt_end:

        .org    510
        .word   0xaa55
