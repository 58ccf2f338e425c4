/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reflected.h - an L1 that handles exits of its L2 one after the other and does not return from
 * its handler in between, as hypervisors do; for C and assembly.
 *
 * With GUEST_RIP at an L2 that says VMCALL again and again and HOST_RIP at reflected_entry,
 * vmx_enter() returns behind reflected_rounds exits, or at an exit for another reason than
 * VMCALL, UD2, an interrupt, a window, or the preemption timer.  In each round L1 calls
 * reflected_action, and comes to reflected_next.  None of it has to leave
 * the region that begins at HOST_RIP, but for the actions that say so.
 *
 * With HOST_RIP at reflected_timer_entry only interrupts count as rounds, and there is no action:
 * each starts L1's APIC timer again, of b ticks, to which c is added each time.  Behind the last
 * one it is a VMCALL that ends it, since an interrupt comes anywhere.
 */
#ifndef VMCS_REFLECTED_H
#define VMCS_REFLECTED_H

#ifndef __ASSEMBLER__
#include "layout.h"

extern const char reflected_entry[], reflected_timer_entry[], reflected_next[];
extern uint64_t reflected_rounds;           /* left */
extern void (*reflected_action)(void);
extern uint64_t reflected_a, reflected_b, reflected_c;      /* its arguments */
extern uint64_t reflected_eptp[2];          /* INVEPT's descriptor */
extern uint64_t reflected_sum;              /* of all that the actions found */

/* Actions.  Where they write b, it is XORed with c behind that. */
extern void reflected_nothing(void);
extern void reflected_natively(void);       /* reads CR0: L1 is entered for that */
extern void reflected_seldom_natively(void);    /* the same in each fourth round */
extern void reflected_gs(void), reflected_fs(void);     /* reads by that segment */
extern void reflected_rdmsr(void), reflected_wrmsr(void);   /* MSR a; b */
extern void reflected_vmread(void);         /* field a, then VM_INSTRUCTION_ERROR */
extern void reflected_vmwrite(void);        /* field a; b */
extern void reflected_vmwrite_gs(void);     /* HOST_GS_BASE; b; then reads by GS, and its base */
extern void reflected_seldom_wrmsr(void);   /* the same as wrmsr in each fourth round */
extern void reflected_invept(void);         /* XORs the EPT entry at a with c; type b, reflected_eptp */
/* Reads at b, behind or before which it XORs the page-table entry at a with c. */
extern void reflected_move(void);           /* in each round, and invalidates nothing */
extern void reflected_seldom_move(void);    /* in each fourth, and L1 is entered for INVLPG */
extern void reflected_verw(void);           /* selector a */
extern void reflected_invvpid(void);        /* type a */
extern void reflected_cpuid(void);          /* leaf 0 */
extern void reflected_sti(void);            /* interrupts are open for an instruction */
#endif

#endif /* VMCS_REFLECTED_H */
