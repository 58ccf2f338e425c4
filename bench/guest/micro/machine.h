/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * machine.h - the processor, its local APIC, the serial port.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    MSR_X2APIC_EOI = 0x80b,
    MSR_X2APIC_LVT_TIMER = 0x832,
    MSR_X2APIC_SELF_IPI = 0x83f,
};

static inline uint64_t read_msr(uint32_t msr)
{
    uint32_t low, high;

    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr) : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t msr, uint64_t value)
{
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32))
                     : "memory");
}

static inline uint8_t in8(uint16_t port)
{
    uint8_t value;

    __asm__ volatile("inb %1, %0" : "=a"(value) : "d"(port) : "memory");
    return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "d"(port) : "memory");
}

static inline uint64_t read_tsc(void)
{
    uint32_t low, high;

    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf)
{
    struct cpuid r = { .eax = leaf, .ecx = 0 };

    __asm__ volatile("cpuid" : "+a"(r.eax), "=b"(r.ebx), "+c"(r.ecx), "=d"(r.edx) : : "memory");
    return r;
}

/* IDT, x2APIC; interrupts are on from then on. False: it said what is missing. */
bool machine_init(void);

/* handler: a function with __attribute__((interrupt)). */
void machine_set_gate(unsigned int vector, const void *handler);

/* To the serial port. */
void machine_print(const char *text);

/* A triple fault: with -no-reboot, QEMU ends. */
void __attribute__((noreturn)) machine_off(void);

#endif /* MACHINE_H */
