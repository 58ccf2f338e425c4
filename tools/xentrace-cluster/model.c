/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "mem.h"
#include "model.h"
#include "stream.h"

enum { CHUNKS = (CLUSTER_MAX_BYTES + NVMX_TRC_CODE_BYTES - 1) / NVMX_TRC_CODE_BYTES };

_Static_assert(CHUNKS <= 64, "struct forming counts its chunks in 64 bits");

/* A cluster between its FORMED event and the last of its CODE events. */
struct forming {
    unsigned int insns, exiting, bytes;
    uint64_t chunks;            /* bit n: code[n * NVMX_TRC_CODE_BYTES] is there */
    uint8_t code[CHUNKS * NVMX_TRC_CODE_BYTES];
};

/* What a vCPU has at a site: at most one of the two pointers is set. */
struct slot {
    uint64_t rip;
    uint32_t vcpu;
    struct forming *forming;
    struct model_row *current;  /* NULL: not known */
};

/* What tells one row from another. */
struct row_key {
    uint64_t rip;
    bool region;
    unsigned int insns, exiting, bytes;
    const uint8_t *code;
};

void model_init(struct model *model)
{
    memset(model, 0, sizeof(*model));
    table_init(&model->row_index);
    table_init(&model->slots);
    table_init(&model->vcpu_index);
    table_init(&model->place_index);
    stream_init(model);
}

static void free_row(struct model_row *row)
{
    free(row->code);
    free(row);
}

static void free_slot(struct slot *slot)
{
    free(slot->forming);
    free(slot);
}

void model_free(struct model *model)
{
    size_t i;

    for (i = 0; i < model->nr_rows; i++)
        free_row(model->rows[i]);
    for (i = 0; i < model->slots.size; i++) {
        if (model->slots.slots[i].entry)
            free_slot(model->slots.slots[i].entry);
    }
    for (i = 0; i < model->vcpu_index.size; i++)
        free(model->vcpu_index.slots[i].entry);
    for (i = 0; i < model->place_index.size; i++)
        free(model->place_index.slots[i].entry);
    stream_free(model);
    free(model->rows);
    table_free(&model->row_index);
    table_free(&model->slots);
    table_free(&model->vcpu_index);
    table_free(&model->place_index);
}

/* ---- rows ---- */

static bool same_code(const uint8_t *a, const uint8_t *b, size_t bytes)
{
    if (!a || !b)
        return a == b;
    return memcmp(a, b, bytes) == 0;
}

static bool same_row(const void *entry, const void *wanted)
{
    const struct model_row *row = entry;
    const struct row_key *key = wanted;

    return row->rip == key->rip && row->region == key->region && row->insns == key->insns &&
           row->exiting == key->exiting && row->bytes == key->bytes && same_code(row->code, key->code, key->bytes);
}

static uint64_t hash_row(const struct table *table, const struct row_key *key)
{
    uint64_t words[3] = {
        key->rip,
        (uint64_t)key->region << 63 | (uint64_t)key->insns << 48 |
            (uint64_t)key->exiting << 32 | key->bytes,
        key->code ? table_hash(table, key->code, key->bytes) : 0,
    };

    return table_hash(table, words, sizeof(words));
}

static struct model_row *new_row(struct model *model, const struct row_key *key)
{
    struct model_row *row = mem_zalloc(sizeof(*row));

    row->rip = key->rip;
    row->region = key->region;
    row->last_segment = &row->segments;
    row->insns = key->insns;
    row->exiting = key->exiting;
    row->bytes = key->bytes;
    if (key->code)
        row->code = mem_copy(key->code, key->bytes);
    model->rows = mem_room(model->rows, &model->cap_rows, model->nr_rows + 1,
                           sizeof(*model->rows));
    model->rows[model->nr_rows++] = row;
    return row;
}

static struct model_row *get_row(struct model *model, const struct row_key *key)
{
    uint64_t hash = hash_row(&model->row_index, key);
    struct model_row *row = table_find(&model->row_index, hash, same_row, key);

    if (!row) {
        row = new_row(model, key);
        table_insert(&model->row_index, hash, row);
    }
    return row;
}

/* ---- a row's vCPUs and places ---- */

static bool same_vcpu(const void *entry, const void *wanted)
{
    const struct model_vcpu *vcpu = entry, *key = wanted;

    return vcpu->row == key->row && vcpu->vcpu == key->vcpu;
}

static struct model_vcpu *get_vcpu(struct model *model, struct model_row *row, uint32_t id)
{
    struct model_vcpu key = { .row = row, .vcpu = id, .next = row->vcpus };
    uint64_t words[2] = { (uintptr_t)row, id };
    uint64_t hash = table_hash(&model->vcpu_index, words, sizeof(words));
    struct model_vcpu *vcpu = table_find(&model->vcpu_index, hash, same_vcpu, &key);

    if (!vcpu) {
        vcpu = row->vcpus = mem_copy(&key, sizeof(key));
        table_insert(&model->vcpu_index, hash, vcpu);
    }
    return vcpu;
}

static bool same_place(const void *entry, const void *wanted)
{
    const struct model_place *place = entry, *key = wanted;

    return place->row == key->row && place->rip == key->rip && place->reason == key->reason;
}

static struct model_place *get_place(struct model *model, struct model_row *row, uint64_t rip,
                                     unsigned int reason)
{
    struct model_place key = { .row = row, .rip = rip, .reason = reason, .next = row->places };
    uint64_t words[3] = { (uintptr_t)row, rip, reason };
    uint64_t hash = table_hash(&model->place_index, words, sizeof(words));
    struct model_place *place = table_find(&model->place_index, hash, same_place, &key);

    if (!place) {
        place = row->places = mem_copy(&key, sizeof(key));
        table_insert(&model->place_index, hash, place);
    }
    return place;
}

/* ---- slots ---- */

static bool same_slot(const void *entry, const void *wanted)
{
    const struct slot *slot = entry, *key = wanted;

    return slot->rip == key->rip && slot->vcpu == key->vcpu;
}

static struct slot *get_slot(struct model *model, const struct event *event)
{
    struct slot key = { .rip = event->rip, .vcpu = event->vcpu };
    uint64_t words[2] = { key.rip, key.vcpu };
    uint64_t hash = table_hash(&model->slots, words, sizeof(words));
    struct slot *slot = table_find(&model->slots, hash, same_slot, &key);

    if (!slot) {
        slot = mem_copy(&key, sizeof(key));
        table_insert(&model->slots, hash, slot);
    }
    return slot;
}

static bool has_all_code(const struct forming *forming)
{
    unsigned int chunks = (forming->bytes + NVMX_TRC_CODE_BYTES - 1) / NVMX_TRC_CODE_BYTES;

    return forming->chunks == UINT64_MAX >> (64 - chunks);
}

/* The formation has told all that it will: find its row. */
static void settle(struct model *model, struct slot *slot)
{
    struct forming *forming = slot->forming;
    struct row_key key;

    if (!forming)
        return;
    key = (struct row_key){
        slot->rip, false, forming->insns, forming->exiting, forming->bytes,
        has_all_code(forming) ? forming->code : NULL,
    };
    slot->current = get_row(model, &key);
    slot->current->formed++;
    get_vcpu(model, slot->current, slot->vcpu);
    slot->forming = NULL;
    free(forming);
}

/* The row of what the vCPU has at the site now. */
static struct model_row *current_row(struct model *model, struct slot *slot)
{
    struct row_key unknown = { .rip = slot->rip };

    settle(model, slot);
    if (!slot->current)
        slot->current = get_row(model, &unknown);
    return slot->current;
}

/*
 * An execution longer than the cluster was not of this cluster: its successor's
 * FORMED event has been lost.
 */
static bool contradicts(const struct model_row *row, const struct event *event)
{
    return row->bytes && (event->executed.insns > row->insns ||
                          event->executed.exiting > row->exiting);
}

struct model_row *model_region_at(struct model *model, const struct event *event)
{
    struct row_key key = { .rip = event->rip, .region = true };
    struct slot *slot = get_slot(model, event);

    settle(model, slot);
    slot->current = get_row(model, &key);
    get_vcpu(model, slot->current, event->vcpu);
    return slot->current;
}

/* The row of what the vCPU has executed at the site. */
static struct model_row *executed_row(struct model *model, const struct event *event)
{
    struct slot *slot = get_slot(model, event);

    if (event->executed.mode != NVMX_TRC_MODE_STATIC)
        return model_region_at(model, event);
    if (slot->current && slot->current->region)
        slot->current = NULL;
    if (contradicts(current_row(model, slot), event))
        slot->current = NULL;
    return current_row(model, slot);
}

/* ---- events ---- */

static void add_formed(struct model *model, const struct event *event)
{
    struct slot *slot = get_slot(model, event);

    settle(model, slot);
    slot->current = NULL;
    slot->forming = mem_zalloc(sizeof(*slot->forming));
    slot->forming->insns = event->formed.insns;
    slot->forming->exiting = event->formed.exiting;
    slot->forming->bytes = event->formed.bytes;
    model->totals.formed++;
}

static void add_code(struct model *model, const struct event *event)
{
    struct slot *slot = get_slot(model, event);
    struct forming *forming = slot->forming;

    if (!forming || event->code.offset >= forming->bytes) {
        model->totals.stray_code++;
        return;
    }
    memcpy(forming->code + event->code.offset, event->code.bytes, NVMX_TRC_CODE_BYTES);
    forming->chunks |= UINT64_C(1) << (event->code.offset / NVMX_TRC_CODE_BYTES);
    if (has_all_code(forming))
        settle(model, slot);
}

/* The first of the exiting ones is the one that L1 had exited by, if it had. */
static unsigned int avoided_by(const struct event *event)
{
    unsigned int exiting = event->executed.exiting;

    return exiting ? exiting - !event->executed.entered : 0;
}

static void add_executed(struct model *model, const struct event *event)
{
    struct model_row *row = executed_row(model, event);
    unsigned int avoided = avoided_by(event);

    row->executions++;
    row->cached += event->executed.cached;
    row->avoided += avoided;
    row->executed_insns += event->executed.insns;
    row->stops[event->executed.stop]++;
    get_vcpu(model, row, event->vcpu)->executions++;
    model->totals.executions++;
    model->totals.modes[event->executed.mode]++;
    model->totals.cached += event->executed.cached;
    model->totals.avoided += avoided;
    model->totals.executed_insns += event->executed.insns;
    model->totals.stops[event->executed.stop]++;
}

static void add_stopped(struct model *model, const struct event *event)
{
    struct model_row *row = current_row(model, get_slot(model, event));

    get_vcpu(model, row, event->vcpu);
    if (event_refused(event)) {
        row->refused[event->stopped.reason]++;
        model->totals.refused[event->stopped.reason]++;
        return;
    }
    get_place(model, row, event->stopped.rip, event->stopped.reason)->count++;
}

static void add_discarded(struct model *model, const struct event *event)
{
    struct slot *slot;

    model->totals.discarded[event->discarded.reason] += event->discarded.count;
    /* What a flush drops is formed anew if it is used again. */
    if (event->discarded.reason == CLUSTER_DISCARD_FLUSHED)
        return;
    slot = get_slot(model, event);
    settle(model, slot);
    if (slot->current)
        slot->current->discarded[event->discarded.reason] += event->discarded.count;
    slot->current = NULL;
}

static void add_lost(struct model *model, const struct event *event)
{
    model->totals.lost += event->lost.count;
    model->totals.gaps++;
}

void model_add(struct model *model, const struct event *event)
{
    switch (event->kind) {
    case EVENT_FORMED:
        add_formed(model, event);
        break;
    case EVENT_CODE:
        add_code(model, event);
        break;
    case EVENT_EXECUTED:
        add_executed(model, event);
        break;
    case EVENT_STOPPED:
        add_stopped(model, event);
        break;
    case EVENT_DISCARDED:
        add_discarded(model, event);
        break;
    case EVENT_BATCH:
        batches_add(&model->totals.batches, event);
        break;
    case EVENT_LOST:
        add_lost(model, event);
        break;
    case EVENT_SEGMENT:
        stream_segment(model, event);
        break;
    case EVENT_PIECE:
        stream_piece(model, event);
        break;
    case EVENT_MISMATCH:
        stream_mismatch(model, event);
        break;
    case EVENT_VALUES:
        stream_values(model, event);
        break;
    default:
        break;
    }
}

void model_finish(struct model *model)
{
    size_t i;

    for (i = 0; i < model->slots.size; i++) {
        if (model->slots.slots[i].entry)
            settle(model, model->slots.slots[i].entry);
    }
    stream_finish(model);
}
