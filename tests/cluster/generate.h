/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * generate.h - random sequences of supported gap fillers, for native.h's
 * memory layout, that cannot fault.
 *
 * Every encoding that the engine supports is in a table of forms; operands,
 * sizes, prefixes and addressing modes are drawn at random.  Memory operands
 * stay within the data pages because their base and index registers have known
 * values and no instruction of the sequence writes them.
 */
#ifndef GENERATE_H
#define GENERATE_H

#include "cluster.h"

/* A source of random numbers; any seed will do. */
struct random {
    uint64_t state;
};

uint64_t random_next(struct random *r);
/* 0 to @limit - 1. */
unsigned int random_below(struct random *r, unsigned int limit);

struct sequence {
    uint8_t code[CLUSTER_MAX_BYTES];
    unsigned int size;
    unsigned int nr_insns;
    uint16_t offset[CLUSTER_MAX_INSNS + 1];     /* the last is the end */
    uint16_t form[CLUSTER_MAX_INSNS];           /* which row of the table */
    uint64_t gpr[CLUSTER_NR_GPRS];              /* initial state */
    uint64_t rflags, fs, gs;
};

/* @bases: FS and GS bases can be set here. */
void generate(struct sequence *s, struct random *r, bool bases);

/* The table: how many forms, and the name of one. */
unsigned int generate_forms(void);
const char *generate_form_name(unsigned int form);

#endif /* GENERATE_H */
