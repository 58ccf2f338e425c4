/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * join.h - where the paths of a recorded segment come together, and where others
 * may come in.
 */
#ifndef CLUSTER_JOIN_H
#define CLUSTER_JOIN_H

#include "cluster.h"

/*
 * Complete @segment, just recorded and not yet translated:
 *
 * - a Jcc's other edge, where L1 did not go, is linked where its target is on
 *   the path all the same (an "if" whose body was executed, and the way around it);
 * - headers are made where a later path, having left this one, will come back to
 *   it: behind a return, and at the target of a jump forward, which goes around
 *   something.
 *
 * A header costs the translation what it knew; so there is none that no such path
 * is to be expected at.
 */
void cluster_join(struct cluster_vcpu *vcpu, const struct cluster_segment *segment);

#endif /* CLUSTER_JOIN_H */
