/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text.h - strings in the making.
 *
 * The buffer has to be all zeros at first; its last byte stays so. What does not fit is left out.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdint.h>

struct text {
    char *buffer;
    unsigned int size, length;
};

void text_add(struct text *t, const char *more);
/* With zeros in front, if it has less than @digits. */
void text_add_decimal(struct text *t, uint64_t value, unsigned int digits);
void text_add_hex(struct text *t, uint64_t value);

#endif /* TEXT_H */
