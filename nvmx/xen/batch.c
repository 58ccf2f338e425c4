/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch.c - which fields of a vvmcs are where, and fetching them from vmcs02.
 *
 * Only without hardware VMCS shadowing so far: there the vvmcs is plain memory.
 */
#include <xen/init.h>
#include <xen/perfc.h>

#include <asm/hvm/nestedhvm.h>
#include <asm/p2m.h>

#include "batch.h"
#include "internal.h"

static struct nvmx_table __ro_after_init table;
const struct nvmx_table *__ro_after_init nvmx_batch_table;

static int __init cf_check init_table(void)
{
    nvmx_table_init(&table);
    nvmx_batch_table = &table;

    return 0;
}
presmp_initcall(init_table);

/* Is read by the virtual exit itself, or copied to Xen's registers at the entry. */
static void pin_what_xen_reads(struct nvmx_batch *batch)
{
    nvmx_sync_pin(&batch->sync, nvmx_position(VM_EXIT_REASON));
    nvmx_sync_pin(&batch->sync, nvmx_position(EXIT_QUALIFICATION));
    nvmx_sync_pin(&batch->sync, nvmx_position(GUEST_RFLAGS));
}

int nvmx_batch_vcpu_initialise(struct vcpu *v)
{
    struct nvmx_batch *batch;

    if ( cpu_has_vmx_vmcs_shadowing )
        return 0;

    batch = xzalloc(struct nvmx_batch);
    if ( !batch )
        return -ENOMEM;

    pin_what_xen_reads(batch);
    vcpu_2_nvmx(v).batch = batch;

    return 0;
}

void nvmx_batch_vcpu_destroy(struct vcpu *v)
{
    XFREE(vcpu_2_nvmx(v).batch);
}

void nvmx_batch_forget(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( !batch )
        return;

    nvmx_sync_start(&batch->sync, nvmx_batch_table);
    batch->known = false;
    batch->cr01.valid = batch->cr02.valid = false;
}

void nvmx_batch_enter_vvmcs(struct vcpu *v)
{
    nvmx_batch_forget(v);
}

/* At a domain's end @v is not current; it was completed when it left its CPU. */
void nvmx_batch_leave_vvmcs(struct vcpu *v)
{
    if ( v == current )
        nvmx_batch_complete(v);
}

/* Whoever looks at a paused domain's memory finds a vvmcs as after a virtual exit. */
void nvmx_batch_ctxt_switch_from(struct vcpu *v)
{
    if ( nestedhvm_enabled(v->domain) && !nestedhvm_vcpu_in_guestmode(v) )
        nvmx_batch_complete(v);
}

/*
 * One word of a set.  A field that this processor does not have stays as it is in
 * the vvmcs: see shadow_to_vvmcs().
 */
static unsigned int fetch_word(uint64_t *vvmcs, unsigned int first,
                               uint64_t word)
{
    unsigned int nr = 0;

    for ( ; word; word &= word - 1, nr++ )
    {
        unsigned int position = first + __builtin_ctzl(word);
        unsigned long value;

        if ( !vmread_safe(nvmx_batch_table->encoding[position], &value) )
            ACCESS_ONCE(vvmcs[position]) = value;
    }

    return nr;
}

unsigned int nvmx_batch_fetch(struct vcpu *v, struct nvmx_batch *batch,
                              const struct nvmx_set *plan)
{
    unsigned int i, nr = 0;

    for ( i = 0; i < NVMX_SET_WORDS; i++ )
        if ( plan->word[i] )
            nr += fetch_word(vcpu_nestedhvm(v).nv_vvmcx, i * 64, plan->word[i]);

    nvmx_sync_fetched(&batch->sync, plan);
    perfc_add(nvmx_batch_fetched, nr);

    return nr;
}

/* vmcs01 is current, and L1 or somebody else wants these. */
static void fetch_late(struct vcpu *v, struct nvmx_batch *batch,
                       const struct nvmx_set *plan)
{
    vmx_vmcs_peek(v, vcpu_nestedhvm(v).nv_n2vmcx_pa);
    batch->fetched += nvmx_batch_fetch(v, batch, plan);
    vmx_vmcs_unpeek(v);

    perfc_incr(nvmx_batch_late);
}

void nvmx_batch_complete(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    struct nvmx_set plan;

    if ( batch && nvmx_plan_complete(&batch->sync, &plan) )
        fetch_late(v, batch, &plan);
}

static void fetch_one(struct vcpu *v, struct nvmx_batch *batch,
                      unsigned int position)
{
    struct nvmx_set wanted = {}, plan;

    nvmx_set_add(&wanted, position);
    if ( nvmx_plan_fetch(&batch->sync, &wanted, &plan) )
        fetch_late(v, batch, &plan);
}

/* While L2 runs, nothing is STALE. */
void nvmx_batch_read(struct vcpu *v, uint32_t encoding)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    unsigned int position = nvmx_position(encoding);

    if ( batch && nvmx_sync_asked(&batch->sync, position) )
        fetch_one(v, batch, position);
}

void nvmx_batch_written(struct vcpu *v, uint32_t encoding)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( batch )
        nvmx_sync_written(&batch->sync, nvmx_position(encoding));
}

void nvmx_batch_pin(struct vcpu *v, uint32_t encoding)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    unsigned int position = nvmx_position(encoding);

    if ( !batch || nvmx_set_has(&batch->sync.eager, position) )
        return;

    nvmx_sync_pin(&batch->sync, position);
    fetch_one(v, batch, position);
}

uint8_t *nvmx_batch_dirty(const struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    return batch ? (uint8_t *)batch->sync.dirty.word : NULL;
}

uint32_t nvmx_batch_host_inputs(const struct nvmx_batch_host *was,
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

struct nvmx_batch_host nvmx_batch_host_now(const struct vcpu *v)
{
    const struct vmx_vcpu *vmx = &v->arch.hvm.vmx;

    return (struct nvmx_batch_host){
        .exec_control = vmx->exec_control,
        .secondary_exec_control = vmx->secondary_exec_control,
        .exception_bitmap = vmx->exception_bitmap,
        .realmode = vmx->vmx_realmode,
        .cr0 = vmx->host_cr0,
        .tsc_offset = v->arch.hvm.cache_tsc_offset,
        .p2m_generation = p2m_get_hostp2m(v->domain)->generation,
    };
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
