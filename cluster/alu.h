/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alu.h - arithmetic and its flags (SDM vol. 1, 3.4.3.1 and appendix A), and
 * the conditions made of them (vol. 1, appendix B).  Pure functions.
 */
#ifndef CLUSTER_ALU_H
#define CLUSTER_ALU_H

#include "cluster.h"

/* RFLAGS. */
#define CLUSTER_FLAG_CF (1ULL << 0)
#define CLUSTER_FLAG_PF (1ULL << 2)
#define CLUSTER_FLAG_AF (1ULL << 4)
#define CLUSTER_FLAG_ZF (1ULL << 6)
#define CLUSTER_FLAG_SF (1ULL << 7)
#define CLUSTER_FLAG_TF (1ULL << 8)
#define CLUSTER_FLAG_OF (1ULL << 11)
#define CLUSTER_FLAG_RF (1ULL << 16)
#define CLUSTER_FLAGS_ARITHMETIC \
    (CLUSTER_FLAG_CF | CLUSTER_FLAG_PF | CLUSTER_FLAG_AF | \
     CLUSTER_FLAG_ZF | CLUSTER_FLAG_SF | CLUSTER_FLAG_OF)

/* All ones in the low @width bytes, 1 to 8. */
static inline uint64_t cluster_width_mask(unsigned int width)
{
    return ~0ULL >> (64 - 8 * width);
}

/*
 * The result of operation @op (ADD to NOT; INC and DEC included) on @a, the
 * destination's old value, and @b, the source's, both of @width bytes and zero
 * above.  *@rflags goes in as it was before and comes out as after; only
 * arithmetic flags change.
 *
 * Flags that the SDM calls undefined (AF after AND, OR, XOR, TEST) are cleared,
 * as Intel's processors do.
 */
uint64_t cluster_alu(enum cluster_op op, unsigned int width, uint64_t a, uint64_t b,
                     uint64_t *rflags);

/* Does condition @cond (0 to 15, as encoded) hold? */
bool cluster_condition(uint8_t cond, uint64_t rflags);

#endif /* CLUSTER_ALU_H */
