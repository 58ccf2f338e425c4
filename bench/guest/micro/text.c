/* SPDX-License-Identifier: GPL-2.0-only */
#include "text.h"

static void add_char(struct text *t, char c)
{
    if (t->length + 1 < t->size)
        t->buffer[t->length++] = c;
}

void text_add(struct text *t, const char *more)
{
    while (*more)
        add_char(t, *more++);
}

void text_add_decimal(struct text *t, uint64_t value, unsigned int digits)
{
    if (value >= 10 || digits > 1)
        text_add_decimal(t, value / 10, digits > 1 ? digits - 1 : 1);
    add_char(t, '0' + value % 10);
}

void text_add_hex(struct text *t, uint64_t value)
{
    if (value >= 16)
        text_add_hex(t, value / 16);
    add_char(t, "0123456789abcdef"[value % 16]);
}
