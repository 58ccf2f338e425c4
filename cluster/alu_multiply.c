/* SPDX-License-Identifier: GPL-2.0-only */
#include "alu_flags.h"

/*
 * The instruction on RDX:RAX.  RAX is needed for the flags as well, so its value
 * waits in another register before and after.  A byte operation has its result
 * in AX, and leaves RDX alone.  Volatile, so that no division comes before the
 * checks that it cannot fault.
 */
#define EXECUTE(name)                                                   \
    __asm__ volatile(CLUSTER_FLAGS_IN "mov %[low], %%rax\n\t" name " %[operand]\n\t" \
                     "mov %%rax, %[low]" CLUSTER_FLAGS_OUT              \
                     : "+&a"(*flags), [low] "+&r"(pair->low), "+&d"(pair->high) \
                     : [operand] "r"(operand) : "cc")

#define ON_PAIR(type)                                                   \
    static void on_pair_##type(enum cluster_op op, struct cluster_pair *pair, type operand, \
                               uint16_t *flags)                         \
    {                                                                   \
        switch (op) {                                                   \
        case CLUSTER_OP_MUL:   EXECUTE("mul"); break;                   \
        case CLUSTER_OP_IMUL1: EXECUTE("imul"); break;                  \
        case CLUSTER_OP_DIV:   EXECUTE("div"); break;                   \
        default:               EXECUTE("idiv"); break;                  \
        }                                                               \
    }

ON_PAIR(uint8_t)
ON_PAIR(uint16_t)
ON_PAIR(uint32_t)
ON_PAIR(uint64_t)

static void on_pair(enum cluster_op op, unsigned int width, struct cluster_pair *pair,
                    uint64_t operand, uint64_t *rflags)
{
    uint16_t flags = cluster_flags_pack(*rflags);

    switch (width) {
    case 1:  on_pair_uint8_t(op, pair, operand, &flags); break;
    case 2:  on_pair_uint16_t(op, pair, operand, &flags); break;
    case 4:  on_pair_uint32_t(op, pair, operand, &flags); break;
    default: on_pair_uint64_t(op, pair, operand, &flags); break;
    }
    *rflags = cluster_flags_merge(*rflags, flags);
}

void cluster_multiply(enum cluster_op op, unsigned int width, struct cluster_pair *pair,
                      uint64_t factor, uint64_t *rflags)
{
    on_pair(op, width, pair, factor, rflags);
}

static uint64_t sign_extend(uint64_t value, unsigned int width)
{
    unsigned int unused = 64 - 8 * width;

    return (int64_t)(value << unused) >> unused;
}

/* The dividend: what DIV and IDIV of @width take from RDX:RAX, as 128 bits. */
static struct cluster_pair dividend(unsigned int width, const struct cluster_pair *pair,
                                    bool is_signed)
{
    uint64_t mask = cluster_width_mask(width);
    struct cluster_pair value = *pair;

    if (width == 8)
        return value;
    if (width == 1)
        value.low = pair->low & 0xffff;
    else
        value.low = (pair->high & mask) << (8 * width) | (pair->low & mask);
    value.high = 0;
    if (is_signed) {
        value.low = sign_extend(value.low, 2 * width);
        value.high = (int64_t)value.low >> 63;
    }
    return value;
}

static bool unsigned_quotient_fits(unsigned int width, struct cluster_pair value, uint64_t divisor)
{
    if (width == 8)
        return value.high < divisor;
    return value.low >> (8 * width) < divisor;
}

static struct cluster_pair negated(struct cluster_pair value)
{
    value.low = -value.low;
    value.high = ~value.high + (value.low == 0);
    return value;
}

/* By the magnitudes: that of the least quotient is one more than that of the greatest. */
static bool signed_quotient_fits(unsigned int width, struct cluster_pair value, uint64_t divisor)
{
    uint64_t greatest = cluster_width_mask(width) >> 1, unused = 0;
    bool negative = (int64_t)(value.high ^ divisor) < 0;

    if ((int64_t)value.high < 0)
        value = negated(value);
    if ((int64_t)divisor < 0)
        divisor = -divisor;
    if (value.high >= divisor)
        return false;
    on_pair(CLUSTER_OP_DIV, 8, &value, divisor, &unused);
    return value.low <= greatest + negative;
}

bool cluster_divide(enum cluster_op op, unsigned int width, struct cluster_pair *pair,
                    uint64_t divisor, uint64_t *rflags)
{
    bool is_signed = op == CLUSTER_OP_IDIV, fits;
    struct cluster_pair value = dividend(width, pair, is_signed);

    divisor &= cluster_width_mask(width);
    if (divisor == 0)
        return false;
    fits = is_signed ? signed_quotient_fits(width, value, sign_extend(divisor, width))
                     : unsigned_quotient_fits(width, value, divisor);
    if (fits)
        on_pair(op, width, pair, divisor, rflags);
    return fits;
}

#define SIGNED_PRODUCT(type)                                            \
    static uint64_t signed_product_##type(type a, type b, uint16_t *flags) \
    {                                                                   \
        __asm__(CLUSTER_FLAGS_IN "imul %[b], %[a]" CLUSTER_FLAGS_OUT    \
                : "+&a"(*flags), [a] "+&r"(a) : [b] "r"(b) : "cc");     \
        return a;                                                       \
    }

SIGNED_PRODUCT(uint16_t)
SIGNED_PRODUCT(uint32_t)
SIGNED_PRODUCT(uint64_t)

uint64_t cluster_signed_product(unsigned int width, uint64_t a, uint64_t b, uint64_t *rflags)
{
    uint16_t flags = cluster_flags_pack(*rflags);
    uint64_t result;

    switch (width) {
    case 2:  result = signed_product_uint16_t(a, b, &flags); break;
    case 4:  result = signed_product_uint32_t(a, b, &flags); break;
    default: result = signed_product_uint64_t(a, b, &flags); break;
    }
    *rflags = cluster_flags_merge(*rflags, flags);
    return result;
}
