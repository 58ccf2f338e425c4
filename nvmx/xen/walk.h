/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * walk.h - one walk of L1's page tables, without any effect.
 *
 * 4-level paging with EFER.NXE and without CR4.PKS.  The p2m lock is held for
 * reading; pointers are good while it is, or while its generation is the same.
 */
#ifndef NVMX_XEN_WALK_H
#define NVMX_XEN_WALK_H

#include <asm/p2m.h>

#include "cluster.h"

#define NVMX_WALK_LEVELS 4

/* A page-table entry of L1, in the directmap, and the value that was read. */
struct nvmx_walk_entry {
    const uint64_t *entry;
    uint64_t value;
};

struct nvmx_walk {
    uint64_t page;              /* the linear address */
    uint64_t all, any;          /* AND and OR of the entries */
    unsigned int levels;        /* 2 (a 1 GiB page), 3 (2 MiB) or 4 */
    struct nvmx_walk_entry entry[NVMX_WALK_LEVELS];
};

/*
 * Follow the tables from @cr3.  The guest frame of the 4 KiB page at linear
 * address @page, or INVALID_GFN when hardware would fault, whatever the access.
 */
uint64_t nvmx_walk(struct nvmx_walk *w, struct p2m_domain *p2m, uint64_t cr3,
                   uint64_t page);

/*
 * Do the entries allow this @access by CPL 0, whatever CR0.WP and RFLAGS.AC are?
 * Accessed and dirty bits are not looked at.
 */
bool nvmx_walk_allows(const struct nvmx_walk *w, uint64_t cr4,
                      enum cluster_access access);

/* Where the page of L1 at @gfn is, and of what type; NULL unless it is RAM. */
void *nvmx_ram_page(struct p2m_domain *p2m, uint64_t gfn, p2m_type_t *type);

#endif /* NVMX_XEN_WALK_H */
