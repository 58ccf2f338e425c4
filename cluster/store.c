/* SPDX-License-Identifier: GPL-2.0-only */
#include "store.h"
#include "cost.h"

_Static_assert(CLUSTER_REGION_BUCKETS == 1024, "10 bits of the hash");

unsigned int cluster_store_hash(uint64_t rip, uint16_t variant)
{
    return ((rip ^ ((uint64_t)variant << 48)) * 0x9e3779b97f4a7c15ull) >> 54;
}

struct cluster_region *cluster_store_find(struct cluster_vcpu *vcpu, uint64_t rip,
                                          uint16_t variant)
{
    uint32_t i = vcpu->bucket[cluster_store_hash(rip, variant)];

    while (i) {
        struct cluster_region *region = &vcpu->region[i - 1];

        if (region->rip == rip && region->variant == variant)
            return region;
        i = region->hash_next;
    }
    return NULL;
}

bool cluster_store_has_site(const struct cluster_vcpu *vcpu, uint64_t rip)
{
    return vcpu->site[cluster_store_hash(rip, 0)] != 0;
}

struct cluster_region *cluster_store_draft(struct cluster_vcpu *vcpu, uint64_t rip,
                                           uint16_t variant)
{
    struct cluster_region *region;

    if (vcpu->nr_regions == CLUSTER_MAX_REGIONS)
        return NULL;
    region = &vcpu->region[vcpu->nr_regions];
    memset(region, 0, sizeof(*region));
    region->rip = rip;
    region->variant = variant;
    region->first_segment = CLUSTER_NO_INDEX;
    region->last_segment = CLUSTER_NO_INDEX;
    region->first_target = CLUSTER_NO_INDEX;
    region->stack_page = CLUSTER_SLOT_EMPTY;
    region->max_gap = cluster_max_gap(vcpu->narrowed[cluster_store_hash(rip, variant)]);
    return region;
}

void cluster_store_keep(struct cluster_vcpu *vcpu, struct cluster_region *region)
{
    uint32_t *bucket = &vcpu->bucket[cluster_store_hash(region->rip, region->variant)];

    region->hash_next = *bucket;
    *bucket = cluster_store_index(vcpu, region) + 1;
    vcpu->site[cluster_store_hash(region->rip, 0)]++;
    vcpu->nr_regions++;
    vcpu->live_regions++;
}

static void unlink_region(struct cluster_vcpu *vcpu, const struct cluster_region *region)
{
    uint32_t *link = &vcpu->bucket[cluster_store_hash(region->rip, region->variant)];

    while (*link != cluster_store_index(vcpu, region) + 1)
        link = &vcpu->region[*link - 1].hash_next;
    *link = region->hash_next;
}

void cluster_store_drop(struct cluster_vcpu *vcpu, struct cluster_region *region)
{
    unlink_region(vcpu, region);
    vcpu->site[cluster_store_hash(region->rip, 0)]--;
    vcpu->live_regions--;
    region->rip = 0;
}

struct cluster_store_mark cluster_store_mark(const struct cluster_vcpu *vcpu,
                                             const struct cluster_region *region)
{
    return (struct cluster_store_mark){
        .segments = vcpu->nr_segments, .nodes = vcpu->nr_nodes, .edges = vcpu->nr_edges,
        .pieces = vcpu->nr_pieces, .code_words = vcpu->nr_code_words,
        .last_segment = region->last_segment, .last_target = region->last_target,
        .region_exiting = region->nr_exiting, .region_nodes = region->nr_nodes,
        .region_pages = region->nr_pages,
    };
}

void cluster_store_take_back(struct cluster_vcpu *vcpu, struct cluster_region *region,
                             const struct cluster_store_mark *mark)
{
    vcpu->nr_segments = mark->segments;
    vcpu->nr_nodes = mark->nodes;
    vcpu->nr_edges = mark->edges;
    vcpu->nr_pieces = mark->pieces;
    vcpu->nr_code_words = mark->code_words;
    region->last_segment = mark->last_segment;
    region->last_target = mark->last_target;
    region->nr_exiting = mark->region_exiting;
    region->nr_nodes = mark->region_nodes;
    region->nr_pages = mark->region_pages;
    vcpu->segment[mark->last_segment].next = CLUSTER_NO_INDEX;
    vcpu->node[mark->last_target].next_target = CLUSTER_NO_INDEX;
}

unsigned int cluster_store_forget(struct cluster_vcpu *vcpu)
{
    unsigned int live = vcpu->live_regions;

    vcpu->live_regions = 0;
    vcpu->arena_used = vcpu->arena_cold = 0;
    vcpu->nr_regions = vcpu->nr_segments = vcpu->nr_nodes = vcpu->nr_edges = 0;
    vcpu->nr_pieces = vcpu->nr_exits = vcpu->nr_slots = vcpu->nr_code_words = 0;
    memset(vcpu->bucket, 0, sizeof(vcpu->bucket));
    memset(vcpu->site, 0, sizeof(vcpu->site));
    memset(vcpu->tracker, 0, sizeof(vcpu->tracker));
    memset(vcpu->rebuilt, 0, sizeof(vcpu->rebuilt));
    memset(vcpu->narrowed, 0, sizeof(vcpu->narrowed));
    memset(vcpu->given_up, 0, sizeof(vcpu->given_up));
    return live;
}
