/* SPDX-License-Identifier: GPL-2.0-only */
#include "alu_flags.h"

/* One function for each width: the operand's type chooses the instruction's. */
#define EXECUTE(name)                                                   \
    __asm__(CLUSTER_FLAGS_IN name " %%cl, %[value]" CLUSTER_FLAGS_OUT   \
            : "+&a"(*flags), [value] "+&r"(value)                       \
            : "c"(count) : "cc")

#define SHIFT(type)                                                     \
    static uint64_t shift_##type(enum cluster_op op, type value, uint8_t count, \
                                 uint16_t *flags)                       \
    {                                                                   \
        switch (op) {                                                   \
        case CLUSTER_OP_ROL: EXECUTE("rol"); break;                     \
        case CLUSTER_OP_ROR: EXECUTE("ror"); break;                     \
        case CLUSTER_OP_RCL: EXECUTE("rcl"); break;                     \
        case CLUSTER_OP_RCR: EXECUTE("rcr"); break;                     \
        case CLUSTER_OP_SHL: EXECUTE("shl"); break;                     \
        case CLUSTER_OP_SHR: EXECUTE("shr"); break;                     \
        default:             EXECUTE("sar"); break;                     \
        }                                                               \
        return value;                                                   \
    }

SHIFT(uint8_t)
SHIFT(uint16_t)
SHIFT(uint32_t)
SHIFT(uint64_t)

#define EXECUTE_DOUBLE(name)                                            \
    __asm__(CLUSTER_FLAGS_IN name " %%cl, %[from], %[value]" CLUSTER_FLAGS_OUT \
            : "+&a"(*flags), [value] "+&r"(value)                       \
            : [from] "r"(from), "c"(count) : "cc")

#define DOUBLE_SHIFT(type)                                              \
    static uint64_t double_shift_##type(enum cluster_op op, type value, type from, \
                                        uint8_t count, uint16_t *flags) \
    {                                                                   \
        if (op == CLUSTER_OP_SHLD)                                      \
            EXECUTE_DOUBLE("shld");                                     \
        else                                                            \
            EXECUTE_DOUBLE("shrd");                                     \
        return value;                                                   \
    }

DOUBLE_SHIFT(uint16_t)
DOUBLE_SHIFT(uint32_t)
DOUBLE_SHIFT(uint64_t)

uint64_t cluster_shift(enum cluster_op op, unsigned int width, uint64_t value, uint8_t count,
                       uint64_t *rflags)
{
    uint16_t flags = cluster_flags_pack(*rflags);
    uint64_t result;

    switch (width) {
    case 1:  result = shift_uint8_t(op, value, count, &flags); break;
    case 2:  result = shift_uint16_t(op, value, count, &flags); break;
    case 4:  result = shift_uint32_t(op, value, count, &flags); break;
    default: result = shift_uint64_t(op, value, count, &flags); break;
    }
    *rflags = cluster_flags_merge(*rflags, flags);
    return result;
}

uint64_t cluster_double_shift(enum cluster_op op, unsigned int width, uint64_t value,
                              uint64_t from, uint8_t count, uint64_t *rflags)
{
    uint16_t flags = cluster_flags_pack(*rflags);
    uint64_t result;

    switch (width) {
    case 2:  result = double_shift_uint16_t(op, value, from, count, &flags); break;
    case 4:  result = double_shift_uint32_t(op, value, from, count, &flags); break;
    default: result = double_shift_uint64_t(op, value, from, count, &flags); break;
    }
    *rflags = cluster_flags_merge(*rflags, flags);
    return result;
}
