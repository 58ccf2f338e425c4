/* SPDX-License-Identifier: GPL-2.0-only */
#include "hosts.h"

static uint64_t page_of(uint64_t linear)
{
    return linear & ~(uint64_t)CLUSTER_PAGE_OFFSET;
}

static void prime_segment(struct cluster_vcpu *vcpu, const struct cluster_region *region,
                          const struct cluster_segment *segment)
{
    const uint64_t base[] = {
        [CLUSTER_SEG_FLAT] = 0, [CLUSTER_SEG_FS] = region->fs_base,
        [CLUSTER_SEG_GS] = region->gs_base,
    };
    struct cluster_slot *slot = vcpu->arena.frame->slot + segment->first_slot;
    struct cluster_slot *end = slot + segment->nr_slots;

    for (; slot < end; slot++)
        cluster_slot_prime(slot, base[slot->segment], region->primed_page,
                           (uintptr_t)region->primed_host);
}

/*
 * All slots are empty.  Keyed ones have a true value all the same, thanks to a page of the stack:
 * regions that have no stack have no keyed slots.
 */
static void prime(struct cluster_vcpu *vcpu, struct cluster_region *region)
{
    uint32_t s;

    region->primed = true;
    for (s = region->first_segment; s != CLUSTER_NO_INDEX; s = vcpu->segment[s].next)
        prime_segment(vcpu, region, &vcpu->segment[s]);
}

/*
 * From now on no shared page is the region's.  When the tags have all been given out,
 * all pages are forgotten, and regions with a tag of an earlier round get new ones.
 */
static void renew_tag(struct cluster_vcpu *vcpu, struct cluster_region *region)
{
    struct cluster_frame *frame = vcpu->arena.frame;

    if (!frame)
        return;
    if (++vcpu->last_tag == CLUSTER_TAGS) {
        memset(frame->shared, 0, sizeof(frame->shared));
        vcpu->last_tag = 1;
        vcpu->tag_round++;
    }
    region->tag = frame->tag = vcpu->last_tag;
    region->tag_round = vcpu->tag_round;
}

/* All that translated code could store through.  It may not be entered before prime(). */
static void forget_data(struct cluster_vcpu *vcpu, struct cluster_region *region)
{
    renew_tag(vcpu, region);
    region->stack_page = CLUSTER_SLOT_EMPTY;
    region->primed = false;
}

void cluster_hosts_start(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                         struct cluster_region *region)
{
    const struct cluster_world *world = &x->world;
    unsigned int i;

    if (region->epoch == world->epoch && region->fs_base == world->fs_base &&
        region->gs_base == world->gs_base && region->tag != 0 &&
        region->tag_round == vcpu->tag_round)
        return;
    forget_data(vcpu, region);
    for (i = 0; i < region->nr_pages; i++)
        region->page[i].host = NULL;
    region->located++;
    region->epoch = world->epoch;
    region->fs_base = world->fs_base;
    region->gs_base = world->gs_base;
}

static bool is_stack(const struct cluster_region *region, const uint8_t *host)
{
    return region->stack_page != CLUSTER_SLOT_EMPTY &&
           (host == region->stack[0] || host == region->stack[1]);
}

/* A page of the stack, in this or an earlier execution of the epoch, was found to be writable. */
static bool has_been_stack(const struct cluster_region *region, const uint8_t *host)
{
    return is_stack(region, host) || (region->primed && host == region->primed_host);
}

/*
 * Ask for a code page.  False with x->stop set where it cannot be had, or turns out
 * to be one that translated code may be using as the stack right now.  (Where it is not,
 * translated code may go on.)
 */
static bool find_page(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                      struct cluster_region *region, struct cluster_code_page *page)
{
    bool stack, primed = region->primed;

    page->host = x->ops->translate(x->ctx, page->linear, CLUSTER_FETCH);
    x->stop = CLUSTER_STOP_NO_CODE;
    if (!page->host)
        return false;
    stack = has_been_stack(region, page->host);
    forget_data(vcpu, region);
    if (primed && !stack)
        prime(vcpu, region);
    x->stop = CLUSTER_STOP_STACK;
    return !stack;
}

/* Where all of the segment's code is; what find_page() does is done once for each page. */
static bool locate(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                   struct cluster_region *region, struct cluster_segment *segment)
{
    struct cluster_piece *piece = vcpu->piece + segment->first_piece;
    struct cluster_piece *end = piece + segment->nr_pieces;

    for (; piece < end; piece++) {
        struct cluster_code_page *page = &region->page[piece->page];

        if (!page->host && !find_page(vcpu, x, region, page))
            return false;
        piece->host = page->host + piece->offset;
    }
    segment->located = region->located;
    return true;
}

static inline bool same_piece(const struct cluster_piece *piece, const uint64_t **ours)
{
    return cluster_code_same_words(piece->host, ours, piece->words);
}

/* By four pieces at a time: they are many and short, and it is done at each execution. */
static bool same_code(const struct cluster_vcpu *vcpu, const struct cluster_segment *segment)
{
    const struct cluster_piece *piece = vcpu->piece + segment->first_piece;
    const struct cluster_piece *end = piece + segment->nr_pieces;
    const struct cluster_piece *fours = piece + segment->nr_pieces / 4 * 4;
    const uint64_t *ours = vcpu->code_words + piece->snapshot;

    for (; piece < fours; piece += 4)
        if (!same_piece(piece, &ours) || !same_piece(piece + 1, &ours) ||
            !same_piece(piece + 2, &ours) || !same_piece(piece + 3, &ours))
            return false;
    for (; piece < end; piece++)
        if (!same_piece(piece, &ours))
            return false;
    return true;
}

bool cluster_hosts_compare(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                           struct cluster_region *region, struct cluster_segment *segment)
{
    if (segment->compared == vcpu->executions)
        return true;
    if (segment->located != region->located && !locate(vcpu, x, region, segment))
        return false;
    if (!same_code(vcpu, segment)) {
        x->stop = CLUSTER_STOP_BYTES;
        return false;
    }
    segment->compared = vcpu->executions;
    return true;
}

static bool is_code(const struct cluster_region *region, const uint8_t *host)
{
    unsigned int i;

    for (i = 0; i < region->nr_pages; i++)
        if (region->page[i].host == host)
            return true;
    return false;
}

/* The host of the stack's page at @linear, when it may be written without further ado. */
static bool find_stack_page(struct cluster_exec *x, const struct cluster_region *region,
                            uint64_t linear, uint8_t **host)
{
    if (!cluster_canonical(linear))
        return false;
    *host = x->ops->translate(x->ctx, linear, CLUSTER_PROBE_WRITE);
    return *host && !is_code(region, *host);
}

/* The two pages of its stack seen as one piece of memory. */
static uint8_t *adjoin(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                       struct cluster_region *region)
{
    uint8_t *const *page = region->stack;

    if (page[1] == page[0] + CLUSTER_PAGE_SIZE)
        return page[0];
    if (!vcpu->adjoined_at || vcpu->adjoined[0] != page[0] || vcpu->adjoined[1] != page[1]) {
        vcpu->adjoined[0] = page[0];
        vcpu->adjoined[1] = page[1];
        vcpu->adjoined_at = x->ops->adjoin(x->ctx, page);
        vcpu->adjoins++;
    }
    region->adjoined = vcpu->adjoins;
    return vcpu->adjoined_at;
}

/*
 * Only the place that adjoin() gave last is one, and the next may be elsewhere: the
 * address does not tell.
 */
static bool still_adjoined(const struct cluster_vcpu *vcpu, const struct cluster_region *region)
{
    return region->adjoined == 0 || region->adjoined == vcpu->adjoins;
}

/* RSP is L1's to choose: what lies across the end of the address space is nowhere. */
static bool is_known(const struct cluster_vcpu *vcpu, const struct cluster_region *region,
                     uint64_t first, uint64_t last)
{
    uint64_t known = region->stack_page;
    uint64_t size = (uint64_t)region->nr_stack_pages * CLUSTER_PAGE_SIZE;

    return known != CLUSTER_SLOT_EMPTY && first - known < size && last - known < size &&
           still_adjoined(vcpu, region);
}

static bool find_stack(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                       struct cluster_region *region, uint64_t entry_rsp)
{
    uint64_t first = page_of(entry_rsp + region->rsp_low);
    uint64_t last = page_of(entry_rsp + region->rsp_high - 1);

    if (is_known(vcpu, region, first, last))
        return true;
    region->stack_page = CLUSTER_SLOT_EMPTY;
    region->stack[1] = NULL;
    region->adjoined = 0;
    if (last < first)
        return false;
    if (!find_stack_page(x, region, first, &region->stack[0]) ||
        (last != first && !find_stack_page(x, region, last, &region->stack[1])))
        return false;
    region->stack_host = last == first ? region->stack[0] : adjoin(vcpu, x, region);
    if (!region->stack_host)
        return false;
    region->nr_stack_pages = last == first ? 1 : 2;
    region->stack_page = first;
    return true;
}

bool cluster_hosts_prepare(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                           struct cluster_region *region, uint64_t entry_rsp)
{
    bool has_stack = region->rsp_low != region->rsp_high;

    if (has_stack && !find_stack(vcpu, x, region, entry_rsp))
        return false;
    if (region->primed)
        return true;
    region->primed_page = has_stack ? region->stack_page : CLUSTER_SLOT_EMPTY;
    region->primed_host = has_stack ? region->stack[0] : NULL;
    prime(vcpu, region);
    return true;
}

/* Where translated code makes accesses itself. */
static bool is_in_one_page(uint64_t address, unsigned int width)
{
    return cluster_canonical(address) &&
           (address & CLUSTER_PAGE_OFFSET) + width <= CLUSTER_PAGE_SIZE;
}

static void share(struct cluster_vcpu *vcpu, const struct cluster_region *region, uint64_t page,
                  const uint8_t *host, bool write)
{
    struct cluster_shared_page *shared =
        &vcpu->arena.frame->shared[write][page / CLUSTER_PAGE_SIZE % CLUSTER_SHARED_PAGES];

    shared->page = page | region->tag;
    shared->host = (uintptr_t)host;
}

/* Where @miss may be made, but nothing need be written yet, nothing may show that it was. */
static uint8_t *find_data_page(struct cluster_exec *x, uint64_t page,
                               const struct cluster_exit *miss)
{
    if (miss->probes)
        return x->ops->translate(x->ctx, page, CLUSTER_PROBE_WRITE);
    return cluster_tlb_host(&x->tlb, x->ops, x->ctx, page,
                            miss->write ? CLUSTER_WRITE : CLUSTER_READ);
}

bool cluster_hosts_fill(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                        struct cluster_region *region, struct cluster_slot *slot,
                        uint64_t address, const struct cluster_exit *miss)
{
    uint8_t *host = NULL;

    if (is_in_one_page(address, miss->width))
        host = find_data_page(x, page_of(address), miss);
    if (!host || (miss->write && is_code(region, host)))
        return false;
    cluster_slot_fill(slot, page_of(address),
                      (uintptr_t)host + (miss->constant ? address & CLUSTER_PAGE_OFFSET : 0),
                      miss->width);
    share(vcpu, region, page_of(address), host, miss->write);
    return true;
}
