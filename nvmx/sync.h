/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sync.h - which fields of a vvmcs and of vmcs02 are newer than the other's, and what has
 * therefore to be moved: pure functions; whoever carries a plan out, says so afterwards.
 *
 * Of each field that both have there are three states:
 *
 *   equal      neither DIRTY nor STALE
 *   DIRTY      the vvmcs has a value that vmcs02 has not been given: L1 wrote it
 *   STALE      vmcs02 has a value that the vvmcs has not been given: L2 ran
 *
 * never both.  One struct nvmx_sync per vCPU, since there is one vmcs02; it is about
 * the vvmcs that is current.
 *
 * Order of calls:
 *
 *   nvmx_sync_start()          a vvmcs was made current, or vmcs02 or the vvmcs was written
 *                              by somebody who keeps no record: all is DIRTY
 *   nvmx_sync_written()        L1 or L0 on its behalf wrote a field of the vvmcs
 *   nvmx_plan_entry(), carried out, nvmx_sync_entered()         virtual entry
 *   nvmx_sync_left(), eager fields are fetched                  virtual exit
 *   nvmx_plan_fetch(), carried out, nvmx_sync_fetched()         a STALE field is wanted
 *   nvmx_plan_complete(), carried out, nvmx_sync_fetched()      somebody else will look at the vvmcs
 */
#ifndef NVMX_SYNC_H
#define NVMX_SYNC_H

#include "field.h"

struct nvmx_sync {
    struct nvmx_set dirty, stale;
    /*
     * Fetched at every virtual exit, while vmcs02 is current anyway: those that are PINNED,
     * because translated code reads them without asking, or Xen at every exit; and those
     * that L1 was seen to read.  What it reads changes (a guest that boots has other exits
     * than one that works), so these are found anew every NVMX_EAGER_EXITS exits.
     */
    struct nvmx_set eager, pinned;
    bool     eager_changed;             /* for whoever keeps a list of them, and clears this */
    struct nvmx_set lazy;               /* what else the processor changes, if @lazy_known */
    bool     lazy_known;
    unsigned int exits;                 /* since then */
    uint8_t asked[NVMX_POSITIONS];      /* how often a STALE one was read; no further than NVMX_EAGER_AFTER */
};

/*
 * A field becomes eager at this many reads while STALE: rare ones (a dump of the VMCS)
 * do not make every exit dear.
 */
enum { NVMX_EAGER_AFTER = 4, NVMX_EAGER_EXITS = 1024 };

/* What a virtual entry has to do. */
struct nvmx_plan_entry {
    struct nvmx_set copy;       /* VMWRITE these */
    uint32_t inputs;            /* compute these anew (enum nvmx_input) */
};

void nvmx_sync_start(struct nvmx_sync *sync, const struct nvmx_table *table);
void nvmx_sync_written(struct nvmx_sync *sync, unsigned int position);

/* @plan: of what is DIRTY. */
void nvmx_plan_entry(const struct nvmx_sync *sync, const struct nvmx_table *table,
                     struct nvmx_plan_entry *plan);
/* Nothing is DIRTY any more. */
void nvmx_sync_entered(struct nvmx_sync *sync);

/*
 * L2 has run.  Nothing may be DIRTY.  @cr3: L1 does not intercept MOV to CR3.  All eager fields
 * that the table has as EXIT_HARDWARE are taken for fetched: that comes next.
 */
void nvmx_sync_left(struct nvmx_sync *sync, const struct nvmx_table *table, bool cr3);

/* @plan: those of @wanted that are STALE.  False when there is none. */
bool nvmx_plan_fetch(const struct nvmx_sync *sync, const struct nvmx_set *wanted,
                             struct nvmx_set *plan);
/* The same, of all. */
bool nvmx_plan_complete(const struct nvmx_sync *sync, struct nvmx_set *plan);
/* They are in the vvmcs now. */
void nvmx_sync_fetched(struct nvmx_sync *sync, const struct nvmx_set *plan);

/* L1 reads the field.  True when it is STALE: fetch it first.  May make it eager. */
bool nvmx_sync_asked(struct nvmx_sync *sync, unsigned int position);

/* From now on eager, for good.  (It may be STALE at this moment: the caller fetches it.) */
void nvmx_sync_pin(struct nvmx_sync *sync, unsigned int position);

#endif /* NVMX_SYNC_H */
