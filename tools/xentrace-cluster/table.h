/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table.h - a hash table of pointers, open addressing, insert and find only.
 *
 * Keys come from a trace that a guest may have shaped, so the hash is seeded
 * anew in every table: nothing that is printed may depend on the table's order.
 *
 * Order of calls: table_init(), then anything, then table_free().  Entries
 * belong to the caller; table_free() leaves them alone.
 */
#ifndef XC_TABLE_H
#define XC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table_slot {
    uint64_t hash;
    void *entry;                /* NULL: free */
};

struct table {
    struct table_slot *slots;
    size_t size;                /* power of two, or 0 */
    size_t used;
    uint64_t seed;
};

/* Whether @entry is the one that @key asks for. */
typedef bool table_same(const void *entry, const void *key);

void table_init(struct table *table);
void table_free(struct table *table);

/* The hash of @size bytes in this table; what table_find and table_insert want. */
uint64_t table_hash(const struct table *table, const void *bytes, size_t size);

/* The entry or NULL. */
void *table_find(const struct table *table, uint64_t hash, table_same *same, const void *key);

/* @entry must not be in the table yet. */
void table_insert(struct table *table, uint64_t hash, void *entry);

#endif /* XC_TABLE_H */
