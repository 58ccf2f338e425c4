/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plan_span.c - accesses by the same registers, with different displacements, of which
 * the first checks for all: a span.
 *
 * From the first to the last nothing changes these registers, nothing else uses
 * SCRATCH_ADDRESS, nobody can come in, and nothing comes back from C.  (C may be gone
 * to for good.)  Where the span, as L1 was recorded, lay in one page, it is expected to do
 * so again; where it does not, C executes what follows, up to the next header.
 */
#include "plan.h"
#include "effects.h"

/* Longer ones would lie across a page end too often, where L1 uses another object. */
enum { MAX_SPAN = 512 };

static bool is_mem(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_MEM;
}

static bool names_rsp(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_REG && o.reg == CLUSTER_RSP;
}

/* Operations whose code has no exit of its own, and needs no scratch register but SCRATCH. */
static bool is_simple(const struct cluster_insn *insn)
{
    if (insn->lock || names_rsp(insn->src) || names_rsp(insn->dst))
        return false;
    if (insn->op == CLUSTER_OP_LEA)     /* a base in no register would use SCRATCH_ADDRESS */
        return insn->mem.base < CLUSTER_R8 && insn->mem.base != CLUSTER_RSP;
    return (insn->op >= CLUSTER_OP_MOV && insn->op <= CLUSTER_OP_NOT) ||
           insn->op == CLUSTER_OP_SETCC || insn->op == CLUSTER_OP_CMOVCC ||
           (insn->op >= CLUSTER_OP_ROL && insn->op <= CLUSTER_OP_SAR);
}

/* May it stand between two accesses of a span? */
static bool is_transparent(const struct cluster_node *node, const struct cluster_plan *plan)
{
    const struct cluster_insn *insn = &node->insn;

    if (plan->how == PLAN_NOTHING || plan->how == PLAN_RSP)
        return true;
    if (plan->how != PLAN_NATIVE || plan->place > PLAN_PLACE_STACK)
        return false;
    switch (insn->op) {
    case CLUSTER_OP_JCC: case CLUSTER_OP_POP:
        return true;
    case CLUSTER_OP_PUSH: case CLUSTER_OP_JMP: case CLUSTER_OP_CALL:
        return !is_mem(insn->src) && (insn->op == CLUSTER_OP_PUSH ||
                                      insn->src.kind == CLUSTER_OPERAND_IMM);
    default:
        return is_simple(insn);
    }
}

static bool may_span(const struct cluster_node *node, const struct cluster_plan *plan)
{
    return plan->how == PLAN_NATIVE && plan->place == PLAN_PLACE_SLOT &&
           is_simple(&node->insn) && !node->insn.mem.addr32 && node->operand != 0;
}

static bool same_registers(const struct cluster_mem *a, const struct cluster_mem *b)
{
    return a->base == b->base && a->index == b->index && a->segment == b->segment &&
           (a->index == CLUSTER_REG_NONE || a->shift == b->shift);
}

static uint16_t registers_of(const struct cluster_mem *mem)
{
    return (mem->base < CLUSTER_NR_GPRS ? 1u << mem->base : 0) |
           (mem->index < CLUSTER_NR_GPRS ? 1u << mem->index : 0);
}

/* From the first one's displacement on. */
struct span {
    int64_t low, high;
    bool    writes;
};

/* Widen @span by the access of @node, where all of it was in one page when recorded. */
static bool widen(struct span *span, const struct cluster_node *first,
                  const struct cluster_node *node)
{
    int64_t low = (int64_t)((uint64_t)node->insn.mem.disp - (uint64_t)first->insn.mem.disp);
    int64_t high = low + cluster_operand_width(&node->insn), page = first->operand - 1;

    if (low < -MAX_SPAN || low > MAX_SPAN)
        return false;
    low = low < span->low ? low : span->low;
    high = high > span->high ? high : span->high;
    if (high - low > MAX_SPAN || page + low < 0 || page + high > 4096)
        return false;
    span->low = low;
    span->high = high;
    span->writes = span->writes || cluster_operand_written(&node->insn);
    return true;
}

/* How many of the @count nodes belong to a span that begins with the first; 1: there is none. */
static uint32_t extend(const struct cluster_node *node, const struct cluster_plan *plan,
                       uint32_t count, struct span *span)
{
    uint16_t registers = registers_of(&node->insn.mem);
    uint32_t n, members = 1;

    for (n = 1; n < count && !node[n].header; n++) {
        if (cluster_registers_written(&node[n - 1].insn) & registers)
            break;
        if (may_span(&node[n], &plan[n])) {
            if (!same_registers(&node[n].insn.mem, &node->insn.mem) ||
                !widen(span, node, &node[n]))
                break;
            members = n + 1;
        } else if (!is_transparent(&node[n], &plan[n])) {
            break;
        }
    }
    return members;
}

static void plan_span(const struct cluster_node *node, struct cluster_plan *plan,
                      uint32_t members, const struct span *span)
{
    uint32_t n;

    plan->span = span->high - span->low;
    plan->offset = span->low;
    plan->probes = span->writes && !cluster_operand_written(&node->insn);
    for (n = 1; n < members; n++)
        if (plan[n].place == PLAN_PLACE_SLOT) {
            plan[n].place = PLAN_PLACE_SPAN;
            plan[n].offset = (int32_t)(node[n].insn.mem.disp - node->insn.mem.disp - span->low);
        }
}

void cluster_plan_spans(const struct cluster_node *node, struct cluster_plan *plan,
                        uint32_t count)
{
    uint32_t n, members;

    for (n = 0; n < count; n += members) {
        struct span span = { 0, cluster_operand_width(&node[n].insn), false };

        members = 1;
        if (!may_span(&node[n], &plan[n]))
            continue;
        if (!widen(&span, &node[n], &node[n]))
            continue;
        members = extend(&node[n], &plan[n], count - n, &span);
        if (members > 1)
            plan_span(&node[n], &plan[n], members, &span);
    }
}
