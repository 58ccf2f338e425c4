/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_types.h - a decoded cluster and the per-vCPU cache of them.
 * Included by cluster.h; not to be included alone.
 */
#ifndef CLUSTER_TYPES_H
#define CLUSTER_TYPES_H

#include "region.h"

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

/*
 * The tracker of exits (USENIX ATC 2012, section 3.3): rows of FIFOs of hashed
 * tags.  See tracker.h.
 */
enum { CLUSTER_TRACKER_ROWS = 512, CLUSTER_TRACKER_DEPTH = 8 };

struct cluster_tracker_row {
    uint32_t tag[CLUSTER_TRACKER_DEPTH];
    uint16_t count[CLUSTER_TRACKER_DEPTH];  /* 0: no entry; see tracker.c */
    uint8_t  next;                      /* the entry to be replaced next */
};

enum { CLUSTER_REGION_BUCKETS = 1024, CLUSTER_REBUILT_ENTRIES = 1024 };

/*
 * What the recorder has loaded of the code pages of the region that it works on
 * (shadow.h), and where its nodes are (graph.h).
 */
enum {
    CLUSTER_SHADOW_WORDS = 4096 / 8, CLUSTER_GRAPH_ENTRIES = 32768, CLUSTER_DECODED_ENTRIES = 16384,
};

struct cluster_shadow {
    uint32_t nr_pages;
    uint32_t recent;            /* the page asked for last */
    uint64_t loaded[CLUSTER_REGION_PAGES][CLUSTER_SHADOW_WORDS / 64];   /* a bit for each word */
    uint64_t used[CLUSTER_REGION_PAGES][CLUSTER_SHADOW_WORDS / 64];     /* in the segment */
    uint64_t word[CLUSTER_REGION_PAGES][CLUSTER_SHADOW_WORDS];
};

/* An instruction decoded before, and the bytes for which that holds (decoded.h). */
struct cluster_decoded {
    uint64_t rip;
    uint8_t  bytes[CLUSTER_MAX_INSN_BYTES];
    struct cluster_insn insn;   /* length 0: none */
};

struct cluster_vcpu {
    /* Static clusters. */
    struct cluster_set set[CLUSTER_CACHE_SETS];
    struct cluster_barren barren[CLUSTER_BARREN_SITES];
    struct cluster scratch;             /* where clusters are formed: too large for L0's stack */

    /* Regions. */
    struct cluster_arena arena;
    uint32_t arena_used;                /* bytes of its first quarter: the straight path */
    uint32_t arena_cold;                /* bytes of the rest: exits, entries; 0 where arena_used is */
    uint32_t nr_regions, nr_segments, nr_nodes, nr_edges, nr_pieces, nr_exits, nr_slots;
    uint32_t nr_code_words;
    uint8_t *adjoined[2], *adjoined_at; /* what cluster_ops.adjoin() was asked for last; or NULL */
    uint64_t adjoins;                   /* how often it was asked */
    uint8_t  rebuilt[CLUSTER_REBUILT_ENTRIES];  /* by a hash of the site: regions recorded anew, see judge.c */
    uint8_t  narrowed[CLUSTER_REBUILT_ENTRIES]; /* likewise: how often its gaps were narrowed, see judge.c */
    uint8_t  given_up[CLUSTER_REBUILT_ENTRIES]; /* likewise: how often, see regions.c */
    uint16_t last_tag;                  /* given to a region; see hosts.c */
    uint32_t tag_round;
    uint64_t flushes;                   /* because of a full pool */
    struct cluster_tracker_row tracker[CLUSTER_TRACKER_ROWS];
    uint32_t live_regions;              /* those not dropped */
    uint64_t executions;
    uint32_t bucket[CLUSTER_REGION_BUCKETS];    /* first region + 1, or 0 */
    uint16_t site[CLUSTER_REGION_BUCKETS];      /* regions whose RIPs share the index */
    struct cluster_region region[CLUSTER_MAX_REGIONS];
    struct cluster_segment segment[CLUSTER_MAX_SEGMENTS];
    struct cluster_node node[CLUSTER_MAX_NODES];
    struct cluster_edge edge[CLUSTER_MAX_EDGES];
    struct cluster_piece piece[CLUSTER_MAX_PIECES];
    struct cluster_exit exit[CLUSTER_MAX_EXITS];
    uint64_t code_words[CLUSTER_MAX_CODE_BYTES / 8];
    struct cluster_shadow shadow;
    uint32_t graph[CLUSTER_GRAPH_ENTRIES];      /* graph_mark + node; any other value: empty */
    uint32_t graph_mark;                        /* of this recording; see graph.c */
    struct cluster_decoded decoded[CLUSTER_DECODED_ENTRIES];    /* by a hash of RIP */
    struct cluster_plan plan[CLUSTER_REGION_NODES];     /* of the segment that is being translated */
};

_Static_assert(sizeof(struct cluster_vcpu) < 20 * 1024 * 1024, "allocated per vCPU");

#endif /* CLUSTER_TYPES_H */
