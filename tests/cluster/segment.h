/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * segment.h - a segment made by hand, for tests of the translator without the
 * recorder and the executor: a region of one segment, from the path that
 * the interpreter takes in a pretended guest.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include "guest.h"

enum { SEGMENT_BUDGET = 1000 };

/* How an execution of the translation ended. */
struct segment_end {
    enum cluster_exit_kind kind;
    unsigned int insns;         /* L1's, executed */
    unsigned int exits;         /* times that the code was left, the last included */
    unsigned int stepped;       /* nodes that the interpreter executed */
    bool known;                 /* at the last exit: cluster_exit.flags_known */
};

/*
 * Make the path of @insns instructions from GUEST_CODE, with the guest's registers and
 * memory as they are, a segment; they are the same again afterwards.  The path ends
 * earlier where it comes to an instruction it has been at, with the same RSP: that
 * is a header then.  Returns the segment's index.
 */
uint32_t segment_record(struct guest *g, unsigned int insns);

/* Translate it; false when there is no room. */
bool segment_translate(struct guest *g, uint32_t segment);

/*
 * Execute the translation with the guest's registers and memory, interpreting what
 * it leaves to that, until it ends or an instruction cannot be executed.
 */
struct segment_end segment_run(struct guest *g, uint32_t segment);

/* Execute @insns instructions from GUEST_CODE by cluster_step() alone. */
void segment_interpret(struct guest *g, unsigned int insns);

/*
 * Run the translation, then the interpreter from the same state for as many
 * instructions, and end the program with a message unless registers, flags and
 * memory come out the same.  The guest's state is the one after.
 */
struct segment_end segment_compare(struct guest *g, uint32_t segment);

/*
 * Host instructions in the straight path of the segment that was translated last, from
 * where the code began to its end, without the entry; decoded with Zydis.
 */
unsigned int segment_host_insns(struct guest *g, uint32_t segment);

#endif /* SEGMENT_H */
