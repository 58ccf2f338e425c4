/* SPDX-License-Identifier: GPL-2.0-only */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "symbols.h"

/* Further from a symbol than any function is long. */
enum { MAX_DISTANCE = 1 << 20 };

void symbols_free(struct symbols *symbols)
{
    size_t i;

    for (i = 0; i < symbols->nr; i++) {
        free(symbols->list[i].name);
        free(symbols->list[i].module);
    }
    free(symbols->list);
    memset(symbols, 0, sizeof(*symbols));
}

/* The next field of a line, blanks before it skipped; NULL at the line's end. */
static char *next_field(char **line)
{
    char *field = strtok_r(NULL, " \t\r\n", line);

    return field && *field ? field : NULL;
}

static bool is_printable(const char *name)
{
    for (; *name; name++) {
        if (!isgraph((unsigned char)*name))
            return false;
    }
    return true;
}

static bool parse_address(const char *field, uint64_t *address)
{
    size_t digits = strspn(field, "0123456789abcdefABCDEF");

    if (digits < 8 || digits > 16 || field[digits])
        return false;
    *address = strtoull(field, NULL, 16);
    return true;
}

/* "[kvm_intel]" -> "kvm_intel", in place; NULL for anything else. */
static char *parse_module(char *field)
{
    size_t length = field ? strlen(field) : 0;

    if (length < 3 || field[0] != '[' || field[length - 1] != ']')
        return NULL;
    field[length - 1] = '\0';
    return field + 1;
}

/* False where the line is not of the format. Name and module point into the line. */
static bool parse_line(char *line, struct symbol *symbol)
{
    char *rest = line;
    char *address = strtok_r(line, " \t\r\n", &rest);
    char *type = address ? next_field(&rest) : NULL;
    char *name = type ? next_field(&rest) : NULL;

    if (!name || !parse_address(address, &symbol->address))
        return false;
    if (strlen(type) != 1 || !isalpha((unsigned char)*type) || !is_printable(name))
        return false;
    symbol->text = strchr("tTwWiI", *type) != NULL;
    symbol->name = name;
    symbol->module = parse_module(next_field(&rest));
    return !symbol->module || is_printable(symbol->module);
}

static void add(struct symbols *symbols, const struct symbol *symbol)
{
    struct symbol kept = *symbol;

    kept.name = mem_copy(symbol->name, strlen(symbol->name) + 1);
    if (symbol->module)
        kept.module = mem_copy(symbol->module, strlen(symbol->module) + 1);
    symbols->list = mem_room(symbols->list, &symbols->cap, symbols->nr + 1,
                             sizeof(*symbols->list));
    symbols->list[symbols->nr++] = kept;
}

static void read_line(struct symbols *symbols, char *line, struct symbols_read *read)
{
    struct symbol symbol;

    if (!parse_line(line, &symbol)) {
        read->bad++;
        return;
    }
    if (!symbol.address) {
        read->zero++;
        return;
    }
    read->taken++;
    read->text += symbol.text;
    add(symbols, &symbol);
}

struct symbols_read symbols_read(struct symbols *symbols, FILE *file)
{
    struct symbols_read read = { 0 };
    char *line = NULL;
    size_t size = 0;

    errno = 0;
    while (getline(&line, &size, file) > 0)
        read_line(symbols, line, &read);
    if (ferror(file))
        read.error = errno ? errno : EIO;
    free(line);
    return read;
}

/* Of several at one address the preferred one comes last, where find() looks. */
static int compare(const void *left, const void *right)
{
    const struct symbol *a = left, *b = right;

    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    if (a->text != b->text)
        return a->text - b->text;
    return strcmp(b->name, a->name);
}

void symbols_sort(struct symbols *symbols)
{
    if (symbols->nr)
        qsort(symbols->list, symbols->nr, sizeof(*symbols->list), compare);
}

const struct symbol *symbols_find(const struct symbols *symbols, uint64_t address)
{
    size_t low = 0, high = symbols->nr;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (symbols->list[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low || address - symbols->list[low - 1].address >= MAX_DISTANCE)
        return NULL;
    return &symbols->list[low - 1];
}

const struct symbol *symbols_find_text(const struct symbols *symbols, uint64_t address)
{
    const struct symbol *symbol = symbols_find(symbols, address);

    return symbol && symbol->text ? symbol : NULL;
}

char *symbols_format(const struct symbol *symbol, uint64_t address, char *to, size_t size)
{
    snprintf(to, size, "%s+0x%" PRIx64 "%s%s%s", symbol->name, address - symbol->address,
             symbol->module ? " [" : "", symbol->module ? symbol->module : "",
             symbol->module ? "]" : "");
    return to;
}
