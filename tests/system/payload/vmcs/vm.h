/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vm.h - a VMCS with the L2 that it runs.
 *
 * Order: vm_reset(), which makes its VMCS current; vm_begin(), vm_order() for each operation, then
 * vm_enter() and, after an exit, vm_go_on(), again and again.  All but vm_order() want
 * its VMCS to be current.
 */
#ifndef VMCS_VM_H
#define VMCS_VM_H

#include "l2.h"
#include "look.h"
#include "machine.h"

enum { L2_STACK_SIZE = 2048 };

/* Basic exit reasons (SDM vol. 3, appendix C) that need more than going on behind. */
enum {
    EXIT_REASON_EXCEPTION_NMI = 0, EXIT_REASON_EXTERNAL_INTERRUPT = 1,
    EXIT_REASON_INTERRUPT_WINDOW = 7, EXIT_REASON_NMI_WINDOW = 8, EXIT_REASON_VMCALL = 18,
    EXIT_REASON_MONITOR_TRAP_FLAG = 37, EXIT_REASON_TPR_BELOW_THRESHOLD = 43,
    EXIT_REASON_PREEMPTION_TIMER = 52,
};

struct vm {
    struct l2 l2;
    struct registers registers;     /* L2's, while it does not run */
    uint64_t region;                /* its VMCS */
    unsigned int nr_orders;
    bool ept, launched;
    struct look look;               /* as it was last told */
    uint8_t stack[L2_STACK_SIZE] __attribute__((aligned(16)));
};

enum { NR_VMS = 4 };
extern struct vm vms[NR_VMS];

/* What every region begins with: the revision identifier. */
uint32_t vm_revision(void);

/* Regions that no VM uses: one with that revision, one with a wrong one. */
enum { VM_WRONG_REVISION = 0x2a };      /* XOR */
extern struct vmcs_page vm_spare_region, vm_wrong_region;

/* Once, in VMX operation. */
void vm_init(void);

/* VMCLEAR, an empty region, VMPTRLD, and all fields of a plain 64-bit L2 at CPL 0. */
void vm_reset(struct vm *vm, bool ept);

/* VMPTRLD of it. */
void vm_load(const struct vm *vm);

/* L2 is to run from the start, with no orders yet. */
void vm_begin(struct vm *vm);
void vm_order(struct vm *vm, void (*op)(void), uint64_t a, uint64_t b);

/* GUEST_RIP and GUEST_RSP of that start. */
void vm_set_start(struct vm *vm);

/* VMLAUNCH or VMRESUME, whichever is right.  As vmx_enter(). */
uint32_t vm_enter(struct vm *vm);

/*
 * Behind an exit for @reason: what made L2 exit is switched off, or it goes on behind the
 * instruction.
 */
void vm_go_on(struct vm *vm, uint32_t reason);

/* All of its orders have been carried out. */
bool vm_is_done(const struct vm *vm, uint32_t reason);

#endif /* VMCS_VM_H */
