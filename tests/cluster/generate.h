/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * generate.h - one random instruction of those that the engine supports.
 *
 * Operands, sizes, prefixes and addressing modes are drawn at random.  Memory
 * operands lie where place.target() says, because their base and index registers
 * have known values and no instruction generated writes them.
 */
#ifndef GENERATE_H
#define GENERATE_H

#include "cluster.h"
#include "forms.h"
#include "random.h"

/* The registers that keep their values, and what these are for. */
struct roles {
    bool stack;                 /* RSP is the stack's; otherwise a register like others */
    uint8_t base;               /* a good address */
    uint8_t base32;             /* one in its low half only: with an address-size prefix */
    uint8_t index;              /* a small number */
    uint8_t counter;            /* of loops: read at most */
    uint8_t wild;               /* an address that is not canonical */
    uint16_t kept;              /* others to be left alone, a bit each */
};

/* What is known where an instruction is to lie. */
struct place {
    struct random *r;
    uint64_t rip;
    struct roles roles;
    const uint64_t *gpr;        /* the values of registers with a role */
    uint64_t fs, gs;
    bool fs_usable, gs_usable;
    /* Displacements from RSP that are in the stack, [low, high); an index only where low < 0. */
    int stack_low, stack_high;
    int frame;                  /* bytes below RBP that are, too; 0 where RBP is no frame pointer */
    /* Where a memory operand is to lie; below 4 GB where @addr32. */
    uint64_t (*target)(const struct place *place, bool addr32);
    void *ctx;                  /* target()'s */
};

/* The instruction, and the form it was made from. */
struct generated {
    uint8_t bytes[CLUSTER_MAX_INSN_BYTES];
    unsigned int size;
    struct cluster_insn insn;   /* decoded at place.rip */
};

/*
 * Draw operands for @form.  Returns false when what was drawn does not do; the
 * caller tries again.  Branches have a displacement of 0.  Ends the program
 * when the engine does not support what it should.
 */
bool generate_insn(const struct place *place, const struct form *form, struct generated *out);

/* Registers that it writes, a bit each, but for RSP in its part as the stack's. */
uint16_t generate_written(const struct cluster_insn *insn);

/* Does the result leave all registers of a role alone? */
bool generate_keeps_roles(const struct roles *roles, const struct cluster_insn *insn);

#endif /* GENERATE_H */
