/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode.h - bytes of 64-bit code to the IR.  decode.c is the only file of the
 * engine that knows the decoder library (Zydis, 4.0.0 to 4.1.1).
 */
#ifndef CLUSTER_DECODE_H
#define CLUSTER_DECODE_H

#include "cluster.h"

enum cluster_decode {
    CLUSTER_DECODE_OK,
    CLUSTER_DECODE_UNSUPPORTED, /* a valid instruction that the engine does not handle */
    CLUSTER_DECODE_INVALID,     /* no instruction */
    CLUSTER_DECODE_TRUNCATED,   /* @size bytes are not enough to tell */
};

/*
 * Decode the instruction at linear address @rip, whose first @size bytes (at
 * least 1) are at @code.  On OK, and only then, *@insn is filled in, but for
 * offset and target, which depend on the neighbours.
 *
 * Supported are
 *   MOV MOVZX MOVSX MOVSXD LEA ADD ADC SUB SBB AND OR XOR CMP TEST INC DEC NEG
 *   NOT SETcc in every form with general registers, memory and immediates;
 *   CMOVcc; Jcc rel8 and rel32; PUSH and POP of 64 bits (register, immediate,
 *   memory); NOP (90 and 0F 1F); ENDBR64; VMREAD and VMWRITE.
 *
 * Not supported, although an operation is: LOCK, REP and REPNE (with which
 * other meanings and hints come), more than one segment prefix (which of them
 * counts is not laid down), Jcc with an operand-size prefix (vendors differ),
 * 16-bit PUSH and POP, MOVSXD to 16 bits (vendors differ), and VMREAD and
 * VMWRITE of memory with an address-size prefix: Xen's own handler does not cut
 * the address, and the engine must neither copy nor mend that.
 *
 * Uses about 1 KB of stack below the caller, most of it the library's record of
 * one instruction; never recurses.
 */
enum cluster_decode cluster_decode(struct cluster_insn *insn, const uint8_t *code,
                                   unsigned int size, uint64_t rip);

#endif /* CLUSTER_DECODE_H */
