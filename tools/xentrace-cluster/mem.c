/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

static void *check(void *p)
{
    if (!p) {
        fputs("xentrace-cluster: out of memory\n", stderr);
        exit(1);
    }
    return p;
}

void *mem_zalloc(size_t size)
{
    return check(calloc(1, size));
}

void *mem_copy(const void *from, size_t size)
{
    return memcpy(mem_zalloc(size), from, size);
}

void *mem_room(void *array, size_t *cap, size_t need, size_t size)
{
    size_t grown = *cap ? *cap : 16;

    if (need <= *cap)
        return array;
    while (grown < need)
        grown = grown > SIZE_MAX / 2 ? need : grown * 2;
    *cap = grown;
    return check(reallocarray(array, grown, size));
}
