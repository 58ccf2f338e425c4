/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * epoch.c - is what was found out about L1's translations still so?  See xlat.h.
 *
 * Why a kept translation is exact.  Every change of an EPT entry, and every
 * change of what EPT entries mean, is made under the p2m lock and counts the
 * generation up.  A translation was made from page-table entries that were
 * read under that lock.  While the generation is the same, the page tables are
 * where they were, and so are the pages that they lead to; while the entries
 * have the same values as well, a walk would lead there again.  As long as the
 * lock is held no page is taken out of the p2m, hence none is freed.
 *
 * What changed is found out at the next begin, which drops what depended on
 * it.
 *
 * Why page-table entries need not be looked at each time.  A processor goes on
 * using a translation from its TLB, whatever becomes of the entries, until
 * software invalidates it (SDM vol. 3, 4.10.2.3 and 4.10.4).  L1 can do that
 * only where it runs by itself: a region ends before INVLPG, INVPCID and loads
 * of control registers.  All else by which L1's translations are invalidated
 * (VMX transitions without VPID, hypercalls, Xen's own reasons) takes away
 * L1's ASID.  So what was looked at since L1 ran last, and since it lost its
 * ASID last, may be used.
 */
#include <xen/bitmap.h>
#include <xen/perfc.h>

#include <asm/p2m.h>
#include <asm/paging.h>

#include "batch.h"
#include "epoch.h"
#include "mm-locks.h"

#define PTE_AD  ((uint64_t)(_PAGE_ACCESSED | _PAGE_DIRTY))

#define HOW_CR4 (X86_CR4_PAE | X86_CR4_SMEP | X86_CR4_SMAP | X86_CR4_PKE | \
                 X86_CR4_PKS)

/* A generation of ASIDs that never is a processor's: asm/hvm/asid.h. */
#define ASID_GONE ~0UL

/* What unused places of the table point to. */
static const uint64_t unused_entry;

static struct p2m_domain *host_p2m(const struct vcpu *v)
{
    return p2m_get_hostp2m(v->domain);
}

static struct nvmx_xlat_how how_now(const struct vcpu *v)
{
    return (struct nvmx_xlat_how){
        .cr3 = v->arch.hvm.guest_cr[3],
        .cr4 = v->arch.hvm.guest_cr[4] & HOW_CR4,
        .efer = v->arch.hvm.guest_efer,
        .generation = host_p2m(v)->generation,
        .log_dirty = paging_mode_log_dirty(v->domain),
    };
}

static bool same_how(const struct nvmx_xlat_how *a,
                     const struct nvmx_xlat_how *b)
{
    return !((a->cr3 ^ b->cr3) | (a->cr4 ^ b->cr4) | (a->efer ^ b->efer) |
             (a->generation ^ b->generation) | (a->log_dirty ^ b->log_dirty));
}

/*
 * Without EFER.NXE bit 63 of an entry is reserved, and with CR4.PKS supervisor
 * pages have keys: then more than the entries says what is allowed.
 */
static bool entries_say_all(const struct nvmx_xlat_how *how)
{
    return (how->efer & EFER_NXE) && !(how->cr4 & X86_CR4_PKS);
}

/*
 * In groups of four without a branch: this is paid at every execution.  The
 * last group is filled up with unused entries.
 */
static bool same_entries(const struct nvmx_xlat *xlat)
{
    const struct nvmx_walk_entry *e = xlat->entry;
    const struct nvmx_walk_entry *end = e + ROUNDUP(xlat->nr_entries, 4);
    uint64_t differ = 0;

    for ( ; e < end; e += 4 )
    {
        differ |= ACCESS_ONCE(*e[0].entry) ^ e[0].value;
        differ |= ACCESS_ONCE(*e[1].entry) ^ e[1].value;
        differ |= ACCESS_ONCE(*e[2].entry) ^ e[2].value;
        differ |= ACCESS_ONCE(*e[3].entry) ^ e[3].value;
    }

    return !differ;
}

/* Nothing is known that could depend on anything. */
static void clear_deps(struct cluster_deps *deps, uint64_t epoch)
{
    unsigned int i;

    deps->epoch = epoch;
    deps->nr = 0;
    memset(deps->has, 0, sizeof(deps->has));
    /* What is beyond @nr is looked at as well: see same_deps(). */
    for ( i = 0; i < CLUSTER_MAX_DEPS; i++ )
    {
        deps->on[i].entry = &unused_entry;
        deps->on[i].value = 0;
    }
}

/*
 * Where there is no room for more, the region forgets, and begins again with
 * what it uses now: it may have gathered much in a long time that it does not
 * use any more.
 */
static void prepare_deps(struct cluster_deps *deps, uint64_t epoch)
{
    bool full = deps->nr == CLUSTER_MAX_DEPS;

    if ( likely(deps->epoch == epoch) && likely(!full) )
        return;

    if ( full )
        deps->resets++;
    clear_deps(deps, epoch);
}

static uint64_t change_of(const struct nvmx_xlat *xlat, unsigned int i)
{
    const struct nvmx_walk_entry *e = &xlat->entry[i];

    return ACCESS_ONCE(*e->entry) ^ e->value;
}

/*
 * Like same_entries().  Each region has its entries in a row of its own, since
 * this is most of what an execution costs to begin.
 */
static bool same_deps(const struct cluster_deps *deps)
{
    unsigned int i, nr = ROUNDUP(deps->nr, 4);
    uint64_t differ = 0;

    BUILD_BUG_ON(CLUSTER_MAX_DEPS % 4);

    for ( i = 0; i < nr; i += 4 )
    {
        differ |= ACCESS_ONCE(*deps->on[i].entry) ^ deps->on[i].value;
        differ |= ACCESS_ONCE(*deps->on[i + 1].entry) ^ deps->on[i + 1].value;
        differ |= ACCESS_ONCE(*deps->on[i + 2].entry) ^ deps->on[i + 2].value;
        differ |= ACCESS_ONCE(*deps->on[i + 3].entry) ^ deps->on[i + 3].value;
    }

    return !differ;
}

/*
 * The number of L1's TLB, never 0.  An ASID that was taken away is noted as
 * such, before any entry is looked at: L1's next entry gets another one all the
 * same, and should it be taken away again that will be seen.
 */
static uint64_t tlb_now(struct nvmx_xlat *xlat, struct vcpu *v)
{
    const struct nvmx_batch *batch = nvmx_batch_of(v);
    uint64_t *generation = &v->arch.hvm.n1asid.generation;
    uint64_t l1_runs = batch ? batch->l1_runs : xlat->l1_runs + 1;
    bool flushed = read_atomic(generation) == 0;

    if ( likely(!flushed) && likely(l1_runs == xlat->l1_runs) )
        return xlat->tlbs;

    if ( flushed )
    {
        write_atomic(generation, ASID_GONE);
        smp_mb();
    }
    xlat->l1_runs = l1_runs;

    return ++xlat->tlbs;
}

/* Without deps all that is known is to be right now. */
static bool same_as_before(struct nvmx_xlat *xlat, struct vcpu *v)
{
    struct cluster_deps *deps = xlat->deps;
    uint64_t tlb;

    if ( !deps )
        return same_entries(xlat);

    tlb = tlb_now(xlat, v);
    if ( likely(deps->looked_at == tlb) )
    {
        perfc_incr(nvmx_cluster_same_tlb);
        return true;
    }

    if ( !same_deps(deps) )
        return false;

    deps->looked_at = tlb;

    return true;
}

/*
 * From now on the region depends on @entry.  False where that has changed
 * since the epoch began, or the deps are full; either way the region will
 * forget.
 */
static bool depend_on(struct nvmx_xlat *xlat, unsigned int entry)
{
    struct cluster_deps *deps = xlat->deps;

    if ( !deps || test_bit(entry, deps->has) )
        return true;

    if ( change_of(xlat, entry) )
    {
        xlat->ended = true;
        return false;
    }

    if ( deps->nr == CLUSTER_MAX_DEPS )
        return true;

    __set_bit(entry, deps->has);
    deps->on[deps->nr].entry = xlat->entry[entry].entry;
    deps->on[deps->nr].value = xlat->entry[entry].value;
    deps->nr++;

    return true;
}

bool nvmx_epoch_use(struct nvmx_xlat *xlat, const struct nvmx_xlat_page *p)
{
    unsigned int i;

    for ( i = 0; i < p->levels; i++ )
        if ( !depend_on(xlat, p->entry[i]) )
            return false;

    return true;
}

/*
 * Have @e compared from now on; its index, or NVMX_XLAT_ENTRIES.  An entry
 * that is known by another value has changed in this epoch: it keeps the old
 * one, by which the next nvmx_xlat_begin() will find out.  Accessed and dirty
 * bits may come, nobody depends on their being clear.
 */
static unsigned int keep_entry(struct nvmx_xlat *xlat,
                               const struct nvmx_walk_entry *e)
{
    struct nvmx_walk_entry *known;
    unsigned int i;

    for ( i = 0; i < xlat->nr_entries; i++ )
    {
        known = &xlat->entry[i];
        if ( known->entry != e->entry )
            continue;
        if ( (known->value & ~PTE_AD) != (e->value & ~PTE_AD) ||
             (known->value & ~e->value) )
        {
            xlat->ended = true;
            return NVMX_XLAT_ENTRIES;
        }
        known->value = e->value;
        return i;
    }

    if ( i == NVMX_XLAT_ENTRIES )
        xlat->ended = xlat->full = true;
    else
        xlat->entry[xlat->nr_entries++] = *e;

    return i;
}

bool nvmx_epoch_keep(struct nvmx_xlat *xlat, const struct nvmx_walk *w,
                     struct nvmx_xlat_page *p)
{
    unsigned int i, index;

    for ( i = 0; i < w->levels; i++ )
    {
        index = keep_entry(xlat, &w->entry[i]);
        if ( index == NVMX_XLAT_ENTRIES )
            return false;
        p->entry[i] = index;
    }
    p->levels = w->levels;

    return true;
}

/* Opaque to the engine, which compares those of one region. */
static uint64_t region_epoch(const struct nvmx_xlat *xlat)
{
    return (xlat->epoch << 32) | (xlat->deps ? xlat->deps->resets : 0);
}

/* Keep nothing. */
static void forget(struct nvmx_xlat *xlat, const struct nvmx_xlat_how *how)
{
    unsigned int i;

    xlat->how = *how;
    xlat->nr_entries = 0;
    for ( i = 0; i < NVMX_XLAT_ENTRIES; i++ )
        xlat->entry[i] = (struct nvmx_walk_entry){ .entry = &unused_entry };
    /* No page is of the epoch after this one. */
}

static bool depends(const struct nvmx_xlat_page *p,
                    const unsigned long *changed)
{
    unsigned int i;

    for ( i = 0; i < p->levels; i++ )
        if ( test_bit(p->entry[i], changed) )
            return true;

    return false;
}

/*
 * Take over into the next epoch what does not depend on entries that changed.
 */
static void keep_unchanged(struct nvmx_xlat *xlat)
{
    DECLARE_BITMAP(changed, NVMX_XLAT_ENTRIES) = {};
    unsigned int i;

    for ( i = 0; i < xlat->nr_entries; i++ )
    {
        struct nvmx_walk_entry *e = &xlat->entry[i];
        uint64_t value = ACCESS_ONCE(*e->entry);

        if ( value == e->value )
            continue;
        __set_bit(i, changed);
        e->value = value;
    }

    for ( i = 0; i < NVMX_XLAT_PAGES; i++ )
        if ( xlat->page[i].epoch == xlat->epoch &&
             !depends(&xlat->page[i], changed) )
            xlat->page[i].epoch++;
}

static void renew(struct nvmx_xlat *xlat, const struct nvmx_xlat_how *how)
{
    perfc_incr(nvmx_cluster_epochs);

    if ( xlat->full || !xlat->epoch || !same_how(&xlat->how, how) )
        forget(xlat, how);
    else
        keep_unchanged(xlat);

    xlat->epoch++;
    xlat->ended = xlat->full = xlat->lost = false;
}

uint64_t nvmx_xlat_begin(struct nvmx_xlat *xlat, struct vcpu *v,
                         struct cluster_deps *deps)
{
    struct p2m_domain *p2m = host_p2m(v);
    struct nvmx_xlat_how how;

    p2m_read_lock(p2m);

    xlat->deps = deps;
    if ( deps )
        prepare_deps(deps, xlat->epoch);
    how = how_now(v);
    if ( likely(same_how(&xlat->how, &how)) && likely(!xlat->ended) &&
         likely(same_as_before(xlat, v)) )
        return region_epoch(xlat);

    if ( !entries_say_all(&how) )
    {
        p2m_read_unlock(p2m);
        return 0;
    }

    renew(xlat, &how);
    if ( deps )
        clear_deps(deps, xlat->epoch);

    return region_epoch(xlat);
}

void nvmx_xlat_end(struct vcpu *v)
{
    p2m_read_unlock(host_p2m(v));
}

void nvmx_xlat_unlock(struct vcpu *v)
{
    p2m_read_unlock(host_p2m(v));
}

bool nvmx_xlat_relock(struct nvmx_xlat *xlat, struct vcpu *v)
{
    struct p2m_domain *p2m = host_p2m(v);

    p2m_read_lock(p2m);
    if ( p2m->generation != xlat->how.generation )
        xlat->ended = xlat->lost = true;

    return !xlat->lost;
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
