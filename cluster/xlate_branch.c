/* SPDX-License-Identifier: GPL-2.0-only */
#include "xlate.h"
#include "alu.h"

static bool is_mem(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_MEM;
}

static bool fits32(uint64_t value)
{
    return (int64_t)value == (int32_t)value;
}

/* The node that an edge goes to, when that is a header which there is code for already. */
static const struct cluster_node *loop_header(const struct xlate *x,
                                              const struct cluster_edge *edge)
{
    uint32_t n = edge->node - x->segment->first_node;
    const struct cluster_node *header;

    if (edge->node == CLUSTER_NO_INDEX || edge->node < x->segment->first_node ||
        edge->node > x->index)
        return NULL;
    header = &x->vcpu->node[edge->node];
    if (!header->header || x->vcpu->plan[n].label == CLUSTER_NO_INDEX ||
        header->rsp != cluster_rsp_after(x->node) || header->depth > x->node->depth)
        return NULL;
    return header;
}

/* The exit of a loop's back-edge: before its header, with the flags in the frame. */
static uint32_t emit_poke(struct xlate *x, const struct cluster_node *header)
{
    uint32_t at = x->cold.at;
    struct cluster_exit *exit = xlate_exit(x, &x->cold, CLUSTER_EXIT_POKE);

    exit->node = header - x->vcpu->node;
    exit->rsp = header->rsp;
    return at;
}

/* Count what one turn executed. */
static void emit_count(struct xlate *x, const struct cluster_node *header)
{
    int32_t insns = x->node->depth + 1 - header->depth;
    int32_t exiting = x->node->exiting - header->exiting;

    if (exiting != 0)
        emit_alu_imm(&x->cold, 0, CLUSTER_OP_ADD, 4,
                     emit_frame(offsetof(struct cluster_frame, exiting)), exiting);
    emit_alu_imm(&x->cold, 0, CLUSTER_OP_SUB, 4,
                 emit_frame(offsetof(struct cluster_frame, budget)), insns);
}

static uint32_t emit_back_edge(struct xlate *x, const struct cluster_node *header)
{
    struct xlate_flags before = x->flags;
    uint32_t poke, at;

    x->flags.where = FLAGS_FRAME;               /* at the exit, which comes first in the arena */
    poke = emit_poke(x, header);
    x->flags = before;
    at = x->cold.at;
    xlate_flags_to_frame(x, &x->cold);
    emit_count(x, header);
    emit_jump_if(&x->cold, EMIT_SIGN, poke);
    emit_load(&x->cold, 8, SCRATCH_ADDRESS, emit_frame(offsetof(struct cluster_frame, poke)));
    emit_alu_imm(&x->cold, 0, CLUSTER_OP_CMP, 4, emit_mem(SCRATCH_ADDRESS, 0), 0);
    emit_jump_if(&x->cold, EMIT_NOT_EQUAL, poke);
    emit_jump(&x->cold, x->vcpu->plan[header - &x->vcpu->node[x->segment->first_node]].label);
    x->flags = before;
    return at;
}

/* Code that goes on along an edge other than to the next node: its offset. */
static uint32_t emit_edge(struct xlate *x, uint32_t index)
{
    const struct cluster_node *header = loop_header(x, &x->vcpu->edge[index]);
    uint32_t at = x->cold.at;
    struct cluster_exit *exit;

    if (header)
        return emit_back_edge(x, header);
    exit = xlate_exit(x, &x->cold, CLUSTER_EXIT_EDGE);
    exit->edge = index;
    exit->rsp = cluster_rsp_after(x->node);
    return at;
}

void xlate_edge(struct xlate *x, uint32_t edge)
{
    uint32_t to = emit_edge(x, edge);

    emit_jump(&x->hot, to);
}

static bool goes_on(const struct xlate *x, uint32_t edge)
{
    return !x->node->last && x->vcpu->edge[edge].node == x->index + 1;
}

/* The flags are constants. */
static void jcc_known(struct xlate *x, uint32_t edge)
{
    if (!goes_on(x, edge))
        xlate_edge(x, edge);
}

static void jcc(struct xlate *x)
{
    uint32_t not_taken = x->node->edge, taken = x->vcpu->edge[not_taken].next;

    if (x->flags.where & FLAGS_KNOWN) {
        jcc_known(x, cluster_condition(x->insn->cond, x->flags.known) ? taken : not_taken);
        return;
    }
    xlate_flags_to_host(x, &x->hot);
    if (!goes_on(x, taken))
        emit_jump_if(&x->hot, x->insn->cond, emit_edge(x, taken));
    else if (!goes_on(x, not_taken))
        emit_jump_if(&x->hot, x->insn->cond ^ 1, emit_edge(x, not_taken));
    if (!goes_on(x, taken) && !goes_on(x, not_taken))
        xlate_edge(x, not_taken);
}

/* Leave unless @rm, 8 bytes, is the address that the path goes to. */
static void check_target(struct xlate *x, struct emit_rm rm)
{
    uint64_t target = x->node[1].rip;

    if (fits32(target)) {
        emit_alu_imm(&x->hot, 0, CLUSTER_OP_CMP, 8, rm, target);
    } else {
        emit_constant(&x->hot, SCRATCH, target);
        emit_alu(&x->hot, 0, CLUSTER_OP_CMP, 8, rm, SCRATCH);
    }
    xlate_exit_if(x, EMIT_NOT_EQUAL, CLUSTER_EXIT_TARGET);
}

static void push_return_address(struct xlate *x)
{
    uint64_t address = x->node->rip + x->insn->length;
    struct emit_rm stack;

    if (!fits32(address))
        emit_constant(&x->hot, SCRATCH, address);
    stack = xlate_stack(x->node->rsp - 8);
    if (fits32(address))
        emit_store_imm(&x->hot, 8, stack, address);
    else
        emit_store(&x->hot, 8, stack, SCRATCH);
}

/* JMP or CALL by a register or memory. */
static void indirect(struct xlate *x)
{
    struct emit_rm rm;

    if (is_mem(x->insn->src)) {
        rm = xlate_memory(x);
        xlate_flags_spare(x);                   /* a stack operand has not done that */
    } else {
        xlate_flags_spare(x);
        rm = xlate_register(x, x->insn->src);
    }
    check_target(x, rm);
    if (x->insn->op == CLUSTER_OP_CALL)
        push_return_address(x);
}

static void direct(struct xlate *x)
{
    if (x->insn->op == CLUSTER_OP_CALL)
        push_return_address(x);
    if (!goes_on(x, x->node->edge))
        xlate_edge(x, x->node->edge);
}

void xlate_branch(struct xlate *x)
{
    if (x->insn->op == CLUSTER_OP_JCC) {
        jcc(x);
    } else if (x->insn->op != CLUSTER_OP_RET && x->insn->src.kind == CLUSTER_OPERAND_IMM) {
        direct(x);
    } else if (x->node->last) {
        xlate_exit(x, &x->hot, CLUSTER_EXIT_TARGET);
    } else if (x->insn->op == CLUSTER_OP_RET) {
        xlate_flags_spare(x);
        check_target(x, xlate_stack(x->node->rsp));
    } else {
        indirect(x);
    }
}
