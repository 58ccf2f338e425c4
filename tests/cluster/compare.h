/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compare.h - the end of a model's execution against that of the CPU's.
 */
#ifndef COMPARE_H
#define COMPARE_H

#include "model.h"

/* Both have been executed. */
bool compare_equal(struct model *m);

/* Print the sequence, disassembled, and all that differs. */
void compare_show(struct model *m, uint64_t number);

#endif /* COMPARE_H */
