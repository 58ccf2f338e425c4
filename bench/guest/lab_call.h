/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_call.h - the instruction of lab_abi.h as a C function, with libc or without.
 */
#ifndef LAB_CALL_H
#define LAB_CALL_H

#include <stdint.h>

#include "lab_abi.h"

#define LAB_NAME_SIZE 24

/* As registers hold it: zero-padded, the first character in the low byte. */
union lab_name {
    char text[LAB_NAME_SIZE];
    uint64_t words[LAB_NAME_SIZE / 8];
};

static inline int64_t lab_call(enum lab_function function, const union lab_name *name,
                               const void *buffer, uint64_t length, uint64_t offset)
{
    uint64_t rax = LAB_MAGIC | function;
    register uint64_t r8 __asm__("r8") = name->words[2];
    register uint64_t r9 __asm__("r9") = length;
    register uint64_t r10 __asm__("r10") = offset;

    __asm__ volatile(LAB_INSN
                     : "+a"(rax)
                     : "D"(name->words[0]), "S"(name->words[1]), "d"(buffer),
                       "r"(r8), "r"(r9), "r"(r10)
                     : "memory");
    return (int64_t)rax;
}

#endif /* LAB_CALL_H */
