/* SPDX-License-Identifier: GPL-2.0-only */
#include "plan.h"
#include "effects.h"

/* Does the node's code compare anything, before it sets L1's flags? */
static bool compares(const struct cluster_node *node, const struct cluster_plan *plan)
{
    const struct cluster_insn *insn = &node->insn;

    if (plan->how == PLAN_VMREAD)
        return node->depth != 0 || plan->guarded;    /* the poke word, the field number */
    if (plan->how == PLAN_VMWRITE)
        return node->depth != 0;
    if (plan->how != PLAN_NATIVE && plan->how != PLAN_OPERAND)
        return false;
    return plan->place >= PLAN_PLACE_CONSTANT || insn->op == CLUSTER_OP_RET ||
           insn->op == CLUSTER_OP_PUSHF || insn->op == CLUSTER_OP_STI ||
           insn->op == CLUSTER_OP_RDTSC || cluster_insn_locked(insn) ||
           ((insn->op == CLUSTER_OP_JMP || insn->op == CLUSTER_OP_CALL) &&
            insn->src.kind != CLUSTER_OPERAND_IMM);
}

/* Could execution come back to C at the node, with the flags from before it? */
static bool may_exit(const struct cluster_node *node, const struct cluster_plan *plan)
{
    return compares(node, plan) || plan->how <= PLAN_OPERAND || plan->how == PLAN_LEAVE ||
           node->insn.op == CLUSTER_OP_JCC;
}

/*
 * Backwards: which flags are seen, and which have to outlast a comparison of
 * ours.  Behind the last node all are seen.
 */
void cluster_plan_flags(const struct cluster_node *node, struct cluster_plan *plan,
                        uint32_t count)
{
    bool observed = true, clobbers = false;

    for (node += count, plan += count; count != 0; count--) {
        node--;
        plan--;
        if (plan->how <= PLAN_OPERAND)
            clobbers = false;                   /* resumed with the flags in their place */
        else if (cluster_flags_effect(&node->insn) == CLUSTER_FLAGS_SET)
            observed = clobbers = false;
        observed = observed || cluster_flags_read(&node->insn) || may_exit(node, plan) ||
                   node->header;
        clobbers = (clobbers || compares(node, plan)) && !node->header;
        plan->observed = observed;
        plan->clobbers = clobbers;
    }
}
