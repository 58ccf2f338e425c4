/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mem.h - memory that is there or ends the program.
 *
 * A report that is silently incomplete would be worse than none, so running
 * out of memory prints one line on stderr and exits with code 1.
 */
#ifndef XC_MEM_H
#define XC_MEM_H

#include <stddef.h>

/* Zero-filled; the caller frees. */
void *mem_zalloc(size_t size);

/* A copy of @size bytes; the caller frees. */
void *mem_copy(const void *from, size_t size);

/*
 * Room for at least @need elements of @size bytes in @array, whose capacity
 * *@cap is kept up to date.  Grows by doubling.  Returns the array's new place.
 */
void *mem_room(void *array, size_t *cap, size_t need, size_t size);

#endif /* XC_MEM_H */
