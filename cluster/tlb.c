/* SPDX-License-Identifier: GPL-2.0-only */
#include "tlb.h"

static uint8_t *fill(struct cluster_tlb *tlb, const struct cluster_ops *ops, void *ctx,
                     uint64_t page, enum cluster_access access)
{
    uint8_t *host = ops->translate(ctx, page, access);
    struct cluster_tlb_entry *entry;

    if (!host)
        return NULL;
    entry = &tlb->entry[tlb->used++ % CLUSTER_TLB_ENTRIES];
    entry->page = page;
    entry->host = host;
    entry->access = access;
    return host;
}

uint8_t *cluster_tlb_host(struct cluster_tlb *tlb, const struct cluster_ops *ops, void *ctx,
                          uint64_t linear, enum cluster_access access)
{
    uint64_t page = linear & ~(uint64_t)CLUSTER_PAGE_OFFSET;
    const struct cluster_tlb_entry *entry = tlb->entry, *end;
    uint8_t *host;

    end = entry + (tlb->used < CLUSTER_TLB_ENTRIES ? tlb->used : CLUSTER_TLB_ENTRIES);
    for (; entry < end; entry++)
        if (entry->page == page && (entry->access == CLUSTER_WRITE || access == CLUSTER_READ))
            return entry->host + (linear & CLUSTER_PAGE_OFFSET);

    host = fill(tlb, ops, ctx, page, access);
    return host ? host + (linear & CLUSTER_PAGE_OFFSET) : NULL;
}
