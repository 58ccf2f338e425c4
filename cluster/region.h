/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region.h - what a region is: nodes, edges, segments, and where they are kept.
 *
 * A region begins at one exit site and holds the paths that L1 was seen to take
 * from there.  Each path was recorded in one go and is a SEGMENT: nodes one
 * after the other, of which each is one instruction in its place on that path
 * (an instruction that is reached by two calls of its function has two nodes).
 * The first segment starts at the site, every other at an edge of an older one.
 *
 * An EDGE is a way out of a branch: to another node, or, where none was
 * recorded, out of the region with precise state.  Its exits are counted; when
 * it gets hot, a new segment is recorded from there.
 *
 * Everything lives in pools of the cluster_vcpu, given out from their beginning;
 * nothing is given back, but what a recording in vain took last: when one is full, all is
 * forgotten (cluster_flush()).  So indexes of what is kept are valid until then.
 *
 *   who                     writes
 *   store.c                 regions: which there are
 *   record.c and what it    nodes, edges, pieces, code pages, segments
 *   is made of
 *   translate.c             segment.code, exits, slots' static part
 *   execute.c, hosts.c      counts, edges of new targets, slots' contents, epochs
 */
#ifndef CLUSTER_REGION_H
#define CLUSTER_REGION_H

#include "cluster_insn.h"

#define CLUSTER_NO_INDEX 0xffffffffu

enum {
    CLUSTER_MAX_REGIONS = 256,
    CLUSTER_MAX_SEGMENTS = 4096,
    CLUSTER_MAX_NODES = 64 * 1024,
    CLUSTER_MAX_EDGES = 32 * 1024,
    CLUSTER_MAX_PIECES = 24 * 1024,
    CLUSTER_MAX_CODE_BYTES = 1024 * 1024,
    CLUSTER_MAX_EXITS = 128 * 1024,
    CLUSTER_MAX_SLOTS = 24 * 1024,
    /* Of one region. */
    CLUSTER_REGION_NODES = 16000,
    CLUSTER_REGION_PAGES = 160,
    CLUSTER_RSP_ALIGNMENT = 16,
    CLUSTER_STACK_REACH = 2048,         /* of translated code, from the entry's RSP, up and down */
    CLUSTER_REGION_TARGETS = 8,         /* edges of one indirect branch */
};

/* One instruction in its place on a path. */
struct cluster_node {
    struct cluster_insn insn;
    uint64_t rip;
    /*
     * A branch: its first edge.  Else NO_INDEX; or, in the last node of a segment, an edge
     * to the node of another segment where L1 goes on (execute.c goes there from EXIT_END).
     */
    uint32_t edge;
    /*
     * The value of RSP before the instruction, less that at the region's entry; within
     * two pages of it.  An instruction that sets RSP otherwise than by a constant may leave
     * another value than the next node's: execution stops behind it then.
     */
    int32_t  rsp;
    uint16_t depth;             /* instructions executed before it on its path, from the region's entry */
    uint16_t exiting;           /* exiting ones among them */
    uint16_t gap;               /* executed before it on its path, since L1 would have exited */
    bool     exited;            /* L1 would have exited by it when it was recorded */
    uint32_t segment;
    uint32_t code;              /* of a header and a segment's first: offset in the arena where C may enter; else NO_INDEX */
    bool     header;            /* edges from elsewhere may come here: nothing is known of the state
                                   but what holds at the entry of a segment */
    bool     last;              /* the end of its segment: no next node (a branch: its edges only) */
    uint16_t operand;           /* 1 + the offset in its page of the memory operand, as recorded; 0: none */
    uint32_t call;              /* the CALL whose caller the next RET should return to, or NO_INDEX */
    uint32_t next_target;       /* of a header or a segment's first: see region.first_target */
};

static inline unsigned int cluster_node_gap_behind(const struct cluster_node *node)
{
    return node->exited ? 0 : node->gap + 1u;
}

/*
 * A way out of a branch.  A Jcc has two, the not-taken one first; a direct JMP
 * or CALL one; an indirect one, and RET, one for each target seen.  A branch
 * that is not the last of its segment has exactly one edge whose node is the
 * next one.
 */
struct cluster_edge {
    uint64_t rip;               /* where it goes */
    uint32_t node;              /* NO_INDEX: out of the region */
    uint32_t next;              /* the branch's next edge, or NO_INDEX */
    uint32_t from;              /* the branch */
    uint16_t exits;             /* out of the region by here, since it was last tried; saturates at COLD, which never grows */
    uint16_t tries;             /* to grow from here, in vain */
};
enum { CLUSTER_EDGE_COLD = 0xffff };

/*
 * Code that a segment was recorded from, within one page: whole aligned words of
 * 8 bytes, those that lie between and beside its instructions included.
 */
struct cluster_piece {
    uint16_t page;              /* index in the region's pages */
    uint16_t offset;            /* in that page; a multiple of 8 */
    uint32_t words;             /* of 8 bytes */
    uint32_t snapshot;          /* index in code_words: the same; those of the segment's next piece follow */
    const uint8_t *host;        /* where it is, see segment.located */
};

struct cluster_segment {
    uint32_t region;
    uint32_t first_node, nr_nodes;      /* adjacent */
    uint32_t first_piece, nr_pieces;    /* adjacent */
    uint32_t code;              /* offset in the arena of its entry, or NO_INDEX: not translated */
    uint32_t first_slot, nr_slots;      /* adjacent */
    uint32_t nr_exiting;        /* nodes that L1 would have exited by */
    uint32_t next;              /* the region's next segment, or NO_INDEX */
    uint64_t compared;          /* the execution (cluster_vcpu.executions) that did so last */
    uint64_t located;           /* its pieces' hosts are good while this is the region's */
    int32_t  rsp_low, rsp_high; /* extent of its stack accesses, from the region's entry RSP: [low, high) */
};

#define CLUSTER_HOST_NONE 0xff

/* A page of L1's code that a region's instructions lie in. */
/*
 * A site is an address and a variant: RSP modulo 16 there, of which alignment depends, and
 * cluster_run()'s @kind.  (Nothing else of RSP: kernels begin each system call at a
 * random place of its stack.  Where L1 exited before was tried as part of it, for functions
 * that are called at several places: in the compile 108,925 instructions were recorded in
 * place of 46,514, for 33,764 exits of L1 in place of 39,724.)
 */
static inline uint16_t cluster_variant(uint64_t rsp, unsigned int kind)
{
    return rsp % CLUSTER_RSP_ALIGNMENT | kind * CLUSTER_RSP_ALIGNMENT;
}

static inline unsigned int cluster_variant_rsp(uint16_t variant)
{
    return variant % CLUSTER_RSP_ALIGNMENT;
}

static inline unsigned int cluster_variant_kind(uint16_t variant)
{
    return variant / CLUSTER_RSP_ALIGNMENT;
}

struct cluster_code_page {
    uint64_t linear;
    const uint8_t *host;        /* in the region's epoch; NULL: ask again */
};

struct cluster_region {
    /* The site.  rip is 0 in a region that was dropped. */
    uint64_t rip;
    uint16_t variant;
    uint64_t entry_source;      /* what its source register held, if it has one, when recorded */
    uint32_t first_segment, last_segment;
    uint32_t first_target, last_target; /* nodes that others may go to, a list; see graph.h */
    uint32_t hash_next;         /* regions of the same bucket */
    uint16_t nr_nodes, nr_pages;
    uint32_t nr_exiting;        /* nodes that L1 would have exited by, VMRESUME and VMLAUNCH included */
    int32_t  rsp_low, rsp_high; /* extent of all its segments' stack accesses */
    uint64_t located;           /* how often its pages' hosts were forgotten; never 0 in use */
    struct cluster_deps deps;   /* of what is known of pages */
    uint64_t epoch;             /* in which hosts and slots were filled; 0: in none */
    uint64_t fs_base, gs_base;  /* with which constant slots were filled */
    bool     primed;            /* slots are as the epoch wants them: hosts.c */
    uint64_t primed_page;       /* by this page (cluster_slot_prime()) */
    uint8_t *primed_host;
    uint16_t tag;               /* of its shared pages, 1 to CLUSTER_TAGS - 1; a new one whenever
                                   slots are emptied */
    uint32_t tag_round;         /* in which it was given out */
    uint64_t stack_page;        /* the first page of its stack, or SLOT_EMPTY: not known */
    unsigned int nr_stack_pages;    /* 1 or 2 */
    uint8_t *stack[2];          /* their hosts, as translate() gives them */
    uint8_t *stack_host;        /* where all of it can be reached */
    uint64_t adjoined;          /* cluster_vcpu.adjoins when adjoin() gave that; 0: it did not */
    uint16_t max_gap;           /* that its recordings go on for an exiting instruction */
    /* Since the region was last judged. */
    uint32_t runs, ran_insns, avoided;
    uint32_t hops;              /* from one segment to another */
    uint32_t wasted;            /* instructions behind the last exiting one */
    uint32_t all_hops, all_wasted;  /* the same, since it was recorded; counted when it is judged */
    bool     closed;            /* grows no more */
    bool     reads_vmcs;        /* translated code needs cluster_world.vmcs */
    bool     mapped;            /* host[] has been chosen, with the first segment */
    uint8_t  host[8];           /* of L1's R8 to R15: a host register, or HOST_NONE: in the frame */
    struct cluster_code_page page[CLUSTER_REGION_PAGES];
};

/*
 * A memory slot: the soft TLB's entry of one access in translated code.  @page
 * is the linear address of a 4 KiB page and @host where it is, or CLUSTER_SLOT_EMPTY
 * and 0.  Valid in the region's epoch; whoever sees another epoch empties it.
 *
 * The slot of an access whose linear address is the same in every execution
 * (given the FS and GS bases) is a constant one: its @host is where the operand's
 * first byte is, 0 when empty, and @page is not looked at by the code.  It may be
 * filled only where the whole operand, frame->address and exit.width bytes on, lies in one page;
 * where it does not, it stays empty and the node is interpreted each time.
 */
struct cluster_slot {
    uint64_t page;
    uint64_t host;
    /*
     * The access hits where its address less @page, as a number without sign, is below
     * this: 0 in an empty slot.  (@page alone would not do: L1 is free to form any
     * 64-bit number as an address, that of no page included.)
     */
    uint64_t limit;
    /*
     * A keyed slot is looked at by what its address is formed of before: the
     * base register or, where there is an index, all but the segment's base.  Where that is @value,
     * the operand (or span) is at @at.  There is no value that means none, so a keyed
     * slot is never without a true one: see cluster_slot_prime().
     */
    uint64_t value;
    uint64_t at;
    uint64_t delta;             /* the address less @value and the segment's base */
    uint64_t segment;           /* enum cluster_seg */
};
#define CLUSTER_SLOT_EMPTY 0x8000000000000000ull /* not canonical: no page */

static inline void cluster_slot_clear(struct cluster_slot *slot)
{
    slot->page = CLUSTER_SLOT_EMPTY;
    slot->host = slot->limit = 0;
}

/*
 * Empty it, too, but for one access that nobody may ever make: that at the beginning of a page
 * of L1's, at linear address @page and @host, which translated code may write to.
 */
static inline void cluster_slot_prime(struct cluster_slot *slot, uint64_t segment_base,
                                      uint64_t page, uint64_t host)
{
    cluster_slot_clear(slot);
    slot->value = page - slot->delta - segment_base;
    slot->at = host;
}

/* @host is that of the page at linear address @page, or for a constant slot of the operand. */
static inline void cluster_slot_fill(struct cluster_slot *slot, uint64_t page, uint64_t host,
                                     unsigned int width)
{
    slot->page = page;
    slot->host = host;
    slot->limit = 4096 - width + 1;
}

/*
 * A page that some slot of a region was filled with lately, for the others: found by
 * translated code itself.  One table for reads and one for writes, by page number.
 */
struct cluster_shared_page {
    uint64_t page;              /* linear address, and in the low 12 bits the region's tag */
    uint64_t host;
};
enum { CLUSTER_SHARED_PAGES = 256, CLUSTER_TAGS = 4096 };

/* Why translated code came back to C. */
enum cluster_exit_kind {
    CLUSTER_EXIT_END,           /* the node was executed, it was the last: RIP is behind it */
    CLUSTER_EXIT_EDGE,          /* the branch was executed; it goes by @edge, out of the segment */
    CLUSTER_EXIT_TARGET,        /* the indirect branch is to be executed by C: it goes to none of the
                                   edges that were translated */
    /*
     * The node, of any kind, is to be executed by the interpreter; then resume.  A
     * branch may go elsewhere, as for TARGET, and RSP may turn out otherwise than
     * the next node says: C looks.  It looks at the poke word as well, if the node exits.
     */
    CLUSTER_EXIT_STEP,
    CLUSTER_EXIT_MISS,          /* the node's access at frame->address, write or read, misses in @slot */
    CLUSTER_EXIT_POKE,          /* stop before the node: an event, or the budget is used up */
    CLUSTER_EXIT_LEAVE,         /* stop before the node: VMRESUME, VMLAUNCH */
    CLUSTER_EXIT_INTERPRET,     /* the node, and all that follows, is the interpreter's */
};

/*
 * One exit stub.  The state there: frame->regs have every general register but
 * RSP, which is that of the region's entry + @rsp; RIP is the node's, for END what
 * follows it, for EDGE the edge's.  frame->flags has the arithmetic flags unless @flags_known.
 */
struct cluster_exit {
    uint8_t  kind;              /* enum cluster_exit_kind */
    bool     write;             /* MISS */
    bool     constant;          /* MISS: the slot is a constant one, see struct cluster_slot */
    bool     flags_known;       /* the arithmetic flags are @flags */
    bool     span;              /* MISS: later nodes rely on it; without the slot none of them may be
                                   executed by translated code */
    bool     operand;           /* STEP: the memory operand's value is frame->address */
    bool     probes;            /* MISS with @write and @span: it may be that nothing will be written */
    uint16_t width;             /* MISS: bytes of the access, or of the span */
    uint16_t flags;
    uint32_t node;
    uint32_t edge;              /* EDGE; else NO_INDEX */
    uint32_t slot;              /* MISS; else NO_INDEX */
    int32_t  rsp;               /* for END and EDGE after the node, else before it */
    /*
     * Offset in the arena of the code to go on with: STEP and TARGET, the segment's
     * next node; MISS, where the access is tried again.  NO_INDEX: there is none.
     */
    uint32_t resume;
    uint32_t resume_next;       /* MISS: behind the node, when it has been interpreted instead; none
                                   with @span */
};

/*
 * What the translator means to do with one node: its notes, of no meaning after
 * cluster_translate().  Filled in by plan.c.
 */
struct cluster_plan {
    uint8_t  how;               /* enum plan_how */
    uint8_t  place;             /* enum plan_place, of the memory operand */
    uint8_t  field_width;       /* VMREAD, VMWRITE: see struct cluster_field */
    bool     observed;          /* the flags at its beginning may be seen, by it or later */
    bool     guarded;           /* VMREAD: @address is the field number that its register must hold */
    bool     clobbers;          /* and we change L0's flags before L1 sets them all anew */
    bool     silent;            /* VMREAD, VMWRITE: L1 would not have exited */
    uint8_t  dirty_mask;        /* VMWRITE: see struct cluster_field, as the next */
    uint16_t dirty_byte;
    bool     probes;            /* with @span: an access that reads checks for others that write */
    uint16_t span;              /* SLOT: bytes that are checked, for later nodes as well; 0: the operand's */
    int32_t  offset;            /* STACK: from the region's entry RSP; VMREAD, VMWRITE: of the field;
                                   SLOT with @span: where that begins, from the operand; SPAN: from there */
    uint32_t label;             /* a header: where the code behind its entry is, in the arena */
    uint64_t address;           /* CONSTANT: linear, without the segment's base; see guarded */
};

#endif /* CLUSTER_REGION_H */
