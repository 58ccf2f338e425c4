/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_env.h (hosted) - what the engine asks of its surroundings, for tests
 * and tools that run as ordinary programs.  Inside Xen another file of this
 * name supplies the same names; nothing else differs between the two builds.
 *
 * Supplies: uint8_t .. uint64_t, int32_t, int64_t, bool, NULL,
 * offsetof, memcpy, memcmp, memset; cf_check, the mark of functions that are
 * called by address; cluster_enter(), cluster_barrier().
 */
#ifndef CLUSTER_ENV_H
#define CLUSTER_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define cf_check

/*
 * Call translated code, which keeps no register but RSP (frame.h).  RBP cannot
 * be named as clobbered where it is the frame pointer.
 */
static inline void cluster_enter(const uint8_t *code)
{
    /* Below the red zone. */
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\t"
                     "push %%rbp\n\t"
                     "call *%0\n\t"
                     "pop %%rbp\n\t"
                     "lea 128(%%rsp), %%rsp"
                     : "+a"(code)
                     :
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
                       "r13", "r14", "r15", "memory", "cc");
}

/* Nothing of what was written to the arena is executed, not even speculatively, as it was before. */
static inline void cluster_barrier(void)
{
    uint32_t leaf = 0, unused = 0;

    __asm__ volatile("cpuid" : "+a"(leaf), "+c"(unused) : : "rbx", "rdx", "memory");
}

#endif /* CLUSTER_ENV_H */
