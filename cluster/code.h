/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * code.h - the guest's code: fetching it, comparing it.
 */
#ifndef CLUSTER_CODE_H
#define CLUSTER_CODE_H

#include "cluster.h"

/* Host addresses of the pages that a stretch of code lies in, at most two. */
struct cluster_code {
    const uint8_t *page[2];     /* page[1] is page[0] again where one page holds it all */
};

/*
 * True when the code pages of @c can be fetched and the guest's bytes in them
 * are those of @c->code; @code is filled in then.  *@fetched tells the two ways
 * to fail apart: false when a page could not be had.
 *
 * Every guest byte is loaded exactly once, and only to be compared: what is
 * executed afterwards is the decoded form, whatever the guest does to the bytes
 * meanwhile.
 */
bool cluster_code_same(struct cluster_code *code, const struct cluster *c,
                       const struct cluster_ops *ops, void *ctx, bool *fetched);

/*
 * Copy the guest's bytes from @c->rip on, as far as they can be fetched and at
 * most CLUSTER_MAX_BYTES, to @c->code, each loaded once.  Returns how many; 0
 * when the first cannot be had.  A second page is asked for only when it is
 * reached.  @code is filled in, with pages that a shorter cluster must be cut
 * to by cluster_code_cut().
 */
unsigned int cluster_code_snapshot(struct cluster_code *code, struct cluster *c,
                                   const struct cluster_ops *ops, void *ctx);

/* Forget the second page where @c does not reach into it. */
void cluster_code_cut(struct cluster_code *code, const struct cluster *c);

/*
 * Are the @words (1 or more) 8-byte words at @guest those at *@ours?  Both are
 * aligned.  Each word of the guest's is loaded at most once.  Then *@ours is behind them.
 */
static inline bool cluster_code_same_words(const uint8_t *guest, const uint64_t **ours,
                                           unsigned long words)
{
    bool same;

    __asm__ volatile("repe cmpsq" : "+S"(*ours), "+D"(guest), "+c"(words), "=@cce"(same)
                     : : "memory");
    return same;
}

#endif /* CLUSTER_CODE_H */
