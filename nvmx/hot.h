/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hot.h - with VMCS shadowing: which fields L1 reads and writes without an exit, and which
 * of them the shadow VMCS lacks.  Pure functions, as in sync.h.
 *
 * L0 keeps the vvmcs in memory of its own; of the shadow VMCS, which the processor reads
 * and writes for L1, only HOT fields matter while L1 runs, all others exit.  A field becomes
 * hot when it is seen to exit often; it never ceases to be.  What passes without an exit
 * cannot be counted, and costs little: a VMREAD at each virtual entry (written), a
 * VMREAD at each virtual exit (read).
 *
 * A field that L0 has changed in its memory is AHEAD of the shadow VMCS until that is
 * written.  A hot one is, before L1 runs again; all are, before others look at the vvmcs.
 */
#ifndef NVMX_HOT_H
#define NVMX_HOT_H

#include "field.h"

enum {
    /*
     * Of so many virtual entries, between so many of them a field has to exit.  An exit
     * costs some 1,800 cycles, what saves it two or three of L0's VMCS instructions a round.
     */
    NVMX_HOT_WINDOW = 256,
    NVMX_HOT_AFTER = 4,
};

/* How a field exits. */
enum nvmx_access {
    NVMX_READ,
    NVMX_WRITE,
    NVMX_ACCESSES,
};

struct nvmx_hot {
    struct nvmx_set pass[NVMX_ACCESSES];    /* accesses that do not exit */
    struct nvmx_set ahead;
    bool     changed;                       /* @ahead, since the last plan */
    uint8_t  exits[NVMX_ACCESSES][NVMX_POSITIONS];  /* in this window; one an entry */
    uint8_t  last[NVMX_ACCESSES][NVMX_POSITIONS];   /* 1 + the entry, in the window, of the last one */
    unsigned int entries;                   /* of this window */
};

/* The shadow VMCS and the vvmcs in memory are the same.  What is hot stays so. */
void nvmx_hot_start(struct nvmx_hot *hot);

/* L1's access has exited.  True when the field is hot from now on, which it was not. */
bool nvmx_hot_exited(struct nvmx_hot *hot, unsigned int position, enum nvmx_access access);

/* A virtual entry. */
void nvmx_hot_entered(struct nvmx_hot *hot);

/* The field was changed in memory. */
static inline void nvmx_hot_changed(struct nvmx_hot *hot, unsigned int position)
{
    nvmx_set_add(&hot->ahead, position);
    hot->changed = true;
}

/*
 * @plan: what has to be written before L1 runs.  False when that is nothing.  Or, second, before
 * others look.  Followed by nvmx_hot_written(), when it has been.
 */
bool nvmx_plan_hot(struct nvmx_hot *hot, struct nvmx_set *plan);
bool nvmx_plan_ahead(const struct nvmx_hot *hot, struct nvmx_set *plan);
static inline void nvmx_hot_written(struct nvmx_hot *hot, const struct nvmx_set *plan)
{
    unsigned int i;

    for (i = 0; i < NVMX_SET_WORDS; i++)
        hot->ahead.word[i] &= ~plan->word[i];
}

#endif /* NVMX_HOT_H */
