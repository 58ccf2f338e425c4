/* SPDX-License-Identifier: GPL-2.0-only */
#include "execute.h"
#include "cost.h"
#include "execution.h"
#include "graph.h"
#include "hosts.h"
#include "step.h"

void cluster_execution_stop(struct cluster_execution *e, uint32_t n, bool behind,
                            enum cluster_stop why)
{
    const struct cluster_node *node = &e->vcpu->node[n];

    e->x->stop = why;
    e->out->leave = why == CLUSTER_STOP_RESUME ? &node->insn : NULL;
    e->out->gap = behind ? cluster_node_gap_behind(node) : node->gap;
    e->out->insns = node->depth + behind + (CLUSTER_BUDGET - *e->budget);
    e->out->exiting = node->exiting + (behind && cluster_insn_exits(&node->insn)) + *e->exiting;
}

static uint32_t ended(struct cluster_execution *e, uint32_t n, bool behind,
                      enum cluster_stop why)
{
    cluster_execution_stop(e, n, behind, why);
    return CLUSTER_NO_INDEX;
}

static bool is_stack_right(const struct cluster_execution *e, const struct cluster_node *node)
{
    return e->x->regs->gpr[CLUSTER_RSP] == e->entry_rsp + node->rsp;
}

/* L1 goes by an edge that leads nowhere yet. */
static uint32_t leave(struct cluster_execution *e, uint32_t edge)
{
    struct cluster_edge *way = &e->vcpu->edge[edge];

    if (way->exits < CLUSTER_EDGE_COLD - 1)
        way->exits++;
    if (way->exits >= cluster_exits_to_grow(way->tries) && way->exits != CLUSTER_EDGE_COLD &&
        !e->region->closed)
        e->grow = edge;
    return ended(e, way->from, true, cluster_insn_branches(&e->vcpu->node[way->from].insn) ?
                                     CLUSTER_STOP_EDGE : CLUSTER_STOP_COMPLETE);
}

uint32_t cluster_execution_follow(struct cluster_execution *e, uint32_t edge)
{
    struct cluster_vcpu *vcpu = e->vcpu;
    const struct cluster_edge *way = &vcpu->edge[edge];
    const struct cluster_node *from, *to;

    if (way->node == CLUSTER_NO_INDEX)
        return leave(e, edge);
    from = &vcpu->node[way->from];
    to = &vcpu->node[way->node];
    *e->budget -= from->depth + 1 - to->depth;
    *e->exiting += from->exiting + cluster_insn_exits(&from->insn) - to->exiting;
    if (*e->x->world.poke)
        return ended(e, way->node, false, CLUSTER_STOP_EVENT);
    if (*e->budget < 0)
        return ended(e, way->node, false, CLUSTER_STOP_BUDGET);
    if (to->segment != from->segment)
        e->region->hops++;
    if (vcpu->segment[to->segment].compared != vcpu->executions &&
        !cluster_hosts_compare(vcpu, e->x, e->region, &vcpu->segment[to->segment]))
        return ended(e, way->node, false, e->x->stop);
    return way->node;
}

/* The same after cluster_step(): RSP need not be what it was when the edge was made. */
static uint32_t follow_checked(struct cluster_execution *e, uint32_t edge)
{
    const struct cluster_edge *way = &e->vcpu->edge[edge];

    if (way->node != CLUSTER_NO_INDEX && !is_stack_right(e, &e->vcpu->node[way->node]))
        return ended(e, way->from, true, CLUSTER_STOP_STACK);
    return cluster_execution_follow(e, edge);
}

/* The branch @n was executed. */
static uint32_t go_by_branch(struct cluster_execution *e, uint32_t n, bool taken)
{
    uint32_t edge = cluster_graph_obtain_edge(e->vcpu, n, taken, e->x->regs->rip);

    if (edge == CLUSTER_NO_INDEX)
        return ended(e, n, true, CLUSTER_STOP_EDGE);
    if (e->vcpu->edge[edge].node == n + 1 && !e->vcpu->node[n].last &&
        is_stack_right(e, &e->vcpu->node[n + 1]))
        return n + 1;
    return follow_checked(e, edge);
}

/* Node @n was executed and is not a branch. */
static uint32_t go_on(struct cluster_execution *e, uint32_t n)
{
    const struct cluster_node *node = &e->vcpu->node[n];

    if (!node->last)
        return is_stack_right(e, node + 1) ? n + 1 : ended(e, n, true, CLUSTER_STOP_STACK);
    if (node->edge != CLUSTER_NO_INDEX)
        return follow_checked(e, node->edge);
    return ended(e, n, true, CLUSTER_STOP_COMPLETE);
}

/* L1 exited there: nothing can have come up since. */
static bool is_entry(const struct cluster_execution *e, uint32_t n)
{
    return *e->budget == CLUSTER_BUDGET &&
           n == e->vcpu->segment[e->region->first_segment].first_node;
}

static bool may_execute(struct cluster_execution *e, uint32_t n)
{
    const struct cluster_insn *insn = &e->vcpu->node[n].insn;

    if (!cluster_insn_exits(insn))
        return true;
    if (insn->op == CLUSTER_OP_VMRESUME || insn->op == CLUSTER_OP_VMLAUNCH)
        cluster_execution_stop(e, n, false, CLUSTER_STOP_RESUME);
    else if (*e->x->world.poke && !is_entry(e, n))
        cluster_execution_stop(e, n, false, CLUSTER_STOP_EVENT);
    else
        return true;
    return false;
}

uint32_t cluster_execution_step(struct cluster_execution *e, uint32_t n)
{
    const struct cluster_insn *insn = &e->vcpu->node[n].insn;
    enum cluster_step did;

    if (!may_execute(e, n))
        return CLUSTER_NO_INDEX;
    did = cluster_step(e->x, insn);
    if (did == CLUSTER_STEP_STOP || did == CLUSTER_STEP_LAST)
        return ended(e, n, did == CLUSTER_STEP_LAST, e->x->stop);
    if (cluster_step_event_behind(e->x, insn))
        return ended(e, n, true, CLUSTER_STOP_EVENT);
    if (cluster_insn_branches(insn))
        return go_by_branch(e, n, did == CLUSTER_STEP_TAKEN);
    return go_on(e, n);
}

void cluster_execution_interpret(struct cluster_execution *e, uint32_t n)
{
    while (n != CLUSTER_NO_INDEX)
        n = cluster_execution_step(e, n);
}

/* By translated code? */
static bool is_translated(struct cluster_execution *e, const struct cluster_segment *first)
{
    return first->code != CLUSTER_NO_INDEX &&
           (e->x->world.vmcs || !e->region->reads_vmcs) &&
           cluster_hosts_prepare(e->vcpu, e->x, e->region, e->entry_rsp);
}

void cluster_execute(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                     struct cluster_region *region, bool translated,
                     struct cluster_outcome *out, uint32_t *grow)
{
    struct cluster_segment *first = &vcpu->segment[region->first_segment];
    int32_t budget = CLUSTER_BUDGET, exiting = 0;
    struct cluster_execution e = {
        .vcpu = vcpu, .x = x, .region = region, .out = out, .frame = vcpu->arena.frame,
        .entry_rsp = x->regs->gpr[CLUSTER_RSP], .budget = &budget, .exiting = &exiting,
        .grow = CLUSTER_NO_INDEX,
    };

    vcpu->executions++;
    cluster_hosts_start(vcpu, x, region);
    if (!cluster_hosts_compare(vcpu, x, region, first))
        cluster_execution_stop(&e, first->first_node, false, x->stop);
    else if (translated && is_translated(&e, first))
        cluster_execution_enter(&e, first->code);
    else
        cluster_execution_interpret(&e, first->first_node);
    *grow = e.grow;
}
