/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * regions_show.h - a program, the regions made of it, and two states that should
 * be the same, as text.
 */
#ifndef REGIONS_SHOW_H
#define REGIONS_SHOW_H

#include "party.h"
#include "program.h"

/* The program as it is in @l's memory now, disassembled. */
void show_program(const struct program *p, struct l1 *l);

/* All regions: segments, nodes, edges. */
void show_regions(const struct cluster_vcpu *vcpu);

/* All that differs between the two, who were both in state @before. */
void show_difference(const struct party *a, const struct party *b, const struct l1_state *before);

/* The calls of ops of the last execution. */
void show_calls(const struct party *p);

#endif /* REGIONS_SHOW_H */
