/* SPDX-License-Identifier: GPL-2.0-only */
#include "cmdline.h"

/* What stands behind @prefix, if @text begins so. */
static const char *behind(const char *text, const char *prefix)
{
    for (; *prefix; prefix++, text++)
        if (*text != *prefix)
            return NULL;
    return text;
}

static bool ends_word(char c)
{
    return c == 0 || c == ' ';
}

const char *cmdline_value(const char *cmdline, const char *key)
{
    const char *at, *value;

    for (at = cmdline; at && *at; at++) {
        value = at == cmdline || at[-1] == ' ' ? behind(at, key) : NULL;
        if (value)
            return value;
    }
    return NULL;
}

bool cmdline_has(const char *cmdline, const char *word)
{
    const char *end = cmdline_value(cmdline, word);

    return end && ends_word(*end);
}

bool cmdline_is(const char *cmdline, const char *key, const char *value)
{
    const char *found = cmdline_value(cmdline, key), *end = found ? behind(found, value) : NULL;

    return end && ends_word(*end);
}

unsigned int cmdline_number(const char *cmdline, const char *key, unsigned int otherwise)
{
    const char *at = cmdline_value(cmdline, key);
    unsigned int number = 0;

    if (!at || *at < '0' || *at > '9')
        return otherwise;
    while (*at >= '0' && *at <= '9')
        number = 10 * number + (*at++ - '0');
    return number;
}

bool cmdline_copy(const char *cmdline, const char *key, char *value, unsigned int size)
{
    const char *from = cmdline_value(cmdline, key);
    unsigned int used = 0;

    while (from && !ends_word(*from) && used < size - 1)
        value[used++] = *from++;
    value[used] = 0;
    return used > 0;
}
