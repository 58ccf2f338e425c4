/* SPDX-License-Identifier: GPL-2.0-only */
#include "vm.h"
#include "controls.h"
#include "vmx.h"
#include "world.h"

enum {
    RFLAGS_TF = 1 << 8,
    CR0_L2 = 0x31, CR4_L2 = 0x2020,     /* PE, ET, NE; PAE, VMXE */
    MSR_PAT = 0x277,
};

#define CR0_PG          (1u << 31)

struct vm vms[NR_VMS];
struct vmcs_page vm_spare_region, vm_wrong_region;

static struct vmcs_page regions[NR_VMS];

/* Where a VM exit's first words go. */
static uint64_t exit_stack[16];

/* machine.c, start.S */
extern uint64_t vmxon_address, gdt[];

uint32_t vm_revision(void)
{
    return *(const uint32_t *)(uintptr_t)vmxon_address;
}

void vm_init(void)
{
    unsigned int i;

    controls_init();
    for (i = 0; i < NR_VMS; i++) {
        vms[i].region = address_of(&regions[i]);
        regions[i].word[0] = vm_revision();
    }
    vm_spare_region.word[0] = vm_revision();
    vm_wrong_region.word[0] = vm_revision() ^ VM_WRONG_REVISION;
    vmx_clear(address_of(&vm_spare_region));
}

/* A processor may lack the field, then it has no effect either. */
static void set(uint32_t field, uint64_t value)
{
    vmx_write(field, value);
}

static void set_control(uint32_t field, uint32_t wanted)
{
    set(field, controls_allowed(field, wanted));
}

/* The limits fit both granularities, see values.h. */
static void set_segments(void)
{
    unsigned int i;

    for (i = 0; i < 6; i++) {       /* ES, CS, SS, DS, FS, GS */
        set(GUEST_ES_SELECTOR + 2 * i, L2_DATA);
        set(GUEST_ES_BASE + 2 * i, 0);
        set(GUEST_ES_LIMIT + 2 * i, 0xfffff);
        set(GUEST_ES_AR_BYTES + 2 * i, 0xc093);
    }
    set(GUEST_CS_SELECTOR, L2_CODE);
    set(GUEST_CS_AR_BYTES, 0xa09b);
    set(GUEST_LDTR_SELECTOR, L2_LDT);
    set(GUEST_LDTR_LIMIT, LDT_LIMIT);
    set(GUEST_LDTR_AR_BYTES, 0x82);
    set(GUEST_LDTR_BASE, address_of(&world.ldt));
    set(GUEST_TR_SELECTOR, L2_TSS);
    set(GUEST_TR_BASE, address_of(&world.tss[0]));
    set(GUEST_TR_LIMIT, TSS_LIMIT);
    set(GUEST_TR_AR_BYTES, 0x8b);
    set(GUEST_GDTR_BASE, address_of(&world.gdt[0]));
    set(GUEST_GDTR_LIMIT, GDT_LIMIT);
    set(GUEST_IDTR_BASE, address_of(&world.idt[0]));
    set(GUEST_IDTR_LIMIT, IDT_LIMIT);
}

static void set_guest_state(void)
{
    set_segments();
    set(VMCS_LINK_POINTER, ~0ull);
    set(GUEST_CR0, CR0_PG | CR0_L2);
    set(GUEST_CR3, address_of(&world.pml4[0]));
    set(GUEST_CR4, CR4_L2);
    set(GUEST_DR7, 0x400);
    set(GUEST_RFLAGS, 2);
    set(GUEST_PAT, 0x0007040600070406);
    set(GUEST_EFER, 0xd01);
}

/* Those that are 0 in an empty region are not written. */
static void set_controls(bool ept)
{
    set_control(PIN_BASED_VM_EXEC_CONTROL, PIN_EXT_INTR_EXITING | PIN_NMI_EXITING);
    set_control(CPU_BASED_VM_EXEC_CONTROL,
                CPU_HLT_EXITING | CPU_IO_BITMAPS | CPU_MSR_BITMAPS | CPU_SECONDARY_CONTROLS);
    set_control(SECONDARY_VM_EXEC_CONTROL, ept ? SECONDARY_EPT | SECONDARY_VPID : 0);
    set_control(VM_EXIT_CONTROLS, EXIT_IA32E_MODE | EXIT_ACK_INTR);
    set_control(VM_ENTRY_CONTROLS, ENTRY_IA32E_MODE);
    set(IO_BITMAP_A, address_of(&world.io_bitmap[0][0]));
    set(IO_BITMAP_B, address_of(&world.io_bitmap[0][1]));
    set(MSR_BITMAP, address_of(&world.msr_bitmap[0]));
    set(VIRTUAL_APIC_PAGE_ADDR, address_of(&world.virtual_apic[0]));
    set(EPT_POINTER, world_eptp(0));
    set(VPID, 1);
    set(CR0_READ_SHADOW, CR0_PG | CR0_L2);
    set(CR4_READ_SHADOW, CR4_L2);
}

static uint64_t tss_base(void)
{
    uint64_t low = gdt[TSS_SELECTOR / 8], high = gdt[TSS_SELECTOR / 8 + 1];

    return (low >> 16 & 0xffffff) | (low >> 56) << 24 | high << 32;
}

static void set_host_tables(void)
{
    struct pseudo_descriptor table;

    __asm__ volatile("sgdt %0" : "=m"(table));
    set(HOST_GDTR_BASE, table.base);
    __asm__ volatile("sidt %0" : "=m"(table));
    set(HOST_IDTR_BASE, table.base);
    set(HOST_TR_BASE, tss_base());
}

static void set_host_state(void)
{
    uint64_t cr0, cr3, cr4;

    __asm__ volatile("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2"
                     : "=r"(cr0), "=r"(cr3), "=r"(cr4));
    set(HOST_CR0, cr0);
    set(HOST_CR3, cr3);
    set(HOST_CR4, cr4);
    set(HOST_CS_SELECTOR, KERNEL_CS);
    set(HOST_SS_SELECTOR, KERNEL_DS);
    set(HOST_DS_SELECTOR, KERNEL_DS);
    set(HOST_ES_SELECTOR, KERNEL_DS);
    set(HOST_TR_SELECTOR, TSS_SELECTOR);
    set_host_tables();
    set(HOST_PAT, read_msr(MSR_PAT));
    set(HOST_RSP, address_of(exit_stack + 16));
    set(HOST_RIP, address_of(vmx_exit_entry));
}

void vm_reset(struct vm *vm, bool ept)
{
    struct vmcs_page *region = (struct vmcs_page *)(uintptr_t)vm->region;
    unsigned int i;

    vmx_clear(vm->region);
    for (i = 0; i < PAGE_SIZE / 8; i++)
        region->word[i] = i ? 0 : vm_revision();
    vm->launched = false;
    vm->ept = ept;
    vm_load(vm);
    set_controls(ept);
    set_guest_state();
    set_host_state();
}

void vm_load(const struct vm *vm)
{
    vmx_ptrld(vm->region);
}

static void set_registers(struct registers *r, const struct l2 *l2)
{
    unsigned int i;

    for (i = 0; i < NR_GPRS; i++)
        r->gpr[i] = i * 0x0101010101010101;
    r->gpr[RDI] = address_of(l2);
}

void vm_begin(struct vm *vm)
{
    vm->nr_orders = 0;
    vm->l2.orders[0].op = NULL;
    vm->l2.resume_rip = address_of(l2_start);
    vm->l2.resume_rsp = address_of(vm->stack + L2_STACK_SIZE);
    set_registers(&vm->registers, &vm->l2);
}

void vm_order(struct vm *vm, void (*op)(void), uint64_t a, uint64_t b)
{
    struct l2_order *order = &vm->l2.orders[vm->nr_orders];

    if (vm->nr_orders == L2_MAX_ORDERS)
        return;
    *order = (struct l2_order){ op, a, b };
    order[1].op = NULL;
    vm->nr_orders++;
}

void vm_set_start(struct vm *vm)
{
    vmx_write(GUEST_RIP, vm->l2.resume_rip);
    vmx_write(GUEST_RSP, vm->l2.resume_rsp);
}

uint32_t vm_enter(struct vm *vm)
{
    uint32_t flags;

    l2_current = &vm->l2;
    flags = vmx_enter(&vm->registers, !vm->launched);
    if (!flags)
        vm->launched = true;
    return flags;
}

static void clear_control(uint32_t field, uint32_t bit)
{
    vmx_write(field, vmx_value(field) & ~(uint64_t)bit);
}

/* With TF it would trap again and again. */
static void end_single_step(void)
{
    uint64_t rflags = vmx_value(GUEST_RFLAGS);

    if (!(rflags & RFLAGS_TF))
        return;
    vmx_write(GUEST_RFLAGS, rflags & ~(uint64_t)RFLAGS_TF);
    vmx_write(GUEST_INTERRUPTIBILITY_INFO, 0);
    vmx_write(GUEST_PENDING_DBG_EXCEPTIONS, 0);
}

void vm_go_on(struct vm *vm, uint32_t reason)
{
    switch (reason & 0xffff) {
    case EXIT_REASON_INTERRUPT_WINDOW:
        clear_control(CPU_BASED_VM_EXEC_CONTROL, CPU_INTERRUPT_WINDOW);
        break;
    case EXIT_REASON_NMI_WINDOW:
        clear_control(CPU_BASED_VM_EXEC_CONTROL, CPU_NMI_WINDOW);
        break;
    case EXIT_REASON_MONITOR_TRAP_FLAG:
        clear_control(CPU_BASED_VM_EXEC_CONTROL, CPU_MONITOR_TRAP_FLAG);
        break;
    case EXIT_REASON_PREEMPTION_TIMER:
        clear_control(PIN_BASED_VM_EXEC_CONTROL, PIN_PREEMPTION_TIMER);
        break;
    case EXIT_REASON_TPR_BELOW_THRESHOLD:
        vmx_write(TPR_THRESHOLD, 0);
        break;
    case EXIT_REASON_EXTERNAL_INTERRUPT:
        machine_end_interrupt();
        break;
    default:
        vm_set_start(vm);
        break;
    }
    end_single_step();
}

bool vm_is_done(const struct vm *vm, uint32_t reason)
{
    return (reason & 0xffff) == EXIT_REASON_VMCALL && vm->registers.gpr[RAX] == L2_DONE;
}
