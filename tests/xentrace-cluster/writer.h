/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * writer.h - makes trace files as xentrace does, in memory, and wrong ones.
 *
 * Order of calls: writer_init(), any of the others, writer_end() when the last
 * window's size is to be right, then bytes and size may be used; writer_free().
 */
#ifndef TEST_WRITER_H
#define TEST_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct writer {
    uint8_t *bytes;
    size_t size, cap;
    size_t window;              /* place of the open window's size, or 0 */
};

/* A site on a vCPU. */
struct site {
    uint64_t rip;
    uint32_t vcpu;              /* domain << 16 | vCPU */
};

void writer_init(struct writer *w);
void writer_free(struct writer *w);

/* A cpu_change record; the size of the window before it is filled in. */
void writer_window(struct writer *w, uint32_t cpu);
/* A cpu_change record with a size that is not true. */
void writer_false_window(struct writer *w, uint32_t cpu, uint32_t size);
void writer_end(struct writer *w);

void writer_word(struct writer *w, uint32_t word);
/* @event without flags; @words of @extra follow. */
void writer_record(struct writer *w, uint32_t event, unsigned int words, const uint32_t *extra);
void writer_timed(struct writer *w, uint32_t event, uint64_t tsc, unsigned int words,
                  const uint32_t *extra);

/* Only the FORMED record. */
void writer_shape(struct writer *w, uint64_t tsc, struct site site, unsigned int insns,
                  unsigned int exiting, unsigned int bytes);
/* One CODE record of up to twelve bytes. */
void writer_code(struct writer *w, uint64_t tsc, struct site site, unsigned int offset,
                 const uint8_t *code, unsigned int bytes);
/* FORMED with all its CODE records, as Xen writes them. */
void writer_formed(struct writer *w, uint64_t tsc, struct site site, unsigned int insns,
                   unsigned int exiting, const uint8_t *code, unsigned int bytes);
void writer_executed(struct writer *w, uint64_t tsc, struct site site, unsigned int insns,
                     unsigned int exiting, unsigned int stop);
/* @how: cached in bit 0, the mode from bit 8 on. */
void writer_ran(struct writer *w, uint64_t tsc, struct site site, unsigned int insns,
                unsigned int exiting, unsigned int stop, uint32_t how);

struct shape {
    unsigned int insns, exiting, bytes, host_bytes;
};

/* Only the SEGMENT record. */
void writer_segment(struct writer *w, uint64_t tsc, struct site site, unsigned int number,
                    bool first, struct shape shape);
/* One PIECE record of up to twelve bytes; @at: their address. */
void writer_piece(struct writer *w, uint64_t tsc, struct site at, unsigned int number,
                  const uint8_t *code, unsigned int bytes);
/* Any number of adjacent bytes. */
void writer_pieces(struct writer *w, uint64_t tsc, struct site at, unsigned int number,
                   const uint8_t *code, unsigned int bytes);

struct differs {
    unsigned int what, width;
    uint64_t where, rip, expected, actual;
    uint32_t insns;
};

/* MISMATCH and VALUES. */
void writer_mismatch(struct writer *w, uint64_t tsc, struct site site, struct differs differs);

void writer_stopped(struct writer *w, uint64_t tsc, struct site site, uint32_t reason,
                    uint64_t rip);
void writer_discarded(struct writer *w, uint64_t tsc, struct site site, uint32_t reason,
                      uint32_t count);
/* @written, @fetched: fields. */
void writer_batch(struct writer *w, uint64_t tsc, uint32_t vcpu, unsigned int written,
                  unsigned int fetched, uint32_t inputs);
void writer_lost(struct writer *w, uint64_t tsc, uint32_t count, uint32_t vcpu, uint64_t since);

/* The bytes as a file to read, @size of them; the caller closes it. */
FILE *writer_open(const struct writer *w, size_t size);

#endif /* TEST_WRITER_H */
