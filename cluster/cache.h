/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cache.h - which cluster a site has, or that it has none.
 *
 * Clusters: CLUSTER_CACHE_SETS x CLUSTER_CACHE_WAYS, keyed by RIP, replaced
 * round-robin within a set.  What is found must be compared with the guest's
 * bytes before use: other code may be mapped at the same RIP by now.
 *
 * Barren sites, those that form no cluster or a useless one, are remembered by RIP alone and for
 * CLUSTER_BARREN_EXITS exits only; then the site is decoded again.  Comparing
 * bytes there would need a walk of the guest's page tables on an exit that gains
 * nothing by it.  So code that turns into a cluster is used as one after
 * at most CLUSTER_BARREN_EXITS more exits at that site.
 *
 * Indexes come from RIP, which the guest chooses: they are made by masking with
 * a constant, so that no mispredicted branch can carry one beyond its table.
 */
#ifndef CLUSTER_CACHE_H
#define CLUSTER_CACHE_H

#include "cluster.h"

/*
 * Decoding a barren site again costs thousands of instructions (forming and
 * executing at a new site: 10,000 to 18,000 in the lab's many_sites and conditions);
 * spread over this many exits that is a few an exit.
 */
enum { CLUSTER_BARREN_EXITS = 4096 };

/* The cluster of site @rip, or NULL. */
struct cluster *cluster_cache_find(struct cluster_vcpu *vcpu, uint64_t rip);

/*
 * Keep a copy of @c, whose site must not be in the cache.  Returns the copy,
 * which stays at that address until it is replaced or dropped.  *@evicted is
 * true when another cluster, of site *@evicted_rip, had to go.
 */
struct cluster *cluster_cache_keep(struct cluster_vcpu *vcpu, const struct cluster *c,
                                   bool *evicted, uint64_t *evicted_rip);

/* Drop a cluster of the cache.  Its way is empty then, and filled before another is evicted. */
void cluster_cache_drop(struct cluster *c);

/*
 * Remember @rip as barren for the next @exits exits, in place of any other site
 * with the same index.
 */
void cluster_cache_set_barren(struct cluster_vcpu *vcpu, uint64_t rip, unsigned int exits);

/* Is @rip remembered, so that L1 has exited there lately?  Counts no exit. */
bool cluster_cache_has_barren(struct cluster_vcpu *vcpu, uint64_t rip);

#endif /* CLUSTER_CACHE_H */
