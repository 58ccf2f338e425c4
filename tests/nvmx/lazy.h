/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lazy.h - one vCPU as nvmx/xen/batch*.c has it, with arrays in place of VMCSs: what
 * sync.h and hot.h plan is carried out in the same order, and nothing else is moved.
 *
 * L1's pages are its VMCSs.  Without VMCS shadowing, L0 reads and writes the current one.
 * With it, the page is what the processor accesses for L1 without an exit, and L0 keeps
 * the vvmcs in memory of its own from the first entry on until another one is current.
 */
#ifndef LAZY_H
#define LAZY_H

#include "hot.h"
#include "stock.h"
#include "sync.h"

enum { NR_PAGES = 3 };

/* How L2 is entered, and left behind that. */
enum way {
    BY_BATCH,
    BY_STOCK,                   /* batches are switched off */
    UNUSUAL,                    /* likewise by stock Xen, which is found out late */
};

/* How often; none may be missing from a long run. */
struct tally {
    uint64_t entries, copied, computed;
    uint64_t fetched, fetched_late;
    uint64_t translated;                /* accesses of eager fields by translated code */
    uint64_t passed;                    /* accesses of L1's without an exit */
    uint64_t gathered, written_back;    /* fields, with VMCS shadowing */
};

struct lazy_shadow {
    bool kept;
    bool gathered;              /* what L1 has written without an exit is in @field */
    struct nvmx_hot hot;
    uint64_t field[NVMX_POSITIONS];
};

struct lazy {
    struct nvmx_table table;
    struct nvmx_sync sync;
    bool shadowing;
    struct lazy_shadow shadow;
    uint64_t page[NR_PAGES][NVMX_POSITIONS];
    unsigned int current;               /* page */
    struct vmcs02 vmcs02;
    enum way way;
    uint32_t changed_by_xen;            /* inputs, since the last entry; see batch_cr.c */
    struct tally tally;
};

/* @lazy is all zeros, as its pages are.  Page 0 becomes current. */
void lazy_start(struct lazy *lazy, bool shadowing);

/* Does L1's access not exit?  Then the processor makes it, in the page. */
bool lazy_passes(const struct lazy *lazy, uint32_t encoding, enum nvmx_access access);
uint64_t lazy_passed_read(struct lazy *lazy, uint32_t encoding);
void lazy_passed_write(struct lazy *lazy, uint32_t encoding, uint64_t value);

/* Else there is an exit: some accesses are carried out, then L1 runs again. */
uint64_t lazy_vmread(struct lazy *lazy, uint32_t encoding);
void lazy_vmwrite(struct lazy *lazy, uint32_t encoding, uint64_t value);
/* Another instruction than VMREAD or VMWRITE; L0 stores the error number. */
void lazy_vmfail(struct lazy *lazy, uint64_t error);
void lazy_before_l1(struct lazy *lazy);

/* Without shadowing, in an exit: translated code accesses fields that are eager as plain memory. */
void lazy_pin(struct lazy *lazy, uint32_t encoding);
bool lazy_translates(const struct lazy *lazy, uint32_t encoding);
uint64_t lazy_translated_read(struct lazy *lazy, uint32_t encoding);
void lazy_translated_write(struct lazy *lazy, uint32_t encoding, uint64_t value);

/* Somebody is going to look at the current page. */
void lazy_complete(struct lazy *lazy);

/* Another page becomes current; and: vmcs02 has been written as a whole. */
void lazy_vmptrld(struct lazy *lazy, unsigned int page);
void lazy_forget(struct lazy *lazy);

void lazy_enter(struct lazy *lazy, enum way way);
void lazy_leave(struct lazy *lazy, const struct stores *stores);

/* ---- Between lazy.c and lazy_shadow.c, as between batch.c and batch_shadow.c. ---- */

/* The vvmcs as L0 has it. */
uint64_t *lazy_vvmcs(struct lazy *lazy);
void lazy_set_at(struct lazy *lazy, unsigned int position, uint64_t value);

void lazy_shadow_start(struct lazy *lazy);
void lazy_shadow_prepare(struct lazy *lazy);
void lazy_shadow_write_back(struct lazy *lazy);
void lazy_shadow_complete(struct lazy *lazy);
void lazy_shadow_release(struct lazy *lazy);
void lazy_shadow_exited(struct lazy *lazy, uint32_t encoding, enum nvmx_access access);
void lazy_shadow_gather_now(struct lazy *lazy, uint32_t encoding);

#endif /* LAZY_H */
