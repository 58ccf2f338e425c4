/* SPDX-License-Identifier: GPL-2.0-only */
#include "join.h"
#include "graph.h"

/* Has the path from branch @node to the next one gone around something, or come back? */
static bool comes_together(const struct cluster_node *branch, const struct cluster_node *next)
{
    switch (branch->insn.op) {
    case CLUSTER_OP_RET:
        return true;
    case CLUSTER_OP_JMP:
        return branch->insn.src.kind == CLUSTER_OPERAND_IMM;
    case CLUSTER_OP_JCC:
        return next->rip > branch->rip + branch->insn.length;
    default:
        return false;
    }
}

/* Where edge @e of the Jcc @n leads, if that is recorded; not the next node, which has its edge. */
static void link_edge(struct cluster_vcpu *vcpu, uint32_t n, uint32_t e, uint32_t end)
{
    const struct cluster_node *branch = &vcpu->node[n];
    uint32_t to;

    if (vcpu->edge[e].node != CLUSTER_NO_INDEX)
        return;
    to = cluster_graph_find(vcpu, vcpu->edge[e].rip, branch->rsp, branch->call, end);
    if (to == CLUSTER_NO_INDEX || to == n + 1)
        return;
    vcpu->edge[e].node = to;
    if (vcpu->node[to].segment == branch->segment)
        vcpu->node[to].header = true;
}

static void join_branch(struct cluster_vcpu *vcpu, uint32_t n, uint32_t end)
{
    const struct cluster_node *branch = &vcpu->node[n];
    struct cluster_node *next = &vcpu->node[n + 1];

    if (n + 1 < end && comes_together(branch, next))
        next->header = true;
    if (branch->insn.op != CLUSTER_OP_JCC)
        return;
    link_edge(vcpu, n, branch->edge, end);
    link_edge(vcpu, n, vcpu->edge[branch->edge].next, end);
}

void cluster_join(struct cluster_vcpu *vcpu, const struct cluster_segment *segment)
{
    uint32_t n, end = segment->first_node + segment->nr_nodes;

    for (n = segment->first_node; n < end; n++)
        if (cluster_insn_branches(&vcpu->node[n].insn))
            join_branch(vcpu, n, end);
}
