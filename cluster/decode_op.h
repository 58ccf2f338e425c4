/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decode_op.h - which operation an instruction is, and whether it is one with
 * these prefixes.  For decode.c alone, which has its operands and widths.
 */
#ifndef CLUSTER_DECODE_OP_H
#define CLUSTER_DECODE_OP_H

#include <Zydis/Decoder.h>

#include "cluster.h"

/* The operation (enum cluster_op), or -1 where the engine has none for it. */
int cluster_decode_operation(const ZydisDecodedInstruction *z);

/*
 * Have its prefixes the meaning that the IR can tell, on every processor?  LOCK
 * is left to cluster_decode_is_lockable().
 */
bool cluster_decode_prefixes_supported(const ZydisDecodedInstruction *z, unsigned int op);

/* May LOCK stand before it, if the destination is memory (SDM vol. 2, LOCK)? */
bool cluster_decode_is_lockable(unsigned int op);

bool cluster_decode_has_prefix(const ZydisDecodedInstruction *z, uint8_t byte);

/* MOVS, STOS, LODS, CMPS, SCAS. */
static inline bool cluster_decode_is_string(unsigned int op)
{
    return op >= CLUSTER_OP_MOVS && op <= CLUSTER_OP_SCAS;
}

#endif /* CLUSTER_DECODE_OP_H */
