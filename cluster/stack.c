/* SPDX-License-Identifier: GPL-2.0-only */
#include "stack.h"

/* An access to [low, low + width), when it is near enough. */
static void reach(struct cluster_stack *stack, int64_t low, unsigned int width)
{
    if (low < -CLUSTER_STACK_REACH || low + width > CLUSTER_STACK_REACH)
        return;
    if (low < stack->low)
        stack->low = low;
    if (low + (int64_t)width > stack->high)
        stack->high = low + width;
}

/* [RSP + disp], flat and 64 bits wide; bit strings go elsewhere from there. */
static bool is_based_on_rsp(const struct cluster_insn *insn)
{
    const struct cluster_mem *mem = &insn->mem;

    return insn->touch != CLUSTER_TOUCH_NONE && mem->base == CLUSTER_RSP &&
           mem->index == CLUSTER_REG_NONE && mem->segment == CLUSTER_SEG_FLAT && !mem->addr32 &&
           (insn->dst.kind == CLUSTER_OPERAND_MEM || insn->src.kind == CLUSTER_OPERAND_MEM);
}

static void note_operand(struct cluster_stack *stack, const struct cluster_insn *insn,
                         int32_t rsp)
{
    if (!is_based_on_rsp(insn) || !cluster_stack_is_near(insn->mem.disp))
        return;
    if (insn->op == CLUSTER_OP_POP)     /* addressed with RSP as it leaves it */
        rsp += 8;
    reach(stack, rsp + insn->mem.disp,
          insn->dst.kind == CLUSTER_OPERAND_MEM ? insn->width : insn->src_width);
}

void cluster_stack_note(struct cluster_stack *stack, const struct cluster_insn *insn,
                        int32_t rsp)
{
    note_operand(stack, insn, rsp);
    switch (insn->op) {
    case CLUSTER_OP_PUSH: case CLUSTER_OP_PUSHF: case CLUSTER_OP_CALL:
        reach(stack, (int64_t)rsp - 8, 8);
        break;
    case CLUSTER_OP_POP: case CLUSTER_OP_POPF: case CLUSTER_OP_RET:
        reach(stack, rsp, 8);
        break;
    default:
        break;
    }
}
