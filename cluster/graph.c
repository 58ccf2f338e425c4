/* SPDX-License-Identifier: GPL-2.0-only */
#include "graph.h"

enum {
    ENTRIES = CLUSTER_GRAPH_ENTRIES,
    /* So many entries are looked at, whatever a guest makes of its code. */
    PROBES = 16,
    GRAPH_CALLS = 8,
};

/*
 * A recording's entries have a mark of their own above the node's bits, so that the
 * table need not be cleared for each, which takes longer than a short recording.
 */
enum { NODES = 64 * 1024 };

_Static_assert((int)CLUSTER_MAX_NODES <= (int)NODES, "a node's bits in an entry");
_Static_assert(ENTRIES == 32768 && (int)ENTRIES > (int)CLUSTER_REGION_NODES, "15 bits of the hash");

static uint32_t hash(uint64_t rip, int32_t rsp)
{
    return ((rip ^ ((uint64_t)rsp << 40)) * 0x9e3779b97f4a7c15ull) >> 49;
}

static bool is_empty(const struct cluster_vcpu *vcpu, uint32_t i)
{
    return vcpu->graph[i % ENTRIES] / NODES != vcpu->graph_mark / NODES;
}

void cluster_graph_insert(struct cluster_vcpu *vcpu, uint32_t node)
{
    uint32_t i = hash(vcpu->node[node].rip, vcpu->node[node].rsp), probes;

    for (probes = 0; probes < PROBES; probes++, i++)
        if (is_empty(vcpu, i)) {
            vcpu->graph[i % ENTRIES] = vcpu->graph_mark + node;
            return;
        }
}

/* A mark that no entry has; none is 0. */
static void empty_table(struct cluster_vcpu *vcpu)
{
    vcpu->graph_mark += NODES;
    if (vcpu->graph_mark != 0)
        return;
    memset(vcpu->graph, 0, sizeof(vcpu->graph));
    vcpu->graph_mark = NODES;
}

void cluster_graph_start(struct cluster_vcpu *vcpu, const struct cluster_region *region)
{
    uint32_t n;

    empty_table(vcpu);
    for (n = region->first_target; n != CLUSTER_NO_INDEX; n = vcpu->node[n].next_target)
        cluster_graph_insert(vcpu, n);
}

static void append_target(struct cluster_vcpu *vcpu, struct cluster_region *region, uint32_t n)
{
    if (region->first_target == CLUSTER_NO_INDEX)
        region->first_target = n;
    else
        vcpu->node[region->last_target].next_target = n;
    region->last_target = n;
    vcpu->node[n].next_target = CLUSTER_NO_INDEX;
}

void cluster_graph_keep(struct cluster_vcpu *vcpu, struct cluster_region *region,
                        const struct cluster_segment *segment)
{
    uint32_t n;

    for (n = segment->first_node; n < segment->first_node + segment->nr_nodes; n++)
        if (vcpu->node[n].header || n == segment->first_node)
            append_target(vcpu, region, n);
}

/* Chains of open calls, innermost first. */
static bool same_calls(const struct cluster_vcpu *vcpu, uint32_t a, uint32_t b)
{
    unsigned int i;

    for (i = 0; i < GRAPH_CALLS && a != b; i++) {
        if (a == CLUSTER_NO_INDEX || b == CLUSTER_NO_INDEX ||
            vcpu->node[a].rip != vcpu->node[b].rip)
            return false;
        a = vcpu->node[a].call;
        b = vcpu->node[b].call;
    }
    return true;
}

uint32_t cluster_graph_find(const struct cluster_vcpu *vcpu, uint64_t rip, int32_t rsp,
                            uint32_t call, uint32_t end)
{
    uint32_t i = hash(rip, rsp), probes;

    for (probes = 0; probes < PROBES; probes++, i++) {
        uint32_t n = vcpu->graph[i % ENTRIES] % NODES;
        const struct cluster_node *node = &vcpu->node[n];

        if (is_empty(vcpu, i))
            break;
        if (n >= end || node->rip != rip || node->rsp != rsp)
            continue;
        if (same_calls(vcpu, node->call, call))
            return n;
    }
    return CLUSTER_NO_INDEX;
}

uint32_t cluster_graph_add_edge(struct cluster_vcpu *vcpu, uint32_t from, uint64_t rip)
{
    uint32_t *link = &vcpu->node[from].edge, e = vcpu->nr_edges;

    if (e == CLUSTER_MAX_EDGES)
        return CLUSTER_NO_INDEX;
    while (*link != CLUSTER_NO_INDEX)
        link = &vcpu->edge[*link].next;
    vcpu->edge[e].rip = rip;
    vcpu->edge[e].node = CLUSTER_NO_INDEX;
    vcpu->edge[e].next = CLUSTER_NO_INDEX;
    vcpu->edge[e].from = from;
    vcpu->edge[e].exits = vcpu->edge[e].tries = 0;
    *link = e;
    vcpu->nr_edges++;
    return e;
}

void cluster_graph_drop_edge(struct cluster_vcpu *vcpu, uint32_t edge)
{
    uint32_t *link = &vcpu->node[vcpu->edge[edge].from].edge;

    while (*link != edge)
        link = &vcpu->edge[*link].next;
    *link = vcpu->edge[edge].next;
}

bool cluster_graph_add_edges(struct cluster_vcpu *vcpu, uint32_t node, uint64_t rip)
{
    const struct cluster_node *branch = &vcpu->node[node];

    if (branch->insn.op != CLUSTER_OP_JCC)
        return cluster_graph_add_edge(vcpu, node, rip) != CLUSTER_NO_INDEX;
    return cluster_graph_add_edge(vcpu, node, branch->rip + branch->insn.length) !=
           CLUSTER_NO_INDEX &&
           cluster_graph_add_edge(vcpu, node, branch->insn.imm) != CLUSTER_NO_INDEX;
}

uint32_t cluster_graph_edge(const struct cluster_vcpu *vcpu, uint32_t node, bool taken,
                            uint64_t rip)
{
    uint32_t e = vcpu->node[node].edge;

    if (vcpu->node[node].insn.op == CLUSTER_OP_JCC)
        return taken ? vcpu->edge[e].next : e;
    while (e != CLUSTER_NO_INDEX && vcpu->edge[e].rip != rip)
        e = vcpu->edge[e].next;
    return e;
}

static unsigned int count_edges(const struct cluster_vcpu *vcpu, uint32_t node)
{
    uint32_t e = vcpu->node[node].edge;
    unsigned int n = 0;

    for (; e != CLUSTER_NO_INDEX; e = vcpu->edge[e].next)
        n++;
    return n;
}

uint32_t cluster_graph_obtain_edge(struct cluster_vcpu *vcpu, uint32_t node, bool taken,
                                   uint64_t rip)
{
    uint32_t e = cluster_graph_edge(vcpu, node, taken, rip);

    if (e == CLUSTER_NO_INDEX && count_edges(vcpu, node) < CLUSTER_REGION_TARGETS)
        e = cluster_graph_add_edge(vcpu, node, rip);
    return e;
}

int32_t cluster_graph_rsp_behind(const struct cluster_node *node)
{
    switch (node->insn.op) {
    case CLUSTER_OP_CALL: return node->rsp - 8;
    case CLUSTER_OP_RET:  return node->rsp + 8 + node->insn.imm;
    default:              return node->rsp;
    }
}

uint32_t cluster_graph_call_behind(const struct cluster_vcpu *vcpu, uint32_t node)
{
    const struct cluster_node *branch = &vcpu->node[node];

    switch (branch->insn.op) {
    case CLUSTER_OP_CALL: return node;
    case CLUSTER_OP_RET:
        return branch->call == CLUSTER_NO_INDEX ? branch->call : vcpu->node[branch->call].call;
    default:              return branch->call;
    }
}
