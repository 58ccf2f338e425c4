/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * selfcheck.h - is what the translator wrote what it is allowed to write?
 * Another decoder's opinion: Zydis in full, of the installed version.
 */
#ifndef SELFCHECK_H
#define SELFCHECK_H

#include "cluster.h"

#include <Zydis/Decoder.h>

/* One host instruction, as the decoder sees it. */
struct selfcheck_insn {
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operand[ZYDIS_MAX_OPERAND_COUNT];
};

/* Decode the first of @size bytes; false when they are no instruction. */
bool selfcheck_decode(const uint8_t *code, unsigned int size, struct selfcheck_insn *out);

/*
 * Walk over everything in the vCPU's arena.  Every byte belongs to an instruction
 * that translated code may contain (frame.h); jumps go to the beginning of one; RIP-relative
 * operands lie in the frame; R13, RSP and memory are used in no way but those laid down; the
 * places that C may enter begin with ENDBR64.  Returns NULL, or what is wrong and in
 * *@where the offset of it.
 */
const char *selfcheck_arena(const struct cluster_vcpu *vcpu, uint32_t *where);

/*
 * Does every branch have edges of its own, and is each of those in use?  Returns NULL, or what
 * is wrong and in *@where the node's index.
 */
const char *selfcheck_edges(const struct cluster_vcpu *vcpu, uint32_t *where);

#endif /* SELFCHECK_H */
