/* SPDX-License-Identifier: GPL-2.0-only */
#include "cache.h"
#include "store.h"

/* Constant masks: see the header on indexes that the guest chooses. */
_Static_assert((CLUSTER_CACHE_SETS & (CLUSTER_CACHE_SETS - 1)) == 0 &&
               (CLUSTER_CACHE_WAYS & (CLUSTER_CACHE_WAYS - 1)) == 0 &&
               (CLUSTER_BARREN_SITES & (CLUSTER_BARREN_SITES - 1)) == 0, "powers of two");

/* Sites stand close together within a function: fold higher bits into the low ones. */
static unsigned int fold(uint64_t rip)
{
    return rip ^ (rip >> 6) ^ (rip >> 12);
}

static struct cluster_set *set_of(struct cluster_vcpu *vcpu, uint64_t rip)
{
    return &vcpu->set[fold(rip) & (CLUSTER_CACHE_SETS - 1)];
}

static struct cluster_barren *barren_of(struct cluster_vcpu *vcpu, uint64_t rip)
{
    return &vcpu->barren[fold(rip) & (CLUSTER_BARREN_SITES - 1)];
}

static bool is_empty(const struct cluster *c)
{
    return c->nr_insns == 0;
}

struct cluster *cluster_cache_find(struct cluster_vcpu *vcpu, uint64_t rip)
{
    struct cluster_set *set = set_of(vcpu, rip);
    unsigned int i;

    for (i = 0; i < CLUSTER_CACHE_WAYS; i++)
        if (set->rip[i] == rip && !is_empty(&set->way[i]))
            return &set->way[i];
    return NULL;
}

/* An empty way, else the one whose turn it is. */
static unsigned int choose_way(struct cluster_set *set)
{
    unsigned int i;

    for (i = 0; i < CLUSTER_CACHE_WAYS; i++)
        if (is_empty(&set->way[i]))
            return i;
    return set->victim++ & (CLUSTER_CACHE_WAYS - 1);
}

struct cluster *cluster_cache_keep(struct cluster_vcpu *vcpu, const struct cluster *c,
                                   bool *evicted, uint64_t *evicted_rip)
{
    struct cluster_set *set = set_of(vcpu, c->rip);
    unsigned int i = choose_way(set);

    *evicted = !is_empty(&set->way[i]);
    *evicted_rip = set->rip[i];
    set->way[i] = *c;
    set->rip[i] = c->rip;
    return &set->way[i];
}

void cluster_cache_drop(struct cluster *c)
{
    c->nr_insns = 0;
}

bool cluster_cache_has_barren(struct cluster_vcpu *vcpu, uint64_t rip)
{
    const struct cluster_barren *barren = barren_of(vcpu, rip);

    return barren->rip == rip && barren->exits_left != 0;
}

bool cluster_site_barren(struct cluster_vcpu *vcpu, uint64_t rip)
{
    if (!cluster_cache_has_barren(vcpu, rip))
        return false;
    barren_of(vcpu, rip)->exits_left--;
    return true;
}

void cluster_cache_set_barren(struct cluster_vcpu *vcpu, uint64_t rip, unsigned int exits)
{
    struct cluster_barren *barren = barren_of(vcpu, rip);

    barren->rip = rip;
    barren->exits_left = exits;
}

/* The memory is zero, which is what empty tables are. */
void cluster_init(struct cluster_vcpu *vcpu, const struct cluster_arena *arena)
{
    vcpu->arena = *arena;
}

static unsigned int flush_set(struct cluster_set *set)
{
    unsigned int i, dropped = 0;

    for (i = 0; i < CLUSTER_CACHE_WAYS; i++) {
        dropped += !is_empty(&set->way[i]);
        set->way[i].nr_insns = 0;
    }
    return dropped;
}

unsigned int cluster_flush(struct cluster_vcpu *vcpu)
{
    unsigned int i, dropped = 0;

    for (i = 0; i < CLUSTER_CACHE_SETS; i++)
        dropped += flush_set(&vcpu->set[i]);
    memset(vcpu->barren, 0, sizeof(vcpu->barren));
    return dropped + cluster_store_forget(vcpu);
}
