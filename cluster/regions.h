/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * regions.h - what is made of an exit by regions: count, record, execute, grow, judge.
 */
#ifndef CLUSTER_REGIONS_H
#define CLUSTER_REGIONS_H

#include "cluster.h"
#include "interp.h"

/*
 * cluster_run() with mode INTERP or ON, but for what is refused whatever the site holds.
 * The caller has filled in ops, ctx and regs of @x, and *out as of a call that did nothing.
 */
void cluster_regions_run(struct cluster_vcpu *vcpu, enum cluster_mode mode,
                         struct cluster_exec *x, unsigned int kind,
                         struct cluster_outcome *out);

#endif /* CLUSTER_REGIONS_H */
