/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "writer.h"

/*
 * Numbers as the file has them, on purpose not taken from the headers that the
 * program under test uses.
 */
enum {
    EVENT_LOST_RECORDS = 0x0001f001,
    EVENT_CPU_CHANGE = 0x0001f003,
    EVENT_FORMED = 0x00088001,
    EVENT_CODE = 0x00088002,
    EVENT_EXECUTED = 0x00088003,
    EVENT_STOPPED = 0x00088004,
    EVENT_DISCARDED = 0x00088005,
    EVENT_SEGMENT = 0x00088006,
    EVENT_PIECE = 0x00088007,
    EVENT_MISMATCH = 0x00088008,
    EVENT_VALUES = 0x00088009,
    EVENT_BATCH = 0x0008800a,
};

void writer_init(struct writer *w)
{
    memset(w, 0, sizeof(*w));
}

void writer_free(struct writer *w)
{
    free(w->bytes);
}

static void put(struct writer *w, size_t at, uint32_t word)
{
    unsigned int i;

    for (i = 0; i < 4; i++)
        w->bytes[at + i] = word >> (8 * i);
}

void writer_word(struct writer *w, uint32_t word)
{
    if (w->size + 4 > w->cap) {
        w->cap = w->cap ? 2 * w->cap : 1024;
        w->bytes = realloc(w->bytes, w->cap);
        if (!w->bytes)
            abort();
    }
    put(w, w->size, word);
    w->size += 4;
}

static void put_words(struct writer *w, unsigned int words, const uint32_t *extra)
{
    unsigned int i;

    for (i = 0; i < words; i++)
        writer_word(w, extra[i]);
}

void writer_record(struct writer *w, uint32_t event, unsigned int words, const uint32_t *extra)
{
    writer_word(w, event | words << 28);
    put_words(w, words, extra);
}

void writer_timed(struct writer *w, uint32_t event, uint64_t tsc, unsigned int words,
                  const uint32_t *extra)
{
    writer_word(w, event | words << 28 | 1u << 31);
    writer_word(w, (uint32_t)tsc);
    writer_word(w, tsc >> 32);
    put_words(w, words, extra);
}

void writer_false_window(struct writer *w, uint32_t cpu, uint32_t size)
{
    writer_record(w, EVENT_CPU_CHANGE, 2, (uint32_t[]){ cpu, size });
}

void writer_end(struct writer *w)
{
    if (w->window)
        put(w, w->window, (uint32_t)(w->size - w->window - 4));
    w->window = 0;
}

void writer_window(struct writer *w, uint32_t cpu)
{
    writer_end(w);
    writer_false_window(w, cpu, 0);
    w->window = w->size - 4;
}

static void timed_at(struct writer *w, uint32_t event, uint64_t tsc, struct site site,
                     unsigned int words, const uint32_t *more)
{
    uint32_t extra[7] = { (uint32_t)site.rip, site.rip >> 32, site.vcpu };

    memcpy(extra + 3, more, words * sizeof(*more));
    writer_timed(w, event, tsc, 3 + words, extra);
}

void writer_shape(struct writer *w, uint64_t tsc, struct site site, unsigned int insns,
                  unsigned int exiting, unsigned int bytes)
{
    timed_at(w, EVENT_FORMED, tsc, site, 1, (uint32_t[]){ insns | exiting << 8 | bytes << 16 });
}

void writer_code(struct writer *w, uint64_t tsc, struct site site, unsigned int offset,
                 const uint8_t *code, unsigned int bytes)
{
    uint32_t more[4] = { offset };
    unsigned int i;

    for (i = 0; i < bytes; i++)
        more[1 + i / 4] |= (uint32_t)code[i] << (8 * (i % 4));
    timed_at(w, EVENT_CODE, tsc, site, 4, more);
}

void writer_formed(struct writer *w, uint64_t tsc, struct site site, unsigned int insns,
                   unsigned int exiting, const uint8_t *code, unsigned int bytes)
{
    unsigned int offset, left;

    writer_shape(w, tsc, site, insns, exiting, bytes);
    for (offset = 0; offset < bytes; offset += 12) {
        left = bytes - offset;
        writer_code(w, ++tsc, site, offset, code + offset, left < 12 ? left : 12);
    }
}

void writer_executed(struct writer *w, uint64_t tsc, struct site site, unsigned int insns,
                     unsigned int exiting, unsigned int stop)
{
    writer_ran(w, tsc, site, insns, exiting, stop, 0);
}

void writer_ran(struct writer *w, uint64_t tsc, struct site site, unsigned int insns,
                unsigned int exiting, unsigned int stop, uint32_t how)
{
    timed_at(w, EVENT_EXECUTED, tsc, site, 2,
             (uint32_t[]){ insns | exiting << 16, how | stop << 16 });
}

void writer_segment(struct writer *w, uint64_t tsc, struct site site, unsigned int number,
                    bool first, struct shape shape)
{
    timed_at(w, EVENT_SEGMENT, tsc, site, 3,
             (uint32_t[]){ shape.insns | shape.exiting << 16 | (uint32_t)first << 31,
                           shape.bytes | number << 16, shape.host_bytes });
}

void writer_piece(struct writer *w, uint64_t tsc, struct site at, unsigned int number,
                  const uint8_t *code, unsigned int bytes)
{
    uint32_t more[4] = { bytes | number << 16 };
    unsigned int i;

    for (i = 0; i < bytes; i++)
        more[1 + i / 4] |= (uint32_t)code[i] << (8 * (i % 4));
    timed_at(w, EVENT_PIECE, tsc, at, 4, more);
}

void writer_pieces(struct writer *w, uint64_t tsc, struct site at, unsigned int number,
                   const uint8_t *code, unsigned int bytes)
{
    unsigned int offset, left;

    for (offset = 0; offset < bytes; offset += 12) {
        left = bytes - offset;
        writer_piece(w, tsc, (struct site){ at.rip + offset, at.vcpu }, number, code + offset,
                     left < 12 ? left : 12);
    }
}

void writer_mismatch(struct writer *w, uint64_t tsc, struct site site, struct differs differs)
{
    struct site at = { differs.rip, site.vcpu };

    timed_at(w, EVENT_MISMATCH, tsc, site, 4,
             (uint32_t[]){ differs.what | differs.width << 8, differs.insns,
                           (uint32_t)differs.where, differs.where >> 32 });
    timed_at(w, EVENT_VALUES, tsc, at, 4,
             (uint32_t[]){ (uint32_t)differs.expected, differs.expected >> 32,
                           (uint32_t)differs.actual, differs.actual >> 32 });
}

void writer_stopped(struct writer *w, uint64_t tsc, struct site site, uint32_t reason,
                    uint64_t rip)
{
    timed_at(w, EVENT_STOPPED, tsc, site, 3, (uint32_t[]){ reason, (uint32_t)rip, rip >> 32 });
}

void writer_discarded(struct writer *w, uint64_t tsc, struct site site, uint32_t reason,
                      uint32_t count)
{
    timed_at(w, EVENT_DISCARDED, tsc, site, 2, (uint32_t[]){ reason, count });
}

void writer_batch(struct writer *w, uint64_t tsc, uint32_t vcpu, unsigned int written,
                  unsigned int fetched, uint32_t inputs)
{
    timed_at(w, EVENT_BATCH, tsc, (struct site){ 0, vcpu }, 2,
             (uint32_t[]){ written | fetched << 16, inputs });
}

void writer_lost(struct writer *w, uint64_t tsc, uint32_t count, uint32_t vcpu, uint64_t since)
{
    uint32_t extra[4] = { count, vcpu >> 16 | vcpu << 16, (uint32_t)since, since >> 32 };

    writer_timed(w, EVENT_LOST_RECORDS, tsc, 4, extra);
}

FILE *writer_open(const struct writer *w, size_t size)
{
    /* fmemopen() refuses a size of 0. */
    FILE *file = size ? fmemopen(w->bytes, size, "rb") : fopen("/dev/null", "rb");

    if (!file)
        abort();
    return file;
}
