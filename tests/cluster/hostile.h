/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hostile.h - bytes that are no program: some are instructions that the engine
 * knows, many nearly so.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "program.h"

/* Exiting instructions, others that may well be supported, and now and then anything. */
void hostile_fill(struct random *r, uint8_t *code, unsigned int size);

/*
 * Code pages full of them, in which branches go anywhere and stores hit the code;
 * the entry is an exiting instruction, perhaps at the end of a page, of all code
 * or of the canonical addresses.
 */
void hostile_program(struct program *p, uint64_t seed);

#endif /* HOSTILE_H */
