/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * arena.c - the memory that a vCPU's translated code lies in.
 *
 * One range of addresses holds the code and, behind it, the frame that the code
 * addresses relative to RIP.  The code's part is made executable and read-only
 * there; a second mapping of its pages, elsewhere, is for writing.  Nothing of
 * it is ever writable and executable at one address.
 */
#include <xen/mm.h>
#include <xen/pfn.h>
#include <xen/vmap.h>
#include <xen/xvmalloc.h>

#include <asm/page.h>

#include "internal.h"

#define ARENA_CODE_PAGES PFN_DOWN(MB(6))

/* Map the pages behind @code once more. */
static void *map_for_writing(const uint8_t *code)
{
    mfn_t *mfns = xvmalloc_array(mfn_t, ARENA_CODE_PAGES);
    void *map = NULL;
    unsigned int i;

    if ( !mfns )
        return NULL;

    for ( i = 0; i < ARENA_CODE_PAGES; i++ )
        mfns[i] = vmap_to_mfn(code + i * PAGE_SIZE);
    map = vmap(mfns, ARENA_CODE_PAGES);
    xvfree(mfns);

    return map;
}

static bool make_executable(uint8_t *code)
{
    unsigned long start = (unsigned long)code;

    return !modify_xen_mappings(start, start + ARENA_CODE_PAGES * PAGE_SIZE,
                                PAGE_HYPERVISOR_RX);
}

bool nvmx_cluster_arena_alloc(struct cluster_arena *arena)
{
    uint8_t *base = vzalloc(ARENA_CODE_PAGES * PAGE_SIZE +
                            sizeof(struct cluster_frame));

    if ( !base )
        return false;

    *arena = (struct cluster_arena){
        .execute = base,
        .write = map_for_writing(base),
        .size = ARENA_CODE_PAGES * PAGE_SIZE,
        .frame = (void *)(base + ARENA_CODE_PAGES * PAGE_SIZE),
    };

    if ( arena->write && make_executable(base) )
        return true;

    nvmx_cluster_arena_free(arena);

    return false;
}

void nvmx_cluster_arena_free(struct cluster_arena *arena)
{
    if ( arena->write )
        vunmap(arena->write);
    vfree(arena->execute);
    memset(arena, 0, sizeof(*arena));
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
