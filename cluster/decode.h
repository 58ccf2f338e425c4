/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode.h - bytes of 64-bit code to the IR.  decode.c and decode_op.c are
 * the only files of the engine that know the decoder library (Zydis, 4.0.0 to
 * 4.1.1).
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
 * Supported are the operations of enum cluster_op, in every form and size with
 * general registers, memory and immediates, but for what follows.
 *
 * Not supported, although an operation is:
 *   - LOCK, REP and REPNE where they are not part of the instruction's definition
 *     (other meanings and hints come with them; of a destination in a register,
 *     LOCK is no instruction);
 *   - more than one segment prefix, if FS or GS is among them (which of them
 *     counts is not laid down);
 *   - near branches with an operand-size prefix, and MOVSXD to 16 bits (vendors
 *     differ), and far ones;
 *   - PUSH, POP, PUSHF, POPF and LEAVE of 16 bits, PUSH and POP of FS and GS;
 *   - BSWAP of 16 bits (undefined), F3 90 with REX.B (so is what it means);
 *   - string operations with an address-size prefix;
 *   - VMX instructions on memory with an address-size prefix: Xen's own handler
 *     does not cut the address, and the engine must neither copy nor mend that.
 *
 * Uses about 1 KB of stack below the caller, most of it the library's record of
 * one instruction; never recurses.
 */
enum cluster_decode cluster_decode(struct cluster_insn *insn, const uint8_t *code,
                                   unsigned int size, uint64_t rip);

#endif /* CLUSTER_DECODE_H */
