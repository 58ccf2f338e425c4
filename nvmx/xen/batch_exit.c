/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch_exit.c - a virtual VM exit that leaves in vmcs02 what L1 is not known
 * to read.
 *
 * In the order of virtual_vmexit(), whose oddities are kept.
 *
 * The vCPU stays in the dirty_cpumask of the nested p2m: the flush of that
 * interrupts this processor once for nothing, and np2m_schedule() twice per
 * exit costs more.
 */
#include <xen/perfc.h>

#include <asm/hvm/nestedhvm.h>
#include <asm/hvm/support.h>
#include <asm/paging.h>

#include "batch.h"
#include "internal.h"

/* Reading CR3 in L2 does not tell L1; writing it need not either. */
static bool cr3_is_l2s(const struct nvmx_batch *batch)
{
    return !(nvmx_batch_get(batch, CPU_BASED_VM_EXEC_CONTROL) &
             CPU_BASED_CR3_LOAD_EXITING);
}

/* What sync_exception_state() is going to write must not be fetched later. */
static void fetch_event(struct nvmx_batch *batch)
{
    struct nvmx_set wanted = {}, plan;

    nvmx_set_add(&wanted, nvmx_position(VM_EXIT_INTR_INFO));
    nvmx_set_add(&wanted, nvmx_position(VM_EXIT_INTR_ERROR_CODE));
    if ( nvmx_plan_fetch(&batch->sync, &wanted, &plan) )
        batch->fetched += nvmx_batch_fetch(batch, &plan);
}

/* CR3 is STALE at some exits only: not in the list. */
static void fetch_cr3(struct nvmx_batch *batch)
{
    unsigned long cr3;

    __vmread(GUEST_CR3, &cr3);
    nvmx_batch_set(batch, GUEST_CR3, cr3);
    nvmx_set_remove(&batch->sync.stale, nvmx_position(GUEST_CR3));
    batch->fetched++;
}

static void fetch_eager(struct nvmx_batch *batch)
{
    unsigned int cr3 = nvmx_position(GUEST_CR3);

    nvmx_sync_left(&batch->sync, nvmx_batch_table, cr3_is_l2s(batch));
    batch->fetched = nvmx_batch_fetch_eager(batch);
    if ( nvmx_set_has(&batch->sync.eager, cr3) &&
         nvmx_set_has(&batch->sync.stale, cr3) )
        fetch_cr3(batch);
}

/* As sync_vvmcs_ro() has it. */
static void adjust_ept_violation(const struct vcpu *v, struct nvmx_batch *batch)
{
    const struct nestedvmx *nvmx = &vcpu_2_nvmx(v);

    if ( nvmx_batch_get(batch, VM_EXIT_REASON) != EXIT_REASON_EPT_VIOLATION )
        return;

    nvmx_batch_set(batch, EXIT_QUALIFICATION, nvmx->ept.exit_qual);
    nvmx_batch_set(batch, VM_EXIT_REASON, nvmx->ept.exit_reason);
}

/* vmcs02 is current, for the last time. */
static void store_fields(struct vcpu *v, struct nvmx_batch *batch,
                         const struct cpu_user_regs *regs)
{
    fetch_eager(batch);
    adjust_ept_violation(v, batch);

    nvmx_batch_set(batch, GUEST_RIP, regs->rip);
    nvmx_batch_set(batch, GUEST_RSP, regs->rsp);
    nvmx_batch_set(batch, VM_ENTRY_INTR_INFO, 0);
    if ( v->arch.hvm.vmx.cr4_host_mask != ~0UL )
        nvmx_batch_set(batch, GUEST_CR4, v->arch.hvm.guest_cr[4]);

    if ( unlikely(vcpu_2_nvmx(v).intr.intr_info & INTR_INFO_VALID_MASK) )
    {
        fetch_event(batch);
        nvmx_sync_exception_state(v);
    }

    if ( unlikely(!hvm_long_mode_active(v)) && nvmx_ept_enabled(v) &&
         hvm_pae_enabled(v) )
        nvmx_store_pdptes(v);

    nvmx_batch_host_now(v, &batch->host02);     /* and now is for vmcs01, too */
    nvmx_batch_save_cr(v, &batch->cr02);
}

/*
 * Xen's own controls, which it may have changed while vmcs01 was not loaded.
 */
static void load_own_controls(struct vcpu *v,
                              const struct nvmx_batch_host *was,
                              const struct nvmx_batch_host *is)
{
    uint32_t inputs = nvmx_batch_host_inputs(was, is);

    if ( inputs & NVMX_INPUT_CPU )
        vmx_update_cpu_exec_control(v);
    if ( inputs & NVMX_INPUT_SECONDARY )
        vmx_update_secondary_exec_control(v);
    if ( inputs & NVMX_INPUT_EXCEPTION )
        vmx_update_exception_bitmap(v);
    if ( inputs & NVMX_INPUT_TSC )
        hvm_set_tsc_offset(v, v->arch.hvm.cache_tsc_offset, 0);
    if ( was->cr0 != is->cr0 )
        __vmwrite(HOST_CR0, is->cr0);
}

/* A good part of an exit: all is known when this is compiled. */
static void load_segments(const uint64_t *vvmcs)
{
    unsigned int i;

#pragma GCC unroll 15
    for ( i = 0; i < NVMX_L1_LOADED; i++ )
        __vmwrite(nvmx_l1_fields[i].guest,
                  ACCESS_ONCE(vvmcs[nvmx_position(nvmx_l1_fields[i].host)]));
}

/*
 * A value that hvm_set_guest_pat() has accepted before.  (It is never the
 * value that is there: L1 may write its PAT without an exit.)
 */
static bool is_known_pat(const struct vcpu *v, const struct nvmx_batch *batch,
                         uint64_t pat)
{
    return pat == batch->valid_pat && paging_mode_hap(v->domain) &&
           v->arch.hvm.cache_mode != NO_FILL_CACHE_MODE;
}

static void load_msrs(struct vcpu *v, struct nvmx_batch *batch)
{
    uint32_t controls = nvmx_batch_get(batch, VM_EXIT_CONTROLS) &
                        (VM_EXIT_LOAD_HOST_PAT | VM_EXIT_LOAD_PERF_GLOBAL_CTRL);
    uint64_t pat = nvmx_batch_get(batch, HOST_PAT), loaded;

    if ( !controls )
        return;

    if ( controls == VM_EXIT_LOAD_HOST_PAT && is_known_pat(v, batch, pat) )
    {
        __vmwrite(GUEST_PAT, pat);
        return;
    }

    nvmx_load_host_msrs(v);
    __vmread(GUEST_PAT, &loaded);
    if ( loaded == pat )
        batch->valid_pat = pat;
}

/* vmcs01 has been loaded: what earlier virtual exits owe it. */
static void pay(struct nvmx_batch *batch)
{
    if ( batch->owes_pat )
        __vmwrite(GUEST_PAT, batch->pat);
    if ( batch->owes_tpr && cpu_has_vmx_tpr_shadow &&
         !cpu_has_vmx_virtual_intr_delivery )
        __vmwrite(TPR_THRESHOLD, 0);
    batch->owes_pat = batch->owes_tpr = false;
}

/* True when Xen's paging mode is L1's as well. */
static bool load_host_state(struct vcpu *v, struct nvmx_batch *batch)
{
    bool paging_mode;

    if ( unlikely(batch->owes_pat | batch->owes_tpr) )
        pay(batch);
    load_own_controls(v, &batch->host01, &batch->host02);
    load_segments(batch->vvmcs);
    paging_mode = nvmx_batch_leave_cr(v, batch,
                                      nvmx_batch_get(batch, HOST_CR3));
    if ( unlikely(!paging_mode) )
        nvmx_load_host_crs(v);
    load_msrs(v, batch);

    return paging_mode;
}

/* nvmx_update_apicv() has something to do for an interrupt of L1's only. */
static bool updates_apicv(const struct nvmx_batch *batch)
{
    return cpu_has_vmx_virtual_intr_delivery &&
           nvmx_batch_get(batch, VM_EXIT_REASON) ==
           EXIT_REASON_EXTERNAL_INTERRUPT;
}

/* Behind a virtual exit, at once. */
static void load_vmcs01(struct vcpu *v, struct nvmx_batch *batch, bool same_lma)
{
    struct nestedvcpu *nvcpu = &vcpu_nestedhvm(v);

    /*
     * L1 will want it, unless a region goes on from here to the next entry: then
     * that is left to nvmx_batch_before_l1().
     */
    if ( !batch->l1_spared[batch->reason] )
        nvmx_batch_shadow_write_back(v, batch);
    vmx_vmcs_swap(nvcpu->nv_n1vmcx_pa);
    nvcpu->nv_vmswitch_in_progress = 1;

    if ( !load_host_state(v, batch) && !same_lma )
        paging_update_paging_modes(v);
    if ( updates_apicv(batch) )
        nvmx_update_apicv(v);

    nvcpu->nv_vmswitch_in_progress = 0;
}

/* ---- A virtual exit behind which vmcs01 is due. ---- */

static bool regions_run(const struct vcpu *v)
{
    enum nvmx_cluster_mode mode = ACCESS_ONCE(nvmx_cluster_mode);

    return (mode == NVMX_CLUSTER_ON || mode == NVMX_CLUSTER_INTERP) &&
           vcpu_2_nvmx(v).cluster;
}

/* Where loading L1's MSRs cannot fail, it can be put off. */
static bool put_off_msrs(const struct vcpu *v, struct nvmx_batch *batch)
{
    uint32_t controls = nvmx_batch_get(batch, VM_EXIT_CONTROLS) &
                        (VM_EXIT_LOAD_HOST_PAT | VM_EXIT_LOAD_PERF_GLOBAL_CTRL);
    uint64_t pat;

    if ( !controls )
        return true;

    pat = nvmx_batch_get(batch, HOST_PAT);
    if ( controls != VM_EXIT_LOAD_HOST_PAT || !is_known_pat(v, batch, pat) )
        return false;

    batch->owes_pat = true;
    batch->pat = pat;

    return true;
}

/*
 * Xen's state becomes L1's without a write to vmcs01, where that has L1's
 * control registers already, and where it is likely to pay.
 */
static bool leave_vmcs01(struct vcpu *v, struct nvmx_batch *batch)
{
    uint64_t cr3 = nvmx_batch_get(batch, HOST_CR3);

    return batch->l1_spared[batch->reason] && batch->l1_known &&
           regions_run(v) && !updates_apicv(batch) &&
           cr3 == batch->cr01.guest_cr3 && put_off_msrs(v, batch) &&
           nvmx_batch_leave_cr(v, batch, cr3);
}

/* L1 may write its vvmcs before it is entered: read now, and once. */
static void remember_segments(struct nvmx_batch *batch)
{
    const uint64_t *vvmcs = batch->vvmcs;
    unsigned int i;

#pragma GCC unroll 15
    for ( i = 0; i < NVMX_L1_LOADED; i++ )
        batch->l1[i] =
            ACCESS_ONCE(vvmcs[nvmx_position(nvmx_l1_fields[i].host)]);
}

void nvmx_batch_load_l1(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    struct nvmx_batch_host now;
    unsigned int i;

    if ( !batch || !batch->due )
        return;

    batch->due = false;
    nvmx_batch_host_now(v, &now);
    vmx_vmcs_swap(vcpu_nestedhvm(v).nv_n1vmcx_pa);
    load_own_controls(v, &batch->host01, &now);
    for ( i = 0; i < NVMX_L1_LOADED; i++ )
        __vmwrite(nvmx_l1_fields[i].guest, batch->l1[i]);
    pay(batch);
}

bool nvmx_batch_vmexit(struct vcpu *v, struct cpu_user_regs *regs)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    bool lma = hvm_long_mode_active(v), lma_l1;

    if ( !batch || !batch->entered )
        return false;

    store_fields(v, batch, regs);
    batch->reason = nvmx_batch_get(batch, VM_EXIT_REASON) &
                    (NVMX_BATCH_REASONS - 1);
    batch->l1_ran = false;

    nestedhvm_vcpu_exit_guestmode(v);
    vcpu_nestedhvm(v).nv_vmexit_pending = 0;
    lma_l1 = nvmx_batch_get(batch, VM_EXIT_CONTROLS) & VM_EXIT_IA32E_MODE;
    nvmx_batch_set_lma(v, lma_l1);

    if ( leave_vmcs01(v, batch) )
    {
        remember_segments(batch);
        batch->due = true;
    }
    else
        load_vmcs01(v, batch, lma == lma_l1);

    regs->rip = nvmx_batch_get(batch, HOST_RIP);
    regs->rsp = nvmx_batch_get(batch, HOST_RSP);
    /* VM exit clears all bits except bit 1 */
    regs->rflags = X86_EFLAGS_MBS;

    return true;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
