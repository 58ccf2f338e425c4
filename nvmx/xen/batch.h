/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch.h - one vCPU's synchronisation of its vvmcs and vmcs02, between
 * batch*.c.
 *
 * See nvmx/sync.h for the states of a field, docs/ARCHITECTURE.md for what is
 * eager, lazy and merged.  The hooks that Xen calls are in
 * asm/hvm/vmx/nvmx-batch.h.
 */
#ifndef NVMX_XEN_BATCH_H
#define NVMX_XEN_BATCH_H

#include <xen/sched.h>

#include <asm/hvm/vmx/vmx.h>
#include <asm/hvm/vmx/vvmx.h>
#include <asm/hvm/vmx/nvmx-batch.h>

#include "hot.h"
#include "l1.h"
#include "sync.h"

/* What a VMCS's merged fields depend on besides the vvmcs, as Xen has it. */
struct nvmx_batch_host {
    uint32_t exec_control;
    uint32_t secondary_exec_control;
    uint32_t exception_bitmap;
    uint8_t realmode;
    uint64_t cr0;                   /* the host's, in the VMCS */
    uint64_t tsc_offset;
};

/* Xen's idea of the control registers of the world that a VMCS runs. */
struct nvmx_batch_cr {
    bool valid;
    bool lma;
    unsigned long guest_cr0, guest_cr3, guest_cr4;
    unsigned long hw_cr0, hw_cr3, hw_cr4;
    unsigned long nested_cr0, nested_cr4;   /* struct nestedvcpu's guest_cr */
    unsigned long cr4_host_mask;
    const struct paging_mode *mode;
};

/* What a virtual entry computes L2's control registers from. */
struct nvmx_batch_cr_inputs {
    uint64_t cr0, cr4, mask0, mask4, shadow0, shadow4;
};

/* As many as there are fields, at least: init_table(). */
enum { NVMX_BATCH_LIST = 160 };

/*
 * Fields to be moved one after the other, at each virtual exit: what loops
 * over the bits of a set costs three times as much.
 */
struct nvmx_batch_list {
    unsigned int nr;
    struct {
        uint16_t encoding;          /* in the VMCS that is current */
        uint16_t position;          /* in the vvmcs */
    } field[NVMX_BATCH_LIST];
};

static inline void nvmx_batch_list_add(struct nvmx_batch_list *list,
                                       unsigned int encoding,
                                       unsigned int position)
{
    BUG_ON(list->nr == ARRAY_SIZE(list->field));

    list->field[list->nr].encoding = encoding;
    list->field[list->nr].position = position;
    list->nr++;
}

/* Words of an MSR bitmap that do not intercept all of their MSRs: few. */
enum { NVMX_BATCH_MSR_WORDS = 32 };

/* Basic exit reasons told apart, a power of two. */
enum { NVMX_BATCH_REASONS = 64 };

struct nvmx_batch {
    struct nvmx_sync sync;
    struct nvmx_batch_list eager;   /* sync.eager's that VMREAD has, but for CR3 */
    struct nvmx_batch_shadow *shadow;       /* NULL without VMCS shadowing */
    /*
     * The vvmcs by position: L1's page, or what is kept of it.  From a virtual
     * entry by batch until the vvmcs is given up.
     */
    uint64_t *vvmcs;
    bool entered;                   /* L2 was entered, and will be left, by batch */
    bool known;                     /* @host02 and the merged fields of vmcs02 are ours */
    struct nvmx_batch_host host01, host02;  /* when the VMCS was last left */
    struct nvmx_batch_cr cr01, cr02;        /* likewise */
    unsigned long p2m_generation;   /* when vmcs02's addresses of L1's pages were looked up */
    struct nvmx_batch_cr_inputs inputs;     /* at the last entry */
    unsigned long entered_cr0, entered_cr4; /* Xen's for L2 behind that */
    unsigned long entered_nested_cr0, entered_nested_cr4;
    const void *io_bitmap;          /* in vmcs02 */
    bool msr_words_known;           /* @msr_word is that of Xen's present bitmap */
    unsigned int nr_msr_words;
    uint16_t msr_word[NVMX_BATCH_MSR_WORDS];
    uint64_t valid_pat;             /* that hvm_set_guest_pat() has accepted */
    unsigned int fetched;           /* since the last entry */
    /*
     * vmcs01 is DUE: Xen's own state is L1's, after a virtual exit, but vmcs02
     * is still loaded.  Only within nvmx_switch_guest().
     */
    bool due;
    bool l1_known;                  /* @l1 has what a virtual exit leaves alone */
    uint64_t l1[NVMX_L1_FIELDS];    /* while @due: of vmcs01, as it would be */
    /*
     * What virtual exits for which vmcs01 was not loaded owe it, besides @l1:
     * L1's PAT; a TPR threshold of 0.
     */
    bool owes_pat, owes_tpr;
    uint64_t pat;
    /*
     * Leaving vmcs01 due costs a little where it is loaded all the same.  So:
     * was L1 spared being entered behind the last virtual exit for that
     * reason?
     */
    unsigned int reason;            /* of the last virtual exit */
    bool l1_ran;                    /* since then */
    uint64_t l1_runs;               /* how often L1 was about to be entered */
    bool l1_spared[NVMX_BATCH_REASONS];
    unsigned int nr_spared;         /* of these reasons */
};

/*
 * With VMCS shadowing the vvmcs, L1's page, is the processor's: it is read and
 * written by VMREAD and VMWRITE only.  Between the first virtual entry by
 * batch and the moment that L1 gives the vvmcs up, Xen KEEPS it in @field, and
 * L1's accesses to all but the hot fields exit.
 */
struct nvmx_batch_shadow {
    bool kept;
    bool gathered;      /* what L1 has written without an exit is in @field */
    bool active;        /* the shadow VMCS: VMCLEAR it before L1 runs */
    bool trapping;      /* the bitmaps are ours */
    struct nvmx_hot hot;
    bool writes_listed;             /* @writes is up to date */
    struct nvmx_batch_list writes;  /* what L1 writes without an exit */
    struct nvmx_set supported;      /* fields that this processor has */
    struct nvmx_set stored;         /* by translated code, in the present execution */
    uint64_t field[NVMX_POSITIONS];
};

extern const struct nvmx_table *nvmx_batch_table;

static inline struct nvmx_batch *nvmx_batch_of(const struct vcpu *v)
{
    return vcpu_2_nvmx(v).batch;
}

/* A field of the vvmcs, which is not STALE. */
static always_inline uint64_t nvmx_batch_get(const struct nvmx_batch *batch,
                                             uint32_t encoding)
{
    return ACCESS_ONCE(batch->vvmcs[nvmx_position(encoding)]);
}

/* @shadow and @vvmcs: of one batch. */
static always_inline void nvmx_batch_set_at(struct nvmx_batch_shadow *shadow,
                                            uint64_t *vvmcs,
                                            unsigned int position,
                                            uint64_t value)
{
    if ( shadow )
    {
        if ( vvmcs[position] == value )
            return;
        nvmx_hot_changed(&shadow->hot, position);
    }
    ACCESS_ONCE(vvmcs[position]) = value;
}

static always_inline void nvmx_batch_set(struct nvmx_batch *batch,
                                         uint32_t encoding, uint64_t value)
{
    nvmx_batch_set_at(batch->shadow, batch->vvmcs, nvmx_position(encoding),
                      value);
}

/*
 * batch.c: VMREAD what @plan has, of the VMCS that is current in hardware;
 * returns how many.
 */
unsigned int nvmx_batch_fetch(struct nvmx_batch *batch,
                              const struct nvmx_set *plan);

/* The same with sync.eager, right behind nvmx_sync_left(). */
unsigned int nvmx_batch_fetch_eager(struct nvmx_batch *batch);

/* Where VMREAD finds @field. */
static always_inline uint64_t nvmx_batch_l1_get(const struct nvmx_batch *batch,
                                                enum nvmx_l1 field)
{
    unsigned long value;

    if ( batch && batch->due )
        return batch->l1[field];

    __vmread(nvmx_l1_fields[field].guest, &value);

    return value;
}

/* As it is @now; and what of a VMCS depends on what is not as it @was. */
void nvmx_batch_host_now(const struct vcpu *v, struct nvmx_batch_host *now);
uint32_t nvmx_batch_host_inputs(const struct nvmx_batch_host *was,
                                const struct nvmx_batch_host *is);

/* batch_entry.c: EFER of the world that is entered. */
void nvmx_batch_set_lma(struct vcpu *v, bool lma);

/* batch_cr.c */
void nvmx_batch_save_cr(const struct vcpu *v, struct nvmx_batch_cr *cr);
/*
 * Xen's state becomes @cr's, whose VMCS is current and as it was; false when
 * something else than that is needed.
 */
bool nvmx_batch_restore_cr(struct vcpu *v, const struct nvmx_batch_cr *cr);
/* At a virtual entry: L2's control registers. */
bool nvmx_batch_enter_cr(struct vcpu *v, struct nvmx_batch *batch);
/*
 * At a virtual exit: L1's, HOST_CR3 being @cr3.  False: nothing has been done.
 * No write to vmcs01 where @cr3 is cr01's.
 */
bool nvmx_batch_leave_cr(struct vcpu *v, struct nvmx_batch *batch,
                         uint64_t cr3);

/* batch_bitmap.c: the bitmaps of vmcs02, whose controls have not changed. */
void nvmx_batch_merge_bitmaps(struct vcpu *v, struct nvmx_batch *batch);

/*
 * batch_shadow.c, for batches that have @shadow; the others do nothing.
 *
 * Before a virtual entry by batch: the vvmcs is kept, and what L1 wrote
 * gathered.  No VMCS of @v's need be current afterwards: vmx_vmcs_swap(), or
 * nvmx_batch_shadow_complete().
 */
int nvmx_batch_shadow_initialise(struct nvmx_batch *batch);
void nvmx_batch_shadow_prepare(struct vcpu *v, struct nvmx_batch *batch);
/* For a moment; no other VMCS is current after it.  False: it is not kept. */
bool nvmx_batch_shadow_gather(struct vcpu *v, struct nvmx_batch *batch);
/* Before vmcs01 is made current: L1's reads find what they should. */
void nvmx_batch_shadow_write_back(struct vcpu *v, struct nvmx_batch *batch);
/* Nothing is STALE: the shadow VMCS gets all it lacks. */
void nvmx_batch_shadow_complete(struct vcpu *v, struct nvmx_batch *batch);
/*
 * Behind that, or when the vvmcs is no longer there: all is the processor's
 * again.
 */
void nvmx_batch_shadow_release(struct vcpu *v, struct nvmx_batch *batch);
/* L1's access to a field, whose position is known, has exited. */
void nvmx_batch_shadow_exited(struct vcpu *v, struct nvmx_batch *batch,
                              uint32_t encoding, enum nvmx_access access);

#endif /* NVMX_XEN_BATCH_H */
