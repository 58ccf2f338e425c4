/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reader.h - from the bytes of a trace file to records.
 *
 * The file is what Xen 4.20's xentrace writes: for each non-empty look at a
 * CPU's buffer one CPU_CHANGE record (CPU, window size in bytes), followed by a
 * window of that many bytes of records of that CPU.  A record is one header
 * word (event 27..0, extra words 30..28, "has a cycle count" 31), two words of
 * cycle count where the header says so, and the extra words; all little-endian.
 * Sources: Xen's xen/include/public/trace.h, xen/common/trace.c and
 * tools/xentrace/xentrace.c.
 *
 * Nothing but sequential reading is asked of the file: pipes will do.  Memory
 * use is constant, whatever the file says.
 *
 * Two liberties: records before the first CPU_CHANGE are taken to be of one
 * CPU without a number, and words of zero are padding wherever a record could
 * start (Xen's event 0 does not exist).  Everything else that xentrace could
 * not have written is damage, and reading ends there: with the framing lost,
 * what follows would be guesswork.
 */
#ifndef XC_READER_H
#define XC_READER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
    READER_MAX_CPUS = 16384,            /* Xen's Kconfig allows 16383 */
    READER_NO_CPU = READER_MAX_CPUS,    /* before the first CPU_CHANGE record */
    READER_MAX_EXTRA = 7,
};

/* Event numbers with a meaning to the file format. */
enum {
    READER_LOST_RECORDS = 0x0001f001,
    READER_WRAP_BUFFER  = 0x0001f002,
    READER_CPU_CHANGE   = 0x0001f003,
};

struct record {
    uint64_t offset;                    /* of its first byte in the file */
    uint32_t cpu;                       /* 0..READER_MAX_CPUS - 1, or READER_NO_CPU */
    uint32_t event;                     /* 28 bits */
    bool has_tsc;
    uint64_t tsc;                       /* 0 without has_tsc */
    unsigned int words;                 /* 0..7 */
    uint32_t extra[READER_MAX_EXTRA];   /* host byte order; 0 beyond words */
};

enum reader_damage {
    READER_INTACT = 0,
    READER_SHORT_HEADER,        /* the file ends inside a header word */
    READER_SHORT_RECORD,        /* the file ends inside a record */
    READER_SHORT_WINDOW,        /* the file ends between records, inside a window */
    READER_BAD_HEADER,          /* no event that Xen can trace */
    READER_BAD_CPU_CHANGE,      /* not two words without cycle count, or such a CPU cannot be */
    READER_BAD_WINDOW_SIZE,     /* not a multiple of four bytes */
    READER_EARLY_CPU_CHANGE,    /* the window before it has not ended */
    READER_BEYOND_WINDOW,       /* a record goes on after its window's end */
    READER_OUTSIDE_WINDOW,      /* a record between two windows */
};

enum reader_result {
    READER_RECORD,              /* *record is filled in */
    READER_END,                 /* the file ended where it may */
    READER_DAMAGED,             /* reader->damage, reader->damage_offset */
    READER_FAILED,              /* reading failed: reader->error is an errno */
};

struct reader {
    FILE *file;                 /* the caller's, who closes it */
    uint64_t offset;            /* bytes consumed */
    uint32_t cpu;
    uint64_t window_left;       /* bytes of the current window yet to come */
    uint64_t padding;           /* bytes of padding passed over */
    enum reader_damage damage;
    uint64_t damage_offset;
    int error;
};

void reader_init(struct reader *reader, FILE *file);

/*
 * The next record, CPU_CHANGE and WRAP_BUFFER records included; a CPU_CHANGE
 * has the new CPU in record->cpu.  After any result but READER_RECORD the
 * reader must not be asked again.
 */
enum reader_result reader_next(struct reader *reader, struct record *record);

/* What a damage means, for people: half a sentence without full stop. */
const char *reader_damage_text(enum reader_damage damage);

#endif /* XC_READER_H */
