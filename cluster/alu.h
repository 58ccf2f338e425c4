/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * alu.h - arithmetic and its flags (SDM vol. 1, 3.4.3.1 and appendix A), and
 * the conditions made of them (vol. 1, appendix B).  Pure functions, none of
 * which faults.
 *
 * What is simple and wholly defined is computed (alu.c); the rest is executed on
 * this processor, whose undefined flags and results are L1's (alu_flags.h).
 *
 * @width: bytes of the operands, 1, 2, 4 or 8 unless told otherwise.  *@rflags
 * goes in as it was before and comes out as after; only arithmetic flags change.
 * Values come out zero above @width bytes, unless it says: a whole register.
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
#define CLUSTER_FLAG_IF (1ULL << 9)
#define CLUSTER_FLAG_DF (1ULL << 10)
#define CLUSTER_FLAG_OF (1ULL << 11)
#define CLUSTER_FLAG_IOPL (3ULL << 12)
#define CLUSTER_FLAG_NT (1ULL << 14)
#define CLUSTER_FLAG_RF (1ULL << 16)
#define CLUSTER_FLAG_VM (1ULL << 17)
#define CLUSTER_FLAG_AC (1ULL << 18)
#define CLUSTER_FLAG_VIF (1ULL << 19)
#define CLUSTER_FLAG_VIP (1ULL << 20)
#define CLUSTER_FLAG_ID (1ULL << 21)
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
 * above.
 *
 * Flags that the SDM calls undefined (AF after AND, OR, XOR, TEST) are cleared,
 * as Intel's processors do.
 */
uint64_t cluster_alu(enum cluster_op op, unsigned int width, uint64_t a, uint64_t b,
                     uint64_t *rflags);

/* ROL to SAR.  @count as it is in CL or in the instruction. */
uint64_t cluster_shift(enum cluster_op op, unsigned int width, uint64_t value, uint8_t count,
                       uint64_t *rflags);

/* SHLD and SHRD of 2, 4 or 8 bytes; @from: where the bits that come in are from. */
uint64_t cluster_double_shift(enum cluster_op op, unsigned int width, uint64_t value,
                              uint64_t from, uint8_t count, uint64_t *rflags);

/* RAX and RDX, whole registers. */
struct cluster_pair {
    uint64_t low, high;
};

/*
 * MUL and IMUL1.  *@pair: RAX and RDX before and after; what the instruction
 * does not write of them stays, but that the upper half is cleared after 4 bytes.
 */
void cluster_multiply(enum cluster_op op, unsigned int width, struct cluster_pair *pair,
                      uint64_t factor, uint64_t *rflags);

/*
 * DIV and IDIV, likewise.  Returns false, with nothing changed, where the
 * instruction would raise #DE.
 */
bool cluster_divide(enum cluster_op op, unsigned int width, struct cluster_pair *pair,
                    uint64_t divisor, uint64_t *rflags);

/* IMUL2 and IMUL3, of 2, 4 or 8 bytes. */
uint64_t cluster_signed_product(unsigned int width, uint64_t a, uint64_t b, uint64_t *rflags);

/* BT, BTS, BTR and BTC of a register, of 2, 4 or 8 bytes: the register after it. */
uint64_t cluster_bit_test(enum cluster_op op, unsigned int width, uint64_t value, uint64_t bit,
                          uint64_t *rflags);

/*
 * BSF, BSR, TZCNT, LZCNT and POPCNT of 2, 4 or 8 bytes; every processor with EPT
 * has POPCNT.  @to and the result: the destination, a whole register.
 */
uint64_t cluster_bit_scan(enum cluster_op op, unsigned int width, uint64_t to, uint64_t from,
                          uint64_t *rflags);

/* CMPXCHG of a register.  *@to and *@rax: whole registers, each as after the instruction. */
void cluster_compare_exchange(unsigned int width, uint64_t *to, uint64_t from, uint64_t *rax,
                              uint64_t *rflags);

/* Does condition @cond (0 to 15, as encoded) hold? */
bool cluster_condition(uint8_t cond, uint64_t rflags);

#endif /* CLUSTER_ALU_H */
