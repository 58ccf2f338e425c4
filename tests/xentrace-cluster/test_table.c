/* SPDX-License-Identifier: GPL-2.0-only */
#include "table.h"
#include "tests.h"

static bool same_number(const void *entry, const void *key)
{
    return *(const uint32_t *)entry == *(const uint32_t *)key;
}

static uint32_t *find(const struct table *table, uint32_t key)
{
    return table_find(table, table_hash(table, &key, sizeof(key)), same_number, &key);
}

static void every_entry_is_found_and_no_other(void **state)
{
    enum { NR = 10000 };
    static uint32_t numbers[NR];
    struct table table;
    uint32_t i;

    (void)state;
    table_init(&table);
    assert_null(find(&table, 0));
    for (i = 0; i < NR; i++) {
        numbers[i] = 2 * i;
        table_insert(&table, table_hash(&table, &numbers[i], sizeof(numbers[i])), &numbers[i]);
    }
    for (i = 0; i < NR; i++) {
        assert_ptr_equal(find(&table, 2 * i), &numbers[i]);
        assert_null(find(&table, 2 * i + 1));
    }
    table_free(&table);
}

static void equal_hashes_are_told_apart(void **state)
{
    static uint32_t numbers[200];
    struct table table;
    uint32_t i;

    (void)state;
    table_init(&table);
    for (i = 0; i < 200; i++) {
        numbers[i] = i;
        table_insert(&table, 7, &numbers[i]);
    }
    for (i = 0; i < 200; i++)
        assert_ptr_equal(table_find(&table, 7, same_number, &i), &numbers[i]);
    table_free(&table);
}

static void hash_depends_on_every_byte_and_the_length(void **state)
{
    uint8_t bytes[21] = { 0 };
    struct table table;
    uint64_t hash;
    unsigned int i;

    (void)state;
    table_init(&table);
    hash = table_hash(&table, bytes, sizeof(bytes));
    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = 1;
        assert_true(table_hash(&table, bytes, sizeof(bytes)) != hash);
        bytes[i] = 0;
        assert_true(table_hash(&table, bytes, i) != hash);
    }
    assert_true(table_hash(&table, bytes, sizeof(bytes)) == hash);
    table_free(&table);
}

int table_tests(unsigned int *total)
{
    static const struct CMUnitTest table[] = {
        cmocka_unit_test(every_entry_is_found_and_no_other),
        cmocka_unit_test(equal_hashes_are_told_apart),
        cmocka_unit_test(hash_depends_on_every_byte_and_the_length),
    };

    return RUN_GROUP(table, total);
}
