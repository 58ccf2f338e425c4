/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_types.h - a decoded cluster and the per-vCPU cache of them.
 * Included by cluster.h; not to be included alone.
 */
#ifndef CLUSTER_TYPES_H
#define CLUSTER_TYPES_H

#include "cluster_insn.h"

/* Why formation went no further. */
enum cluster_cut {
    CLUSTER_CUT_LENGTH,         /* CLUSTER_MAX_INSNS decoded */
    CLUSTER_CUT_ACCESSES,       /* more than CLUSTER_MAX_GAP_ACCESSES */
    CLUSTER_CUT_UNSUPPORTED,    /* an instruction that the engine leaves to hardware */
    CLUSTER_CUT_INVALID,        /* bytes that are no instruction */
    CLUSTER_CUT_BYTES,          /* the bytes that can be fetched end in an instruction */
    CLUSTER_CUT_ADDRESS,        /* an instruction that ends where RIP is not canonical */
    CLUSTER_NR_CUTS
};

struct cluster {
    /* Public: what trace records and reports show. */
    uint64_t rip;                       /* the exit site */
    uint16_t bytes;                     /* length of the code in bytes */
    uint8_t  nr_insns;
    uint8_t  nr_exiting;                /* >= 2 in every cluster that is executed */
    uint8_t  code[CLUSTER_MAX_BYTES];   /* the snapshot that was decoded */
    /* Private to cluster/ from here on. */
    uint8_t  cut;                       /* enum cluster_cut */
    uint16_t runs;                      /* executions since it was last judged */
    uint16_t ran_insns;                 /* instructions in them */
    uint16_t avoided;                   /* exits that they avoided */
    struct cluster_insn insn[CLUSTER_MAX_INSNS];
};

/* Sizes of the two tables; powers of two where they are indexed. */
enum {
    CLUSTER_CACHE_SETS = 64,
    CLUSTER_CACHE_WAYS = 4,
    CLUSTER_BARREN_SITES = 1024,
};

/* Ways of the cache that share an index. */
struct cluster_set {
    uint64_t rip[CLUSTER_CACHE_WAYS];   /* meaningful where the cluster's nr_insns is not 0 */
    uint32_t victim;                    /* the way to be replaced next */
    struct cluster way[CLUSTER_CACHE_WAYS];
};

/* A site that forms no cluster. */
struct cluster_barren {
    uint64_t rip;
    uint32_t exits_left;                /* 0: no site here; see cache.h */
};

struct cluster_vcpu {
    struct cluster_set set[CLUSTER_CACHE_SETS];
    struct cluster_barren barren[CLUSTER_BARREN_SITES];
    struct cluster scratch;             /* where clusters are formed: too large for L0's stack */
};

_Static_assert(sizeof(struct cluster_vcpu) < 512 * 1024, "allocated per vCPU");

#endif /* CLUSTER_TYPES_H */
