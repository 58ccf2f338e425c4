/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_env.h - what the engine takes from its surroundings, inside Xen.
 * The hosted counterpart is cluster/hosted/cluster_env.h.
 */
#ifndef NVMX_XEN_CLUSTER_ENV_H
#define NVMX_XEN_CLUSTER_ENV_H

#include <xen/types.h>
#include <xen/stdbool.h>
#include <xen/string.h>

#include <asm/asm_defns.h>

/* The limits that Xen's types.h does not have. */
#ifndef INT64_MAX
#define INT64_MAX  0x7fffffffffffffffL
#define INT64_MIN  (-INT64_MAX - 1)
#endif

/*
 * Call translated code, which keeps no register but RSP (cluster/frame.h).  RBP
 * cannot be named as clobbered where it is the frame pointer.  There is no red
 * zone.  The code begins with ENDBR64 and returns by RET, once.
 */
static inline void cluster_enter(const uint8_t *code)
{
    asm volatile ( "push %%rbp\n\t"
                   "INDIRECT_CALL %[code]\n\t"
                   "pop %%rbp"
                   : [code] "+a" (code) ASM_CALL_CONSTRAINT
                   :
                   : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
                     "r11", "r12", "r13", "r14", "r15", "memory", "cc" );
}

/*
 * Nothing of what was written to the arena is executed as it was before, not even
 * speculatively: CPUID serializes (SDM vol. 3, "Serializing Instructions"; see
 * XSA-375).  An arena belongs to one vCPU; where that goes to another processor,
 * the context switch there writes CR3, which serializes as well.
 */
static inline void cluster_barrier(void)
{
    unsigned int leaf = 0, subleaf = 0;

    asm volatile ( "cpuid"
                   : "+a" (leaf), "+c" (subleaf)
                   :
                   : "rbx", "rdx", "memory" );
}

#endif /* NVMX_XEN_CLUSTER_ENV_H */
