/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shadow.h - the recorder's view of L1's code: each byte is loaded once for a
 * recording, in aligned words of 8; what is decoded and what executions are
 * compared with later is that one copy.
 *
 * Order of calls: cluster_shadow_start(), then any number of _fetch(), then
 * _use() for every instruction that is kept, then _pieces().
 */
#ifndef CLUSTER_SHADOW_H
#define CLUSTER_SHADOW_H

#include "cluster.h"
#include "interp.h"

void cluster_shadow_start(struct cluster_vcpu *vcpu);

/*
 * The bytes of L1 at @rip, as many as lie in its page, at most 15; where
 * @across the page's end, those beyond as well, and then copied to @buffer, of
 * CLUSTER_MAX_INSN_BYTES.  *@size is how many there are.  NULL with x->stop set where
 * the first cannot be had.
 *
 * A page that @region did not have is added to it.  From then on stores into it
 * stop; so what translated code of @region knows of pages is found anew at its next execution.
 */
const uint8_t *cluster_shadow_fetch(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                                    struct cluster_region *region, uint64_t rip, bool across,
                                    uint8_t *buffer, unsigned int *size);

/* The @length bytes at @rip, fetched before, belong to the segment. */
void cluster_shadow_use(struct cluster_vcpu *vcpu, const struct cluster_region *region,
                        uint64_t rip, unsigned int length);

/*
 * Make the segment's pieces of what was used, and cut the region's pages to those
 * that some segment has instructions in; the older ones have the first @pages.
 * Returns false when a pool is full.
 */
bool cluster_shadow_pieces(struct cluster_vcpu *vcpu, struct cluster_region *region,
                           unsigned int pages, struct cluster_segment *segment);

#endif /* CLUSTER_SHADOW_H */
