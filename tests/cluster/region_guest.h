/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region_guest.h - the pretended L1 of guest.h, for tests of regions: each test runs
 * by the interpreter and by translated code.
 */
#ifndef REGION_GUEST_H
#define REGION_GUEST_H

#include "guest.h"
#include "unit.h"

/* Setup and teardown of cmocka. */
int region_start_interp(void **state);
int region_start_on(void **state);
int region_end(void **state);

#define BOTH(name)                                                              \
    { #name, name, region_start_interp, region_end, NULL },                     \
    { #name " (translated)", name, region_start_on, region_end, NULL }

/*
 * L1 exits at GUEST_CODE with RSP as it was at the start, RFLAGS 2 and the other
 * registers as the test left them.  Returns what cluster_run() does.
 */
bool region_exit(struct guest *g);

/* @code at GUEST_CODE, and exits there until the third one records. */
void region_record(struct guest *g, struct code code);

/* Exits there, by an edge that leads nowhere, until the last one records what follows. */
void region_grow(struct guest *g);

/* What the last exit should have done. */
void region_expect(struct guest *g, unsigned int insns, unsigned int exiting,
                   enum cluster_stop stop);

/* The region of the site, or NULL. */
const struct cluster_region *region_of(struct guest *g, uint64_t rip);

#endif /* REGION_GUEST_H */
