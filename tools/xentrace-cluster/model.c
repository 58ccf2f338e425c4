/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "mem.h"
#include "model.h"

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

    return row->rip == key->rip && row->insns == key->insns && row->exiting == key->exiting &&
           row->bytes == key->bytes && same_code(row->code, key->code, key->bytes);
}

static uint64_t hash_row(const struct table *table, const struct row_key *key)
{
    uint64_t words[3] = {
        key->rip,
        (uint64_t)key->insns << 48 | (uint64_t)key->exiting << 32 | key->bytes,
        key->code ? table_hash(table, key->code, key->bytes) : 0,
    };

    return table_hash(table, words, sizeof(words));
}

static struct model_row *new_row(struct model *model, const struct row_key *key)
{
    struct model_row *row = mem_zalloc(sizeof(*row));

    row->rip = key->rip;
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
        slot->rip, forming->insns, forming->exiting, forming->bytes,
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

static void add_executed(struct model *model, const struct event *event)
{
    struct slot *slot = get_slot(model, event);
    struct model_row *row = current_row(model, slot);
    unsigned int avoided = event->executed.exiting ? event->executed.exiting - 1 : 0;

    if (contradicts(row, event)) {
        slot->current = NULL;
        row = current_row(model, slot);
    }
    row->executions++;
    row->avoided += avoided;
    row->executed_insns += event->executed.insns;
    row->stops[event->executed.stop]++;
    get_vcpu(model, row, event->vcpu)->executions++;
    model->totals.executions++;
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
    /* A flush names no site; the clusters that it drops are formed anew if used again. */
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
    case EVENT_LOST:
        add_lost(model, event);
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
}

/* ---- ranking ---- */

uint64_t model_refusals(const struct model_row *row)
{
    uint64_t sum = 0;
    unsigned int i;

    for (i = 0; i < EVENT_NR_STOPS; i++)
        sum += row->refused[i];
    return sum;
}

static int descending(uint64_t a, uint64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

static int compare_shape(const struct model_row *a, const struct model_row *b)
{
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    if (a->insns != b->insns)
        return a->insns < b->insns ? -1 : 1;
    return a->exiting < b->exiting ? -1 : a->exiting > b->exiting;
}

static int compare_code(const struct model_row *a, const struct model_row *b)
{
    int shape = compare_shape(a, b);

    if (shape)
        return shape;
    if (!a->code || !b->code)
        return !a->code - !b->code;
    return memcmp(a->code, b->code, a->bytes);
}

static int compare_rows(const void *left, const void *right)
{
    const struct model_row *a = *(struct model_row *const *)left;
    const struct model_row *b = *(struct model_row *const *)right;
    int order = descending(a->avoided, b->avoided);

    if (!order)
        order = descending(a->executions, b->executions);
    if (!order)
        order = descending(model_refusals(a), model_refusals(b));
    if (!order)
        order = a->rip < b->rip ? -1 : a->rip > b->rip;
    return order ? order : compare_code(a, b);
}

void model_rank(struct model *model)
{
    if (model->nr_rows)
        qsort(model->rows, model->nr_rows, sizeof(*model->rows), compare_rows);
}
