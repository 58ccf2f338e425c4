/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * L2 at CPL 3, in compatibility mode and in 32-bit modes, where limits and bases of all
 * segments matter.
 */
#include "tests.h"
#include "controls.h"
#include "run.h"
#include "vmx.h"
#include "world.h"

enum {
    CR0_PE = 0x31, CR4_PSE = 1 << 4, CR4_PAE = 1 << 5, CR4_VMXE = 1 << 13,
    AR_DATA_32 = 0xc093, AR_CODE_32 = 0xc09b, AR_CODE_64 = 0xa09b, AR_USER_CODE = 0xa0fb,
    AR_USER_DATA = 0xc0f3,
};

#define CR0_PG (1u << 31)

/* Bases of ES, CS, SS, DS, FS, GS. */
static const uint64_t bases[] = { 0x1000, 0x2000, 0x3000, 0x4000, 0x5000, 0x6000 };

/* Limit, too: behind a change of CPL SS was null, and had none. */
static void set_stack_and_code(uint16_t code, uint32_t code_ar, uint16_t stack, uint32_t stack_ar)
{
    run_write(GUEST_CS_SELECTOR, code);
    run_write(GUEST_CS_AR_BYTES, code_ar);
    run_write(GUEST_SS_SELECTOR, stack);
    run_write(GUEST_SS_AR_BYTES, stack_ar);
    run_write(GUEST_SS_LIMIT, 0xfffff);
}

static void test_user(struct vm *vm)
{
    run_begin("entry at cpl 3");
    set_stack_and_code(L2_USER_CODE, AR_USER_CODE, L2_USER_DATA, AR_USER_DATA);
    vm_begin(vm);
    vm->l2.resume_rip = address_of(l2_user);
    vm->registers.gpr[RBP] = address_of(&vm->l2);
    vm_set_start(vm);
    vm->l2.resume_rip = address_of(l2_start);   /* behind INT 0x80; RDI is still struct l2 */
    run_on(vm);
    set_stack_and_code(L2_CODE, AR_CODE_64, L2_DATA, AR_DATA_32);
    run_look(vm);
}

static void set_bases(const uint64_t *base, uint32_t ar)
{
    unsigned int i;

    for (i = 0; i < 6; i++) {
        run_write(GUEST_ES_BASE + 2 * i, base ? base[i] : 0);
        run_write(GUEST_ES_LIMIT + 2 * i, base ? 0xffffffff : 0xfffff);
        run_write(GUEST_ES_AR_BYTES + 2 * i, i == 1 && ar == AR_DATA_32 ? AR_CODE_32 : ar);
    }
}

/* What l2_start_32 wants: RFLAGS of struct l2 by each segment. */
static void begin_32(struct vm *vm, const uint64_t *base)
{
    const enum gpr by[] = { RSI, NR_GPRS, RDI, NR_GPRS, RBX, RCX };
    struct registers *r = &vm->registers;
    unsigned int i;

    vm_begin(vm);
    vm->l2.rflags = 0x32323232;
    for (i = 0; i < 6; i++)
        if (by[i] != NR_GPRS)
            r->gpr[by[i]] = address_of(&vm->l2) - base[i];
    r->gpr[RBP] = address_of(&vm->l2);
    r->gpr[RDX] = base[3];
    run_write(GUEST_RIP, address_of(l2_start_32) - base[1]);
}

static void run_32(struct vm *vm)
{
    begin_32(vm, bases);
    run_on(vm);
    run_write(GUEST_DS_AR_BYTES, AR_DATA_32 | 1 << 16);     /* unusable: #GP, which exits */
    begin_32(vm, bases);
    run_enter(vm);
    run_write(GUEST_DS_AR_BYTES, AR_DATA_32);
    run_write(GUEST_ES_LIMIT, 0xfff);                       /* too short: the same */
    begin_32(vm, bases);
    run_enter(vm);
    run_write(GUEST_ES_LIMIT, 0xffffffff);
}

static void set_crs(uint64_t cr0, uint64_t cr3, uint64_t cr4)
{
    run_write(GUEST_CR0, cr0);
    run_write(CR0_READ_SHADOW, cr0);
    run_write(GUEST_CR3, cr3);
    run_write(GUEST_CR4, cr4);
    run_write(CR4_READ_SHADOW, cr4);
}

static void test_mode_32(struct vm *vm, const char *name, uint64_t cr0, uint64_t cr3, uint64_t cr4)
{
    uint64_t entry = vmx_value(VM_ENTRY_CONTROLS);

    run_begin_of("32-bit", name);
    run_write(EXCEPTION_BITMAP, 0x7000 | 1 << 12);
    run_write(GUEST_SS_SELECTOR, L2_DATA);
    set_bases(bases, AR_DATA_32);
    run_write(VM_ENTRY_CONTROLS, entry & ~(uint64_t)ENTRY_IA32E_MODE);
    set_crs(CR0_PE | cr0, cr3, CR4_VMXE | cr4);
    run_32(vm);
    run_write(VM_ENTRY_CONTROLS, entry);
    set_bases(NULL, AR_DATA_32);
    run_write(GUEST_CS_AR_BYTES, AR_CODE_64);
    set_crs(CR0_PE | CR0_PG, address_of(&world.pml4[0]), CR4_VMXE | CR4_PAE);
    run_write(EXCEPTION_BITMAP, 0);
    run_look(vm);
}

static void test_compatibility_mode(struct vm *vm)
{
    run_begin("compatibility mode");
    run_write(EXCEPTION_BITMAP, 0x7000);
    set_bases(bases, AR_DATA_32);
    run_32(vm);
    set_bases(NULL, AR_DATA_32);
    run_write(GUEST_CS_AR_BYTES, AR_CODE_64);
    run_write(EXCEPTION_BITMAP, 0);
    run_look(vm);
}

/* With EPT the VMCS' PDPTEs count, whatever CR3's page has; without, those are read anew. */
static void test_pae(struct vm *vm)
{
    uint64_t pdpte = world.pae_pdpt.word[0];

    run_write(GUEST_PDPTE0, vm->ept ? pdpte : 0);
    world.pae_pdpt.word[0] = vm->ept ? 0 : pdpte;
    test_mode_32(vm, "pae paging", CR0_PG, address_of(&world.pae_pdpt), CR4_PAE);
    world.pae_pdpt.word[0] = pdpte;
}

static void test_modes_of(struct vm *vm, bool ept)
{
    uint64_t secondary;

    vm_reset(vm, ept);
    run_begin(ept ? "modes with ept" : "modes");
    run_look(vm);
    test_user(vm);
    test_compatibility_mode(vm);
    test_mode_32(vm, "paging", CR0_PG, address_of(&world.directory_32), CR4_PSE);
    test_pae(vm);
    secondary = vmx_value(SECONDARY_VM_EXEC_CONTROL);
    if (!ept || !controls_can(SECONDARY_VM_EXEC_CONTROL, SECONDARY_UNRESTRICTED_GUEST))
        return;
    run_write(SECONDARY_VM_EXEC_CONTROL, secondary | SECONDARY_UNRESTRICTED_GUEST);
    test_mode_32(vm, "no paging", 0, 0, 0);
    run_write(SECONDARY_VM_EXEC_CONTROL, secondary);
    run_look(vm);
}

void test_modes(void)
{
    test_modes_of(&vms[0], false);
    test_modes_of(&vms[3], true);
}
