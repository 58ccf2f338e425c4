/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * show.h - between the files of the program show: what the translator meant with each
 * node, and a node as text.
 *
 * The notes are taken while the translator works, by functions that the linker puts in
 * front of two of its own (ld --wrap, see the Makefile): the engine is the one that all
 * other tests have.
 */
#ifndef SHOW_H
#define SHOW_H

#include <stdio.h>

#include "xlate.h"

/* Of one node of a translated segment. */
struct show_note {
    bool taken;
    uint32_t start, end;        /* its code: offsets in the arena */
    uint32_t first_slot;        /* the slot that it gets, if it gets one */
    struct cluster_plan plan;
    struct xlate_flags flags;   /* at its beginning */
};

/* The notes of node @n, or NULL: not translated. */
const struct show_note *show_note(uint32_t n);

/* The bytes of the instruction of node @n as the segment's snapshot has them; how many. */
unsigned int show_bytes(const struct cluster_vcpu *vcpu, uint32_t n,
                        uint8_t bytes[CLUSTER_MAX_INSN_BYTES]);

/*
 * One instruction of the host at *@at, an offset in the arena, as text of at most @size bytes;
 * *@at goes behind it.  Addresses of the frame and in the arena have names.
 * False: it is none, or it jumps to where nothing is known.
 */
bool show_host_insn(const struct cluster_vcpu *vcpu, uint32_t *at, char *text, size_t size);

/* Node @n, side by side: L1's code, the IR and what is known of it; the host's code. */
void show_node(FILE *out, const struct cluster_vcpu *vcpu, uint32_t n, bool host);

/* Has all the code of node @n, and every jump of it, been understood?  If not, says so. */
bool show_check_node(FILE *out, const struct cluster_vcpu *vcpu, uint32_t n);

#endif /* SHOW_H */
