/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "reader.h"

enum { WORD = 4 };

/* What get() came back with: all, part (the file ended) or none of the bytes. */
enum got { GOT_ALL, GOT_PART, GOT_NONE, GOT_ERROR };

void reader_init(struct reader *reader, FILE *file)
{
    memset(reader, 0, sizeof(*reader));
    reader->file = file;
    reader->cpu = READER_NO_CPU;
}

static enum got get(struct reader *reader, unsigned char *to, size_t size)
{
    size_t n;

    errno = 0;
    n = fread(to, 1, size, reader->file);
    reader->offset += n;
    if (n == size)
        return GOT_ALL;
    if (ferror(reader->file)) {
        reader->error = errno ? errno : EIO;
        return GOT_ERROR;
    }
    return n ? GOT_PART : GOT_NONE;
}

static uint32_t le32(const unsigned char *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static enum reader_result damaged(struct reader *reader, enum reader_damage what, uint64_t offset)
{
    reader->damage = what;
    reader->damage_offset = offset;
    return READER_DAMAGED;
}

static bool in_window(const struct reader *reader)
{
    return reader->window_left > 0;
}

/* After the first CPU_CHANGE every record must lie in a window. */
static bool needs_window(const struct reader *reader)
{
    return reader->cpu != READER_NO_CPU;
}

static enum reader_result file_ended(struct reader *reader)
{
    if (in_window(reader))
        return damaged(reader, READER_SHORT_WINDOW, reader->offset);
    return READER_END;
}

static void split_header(uint32_t header, struct record *record)
{
    record->event = header & 0x0fffffff;
    record->words = (header >> 28) & 7;
    record->has_tsc = header >> 31;
}

static uint32_t record_size(const struct record *record)
{
    return WORD + (record->has_tsc ? 2 * WORD : 0) + record->words * WORD;
}

/* Xen's trace() filters by class and subclass; each class is one bit. */
static bool traceable(uint32_t event)
{
    uint32_t class = event >> 16, subclass = (event >> 12) & 0xf;

    return class && !(class & (class - 1)) && subclass;
}

static enum reader_damage check_place(const struct reader *reader, const struct record *record)
{
    if (!traceable(record->event))
        return READER_BAD_HEADER;
    if (record->event == READER_CPU_CHANGE) {
        if (in_window(reader))
            return READER_EARLY_CPU_CHANGE;
        return record->has_tsc || record->words != 2 ? READER_BAD_CPU_CHANGE : READER_INTACT;
    }
    if (!needs_window(reader))
        return READER_INTACT;
    if (!in_window(reader))
        return READER_OUTSIDE_WINDOW;
    return record_size(record) > reader->window_left ? READER_BEYOND_WINDOW : READER_INTACT;
}

static void split_body(const unsigned char *body, struct record *record)
{
    unsigned int i;

    if (record->has_tsc) {
        record->tsc = le32(body) | (uint64_t)le32(body + WORD) << 32;
        body += 2 * WORD;
    }
    for (i = 0; i < record->words; i++)
        record->extra[i] = le32(body + i * WORD);
}

static enum reader_damage open_window(struct reader *reader, struct record *record)
{
    if (record->extra[0] >= READER_MAX_CPUS)
        return READER_BAD_CPU_CHANGE;
    if (record->extra[1] % WORD)
        return READER_BAD_WINDOW_SIZE;
    record->cpu = reader->cpu = record->extra[0];
    reader->window_left = record->extra[1];
    return READER_INTACT;
}

static void leave_behind(struct reader *reader, uint32_t bytes)
{
    if (in_window(reader))
        reader->window_left -= bytes;
}

/* The rest of a record whose header has been read and found good. */
static enum reader_result read_body(struct reader *reader, struct record *record)
{
    unsigned char body[(2 + READER_MAX_EXTRA) * WORD];
    enum got got = get(reader, body, record_size(record) - WORD);
    enum reader_damage wrong;

    if (got == GOT_ERROR)
        return READER_FAILED;
    if (got != GOT_ALL)
        return damaged(reader, READER_SHORT_RECORD, record->offset);
    split_body(body, record);
    if (record->event == READER_CPU_CHANGE) {
        wrong = open_window(reader, record);
        return wrong ? damaged(reader, wrong, record->offset) : READER_RECORD;
    }
    leave_behind(reader, record_size(record));
    return READER_RECORD;
}

/* Skips padding. READER_RECORD: *header is the word at record->offset. */
static enum reader_result read_header(struct reader *reader, struct record *record,
                                      uint32_t *header)
{
    unsigned char word[WORD];

    for (;;) {
        record->offset = reader->offset;
        switch (get(reader, word, WORD)) {
        case GOT_ERROR:
            return READER_FAILED;
        case GOT_NONE:
            return file_ended(reader);
        case GOT_PART:
            return damaged(reader, READER_SHORT_HEADER, record->offset);
        case GOT_ALL:
            break;
        }
        *header = le32(word);
        if (*header)
            return READER_RECORD;
        reader->padding += WORD;
        leave_behind(reader, WORD);
    }
}

enum reader_result reader_next(struct reader *reader, struct record *record)
{
    enum reader_result result;
    enum reader_damage wrong;
    uint32_t header;

    memset(record, 0, sizeof(*record));
    record->cpu = reader->cpu;
    result = read_header(reader, record, &header);
    if (result != READER_RECORD)
        return result;
    split_header(header, record);
    wrong = check_place(reader, record);
    if (wrong)
        return damaged(reader, wrong, record->offset);
    return read_body(reader, record);
}

const char *reader_damage_text(enum reader_damage damage)
{
    switch (damage) {
    case READER_INTACT:           return "intact";
    case READER_SHORT_HEADER:     return "the file ends inside a record's header";
    case READER_SHORT_RECORD:     return "the file ends inside a record";
    case READER_SHORT_WINDOW:     return "the file ends before its last window does";
    case READER_BAD_HEADER:       return "this is no header of a trace record";
    case READER_BAD_CPU_CHANGE:   return "malformed cpu_change record";
    case READER_BAD_WINDOW_SIZE:  return "cpu_change with an impossible window size";
    case READER_EARLY_CPU_CHANGE: return "cpu_change before the end of the previous window";
    case READER_BEYOND_WINDOW:    return "record goes on beyond the end of its window";
    case READER_OUTSIDE_WINDOW:   return "record outside of any window";
    }
    return "unknown damage";
}
