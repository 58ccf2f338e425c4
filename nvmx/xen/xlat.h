/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xlat.h - L1's linear addresses, translated once and re-checked at each use.
 *
 * A walk of L1's page tables costs thousands of instructions, since each level
 * is a p2m look-up.  What it found is kept between executions, in the form of
 * what it depended on: CR3, the page-table entries by place and value, and the
 * generation of the p2m.  When all of that is as it was, so is the result.
 * Nothing is held between executions: no page reference, no mapping.
 *
 * Only the plain case is kept: 4-level paging, a supervisor page, accessed (and
 * dirty, for a write) already set, rights that do not depend on CR0.WP, SMEP or
 * SMAP, EFER.NXE set, CR4.PKS clear, and RAM.  For everything else there is
 * hvm_translate_get_page().
 */
#ifndef NVMX_XEN_XLAT_H
#define NVMX_XEN_XLAT_H

#include "cluster.h"

struct vcpu;
struct page_info;

#define NVMX_XLAT_ENTRIES 32    /* a power of two */
#define NVMX_XLAT_LEVELS   4

struct nvmx_xlat_entry {
    uint64_t page;              /* linear address */
    uint64_t cr3;
    struct page_info *pg;       /* NULL: empty. Not referenced: see xlat_get() */
    unsigned int generation;    /* of the p2m, read before the walk */
    uint8_t access;             /* enum cluster_access */
    uint8_t levels;             /* of the walk: 3 (a 2 MiB page) or 4 */
    struct {
        const uint64_t *entry;  /* in the directmap */
        uint64_t value;
    } pte[NVMX_XLAT_LEVELS];
};

struct nvmx_xlat {
    struct nvmx_xlat_entry entry[NVMX_XLAT_ENTRIES];
};

/*
 * The page at linear address @page of @v, which is current and in 64-bit mode,
 * for an @access by CPL 0.  Returns it with a reference that the caller has to
 * put, or NULL when this is not the plain case.
 */
struct page_info *nvmx_xlat_get(struct nvmx_xlat *xlat, struct vcpu *v,
                                uint64_t page, enum cluster_access access);

/*
 * May @access reach a page of this p2m type without anybody having to know?
 * Only plain RAM of the guest's own; a page under log-dirty tracking may be
 * read, a write to it has to fault.
 */
bool nvmx_xlat_type_allows(unsigned int type, enum cluster_access access);

#endif /* NVMX_XEN_XLAT_H */
