/* SPDX-License-Identifier: GPL-2.0-only */
#include "record.h"
#include "cache.h"
#include "cost.h"
#include "decoded.h"
#include "graph.h"
#include "recorder.h"
#include "shadow.h"
#include "step.h"
#include "tracker.h"

/* Ends the recording. */
static bool end(struct cluster_recorder *r, enum cluster_stop why)
{
    r->x->stop = why;
    return false;
}

static bool end_full(struct cluster_recorder *r)
{
    r->full = true;
    return end(r, CLUSTER_STOP_BUDGET);
}

/* Node, edges of a Jcc and one more. */
static bool has_room(struct cluster_recorder *r)
{
    if (r->next == CLUSTER_MAX_NODES || r->vcpu->nr_edges + 3 > CLUSTER_MAX_EDGES)
        return end_full(r);
    if (r->region->nr_nodes + (r->next - r->first) >= CLUSTER_REGION_NODES) {
        r->region->closed = true;
        return end(r, CLUSTER_STOP_BUDGET);
    }
    return r->out->insns < CLUSTER_BUDGET || end(r, CLUSTER_STOP_BUDGET);
}

static bool end_undecoded(struct cluster_recorder *r, enum cluster_decode result)
{
    return end(r, result == CLUSTER_DECODE_TRUNCATED ? CLUSTER_STOP_NO_CODE
                                                     : CLUSTER_STOP_UNSUPPORTED);
}

/* The instruction at RIP; the page behind its own is asked for only when it is needed. */
static bool decode(struct cluster_recorder *r, struct cluster_insn *insn)
{
    uint64_t rip = r->x->regs->rip;
    struct cluster_decoded *d = &r->vcpu->decoded[cluster_decoded_index(rip)];
    enum cluster_decode result = CLUSTER_DECODE_TRUNCATED;
    uint8_t buffer[CLUSTER_MAX_INSN_BYTES];
    unsigned int size, across;

    for (across = 0; across < 2 && result == CLUSTER_DECODE_TRUNCATED; across++) {
        const uint8_t *bytes = cluster_shadow_fetch(r->vcpu, r->x, r->region, rip, across,
                                                    buffer, &size);

        if (!bytes)
            return false;
        result = cluster_decode_again(d, bytes, size, rip);
    }
    if (result != CLUSTER_DECODE_OK)
        return end_undecoded(r, result);
    *insn = d->insn;
    return cluster_canonical(rip + insn->length) || end(r, CLUSTER_STOP_NO_CODE);
}

/* The node at r->next has its instruction; the rest of it, as it is before that is executed. */
static void fill_node(struct cluster_recorder *r, struct cluster_node *node)
{
    if (r->depth == 0)
        r->region->entry_source = r->x->regs->gpr[node->insn.src.reg % CLUSTER_NR_GPRS];
    node->rip = r->x->regs->rip;
    node->edge = CLUSTER_NO_INDEX;
    node->rsp = r->rsp;
    node->depth = r->depth;
    node->exiting = r->exiting;
    node->gap = r->gap;
    node->segment = r->vcpu->nr_segments;
    node->code = CLUSTER_NO_INDEX;
    node->header = false;
    node->last = false;
    node->call = r->call;
}

/* It was executed. */
static void note_operand(const struct cluster_recorder *r, struct cluster_node *node)
{
    node->operand = 0;
    if (node->insn.touch >= CLUSTER_TOUCH_READ)
        node->operand = 1 + (r->x->operand & CLUSTER_PAGE_OFFSET);
}

/* An edge that was found not to lead anywhere leads here. */
static void connect(struct cluster_recorder *r)
{
    if (r->way != CLUSTER_NO_INDEX)
        r->vcpu->edge[r->way].node = r->next;
    r->way = CLUSTER_NO_INDEX;
}

/* Append the node at r->next. */
static void append(struct cluster_recorder *r, struct cluster_node *node)
{
    connect(r);
    cluster_graph_insert(r->vcpu, r->next);
    node->exited = r->exited;
    r->next++;
    r->depth++;
    r->exiting += cluster_insn_exits(&node->insn);
    if (!r->exited) {
        r->gap++;
        return;
    }
    r->exits++;
    r->gap = 0;
    cluster_recorder_note_exit(r);
}

/* @insn was executed.  False: it went to another stack. */
static bool note_stack(struct cluster_recorder *r, const struct cluster_insn *insn)
{
    int64_t rsp = r->x->regs->gpr[CLUSTER_RSP] - r->entry_rsp;

    if (!cluster_stack_is_near(rsp))
        return false;
    cluster_stack_note(&r->stack, insn, r->rsp);
    r->rsp = rsp;
    return true;
}

/* Not before the first: L1 has exited there. */
static bool event_before(struct cluster_recorder *r, const struct cluster_insn *insn)
{
    if (!cluster_insn_exits(insn) || r->out->insns == 0)
        return false;
    r->interrupted = *r->x->world.poke != 0;
    return r->interrupted;
}

/* How often has this processor been told not to have exited? */
static unsigned int silent(const struct cluster_exec *x)
{
    return x->world.silent ? *x->world.silent : 0;
}

/* Execute @node, new or not.  LAST and STOP end the recording, x->stop says why. */
static enum cluster_step execute(struct cluster_recorder *r, uint32_t node)
{
    const struct cluster_insn *insn = &r->vcpu->node[node].insn;
    bool first = r->depth == 0 && cluster_recorder_has_exited(r);
    unsigned int before = silent(r->x);
    enum cluster_step did;

    if (event_before(r, insn)) {
        r->x->stop = CLUSTER_STOP_EVENT;
        return CLUSTER_STEP_STOP;
    }
    did = cluster_step(r->x, insn);
    if (did == CLUSTER_STEP_STOP)
        return did;
    r->exited = first || (cluster_insn_exits(insn) && silent(r->x) == before);
    r->out->insns++;
    r->out->exiting += cluster_insn_exits(insn);
    if (did == CLUSTER_STEP_NEXT && cluster_step_event_behind(r->x, insn))
        return CLUSTER_STEP_LAST;
    return did;
}

/* The next instruction, lately.  Where nothing came of it the tracker is not asked any more. */
static bool has_exited_by(const struct cluster_recorder *r)
{
    const struct cluster_regs *regs = r->x->regs;

    return cluster_cache_has_barren(r->vcpu, regs->rip) ||
           cluster_tracker_knows(r->vcpu, regs->rip, cluster_variant(regs->gpr[CLUSTER_RSP], 0));
}

/*
 * The MOV could not be made for its memory.  Where L1 was seen to exit by it, as what
 * it reaches is a device of L0's, it takes part as a weakly exiting one.
 */
static bool is_weak_after_all(struct cluster_recorder *r, struct cluster_insn *insn)
{
    if (r->x->stop != CLUSTER_STOP_MEMORY || insn->op != CLUSTER_OP_MOV || !has_exited_by(r))
        return false;
    insn->op = CLUSTER_OP_WEAK_MOV;
    insn->touch = CLUSTER_TOUCH_LATE;
    return true;
}

/*
 * Follow the nodes recorded so far, from @n on, after a loop was closed: until the
 * path leaves them, behind the last (true: go on appending) or elsewhere (false).
 */
static bool follow_loop(struct cluster_recorder *r, uint32_t n)
{
    struct cluster_vcpu *vcpu = r->vcpu;

    while (r->gap <= r->region->max_gap && r->out->insns < CLUSTER_BUDGET) {
        const struct cluster_node *node = &vcpu->node[n];
        enum cluster_step did = execute(r, n);
        uint32_t e;

        if (did == CLUSTER_STEP_STOP || did == CLUSTER_STEP_LAST)
            return false;
        r->gap = r->exited ? 0 : r->gap + 1;
        if (!cluster_insn_branches(&node->insn)) {
            n++;
            continue;
        }
        e = cluster_graph_obtain_edge(vcpu, n, did == CLUSTER_STEP_TAKEN, r->x->regs->rip);
        if (e == CLUSTER_NO_INDEX)
            return end(r, CLUSTER_STOP_EDGE);
        if (vcpu->edge[e].node != CLUSTER_NO_INDEX) {
            n = vcpu->edge[e].node;
            continue;
        }
        if (n + 1 == r->next) {
            r->way = e;
            return true;
        }
        cluster_recorder_keep(r);
        r->onward = e;
        return end(r, CLUSTER_STOP_EDGE);
    }
    return end(r, CLUSTER_STOP_GAP);
}

/* The branch just appended went backwards: to a node of this recording? */
static uint32_t loop_of(const struct cluster_recorder *r, const struct cluster_node *branch)
{
    uint64_t rip = r->x->regs->rip;

    if ((branch->insn.op != CLUSTER_OP_JCC && branch->insn.op != CLUSTER_OP_JMP) ||
        rip > branch->rip)
        return CLUSTER_NO_INDEX;
    return cluster_graph_find(r->vcpu, rip, r->rsp, r->call, r->next);
}

/* Would L1 have exited in the loop that begins with @head and ends with the last node? */
static bool exits_in_loop(const struct cluster_recorder *r, uint32_t head)
{
    uint32_t n;

    for (n = head; n < r->next; n++)
        if (r->vcpu->node[n].exited)
            return true;
    return false;
}

static bool close_loop(struct cluster_recorder *r, uint32_t head)
{
    r->vcpu->edge[r->way].node = head;
    r->way = CLUSTER_NO_INDEX;
    if (head < r->first) {
        cluster_recorder_keep(r);
        r->joined = head;
        return end(r, CLUSTER_STOP_EDGE);
    }
    r->vcpu->node[head].header = true;
    if (exits_in_loop(r, head))
        cluster_recorder_keep(r);
    return follow_loop(r, head);
}

/* The branch @n was executed and appended. */
static bool go_by_branch(struct cluster_recorder *r, uint32_t n, bool taken)
{
    uint64_t rip = r->x->regs->rip;
    uint32_t head;

    if (!cluster_graph_add_edges(r->vcpu, n, rip))
        return end_full(r);
    r->way = cluster_graph_edge(r->vcpu, n, taken, rip);
    r->call = cluster_graph_call_behind(r->vcpu, n);
    head = taken ? loop_of(r, &r->vcpu->node[n]) : CLUSTER_NO_INDEX;
    return head == CLUSTER_NO_INDEX || close_loop(r, head);
}

/* A growing path that comes to where the region has been entered or may be. */
static bool joins_older(struct cluster_recorder *r)
{
    if (r->from == CLUSTER_NO_INDEX)
        return false;
    r->joined = cluster_graph_find(r->vcpu, r->x->regs->rip, r->rsp, r->call, r->first);
    if (r->joined == CLUSTER_NO_INDEX)
        return false;
    if (r->way == CLUSTER_NO_INDEX)     /* no branch leads there: an edge all the same */
        r->way = cluster_graph_add_edge(r->vcpu, r->next - 1, r->x->regs->rip);
    r->vcpu->edge[r->way].node = r->joined;
    r->way = CLUSTER_NO_INDEX;
    cluster_recorder_keep(r);
    return true;
}

static bool ends_with(struct cluster_recorder *r, struct cluster_node *node)
{
    if (node->insn.op != CLUSTER_OP_VMRESUME && node->insn.op != CLUSTER_OP_VMLAUNCH)
        return false;
    r->exited = true;
    append(r, node);
    return true;
}

/* One more instruction.  False: the recording ends, x->stop says why. */
static bool record_one(struct cluster_recorder *r)
{
    uint32_t n = r->next;
    struct cluster_node *node = &r->vcpu->node[n];
    enum cluster_step did;

    if (!has_room(r))
        return false;
    if (joins_older(r))
        return end(r, CLUSTER_STOP_EDGE);
    if (!decode(r, &node->insn))
        return false;
    fill_node(r, node);
    if (ends_with(r, node))
        return end(r, CLUSTER_STOP_RESUME);
    did = execute(r, n);
    if (did == CLUSTER_STEP_STOP && is_weak_after_all(r, &node->insn))
        did = execute(r, n);
    if (did == CLUSTER_STEP_STOP)
        return false;
    if (!note_stack(r, &node->insn))
        return end(r, CLUSTER_STOP_UNSUPPORTED);
    note_operand(r, node);
    append(r, node);
    if (did == CLUSTER_STEP_LAST)
        return false;
    if (cluster_insn_branches(&node->insn) &&
        !go_by_branch(r, n, did == CLUSTER_STEP_TAKEN))
        return false;
    return r->gap <= r->region->max_gap || end(r, CLUSTER_STOP_GAP);
}

/* Where the edge that it grows from leaves the path. */
static void start_behind(struct cluster_recorder *r, uint32_t from)
{
    uint32_t branch = r->vcpu->edge[from].from;
    const struct cluster_node *node = &r->vcpu->node[branch];

    r->rsp = cluster_graph_rsp_behind(node);
    r->call = cluster_graph_call_behind(r->vcpu, branch);
    r->depth = node->depth + 1;
    r->exiting = node->exiting + cluster_insn_exits(&node->insn);
    r->gap = cluster_node_gap_behind(node);
}

static void start(struct cluster_recorder *r, struct cluster_vcpu *vcpu, uint32_t from)
{
    r->vcpu = vcpu;
    r->from = from;
    r->way = from;
    r->first = r->next = vcpu->nr_nodes;
    r->call = CLUSTER_NO_INDEX;
    r->joined = r->onward = CLUSTER_NO_INDEX;
    if (from != CLUSTER_NO_INDEX)
        start_behind(r, from);
    cluster_recorder_keep(r);
    r->first_edge = vcpu->nr_edges;
}

enum cluster_record cluster_record(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                                   struct cluster_region *region, uint64_t entry_rsp,
                                   uint32_t from, struct cluster_outcome *out,
                                   uint32_t *segment, uint32_t *onward)
{
    struct cluster_recorder r = {
        .x = x, .region = region, .out = out, .entry_rsp = entry_rsp,
    };
    unsigned int pages = region->nr_pages;

    *onward = CLUSTER_NO_INDEX;
    if (vcpu->nr_segments == CLUSTER_MAX_SEGMENTS)
        return CLUSTER_RECORD_FULL;
    start(&r, vcpu, from);
    cluster_graph_start(vcpu, region);
    cluster_shadow_start(vcpu);
    while (record_one(&r))
        ;
    if (!r.full && cluster_recorder_is_worth_it(&r) && !r.interrupted) {
        *segment = vcpu->nr_segments;
        *onward = r.onward;
        return cluster_recorder_commit(&r, pages) ? CLUSTER_RECORD_SEGMENT : CLUSTER_RECORD_FULL;
    }
    cluster_recorder_undo(&r, pages);
    if (r.full)
        return CLUSTER_RECORD_FULL;
    if (r.joined != CLUSTER_NO_INDEX)
        return CLUSTER_RECORD_JOINED;
    return r.interrupted ? CLUSTER_RECORD_INTERRUPTED : CLUSTER_RECORD_NOTHING;
}
