/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * graph.h - edges, and where paths may come together.
 *
 * Two places are the same for the code behind them when RIP and RSP are the
 * same.  They had better also return to the same callers, or RET would have
 * to tell them apart later; so a path joins only what has the same calls open
 * (the innermost GRAPH_CALLS of them are compared).
 *
 * The table of nodes (cluster_vcpu.graph) serves one recording: it holds the headers
 * and first nodes of the region's segments, and every node recorded since.
 */
#ifndef CLUSTER_GRAPH_H
#define CLUSTER_GRAPH_H

#include "cluster.h"

/* Begin a recording in @region. */
void cluster_graph_start(struct cluster_vcpu *vcpu, const struct cluster_region *region);

/*
 * @segment of @region is complete, headers included: later recordings find what others may
 * go to without looking at all nodes.
 */
void cluster_graph_keep(struct cluster_vcpu *vcpu, struct cluster_region *region,
                        const struct cluster_segment *segment);

/* @node, new or a header, can be found from now on. */
void cluster_graph_insert(struct cluster_vcpu *vcpu, uint32_t node);

/*
 * A node below @end, at @rip with RSP @rsp and the calls of @call open, that others
 * may go to; or NO_INDEX.
 */
uint32_t cluster_graph_find(const struct cluster_vcpu *vcpu, uint64_t rip, int32_t rsp,
                            uint32_t call, uint32_t end);

/* A new edge of branch @from, behind those it has.  NO_INDEX when the pool is full. */
uint32_t cluster_graph_add_edge(struct cluster_vcpu *vcpu, uint32_t from, uint64_t rip);

/* Take @edge out of its branch's. */
void cluster_graph_drop_edge(struct cluster_vcpu *vcpu, uint32_t edge);

/*
 * Give the branch @node the edges that its instruction has by itself: two for a Jcc,
 * one for the others, to @rip.  Returns false when the pool is full.
 */
bool cluster_graph_add_edges(struct cluster_vcpu *vcpu, uint32_t node, uint64_t rip);

/* The edge by which branch @node goes to @rip, when it is @taken; or NO_INDEX. */
uint32_t cluster_graph_edge(const struct cluster_vcpu *vcpu, uint32_t node, bool taken,
                            uint64_t rip);

/* As cluster_graph_edge(); an indirect branch gets a new one, while it may have more. */
uint32_t cluster_graph_obtain_edge(struct cluster_vcpu *vcpu, uint32_t node, bool taken,
                                   uint64_t rip);

/* What is RSP behind branch @node, and which call is open there? */
int32_t cluster_graph_rsp_behind(const struct cluster_node *node);
uint32_t cluster_graph_call_behind(const struct cluster_vcpu *vcpu, uint32_t node);

#endif /* CLUSTER_GRAPH_H */
