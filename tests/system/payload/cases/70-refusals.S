/* SPDX-License-Identifier: GPL-2.0-only */
/* VMREAD and VMWRITE that fail. */
#include "cases.h"

/* No VMCS is current: CF, and nothing is read or written. */
CASE no_current_vmcs, gated=4
    vmclear vmcs_address
    vmread  %rdx, %rax
    pushfq
    vmwrite %r8, %rcx
    pushfq
    vmread  %rdx, (%rdi)
    vmread  %rcx, %r9
    jc      1f
    inc     %r10
1:  pushfq
END no_current_vmcs

/* The VMCS goes between two clusters of the same code, and comes back. */
CASE vmcs_goes_and_comes, avoids=2, gated=2
    mov     $3, %r14d
1:  vmread  %rdx, %rax
    mov     %rax, %r8
    vmread  %rcx, %r9
    pushfq
    cmp     $2, %r14d
    je      2f
    vmclear vmcs_address
    jmp     3f
2:  vmptrld vmcs_address
3:  dec     %r14d
    jnz     1b
END vmcs_goes_and_comes

/* At CPL 3: #GP. */
    .section .cases.pages, "awx"
    .balign 4096
    .globl user_page
user_page:
CASE_HERE user_mode, avoids=0
    mov     %rsp, %r8
    push    $USER_DS
    push    %r8
    pushfq
    push    $USER_CS
    pushq   $LIN_USER + (user_mode_insn - user_page)
    iretq
user_mode_insn:
    vmread  %rdx, %rax
    vmread  %rcx, %r10
END user_mode
    .balign 4096, 0x90

/* Outside VMX operation: #UD, also at a site that has a cluster.  Then VMX operation as before. */
CASE after_vmxoff, avoids=2, on_trap=TRAP_SKIP, resume=1
1:  vmread  %rdx, %rax
    vmread  %rcx, %r8
    vmxoff
    jmp     1b
resume_after_vmxoff:
    vmxon   vmxon_address
    vmptrld vmcs_address
    vmread  %rdx, %r9
    vmread  %rcx, %r10
END after_vmxoff
