/* SPDX-License-Identifier: GPL-2.0-only */
#include "clock.h"
#include "machine.h"

/* Linux, Documentation/virt/kvm/x86/cpuid.rst and msr.rst. */
enum { CPUID_KVM_FEATURES = 0x40000001, KVM_FEATURE_CLOCKSOURCE2 = 1 << 3 };
#define MSR_KVM_SYSTEM_TIME_NEW 0x4b564d01
#define SYSTEM_TIME_ENABLE      1

/* KVM writes it; the version is odd while it does. */
static volatile struct {
    uint32_t version, pad;
    uint64_t tsc, nanoseconds;
    uint32_t multiplier;        /* of TSC ticks, in 1/2^32 ns, after the shift */
    int8_t shift;
    uint8_t flags, pad2[2];
} __attribute__((aligned(32))) kvm_time;

bool clock_init(void)
{
    if (!(cpuid(CPUID_KVM_FEATURES).eax & KVM_FEATURE_CLOCKSOURCE2))
        return false;
    write_msr(MSR_KVM_SYSTEM_TIME_NEW, (uintptr_t)&kvm_time | SYSTEM_TIME_ENABLE);
    return kvm_time.multiplier != 0;
}

uint64_t clock_nanoseconds(void)
{
    uint64_t ticks, nanoseconds;
    uint32_t version;

    do {
        version = kvm_time.version;
        ticks = read_tsc() - kvm_time.tsc;
        ticks = kvm_time.shift < 0 ? ticks >> -kvm_time.shift : ticks << kvm_time.shift;
        nanoseconds = kvm_time.nanoseconds +
                      (uint64_t)((unsigned __int128)ticks * kvm_time.multiplier >> 32);
    } while ((version & 1) || version != kvm_time.version);
    return nanoseconds;
}
