/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stack.h - where a path reaches into the stack.
 *
 * Values are relative to RSP at the region's entry.
 */
#ifndef CLUSTER_STACK_H
#define CLUSTER_STACK_H

#include "cluster.h"

struct cluster_stack {
    int32_t  low, high;         /* extent of the accesses so far: [low, high) */
};

/* So far from the entry at most: more than translated code reaches. */
static inline bool cluster_stack_is_near(int64_t rsp)
{
    return rsp > -2 * 4096 && rsp < 2 * 4096;
}

/*
 * @insn is executed with RSP at @rsp, near.  Widens the extent by what it pushes
 * and pops, and by an operand that is addressed by RSP alone, where that is within
 * CLUSTER_STACK_REACH.
 */
void cluster_stack_note(struct cluster_stack *stack, const struct cluster_insn *insn,
                        int32_t rsp);

#endif /* CLUSTER_STACK_H */
