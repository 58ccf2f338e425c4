/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * l2.h - what an L2 is made of, for C and assembly.
 *
 * An L2 runs ORDERS one after the other: calls of the operations l2_op_... with two
 * arguments each.  Then it says L2_DONE by VMCALL, again and again.  It keeps the address of
 * its struct l2 in RBP.
 *
 * An instruction that may exit or trap has, before, put into @resume where it goes on behind
 * it.  There L1 sends it after an exit; there go L2's own trap handlers, which only write
 * down what happened, without IRET.
 */
#ifndef VMCS_L2_H
#define VMCS_L2_H

#include "layout.h"

/* Offsets in struct l2. */
#define L2_RESUME_RIP   0
#define L2_RESUME_RSP   8
#define L2_RFLAGS       16
#define L2_ENTRY_RSP    24
#define L2_RESULT       32
#define L2_TRAPS        48
#define L2_VECTOR       56
#define L2_ERROR        64
#define L2_TRAP_RIP     72
#define L2_TRAP_RFLAGS  80
#define L2_VIEW         88
#define L2_ORDERS       344

/* Qwords of the view; see view_names in guest.c. */
#define L2_VIEW_WORDS   32
#define L2_MAX_ORDERS   8

/* RAX of the last VMCALL. */
#define L2_DONE         0x646f6e65

/* Vectors that L2's handlers know; the last one is open to CPL 3. */
#define L2_VECTORS      0x81
#define L2_USER_VECTOR  0x80
/* Bytes from one vector's entry to the next. */
#define L2_TRAP_ENTRY   16

/* L2's selectors. */
#define L2_CODE         0x08
#define L2_DATA         0x10
#define L2_USER_DATA    (0x18 | 3)
#define L2_USER_CODE    (0x20 | 3)
#define L2_TSS          0x28
#define L2_OTHER_TSS    0x38
#define L2_LDT          0x48
#define L2_CODE_32      0x58
#define L2_DATA_32      0x60

#ifndef __ASSEMBLER__
struct l2_order {
    void (*op)(void);           /* NULL: no more of them */
    uint64_t a, b;
};

struct l2 {
    uint64_t resume_rip, resume_rsp;
    uint64_t rflags, entry_rsp;         /* what it was entered with */
    uint64_t result[2];                 /* of operations that have one */
    uint64_t traps;                     /* so many; of the last one: */
    uint64_t vector, error, trap_rip, trap_rflags;
    uint64_t view[L2_VIEW_WORDS];       /* filled in by l2_op_look */
    struct l2_order orders[L2_MAX_ORDERS + 1];
};

_Static_assert(offsetof(struct l2, result) == L2_RESULT, "L2_RESULT");
_Static_assert(offsetof(struct l2, trap_rflags) == L2_TRAP_RFLAGS, "L2_TRAP_RFLAGS");
_Static_assert(offsetof(struct l2, view) == L2_VIEW, "L2_VIEW");
_Static_assert(offsetof(struct l2, orders) == L2_ORDERS, "L2_ORDERS");

/* GUEST_RIP of an L2 in 64-bit mode at CPL 0, with a stack and RDI its struct l2. */
extern const char l2_start[];
/* The same at CPL 3; CPUID, then INT 0x80. */
extern const char l2_user[];
/* In compatibility or 32-bit mode: reads a word by each segment, see l2_ops.S; then VMCALL. */
extern const char l2_start_32[];
/* Entries of L2_VECTORS handlers. */
extern const char l2_trap_entries[];
/* The L2 that runs: its handlers want to know. */
extern struct l2 *l2_current;

/* Operations; arguments in the order a, b where they have any. */
extern void l2_op_look(void);           /* see all */
extern void l2_op_es(void), l2_op_ss(void), l2_op_ds(void), l2_op_fs(void), l2_op_gs(void);
extern void l2_op_lldt(void), l2_op_ltr(void);
extern void l2_op_lgdt(void), l2_op_lidt(void);         /* address of a pseudo-descriptor */
extern void l2_op_rdmsr(void), l2_op_wrmsr(void);       /* MSR, value */
extern void l2_op_cr0(void), l2_op_cr4(void);           /* bits to be turned over */
extern void l2_op_cr3(void), l2_op_read_cr3(void);
extern void l2_op_cr8(void), l2_op_read_cr8(void);
extern void l2_op_clts(void), l2_op_lmsw(void);
extern void l2_op_dr7(void);
extern void l2_op_flags(void);          /* RFLAGS, at a CPUID */
extern void l2_op_iret(void);           /* ends blocking by NMI */
extern void l2_op_user(void);           /* goes to CPL 3: CPUID, INT 0x80 */
extern void l2_op_sti_cpuid(void), l2_op_mov_ss_cpuid(void), l2_op_mov_ss_tf_cpuid(void);
extern void l2_op_step(void);           /* a single step: #DB */
extern void l2_op_cpuid(void);          /* leaf; nothing of what it says is kept */
extern void l2_op_vmcall(void), l2_op_hlt(void), l2_op_pause(void), l2_op_invd(void);
extern void l2_op_wbinvd(void), l2_op_xsetbv(void), l2_op_monitor(void), l2_op_mwait(void);
extern void l2_op_rdtsc(void);          /* result: the highest byte */
extern void l2_op_rdpmc(void), l2_op_invlpg(void);
extern void l2_op_in(void), l2_op_out(void);            /* port, value; what is read is not kept */
extern void l2_op_fnop(void);           /* #NM where CR0.TS or CR0.EM is set */
extern void l2_op_ud2_on(void);         /* without end; result: how often */
extern void l2_op_load_on(void);        /* address; loads and VMCALLs without end; result: of all loads */
extern void l2_op_ud2(void), l2_op_int3(void), l2_op_int80(void), l2_op_divide(void);
extern void l2_op_not_canonical(void);                  /* #GP */
extern void l2_op_load(void), l2_op_store(void);        /* address, value: #PF, EPT violation */
extern void l2_op_stack_load(void);                     /* by SS: #SS where it is not canonical */
extern void l2_op_vmread(void), l2_op_vmptrld(void), l2_op_vmresume(void), l2_op_invept(void);
extern void l2_op_triple_fault(void);
#endif

#endif /* VMCS_L2_H */
