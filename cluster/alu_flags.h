/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alu_flags.h - L1's arithmetic flags around one instruction that this
 * processor executes.  For alu_*.c and locked.c.
 *
 * Some flags are left undefined by the SDM, and a processor without TZCNT
 * executes it as BSF.  So that L1 cannot tell whether L0 executed an
 * instruction, these are executed, not computed.
 *
 * The flags go in and out through AX, by ADD, SAHF, SETO and LAHF: that leaves
 * the other bits of RFLAGS, and the stack, alone.  Every processor with VMX and
 * EPT has LAHF and SAHF in 64-bit mode.
 *
 *     uint16_t flags = cluster_flags_pack(*rflags);
 *     __asm__(CLUSTER_FLAGS_IN "rol %%cl, %[value]" CLUSTER_FLAGS_OUT
 *             : "+&a"(flags), [value] "+r"(value) : "c"(count) : "cc");
 *     *rflags = cluster_flags_merge(*rflags, flags);
 */
#ifndef CLUSTER_ALU_FLAGS_H
#define CLUSTER_ALU_FLAGS_H

#include "alu.h"

/* AX: AH as SAHF wants it, AL 1 where OF is set; 7fh + 1 overflows. */
#define CLUSTER_FLAGS_IN  "addb $0x7f, %%al\n\tsahf\n\t"
#define CLUSTER_FLAGS_OUT "\n\tseto %%al\n\tlahf"

/* Those of the six that are in RFLAGS' low byte. */
#define CLUSTER_FLAGS_LOW (CLUSTER_FLAGS_ARITHMETIC & 0xff)

static inline uint16_t cluster_flags_pack(uint64_t rflags)
{
    return (rflags & CLUSTER_FLAGS_LOW) << 8 | (rflags & CLUSTER_FLAG_OF ? 1 : 0);
}

/* @rflags with the six flags of @packed. */
static inline uint64_t cluster_flags_merge(uint64_t rflags, uint16_t packed)
{
    rflags &= ~CLUSTER_FLAGS_ARITHMETIC;
    return rflags | ((packed >> 8) & CLUSTER_FLAGS_LOW) | (packed & 1 ? CLUSTER_FLAG_OF : 0);
}

#endif /* CLUSTER_ALU_FLAGS_H */
