/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xlat.c - see xlat.h.  What is kept of a walk, and for how long: epoch.c.
 */
#include <xen/perfc.h>

#include <asm/hvm/hvm.h>
#include <asm/hvm/support.h>
#include <asm/p2m.h>

#include "epoch.h"
#include "mm-locks.h"

enum found {
    FOUND,                      /* and kept */
    FOUND_UNMARKED,             /* it is right but for accessed and dirty bits */
    FOUND_NOTHING,              /* a fault, or not ours to decide */
};

static struct p2m_domain *host_p2m(const struct vcpu *v)
{
    return p2m_get_hostp2m(v->domain);
}

static bool allows(const struct nvmx_xlat_page *p, enum cluster_access access)
{
    switch ( access )
    {
    case CLUSTER_WRITE:
    case CLUSTER_PROBE_WRITE:
        return p->writable;
    case CLUSTER_FETCH:
        return p->executable;
    case CLUSTER_READ:
        break;
    }

    return true;
}

/* Does the access leave accessed and dirty bits as they are? */
static bool is_marked(const struct nvmx_walk *w, bool writes)
{
    uint64_t leaf = w->entry[w->levels - 1].value;

    return (w->all & _PAGE_ACCESSED) && (!writes || (leaf & _PAGE_DIRTY));
}

static enum found look_up(struct nvmx_xlat *xlat, struct vcpu *v,
                          struct nvmx_xlat_page *p, uint64_t page,
                          enum cluster_access access)
{
    struct p2m_domain *p2m = host_p2m(v);
    struct nvmx_walk w;
    bool writes = access == CLUSTER_WRITE || access == CLUSTER_PROBE_WRITE;
    bool writable;
    uint64_t gfn, leaf;
    p2m_type_t type;
    void *host;

    perfc_incr(nvmx_cluster_walks);

    gfn = nvmx_walk(&w, p2m, xlat->how.cr3, page);
    if ( gfn == gfn_x(INVALID_GFN) ||
         !nvmx_walk_allows(&w, xlat->how.cr4, access) )
        return FOUND_NOTHING;

    host = nvmx_ram_page(p2m, gfn, &type);
    writable = type == p2m_ram_rw && !xlat->how.log_dirty;
    if ( !host || (writes && !writable) )
        return FOUND_NOTHING;

    leaf = w.entry[w.levels - 1].value;
    if ( !is_marked(&w, writes) )
        return FOUND_UNMARKED;

    p->epoch = 0;
    p->levels = 0;
    if ( nvmx_epoch_keep(xlat, &w, p) )
        nvmx_epoch_use(xlat, p);
    else if ( !xlat->full )
        return FOUND_NOTHING;

    p->page = page;
    p->host = host;
    p->writable = writable && (leaf & _PAGE_DIRTY) &&
                  nvmx_walk_allows(&w, xlat->how.cr4, CLUSTER_WRITE);
    p->executable = nvmx_walk_allows(&w, xlat->how.cr4, CLUSTER_FETCH);
    p->epoch = xlat->epoch;

    return FOUND;
}

static uint32_t walk_flags(enum cluster_access access)
{
    switch ( access )
    {
    case CLUSTER_WRITE:
        return PFEC_page_present | PFEC_write_access;
    case CLUSTER_FETCH:
        return PFEC_page_present | PFEC_insn_fetch;
    default:
        return PFEC_page_present;
    }
}

/* Do to accessed and dirty bits what the access does. */
static bool mark(struct nvmx_xlat *xlat, struct vcpu *v, uint64_t page,
                 enum cluster_access access)
{
    enum hvm_translation_result result;
    struct page_info *pg = NULL;
    p2m_type_t type;

    nvmx_xlat_unlock(v);
    result = hvm_translate_get_page(v, page, true, walk_flags(access), NULL,
                                    &pg, NULL, &type);
    if ( result == HVMTRANS_okay )
        put_page(pg);

    return nvmx_xlat_relock(xlat, v) && result == HVMTRANS_okay;
}

void *nvmx_xlat_get(struct nvmx_xlat *xlat, struct vcpu *v, uint64_t page,
                    enum cluster_access access)
{
    /* Masked by a constant: the guest chooses the address. */
    struct nvmx_xlat_page *p =
        &xlat->page[((page >> PAGE_SHIFT) ^ (page >> (PAGE_SHIFT + 10))) &
                    (NVMX_XLAT_PAGES - 1)];
    enum found found;

    if ( xlat->lost )
        return NULL;

    if ( p->page == page && p->epoch == xlat->epoch )
    {
        if ( !nvmx_epoch_use(xlat, p) )
            return NULL;
        if ( allows(p, access) )
            return p->host;
        /* A probe is often for nothing, and then not worth a walk. */
        if ( access == CLUSTER_PROBE_WRITE )
            return NULL;
    }

    found = look_up(xlat, v, p, page, access);
    if ( found == FOUND_UNMARKED && access != CLUSTER_PROBE_WRITE &&
         mark(xlat, v, page, access) )
        found = look_up(xlat, v, p, page, access);

    return found == FOUND ? p->host : NULL;
}

/* Walk to @page, and keep what it depends on, as look_up() does. */
static bool locate_page(struct nvmx_xlat *xlat, const struct vcpu *v,
                        uint64_t page, enum cluster_access access)
{
    struct nvmx_xlat_page *p = &xlat->located;
    struct p2m_domain *p2m = host_p2m(v);
    bool write = access == CLUSTER_WRITE;
    struct nvmx_walk w;
    p2m_access_t unused;
    uint64_t gfn;

    perfc_incr(nvmx_cluster_walks);

    p->epoch = 0;
    p->levels = 0;
    gfn = nvmx_walk(&w, p2m, xlat->how.cr3, page);
    if ( gfn == gfn_x(INVALID_GFN) ||
         !nvmx_walk_allows(&w, xlat->how.cr4, access) ||
         !is_marked(&w, write) )
        return false;

    if ( !nvmx_epoch_keep(xlat, &w, p) )
        return false;

    xlat->place.gpa = gfn_to_gaddr(_gfn(gfn));
    xlat->place.mfn = p2m_get_gfn_type_access(p2m, _gfn(gfn),
                                              &xlat->place.type, &unused, 0,
                                              NULL, false);
    p->page = page;
    p->writable = write;
    p->epoch = xlat->epoch;

    return true;
}

bool nvmx_xlat_locate(struct nvmx_xlat *xlat, const struct vcpu *v,
                      uint64_t address, enum cluster_access access,
                      struct nvmx_place *place)
{
    const struct nvmx_xlat_page *p = &xlat->located;
    uint64_t page = address & PAGE_MASK;

    if ( xlat->lost )
        return false;

    if ( (p->page != page || p->epoch != xlat->epoch ||
          (access == CLUSTER_WRITE && !p->writable)) &&
         !locate_page(xlat, v, page, access) )
        return false;

    if ( !nvmx_epoch_use(xlat, p) )
        return false;

    *place = xlat->place;
    place->gpa += address & ~PAGE_MASK;

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
