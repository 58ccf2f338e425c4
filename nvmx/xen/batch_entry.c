/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch_entry.c - a virtual VM entry with what has changed, and no more.
 *
 * In the order of virtual_vmentry() and its load_shadow_control() and
 * load_shadow_guest_state(), whose oddities are kept.
 */
#include <xen/perfc.h>

#include <asm/hvm/asid.h>
#include <asm/hvm/nestedhvm.h>
#include <asm/hvm/support.h>
#include <asm/p2m.h>
#include <asm/paging.h>

#include "batch.h"
#include "internal.h"

/*
 * Where the stock path does something for MSRs of L2 that it seldom has to do.
 */
static bool is_usual(const struct vcpu *v, const struct nvmx_batch *batch)
{
    return v->arch.hvm.cache_mode != NO_FILL_CACHE_MODE &&
           !(nvmx_batch_get(batch, VM_ENTRY_CONTROLS) &
             VM_ENTRY_LOAD_PERF_GLOBAL_CTRL);
}

/* The virtual exit before: L1 was entered behind it, or not. */
static void note_spared(struct nvmx_batch *batch)
{
    bool *spared = &batch->l1_spared[batch->reason];

    batch->nr_spared += !batch->l1_ran - *spared;
    *spared = !batch->l1_ran;
}

/*
 * What a region may want to know behind the next virtual exit, where one has
 * spared L1 lately.
 */
static void remember_l1(struct nvmx_batch *batch)
{
    unsigned int i;

    batch->l1_known = batch->nr_spared &&
                      ACCESS_ONCE(nvmx_cluster_mode) != NVMX_CLUSTER_OFF;
    if ( !batch->l1_known )
        return;

    for ( i = NVMX_L1_LOADED; i < NVMX_L1_FIELDS; i++ )
        __vmread(nvmx_l1_fields[i].guest, &batch->l1[i]);
}

/*
 * Is this one to be done here?  vmcs01 is current, or due: then it stays as it
 * was left before, and so does what is known of it.
 */
static bool begin(struct vcpu *v, struct nvmx_batch *batch)
{
    batch->entered = ACCESS_ONCE(nvmx_batch_enabled);
    note_spared(batch);
    if ( batch->due )
        /* Which vmx_intr_assist() would have set, there being no event. */
        batch->owes_tpr = true;
    else if ( likely(batch->entered) )
        remember_l1(batch);

    if ( likely(batch->entered) )
    {
        nvmx_batch_shadow_prepare(v, batch);
        batch->vvmcs = batch->shadow ? batch->shadow->field
                                     : vcpu_nestedhvm(v).nv_vvmcx;
        batch->entered = is_usual(v, batch);
    }
    if ( unlikely(!batch->entered) )
    {
        /* All of it will be copied there and back, without a record. */
        nvmx_batch_load_l1(v);
        nvmx_batch_complete(v);
        nvmx_batch_shadow_release(v, batch);
        nvmx_batch_forget(v);
        return false;
    }

    return true;
}

/* vmcs02 is going to be current.  Returns what its fields depend on. */
static const struct nvmx_batch_host *leave_l1(struct vcpu *v,
                                              struct nvmx_batch *batch,
                                              struct nvmx_batch_host *now)
{
    if ( batch->due )
    {
        nvmx_batch_host_now(v, now);
        batch->due = false;
        perfc_incr(nvmx_batch_without_l1);
        return now;
    }

    nvmx_batch_host_now(v, &batch->host01);
    nvmx_batch_save_cr(v, &batch->cr01);
    vmx_vmcs_swap(vcpu_nestedhvm(v).nv_n2vmcx_pa);

    return &batch->host01;
}

/* Some input has. */
static noinline void load_changed_controls(struct vcpu *v,
                                           struct nvmx_batch *batch,
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

/* load_shadow_control(), for those whose inputs have changed: mostly none. */
static void load_controls(struct vcpu *v, struct nvmx_batch *batch,
                          uint32_t inputs)
{
    const uint32_t of_controls =
        NVMX_INPUT_PIN | NVMX_INPUT_CPU | NVMX_INPUT_SECONDARY |
        NVMX_INPUT_EXIT | NVMX_INPUT_ENTRY | NVMX_INPUT_EXCEPTION |
        NVMX_INPUT_APIC_ACCESS | NVMX_INPUT_VIRTUAL_APIC | NVMX_INPUT_TPR |
        NVMX_INPUT_PF;

    if ( unlikely(inputs & of_controls) )
        load_changed_controls(v, batch, inputs);
    else
        nvmx_batch_merge_bitmaps(v, batch);
}

static unsigned int copy_word(const uint64_t *vvmcs, unsigned int first,
                              uint64_t word)
{
    unsigned int n;

    for ( n = 0; word; word &= word - 1, n++ )
    {
        unsigned int position = first + __builtin_ctzl(word);

        __vmwrite(nvmx_batch_table->encoding[position],
                  ACCESS_ONCE(vvmcs[position]));
    }

    return n;
}

static void copy_fields(const uint64_t *vvmcs, const struct nvmx_set *copy)
{
    unsigned int i, n = 0;

    for ( i = 0; i < NVMX_SET_WORDS; i++ )
        if ( copy->word[i] )
            n += copy_word(vvmcs, i * 64, copy->word[i]);

    perfc_add(nvmx_batch_written, n);
}

/*
 * The processor takes an event once, and Xen may have injected one of its own:
 * so at every entry.  Without an event the other two mean nothing.
 */
static void load_event(const struct nvmx_batch *batch)
{
    uint32_t info = nvmx_batch_get(batch, VM_ENTRY_INTR_INFO);

    __vmwrite(VM_ENTRY_INTR_INFO, info);
    if ( likely(!(info & INTR_INFO_VALID_MASK)) )
        return;

    __vmwrite(VM_ENTRY_EXCEPTION_ERROR_CODE,
              (uint32_t)nvmx_batch_get(batch, VM_ENTRY_EXCEPTION_ERROR_CODE));
    __vmwrite(VM_ENTRY_INSTRUCTION_LEN,
              (uint32_t)nvmx_batch_get(batch, VM_ENTRY_INSTRUCTION_LEN));
}

/*
 * vmcs02 has addresses of pages of L1's without a reference to them, and other
 * vCPUs may change the p2m while L2 runs: what counts is when they were looked up.
 */
static uint32_t changed_addresses(const struct vcpu *v,
                                  struct nvmx_batch *batch)
{
    unsigned long was = batch->p2m_generation;

    batch->p2m_generation = read_atomic(&p2m_get_hostp2m(v->domain)->generation);

    return batch->p2m_generation == was
           ? 0 : NVMX_INPUT_APIC_ACCESS | NVMX_INPUT_VIRTUAL_APIC;
}

/*
 * What nvmx/sync.h calls an entry.  True when Xen's paging mode is L2's as
 * well.
 */
static bool load_fields(struct vcpu *v, struct nvmx_batch *batch,
                        const struct nvmx_batch_host *host)
{
    struct nvmx_plan_entry plan;
    bool paging_mode;

    nvmx_plan_entry(&batch->sync, nvmx_batch_table, &plan);
    plan.inputs |= changed_addresses(v, batch);
    if ( unlikely(!batch->known) )
        plan.inputs = NVMX_INPUT_ALL;
    else
        plan.inputs |= nvmx_batch_host_inputs(&batch->host02, host);

    load_controls(v, batch, plan.inputs);
    copy_fields(batch->vvmcs, &plan.copy);
    paging_mode = nvmx_batch_enter_cr(v, batch);
    if ( plan.inputs & NVMX_INPUT_TSC )
        hvm_set_tsc_offset(v, v->arch.hvm.cache_tsc_offset, 0);
    load_event(batch);

    if ( unlikely(!batch->known) || batch->host02.cr0 != host->cr0 )
        __vmwrite(HOST_CR0, host->cr0);

    batch->known = true;
    nvmx_sync_entered(&batch->sync);
    nvmx_cluster_trace_batch(v, &plan, batch->fetched);
    perfc_incr(nvmx_batch_entries);

    return paging_mode;
}

void nvmx_batch_set_lma(struct vcpu *v, bool lma)
{
    if ( lma )
        v->arch.hvm.guest_efer |= EFER_LMA | EFER_LME;
    else
        v->arch.hvm.guest_efer &= ~(EFER_LMA | EFER_LME);
}

static void load_registers(const struct nvmx_batch *batch,
                           struct cpu_user_regs *regs)
{
    regs->rip = nvmx_batch_get(batch, GUEST_RIP);
    regs->rsp = nvmx_batch_get(batch, GUEST_RSP);
    regs->rflags = nvmx_batch_get(batch, GUEST_RFLAGS);
}

/*
 * Is the nested p2m that this vCPU used last still that of L1's EPT pointer?
 * Asked without its lock: whoever flushes it changes the generation and then
 * interrupts the processors of dirty_cpumask, which makes the EPT pointer
 * stale, as it would after p2m_get_nestedp2m() has let go of the lock.  For
 * that to hold the vCPU stays in dirty_cpumask while L1 runs: see
 * batch_exit.c.
 */
static bool has_nested_p2m(const struct vcpu *v,
                           const struct nvmx_batch *batch,
                           const struct p2m_domain *p2m)
{
    const struct nestedvcpu *nv = &vcpu_nestedhvm(v);
    uint64_t base = nvmx_batch_get(batch, EPT_POINTER) & PAGE_MASK;

    return p2m && !nv->nv_flushp2m &&
           ACCESS_ONCE(p2m->np2m_base) == base &&
           ACCESS_ONCE(p2m->np2m_generation) == nv->np2m_generation &&
           cpumask_test_cpu(v->processor, p2m->dirty_cpumask);
}

static uint64_t eptp(struct vcpu *v, const struct nvmx_batch *batch)
{
    struct p2m_domain *p2m = vcpu_nestedhvm(v).nv_p2m;

    if ( !nestedhvm_paging_mode_hap(v) )
        return nvmx_host_eptp(v);

    return likely(has_nested_p2m(v, batch, p2m)) ? p2m->ept.eptp : nvmx_shadow_eptp(v);
}

static void load_vpid(struct vcpu *v, const struct nvmx_batch *batch)
{
    struct nestedvmx *nvmx = &vcpu_2_nvmx(v);
    uint32_t vpid;

    if ( !cpu_has_vmx_vpid || !(nvmx_batch_get(batch, SECONDARY_VM_EXEC_CONTROL) &
                                SECONDARY_EXEC_ENABLE_VPID) )
        return;

    vpid = nvmx_batch_get(batch, VIRTUAL_PROCESSOR_ID);
    if ( nvmx->guest_vpid == vpid )
        return;

    hvm_asid_flush_vcpu_asid(&vcpu_nestedhvm(v).nv_n2asid);
    nvmx->guest_vpid = vpid;
}

bool nvmx_batch_vmentry(struct vcpu *v, struct cpu_user_regs *regs)
{
    struct nestedvcpu *nvcpu = &vcpu_nestedhvm(v);
    struct nvmx_batch *batch = nvmx_batch_of(v);
    const struct nvmx_batch_host *host;
    struct nvmx_batch_host now;
    bool lma = hvm_long_mode_active(v), lma_l2;

    if ( !batch || !begin(v, batch) )
        return false;

    host = leave_l1(v, batch, &now);
    nestedhvm_vcpu_enter_guestmode(v);
    nvcpu->nv_vmentry_pending = 0;
    nvcpu->nv_vmswitch_in_progress = 1;

    lma_l2 = nvmx_batch_get(batch, VM_ENTRY_CONTROLS) & VM_ENTRY_IA32E_MODE;
    nvmx_batch_set_lma(v, lma_l2);
    if ( !load_fields(v, batch, host) && lma != lma_l2 )
        paging_update_paging_modes(v);

    if ( unlikely(!hvm_long_mode_active(v)) && nvmx_ept_enabled(v) &&
         hvm_pae_enabled(v) )
        nvmx_load_pdptes(v);

    load_registers(batch, regs);
    __vmwrite(EPT_POINTER, eptp(v, batch));
    load_vpid(v, batch);

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
