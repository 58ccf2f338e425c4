/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decoded.h - decoding what was decoded before: nothing but its bytes and its address
 * make an instruction what it is, so it holds whenever both are the same.
 */
#ifndef CLUSTER_DECODED_H
#define CLUSTER_DECODED_H

#include "cluster.h"
#include "decode.h"

_Static_assert(CLUSTER_DECODED_ENTRIES == 16384, "14 bits of the hash");

/* Where in a table of CLUSTER_DECODED_ENTRIES the instruction at @rip is kept. */
static inline unsigned int cluster_decoded_index(uint64_t rip)
{
    return (rip * 0x9e3779b97f4a7c15ull) >> 50;
}

/*
 * As cluster_decode(), into @d->insn.  @d is zero, or was filled in by an earlier call; after
 * anything but OK it is empty.
 */
enum cluster_decode cluster_decode_again(struct cluster_decoded *d, const uint8_t *code,
                                         unsigned int size, uint64_t rip);

#endif /* CLUSTER_DECODED_H */
