/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * facts.h - what can be known of the registers along a path without executing
 * it: constants, and addresses that keep a fixed distance from the RSP that the
 * region was entered with.
 */
#ifndef CLUSTER_FACTS_H
#define CLUSTER_FACTS_H

#include "cluster.h"

enum fact_kind {
    FACT_NONE,
    FACT_CONSTANT,              /* the register is value */
    FACT_STACK,                 /* the register is the entry's RSP + value */
};

struct fact {
    uint8_t kind;
    int64_t value;
};

/* Of RSP nothing is kept here: nodes have it. */
struct facts {
    struct fact gpr[CLUSTER_NR_GPRS];
};

/* Nothing is known. */
void facts_forget(struct facts *f);

/* What is known behind @node, given what is known before it. */
void facts_apply(struct facts *f, const struct cluster_node *node);

/* Of one register before @node, RSP included; CLUSTER_REG_NONE is the constant 0. */
struct fact fact_of(const struct facts *f, const struct cluster_node *node, uint8_t reg);

/*
 * Of the memory operand's address, without its segment's base, cut to the
 * address size.
 */
struct fact fact_of_address(const struct facts *f, const struct cluster_node *node);

#endif /* CLUSTER_FACTS_H */
