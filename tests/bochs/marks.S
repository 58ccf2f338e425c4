/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * marks.S - the lab mark without VMX: every function, every refusal, exact counts.
 *
 * Each result (RAX after the mark) goes to the table `results`, in the order of
 * marks.expected; the table is PUT at the end.
 */
#include "lab.inc"

        .set    HOLE, 0x400000          /* a 2 MiB page, not present at first */
        .set    BUFFER, 0x200000

        .globl  main, gdt, page_directory

.macro result
        mov     %rax, (%rbx)
        add     $8, %rbx
.endm

        /* Call, then remember the result. */
.macro try function, name
        mark    \function, \name
        result
.endm

.macro try_move function, name, buffer, length, offset
        move    \function, \name, \buffer, \length, \offset
        result
.endm

        .code64
main:
        lidt    idt_pointer
        mov     $results, %ebx

        /* 0: PRESENT, a function that does not exist */
        try     LAB_PRESENT, n_empty
        try     99, n_exact

        /* 2: l0: 1 + 2 * 1000 + MARK_SETUP */
        mark    LAB_OPEN, n_exact
        result
        mark    LAB_CLOSE, n_exact
        result
        mark    LAB_OPEN, n_loop
        mov     $1000, %ecx
1:      dec     %ecx
        jnz     1b
        mark    LAB_CLOSE, n_loop

        /* 4: refusals of windows */
        try     LAB_OPEN, n_exact
        try     LAB_OPEN, n_exact
        try     LAB_CLOSE, n_exact
        try     LAB_CLOSE, n_exact

        /* 8: two windows that overlap; l0 of both: 2 + (MARK_SETUP + 1) + 2 + 10 + MARK_SETUP */
        try     LAB_OPEN, n_outer
        try     LAB_OPEN, n_inner
        .fill   10, 1, 0x90
        try     LAB_CLOSE, n_outer
        try     LAB_CLOSE, n_inner

        /* 12: names that must be refused, and one of full length */
        try     LAB_OPEN, n_dotdot
        try     LAB_OPEN, n_dot
        try     LAB_OPEN, n_slash
        try     LAB_OPEN, n_empty
        try     LAB_OPEN, n_hole
        try     LAB_OPEN, n_space
        try     LAB_OPEN, n_full
        try     LAB_CLOSE, n_full
        try_move LAB_PUT, n_dotdot, BUFFER, 4, 0
        try_move LAB_GET, n_dotdot, BUFFER, 4, 0
        try_move LAB_PUT, n_windows, BUFFER, 4, 0

        /* 23: a file in, a file out, and both ends of the lengths */
        try_move LAB_GET, n_in, BUFFER, 4096, 0
        try_move LAB_GET, n_in, BUFFER+4096, 4096, 4096
        try_move LAB_GET, n_in, BUFFER, 4096, 5000
        try_move LAB_GET, n_missing, BUFFER, 4096, 0
        try_move LAB_PUT, n_copy, BUFFER, 4096, 0
        try_move LAB_PUT, n_copy, BUFFER+4096, 904, 4096
        try_move LAB_PUT, n_copy, BUFFER, 4097, 0
        try_move LAB_PUT, n_copy, BUFFER, 4, -1
        try_move LAB_GET, n_in, BUFFER, 4097, 0
        try_move LAB_PUT, n_nothing, BUFFER, 0, 0

        /* 33: offset 0 empties a file that was longer */
        try_move LAB_PUT, n_short, BUFFER, 4096, 0
        try_move LAB_PUT, n_short, BUFFER, 3, 0

        /* 35: buffers that end in a page that is not present, PUT and GET; faults: 2 */
        call    make_hole
        try_move LAB_GET, n_in, HOLE-128, 256, 0
        call    make_hole
        try_move LAB_PUT, n_fault, HOLE-128, 256, 0
        mov     faults, %rax
        result

        /* 38: not canonical: #GP, once for each; the handler skips the instruction */
        try_move LAB_PUT, n_fault, 0x7ffffffffffe, 16, 0
        mov     general_faults, %rax
        result

        /* 40: every other 0F 1D is a NOP: with the magic number in RAX, RAX stays */
        movabs  $LAB_MAGIC, %rax
        .byte   0x0f, 0x1d, 0xc1        /* another register */
        .byte   0x0f, 0x1d, 0xc8        /* another reg field */
        .byte   0x0f, 0x1d, 0x00        /* a memory operand */
        result
        mov     $12345, %eax
        .byte   0x0f, 0x1d, 0xc0        /* the mark without the magic number */
        result

        /* 42: from 32-bit code, which keeps the upper half of RAX */
        movabs  $LAB_MAGIC + LAB_PRESENT, %rax
        lcall   *far_pointer
        result

        /* 43: an exit code that is none */
        mov     $256, %r9d
        mark    LAB_EXIT, n_empty
        result

        /* The results; a window that stays open, for the message; a full serial port. */
        move    LAB_PUT, n_results, results, RESULTS_SIZE, 0
        mark    LAB_OPEN, n_outer
        mov     $0x3fb, %edx            /* COM1: 9600 baud, 8 bits, FIFO on */
        mov     $0x83, %al
        out     %al, %dx
        mov     $0x3f8, %edx
        mov     $12, %al
        out     %al, %dx
        inc     %edx
        xor     %eax, %eax
        out     %al, %dx
        mov     $0x3fb, %edx
        mov     $3, %al
        out     %al, %dx
        mov     $0x3fa, %edx
        mov     $1, %al
        out     %al, %dx
        mov     $0x3f8, %edx
        mov     $last_words, %esi
        mov     $LAST_WORDS_SIZE, %ecx
        rep     outsb
        mov     $42, %r9d
        mark    LAB_EXIT, n_empty
stuck:  hlt
        jmp     stuck

make_hole:
        movq    $0, page_directory + HOLE / 0x200000 * 8
        invlpg  HOLE
        ret

page_fault:
        incq    faults
        movq    $HOLE + 0x87, page_directory + HOLE / 0x200000 * 8
        add     $8, %rsp                /* error code */
        iretq

        /* RIP stands at the mark: 3 bytes. */
general_fault:
        incq    general_faults
        add     $8, %rsp
        addq    $3, (%rsp)
        iretq

        .code32
in_32_bit:
        .byte   0x0f, 0x1d, 0xc0
        lret
        .code64

        .balign 8
far_pointer:
        .long   in_32_bit
        .word   0x28

name    n_empty, ""
name    n_exact, "exact"
name    n_loop, "loop"
name    n_outer, "outer"
name    n_inner, "inner"
name    n_dotdot, "../x"
name    n_dot, ".x"
name    n_slash, "a/b"
name    n_hole, "a\0b"
name    n_space, "a b"
name    n_full, "abcdefghijklmnopqrstuvwx"
name    n_windows, "windows.jsonl"
name    n_in, "in.bin"
name    n_missing, "missing"
name    n_copy, "copy.bin"
name    n_nothing, "nothing"
name    n_short, "short"
name    n_fault, "fault.bin"
name    n_results, "results"

        .balign 8
faults: .quad   0
general_faults:
        .quad   0

idt_pointer:
        .word   15 * 16 - 1
        .quad   idt
        .balign 16
idt:    .fill   13 * 16, 1, 0
        .word   general_fault, 8, 0x8e00, 0     /* all addresses are below 64 KiB */
        .quad   0
        .word   page_fault, 8, 0x8e00, 0
        .quad   0

last_words:
        .ascii  "the last words\n"
        .set    LAST_WORDS_SIZE, . - last_words

        .balign 8
results:
        .fill   44, 8, 0
        .set    RESULTS_SIZE, . - results
