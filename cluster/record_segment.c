/* SPDX-License-Identifier: GPL-2.0-only */
/* record_segment.c - what of a recording is kept, and how it becomes a segment. */
#include "cost.h"
#include "graph.h"
#include "join.h"
#include "recorder.h"
#include "shadow.h"

static struct cluster_extent extent_now(const struct cluster_recorder *r)
{
    return (struct cluster_extent){ .nodes = r->next, .edges = r->vcpu->nr_edges,
                            .low = r->stack.low, .high = r->stack.high,
                            .exits = r->exits };
}

void cluster_recorder_keep(struct cluster_recorder *r)
{
    r->kept = extent_now(r);
}

/* Edges that branches of the kept part got later, on another turn of a loop. */
static void drop_late_edges(struct cluster_recorder *r)
{
    struct cluster_vcpu *vcpu = r->vcpu;
    uint32_t e;

    for (e = r->kept.edges; e < vcpu->nr_edges; e++)
        if (vcpu->edge[e].from < r->kept.nodes)
            cluster_graph_drop_edge(vcpu, e);
    vcpu->nr_edges = r->kept.edges;
}

/* Forget what comes behind the kept part. */
static void cut(struct cluster_recorder *r)
{
    struct cluster_vcpu *vcpu = r->vcpu;
    struct cluster_node *last = &vcpu->node[r->kept.nodes - 1];
    uint32_t e;

    drop_late_edges(r);
    last->last = true;
    for (e = last->edge; e != CLUSTER_NO_INDEX; e = vcpu->edge[e].next)
        if (vcpu->edge[e].node >= r->kept.nodes)
            vcpu->edge[e].node = CLUSTER_NO_INDEX;
}

/*
 * The path went on too far for another exiting instruction.  Another time it may not:
 * then the region grows by this edge, as it does by those of branches.
 */
static void add_end(struct cluster_recorder *r)
{
    uint32_t n = r->kept.nodes - 1;
    const struct cluster_node *last = &r->vcpu->node[n];

    if (!cluster_insn_branches(&last->insn) && last->edge == CLUSTER_NO_INDEX &&
        last->insn.op < CLUSTER_OP_VMRESUME)
        cluster_graph_add_edge(r->vcpu, n, last->rip + last->insn.length);
}

void cluster_recorder_undo(struct cluster_recorder *r, unsigned int pages)
{
    r->vcpu->nr_edges = r->first_edge;
    r->region->nr_pages = pages;
    if (r->from != CLUSTER_NO_INDEX && r->joined == CLUSTER_NO_INDEX)
        r->vcpu->edge[r->from].node = CLUSTER_NO_INDEX;
}

bool cluster_recorder_has_exited(const struct cluster_recorder *r)
{
    return r->from == CLUSTER_NO_INDEX && cluster_variant_kind(r->region->variant) == 0;
}

void cluster_recorder_note_exit(struct cluster_recorder *r)
{
    if (r->from == CLUSTER_NO_INDEX)
        r->pays |= cluster_region_pays(1, r->next - r->first,
                                       r->exits - cluster_recorder_has_exited(r));
    cluster_recorder_keep(r);
}

/*
 * A first segment that goes all the way to VMRESUME will not get longer: neither all of it nor
 * a beginning of it would pay, and an execution that leaves it early avoids no more.
 */
static bool is_hopeless(const struct cluster_recorder *r)
{
    return r->from == CLUSTER_NO_INDEX && r->x->stop == CLUSTER_STOP_RESUME && !r->pays;
}

/*
 * Where L1 has exited already, an exit is avoided only by a second instruction that exits.
 * A loop that was left, or a place of the region, leads to others.
 */
bool cluster_recorder_is_worth_it(const struct cluster_recorder *r)
{
    unsigned int needed = 1 + cluster_recorder_has_exited(r);

    if (r->kept.nodes == r->first || is_hopeless(r))
        return false;
    return r->joined != CLUSTER_NO_INDEX || r->onward != CLUSTER_NO_INDEX ||
           r->kept.exits >= needed;
}

static void use_bytes(struct cluster_recorder *r)
{
    uint32_t n;

    for (n = r->first; n < r->kept.nodes; n++)
        cluster_shadow_use(r->vcpu, r->region, r->vcpu->node[n].rip,
                           r->vcpu->node[n].insn.length);
}

static void widen(struct cluster_region *region, const struct cluster_segment *segment)
{
    if (segment->rsp_low < region->rsp_low)
        region->rsp_low = segment->rsp_low;
    if (segment->rsp_high > region->rsp_high)
        region->rsp_high = segment->rsp_high;
}

static void link_segment(struct cluster_vcpu *vcpu, struct cluster_region *region, uint32_t s)
{
    if (region->first_segment == CLUSTER_NO_INDEX)
        region->first_segment = s;
    else
        vcpu->segment[region->last_segment].next = s;
    region->last_segment = s;
}

bool cluster_recorder_commit(struct cluster_recorder *r, unsigned int pages)
{
    struct cluster_vcpu *vcpu = r->vcpu;
    uint32_t s = vcpu->nr_segments;
    struct cluster_segment *segment = &vcpu->segment[s];

    cut(r);
    add_end(r);
    use_bytes(r);
    memset(segment, 0, sizeof(*segment));
    if (!cluster_shadow_pieces(vcpu, r->region, pages, segment))
        return false;
    segment->region = r->region - vcpu->region;
    segment->first_node = r->first;
    segment->nr_nodes = r->kept.nodes - r->first;
    segment->code = CLUSTER_NO_INDEX;
    segment->next = CLUSTER_NO_INDEX;
    segment->rsp_low = r->kept.low;
    segment->rsp_high = r->kept.high;
    segment->nr_exiting = r->kept.exits;
    vcpu->nr_segments++;
    vcpu->nr_nodes = r->kept.nodes;
    r->region->nr_nodes += segment->nr_nodes;
    r->region->nr_exiting += segment->nr_exiting;
    r->region->epoch = 0;
    widen(r->region, segment);
    link_segment(vcpu, r->region, s);
    cluster_join(vcpu, segment);
    cluster_graph_keep(vcpu, r->region, segment);
    return true;
}
