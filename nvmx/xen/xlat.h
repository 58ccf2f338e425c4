/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xlat.h - L1's linear addresses, translated once and re-checked as a whole at
 * the beginning of each execution.
 *
 * A walk of L1's page tables costs thousands of instructions, since each level
 * is a p2m look-up.  What it found is kept between executions, together with
 * what it depended on: the registers that say how to translate, the page-table
 * entries by place and value, and the generation of the p2m.  When all of that
 * is as it was, so is every result: that is the EPOCH, a number.  Nothing is
 * held between executions: no page reference, no mapping.  During one the p2m
 * lock is held for reading, so no page leaves the guest.
 *
 * A region uses few of the pages.  So an execution looks at the entries that
 * this region's pages depend on, its DEPS, when it begins, and at those of
 * another page when that is asked for.  Where one has changed, all of them are
 * looked at.
 *
 * Nor are they looked at as long as a processor's TLB would have kept them: see
 * epoch.c.
 *
 * Only the plain case is translated: 4-level paging with EFER.NXE, no
 * protection keys, and RAM.  Pages of the user count where SMAP does not
 * matter.
 *
 * Order of calls: nvmx_xlat_begin(), any number of nvmx_xlat_get(),
 * nvmx_xlat_unlock() and _relock() in pairs, nvmx_xlat_end().  By the vCPU
 * that it belongs to, with vmcs01 loaded.
 */
#ifndef NVMX_XEN_XLAT_H
#define NVMX_XEN_XLAT_H

#include "cluster.h"
#include "walk.h"

struct vcpu;

/*
 * NVMX_XLAT_PAGES is a power of two, NVMX_XLAT_ENTRIES a multiple of 4.  The
 * latter is the smaller one: entries of large pages and upper levels are
 * shared.
 */
#define NVMX_XLAT_PAGES   1024
#define NVMX_XLAT_ENTRIES CLUSTER_DEPS

/* A translated page.  Empty where @epoch is not the present one. */
struct nvmx_xlat_page {
    uint64_t page;              /* linear address */
    void *host;
    uint64_t epoch;
    bool writable;              /* dirty already set, and RAM that may be written */
    bool executable;
    uint8_t levels;             /* of the walk */
    uint8_t entry[NVMX_WALK_LEVELS];    /* what it depends on, by index */
};

/* A place in L1's memory, whatever is there; @mfn INVALID_MFN: nothing is. */
struct nvmx_place {
    paddr_t gpa;
    p2m_type_t type;
    mfn_t mfn;
};

/* Registers and modes that say how to translate. */
struct nvmx_xlat_how {
    uint64_t cr3;               /* with PCID: each has translations of its own */
    uint64_t cr4;               /* the bits that count */
    uint64_t efer;
    unsigned long generation;   /* of the p2m */
    bool log_dirty;
};

struct nvmx_xlat {
    uint64_t epoch;
    uint64_t l1_runs;           /* of the batch, with L1's present TLB */
    uint64_t tlbs;              /* how many of those there have been */
    struct nvmx_xlat_how how;
    bool ended;                 /* this epoch ends with this execution */
    bool full;                  /* and so does everything that was kept */
    struct cluster_deps *deps;  /* of this execution, or NULL */
    bool lost;                  /* the p2m changed during it: nothing more is translated */
    unsigned int nr_entries;
    struct nvmx_walk_entry entry[NVMX_XLAT_ENTRIES];
    struct nvmx_xlat_page page[NVMX_XLAT_PAGES];
    /* The page located last, which is no RAM: one of those has all that L1 accesses often. */
    struct nvmx_xlat_page located;
    struct nvmx_place place;    /* where it begins */
};

/*
 * Lock the p2m of @v's domain, and look whether everything that @deps names is
 * as it was; NULL: everything.  Returns the epoch, as in struct cluster_world,
 * or 0, without the lock, when L1 runs in a way that this does not translate.
 */
uint64_t nvmx_xlat_begin(struct nvmx_xlat *xlat, struct vcpu *v,
                         struct cluster_deps *deps);
void nvmx_xlat_end(struct vcpu *v);

/*
 * Let go of the lock for something that may take it.  False from relock: the
 * p2m has changed, what was translated may not be used any more.
 */
void nvmx_xlat_unlock(struct vcpu *v);
bool nvmx_xlat_relock(struct nvmx_xlat *xlat, struct vcpu *v);

/* As cluster_ops.translate(). */
void *nvmx_xlat_get(struct nvmx_xlat *xlat, struct vcpu *v, uint64_t page,
                    enum cluster_access access);

/*
 * Where an @access to linear address @address, READ or WRITE, goes.  False where
 * it would fault, change accessed or dirty bits, or cannot be told.
 */
bool nvmx_xlat_locate(struct nvmx_xlat *xlat, const struct vcpu *v,
                      uint64_t address, enum cluster_access access,
                      struct nvmx_place *place);

#endif /* NVMX_XEN_XLAT_H */
