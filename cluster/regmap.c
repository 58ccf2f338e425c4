/* SPDX-License-Identifier: GPL-2.0-only */
#include "regmap.h"
#include "effects.h"

enum { CANDIDATES = 8, FREE = 5 };      /* of L1: R8 to R15; of the host: R8 to R12 */

static void count_uses(const struct cluster_node *node, uint32_t count, uint32_t uses[CANDIDATES])
{
    uint32_t n;

    for (n = 0; n < count; n++) {
        uint32_t named = cluster_registers_named(&node[n].insn) >> CLUSTER_R8;

        for (; named; named &= named - 1)
            uses[__builtin_ctz(named)]++;
    }
}

/* The lowest of those used most that has none yet. */
static uint32_t most_used(const uint32_t uses[CANDIDATES], const uint8_t host[CANDIDATES])
{
    uint32_t best = CANDIDATES, i;

    for (i = 0; i < CANDIDATES; i++)
        if (host[i] == CLUSTER_HOST_NONE && (best == CANDIDATES || uses[i] > uses[best]))
            best = i;
    return best;
}

void cluster_regmap_choose(const struct cluster_vcpu *vcpu, struct cluster_region *region,
                           const struct cluster_segment *segment)
{
    uint32_t uses[CANDIDATES] = { 0 }, i;

    count_uses(&vcpu->node[segment->first_node], segment->nr_nodes, uses);
    for (i = 0; i < CANDIDATES; i++)
        region->host[i] = CLUSTER_HOST_NONE;
    for (i = 0; i < FREE; i++)
        region->host[most_used(uses, region->host)] = CLUSTER_R8 + i;
    region->mapped = true;
}
