/* SPDX-License-Identifier: GPL-2.0-only */
#include "code.h"
#include "tlb.h"

static const uint8_t *fetch(const struct cluster_ops *ops, void *ctx, uint64_t page)
{
    return ops->translate(ctx, page, CLUSTER_FETCH);
}

static uint64_t page_of(uint64_t linear)
{
    return linear & ~(uint64_t)CLUSTER_PAGE_OFFSET;
}

/*
 * The page after @page, or 0 where the walk along the code must end: at the top
 * of the address space and where addresses stop being canonical.
 */
static uint64_t page_after(uint64_t page)
{
    uint64_t next = page + CLUSTER_PAGE_SIZE;

    return cluster_canonical(next) ? next : 0;
}

/* Bytes from @linear to the end of its page. */
static unsigned int rest_of_page(uint64_t linear)
{
    return CLUSTER_PAGE_SIZE - (linear & CLUSTER_PAGE_OFFSET);
}

/* The next @width bytes of both; each byte of the guest's is loaded once. */
static inline bool same_word(const uint8_t **guest, const uint8_t **ours, unsigned int width)
{
    bool same = cluster_load(*guest, width) == cluster_load(*ours, width);

    *guest += width;
    *ours += width;
    return same;
}

static bool same_bytes(const uint8_t *guest, const uint8_t *ours, unsigned int size)
{
    for (; size >= 8; size -= 8)
        if (!same_word(&guest, &ours, 8))
            return false;
    return (!(size & 4) || same_word(&guest, &ours, 4)) &&
           (!(size & 2) || same_word(&guest, &ours, 2)) &&
           (!(size & 1) || same_word(&guest, &ours, 1));
}

static void copy_bytes(uint8_t *to, const uint8_t *guest, unsigned int size)
{
    unsigned int i;

    for (i = 0; i < size; i++)
        to[i] = cluster_load(guest + i, 1);
}

bool cluster_code_same(struct cluster_code *code, const struct cluster *c,
                       const struct cluster_ops *ops, void *ctx, bool *fetched)
{
    uint64_t page = page_of(c->rip);
    unsigned int first = rest_of_page(c->rip);

    if (first > c->bytes)
        first = c->bytes;
    *fetched = false;
    code->page[0] = code->page[1] = fetch(ops, ctx, page);
    if (!code->page[0])
        return false;
    if (first < c->bytes) {
        /* Formation went there, so the next page is one that can be named. */
        code->page[1] = fetch(ops, ctx, page + CLUSTER_PAGE_SIZE);
        if (!code->page[1])
            return false;
    }
    *fetched = true;
    return same_bytes(code->page[0] + (c->rip & CLUSTER_PAGE_OFFSET), c->code, first) &&
           same_bytes(code->page[1], c->code + first, c->bytes - first);
}

unsigned int cluster_code_snapshot(struct cluster_code *code, struct cluster *c,
                                   const struct cluster_ops *ops, void *ctx)
{
    uint64_t page = page_of(c->rip), next = page_after(page);
    unsigned int first = rest_of_page(c->rip);
    const uint8_t *second = NULL;

    if (first > CLUSTER_MAX_BYTES)
        first = CLUSTER_MAX_BYTES;
    code->page[0] = code->page[1] = fetch(ops, ctx, page);
    if (!code->page[0])
        return 0;
    copy_bytes(c->code, code->page[0] + (c->rip & CLUSTER_PAGE_OFFSET), first);
    if (first < CLUSTER_MAX_BYTES && next)
        second = fetch(ops, ctx, next);
    if (!second)
        return first;
    code->page[1] = second;
    copy_bytes(c->code + first, second, CLUSTER_MAX_BYTES - first);
    return CLUSTER_MAX_BYTES;
}

void cluster_code_cut(struct cluster_code *code, const struct cluster *c)
{
    if (c->bytes <= rest_of_page(c->rip))
        code->page[1] = code->page[0];
}
