/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * locked.h - read-modify-writes of guest memory that are atomic to L1's other
 * processors: each is one instruction with a LOCK prefix.
 */
#ifndef CLUSTER_LOCKED_H
#define CLUSTER_LOCKED_H

#include "cluster.h"

/*
 * Execute @op (ADD ADC SUB SBB AND OR XOR INC DEC NEG NOT BTS BTR BTC XADD XCHG
 * CMPXCHG) on the @width bytes at @host, which lie in one cache line.  *@value is the
 * register or immediate operand, for BTx the bit's number within the operand;
 * XADD and XCHG leave in it what was in memory.  CMPXCHG compares with *@rax, the
 * whole register, which is left as after the instruction.  Only the arithmetic
 * flags of *@rflags change.
 */
void cluster_locked(enum cluster_op op, unsigned int width, uint8_t *host, uint64_t *value,
                    uint64_t *rax, uint64_t *rflags);

#endif /* CLUSTER_LOCKED_H */
