/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "mem.h"
#include "stream.h"

/* What a vCPU has begun to tell. */
struct stream {
    uint32_t vcpu;
    struct model_segment *segment;      /* NULL: none */
    unsigned int number;                /* the segment's */
    unsigned int filled;                /* bytes of its code that are there */
    size_t cap_code, cap_runs;
    struct model_mismatch mismatch;     /* row is NULL: none */
};

void stream_init(struct model *model)
{
    table_init(&model->streams);
    table_init(&model->segment_index);
    table_init(&model->mismatch_index);
}

static void free_segment(struct model_segment *segment)
{
    if (!segment)
        return;
    free(segment->runs);
    free(segment->code);
    free(segment);
}

void stream_free(struct model *model)
{
    struct stream *stream;
    size_t i;

    for (i = 0; i < model->streams.size; i++) {
        stream = model->streams.slots[i].entry;
        if (stream)
            free_segment(stream->segment);
        free(stream);
    }
    for (i = 0; i < model->segment_index.size; i++)
        free_segment(model->segment_index.slots[i].entry);
    for (i = 0; i < model->nr_mismatches; i++)
        free(model->mismatches[i]);
    free(model->mismatches);
    table_free(&model->streams);
    table_free(&model->segment_index);
    table_free(&model->mismatch_index);
}

static bool same_stream(const void *entry, const void *wanted)
{
    const struct stream *stream = entry, *key = wanted;

    return stream->vcpu == key->vcpu;
}

static struct stream *get_stream(struct model *model, uint32_t vcpu)
{
    struct stream key = { .vcpu = vcpu };
    uint64_t hash = table_hash(&model->streams, &vcpu, sizeof(vcpu));
    struct stream *stream = table_find(&model->streams, hash, same_stream, &key);

    if (!stream) {
        stream = mem_copy(&key, sizeof(key));
        table_insert(&model->streams, hash, stream);
    }
    return stream;
}

/* ---- segments ---- */

static bool same_runs(const struct model_segment *a, const struct model_segment *b)
{
    size_t i;

    if (a->nr_runs != b->nr_runs)
        return false;
    for (i = 0; i < a->nr_runs; i++) {
        if (a->runs[i].rip != b->runs[i].rip || a->runs[i].bytes != b->runs[i].bytes)
            return false;
    }
    return true;
}

static unsigned int code_size(const struct model_segment *segment)
{
    const struct model_run *last;

    if (!segment->nr_runs)
        return 0;
    last = &segment->runs[segment->nr_runs - 1];
    return last->offset + last->bytes;
}

/* The size of the translation may differ: it is no part of what L1 did. */
static bool same_segment(const void *entry, const void *wanted)
{
    const struct model_segment *a = entry, *b = wanted;

    return a->row == b->row && a->insns == b->insns && a->exiting == b->exiting &&
           a->bytes == b->bytes && a->first == b->first && same_runs(a, b) &&
           (!a->nr_runs || memcmp(a->code, b->code, code_size(a)) == 0);
}

static uint64_t hash_segment(const struct table *table, const struct model_segment *segment)
{
    uint64_t words[4] = {
        (uintptr_t)segment->row,
        segment->nr_runs ? segment->runs[0].rip : 0,
        (uint64_t)segment->insns << 32 | segment->bytes,
        segment->nr_runs ? table_hash(table, segment->code, code_size(segment)) : 0,
    };

    return table_hash(table, words, sizeof(words));
}

static void add_to_row(struct model *model, struct model_segment *segment)
{
    struct model_row *row = (struct model_row *)segment->row;
    uint64_t hash = hash_segment(&model->segment_index, segment);
    struct model_segment *known = table_find(&model->segment_index, hash, same_segment, segment);

    if (known) {
        known->recorded++;
        free_segment(segment);
        return;
    }
    segment->recorded = 1;
    table_insert(&model->segment_index, hash, segment);
    *row->last_segment = segment;
    row->last_segment = &segment->next;
}

/* The segment has told all that it will. */
static void settle(struct model *model, struct stream *stream)
{
    struct model_segment *segment = stream->segment;

    if (!segment)
        return;
    segment->whole = stream->filled == segment->bytes;
    add_to_row(model, segment);
    stream->segment = NULL;
}

void stream_segment(struct model *model, const struct event *event)
{
    struct stream *stream = get_stream(model, event->vcpu);
    struct model_row *row = model_region_at(model, event);
    struct model_segment *segment;

    settle(model, stream);
    segment = mem_zalloc(sizeof(*segment));
    segment->row = row;
    segment->insns = event->segment.insns;
    segment->exiting = event->segment.exiting;
    segment->bytes = event->segment.bytes;
    segment->host_bytes = event->segment.host_bytes;
    segment->first = event->segment.first;
    stream->segment = segment;
    stream->number = event->segment.number;
    stream->filled = 0;
    stream->cap_code = stream->cap_runs = 0;
    row->formed += segment->first;
    model->totals.formed += segment->first;
    model->totals.segments++;
}

static bool continues(const struct model_segment *segment, uint64_t rip)
{
    const struct model_run *last;

    if (!segment->nr_runs)
        return false;
    last = &segment->runs[segment->nr_runs - 1];
    return last->rip + last->bytes == rip;
}

static void begin_run(struct stream *stream, uint64_t rip)
{
    struct model_segment *segment = stream->segment;

    segment->runs = mem_room(segment->runs, &stream->cap_runs, segment->nr_runs + 1,
                             sizeof(*segment->runs));
    segment->runs[segment->nr_runs++] = (struct model_run){ rip, stream->filled, 0 };
}

static void append(struct stream *stream, const struct event *event)
{
    struct model_segment *segment = stream->segment;
    unsigned int nr = event->piece.nr;

    if (!continues(segment, event->rip))
        begin_run(stream, event->rip);
    segment->code = mem_room(segment->code, &stream->cap_code, stream->filled + nr, 1);
    memcpy(segment->code + stream->filled, event->piece.bytes, nr);
    segment->runs[segment->nr_runs - 1].bytes += nr;
    stream->filled += nr;
}

void stream_piece(struct model *model, const struct event *event)
{
    struct stream *stream = get_stream(model, event->vcpu);

    if (!stream->segment || stream->number != event->piece.segment ||
        stream->filled + event->piece.nr > stream->segment->bytes) {
        model->totals.stray_code++;
        return;
    }
    append(stream, event);
    if (stream->filled == stream->segment->bytes)
        settle(model, stream);
}

struct model_size model_region_size(const struct model_row *row)
{
    const struct model_segment *segment;
    struct model_size size = { 0 };

    for (segment = row->segments; segment; segment = segment->next) {
        size.segments++;
        size.insns += segment->insns;
        size.exiting += segment->exiting;
        size.bytes += segment->bytes;
        size.host_bytes += segment->host_bytes;
    }
    return size;
}

/* ---- mismatches ---- */

static bool same_mismatch(const void *entry, const void *wanted)
{
    const struct model_mismatch *a = entry, *b = wanted;

    return a->row == b->row && a->rip == b->rip && a->what == b->what && a->where == b->where;
}

static void add_mismatch(struct model *model, const struct model_mismatch *wanted)
{
    uint64_t words[4] = { (uintptr_t)wanted->row, wanted->rip, wanted->what, wanted->where };
    uint64_t hash = table_hash(&model->mismatch_index, words, sizeof(words));
    struct model_mismatch *known = table_find(&model->mismatch_index, hash, same_mismatch,
                                              wanted);

    if (!known) {
        known = mem_copy(wanted, sizeof(*wanted));
        table_insert(&model->mismatch_index, hash, known);
        model->mismatches = mem_room(model->mismatches, &model->cap_mismatches,
                                     model->nr_mismatches + 1, sizeof(*model->mismatches));
        model->mismatches[model->nr_mismatches++] = known;
    }
    known->count++;
}

void stream_mismatch(struct model *model, const struct event *event)
{
    struct stream *stream = get_stream(model, event->vcpu);

    if (stream->mismatch.row)
        model->totals.stray_values++;
    stream->mismatch = (struct model_mismatch){
        .row = model_region_at(model, event),
        .what = event->mismatch.what,
        .width = event->mismatch.width,
        .where = event->mismatch.where,
        .insns = event->mismatch.insns,
    };
    model->totals.mismatches++;
}

void stream_values(struct model *model, const struct event *event)
{
    struct model_mismatch *mismatch = &get_stream(model, event->vcpu)->mismatch;

    if (!mismatch->row) {
        model->totals.stray_values++;
        return;
    }
    mismatch->rip = event->rip;
    mismatch->expected = event->values.expected;
    mismatch->actual = event->values.actual;
    add_mismatch(model, mismatch);
    mismatch->row = NULL;
}

void stream_finish(struct model *model)
{
    struct stream *stream;
    size_t i;

    for (i = 0; i < model->streams.size; i++) {
        stream = model->streams.slots[i].entry;
        if (!stream)
            continue;
        settle(model, stream);
        if (stream->mismatch.row)
            add_mismatch(model, &stream->mismatch);
    }
}
