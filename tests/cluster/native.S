/* SPDX-License-Identifier: GPL-2.0-only */
#include "native.h"

/* A member of struct native_state, by absolute address. */
#define S(offset) NATIVE_STATE + (offset)

        .text

/* void native_enter(void): from the host's state to the sequence's. */
        .globl  native_enter
        .type   native_enter, @function
native_enter:
        push    %rbx
        push    %rbp
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        mov     %rsp, S(STATE_HOST_RSP)

        cmpq    $0, S(STATE_BASES)
        je      1f
        rdfsbase %rax
        mov     %rax, S(STATE_HOST_FS)
        rdgsbase %rax
        mov     %rax, S(STATE_HOST_GS)
        mov     S(STATE_FS_IN), %rax
        wrfsbase %rax
        mov     S(STATE_GS_IN), %rax
        wrgsbase %rax
1:
        /*
         * The code was written through another linear address: IRET serializes
         * (SDM vol. 3, 9.1.3).  It takes TF with it, too, so that the first trap comes
         * behind the first instruction of the sequence.
         */
        mov     %ss, %eax
        push    %rax
        pushq   S(STATE_GPR_IN + 4 * 8)
        pushq   S(STATE_RFLAGS_IN)
        mov     %cs, %eax
        push    %rax
        pushq   S(STATE_ENTRY)
        mov     S(STATE_GPR_IN + 0 * 8), %rax
        mov     S(STATE_GPR_IN + 1 * 8), %rcx
        mov     S(STATE_GPR_IN + 2 * 8), %rdx
        mov     S(STATE_GPR_IN + 3 * 8), %rbx
        mov     S(STATE_GPR_IN + 5 * 8), %rbp
        mov     S(STATE_GPR_IN + 6 * 8), %rsi
        mov     S(STATE_GPR_IN + 7 * 8), %rdi
        mov     S(STATE_GPR_IN + 8 * 8), %r8
        mov     S(STATE_GPR_IN + 9 * 8), %r9
        mov     S(STATE_GPR_IN + 10 * 8), %r10
        mov     S(STATE_GPR_IN + 11 * 8), %r11
        mov     S(STATE_GPR_IN + 12 * 8), %r12
        mov     S(STATE_GPR_IN + 13 * 8), %r13
        mov     S(STATE_GPR_IN + 14 * 8), %r14
        mov     S(STATE_GPR_IN + 15 * 8), %r15
        iretq
        .size   native_enter, . - native_enter

/* And back: jumped to, on whatever stack the sequence left. */
        .globl  native_leave
        .type   native_leave, @function
native_leave:
        mov     %rax, S(STATE_GPR_OUT + 0 * 8)
        mov     %rcx, S(STATE_GPR_OUT + 1 * 8)
        mov     %rdx, S(STATE_GPR_OUT + 2 * 8)
        mov     %rbx, S(STATE_GPR_OUT + 3 * 8)
        mov     %rsp, S(STATE_GPR_OUT + 4 * 8)
        mov     %rbp, S(STATE_GPR_OUT + 5 * 8)
        mov     %rsi, S(STATE_GPR_OUT + 6 * 8)
        mov     %rdi, S(STATE_GPR_OUT + 7 * 8)
        mov     %r8, S(STATE_GPR_OUT + 8 * 8)
        mov     %r9, S(STATE_GPR_OUT + 9 * 8)
        mov     %r10, S(STATE_GPR_OUT + 10 * 8)
        mov     %r11, S(STATE_GPR_OUT + 11 * 8)
        mov     %r12, S(STATE_GPR_OUT + 12 * 8)
        mov     %r13, S(STATE_GPR_OUT + 13 * 8)
        mov     %r14, S(STATE_GPR_OUT + 14 * 8)
        mov     %r15, S(STATE_GPR_OUT + 15 * 8)
        mov     S(STATE_HOST_RSP), %rsp
        pushfq
        popq    S(STATE_RFLAGS_OUT)

        cmpq    $0, S(STATE_BASES)
        je      1f
        mov     S(STATE_HOST_FS), %rax
        wrfsbase %rax
        mov     S(STATE_HOST_GS), %rax
        wrgsbase %rax
1:
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %rbp
        pop     %rbx
        ret
        .size   native_leave, . - native_leave

        .section .note.GNU-stack, "", @progbits
