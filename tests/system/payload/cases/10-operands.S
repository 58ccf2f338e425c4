/* SPDX-License-Identifier: GPL-2.0-only */
/* VMREAD and VMWRITE with every kind of operand, and fields of every width. */
#include "cases.h"

/* The plainest cluster: three reads, moves between them. */
CASE vmread_registers, avoids=2
    vmread  %rdx, %rax
    mov     %rax, %r8
    vmread  %rcx, %rax
    mov     %rax, %r9
    vmread  %rbx, %r10
END vmread_registers

/* What a write stores, a read in the same cluster sees. */
CASE vmwrite_registers, avoids=3
    vmwrite %rax, %rdx
    mov     %r8, %r11
    vmwrite %r11, %rcx
    vmread  %rdx, %r9
    vmread  %rcx, %r10
END vmwrite_registers

/* The field number is in the register that is written, and RSP is a register, too. */
CASE register_overlap, avoids=4
    vmread  %rdx, %rdx
    vmread  %rcx, %rsp
    mov     %rsp, %r8
    vmread  %rbx, %rbx
    vmwrite %rbp, %rbp
    vmread  %rbp, %r9
END register_overlap

/* VMREAD to memory: base, displacement, index and scale, stack. */
CASE vmread_memory, avoids=4
    vmread  %rdx, (%rdi)
    vmread  %rcx, 0x18(%rdi)
    vmread  %rbx, 0x20(%rdi, %r12, 8)
    mov     0x18(%rdi), %r8
    vmread  %r15, -8(%rsp)
    vmread  %rbp, (, %rsi, 1)
END vmread_memory

CASE vmwrite_memory, avoids=4
    vmwrite (%rdi), %rdx
    vmwrite 0x18(%rdi, %r12, 4), %rcx
    mov     %rax, 0x40(%rdi)
    vmwrite 0x40(%rdi), %rbx
    vmread  %rdx, %r8
    vmread  %rbx, %r9
END vmwrite_memory

CASE rip_relative, avoids=3
    vmread  %rdx, rip_page + 0x10(%rip)
    mov     rip_page + 0x10(%rip), %r8
    vmwrite rip_page + 0x18(%rip), %rcx
    incq    rip_page + 0x20(%rip)
    vmread  %rcx, rip_page + 0x28(%rip)
    vmread  %rbx, %r9
END rip_relative

/* Segments with a base; DS and SS have none in 64-bit mode, whatever the prefix. */
CASE fs_and_gs_relative, avoids=4
    vmread  %rdx, %gs:0x10
    mov     %gs:0x10, %r8
    vmwrite %gs:0x18(, %r12, 8), %rcx
    add     %r8, %fs:0x20
    vmread  %rcx, %fs:0x28
    .byte   0x3e
    vmread  %rbx, (%rdi)
    vmread  %rbx, %r9
END fs_and_gs_relative

/*
 * An address size of 32 bits: the gap's is bridged, VMREAD's own is not (the stock path
 * stores 4 bytes).
 */
CASE address_size_32, avoids=2
    vmread  %rdx, %rax
    mov     0x10(%edi), %r8
    mov     %r8, 0x20(%edi, %r12d, 4)
    vmread  %rcx, %r9
    vmread  %rbx, 0x40(%edi)
    vmread  %rcx, %r10
    vmread  %rbx, %r11
END address_size_32

/* 16, 32 and 64 bits, the high half of a field, and what stock Xen calls read-only. */
CASE field_widths, avoids=12
    mov     $GUEST_ES_SELECTOR, %ecx
    mov     $TSC_OFFSET, %edx
    mov     $TSC_OFFSET_HIGH, %ebx
    mov     $EXCEPTION_BITMAP, %ebp
    vmwrite %rax, %rcx
    vmwrite %rax, %rdx
    vmwrite %r8, %rbx
    vmwrite %rax, %rbp
    vmwrite %rax, %r15
    vmread  %rcx, %r9
    vmread  %rdx, %r10
    vmread  %rbx, %r11
    vmread  %rbp, %r12
    vmread  %r15, %r13
    vmread  %rbx, (%rdi)
    vmread  %rcx, 8(%rdi)
    vmread  %rbp, 16(%rdi)
END field_widths

/* No field has these numbers; whatever the stock path says of them is right. */
CASE bogus_fields
    mov     $0x7abe, %ecx
    mov     $0x3000681e, %edx
    movabs  $0x1000000681e, %rbx
    vmwrite %rax, %rcx
    pushfq
    vmread  %rcx, %r9
    pushfq
    vmread  %rdx, %r10
    pushfq
    vmread  %rbx, %r11
    pushfq
END bogus_fields

/* The same in a cluster. */
CASE bogus_fields_in_a_row, avoids=3
    mov     $0x7abe, %ecx
    mov     $0x3000681e, %edx
    movabs  $0x1000000681e, %rbx
    vmwrite %rax, %rcx
    vmread  %rcx, %r9
    vmread  %rdx, %r10
    vmread  %rbx, %r11
    pushfq
END bogus_fields_in_a_row

/* VMREAD clears the arithmetic flags, which compilers test by JBE: not taken. */
CASE flags_of_vmread, avoids=2
    xor     %r8d, %r8d
    stc
    vmread  %rdx, %rax
    jbe     1f
    mov     $1, %r8d
    cmp     %r8, %r8
    vmread  %rcx, %rax
    seta    %r9b
    vmread  %rbx, %rax
    jbe     1f
    mov     $2, %r8d
1:  pushfq
END flags_of_vmread

/* ... and no other flag: DF, AC, ID. */
CASE other_flags_stay, avoids=1
    pushq   $0x240c42 | 0x80
    popfq
    vmread  %rdx, %rax
    vmread  %rcx, %r8
END other_flags_stay

/* L1 stores into the VMCS page itself between two reads (stock Xen has no other place for it). */
CASE store_into_vmcs, avoids=2
    mov     $vmcs_page, %esi
    vmread  %rdx, %r8
    mov     %rax, 3704(%rsi)
    vmread  %rdx, %r9
    vmread  %rcx, %r10
END store_into_vmcs

    .section .bss.rip_page, "aw", @nobits
    .balign 4096
    .globl rip_page
rip_page:
    .skip   4096
