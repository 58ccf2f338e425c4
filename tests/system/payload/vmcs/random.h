/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * random.h - numbers that depend on the seed only.
 */
#ifndef VMCS_RANDOM_H
#define VMCS_RANDOM_H

#include "layout.h"

void random_start(uint64_t seed);
uint64_t random_number(void);

/* 0 to @n - 1. */
static inline unsigned int random_below(unsigned int n)
{
    return (random_number() >> 32) % n;
}

static inline bool random_one_in(unsigned int n)
{
    return random_below(n) == 0;
}

/* Some of @bits. */
static inline uint64_t random_of(uint64_t bits)
{
    return random_number() & bits;
}

#endif /* VMCS_RANDOM_H */
