/* SPDX-License-Identifier: GPL-2.0-only */
#include "alu.h"

static uint64_t flag_if(bool condition, uint64_t flag)
{
    return condition ? flag : 0;
}

/* The top bit of a @width-byte value. */
static bool sign(uint64_t value, unsigned int width)
{
    return (value >> (8 * width - 1)) & 1;
}

/* PF looks at the low byte only, whatever the width. */
static bool parity_even(uint64_t value)
{
    uint64_t nibble = (value ^ (value >> 4)) & 0xf;

    return (0x9669 >> nibble) & 1;      /* bit n is set where n has an even number of ones */
}

static uint64_t flags_of_result(uint64_t result, unsigned int width)
{
    return flag_if(result == 0, CLUSTER_FLAG_ZF) |
           flag_if(sign(result, width), CLUSTER_FLAG_SF) |
           flag_if(parity_even(result), CLUSTER_FLAG_PF);
}

/* @carries: bits that carried into (or borrowed from) the next one; @overflow: in its top bit. */
static uint64_t flags_of_sum(uint64_t result, uint64_t carries, uint64_t overflow,
                             unsigned int width)
{
    return flags_of_result(result, width) |
           flag_if(sign(carries, width), CLUSTER_FLAG_CF) |
           flag_if(sign(overflow, width), CLUSTER_FLAG_OF) |
           flag_if((carries >> 3) & 1, CLUSTER_FLAG_AF);
}

static uint64_t add(uint64_t a, uint64_t b, unsigned int carry, unsigned int width,
                    uint64_t *flags)
{
    uint64_t sum = (a + b + carry) & cluster_width_mask(width);

    *flags = flags_of_sum(sum, (a & b) | ((a | b) & ~sum), (a ^ sum) & (b ^ sum), width);
    return sum;
}

static uint64_t sub(uint64_t a, uint64_t b, unsigned int borrow, unsigned int width,
                    uint64_t *flags)
{
    uint64_t difference = (a - b - borrow) & cluster_width_mask(width);

    *flags = flags_of_sum(difference, (~a & b) | ((~a | b) & difference),
                          (a ^ b) & (a ^ difference), width);
    return difference;
}

static uint64_t logic(uint64_t result, unsigned int width, uint64_t *flags)
{
    *flags = flags_of_result(result, width);
    return result;
}

uint64_t cluster_alu(enum cluster_op op, unsigned int width, uint64_t a, uint64_t b,
                     uint64_t *rflags)
{
    uint64_t result, flags = 0, changes = CLUSTER_FLAGS_ARITHMETIC;
    unsigned int carry = *rflags & CLUSTER_FLAG_CF;

    switch (op) {
    case CLUSTER_OP_ADD:
        result = add(a, b, 0, width, &flags);
        break;
    case CLUSTER_OP_ADC:
        result = add(a, b, carry, width, &flags);
        break;
    case CLUSTER_OP_SUB:
    case CLUSTER_OP_CMP:
        result = sub(a, b, 0, width, &flags);
        break;
    case CLUSTER_OP_SBB:
        result = sub(a, b, carry, width, &flags);
        break;
    case CLUSTER_OP_AND:
    case CLUSTER_OP_TEST:
        result = logic(a & b, width, &flags);
        break;
    case CLUSTER_OP_OR:
        result = logic(a | b, width, &flags);
        break;
    case CLUSTER_OP_XOR:
        result = logic(a ^ b, width, &flags);
        break;
    case CLUSTER_OP_INC:
        result = add(a, 1, 0, width, &flags);
        changes &= ~CLUSTER_FLAG_CF;
        break;
    case CLUSTER_OP_DEC:
        result = sub(a, 1, 0, width, &flags);
        changes &= ~CLUSTER_FLAG_CF;
        break;
    case CLUSTER_OP_NEG:
        result = sub(0, a, 0, width, &flags);
        break;
    default:                    /* NOT changes no flag */
        result = ~a & cluster_width_mask(width);
        changes = 0;
        break;
    }
    *rflags = (*rflags & ~changes) | (flags & changes);
    return result;
}

bool cluster_condition(uint8_t cond, uint64_t rflags)
{
    bool zero = rflags & CLUSTER_FLAG_ZF;
    bool less = !(rflags & CLUSTER_FLAG_SF) != !(rflags & CLUSTER_FLAG_OF);
    bool holds;

    switch (cond >> 1) {
    case 0:  holds = rflags & CLUSTER_FLAG_OF; break;
    case 1:  holds = rflags & CLUSTER_FLAG_CF; break;
    case 2:  holds = zero; break;
    case 3:  holds = zero || (rflags & CLUSTER_FLAG_CF); break;
    case 4:  holds = rflags & CLUSTER_FLAG_SF; break;
    case 5:  holds = rflags & CLUSTER_FLAG_PF; break;
    case 6:  holds = less; break;
    default: holds = zero || less; break;
    }
    return holds != (cond & 1); /* odd conditions are the even ones negated */
}
