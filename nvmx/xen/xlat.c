/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xlat.c - see xlat.h.
 *
 * Why a kept translation is exact.  An entry is made from page-table entries
 * that were read while the p2m had the entry's generation.  Every change of an
 * EPT entry, and every change of what EPT entries mean, counts the generation up
 * before the p2m lock is dropped and before any page is freed.  At use the
 * page-table entries are compared first, then a reference is taken, then the
 * generation is compared: when it has not moved, the page tables were still the
 * guest's when they were read, and the page was still the guest's when the
 * reference was taken.  When it has moved, whatever was read is thrown away;
 * reading it did no harm, the directmap is always there.
 */
#include <xen/domain_page.h>

#include <asm/hvm/hvm.h>
#include <asm/p2m.h>
#include <asm/paging.h>

#include "xlat.h"

#define PTE_NX (1UL << 63)

/* One walk in progress. */
struct walk {
    struct domain *d;
    uint64_t page;
    uint64_t all, any;          /* AND and OR of the entries so far */
};

bool nvmx_xlat_type_allows(unsigned int type, enum cluster_access access)
{
    if ( type == p2m_ram_rw )
        return true;

    return access != CLUSTER_WRITE &&
           (type == p2m_ram_ro || type == p2m_ram_logdirty);
}

static unsigned int p2m_generation(const struct domain *d)
{
    return ACCESS_ONCE(p2m_get_hostp2m(d)->generation);
}

static struct nvmx_xlat_entry *slot(struct nvmx_xlat *xlat, uint64_t page,
                                    enum cluster_access access)
{
    /* Masked by a constant: the guest chooses the address. */
    return &xlat->entry[((page >> PAGE_SHIFT) ^ (access << 3)) &
                        (NVMX_XLAT_ENTRIES - 1)];
}

static bool same_entries(const struct nvmx_xlat_entry *e)
{
    unsigned int i;

    for ( i = 0; i < e->levels; i++ )
        if ( ACCESS_ONCE(*e->pte[i].entry) != e->pte[i].value )
            return false;

    return true;
}

static bool matches(const struct nvmx_xlat_entry *e, const struct vcpu *v,
                    uint64_t page, enum cluster_access access)
{
    return e->pg && e->page == page && e->access == access &&
           e->cr3 == v->arch.hvm.guest_cr[3] &&
           e->generation == p2m_generation(v->domain) && same_entries(e);
}

/* See the top of the file for why in this order. */
static struct page_info *reuse(const struct nvmx_xlat_entry *e,
                               struct vcpu *v)
{
    struct page_info *pg = e->pg;

    if ( !get_page(pg, v->domain) )
        return NULL;

    smp_rmb();
    if ( e->generation == p2m_generation(v->domain) )
        return pg;

    put_page(pg);

    return NULL;
}

/* A referenced page of the guest that may be accessed so, or NULL. */
static struct page_info *guest_page(struct domain *d, uint64_t gfn,
                                    enum cluster_access access)
{
    p2m_type_t type;
    struct page_info *pg = get_page_from_gfn(d, gfn, &type, P2M_ALLOC);

    if ( pg && !nvmx_xlat_type_allows(type, access) )
    {
        put_page(pg);
        pg = NULL;
    }

    return pg;
}

/* Read the entry for the walk's address in the table at @gfn. */
static bool step(struct walk *w, struct nvmx_xlat_entry *e, uint64_t gfn,
                 unsigned int shift)
{
    struct page_info *table = guest_page(w->d, gfn, CLUSTER_READ);
    const uint64_t *entry;

    if ( !table )
        return false;

    entry = (const uint64_t *)__map_domain_page(table) +
            ((w->page >> shift) & 511);
    e->pte[e->levels].entry = entry;
    e->pte[e->levels].value = ACCESS_ONCE(*entry);
    put_page(table);

    w->all &= e->pte[e->levels].value;
    w->any |= e->pte[e->levels].value;
    e->levels++;

    return (w->all & _PAGE_PRESENT) && (w->all & _PAGE_ACCESSED);
}

static uint64_t frame_of(uint64_t pte)
{
    return (pte & PADDR_MASK) >> PAGE_SHIFT;
}

/* Bits of a large page's entry that have to be 0, its PAT bit left aside. */
static bool large_page_is_aligned(uint64_t pte, unsigned int shift)
{
    return !(pte & ((1UL << shift) - 1) & ~0x1fffUL);
}

/* Follow the tables; the guest frame of the page, or INVALID. */
static uint64_t follow(struct walk *w, struct nvmx_xlat_entry *e)
{
    unsigned int shift = PAGE_SHIFT + 3 * 9;
    uint64_t gfn = frame_of(e->cr3), pte;

    for ( ; ; shift -= 9 )
    {
        if ( !step(w, e, gfn, shift) )
            return gfn_x(INVALID_GFN);

        pte = e->pte[e->levels - 1].value;
        gfn = frame_of(pte);
        if ( shift == PAGE_SHIFT )
            return gfn;
        if ( !(pte & _PAGE_PSE) )
            continue;
        /* Whether there are 1 GiB pages is more than one question: the slow way. */
        if ( shift > PAGE_SHIFT + 9 || !large_page_is_aligned(pte, shift) )
            return gfn_x(INVALID_GFN);

        return (gfn & ~((1UL << (shift - PAGE_SHIFT)) - 1)) |
               ((w->page >> PAGE_SHIFT) & ((1UL << (shift - PAGE_SHIFT)) - 1));
    }
}

/*
 * Rights that hold whatever CR0.WP, CR4.SMEP, CR4.SMAP and RFLAGS.AC are: a
 * supervisor page, writable at all levels, not execute-disabled at any.
 */
static bool rights_allow(const struct walk *w, uint64_t leaf,
                         enum cluster_access access)
{
    if ( w->all & _PAGE_USER )
        return false;

    switch ( access )
    {
    case CLUSTER_WRITE:
        return (w->all & _PAGE_RW) && (leaf & _PAGE_DIRTY);
    case CLUSTER_FETCH:
        return !(w->any & PTE_NX);
    case CLUSTER_READ:
        break;
    }

    return true;
}

/* Walk for @e, whose page, access and cr3 are set; a referenced page, or NULL. */
static struct page_info *walk(struct nvmx_xlat_entry *e, struct domain *d)
{
    struct walk w = { .d = d, .page = e->page, .all = ~0UL };
    uint64_t gfn;

    e->levels = 0;
    e->generation = p2m_generation(d);
    smp_rmb();

    gfn = follow(&w, e);
    if ( gfn == gfn_x(INVALID_GFN) ||
         !rights_allow(&w, e->pte[e->levels - 1].value, e->access) )
        return NULL;

    return guest_page(d, gfn, e->access);
}

/*
 * Without EFER.NXE bit 63 of an entry is reserved, and with CR4.PKS supervisor
 * pages have keys: then more than the entries says what is allowed.
 */
static bool entries_say_all(const struct vcpu *v)
{
    return hvm_nx_enabled(v) && !hvm_pks_enabled(v);
}

struct page_info *nvmx_xlat_get(struct nvmx_xlat *xlat, struct vcpu *v,
                                uint64_t page, enum cluster_access access)
{
    struct nvmx_xlat_entry *e = slot(xlat, page, access);
    struct page_info *pg;

    if ( !entries_say_all(v) ||
         (access == CLUSTER_WRITE && paging_mode_log_dirty(v->domain)) )
        return NULL;

    if ( matches(e, v, page, access) && (pg = reuse(e, v)) )
        return pg;

    e->page = page;
    e->access = access;
    e->cr3 = v->arch.hvm.guest_cr[3];
    e->pg = walk(e, v->domain);

    return e->pg;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
