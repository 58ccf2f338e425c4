/* SPDX-License-Identifier: GPL-2.0-only */
#include "shadow.h"

enum {
    WORDS = CLUSTER_SHADOW_WORDS,
    /*
     * Words that belong to no instruction and are compared rather than begin a new piece.
     * A piece costs the comparison about four instructions, a word one.
     */
    MAX_HOLE = 3,
    NO_PAGE = CLUSTER_REGION_PAGES,
};

void cluster_shadow_start(struct cluster_vcpu *vcpu)
{
    vcpu->shadow.nr_pages = vcpu->shadow.recent = 0;
}

static bool test_bit(const uint64_t *bits, unsigned int i)
{
    return bits[i / 64] >> (i % 64) & 1;
}

static void set_bit(uint64_t *bits, unsigned int i)
{
    bits[i / 64] |= 1ull << (i % 64);
}

/* The next instruction mostly is where the last one was. */
static unsigned int find_page(struct cluster_shadow *shadow, const struct cluster_region *region,
                              uint64_t linear)
{
    unsigned int i = shadow->recent;

    if (i < region->nr_pages && region->page[i].linear == linear)
        return i;
    for (i = 0; i < region->nr_pages; i++)
        if (region->page[i].linear == linear) {
            shadow->recent = i;
            return i;
        }
    return NO_PAGE;
}

static bool resolve(struct cluster_exec *x, struct cluster_region *region,
                    struct cluster_code_page *page)
{
    page->host = x->ops->translate(x->ctx, page->linear, CLUSTER_FETCH);
    if (!page->host)
        return false;
    region->epoch = 0;                  /* slots and the stack may lead there */
    return true;
}

static unsigned int add_page(struct cluster_exec *x, struct cluster_region *region,
                             uint64_t linear)
{
    struct cluster_code_page page = { .linear = linear };

    if (region->nr_pages == CLUSTER_REGION_PAGES) {
        x->stop = CLUSTER_STOP_UNSUPPORTED;
        return NO_PAGE;
    }
    if (!resolve(x, region, &page)) {
        x->stop = CLUSTER_STOP_NO_CODE;
        return NO_PAGE;
    }
    region->page[region->nr_pages] = page;
    return region->nr_pages++;
}

/* The pages from nr_pages on are clear. */
static void clear_pages(struct cluster_shadow *shadow, unsigned int up_to)
{
    for (; shadow->nr_pages <= up_to; shadow->nr_pages++) {
        memset(shadow->loaded[shadow->nr_pages], 0, sizeof(shadow->loaded[0]));
        memset(shadow->used[shadow->nr_pages], 0, sizeof(shadow->used[0]));
    }
}

/* The index of the page of @linear, with a host address; or NO_PAGE with x->stop set. */
static unsigned int obtain_page(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                                struct cluster_region *region, uint64_t linear)
{
    unsigned int i = find_page(&vcpu->shadow, region, linear);

    if (i == NO_PAGE) {
        i = add_page(x, region, linear);
    } else if (!region->page[i].host && !resolve(x, region, &region->page[i])) {
        x->stop = CLUSTER_STOP_NO_CODE;
        return NO_PAGE;
    }
    if (i != NO_PAGE)
        clear_pages(&vcpu->shadow, i);
    return i;
}

static void load_word(struct cluster_shadow *shadow, const struct cluster_region *region,
                      unsigned int page, unsigned int word)
{
    if (test_bit(shadow->loaded[page], word))
        return;
    shadow->word[page][word] = cluster_load(region->page[page].host + word * 8, 8);
    set_bit(shadow->loaded[page], word);
}

/* The @size bytes at @offset, all in the page. */
static const uint8_t *load_bytes(struct cluster_shadow *shadow,
                                 const struct cluster_region *region, unsigned int page,
                                 unsigned int offset, unsigned int size)
{
    unsigned int word;

    for (word = offset / 8; word <= (offset + size - 1) / 8; word++)
        load_word(shadow, region, page, word);
    return (const uint8_t *)shadow->word[page] + offset;
}

static unsigned int bytes_in_page(unsigned int offset)
{
    unsigned int rest = CLUSTER_PAGE_SIZE - offset;

    return rest < CLUSTER_MAX_INSN_BYTES ? rest : CLUSTER_MAX_INSN_BYTES;
}

const uint8_t *cluster_shadow_fetch(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                                    struct cluster_region *region, uint64_t rip, bool across,
                                    uint8_t *buffer, unsigned int *size)
{
    uint64_t linear = rip & ~(uint64_t)CLUSTER_PAGE_OFFSET;
    unsigned int page = obtain_page(vcpu, x, region, linear), rest;
    const uint8_t *bytes;

    if (page == NO_PAGE)
        return NULL;
    *size = bytes_in_page(rip & CLUSTER_PAGE_OFFSET);
    bytes = load_bytes(&vcpu->shadow, region, page, rip & CLUSTER_PAGE_OFFSET, *size);
    if (!across)
        return bytes;
    rest = CLUSTER_MAX_INSN_BYTES - *size;
    memcpy(buffer, bytes, *size);
    linear += CLUSTER_PAGE_SIZE;
    if (rest == 0 || !cluster_canonical(linear) || linear == 0)
        return buffer;
    page = obtain_page(vcpu, x, region, linear);
    if (page == NO_PAGE)
        return NULL;
    memcpy(buffer + *size, load_bytes(&vcpu->shadow, region, page, 0, rest), rest);
    *size += rest;
    return buffer;
}

void cluster_shadow_use(struct cluster_vcpu *vcpu, const struct cluster_region *region,
                        uint64_t rip, unsigned int length)
{
    uint64_t first = rip / 8, last = (rip + length - 1) / 8;

    for (; first <= last; first++) {
        unsigned int page = find_page(&vcpu->shadow, region,
                                      (first * 8) & ~(uint64_t)CLUSTER_PAGE_OFFSET);

        set_bit(vcpu->shadow.used[page], first % WORDS);
    }
}

/* The first word from @word on that is used, or WORDS. */
static unsigned int next_used(const uint64_t *used, unsigned int word)
{
    while (word < WORDS) {
        uint64_t rest = used[word / 64] >> (word % 64);

        if (rest)
            return word + __builtin_ctzll(rest);
        word = (word | 63) + 1;
    }
    return WORDS;
}

/* The end of the piece that begins at @word, small holes included. */
static unsigned int end_of_piece(const uint64_t *used, unsigned int word)
{
    unsigned int next;

    do {
        while (word < WORDS && test_bit(used, word))
            word++;
        next = next_used(used, word);
        if (next == WORDS || next - word > MAX_HOLE)
            return word;
        word = next;
    } while (true);
}

static bool add_piece(struct cluster_vcpu *vcpu, const struct cluster_region *region,
                      unsigned int page, unsigned int word, unsigned int end)
{
    struct cluster_piece *piece = &vcpu->piece[vcpu->nr_pieces];

    if (vcpu->nr_pieces == CLUSTER_MAX_PIECES ||
        vcpu->nr_code_words + (end - word) > CLUSTER_MAX_CODE_BYTES / 8)
        return false;
    piece->page = page;
    piece->offset = word * 8;
    piece->words = end - word;
    piece->snapshot = vcpu->nr_code_words;
    for (; word < end; word++) {
        load_word(&vcpu->shadow, region, page, word);
        vcpu->code_words[vcpu->nr_code_words++] = vcpu->shadow.word[page][word];
    }
    vcpu->nr_pieces++;
    return true;
}

/* Returns false when a pool is full.  *@any: was there one? */
static bool pieces_of_page(struct cluster_vcpu *vcpu, const struct cluster_region *region,
                           unsigned int page, bool *any)
{
    const uint64_t *used = vcpu->shadow.used[page];
    unsigned int word = next_used(used, 0);

    *any = word < WORDS;
    while (word < WORDS) {
        unsigned int end = end_of_piece(used, word);

        if (!add_piece(vcpu, region, page, word, end))
            return false;
        word = next_used(used, end);
    }
    return true;
}

bool cluster_shadow_pieces(struct cluster_vcpu *vcpu, struct cluster_region *region,
                           unsigned int pages, struct cluster_segment *segment)
{
    unsigned int page;
    bool any;

    segment->first_piece = vcpu->nr_pieces;
    for (page = 0; page < vcpu->shadow.nr_pages; page++) {
        if (!pieces_of_page(vcpu, region, page, &any))
            return false;
        if (any && pages <= page)
            pages = page + 1;
    }
    region->nr_pages = pages;
    segment->nr_pieces = vcpu->nr_pieces - segment->first_piece;
    return true;
}
