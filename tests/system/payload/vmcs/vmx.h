/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmx.h - the VMX instructions, and what they say.
 *
 * All but vmx_read() and vmx_write(), which are made as a hypervisor makes them, find every
 * arithmetic flag set and return those that are set behind them: 0 for VMsucceed,
 * VMX_FAIL_INVALID, VMX_FAIL_VALID, or something that no processor should say.
 */
#ifndef VMCS_VMX_H
#define VMCS_VMX_H

#include "layout.h"

enum {
    VMX_FAIL_INVALID = 1,       /* CF: there is no current VMCS */
    VMX_FAIL_VALID = 0x40,      /* ZF: VM_INSTRUCTION_ERROR says why */
};

/* What INVEPT and INVVPID find in memory. */
struct vmx_descriptor {
    uint64_t low, high;
};

/* CF and ZF only.  @value is left alone when it fails. */
uint32_t vmx_read(uint64_t field, uint64_t *value);
uint32_t vmx_write(uint64_t field, uint64_t value);

/* The field's value, or all ones. */
uint64_t vmx_value(uint64_t field);
/* The same of @n @fields, one right behind the other. */
void vmx_values(const uint32_t *fields, unsigned int n, uint64_t *values);

/* Regions are named by their address, which is kept in memory. */
uint32_t vmx_on(uint64_t region);
uint32_t vmx_off(void);
uint32_t vmx_ptrld(uint64_t region);
uint32_t vmx_clear(uint64_t region);
uint32_t vmx_ptrst(uint64_t *region);
uint32_t vmx_invept(uint64_t type, const struct vmx_descriptor *descriptor);
uint32_t vmx_invvpid(uint64_t type, const struct vmx_descriptor *descriptor);

/*
 * enter.S: VMLAUNCH or VMRESUME with @registers (but RSP and RFLAGS); 0 when L2 ran and L1 was
 * entered again by vmx_exit_entry, which HOST_RIP has to be, with a stack for a few words.
 * @registers are then L2's, and vmx_rflags_at_exit is what L1 found.
 */
uint32_t vmx_enter(struct registers *registers, bool launch);
/* The same behind a MOV to SS. */
uint32_t vmx_enter_in_shadow(struct registers *registers, bool launch);
extern const char vmx_exit_entry[];
extern uint64_t vmx_rflags_at_exit;

#endif /* VMCS_VMX_H */
