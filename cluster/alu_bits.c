/* SPDX-License-Identifier: GPL-2.0-only */
#include "alu_flags.h"

#define EXECUTE_TEST(name)                                              \
    __asm__(CLUSTER_FLAGS_IN name " %[bit], %[value]" CLUSTER_FLAGS_OUT \
            : "+&a"(*flags), [value] "+&r"(value) : [bit] "r"(bit) : "cc")

#define BIT_TEST(type)                                                  \
    static uint64_t bit_test_##type(enum cluster_op op, type value, type bit, uint16_t *flags) \
    {                                                                   \
        switch (op) {                                                   \
        case CLUSTER_OP_BT:  EXECUTE_TEST("bt"); break;                 \
        case CLUSTER_OP_BTS: EXECUTE_TEST("bts"); break;                \
        case CLUSTER_OP_BTR: EXECUTE_TEST("btr"); break;                \
        default:             EXECUTE_TEST("btc"); break;                \
        }                                                               \
        return value;                                                   \
    }

BIT_TEST(uint16_t)
BIT_TEST(uint32_t)
BIT_TEST(uint64_t)

uint64_t cluster_bit_test(enum cluster_op op, unsigned int width, uint64_t value, uint64_t bit,
                          uint64_t *rflags)
{
    uint16_t flags = cluster_flags_pack(*rflags);
    uint64_t result;

    switch (width) {
    case 2:  result = bit_test_uint16_t(op, value, bit, &flags); break;
    case 4:  result = bit_test_uint32_t(op, value, bit, &flags); break;
    default: result = bit_test_uint64_t(op, value, bit, &flags); break;
    }
    *rflags = cluster_flags_merge(*rflags, flags);
    return result;
}

/* @size: the letter by which the assembler's templates name registers of the width. */
#define EXECUTE_SCAN(name, size)                                        \
    __asm__(CLUSTER_FLAGS_IN name " %" size "[from], %" size "[to]" CLUSTER_FLAGS_OUT \
            : "+&a"(*flags), [to] "+&r"(to) : [from] "r"(from) : "cc")

#define BIT_SCAN(suffix, size)                                          \
    static uint64_t bit_scan_##suffix(enum cluster_op op, uint64_t to, uint64_t from, \
                                      uint16_t *flags)                  \
    {                                                                   \
        switch (op) {                                                   \
        case CLUSTER_OP_BSF:   EXECUTE_SCAN("bsf", size); break;        \
        case CLUSTER_OP_BSR:   EXECUTE_SCAN("bsr", size); break;        \
        case CLUSTER_OP_TZCNT: EXECUTE_SCAN("tzcnt", size); break;      \
        case CLUSTER_OP_LZCNT: EXECUTE_SCAN("lzcnt", size); break;      \
        default:               EXECUTE_SCAN("popcnt", size); break;     \
        }                                                               \
        return to;                                                      \
    }

BIT_SCAN(16, "w")
BIT_SCAN(32, "k")
BIT_SCAN(64, "q")

uint64_t cluster_bit_scan(enum cluster_op op, unsigned int width, uint64_t to, uint64_t from,
                          uint64_t *rflags)
{
    uint16_t flags = cluster_flags_pack(*rflags);
    uint64_t result;

    switch (width) {
    case 2:  result = bit_scan_16(op, to, from, &flags); break;
    case 4:  result = bit_scan_32(op, to, from, &flags); break;
    default: result = bit_scan_64(op, to, from, &flags); break;
    }
    *rflags = cluster_flags_merge(*rflags, flags);
    return result;
}

/* RAX, which is needed for the flags as well, waits in another register. */
#define COMPARE_EXCHANGE(suffix, size)                                  \
    static void compare_exchange_##suffix(uint64_t *to, uint64_t from, uint64_t *rax, \
                                          uint16_t *flags)              \
    {                                                                   \
        __asm__(CLUSTER_FLAGS_IN "mov %[rax], %%rax\n\t"                \
                "cmpxchg %" size "[from], %" size "[to]\n\t"            \
                "mov %%rax, %[rax]" CLUSTER_FLAGS_OUT                   \
                : "+&a"(*flags), [to] "+&r"(*to), [rax] "+&r"(*rax)     \
                : [from] "r"(from) : "cc");                             \
    }

COMPARE_EXCHANGE(8, "b")
COMPARE_EXCHANGE(16, "w")
COMPARE_EXCHANGE(32, "k")
COMPARE_EXCHANGE(64, "q")

void cluster_compare_exchange(unsigned int width, uint64_t *to, uint64_t from, uint64_t *rax,
                              uint64_t *rflags)
{
    uint16_t flags = cluster_flags_pack(*rflags);

    switch (width) {
    case 1:  compare_exchange_8(to, from, rax, &flags); break;
    case 2:  compare_exchange_16(to, from, rax, &flags); break;
    case 4:  compare_exchange_32(to, from, rax, &flags); break;
    default: compare_exchange_64(to, from, rax, &flags); break;
    }
    *rflags = cluster_flags_merge(*rflags, flags);
}
