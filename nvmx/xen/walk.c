/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walk.c - see walk.h.
 */
#include <xen/domain_page.h>

#include <asm/p2m.h>
#include <asm/x86-defns.h>

#include "walk.h"

#define PTE_NX  (1UL << 63)

void *nvmx_ram_page(struct p2m_domain *p2m, uint64_t gfn, p2m_type_t *type)
{
    p2m_access_t unused;
    mfn_t mfn = p2m_get_gfn_type_access(p2m, _gfn(gfn), type, &unused, 0,
                                        NULL, false);

    /* A page under log-dirty tracking may be read, a write to it has to fault. */
    if ( (*type != p2m_ram_rw && *type != p2m_ram_ro &&
          *type != p2m_ram_logdirty) || !mfn_valid(mfn) )
        return NULL;

    /* An HVM vCPU's domain mappings are the directmap: nothing to unmap. */
    return map_domain_page(mfn);
}

/* Read the entry for the walk's address in the table at @gfn. */
static bool step(struct nvmx_walk *w, struct p2m_domain *p2m, uint64_t gfn,
                 unsigned int shift)
{
    struct nvmx_walk_entry *e = &w->entry[w->levels];
    p2m_type_t unused;
    const uint64_t *table = nvmx_ram_page(p2m, gfn, &unused);

    if ( !table )
        return false;

    e->entry = &table[(w->page >> shift) & 511];
    e->value = ACCESS_ONCE(*e->entry);
    w->all &= e->value;
    w->any |= e->value;
    w->levels++;

    return e->value & _PAGE_PRESENT;
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

/* Hardware accepts 1 GiB pages of a guest whether or not CPUID offers them. */
static bool large_page_exists(unsigned int shift)
{
    return shift == PAGE_SHIFT + 9 ||
           (shift == PAGE_SHIFT + 2 * 9 && cpu_has_page1gb);
}

uint64_t nvmx_walk(struct nvmx_walk *w, struct p2m_domain *p2m, uint64_t cr3,
                   uint64_t page)
{
    unsigned int shift = PAGE_SHIFT + 3 * 9;
    uint64_t gfn = frame_of(cr3), pte;

    *w = (struct nvmx_walk){ .page = page, .all = ~0UL };

    for ( ; ; shift -= 9 )
    {
        if ( !step(w, p2m, gfn, shift) )
            return gfn_x(INVALID_GFN);

        pte = w->entry[w->levels - 1].value;
        gfn = frame_of(pte);
        if ( shift == PAGE_SHIFT )
            return gfn;
        if ( !(pte & _PAGE_PSE) )
            continue;
        if ( !large_page_exists(shift) || !large_page_is_aligned(pte, shift) )
            return gfn_x(INVALID_GFN);

        return (gfn & ~((1UL << (shift - PAGE_SHIFT)) - 1)) |
               ((w->page >> PAGE_SHIFT) &
                ((1UL << (shift - PAGE_SHIFT)) - 1));
    }
}

bool nvmx_walk_allows(const struct nvmx_walk *w, uint64_t cr4,
                      enum cluster_access access)
{
    /* A page of the user. */
    if ( (w->all & _PAGE_USER) &&
         (access == CLUSTER_FETCH || (cr4 & (X86_CR4_SMAP | X86_CR4_PKE))) )
        return false;

    switch ( access )
    {
    case CLUSTER_WRITE:
    case CLUSTER_PROBE_WRITE:
        return w->all & _PAGE_RW;
    case CLUSTER_FETCH:
        return !(w->any & PTE_NX);
    case CLUSTER_READ:
        break;
    }

    return true;
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
