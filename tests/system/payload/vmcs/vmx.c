/* SPDX-License-Identifier: GPL-2.0-only */
#include "vmx.h"

#define ARITHMETIC_FLAGS 0x8d5u

/* The assembler's part around an instruction. */
#define SET_FLAGS "pushq $0x8d7; popfq; "
#define GET_FLAGS "; pushfq; popq %0"

uint32_t __attribute__((noinline)) vmx_read(uint64_t field, uint64_t *value)
{
    bool invalid, valid;
    uint64_t read;

    __asm__ volatile("vmread %3, %2"
                     : "=@ccc"(invalid), "=@ccz"(valid), "=r"(read) : "r"(field) : "memory");
    if (!invalid && !valid)
        *value = read;
    return (invalid ? VMX_FAIL_INVALID : 0) | (valid ? VMX_FAIL_VALID : 0);
}

uint32_t __attribute__((noinline)) vmx_write(uint64_t field, uint64_t value)
{
    bool invalid, valid;

    __asm__ volatile("vmwrite %3, %2"
                     : "=@ccc"(invalid), "=@ccz"(valid) : "r"(field), "r"(value) : "memory");
    return (invalid ? VMX_FAIL_INVALID : 0) | (valid ? VMX_FAIL_VALID : 0);
}

uint64_t vmx_value(uint64_t field)
{
    uint64_t value = ~0ull;

    vmx_read(field, &value);
    return value;
}

void vmx_values(const uint32_t *fields, unsigned int n, uint64_t *values)
{
    unsigned int i;

    for (i = 0; i < n; i++) {
        bool failed;
        uint64_t value;

        __asm__ volatile("vmread %2, %1"
                         : "=@ccbe"(failed), "=r"(value) : "r"((uint64_t)fields[i]) : "memory");
        values[i] = failed ? ~0ull : value;
    }
}

uint32_t vmx_on(uint64_t region)
{
    uint64_t flags;

    __asm__ volatile(SET_FLAGS "vmxon (%1)" GET_FLAGS : "=&r"(flags) : "r"(&region) : "cc", "memory");
    return flags & ARITHMETIC_FLAGS;
}

uint32_t vmx_off(void)
{
    uint64_t flags;

    __asm__ volatile(SET_FLAGS "vmxoff" GET_FLAGS : "=r"(flags) : : "cc", "memory");
    return flags & ARITHMETIC_FLAGS;
}

uint32_t vmx_ptrld(uint64_t region)
{
    uint64_t flags;

    __asm__ volatile(SET_FLAGS "vmptrld (%1)" GET_FLAGS
                     : "=&r"(flags) : "r"(&region) : "cc", "memory");
    return flags & ARITHMETIC_FLAGS;
}

uint32_t vmx_clear(uint64_t region)
{
    uint64_t flags;

    __asm__ volatile(SET_FLAGS "vmclear (%1)" GET_FLAGS
                     : "=&r"(flags) : "r"(&region) : "cc", "memory");
    return flags & ARITHMETIC_FLAGS;
}

uint32_t vmx_ptrst(uint64_t *region)
{
    uint64_t flags;

    __asm__ volatile(SET_FLAGS "vmptrst (%1)" GET_FLAGS
                     : "=&r"(flags) : "r"(region) : "cc", "memory");
    return flags & ARITHMETIC_FLAGS;
}

uint32_t vmx_invept(uint64_t type, const struct vmx_descriptor *descriptor)
{
    uint64_t flags;

    __asm__ volatile(SET_FLAGS "invept (%1), %2" GET_FLAGS
                     : "=&r"(flags) : "r"(descriptor), "r"(type) : "cc", "memory");
    return flags & ARITHMETIC_FLAGS;
}

uint32_t vmx_invvpid(uint64_t type, const struct vmx_descriptor *descriptor)
{
    uint64_t flags;

    __asm__ volatile(SET_FLAGS "invvpid (%1), %2" GET_FLAGS
                     : "=&r"(flags) : "r"(descriptor), "r"(type) : "cc", "memory");
    return flags & ARITHMETIC_FLAGS;
}
