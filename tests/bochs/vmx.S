/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmx.S - a hypervisor of a few instructions, so that every count is known beforehand.
 *
 * One page of memory each for VMXON and two VMCSs, A and B.  Root and guests share the
 * page tables, the descriptors and the code segment.  What the lab must count in
 * each window is derived beside the code, with the names that check.sh uses:
 *
 *   l0, dom0, l1, l2  instructions
 *
 * Registers: root uses RAX and RCX only while a guest runs; R12 is the guests' counter.
 */
#include "lab.inc"

        .set    VMXON_REGION, 0x50000
        .set    VMCS_A, 0x51000
        .set    VMCS_B, 0x52000
        .set    TSS, 0x60000
        .set    HOST_STACK, 0x7c00
        .set    GUEST_STACK, 0x7000
        .set    USER_STACK, 0x6000

        .set    CPUIDS, 100             /* exits of window "cpuid" */
        .set    ROUNDS, 50              /* rounds of L2 in window "nested" */
        .set    MIXED_ROUNDS, 4         /* rounds of L2 in window "mixed", half of them odd */
        .set    USER_LOOPS, 1000        /* of window "dom0" */

        .set    EXIT_EXTERNAL_INTERRUPT, 1
        .set    EXIT_CPUID, 10
        .set    EXIT_INVD, 13
        .set    EXIT_VMCALL, 18
        .set    EXIT_VMLAUNCH, 20
        .set    EXIT_VMREAD, 23
        .set    EXIT_VMRESUME, 24

        .set    PIN_CONTROLS, 0x4000
        .set    PROC_CONTROLS, 0x4002
        .set    EXIT_CONTROLS, 0x400c
        .set    ENTRY_CONTROLS, 0x4012
        .set    EXIT_REASON, 0x4402
        .set    GUEST_CR0, 0x6800
        .set    GUEST_CR3, 0x6802
        .set    GUEST_CR4, 0x6804
        .set    GUEST_RIP, 0x681e
        .set    HOST_CR0, 0x6c00
        .set    HOST_CR3, 0x6c02
        .set    HOST_CR4, 0x6c04
        .set    HOST_RIP, 0x6c16

        .globl  main

.macro result
        mov     %rax, (%rbx)
        add     $8, %rbx
.endm

.macro write_field field, value
        mov     $\field, %eax
        mov     \value, %rcx
        vmwrite %rcx, %rax
.endm

        /* 4 instructions: the exiting instruction of the guest is done. */
.macro skip_instruction length
        mov     $GUEST_RIP, %eax
        vmread  %rax, %rcx
        add     $\length, %rcx
        vmwrite %rcx, %rax
.endm

        /* TSC as of here: the jump ends Bochs' trace, which brings the clock up to date. */
.macro read_tsc
        jmp     1f
1:      rdtsc
        shl     $32, %rdx
        or      %rdx, %rax
        result
.endm

        .code64
main:
        mov     $results, %ebx
        call    enable_vmx

        /*
         * Window "parts", of which check.sh names part_outer and part_inner to the emulator.
         * Each of 3 calls: outer 5, inner 2.
         * l0: 1 + 3 * (1 + 7 + 2) + MARK_SETUP
         */
        mark    LAB_OPEN, n_parts
        mov     $3, %ecx
1:      call    part_outer
        dec     %ecx
        jnz     1b
        mark    LAB_CLOSE, n_parts

        /*
         * Window "cpuid".  l1: 1 + 3 * CPUIDS + 1.  l0: the VMLAUNCH, 9 for each CPUID,
         * 4 for the HLT, MARK_SETUP.  TSC before and after: results 0 and 1.
         */
        mov     $VMCS_A, %eax
        mov     $guest_cpuid, %edx
        mov     $exit_cpuid, %esi
        call    make_vmcs
        read_tsc
        mark    LAB_OPEN, n_cpuid
        vmlaunch
        jmp     failed
exit_cpuid:
        mov     $EXIT_REASON, %eax
        vmread  %rax, %rcx
        cmp     $EXIT_CPUID, %ecx
        jne     1f
        skip_instruction 2
        vmresume
1:      mark    LAB_CLOSE, n_cpuid
        read_tsc

        /* Window "guest", opened and closed by the guest.  l1: 1 + MARK_SETUP, l0: 9. */
        write_field GUEST_RIP, $guest_marks
        write_field HOST_RIP, $exit_guest
        vmresume
exit_guest:
        mov     $EXIT_REASON, %eax
        vmread  %rax, %rcx
        cmp     $EXIT_CPUID, %ecx
        jne     nested
        skip_instruction 2
        vmresume

        /*
         * Window "nested": A is L1, B is L2; root plays L0 and reflects CPUID to L1.
         * Each round: reflection 19 + 9 + 8 in l0 and 5 in l1, then a VMCALL that ends in L0: 17.
         * Of the reflection l0 has 19 until L1 runs, and 8 from L1's last exit, the VMRESUME,
         * until L2 runs.
         * l0: 1 + 10 + ROUNDS * (19 + 9 + 8 + 17) + 12 + MARK_SETUP
         * l1: 1 + ROUNDS * 5
         * l2: 1 + ROUNDS * 4 + 1
         */
nested:
        mov     $VMCS_B, %eax
        mov     $guest_l2, %edx
        mov     $exit_nested, %esi
        call    make_vmcs
        mov     $VMCS_A, %eax
        mov     $guest_l1, %edx
        mov     $exit_nested, %esi
        call    make_vmcs
        mark    LAB_OPEN, n_nested
        vmlaunch
        jmp     failed
exit_nested:
        mov     $EXIT_REASON, %eax
        vmread  %rax, %rcx
        cmp     $EXIT_VMREAD, %ecx
        je      emulate_vmread
        cmp     $EXIT_VMRESUME, %ecx
        je      enter_l2
        cmp     $EXIT_VMLAUNCH, %ecx
        je      launch_l2
        cmp     $EXIT_CPUID, %ecx
        je      reflect
        cmp     $EXIT_VMCALL, %ecx
        je      handle_vmcall
        mark    LAB_CLOSE, n_nested
        jmp     mixed

emulate_vmread:                         /* 4 + 5 */
        skip_instruction 3
        vmresume
enter_l2:                               /* 6 + 2 */
        vmptrld b_address
        vmresume
launch_l2:                              /* 8 + 2 */
        vmptrld b_address
        vmlaunch
reflect:                                /* 10 + 9 */
        skip_instruction 2
        vmptrld a_address
        write_field GUEST_RIP, $guest_l1_handler
        vmresume
handle_vmcall:                          /* 12 + 5 */
        skip_instruction 3
        vmresume

        /*
         * Window "mixed": the same L1 and L2, but L0 does what L1 would, without entering it,
         * after every INVD and in odd rounds after CPUID; check.sh may name `reflected` to
         * the emulator as what tells.  VMCALL ends in L0.
         * Each round: in even ones a reflection of 23 + 9 + 8 in l0, 23 of them until L1 runs
         * and 8 from its last exit, and 5 in l1; in odd ones 24 in l0; and INVD 20, VMCALL 13.
         * Of what L0 does for L1, acting_for_l1 is 4, in MIXED_ROUNDS * 3 / 2 calls.
         * l0: 1 + MIXED_ROUNDS / 2 * (40 + 24) + MIXED_ROUNDS * (20 + 13) + 12 + MARK_SETUP
         * l1: MIXED_ROUNDS / 2 * 5
         * l2: 1 + MIXED_ROUNDS * 5 + 1
         */
mixed:
        write_field GUEST_RIP, $guest_l2_mixed
        write_field HOST_RIP, $exit_mixed
        vmptrld a_address
        write_field HOST_RIP, $exit_mixed
        vmptrld b_address
        mark    LAB_OPEN, n_mixed
        vmresume
        jmp     failed
exit_mixed:
        mov     $EXIT_REASON, %eax
        vmread  %rax, %rcx
        cmp     $EXIT_VMREAD, %ecx
        je      emulate_vmread          /* 4 + 5 */
        cmp     $EXIT_VMRESUME, %ecx
        je      enter_l2                /* 6 + 2 */
        cmp     $EXIT_VMCALL, %ecx
        je      handle_vmcall           /* 8 + 5 */
        cmp     $EXIT_INVD, %ecx
        je      act_for_l1              /* 10 + 10 */
        cmp     $EXIT_CPUID, %ecx
        jne     mixed_done              /* 12 */
        test    $1, %r12d
        jz      reflect                 /* 14 + 9 */
act_for_l1:                             /* 14 + 10, acting_for_l1 among them */
        skip_instruction 2
        call    acting_for_l1
        vmresume
mixed_done:
        mark    LAB_CLOSE, n_mixed

        /*
         * Window "spinning": a guest that never leaves by itself and has interrupts off; the
         * timer makes it exit.  Result 2: its rounds of 2 instructions.  l0: 1 + MARK_SETUP.
         */
spinning:
        mov     $VMCS_A, %eax
        mov     $guest_spin, %edx
        mov     $exit_spin, %esi
        call    make_vmcs
        xor     %r12d, %r12d
        call    start_timer
        mark    LAB_OPEN, n_spinning
        vmlaunch
        jmp     failed
exit_spin:
        mark    LAB_CLOSE, n_spinning
        mov     %r12, %rax
        result
        mov     $EXIT_REASON, %eax
        vmread  %rax, %rax
        result                          /* result 3: EXIT_EXTERNAL_INTERRUPT */

        /*
         * Window "dom0": root at CPL 3 and back by INT.  l0: 6 + MARK_SETUP,
         * dom0: 1 + 2 * USER_LOOPS + 2 * (MARK_SETUP + 1) + 10 + 1.
         * Window "user" inside it.  dom0: 10 + MARK_SETUP.
         */
        lidt    idt_pointer
        mov     $HOST_STACK, %eax
        mov     %rax, TSS + 4
        mark    LAB_OPEN, n_dom0
        push    $0x1b
        push    $USER_STACK
        push    $2
        push    $0x23
        push    $user
        iretq
user_done:
        mark    LAB_CLOSE, n_dom0

        /* Window "timer": the same, left by an interrupt.  Result 4: rounds of 2 instructions. */
        mov     $HOST_STACK, %esp
        xor     %r12d, %r12d
        call    start_timer
        mark    LAB_OPEN, n_timer
        push    $0x1b
        push    $USER_STACK
        push    $0x202
        push    $0x23
        push    $user_spin
        iretq
timer_interrupt:
        mark    LAB_CLOSE, n_timer
        mov     %r12, %rax
        result
        xor     %r9d, %r9d
        jmp     finish
failed:
        mov     $1, %r9d
finish:
        mov     %r9, %r13
        move    LAB_PUT, n_results, results, RESULTS_SIZE, 0
        mov     %r13, %r9
        mark    LAB_EXIT, n_results
        hlt

        /* ---- the guests ---- */

guest_cpuid:
        mov     $CPUIDS, %r12d
1:      cpuid
        dec     %r12d
        jnz     1b
        hlt

guest_marks:
        mark    LAB_OPEN, n_guest
        cpuid
        mark    LAB_CLOSE, n_guest
        hlt

guest_l1:
        vmlaunch
guest_l1_handler:                       /* three instructions, for paths.expected */
        push    %rdx
        addl    $1, (%rsp)
        pop     %r15
        vmread  %rax, %rcx
        vmresume

guest_l2:
        mov     $ROUNDS, %r12d
1:      cpuid
        vmcall
        dec     %r12d
        jnz     1b
        hlt

guest_l2_mixed:
        mov     $MIXED_ROUNDS, %r12d
1:      cpuid
        invd
        vmcall
        dec     %r12d
        jnz     1b
        hlt

guest_spin:
        inc     %r12
        jmp     guest_spin

user:
        mov     $USER_LOOPS, %ecx
1:      dec     %ecx
        jnz     1b
        mark    LAB_OPEN, n_user
        .fill   10, 1, 0x90
        mark    LAB_CLOSE, n_user
        int     $0x80

user_spin:
        inc     %r12
        jmp     user_spin

        /* ---- preparations, in no window ---- */

enable_vmx:
        mov     $0x3a, %ecx             /* IA32_FEATURE_CONTROL */
        rdmsr
        test    $1, %al
        jnz     1f
        mov     $5, %eax
        xor     %edx, %edx
        wrmsr
1:      mov     %cr4, %rax
        or      $0x2000, %eax
        mov     %rax, %cr4
        call    revision
        mov     %eax, VMXON_REGION
        vmxon   vmxon_address
        ret

        .globl  part_outer, part_inner
part_outer:
        nop
        call    part_inner
        nop
        jmp     1f                      /* out and back by jumps: no call, no return */
1:      ret
part_inner:
        nop
        ret

        .globl  acting_for_l1, reflected
acting_for_l1:
        call    reflected
        ret
reflected:
        nop
        ret

revision:
        mov     $0x480, %ecx            /* IA32_VMX_BASIC */
        rdmsr
        ret

        /* EAX: VMCS, EDX: guest's RIP, ESI: host's RIP.  Leaves it current and clear. */
make_vmcs:
        mov     %rax, vmcs_address
        mov     %edx, %edi
        mov     %eax, %ebp
        vmclear vmcs_address
        call    revision
        mov     %eax, (%rbp)
        vmptrld vmcs_address
        mov     $fields, %ebp
1:      mov     (%rbp), %eax
        mov     4(%rbp), %ecx
        vmwrite %rcx, %rax
        add     $8, %ebp
        cmp     $fields_end, %ebp
        jb      1b
        mov     $controls, %ebp
2:      mov     8(%rbp), %ecx           /* capability MSR: what must be 1 is in the low half */
        rdmsr
        or      4(%rbp), %eax
        mov     %eax, %ecx
        mov     (%rbp), %eax
        vmwrite %rcx, %rax
        add     $12, %ebp
        cmp     $controls_end, %ebp
        jb      2b
        write_field 0x2800, $-1         /* VMCS link pointer */
        mov     %cr0, %rdx
        write_field GUEST_CR0, %rdx
        write_field HOST_CR0, %rdx
        mov     %cr3, %rdx
        write_field GUEST_CR3, %rdx
        write_field HOST_CR3, %rdx
        mov     %cr4, %rdx
        write_field GUEST_CR4, %rdx
        write_field HOST_CR4, %rdx
        write_field GUEST_RIP, %rdi
        write_field HOST_RIP, %rsi
        ret

        /*
         * PIT channel 0, one shot, about 1 ms; only IRQ 0 comes through.  The PIC is set up
         * anew: it may still hold an interrupt that nobody has taken.
         */
start_timer:
        mov     $0x11, %al
        out     %al, $0x20
        mov     $8, %al
        out     %al, $0x21
        mov     $4, %al
        out     %al, $0x21
        mov     $1, %al
        out     %al, $0x21
        mov     $0xfe, %al
        out     %al, $0x21
        mov     $0x30, %al
        out     %al, $0x43
        mov     $0xa9, %al
        out     %al, $0x40
        mov     $0x04, %al
        out     %al, $0x40
        ret

        .balign 8
vmxon_address:  .quad   VMXON_REGION
vmcs_address:   .quad   0
a_address:      .quad   VMCS_A
b_address:      .quad   VMCS_B

        /* Field, bits wanted, capability MSR. */
controls:
        .long   PIN_CONTROLS, 1 << 0, 0x481             /* external-interrupt exiting */
        .long   PROC_CONTROLS, 1 << 7, 0x482            /* HLT exiting */
        .long   EXIT_CONTROLS, 1 << 9, 0x483            /* host is 64-bit */
        .long   ENTRY_CONTROLS, 1 << 9, 0x484           /* guest is 64-bit */
controls_end:

        /* Field, value; what is not here stays 0. */
fields:
        .long   0x800, 0x10, 0x802, 8, 0x804, 0x10, 0x806, 0x10         /* ES CS SS DS */
        .long   0x808, 0x10, 0x80a, 0x10, 0x80e, 0x30                   /* FS GS TR */
        .long   0xc00, 0x10, 0xc02, 8, 0xc04, 0x10, 0xc06, 0x10         /* the host's */
        .long   0xc08, 0x10, 0xc0a, 0x10, 0xc0c, 0x30
        .long   0x4800, -1, 0x4802, -1, 0x4804, -1, 0x4806, -1          /* limits */
        .long   0x4808, -1, 0x480a, -1, 0x480e, 0x67, 0x4810, 0x3f, 0x4812, 0xfff
        .long   0x4814, 0xc093, 0x4816, 0xa09b, 0x4818, 0xc093          /* access rights */
        .long   0x481a, 0xc093, 0x481c, 0xc093, 0x481e, 0xc093
        .long   0x4820, 0x10000, 0x4822, 0x8b
        .long   0x6814, TSS, 0x6816, gdt, 0x6818, idt, 0x681a, 0x400
        .long   0x681c, GUEST_STACK, 0x6820, 2
        .long   0x6c0a, TSS, 0x6c0c, gdt, 0x6c0e, idt, 0x6c14, HOST_STACK
fields_end:

idt_pointer:
        .word   0x81 * 16 - 1
        .quad   idt
        .balign 16
idt:    .fill   8 * 16, 1, 0
        .word   timer_interrupt, 8, 0x8e00, 0           /* IRQ 0, where the BIOS put it */
        .quad   0
        .fill   (0x80 - 9) * 16, 1, 0
        .word   user_done, 8, 0xee00, 0                 /* INT 0x80, from CPL 3 */
        .quad   0

name    n_parts, "parts"
name    n_cpuid, "cpuid"
name    n_guest, "guest"
name    n_nested, "nested"
name    n_mixed, "mixed"
name    n_spinning, "spinning"
name    n_dom0, "dom0"
name    n_user, "user"
name    n_timer, "timer"
name    n_results, "results"

        .balign 8
results:
        .fill   5, 8, 0
        .set    RESULTS_SIZE, . - results
