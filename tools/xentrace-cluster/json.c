/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "json.h"
#include "mem.h"
#include "reader.h"

json_t *json_count(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

json_t *json_hex(uint64_t n)
{
    return json_string(format_hex(n).text);
}

json_t *json_cpu(uint32_t cpu)
{
    return cpu == READER_NO_CPU ? json_null() : json_integer(cpu);
}

json_t *json_bytes(const uint8_t *bytes, unsigned int nr)
{
    char *text = mem_zalloc(2 * (size_t)nr + 1);
    json_t *value;
    unsigned int i;

    for (i = 0; i < nr; i++)
        sprintf(text + 2 * i, "%02x", bytes[i]);
    value = json_string(text);
    free(text);
    return value;
}

json_t *json_text(const char *text)
{
    json_t *value = json_string(text);
    char *ascii, *p;

    if (value)
        return value;
    ascii = mem_copy(text, strlen(text) + 1);
    for (p = ascii; *p; p++) {
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    }
    value = json_string(ascii);
    free(ascii);
    return value;
}

json_t *json_symbol(const struct symbols *symbols, uint64_t address)
{
    const struct symbol *symbol = symbols_find_text(symbols, address);

    if (!symbol)
        return json_null();
    return json_pack("{s:s, s:o, s:s?}", "name", symbol->name,
                     "offset", json_count(address - symbol->address), "module", symbol->module);
}

void json_write(json_t *value, size_t flags, FILE *out)
{
    if (!value) {
        fputs("xentrace-cluster: out of memory\n", stderr);
        exit(1);
    }
    json_dumpf(value, out, flags);
    fputc('\n', out);
    json_decref(value);
}
