/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * triple.S - a triple fault: the emulator must end with a message, not wait for anybody.
 */
        .globl  main
        .code64
main:
        lidt    nothing
        ud2

nothing:
        .word   0
        .quad   0
