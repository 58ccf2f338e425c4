/* SPDX-License-Identifier: GPL-2.0-only */
#include "random.h"

static uint64_t state = 1;

void random_start(uint64_t seed)
{
    state = (seed + 1) * 0x9e3779b97f4a7c15;
}

/* xorshift64* */
uint64_t random_number(void)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545f4914f6cdd1d;
}
