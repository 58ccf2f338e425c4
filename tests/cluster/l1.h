/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * l1.h - the pretended L1 of random programs, of which there are several in the
 * same state: one for each way to execute it.
 *
 * All linear addresses are within 2 GB of each other, so that instructions can
 * reach them by a displacement, but for two.
 *
 *   L1_CODE    3 pages, then a gap, then L1_FAR
 *   L1_DATA    2 pages, L1_CONST (read-only), and then L1_NO_RAM, one that is no RAM, but
 *              a device, by which MOVs exit, where the script has one
 *   L1_STACK   3 pages
 *   L1_PERCPU  2 pages, of which GS points to one or the other
 *   L1_ALIAS   the second page of L1_CODE, again
 *   L1_LOW     for address-size prefixes
 *   L1_EDGE    the page of L1_FAR, again: the last one of the lower canonical half
 *
 * What vmreads, vmwrites and emulated instructions do is determined by the
 * script, by the L1's own state and by how many of the latter two it has executed.
 */
#ifndef L1_H
#define L1_H

#include "cluster.h"
#include "interp.h"

#define L1_PAGE     4096u
#define L1_CODE     0xffffffff81000000ull
#define L1_FAR      0xffffffff81008000ull
#define L1_DATA     0xffffffff82000000ull
#define L1_CONST    0xffffffff82002000ull
#define L1_NO_RAM   0xffffffff82003000ull
#define L1_STACK    0xffffffff82010000ull
#define L1_PERCPU   0xffffffff82020000ull
#define L1_ALIAS    0xffffffff82030000ull
#define L1_LOW      0x10000ull
#define L1_EDGE     0x00007ffffffff000ull

enum {
    L1_CODE_PAGES = 3, L1_STACK_PAGES = 3,
    /* Indexes of the pages of memory. */
    L1_PAGE_CODE = 0, L1_PAGE_FAR = 3, L1_PAGE_DATA = 4, L1_PAGE_CONST = 6, L1_PAGE_STACK = 7,
    L1_PAGE_PERCPU = 10, L1_PAGE_LOW = 12, L1_NR_PAGES = 13,
    L1_NR_MAPPINGS = 16, L1_MAPPING_NO_RAM = 15,
    L1_VMCS_FIELDS = 64,
    L1_MAX_CALLS = 8192,        /* recorded of one execution */
    L1_DECODED = 4096,
    L1_MAX_TRANSLATIONS = 1000000,      /* of one execution: many more than its budget allows */
};

struct l1_mapping {
    uint64_t linear;
    uint8_t page;
    bool present, writable;
};

/* What is the same for all: changed between executions only. */
struct l1_script {
    struct l1_mapping map[L1_NR_MAPPINGS];
    uint64_t epoch;
    uint64_t seed;              /* of what vmwrites and emulated instructions do */
    bool vmcs;                  /* begin() gives one */
    bool device;                /* where L1_NO_RAM is not mapped */
    bool refuse;                /* begin() says no */
    bool permissive;            /* nothing is declined: the stock path */
    bool pending;               /* an event, from the beginning */
    uint64_t poke_at;           /* the number of vmwrites and emulated ones at which one comes */
    bool event;                 /* what comes then is an event for L1, and not for L0 alone */
};

/* A vmread that is no plain load, a vmwrite, an emulated instruction, one of the device. */
struct l1_call {
    uint32_t op;                /* enum cluster_op */
    uint32_t result;
    uint64_t argument[4];
};

/* The state that instructions change, besides memory. */
struct l1_state {
    struct cluster_regs regs;
    uint64_t gs_base, cr2;
    uint64_t vmcs[L1_VMCS_FIELDS];
    uint8_t dirty[(L1_VMCS_FIELDS + 7) / 8];    /* VMWRITEs that were mere stores */
    uint64_t advanced;          /* vmwrites and emulated instructions executed */
    uint64_t device;            /* its state */
};

struct l1_decoded {
    uint64_t rip;
    uint8_t bytes[CLUSTER_MAX_INSN_BYTES];
    bool supported;
    struct cluster_insn insn;
};

struct l1 {
    const struct l1_script *script;
    uint8_t *memory;            /* L1_NR_PAGES */
    struct l1_state state;
    /* Of the present execution. */
    uint32_t poke;
    unsigned int silent;
    bool begun;
    unsigned int nr_translations;
    unsigned int nr_calls;
    struct l1_call call[L1_MAX_CALLS];
    /* For stepping. */
    struct cluster_exec x;
    struct l1_decoded decoded[L1_DECODED];
};

extern const struct cluster_ops l1_ops;

/* The initial mappings. */
void l1_map_all(struct l1_script *script);

struct l1 *l1_start(const struct l1_script *script);
void l1_end(struct l1 *l);

/* The byte at @linear, whatever the mappings are now; NULL where there is no page. */
uint8_t *l1_at(struct l1 *l, uint64_t linear);

/* A new execution: forget calls, look at the script for events. */
void l1_begin_execution(struct l1 *l);

/* The instruction at RIP as the bytes are now, or NULL: none that can be had and is supported. */
const struct cluster_insn *l1_insn(struct l1 *l);

/* Does L1 exit by @insn, the instruction at RIP? */
bool l1_exits(const struct l1 *l, const struct cluster_insn *insn);

/* Execute one instruction by cluster_step(); l->x.stop says why it was not. */
enum cluster_step l1_step(struct l1 *l, const struct cluster_insn *insn);

/* Number of a field for programs to use, 0 to L1_VMCS_FIELDS - 1; about half are plain. */
uint32_t l1_field(unsigned int number);

#endif /* L1_H */
