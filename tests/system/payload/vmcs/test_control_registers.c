/* SPDX-License-Identifier: GPL-2.0-only */
/* CR0, CR3 and CR4 of L2: who owns which bit, what L2 reads, what its writes do. */
#include "tests.h"
#include "controls.h"
#include "report.h"
#include "run.h"
#include "vmx.h"
#include "world.h"

enum {
    CR0_MP = 1 << 1, CR0_TS = 1 << 3, CR0_WP = 1 << 16, CR0_AM = 1 << 18,
    CR4_TSD = 1 << 2, CR4_DE = 1 << 3, CR4_PGE = 1 << 7,
};

/* Bits that L2 turns over, one after the other. */
static const struct {
    uint32_t mask, shadow, guest;       /* encodings */
    void (*op)(void);
    uint64_t bits[4];
    const char *name;
} registers[] = {
    { CR0_GUEST_HOST_MASK, CR0_READ_SHADOW, GUEST_CR0, l2_op_cr0,
      { CR0_MP, CR0_TS, CR0_WP, CR0_AM }, "cr0" },
    { CR4_GUEST_HOST_MASK, CR4_READ_SHADOW, GUEST_CR4, l2_op_cr4,
      { CR4_TSD, CR4_DE, CR4_PGE, CR4_TSD | CR4_PGE }, "cr4" },
};

/* L1 does as L2 wanted, as a hypervisor does. */
static void grant(unsigned int r, uint64_t bits)
{
    run_write(registers[r].guest, vmx_value(registers[r].guest) ^ bits);
    run_write(registers[r].shadow, vmx_value(registers[r].shadow) ^ bits);
}

static void turn_over(struct vm *vm, unsigned int r, uint64_t mask, uint64_t bits)
{
    run_begin(registers[r].name);
    run_write(registers[r].mask, mask);
    run_op(vm, registers[r].op, bits, 0);
    if (bits & mask)
        grant(r, bits);
    run_look(vm);
    run_op(vm, registers[r].op, bits, 0);
}

/* The shadow says the opposite of what is. */
static void read_shadow(struct vm *vm, unsigned int r, uint64_t mask, uint64_t bits)
{
    uint64_t shadow = vmx_value(registers[r].shadow);

    run_begin_of(registers[r].name, "shadow");
    run_write(registers[r].mask, mask);
    run_write(registers[r].shadow, shadow ^ bits);
    run_look(vm);
    run_op(vm, registers[r].op, bits, 0);
    run_write(registers[r].shadow, shadow);
}

static void test_register(struct vm *vm, unsigned int r)
{
    uint64_t guest = vmx_value(registers[r].guest), shadow = vmx_value(registers[r].shadow);
    unsigned int i;

    for (i = 0; i < 4; i++) {
        turn_over(vm, r, 0, registers[r].bits[i]);
        turn_over(vm, r, registers[r].bits[i], registers[r].bits[i]);
        turn_over(vm, r, ~registers[r].bits[i], registers[r].bits[i]);
        turn_over(vm, r, ~0ull, registers[r].bits[i]);
        read_shadow(vm, r, registers[r].bits[i], registers[r].bits[i]);
        run_write(registers[r].guest, guest);
        run_write(registers[r].shadow, shadow);
    }
    run_write(registers[r].mask, 0);
}

/* Nothing but the shadow changes from one entry to the next, and back. */
static void change_shadow_only(struct vm *vm, unsigned int r)
{
    uint64_t shadow = vmx_value(registers[r].shadow);
    unsigned int i;

    run_begin_of(registers[r].name, "shadow only");
    run_write(registers[r].mask, ~0ull);
    for (i = 0; i < 4; i++) {
        run_look(vm);
        run_write(registers[r].shadow, shadow ^ registers[r].bits[i]);
        run_look(vm);
    }
    run_write(registers[r].shadow, shadow);
    run_write(registers[r].mask, 0);
}

/*
 * Only with the bits that LMSW cannot write in L1's hands: see main.c.  Nothing has set
 * VM_EXIT_INTR_ERROR_CODE by now, which L0's own #NM would clear.
 */
static void test_lmsw_and_clts(struct vm *vm)
{
    uint64_t guest = vmx_value(GUEST_CR0);

    run_begin("lmsw");
    run_write(CR0_GUEST_HOST_MASK, ~(uint64_t)(CR0_MP | CR0_TS));
    run_op(vm, l2_op_lmsw, 1 | CR0_MP | CR0_TS, 0);
    run_op(vm, l2_op_clts, 0, 0);
    run_write(CR0_GUEST_HOST_MASK, ~0ull);
    run_op(vm, l2_op_lmsw, 1 | CR0_TS, 0);
    run_op(vm, l2_op_clts, 0, 0);
    run_write(CR0_GUEST_HOST_MASK, 0);
    run_op(vm, l2_op_cr0, CR0_TS, 0);
    run_op(vm, l2_op_fnop, 0, 0);
    run_op(vm, l2_op_clts, 0, 0);
    run_op(vm, l2_op_fnop, 0, 0);
    run_write(GUEST_CR0, guest);
}

static void set_cpu_controls(uint32_t bits, uint32_t value)
{
    uint32_t now = vmx_value(CPU_BASED_VM_EXEC_CONTROL);

    run_write(CPU_BASED_VM_EXEC_CONTROL, (now & ~bits) | value);
}

/* L1 keeps L2's CR3, or L2 does. */
static void test_cr3(struct vm *vm)
{
    const uint32_t both = CPU_CR3_LOAD_EXITING | CPU_CR3_STORE_EXITING;
    const uint32_t exiting[] = { 0, CPU_CR3_LOAD_EXITING, CPU_CR3_STORE_EXITING, both };
    unsigned int i;

    for (i = 0; i < 4; i++) {
        run_begin("cr3");
        set_cpu_controls(both, exiting[i]);
        run_op(vm, l2_op_cr3, address_of(&world.pml4[1]), 0);
        run_op(vm, l2_op_read_cr3, 0, 0);
        run_write(GUEST_CR3, address_of(&world.pml4[1]));
        run_look(vm);
        run_op(vm, l2_op_cr3, address_of(&world.pml4[0]), 0);
        run_write(GUEST_CR3, address_of(&world.pml4[0]));
        run_look(vm);
    }
    set_cpu_controls(both, 0);
}

void test_control_registers(void)
{
    struct vm *vm = &vms[0];

    vm_reset(vm, false);
    run_begin("control registers");
    run_look(vm);
    test_register(vm, 0);
    test_register(vm, 1);
    change_shadow_only(vm, 0);
    change_shadow_only(vm, 1);
    test_lmsw_and_clts(vm);
    test_cr3(vm);
}
