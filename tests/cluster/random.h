/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * random.h - random numbers that a seed determines.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stdint.h>

/* A source of random numbers; any seed will do. */
struct random {
    uint64_t state;
};

/* splitmix64: a counter, and a mix of its bits. */
static inline uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* 0 to @limit - 1. */
static inline unsigned int random_below(struct random *r, unsigned int limit)
{
    return (random_next(r) >> 32) % limit;
}

static inline bool one_in(struct random *r, unsigned int n)
{
    return random_below(r, n) == 0;
}

/* Values near the edges of each width more often than chance has them. */
uint64_t random_value(struct random *r);

#endif /* RANDOM_H */
