/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * operations.h - what is measured.
 */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <stdbool.h>

struct operation {
    const char *name;           /* in windows and results */
    bool (*once)(void);         /* false: it did not have its effect */
};

enum { NR_OPERATIONS = 9 };

extern const struct operation operations[NR_OPERATIONS];

/* Behind machine_init(). False: something that they need is not there. */
bool operations_init(void);

#endif /* OPERATIONS_H */
