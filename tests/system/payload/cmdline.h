/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmdline.h - words of the command line: "key=value" or "word", with spaces between them.
 *
 * Keys are given with their "=".  A command line that is NULL has no words.
 */
#ifndef CMDLINE_H
#define CMDLINE_H

#include "layout.h"

/* What stands behind the first @key; NULL: it is not there. */
const char *cmdline_value(const char *cmdline, const char *key);

bool cmdline_has(const char *cmdline, const char *word);

/* Is the value of @key this one? */
bool cmdline_is(const char *cmdline, const char *key, const char *value);

/* The decimal number behind @key, or @otherwise. */
unsigned int cmdline_number(const char *cmdline, const char *key, unsigned int otherwise);

/* The value of @key as a string of less than @size; false: there is none. */
bool cmdline_copy(const char *cmdline, const char *key, char *value, unsigned int size);

#endif /* CMDLINE_H */
