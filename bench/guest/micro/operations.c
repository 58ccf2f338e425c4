/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each operation is checked by what it returns or by the handler that has run, with a few
 * instructions, which are in its window. README.md says what each is.
 */
#include "layout.h"
#include "machine.h"
#include "operations.h"

enum {
    MSR_MISC_ENABLE = 0x1a0,
    MSR_TSC_DEADLINE = 0x6e0,
    LVT_TIMER_DEADLINE = 2 << 17,

    VECTOR_PAGE_FAULT = 14,
    VECTOR_IPI = 0x40,
    VECTOR_TIMER = 0x41,

    KVM_HC_VAPIC_POLL_IRQ = 1,  /* does nothing */
    FREE_PORT = 0xe0,           /* no device of a microvm has it */
    MAGIC_OF_VIRTIO = 0x74726976,
    MAX_WAIT = 100000000,       /* rounds of a loop: an interrupt that late is lost */
};

/* The first of microvm's virtio-mmio transports, which are there without a device as well. */
#define VIRTIO_MMIO     ((volatile uint32_t *)0xfeb00000)

struct interrupt_frame;

/* start.S */
extern volatile uint64_t fault_table[512];

static uint32_t highest_leaf;
static uint64_t misc_enable;
static char page[4096] __attribute__((aligned(4096)));
static volatile uint64_t page_faults, ipis, timer_interrupts;

static bool do_cpuid(void)
{
    return cpuid(0).eax == highest_leaf;
}

static bool do_rdmsr(void)
{
    return read_msr(MSR_MISC_ENABLE) == misc_enable;
}

static bool do_wrmsr(void)
{
    write_msr(MSR_MISC_ENABLE, misc_enable);
    return true;
}

static bool do_portio(void)
{
    return in8(FREE_PORT) == 0xff;
}

static bool do_mmio(void)
{
    return *VIRTIO_MMIO == MAGIC_OF_VIRTIO;
}

static bool do_hypercall(void)
{
    uint64_t rax = KVM_HC_VAPIC_POLL_IRQ;

    __asm__ volatile("vmcall" : "+a"(rax) : : "memory");
    return rax == 0;
}

static __attribute__((interrupt)) void on_page_fault(struct interrupt_frame *frame, uint64_t error)
{
    (void)frame;
    (void)error;
    fault_table[0] = (uintptr_t)page | PTE_PRESENT | PTE_WRITE;
    page_faults++;
}

static bool do_pagefault(void)
{
    uint64_t before = page_faults;

    *(volatile uint64_t *)FAULT_PAGE = before;
    fault_table[0] = 0;
    __asm__ volatile("invlpg (%0)" : : "r"(FAULT_PAGE) : "memory");
    return page_faults == before + 1;
}

static __attribute__((interrupt)) void on_ipi(struct interrupt_frame *frame)
{
    (void)frame;
    ipis++;
    write_msr(MSR_X2APIC_EOI, 0);
}

static __attribute__((interrupt)) void on_timer(struct interrupt_frame *frame)
{
    (void)frame;
    timer_interrupts++;
    write_msr(MSR_X2APIC_EOI, 0);
}

/* Until one more interrupt was counted. */
static bool wait_for(volatile uint64_t *counter, uint64_t before)
{
    unsigned int left = MAX_WAIT;

    while (*counter == before && left)
        left--;
    return *counter == before + 1;
}

static bool do_ipi(void)
{
    uint64_t before = ipis;

    write_msr(MSR_X2APIC_SELF_IPI, VECTOR_IPI);
    return wait_for(&ipis, before);
}

static bool do_timer(void)
{
    uint64_t before = timer_interrupts;

    write_msr(MSR_TSC_DEADLINE, read_tsc());
    return wait_for(&timer_interrupts, before);
}

const struct operation operations[NR_OPERATIONS] = {
    { "cpuid", do_cpuid },
    { "rdmsr", do_rdmsr },
    { "wrmsr", do_wrmsr },
    { "portio", do_portio },
    { "mmio", do_mmio },
    { "hypercall", do_hypercall },
    { "pagefault", do_pagefault },
    { "ipi", do_ipi },
    { "timer", do_timer },
};

bool operations_init(void)
{
    highest_leaf = cpuid(0).eax;
    misc_enable = read_msr(MSR_MISC_ENABLE);
    machine_set_gate(VECTOR_PAGE_FAULT, on_page_fault);
    machine_set_gate(VECTOR_IPI, on_ipi);
    machine_set_gate(VECTOR_TIMER, on_timer);
    write_msr(MSR_X2APIC_LVT_TIMER, VECTOR_TIMER | LVT_TIMER_DEADLINE);
    page[0] = 1;        /* in use already: KVM has no page to find for it in a window */
    return *VIRTIO_MMIO == MAGIC_OF_VIRTIO;
}
