/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch.h - one vCPU's synchronisation of its vvmcs and vmcs02, between batch*.c.
 *
 * See nvmx/sync.h for the states of a field, docs/ARCHITECTURE.md for what is eager, lazy
 * and merged.  The hooks that Xen calls are in asm/hvm/vmx/nvmx-batch.h.
 */
#ifndef NVMX_XEN_BATCH_H
#define NVMX_XEN_BATCH_H

#include <xen/sched.h>

#include <asm/hvm/vmx/vmx.h>
#include <asm/hvm/vmx/vvmx.h>
#include <asm/hvm/vmx/nvmx-batch.h>

#include "sync.h"

/* What a VMCS's merged fields depend on besides the vvmcs, as Xen has it. */
struct nvmx_batch_host {
    uint32_t exec_control;
    uint32_t secondary_exec_control;
    uint32_t exception_bitmap;
    uint8_t realmode;
    uint64_t cr0;                   /* the host's, in the VMCS */
    uint64_t tsc_offset;
    uint64_t p2m_generation;
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

/* Words of an MSR bitmap that do not intercept all of their MSRs: few. */
enum { NVMX_BATCH_MSR_WORDS = 32 };

struct nvmx_batch {
    struct nvmx_sync sync;
    bool entered;                   /* L2 was entered, and will be left, by batch */
    bool known;                     /* @host02 and the merged fields of vmcs02 are ours */
    struct nvmx_batch_host host01, host02;  /* when the VMCS was last left */
    struct nvmx_batch_cr cr01, cr02;        /* likewise */
    struct nvmx_batch_cr_inputs inputs;     /* at the last entry */
    unsigned long entered_cr0, entered_cr4; /* Xen's for L2 behind that */
    unsigned long entered_nested_cr0, entered_nested_cr4;
    const void *io_bitmap;          /* in vmcs02 */
    bool msr_words_known;           /* @msr_word is that of Xen's present bitmap */
    unsigned int nr_msr_words;
    uint16_t msr_word[NVMX_BATCH_MSR_WORDS];
    uint64_t valid_pat;             /* that hvm_set_guest_pat() has accepted */
    unsigned int fetched;           /* since the last entry */
};

extern const struct nvmx_table *nvmx_batch_table;

static inline struct nvmx_batch *nvmx_batch_of(const struct vcpu *v)
{
    return vcpu_2_nvmx(v).batch;
}

/* A field of the vvmcs, which is not STALE. */
static always_inline uint64_t nvmx_batch_get(const struct vcpu *v,
                                             uint32_t encoding)
{
    const uint64_t *vvmcs = vcpu_nestedhvm(v).nv_vvmcx;

    return ACCESS_ONCE(vvmcs[nvmx_position(encoding)]);
}

static always_inline void nvmx_batch_set(struct vcpu *v, uint32_t encoding,
                                         uint64_t value)
{
    uint64_t *vvmcs = vcpu_nestedhvm(v).nv_vvmcx;

    ACCESS_ONCE(vvmcs[nvmx_position(encoding)]) = value;
}

/*
 * batch.c: VMREAD what @plan has, of the VMCS that is current in hardware; returns
 * how many.
 */
unsigned int nvmx_batch_fetch(struct vcpu *v, struct nvmx_batch *batch,
                              const struct nvmx_set *plan);

/* As it is now; and what of a VMCS depends on what is not as it @was. */
struct nvmx_batch_host nvmx_batch_host_now(const struct vcpu *v);
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
/* At a virtual exit: L1's. */
bool nvmx_batch_leave_cr(struct vcpu *v, struct nvmx_batch *batch);

/* batch_bitmap.c: the bitmaps of vmcs02, whose controls have not changed. */
void nvmx_batch_merge_bitmaps(struct vcpu *v, struct nvmx_batch *batch);

#endif /* NVMX_XEN_BATCH_H */
