/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock.h - L2's own clock: the one that KVM offers its guests.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* False: this KVM has none. */
bool clock_init(void);

/* Since some moment before clock_init(). */
uint64_t clock_nanoseconds(void);

#endif /* CLOCK_H */
