/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_arena.h - an arena for translated code in an ordinary program: a memory
 * file mapped twice, so that no page is writable and executable (W^X), with the
 * frame right behind the alias that is executed.
 */
#ifndef GUEST_ARENA_H
#define GUEST_ARENA_H

#include "cluster.h"

/* @size: bytes of code, a multiple of 4096.  Ends the program where memory cannot be had. */
struct cluster_arena guest_arena_map(uint32_t size);
void guest_arena_unmap(struct cluster_arena *arena);

#endif /* GUEST_ARENA_H */
