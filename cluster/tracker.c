/* SPDX-License-Identifier: GPL-2.0-only */
#include "tracker.h"
#include "cache.h"

/*
 * An entry's count: 0, it is empty; below RECORDS, exits; from RECORDS on,
 * RECORDS + recordings; with BARREN set, the exits for which it is left alone.
 */
#define BARREN 0x8000

_Static_assert(CLUSTER_BARREN_EXITS < BARREN, "fits");
_Static_assert(CLUSTER_TRACKER_ROWS == 512, "9 bits of the hash");
_Static_assert((CLUSTER_TRACKER_DEPTH & (CLUSTER_TRACKER_DEPTH - 1)) == 0, "a power of two");

/* By multiplication; 2^64 divided by the golden ratio mixes well into the upper bits. */
static uint64_t hash(uint64_t rip, uint16_t variant)
{
    return (rip ^ ((uint64_t)variant << 48)) * 0x9e3779b97f4a7c15ull;
}

/* A shift leaves no index outside: see cache.h on indexes that the guest chooses. */
static struct cluster_tracker_row *row_of(struct cluster_vcpu *vcpu, uint64_t hashed)
{
    return &vcpu->tracker[hashed >> 55];
}

static uint32_t tag_of(uint64_t hashed)
{
    return hashed >> 23;
}

static uint16_t *find(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant)
{
    uint64_t hashed = hash(rip, variant);
    struct cluster_tracker_row *row = row_of(vcpu, hashed);
    unsigned int i;

    for (i = 0; i < CLUSTER_TRACKER_DEPTH; i++)
        if (row->tag[i] == tag_of(hashed) && row->count[i])
            return &row->count[i];
    return NULL;
}

/* A new entry in place of the row's oldest. */
static uint16_t *enter(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant)
{
    uint64_t hashed = hash(rip, variant);
    struct cluster_tracker_row *row = row_of(vcpu, hashed);
    unsigned int i = row->next++ & (CLUSTER_TRACKER_DEPTH - 1);

    row->tag[i] = tag_of(hashed);
    row->count[i] = 0;
    return &row->count[i];
}

static uint16_t *obtain(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant)
{
    uint16_t *count = find(vcpu, rip, variant);

    return count ? count : enter(vcpu, rip, variant);
}

/* Is it barren still?  When it is not any more, the next count records. */
static bool wait(uint16_t *count, unsigned int exits)
{
    unsigned int left = *count & ~BARREN;

    if (exits < left) {
        *count -= exits;
        return true;
    }
    *count = CLUSTER_TRACKER_RECORDS - 1;
    return false;
}

enum cluster_tracked cluster_tracker_exit(struct cluster_vcpu *vcpu, uint64_t rip,
                                          uint16_t variant, unsigned int exits)
{
    uint16_t *count = obtain(vcpu, rip, variant);

    if ((*count & BARREN) && wait(count, exits))
        return CLUSTER_TRACKED_BARREN;
    if (*count < CLUSTER_TRACKER_RECORDS)
        ++*count;
    return *count < CLUSTER_TRACKER_RECORDS ? CLUSTER_TRACKED_COUNTING : CLUSTER_TRACKED_RECORD;
}

bool cluster_tracker_is_barren(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant)
{
    uint16_t *count = find(vcpu, rip, variant);

    return count && (*count & BARREN) && wait(count, 1);
}

bool cluster_tracker_knows(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant)
{
    return find(vcpu, rip, variant) != NULL;
}

void cluster_tracker_recorded(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant)
{
    uint16_t *count = obtain(vcpu, rip, variant);

    if (*count < CLUSTER_TRACKER_RECORDS)
        *count = CLUSTER_TRACKER_RECORDS;
    if (++*count >= CLUSTER_TRACKER_RECORDS + CLUSTER_TRACKER_TRIES)
        *count = BARREN | CLUSTER_BARREN_EXITS;
}

void cluster_tracker_settle(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant)
{
    uint16_t *count = find(vcpu, rip, variant);

    if (count && *count > CLUSTER_TRACKER_RECORDS && !(*count & BARREN))
        *count = CLUSTER_TRACKER_RECORDS;
}

void cluster_tracker_set_barren(struct cluster_vcpu *vcpu, uint64_t rip, uint16_t variant,
                                unsigned int exits)
{
    *obtain(vcpu, rip, variant) = BARREN | (exits < BARREN ? exits : BARREN - 1);
}
