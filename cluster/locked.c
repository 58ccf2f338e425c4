/* SPDX-License-Identifier: GPL-2.0-only */
#include "locked.h"
#include "alu_flags.h"
#include "tlb.h"

typedef uint8_t cluster_guest_u8;

#define EXECUTE(name, operands)                                         \
    __asm__ volatile(CLUSTER_FLAGS_IN "lock " name " " operands CLUSTER_FLAGS_OUT \
                     : "+&a"(*flags), [value] "+&r"(value), [memory] "+m"(*memory) \
                     : : "cc", "memory")

#define BINARY(name) EXECUTE(name, "%[value], %[memory]")

/* @letter: the suffix that tells the assembler the width where no register does. */
#define UNARY(name, letter) EXECUTE(name letter, "%[memory]")

#define LOCKED(bits, letter)                                            \
    static uint64_t locked_##bits(enum cluster_op op, volatile cluster_guest_u##bits *memory, \
                                  uint##bits##_t value, uint16_t *flags) \
    {                                                                   \
        switch (op) {                                                   \
        case CLUSTER_OP_ADD:  BINARY("add"); break;                     \
        case CLUSTER_OP_ADC:  BINARY("adc"); break;                     \
        case CLUSTER_OP_SUB:  BINARY("sub"); break;                     \
        case CLUSTER_OP_SBB:  BINARY("sbb"); break;                     \
        case CLUSTER_OP_AND:  BINARY("and"); break;                     \
        case CLUSTER_OP_OR:   BINARY("or"); break;                      \
        case CLUSTER_OP_XOR:  BINARY("xor"); break;                     \
        case CLUSTER_OP_INC:  UNARY("inc", letter); break;              \
        case CLUSTER_OP_DEC:  UNARY("dec", letter); break;              \
        case CLUSTER_OP_NEG:  UNARY("neg", letter); break;              \
        case CLUSTER_OP_NOT:  UNARY("not", letter); break;              \
        case CLUSTER_OP_XADD: BINARY("xadd"); break;                    \
        default:              BINARY("xchg"); break;                    \
        }                                                               \
        return value;                                                   \
    }

LOCKED(8, "b")
LOCKED(16, "w")
LOCKED(32, "l")
LOCKED(64, "q")

/* Of less than the operand's bits, so that the address is the operand's. */
#define LOCKED_BIT(bits)                                                \
    static void locked_bit_##bits(enum cluster_op op, volatile cluster_guest_u##bits *memory, \
                                  uint##bits##_t value, uint16_t *flags) \
    {                                                                   \
        value &= bits - 1;                                              \
        switch (op) {                                                   \
        case CLUSTER_OP_BTS: BINARY("bts"); break;                      \
        case CLUSTER_OP_BTR: BINARY("btr"); break;                      \
        default:             BINARY("btc"); break;                      \
        }                                                               \
    }

LOCKED_BIT(16)
LOCKED_BIT(32)
LOCKED_BIT(64)

/* RAX, which is needed for the flags as well, waits in another register. */
#define LOCKED_COMPARE(bits)                                            \
    static void locked_compare_##bits(volatile cluster_guest_u##bits *memory, \
                                      uint##bits##_t value, uint64_t *rax, uint16_t *flags) \
    {                                                                   \
        __asm__ volatile(CLUSTER_FLAGS_IN "mov %[rax], %%rax\n\t"       \
                         "lock cmpxchg %[value], %[memory]\n\t"         \
                         "mov %%rax, %[rax]" CLUSTER_FLAGS_OUT          \
                         : "+&a"(*flags), [rax] "+&r"(*rax), [memory] "+m"(*memory) \
                         : [value] "r"(value) : "cc", "memory");        \
    }

LOCKED_COMPARE(8)
LOCKED_COMPARE(16)
LOCKED_COMPARE(32)
LOCKED_COMPARE(64)

static void bit(enum cluster_op op, unsigned int width, void *host, uint64_t number,
                uint16_t *flags)
{
    switch (width) {
    case 2:  locked_bit_16(op, host, number, flags); break;
    case 4:  locked_bit_32(op, host, number, flags); break;
    default: locked_bit_64(op, host, number, flags); break;
    }
}

static void compare(unsigned int width, void *host, uint64_t value, uint64_t *rax,
                    uint16_t *flags)
{
    switch (width) {
    case 1:  locked_compare_8(host, value, rax, flags); break;
    case 2:  locked_compare_16(host, value, rax, flags); break;
    case 4:  locked_compare_32(host, value, rax, flags); break;
    default: locked_compare_64(host, value, rax, flags); break;
    }
}

static uint64_t other(enum cluster_op op, unsigned int width, void *host, uint64_t value,
                      uint16_t *flags)
{
    switch (width) {
    case 1:  return locked_8(op, host, value, flags);
    case 2:  return locked_16(op, host, value, flags);
    case 4:  return locked_32(op, host, value, flags);
    default: return locked_64(op, host, value, flags);
    }
}

void cluster_locked(enum cluster_op op, unsigned int width, uint8_t *host, uint64_t *value,
                    uint64_t *rax, uint64_t *rflags)
{
    uint16_t flags = cluster_flags_pack(*rflags);

    if (op >= CLUSTER_OP_BTS && op <= CLUSTER_OP_BTC)
        bit(op, width, host, *value, &flags);
    else if (op == CLUSTER_OP_CMPXCHG)
        compare(width, host, *value, rax, &flags);
    else
        *value = other(op, width, host, *value, &flags);
    *rflags = cluster_flags_merge(*rflags, flags);
}
