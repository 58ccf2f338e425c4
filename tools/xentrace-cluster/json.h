/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json.h - the JSON values that report and dump have in common. Each returns a
 * new reference.
 *
 * Addresses and TSCs are strings ("0xffffffff81000000"), because JSON readers
 * that keep numbers as doubles would round them; counts are integers.
 */
#ifndef XC_JSON_H
#define XC_JSON_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#include "symbols.h"

/* At most INT64_MAX. */
json_t *json_count(uint64_t n);
json_t *json_hex(uint64_t n);

/* A CPU's number; null for READER_NO_CPU. */
json_t *json_cpu(uint32_t cpu);

/* "0f78c0" */
json_t *json_bytes(const uint8_t *bytes, unsigned int nr);

/* Any string; where it is not UTF-8, its other bytes become "?". */
json_t *json_text(const char *text);

/* {"name", "offset", "module"} of a code address, or null. */
json_t *json_symbol(const struct symbols *symbols, uint64_t address);

/*
 * Writes @value and a newline, and drops the reference.  NULL, which is what
 * jansson returns when memory is out, ends the program with code 1.
 */
void json_write(json_t *value, size_t flags, FILE *out);

#endif /* XC_JSON_H */
