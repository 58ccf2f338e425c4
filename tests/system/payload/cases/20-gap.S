/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands between two exiting instructions: results and all flags. */
#include "cases.h"

    .section .rodata.pairs, "a"
    .balign 8
pairs:
    .quad   0x0000000000000000, 0x0000000000000000
    .quad   0x7f7f7f7f7f7f7f7f, 0x0101010101010101
    .quad   0x8080808080808080, 0x8080808080808080
    .quad   0x8000000080008000, 0x0000000000000001
    .quad   0xffffffffffffffff, 0xffffffffffffffff
    .quad   0x0123456789abcdef, 0xfedcba9876543210
    .quad   0x00000000ffffffff, 0xffffffff00000001
    .quad   0x7fffffff7fff7f0f, 0x80000000800080f1
    .set    NR_PAIRS, 8

/*
 * \op on each pair with flags that are the comparison's.  The cluster is left by
 * a branch right behind \op, one of the two is taken, so RFLAGS are seen whole: AF, too.
 */
.macro FOR_PAIRS op, operands:vararg
    mov     $pairs, %esi
    mov     $NR_PAIRS, %r15d
1:  mov     (%rsi), %rax
    mov     8(%rsi), %r8
    vmread  %rdx, %r9
    cmp     %r8, %rax
    \op     \operands
    jz      2f
    jnz     2f
    vmread  %rcx, %r10
2:  pushfq
    pop     (%rdi)
    mov     %rax, 8(%rdi)
    add     $16, %rdi
    add     $16, %rsi
    dec     %r15d
    jnz     1b
.endm

.macro ALU_CASE op
CASE alu_\op
    FOR_PAIRS \op, %r8, %rax
    FOR_PAIRS \op, %r8d, %eax
    FOR_PAIRS \op, %r8w, %ax
    FOR_PAIRS \op, %r8b, %al
END alu_\op
.endm

.macro UNARY_CASE op
CASE alu_\op
    FOR_PAIRS \op, %rax
    FOR_PAIRS \op, %eax
    FOR_PAIRS \op, %ax
    FOR_PAIRS \op, %al
END alu_\op
.endm

    .irp    op, add, adc, sub, sbb, and, or, xor, cmp, test
    ALU_CASE \op
    .endr
    .irp    op, inc, dec, neg, not
    UNARY_CASE \op
    .endr

/* Immediates of every width, sign-extended ones among them. */
CASE alu_immediates
    FOR_PAIRS add, $-1, %rax
    FOR_PAIRS sub, $0x12345678, %rax
    FOR_PAIRS adc, $0x7f, %eax
    FOR_PAIRS sbb, $0x8001, %ax
    FOR_PAIRS and, $0xf0, %al
    FOR_PAIRS xor, $-0x80000000, %rax
    FOR_PAIRS test, $0x80, %al
    FOR_PAIRS cmp, $-128, %ah
END alu_immediates

/* Memory as destination and as source: one access each, and what is next to it stays. */
CASE alu_memory, avoids=3
    vmread  %rdx, %rax
    add     %rax, (%rdi)
    subl    $0x1234567, 0x14(%rdi)
    adcw    0x22(%rdi), %r8w
    xorb    $0x55, 0x31(%rdi)
    vmread  %rcx, %rax
    incb    0x43(%rdi)
    notl    0x50(%rdi)
    cmp     %rax, 0x60(%rdi)
    setb    0x70(%rdi)
    vmread  %rbx, %r9
    negw    0x86(%rdi)
    cmovnz  0x90(%rdi), %r10
    vmread  %rbx, %r11
END alu_memory

/*
 * All conditions on all pairs, as SETcc, CMOVcc (64 bits, and 32 bits, which clear the
 * upper half even when not moved) and a forward branch within the cluster.
 */
.macro CONDITION cc
    mov     $pairs, %esi
    mov     $NR_PAIRS, %r15d
1:  mov     (%rsi), %rax
    mov     8(%rsi), %r8
    mov     %rdi, %r10
    mov     %rdi, %r11
    mov     $0x1111111122222222, %r9
    vmread  %rdx, %r13
    cmp     %r8, %rax
    set\cc  %r10b
    cmov\cc %r8, %r11
    cmov\cc %r8d, %r9d
    j\cc    2f
    add     $0x10000, %r11
2:  vmread  %rcx, %r13
    add     %r9, %r11
    mov     %r10, (%rdi)
    mov     %r11, 8(%rdi)
    add     $16, %rdi
    add     $16, %rsi
    dec     %r15d
    jnz     1b
.endm

CASE conditions, avoids=(16 * NR_PAIRS)
    .irp    cc, o, no, b, nb, z, nz, be, nbe, s, ns, p, np, l, nl, le, nle
    CONDITION \cc
    .endr
END conditions

/* CMOVcc reads its source, and SETcc writes one byte only, whatever the condition. */
CASE cmov_and_setcc_memory, avoids=1
    vmread  %rdx, %rax
    cmp     %rax, %rax
    cmovne  (%rdi), %r8
    cmove   8(%rdi), %r9d
    setne   0x11(%rdi)
    sete    0x22(%rdi)
    vmread  %rcx, %r10
END cmov_and_setcc_memory

/* Bytes and words leave the rest of a register, doublewords clear it. */
CASE partial_registers, avoids=2
    vmread  %rdx, %rax
    mov     %al, %ah
    mov     $0x5a, %bh
    mov     %bh, %cl
    mov     $0xbeef, %r8w
    mov     $-1, %r9d
    add     %ah, %bl
    setne   %dh
    movzbl  %ah, %esi
    vmread  %r15, %r11
    movsbq  %bl, %r12
    movswl  %r8w, %r13d
    movslq  %r9d, %r14
    mov     %r11b, %sil
    movzwq  %si, %rbp
    vmread  %r15, %rcx
END partial_registers

CASE moves, avoids=2
    vmread  %rdx, %rax
    mov     %rax, (%rdi)
    movb    $0x7e, 0x12(%rdi)
    movzbl  0x19(%rdi), %r8d
    movswq  0x22(%rdi), %r9
    vmread  %rcx, %rax
    movq    $-2, 0x28(%rdi)
    mov     %ax, 0x32(%rdi)
    movslq  0x38(%rdi), %r10
    mov     0x44(%rdi), %r11d
    movabs  $0x1122334455667788, %r13
    vmread  %rbx, %rax
END moves

/* Addresses are computed, nothing is touched: even one that is not canonical. */
CASE lea_and_nops, avoids=2
    vmread  %rdx, %rax
    lea     0x123(%rdi, %r12, 8), %r8
    lea     (%rax, %rax, 4), %r9d
    lea     -1(%r14), %r10w
    lea     (%edi, %eax), %r11
    .byte   0x65        /* GS: no part of an offset */
    lea     8(%rdi), %r13
    nop
    nopw    0(%rax, %rax)
    endbr64
    xchg    %ax, %ax
    vmread  %rcx, %rax
    nopl    (%r14)
    vmread  %rbx, %rax
END lea_and_nops

CASE push_and_pop, avoids=3
    vmread  %rdx, %rax
    push    %rax
    push    $-3
    push    $0x12345678
    pop     %r8
    vmread  %rcx, %rax
    push    %rsp
    push    (%rdi)
    pop     %r13
    vmread  %rbx, (%rsp)
    pop     0x10(%rdi)
    push    %r12
    pop     %rsp
    vmread  %rbx, %r10
    mov     %rsp, %r11
END push_and_pop

/* POP to memory with RSP as its base: the address is computed after RSP has grown. */
CASE pop_relative_to_rsp, avoids=1
    push    %r9
    vmread  %rdx, %rax
    pop     -0x18(%rsp)
    push    -0x10(%rsp)
    vmread  %rcx, %rax
END pop_relative_to_rsp

/* The flags that a JBE sees are those of the gap, not of the VMREAD before. */
CASE branch_within, avoids=4
    vmread  %rdx, %rax
    cmp     %rax, %rax
    jbe     1f
    mov     $1, %r8d
    vmread  %rcx, %r9
1:  vmread  %rcx, %r10
    test    %rax, %rax
    jz      2f
    mov     $2, %r11d
    vmread  %rcx, %r13
2:  vmread  %rbx, %r14
    vmread  %rbx, %rsi
END branch_within

/* To the instruction behind the cluster's last one. */
CASE branch_to_the_end, avoids=1
    vmread  %rdx, %rax
    vmread  %rcx, %r8
    cmp     %r8, %r8
    je      1f
    vmread  %rbx, %r9
1:  pause
    vmread  %rbx, %r10
END branch_to_the_end

CASE branch_into_an_instruction, avoids=1
    vmread  %rdx, %rax
    vmread  %rcx, %r8
    cmp     %r8, %r8
    je      2f + 1
2:  .byte   0x3d        /* with the next four bytes: CMP EAX, imm32 */
    nop
    inc     %r11d
    vmread  %rbx, %r13
END branch_into_an_instruction

/* Backwards leaves the cluster; the last of three rounds goes through. */
CASE branch_backwards, avoids=1
    mov     $3, %r8d
1:  vmread  %rdx, %rax
    dec     %r8d
    jnz     1b
    vmread  %rcx, %r9
END branch_backwards

/* Instructions that end a cluster: they are executed by the processor, between two clusters. */
.macro UNBRIDGED name, insn:vararg
CASE unbridged_\name, avoids=2
    vmread  %rdx, %rax
    vmread  %rcx, %r8
    \insn
    vmread  %rdx, %r9
    vmread  %rbx, %r10
    pushfq
END unbridged_\name
.endm

UNBRIDGED xchg_memory, xchg %rax, (%rdi)
UNBRIDGED lock_add, lock add %rax, (%rdi)
UNBRIDGED xadd, xadd %rax, %r8
UNBRIDGED cmpxchg, cmpxchg %r8, (%rdi)
UNBRIDGED shift, shl $3, %rax
UNBRIDGED multiply, imul %r8, %rax
UNBRIDGED bit_test, btsq $5, (%rdi)
UNBRIDGED bswap, bswap %rax
UNBRIDGED pause, pause
UNBRIDGED flags, pushfq
UNBRIDGED push_word, pushw $0x1234
UNBRIDGED string, movsq
UNBRIDGED fence, mfence
UNBRIDGED cr2, mov %cr2, %r13

CASE unbridged_jump, avoids=2
    vmread  %rdx, %rax
    vmread  %rcx, %r8
    jmp     1f
    vmread  %rbp, %rax
1:  vmread  %rdx, %r9
    vmread  %rbx, %r10
END unbridged_jump

/* A function with an exit of its own. */
CASE unbridged_call, avoids=4
    vmread  %rdx, %rax
    vmread  %rcx, %r8
    call    1f
    vmread  %rdx, %r9
    vmread  %rbx, %r10
    jmp     2f
1:  vmread  %rbp, %r11
    mov     %r11, (%rdi)
    vmwrite %r11, %rcx
    vmread  %rcx, %r13
    ret
2:
END unbridged_call
