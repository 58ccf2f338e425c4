/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch_switch.c - virtual VM entries and exits with what has changed, and no more.
 *
 * Called by virtual_vmentry() and virtual_vmexit() in the order of the stock path; each
 * of these stands for a part of it and says so.
 */
#include <xen/perfc.h>

#include <asm/hvm/support.h>
#include <asm/paging.h>

#include "batch.h"
#include "internal.h"

/* Where the stock path does something for MSRs of L2 that it seldom has to do. */
static bool is_usual(const struct vcpu *v)
{
    return v->arch.hvm.cache_mode != NO_FILL_CACHE_MODE &&
           !(nvmx_batch_get(v, VM_ENTRY_CONTROLS) &
             VM_ENTRY_LOAD_PERF_GLOBAL_CTRL);
}

bool nvmx_batch_begin_entry(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( !batch )
        return false;

    batch->entered = ACCESS_ONCE(nvmx_batch_enabled) && is_usual(v);
    if ( unlikely(!batch->entered) )
    {
        /* All of it will be copied there and back, without a record. */
        nvmx_batch_complete(v);
        nvmx_batch_forget(v);
        return false;
    }

    batch->host01 = nvmx_batch_host_now(v);
    nvmx_batch_save_cr(v, &batch->cr01);

    return true;
}

bool nvmx_batch_entered(const struct vcpu *v)
{
    const struct nvmx_batch *batch = nvmx_batch_of(v);

    return batch && batch->entered;
}

/* What of vmcs02 depends on Xen's own state that is not as it was when L2 was left. */
static uint32_t host_inputs(const struct nvmx_batch_host *was,
                            const struct nvmx_batch_host *is)
{
    uint32_t inputs = 0;

    if ( was->exec_control != is->exec_control )
        inputs |= NVMX_INPUT_CPU;
    if ( was->secondary_exec_control != is->secondary_exec_control )
        inputs |= NVMX_INPUT_SECONDARY;
    if ( was->exception_bitmap != is->exception_bitmap ||
         was->realmode != is->realmode )
        inputs |= NVMX_INPUT_EXCEPTION;
    if ( was->tsc_offset != is->tsc_offset )
        inputs |= NVMX_INPUT_TSC;
    if ( was->p2m_generation != is->p2m_generation )
        inputs |= NVMX_INPUT_APIC_ACCESS | NVMX_INPUT_VIRTUAL_APIC;

    return inputs;
}

/* load_shadow_control(), for those whose inputs have changed. */
static void load_controls(struct vcpu *v, struct nvmx_batch *batch,
                          uint32_t inputs)
{
    if ( inputs & NVMX_INPUT_PIN )
        nvmx_update_pin_control(v, vmx_pin_based_exec_control);
    if ( inputs & NVMX_INPUT_CPU )
        vmx_update_cpu_exec_control(v);     /* and the bitmaps */
    else
        nvmx_batch_merge_bitmaps(v, batch);
    if ( inputs & NVMX_INPUT_SECONDARY )
        vmx_update_secondary_exec_control(v);
    if ( inputs & NVMX_INPUT_EXIT )
        nvmx_update_exit_control(v, vmx_vmexit_control);
    if ( inputs & NVMX_INPUT_ENTRY )
        nvmx_update_entry_control(v);
    if ( inputs & NVMX_INPUT_EXCEPTION )
        vmx_update_exception_bitmap(v);
    if ( inputs & NVMX_INPUT_APIC_ACCESS )
        nvmx_update_apic_access_address(v);
    if ( inputs & NVMX_INPUT_VIRTUAL_APIC )
        nvmx_update_virtual_apic_address(v);
    if ( inputs & NVMX_INPUT_TPR )
        nvmx_update_tpr_threshold(v);
    if ( inputs & NVMX_INPUT_PF )
        nvmx_update_pfec(v);
}

static void copy_word(const struct vcpu *v, unsigned int first, uint64_t word)
{
    const uint64_t *vvmcs = vcpu_nestedhvm(v).nv_vvmcx;

    for ( ; word; word &= word - 1 )
    {
        unsigned int position = first + __builtin_ctzl(word);

        __vmwrite(nvmx_batch_table->encoding[position],
                  ACCESS_ONCE(vvmcs[position]));
    }
}

static void copy_fields(const struct vcpu *v, const struct nvmx_set *copy)
{
    unsigned int i;

    for ( i = 0; i < NVMX_SET_WORDS; i++ )
        if ( copy->word[i] )
            copy_word(v, i * 64, copy->word[i]);
}

/*
 * The processor takes an event once, and Xen may have injected one of its own: so
 * at every entry.  Without an event the other two mean nothing.
 */
static void load_event(const struct vcpu *v)
{
    uint32_t info = nvmx_batch_get(v, VM_ENTRY_INTR_INFO);

    __vmwrite(VM_ENTRY_INTR_INFO, info);
    if ( likely(!(info & INTR_INFO_VALID_MASK)) )
        return;

    __vmwrite(VM_ENTRY_EXCEPTION_ERROR_CODE,
              (uint32_t)nvmx_batch_get(v, VM_ENTRY_EXCEPTION_ERROR_CODE));
    __vmwrite(VM_ENTRY_INSTRUCTION_LEN,
              (uint32_t)nvmx_batch_get(v, VM_ENTRY_INSTRUCTION_LEN));
}

bool nvmx_batch_enter(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    struct nvmx_batch_host host = nvmx_batch_host_now(v);
    struct nvmx_plan_entry plan;
    unsigned int copied;
    bool paging_mode;

    nvmx_plan_entry(&batch->sync, nvmx_batch_table, &plan);
    if ( unlikely(!batch->known) )
        plan.inputs = NVMX_INPUT_ALL;
    else
        plan.inputs |= host_inputs(&batch->host02, &host);

    load_controls(v, batch, plan.inputs);
    copy_fields(v, &plan.copy);
    paging_mode = nvmx_batch_enter_cr(v, batch);
    if ( plan.inputs & NVMX_INPUT_TSC )
        hvm_set_tsc_offset(v, v->arch.hvm.cache_tsc_offset, 0);
    load_event(v);

    batch->known = true;
    copied = nvmx_set_size(&plan.copy);
    nvmx_cluster_trace_batch(v, copied, batch->fetched, plan.inputs);
    batch->fetched = 0;
    nvmx_sync_entered(&batch->sync);
    perfc_incr(nvmx_batch_entries);
    perfc_add(nvmx_batch_written, copied);

    return paging_mode;
}

/* Reading CR3 in L2 does not tell L1; writing it need not either. */
static bool cr3_is_l2s(const struct vcpu *v)
{
    return !(nvmx_batch_get(v, CPU_BASED_VM_EXEC_CONTROL) &
             CPU_BASED_CR3_LOAD_EXITING);
}

/* What sync_exception_state() is going to write must not be fetched later. */
static void want_event(const struct vcpu *v, struct nvmx_set *wanted)
{
    if ( !(vcpu_2_nvmx(v).intr.intr_info & INTR_INFO_VALID_MASK) )
        return;

    nvmx_set_add(wanted, nvmx_position(VM_EXIT_INTR_INFO));
    nvmx_set_add(wanted, nvmx_position(VM_EXIT_INTR_ERROR_CODE));
}

static void fetch_eager(struct vcpu *v, struct nvmx_batch *batch)
{
    struct nvmx_set wanted = batch->sync.eager, plan;

    nvmx_sync_left(&batch->sync, nvmx_batch_table, cr3_is_l2s(v));
    want_event(v, &wanted);
    batch->fetched = nvmx_plan_fetch(&batch->sync, &wanted, &plan);
    nvmx_batch_fetch(v, batch, &plan);
    perfc_add(nvmx_batch_fetched, batch->fetched);
}

/* As sync_vvmcs_ro() has it. */
static void adjust_ept_violation(struct vcpu *v)
{
    const struct nestedvmx *nvmx = &vcpu_2_nvmx(v);

    if ( nvmx_batch_get(v, VM_EXIT_REASON) != EXIT_REASON_EPT_VIOLATION )
        return;

    nvmx_batch_set(v, EXIT_QUALIFICATION, nvmx->ept.exit_qual);
    nvmx_batch_set(v, VM_EXIT_REASON, nvmx->ept.exit_reason);
}

void nvmx_batch_leave(struct vcpu *v, const struct cpu_user_regs *regs)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    fetch_eager(v, batch);
    adjust_ept_violation(v);

    nvmx_batch_set(v, GUEST_RIP, regs->rip);
    nvmx_batch_set(v, GUEST_RSP, regs->rsp);
    if ( v->arch.hvm.vmx.cr4_host_mask != ~0UL )
        nvmx_batch_set(v, GUEST_CR4, v->arch.hvm.guest_cr[4]);

    batch->host02 = nvmx_batch_host_now(v);
    nvmx_batch_save_cr(v, &batch->cr02);
}

/* Xen's own controls, which it may have changed while vmcs01 was not loaded. */
static void load_own_controls(struct vcpu *v,
                              const struct nvmx_batch_host *was)
{
    struct nvmx_batch_host is = nvmx_batch_host_now(v);
    uint32_t inputs = host_inputs(was, &is);

    if ( inputs & NVMX_INPUT_CPU )
        vmx_update_cpu_exec_control(v);
    if ( inputs & NVMX_INPUT_SECONDARY )
        vmx_update_secondary_exec_control(v);
    if ( inputs & NVMX_INPUT_EXCEPTION )
        vmx_update_exception_bitmap(v);
    if ( inputs & NVMX_INPUT_TSC )
        hvm_set_tsc_offset(v, v->arch.hvm.cache_tsc_offset, 0);
}

static void load_segments(const struct vcpu *v)
{
    unsigned int i;

    for ( i = 0; i < NVMX_NR_H2G_FIELDS; i++ )
        __vmwrite(nvmx_h2g_field[i].guest_field,
                  nvmx_batch_get(v, nvmx_h2g_field[i].host_field));
}

bool nvmx_batch_load_host(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    bool paging_mode;

    load_own_controls(v, &batch->host01);
    load_segments(v);
    paging_mode = nvmx_batch_leave_cr(v, batch);
    if ( !paging_mode )
        nvmx_load_host_crs(v);
    nvmx_load_host_msrs(v);
    nvmx_batch_set(v, VM_ENTRY_INTR_INFO, 0);

    return paging_mode;
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
