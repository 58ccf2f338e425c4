/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mem.h"
#include "table.h"

void table_init(struct table *table)
{
    memset(table, 0, sizeof(*table));
    /* Without entropy the seed stays 0: slower under attack, never wrong. */
    if (getrandom(&table->seed, sizeof(table->seed), GRND_NONBLOCK) < 0)
        table->seed = 0;
}

void table_free(struct table *table)
{
    free(table->slots);
    memset(table, 0, sizeof(*table));
}

/* One multiplication carries low bits up, the shifts bring high bits down. */
static uint64_t mix(uint64_t hash)
{
    hash ^= hash >> 31;
    hash *= 0x9e3779b97f4a7c15u;
    hash ^= hash >> 29;
    hash *= 0xd6e8feb86659fd93u;
    return hash ^ (hash >> 32);
}

uint64_t table_hash(const struct table *table, const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    uint64_t hash = mix(table->seed + size);

    while (size) {
        uint64_t word = 0;
        size_t n = size < sizeof(word) ? size : sizeof(word);

        memcpy(&word, p, n);
        hash = mix(hash + mix(word ^ table->seed));
        p += n;
        size -= n;
    }
    return hash;
}

void *table_find(const struct table *table, uint64_t hash, table_same *same, const void *key)
{
    size_t i;

    if (!table->size)
        return NULL;
    for (i = hash & (table->size - 1); table->slots[i].entry; i = (i + 1) & (table->size - 1)) {
        if (table->slots[i].hash == hash && same(table->slots[i].entry, key))
            return table->slots[i].entry;
    }
    return NULL;
}

static void place(struct table *table, struct table_slot slot)
{
    size_t i = slot.hash & (table->size - 1);

    while (table->slots[i].entry)
        i = (i + 1) & (table->size - 1);
    table->slots[i] = slot;
}

static void grow(struct table *table)
{
    struct table old = *table;
    size_t i;

    table->size = old.size ? old.size * 2 : 64;
    table->slots = mem_zalloc(table->size * sizeof(*table->slots));
    for (i = 0; i < old.size; i++) {
        if (old.slots[i].entry)
            place(table, old.slots[i]);
    }
    free(old.slots);
}

void table_insert(struct table *table, uint64_t hash, void *entry)
{
    if (table->used * 4 >= table->size * 3)
        grow(table);
    place(table, (struct table_slot){ hash, entry });
    table->used++;
}
