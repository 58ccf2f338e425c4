/* SPDX-License-Identifier: GPL-2.0-only */
#include "controls.h"
#include "fields.h"
#include "machine.h"

/* The high half says which bits may be 1, the low one which have to be. */
static struct {
    uint32_t field, msr;
    uint64_t allowed;
} controls[] = {
    { PIN_BASED_VM_EXEC_CONTROL, 0x48d, 0 },    /* IA32_VMX_TRUE_... */
    { CPU_BASED_VM_EXEC_CONTROL, 0x48e, 0 },
    { VM_EXIT_CONTROLS, 0x48f, 0 },
    { VM_ENTRY_CONTROLS, 0x490, 0 },
    { SECONDARY_VM_EXEC_CONTROL, 0x48b, 0 },
};

enum { NR_CONTROLS = sizeof(controls) / sizeof(controls[0]) };

void controls_init(void)
{
    unsigned int i;

    for (i = 0; i < NR_CONTROLS; i++)
        controls[i].allowed = read_msr(controls[i].msr);
}

uint32_t controls_allowed(uint32_t field, uint32_t wanted)
{
    unsigned int i;

    for (i = 0; i < NR_CONTROLS; i++)
        if (controls[i].field == field)
            return (wanted | (uint32_t)controls[i].allowed) & controls[i].allowed >> 32;
    return 0;
}
