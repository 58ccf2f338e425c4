/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - a sequence executed by the interpreter, in copies of native.h's pages.
 */
#ifndef MODEL_H
#define MODEL_H

#include "interp.h"
#include "native.h"
#include "sequence.h"

/* How the interpreter's execution ended. */
enum model_ending {
    MODEL_END,                  /* behind the last instruction */
    MODEL_FAULT,                /* before an instruction that faults by itself */
    MODEL_MEMORY,               /* before an access that faults */
    MODEL_NOWHERE,              /* RIP where there is no code */
    MODEL_UNKNOWN,              /* in the code, but before nothing that the engine supports */
    MODEL_ENDLESS,              /* not within bounds */
    MODEL_NR_ENDINGS
};

/* What is known of the code from an offset on. */
struct model_decoded {
    uint64_t generation;        /* model.generation, or it is of an older sequence */
    bool supported;
    uint16_t form;              /* nr_forms() where it is none */
    struct cluster_insn insn;
};

struct model {
    struct sequence s;
    bool flags_defined;         /* AF, too, is as the interpreter has it */
    struct cluster_regs regs;
    enum model_ending ending;
    unsigned int insns, by_hardware;
    uint64_t refused;           /* the page of the last access that was refused, or 0 */
    uint64_t *executed;         /* instructions by form */
    /* Private. */
    uint8_t *data, *before;     /* the data pages, and a place to keep them */
    const uint8_t *code;        /* the code page */
    uint64_t generation;
    struct model_decoded decoded[SEQUENCE_BYTES];
};

/* Map everything, fill the memory at random.  Once in a program. */
struct model *model_start(struct random *r);
void model_end(struct model *m);

/* Make m->s the code. */
void model_load(struct model *m);

/* Execute from s.gpr and s.rflags to regs and ending. */
void model_interpret(struct model *m);

/* Execute on the CPU, from the same state, in the real pages. */
void model_native(struct model *m);

/* Data page @page of the model's; there is no page NATIVE_HOLE. */
const uint8_t *model_page(const struct model *m, unsigned int page);

/* Copy the data pages that can be written to, and from, the real ones. */
void model_to_native(struct model *m);
void model_from_native(struct model *m);

/* The instruction at @rip, or NULL. */
const struct cluster_insn *model_insn(struct model *m, uint64_t rip);

#endif /* MODEL_H */
