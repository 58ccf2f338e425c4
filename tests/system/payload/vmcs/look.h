/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * look.h - text about a VM that has just exited: all fields of its VMCS, what L1 finds in its own
 * registers, what L2 saw and did; only what differs from what was last told of this VM.
 */
#ifndef VMCS_LOOK_H
#define VMCS_LOOK_H

#include "fields.h"
#include "l2.h"

enum look_l1 {
    L1_RFLAGS, L1_CR0, L1_CR3, L1_CR4, L1_ES, L1_CS, L1_SS, L1_DS, L1_FS, L1_GS, L1_TR,
    L1_GDTR, L1_GDTR_LIMIT, L1_IDTR, L1_IDTR_LIMIT, L1_FS_BASE, L1_GS_BASE, L1_SYSENTER_CS,
    L1_SYSENTER_ESP, L1_SYSENTER_EIP, L1_PAT, L1_EFER, L1_WORDS,
};

struct look {
    uint64_t field[NR_FIELDS];
    uint64_t l1[L1_WORDS];
    uint64_t l2[L2_ORDERS / 8];     /* struct l2, up to the orders */
    struct registers registers;
};

struct vm;

/*
 * Which fields this processor lets L1 read, of the current VMCS.  The others are left out
 * from then on, as VMREAD of them changes VM_INSTRUCTION_ERROR.  Says which.
 */
void look_init(void);
bool look_can_read(unsigned int index);

/*
 * With VMCS shadowing an access to what is no field fails without L0, and the emulator puts the
 * error number where L1 does not find it; without, stock Xen takes it for some field.
 */
extern bool look_is_strict;

/*
 * Fields are read where VMREAD of a hypervisor would read them (false), or behind another
 * VMPTRLD, when nothing of the VMCS is elsewhere any more (true).
 */
extern bool look_late;

/* " NAME=value" */
void look_say(const char *name, uint64_t value);

/* A line each, none if nothing is new.  @vm's VMCS is current. */
void look_at_fields(struct vm *vm);
void look_at_l1(struct vm *vm);
void look_at_l2(struct vm *vm);

/* A number that stands for all fields, or for all that look_at_l1() and look_at_l2() tell. */
uint64_t look_sum_of_fields(const struct vm *vm);
uint64_t look_sum_of_registers(const struct vm *vm);

/* FNV-1a's step for a word. */
static inline uint64_t look_add(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * 0x100000001b3;
}

#define LOOK_SUM_START 0xcbf29ce484222325ull

#endif /* VMCS_LOOK_H */
