/* SPDX-License-Identifier: GPL-2.0-only */
#include "layout.h"
#include "machine.h"
#include "text.h"

enum { MSR_APIC_BASE = 0x1b, MSR_X2APIC_SPURIOUS = 0x80f };

#define APIC_BASE_X2APIC        (1u << 10)
#define APIC_SPURIOUS_ENABLE    0x1ff
#define CPUID_1_ECX_X2APIC      (1u << 21)
#define CPUID_1_ECX_DEADLINE    (1u << 24)

enum { SERIAL_DATA = 0x3f8, SERIAL_STATUS = 0x3fd, SERIAL_EMPTY = 0x20 };

enum { NR_VECTORS = 256 };

struct gate {
    uint64_t low, high;
};

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* start.S */
extern const char exception_entries[];

static struct gate idt[NR_VECTORS];

void machine_print(const char *text)
{
    for (; *text; text++) {
        while (!(in8(SERIAL_STATUS) & SERIAL_EMPTY))
            ;
        out8(SERIAL_DATA, *text);
    }
}

void machine_off(void)
{
    struct table_pointer none = { 0, 0 };

    __asm__ volatile("lidt %0; int3" : : "m"(none));
    __builtin_unreachable();
}

/* Called by start.S. stack: an error code where the exception has one, then RIP. */
void __attribute__((noreturn)) machine_exception(uint64_t vector, const uint64_t *stack);

void machine_exception(uint64_t vector, const uint64_t *stack)
{
    char line[96] = "";
    struct text t = { line, sizeof(line), 0 };

    text_add(&t, "L2: FAIL exception ");
    text_add_decimal(&t, vector, 1);
    text_add(&t, ", its frame: ");
    text_add_hex(&t, stack[0]);
    text_add(&t, " ");
    text_add_hex(&t, stack[1]);
    machine_print(line);
    machine_print("\nL2: done 1\n");
    machine_off();
}

/* An interrupt gate. */
void machine_set_gate(unsigned int vector, const void *handler)
{
    uint64_t entry = (uintptr_t)handler;

    idt[vector].low = (entry & 0xffff) | KERNEL_CS << 16 | 0x8eull << 40 |
                      (entry >> 16 & 0xffff) << 48;
    idt[vector].high = entry >> 32;
}

static void init_idt(void)
{
    struct table_pointer pointer = { sizeof(idt) - 1, (uintptr_t)idt };
    unsigned int vector;

    for (vector = 0; vector < NR_EXCEPTIONS; vector++)
        machine_set_gate(vector, exception_entries + 8 * vector);
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

bool machine_init(void)
{
    const uint32_t needed = CPUID_1_ECX_X2APIC | CPUID_1_ECX_DEADLINE;

    init_idt();
    if ((cpuid(1).ecx & needed) != needed) {
        machine_print("L2: FAIL there is no x2APIC, or no TSC deadline\n");
        return false;
    }
    write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
    write_msr(MSR_X2APIC_SPURIOUS, APIC_SPURIOUS_ENABLE);
    __asm__ volatile("sti");
    return true;
}
