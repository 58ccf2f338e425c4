/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * writer.h - what the files that write a random program (program*.c) share.
 */
#ifndef WRITER_H
#define WRITER_H

#include "program.h"

enum {
    WRITER_SCRATCH = 64,        /* bytes of a function's frame */
    WRITER_CODE_END = 0xc00,    /* of a page: no function goes beyond by much */
};

struct writer {
    struct program *p;
    struct random *r;
    struct place place;
    unsigned int function;      /* being written; those before it can be called */
    uint64_t thunk;             /* retpoline by RAX */
    uint64_t limit;             /* nothing new is begun beyond this address */
    bool counting;              /* the counter register is in use */
    unsigned int pushed;        /* bytes between RSP and the function's frame */
};

/* Where the next instruction goes. */
static inline uint64_t writer_here(const struct writer *w)
{
    return w->place.rip;
}

/* One instruction.  There is room: functions are much shorter than what is left of the pages. */
void writer_put(struct writer *w, const void *bytes, unsigned int size);

/* One that ends with a 32-bit value. */
void writer_put_32(struct writer *w, const uint8_t *bytes, unsigned int size, uint32_t value);

#define PUT(w, ...)                                                     \
    do {                                                                \
        const uint8_t put_bytes[] = { __VA_ARGS__ };                    \
        writer_put(w, put_bytes, sizeof(put_bytes));                    \
    } while (0)

#define PUT_32(w, value, ...)                                           \
    do {                                                                \
        const uint8_t put_bytes[] = { __VA_ARGS__ };                    \
        writer_put_32(w, put_bytes, sizeof(put_bytes), value);          \
    } while (0)

/* JMP or CALL, by its opcode. */
void writer_jump(struct writer *w, uint8_t opcode, uint64_t to);

/* The branch that ends at @end goes here. */
void writer_aim_here(struct writer *w, uint64_t end);

/* A register that may be changed; MOV r32, imm32. */
unsigned int writer_register(struct writer *w);
void writer_load(struct writer *w, unsigned int reg, uint32_t value);

/* Where a memory operand is to lie: struct place's. */
uint64_t writer_target(const struct place *place, bool addr32);

/* ---- program_pieces.c: what needs nothing around it ---- */

/* Any instruction that neither exits nor branches. */
void writer_gap(struct writer *w);
void writer_percpu(struct writer *w);
/* Division, string operations, PUSHF, an RSP that is unpredictable for a moment. */
void writer_rare(struct writer *w);
void writer_vmcs_access(struct writer *w);
void writer_emulated(struct writer *w);

/* ---- program_blocks.c ---- */

/* @pieces, and what nests in them, down from @depth. */
void writer_block(struct writer *w, unsigned int pieces, unsigned int depth);

#endif /* WRITER_H */
