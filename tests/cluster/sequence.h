/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sequence.h - random sequences of instructions that exit nowhere, for native.h's
 * memory layout.
 *
 * They branch forwards at will and backwards a bounded number of times, call
 * and return, and most of them end behind their last instruction; some fault:
 * by a division, by an access to a page that is not there or may not be written,
 * by an address that is not canonical, or because they return to where there is
 * no code.
 */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include "generate.h"

enum { SEQUENCE_INSNS = 40, SEQUENCE_BYTES = SEQUENCE_INSNS * CLUSTER_MAX_INSN_BYTES };

struct sequence {
    uint8_t code[SEQUENCE_BYTES];
    unsigned int size;
    unsigned int nr_insns;
    uint16_t offset[SEQUENCE_INSNS + 1];        /* the last is the end */
    uint16_t form[SEQUENCE_INSNS];              /* which row of the table, or nr_forms() */
    uint8_t aim[SEQUENCE_INSNS];                /* bytes of its displacement, to be aimed */
    bool backwards[SEQUENCE_INSNS];             /* aim it so */
    bool target[SEQUENCE_INSNS + 1];            /* may be aimed at */
    struct roles roles;
    uint64_t gpr[CLUSTER_NR_GPRS];              /* initial state */
    uint64_t rflags, fs, gs;
};

/*
 * @bases: FS and GS bases can be set here.  @flags_defined: this CPU's flags can
 * be stored to memory, AF included (native_clears_af()).
 */
void sequence_generate(struct sequence *s, struct random *r, bool bases, bool flags_defined);

/* Another initial state for the same code. */
void sequence_draw_state(struct sequence *s, struct random *r);

#endif /* SEQUENCE_H */
