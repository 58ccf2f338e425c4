/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * program.h - random programs for a pretended L1 (l1.h): functions that call
 * each other, with branches, loops, exiting instructions, and code that changes.
 *
 * Execution begins at entry, with the registers of program_draw_state(), and most
 * of the time comes to a VMRESUME.  Programs may fault, jump to nowhere or loop
 * for ever.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "generate.h"
#include "l1.h"

enum {
    PROGRAM_CODE_BYTES = (L1_CODE_PAGES + 1) * L1_PAGE,
    PROGRAM_INSNS = 3000,
    PROGRAM_FUNCTIONS = 5,
    PROGRAM_TABLE = 4,          /* entries of a function's table of what it calls */
    PROGRAM_PATCHES = 24,
    PATCH_BYTES = 5, PATCH_FORMS = 3,
};

/* Code that changes between executions, as static keys do. */
struct program_patch {
    uint64_t at;
    uint8_t form[PATCH_FORMS][PATCH_BYTES];
};

struct program {
    uint64_t seed;
    uint8_t code[PROGRAM_CODE_BYTES];   /* the pages of L1_CODE, and that of L1_FAR */
    uint64_t entry;
    uint64_t function[PROGRAM_FUNCTIONS];
    /* For L1_CONST: each function's table. */
    uint64_t table[PROGRAM_FUNCTIONS][PROGRAM_TABLE];
    unsigned int nr_patches;
    struct program_patch patch[PROGRAM_PATCHES];
    /* To be shown. */
    unsigned int nr_insns;
    uint64_t insn[PROGRAM_INSNS];
    struct roles roles;
    uint64_t gpr[CLUSTER_NR_GPRS];      /* of the roles; RSP: the highest one */
    bool endless;                       /* does not end with VMRESUME */
};

/* The same @seed gives the same program. */
void program_generate(struct program *p, uint64_t seed);

/* Where the code at @linear is. */
uint8_t *program_code(struct program *p, uint64_t linear);

/* Registers for an execution from the entry. */
void program_draw_state(const struct program *p, struct random *r, struct l1_state *state);

/* Put code and tables into @l's memory, and random bytes into the rest of it, the same for each @r. */
void program_load(const struct program *p, struct random r, struct l1 *l);

#endif /* PROGRAM_H */
