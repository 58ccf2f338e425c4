/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * store.h - which regions there are.
 *
 * Found by RIP and RSP modulo 16.  Regions and all that belongs to them live in
 * pools that are given out from their beginning; when one is used up,
 * everything is forgotten (cluster_store_forget()), never while a region is executed.
 *
 * Indexes come from what the guest chooses: they are made by a shift of a hash, so
 * that no mispredicted branch can carry one beyond its table.
 */
#ifndef CLUSTER_STORE_H
#define CLUSTER_STORE_H

#include "cluster.h"

/* Of a site: below CLUSTER_REGION_BUCKETS. */
unsigned int cluster_store_hash(uint64_t rip, uint16_t variant);

/* The region of the site, or NULL. */
struct cluster_region *cluster_store_find(struct cluster_vcpu *vcpu, uint64_t rip,
                                          uint16_t variant);

/* False when no region has @rip, whatever its RSP; true when one may have. */
bool cluster_store_has_site(const struct cluster_vcpu *vcpu, uint64_t rip);

/*
 * An empty region to record, which is in the store only once it is kept; until
 * then the next draft takes its place.  NULL when there is no room.
 */
struct cluster_region *cluster_store_draft(struct cluster_vcpu *vcpu, uint64_t rip,
                                           uint16_t variant);

/* Keep the draft. Its site must have no other region. */
void cluster_store_keep(struct cluster_vcpu *vcpu, struct cluster_region *region);

/* Drop a region that was kept. Its place is not used again until all is forgotten. */
void cluster_store_drop(struct cluster_vcpu *vcpu, struct cluster_region *region);

/* How far the pools, and a region in the store, were filled. */
struct cluster_store_mark {
    uint32_t segments, nodes, edges, pieces, code_words;
    uint32_t last_segment, last_target, region_exiting;
    uint16_t region_nodes, region_pages;
};

struct cluster_store_mark cluster_store_mark(const struct cluster_vcpu *vcpu,
                                             const struct cluster_region *region);

/*
 * Take back the segments that were recorded since, of @region, which had one before.
 * None of them has been translated, and no edge of older ones leads there any more.
 */
void cluster_store_take_back(struct cluster_vcpu *vcpu, struct cluster_region *region,
                             const struct cluster_store_mark *mark);

/* Forget all regions and what was translated, and the tracker.  Returns how many there were. */
unsigned int cluster_store_forget(struct cluster_vcpu *vcpu);

static inline uint32_t cluster_store_index(const struct cluster_vcpu *vcpu,
                                           const struct cluster_region *region)
{
    return region - vcpu->region;
}

#endif /* CLUSTER_STORE_H */
