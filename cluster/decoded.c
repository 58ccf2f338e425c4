/* SPDX-License-Identifier: GPL-2.0-only */
#include "decoded.h"

/*
 * Are the first @length bytes the same?  @size can be read of one, more than 8 of the other.
 * Mostly two words overlap, or one is cut: it is asked for each instruction of a path.
 */
static bool same_bytes(const uint8_t *kept, const uint8_t *code, unsigned int size,
                       unsigned int length)
{
    uint64_t a[2], b[2];

    if (size < 8)
        return memcmp(kept, code, length) == 0;
    memcpy(&a[0], kept, 8);
    memcpy(&b[0], code, 8);
    if (length <= 8)
        return (a[0] ^ b[0]) << (8 * (8 - length)) == 0;
    memcpy(&a[1], kept + length - 8, 8);
    memcpy(&b[1], code + length - 8, 8);
    return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

static bool holds(const struct cluster_decoded *d, const uint8_t *code, unsigned int size,
                  uint64_t rip)
{
    return d->insn.length != 0 && d->rip == rip && d->insn.length <= size &&
           same_bytes(d->bytes, code, size, d->insn.length);
}

enum cluster_decode cluster_decode_again(struct cluster_decoded *d, const uint8_t *code,
                                         unsigned int size, uint64_t rip)
{
    enum cluster_decode result;

    if (holds(d, code, size, rip))
        return CLUSTER_DECODE_OK;
    result = cluster_decode(&d->insn, code, size, rip);
    if (result != CLUSTER_DECODE_OK) {
        d->insn.length = 0;
        return result;
    }
    d->rip = rip;
    memcpy(d->bytes, code, d->insn.length);
    return result;
}
