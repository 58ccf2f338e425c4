/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * regmap.h - which of L1's R8 to R15 get a register of the host (frame.h).
 */
#ifndef CLUSTER_REGMAP_H
#define CLUSTER_REGMAP_H

#include "cluster.h"

/* Fill in region->host from what @segment, its first, uses most. */
void cluster_regmap_choose(const struct cluster_vcpu *vcpu, struct cluster_region *region,
                           const struct cluster_segment *segment);

#endif /* CLUSTER_REGMAP_H */
