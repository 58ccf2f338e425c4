/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tlb.h - the soft TLB, and the only loads and stores the engine makes to
 * guest memory outside the comparison of code.
 *
 * Lives for one cluster_run(): the host addresses in it are valid until
 * ops->end().  Like the hardware's, it may hold a translation that the
 * guest's page tables no longer have; no instruction that the engine executes
 * is an architectural point at which it would have to forget one.
 */
#ifndef CLUSTER_TLB_H
#define CLUSTER_TLB_H

#include "cluster.h"

enum {
    CLUSTER_TLB_ENTRIES = 8,
    CLUSTER_PAGE_SIZE = 4096,
    CLUSTER_PAGE_OFFSET = CLUSTER_PAGE_SIZE - 1,
};

struct cluster_tlb_entry {
    uint64_t page;              /* linear address */
    uint8_t *host;
    enum cluster_access access; /* READ or WRITE; WRITE serves reads too */
};

struct cluster_tlb {
    unsigned int used;          /* fills since cluster_tlb_start(); may exceed the entries */
    struct cluster_tlb_entry entry[CLUSTER_TLB_ENTRIES];
};

/* Empty. */
static inline void cluster_tlb_start(struct cluster_tlb *tlb)
{
    tlb->used = 0;
}

/*
 * Host address of the linear address @linear, or NULL where ops->translate()
 * has none for @access (READ or WRITE).  @linear must be canonical.
 */
uint8_t *cluster_tlb_host(struct cluster_tlb *tlb, const struct cluster_ops *ops, void *ctx,
                          uint64_t linear, enum cluster_access access);

/*
 * True when the @width bytes at @linear are all canonical and do not wrap from
 * the last address to the first: the only accesses that the engine makes.
 */
static inline bool cluster_tlb_accessible(uint64_t linear, unsigned int width)
{
    uint64_t last = linear + width - 1;

    return cluster_canonical(linear) && cluster_canonical(last) && last >= linear;
}

/* Guest memory: any type may lie there, at any alignment. */
typedef uint16_t __attribute__((may_alias, aligned(1))) cluster_guest_u16;
typedef uint32_t __attribute__((may_alias, aligned(1))) cluster_guest_u32;
typedef uint64_t __attribute__((may_alias, aligned(1))) cluster_guest_u64;

/*
 * One load or store of @width (1, 2, 4, 8) bytes at any alignment.  Other vCPUs
 * see and change the same memory: each call is exactly one access of the full
 * width, as the instruction's own would be.
 */
static inline uint64_t cluster_load(const uint8_t *host, unsigned int width)
{
    switch (width) {
    case 1:  return *(const volatile uint8_t *)host;
    case 2:  return *(const volatile cluster_guest_u16 *)host;
    case 4:  return *(const volatile cluster_guest_u32 *)host;
    default: return *(const volatile cluster_guest_u64 *)host;
    }
}

static inline void cluster_store(uint8_t *host, unsigned int width, uint64_t value)
{
    switch (width) {
    case 1:  *(volatile uint8_t *)host = value; break;
    case 2:  *(volatile cluster_guest_u16 *)host = value; break;
    case 4:  *(volatile cluster_guest_u32 *)host = value; break;
    default: *(volatile cluster_guest_u64 *)host = value; break;
    }
}

#endif /* CLUSTER_TLB_H */
