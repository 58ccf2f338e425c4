/* SPDX-License-Identifier: GPL-2.0-only */
#include "decoded.h"

static bool holds(const struct cluster_decoded *d, const uint8_t *code, unsigned int size,
                  uint64_t rip)
{
    return d->insn.length != 0 && d->rip == rip && d->insn.length <= size &&
           memcmp(d->bytes, code, d->insn.length) == 0;
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
