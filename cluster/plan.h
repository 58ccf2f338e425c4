/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * plan.h - before any code is emitted: how each node of a segment will be
 * executed, where its memory operand is, and where the flags matter.
 */
#ifndef CLUSTER_PLAN_H
#define CLUSTER_PLAN_H

#include "cluster.h"

enum plan_how {
    PLAN_STEP,                  /* by the interpreter */
    PLAN_OPERAND,               /* VERW: the same, but that code fetches its operand */
    PLAN_NOTHING,               /* no code at all */
    PLAN_NATIVE,
    PLAN_RSP,                   /* ADD, SUB or AND of RSP and a constant: its flags only */
    PLAN_VMREAD,                /* a load */
    PLAN_VMWRITE,               /* a store */
    PLAN_LEAVE,                 /* VMRESUME, VMLAUNCH */
    PLAN_SHADOW,                /* NOP behind STI: nothing, but the shadow ends */
};

enum plan_place {
    PLAN_PLACE_NONE,
    PLAN_PLACE_STACK,           /* at plan.offset from the entry's RSP */
    PLAN_PLACE_SPAN,            /* at plan.offset from SCRATCH_ADDRESS: an earlier node has checked it */
    PLAN_PLACE_CONSTANT,        /* plan.address, by a constant slot */
    PLAN_PLACE_SLOT,
};

/*
 * Fill in vcpu->plan for the nodes of @segment, whose region has its registers
 * chosen.  @fields: see cluster_translate().
 */
void cluster_plan(struct cluster_vcpu *vcpu, const struct cluster_segment *segment,
                  const struct cluster_ops *fields, void *ctx);

/* Its second part: which accesses by slots of @count nodes need no check of their own. */
void cluster_plan_spans(const struct cluster_node *node, struct cluster_plan *plan,
                        uint32_t count);

/* Its third: plan.observed and plan.clobbers of @count nodes, the rest given. */
void cluster_plan_flags(const struct cluster_node *node, struct cluster_plan *plan,
                        uint32_t count);

/* Bytes and kind of the access to the memory operand. */
unsigned int cluster_operand_width(const struct cluster_insn *insn);
bool cluster_operand_written(const struct cluster_insn *insn);

/* BT and its kin on a bit string in memory: the register chooses the part of it. */
bool cluster_insn_bit_string(const struct cluster_insn *insn);

/* Atomic on memory, with or without the prefix. */
bool cluster_insn_locked(const struct cluster_insn *insn);

/* RSP behind a node, from the entry's. */
int32_t cluster_rsp_after(const struct cluster_node *node);

#endif /* CLUSTER_PLAN_H */
