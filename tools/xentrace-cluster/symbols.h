/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * symbols.h - names for addresses, from System.map or /proc/kallsyms.
 *
 * Lines are "address type name", and in kallsyms "[module]" after that.  The
 * addresses are used as they stand: /proc/kallsyms of a running guest, read by
 * its root, gives the real ones, modules and KASLR included, so nothing needs
 * to be relocated.
 *
 * Names come from a guest: only printable ASCII without spaces is taken.
 */
#ifndef XC_SYMBOLS_H
#define XC_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct symbol {
    uint64_t address;
    char *name;
    char *module;               /* NULL: the kernel proper */
    bool text;                  /* code, not data */
};

struct symbols {
    struct symbol *list;        /* sorted once symbols_sort() was called */
    size_t nr, cap;
};

/* What symbols_read() came upon. */
struct symbols_read {
    size_t taken;               /* symbols */
    size_t text;                /* code symbols among them */
    size_t zero;                /* lines with address 0, as kptr_restrict makes them */
    size_t bad;                 /* lines that are not of the format */
    int error;                  /* an errno when reading failed, or 0 */
};

/* Zero-filled memory is an empty struct symbols. */
void symbols_free(struct symbols *symbols);

/* Adds the symbols of @file. May be called for several files, before symbols_sort(). */
struct symbols_read symbols_read(struct symbols *symbols, FILE *file);
void symbols_sort(struct symbols *symbols);

/*
 * The nearest symbol at or below @address and less than 1 MiB away, or NULL.
 * Where several have the same address: code before data, then by name.
 */
const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address);

/* The same, NULL where that is not a code symbol. */
const struct symbol *symbols_find_text(const struct symbols *symbols, uint64_t address);

/*
 * "name+0x12 [module]" for @symbol and an address at or after it; returns @to.
 * Cut off at @size, terminated.
 */
char *symbols_format(const struct symbol *symbol, uint64_t address, char *to, size_t size);

#endif /* XC_SYMBOLS_H */
