/* SPDX-License-Identifier: GPL-2.0-only */
/* EPT pointers, violations and misconfigurations; VPIDs; two VMs in turn. */
#include "tests.h"
#include "controls.h"
#include "report.h"
#include "run.h"
#include "vmx.h"
#include "world.h"

enum { EPT_READ = 1, EPT_WRITE = 2, EPT_ALL = 7, INVEPT_ONE = 1, INVEPT_ALL = 2 };

static void map(unsigned int ept, const struct vmcs_page *page, unsigned int rights)
{
    const struct vmx_descriptor descriptor = { world_eptp(ept), 0 };

    world_map_data(ept, page, rights);
    vmx_invept(INVEPT_ONE, &descriptor);
}

static void access_data(struct vm *vm)
{
    run_op(vm, l2_op_load, address_of(&world.data) + 8, 0);
    run_op(vm, l2_op_store, address_of(&world.data) + 0x800, 0x1111);
}

static void test_rights(struct vm *vm)
{
    const struct {
        const char *name;
        const struct vmcs_page *page;
        unsigned int rights;
    } mappings[] = {
        { "absent", NULL, 0 },
        { "read_only", &world.data, EPT_READ },
        { "other_page", &world.other_data, EPT_ALL },
        { "misconfigured", &world.data, EPT_WRITE },
        { "as_it_was", &world.data, EPT_ALL },
    };
    unsigned int i;

    for (i = 0; i < sizeof(mappings) / sizeof(mappings[0]); i++) {
        run_begin_of("ept", mappings[i].name);
        map(0, mappings[i].page, mappings[i].rights);
        access_data(vm);
    }
}

/* Two EPTs that differ in one page. */
static void test_pointers(struct vm *vm)
{
    unsigned int i;

    map(1, &world.other_data, EPT_READ);
    for (i = 0; i < 4; i++) {
        run_begin("ept pointer");
        run_write(EPT_POINTER, world_eptp(!(i & 1)));
        access_data(vm);
    }
    map(1, &world.data, EPT_ALL);
}

static void test_vpids(struct vm *vm)
{
    uint64_t before = vmx_value(SECONDARY_VM_EXEC_CONTROL);
    unsigned int i;

    for (i = 0; i < 3; i++) {
        run_begin("vpid");
        run_write(VPID, 0x10 + i);
        run_write(SECONDARY_VM_EXEC_CONTROL, i == 1 ? before & ~(uint64_t)SECONDARY_VPID : before);
        run_op(vm, l2_op_cr3, address_of(&world.pml4[i & 1]), 0);
    }
    run_write(SECONDARY_VM_EXEC_CONTROL, before);
}

/* The VMCS of the one must know nothing of the other; neither is read before it runs again. */
static void test_in_turn(void)
{
    unsigned int i;

    for (i = 0; i < 8; i++) {
        struct vm *vm = &vms[i & 1];

        run_begin("in turn");
        vm_load(vm);
        run_op(vm, l2_op_wrmsr, 0x174, 0x100 + i);
        run_op(vm, l2_op_cr4, 1 << 7, 0);
    }
}

void test_ept(void)
{
    struct vm *vm = &vms[0];

    vm_reset(vm, true);
    run_begin("ept");
    run_look(vm);
    test_rights(vm);
    test_pointers(vm);
    test_vpids(vm);
    vm_reset(&vms[1], false);
    test_in_turn();
}
