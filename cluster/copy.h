/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * copy.h - a world to be wrong in: ops that lead an execution to copies of
 * L1's memory and of its VMCS, and leave the real ones alone.
 *
 * Every page of data that is touched is copied then, once; from there on reads,
 * writes and fetches of that page of RAM, by whatever address, go to the copy.
 * (All pages touched, not only those written: a host address that was given out
 * for reading must not miss what is written later.)  VMWRITEs land in a log and,
 * where VMREADs are plain loads, in a copy of the VMCS: a page of RAM like others,
 * which L1 can reach by its address too.  What cannot be done
 * without L1 noticing - WRMSR, VMPTRLD, reading the time - is declined: the
 * execution stops before it.
 */
#ifndef CLUSTER_COPY_H
#define CLUSTER_COPY_H

#include "cluster.h"

enum {
    CLUSTER_COPY_PAGES = 48,            /* copied */
    CLUSTER_COPY_CODE_PAGES = 128,      /* fetched from */
    CLUSTER_COPY_FIELDS = 256,          /* VMWRITEs */
    CLUSTER_COPY_DIRTY_BYTES = 64,      /* where notes may be made, see struct cluster_field */
    CLUSTER_COPY_PAGE_SIZE = 4096,
    CLUSTER_COPY_GUESSES = 64,          /* a power of two */
};

/* What the real cluster_ops do not tell.  @ctx is theirs.  No member may be NULL. */
struct cluster_predict_ops {
    /*
     * Would a VMWRITE of *@value to @field succeed, and have no effect but that a
     * VMREAD gives *@value afterwards?  Out: the value as it would be read.
     */
    bool (*vmwrite)(void *ctx, uint64_t field, uint64_t *value);

    /*
     * May emulate() be asked for @op now, although L1 executes it later, and once
     * more then: no effect, and the same result at both times?
     */
    bool (*pure)(void *ctx, enum cluster_op op, const struct cluster_regs *regs);

    /*
     * Does L1 exit by @op, an exiting one, on this hardware?  @field is that of a
     * VMREAD or VMWRITE.
     */
    bool (*exits)(void *ctx, enum cluster_op op, const struct cluster_regs *regs,
                  uint64_t field);

    uint32_t vmcs_bytes;        /* that may be read from cluster_world.vmcs on, at most 4096 */
};

struct cluster_copied_field {
    uint64_t field, value;
    bool     store;             /* translated code may write it without the log: the copy of the VMCS tells */
};

/* One execution's copies.  Large; owned by the caller, private to copy.c but for reading. */
struct cluster_copy {
    const struct cluster_ops *ops;      /* the real ones */
    const struct cluster_predict_ops *more;
    void *ctx;
    struct cluster_world world;         /* as the execution is to see it */
    uint32_t no_poke;
    bool     full;                      /* something was refused because a pool is used up */
    uint64_t cr2;
    uint8_t  dirty[CLUSTER_COPY_DIRTY_BYTES];   /* for translated code to note in; of no meaning */
    unsigned int nr_pages, nr_code, nr_fields;
    const uint8_t *real[CLUSTER_COPY_PAGES];    /* what page[] is a copy of */
    uint64_t linear[CLUSTER_COPY_PAGES];        /* by which it was first reached */
    uint64_t code_linear[CLUSTER_COPY_CODE_PAGES];
    bool     written[CLUSTER_COPY_PAGES];       /* may have been */
    const uint8_t *code[CLUSTER_COPY_CODE_PAGES]; /* real pages, not copied, never written */
    /* Where such pages were found in linear[] and code_linear[]; right or not, even at first. */
    uint8_t  guess[CLUSTER_COPY_GUESSES], code_guess[CLUSTER_COPY_GUESSES];
    struct cluster_copied_field field[CLUSTER_COPY_FIELDS];
    uint8_t  page[CLUSTER_COPY_PAGES][CLUSTER_COPY_PAGE_SIZE] __attribute__((aligned(4096)));
};

/* The ops of an execution on copies; their ctx is a struct cluster_copy. */
extern const struct cluster_ops cluster_copy_ops;

/*
 * Nothing copied yet.  The caller has called ops->begin(), which gave @world, and
 * calls ops->end() after the last use of @copy.  @epoch is one that no execution
 * had before, real or on a copy: what an earlier one cached is of no use here.
 */
void cluster_copy_start(struct cluster_copy *copy, const struct cluster_ops *ops,
                        const struct cluster_predict_ops *more, void *ctx,
                        const struct cluster_world *world, uint64_t epoch);

/* The copy of the page that is at @real, or @real itself where there is none. */
const uint8_t *cluster_copy_of(const struct cluster_copy *copy, const uint8_t *real);

/* What the copy of the VMCS has in @field, one of those that are plain loads. */
uint64_t cluster_copy_field(const struct cluster_copy *copy, uint64_t field);

#endif /* CLUSTER_COPY_H */
