/* SPDX-License-Identifier: GPL-2.0-only */
#include "translate.h"
#include "regmap.h"
#include "xlate.h"

/* What one node, and what a segment besides its nodes, takes at most. */
enum {
    NODE_HOT = 256, NODE_COLD = 1024, NODE_EXITS = 8, NODE_SLOTS = 2,
    SEGMENT_HOT = 256, SEGMENT_COLD = 256,
};

/* A quarter of the arena is the straight path. */
static uint32_t hot_size(const struct cluster_arena *arena)
{
    return arena->size / 4;
}

static struct emitter emitter(const struct cluster_arena *arena, uint32_t at, uint32_t end)
{
    return (struct emitter){
        .write = arena->write, .execute = (uintptr_t)arena->execute,
        .frame = (uintptr_t)arena->frame, .at = at, .end = end,
    };
}

static bool room(const struct emitter *e, uint32_t bytes)
{
    return !e->full && e->end - e->at >= bytes;
}

static bool room_for_node(const struct xlate *x)
{
    return room(&x->hot, NODE_HOT) && room(&x->cold, NODE_COLD) &&
           x->vcpu->nr_exits + NODE_EXITS <= CLUSTER_MAX_EXITS &&
           x->vcpu->nr_slots + NODE_SLOTS <= CLUSTER_MAX_SLOTS;
}

/* The code before a node's own: where C enters, or where edges from elsewhere arrive. */
static void begin_node(struct xlate *x, bool first)
{
    if (first) {
        x->resume = xlate_emit_entry(x);
        x->segment->code = x->resume;
        xlate_flags_resumed(x);
    }
    if (x->node->header) {
        xlate_flags_to_frame(x, &x->hot);
        x->flags.where = FLAGS_FRAME;
        x->plan->label = x->hot.at;
    }
    x->start = x->hot.at;
    if (first || x->node->header)
        x->node->code = xlate_resume(x);
}

/* The interpreter does it; when it comes back all is in its place. */
static void step(struct xlate *x)
{
    xlate_exit(x, &x->hot, CLUSTER_EXIT_STEP);
    xlate_flags_resumed(x);
}

/* Its operand, which may be missed as any other, is fetched before. */
static void step_with_operand(struct xlate *x)
{
    xlate_flags_before(x);
    xlate_load_operand(x);
    xlate_exit(x, &x->hot, CLUSTER_EXIT_STEP)->operand = true;
    xlate_flags_resumed(x);
}

static void native(struct xlate *x)
{
    xlate_flags_before(x);
    if (cluster_insn_branches(x->insn))
        xlate_branch(x);
    else if (!xlate_system(x))
        xlate_native(x);
}

/* Behind the last node: to where another path goes on, or out. */
static void emit_end(struct xlate *x)
{
    struct cluster_exit *exit;

    if (x->node->edge != CLUSTER_NO_INDEX) {
        xlate_edge(x, x->node->edge);
        return;
    }
    exit = xlate_exit(x, &x->hot, CLUSTER_EXIT_END);
    exit->rsp = cluster_rsp_after(x->node);
}

static void emit_node(struct xlate *x)
{
    switch (x->plan->how) {
    case PLAN_NOTHING:
        break;
    case PLAN_NATIVE:
        native(x);
        break;
    case PLAN_RSP:
        xlate_flags_of_rsp(x);
        break;
    case PLAN_SHADOW:
        emit_store_imm(&x->hot, 1, emit_frame(offsetof(struct cluster_frame, sti_shadow)), 0);
        break;
    case PLAN_VMREAD:
        xlate_flags_before(x);
        xlate_vmread(x);
        break;
    case PLAN_VMWRITE:
        xlate_flags_before(x);
        xlate_vmwrite(x);
        break;
    case PLAN_OPERAND:
        step_with_operand(x);
        return;
    case PLAN_LEAVE:
        xlate_exit(x, &x->hot, CLUSTER_EXIT_LEAVE);
        return;
    default:
        step(x);
        return;
    }
    if (x->node->last && !cluster_insn_branches(x->insn))
        emit_end(x);
}

static bool emit_nodes(struct xlate *x)
{
    uint32_t n, previous = x->vcpu->nr_exits;

    for (n = 0; n < x->segment->nr_nodes; n++) {
        if (!room_for_node(x))
            return false;
        x->index = x->segment->first_node + n;
        x->node = &x->vcpu->node[x->index];
        x->insn = &x->node->insn;
        x->plan = &x->vcpu->plan[n];
        x->resume = CLUSTER_NO_INDEX;
        begin_node(x, n == 0);
        x->first_exit = x->vcpu->nr_exits;
        xlate_resume_previous(x, previous, x->first_exit);
        previous = x->first_exit;
        emit_node(x);
    }
    return !x->hot.full && !x->cold.full;
}

/* The arena is not in use: nothing of it was given out yet. */
static void start_over(struct cluster_vcpu *vcpu)
{
    if (vcpu->arena_used == 0)
        vcpu->arena_cold = 0;
}

static bool translate(struct xlate *x)
{
    const struct cluster_arena *arena = &x->vcpu->arena;
    uint32_t hot = hot_size(arena);

    x->hot = emitter(arena, x->vcpu->arena_used, hot);
    x->cold = emitter(arena, hot + x->vcpu->arena_cold, arena->size);
    if (!room(&x->hot, SEGMENT_HOT) || !room(&x->cold, SEGMENT_COLD))
        return false;
    xlate_emit_leave(x);
    if (!emit_nodes(x))
        return false;
    x->vcpu->arena_used = x->hot.at;
    x->vcpu->arena_cold = x->cold.at - hot;
    return true;
}

/* As if nothing had been done. */
static void roll_back(struct xlate *x, uint32_t exits, uint32_t slots)
{
    uint32_t n;

    x->vcpu->nr_exits = exits;
    x->vcpu->nr_slots = slots;
    x->segment->code = CLUSTER_NO_INDEX;
    x->segment->nr_slots = 0;
    for (n = 0; n < x->segment->nr_nodes; n++)
        x->vcpu->node[x->segment->first_node + n].code = CLUSTER_NO_INDEX;
}

bool cluster_translate(struct cluster_vcpu *vcpu, uint32_t segment,
                       const struct cluster_ops *fields, void *ctx)
{
    struct xlate x = { .vcpu = vcpu, .segment = &vcpu->segment[segment] };
    uint32_t exits = vcpu->nr_exits, slots = vcpu->nr_slots;

    start_over(vcpu);
    if (x.segment->nr_nodes == 0 || x.segment->nr_nodes > CLUSTER_REGION_NODES)
        return false;
    x.region = &vcpu->region[x.segment->region];
    x.segment->first_slot = slots;
    x.segment->nr_slots = 0;
    if (!x.region->mapped)
        cluster_regmap_choose(vcpu, x.region, x.segment);
    cluster_plan(vcpu, x.segment, fields, ctx);
    if (!translate(&x)) {
        roll_back(&x, exits, slots);
        return false;
    }
    cluster_barrier();
    return true;
}
