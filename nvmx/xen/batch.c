/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch.c - which fields of a vvmcs are where, and fetching them from vmcs02.
 */
#include <xen/domain_page.h>
#include <xen/init.h>
#include <xen/perfc.h>

#include <asm/hvm/nestedhvm.h>

#include "batch.h"
#include "internal.h"

static struct nvmx_table __ro_after_init table;
const struct nvmx_table *__ro_after_init nvmx_batch_table;

static int __init cf_check init_table(void)
{
    unsigned int i;

    nvmx_table_init(&table);
    BUG_ON(nvmx_nr_fields > NVMX_BATCH_LIST);
    nvmx_batch_table = &table;

    BUILD_BUG_ON(NVMX_L1_LOADED != NVMX_NR_H2G_FIELDS);
    for ( i = 0; i < NVMX_NR_H2G_FIELDS; i++ )
        BUG_ON(nvmx_l1_fields[i].guest != nvmx_h2g_field[i].guest_field ||
               nvmx_l1_fields[i].host != nvmx_h2g_field[i].host_field);

    return 0;
}
presmp_initcall(init_table);

/*
 * Is read by the virtual exit itself, or copied to Xen's registers at the
 * entry.
 */
static void pin_what_xen_reads(struct nvmx_batch *batch)
{
    nvmx_sync_pin(&batch->sync, nvmx_position(VM_EXIT_REASON));
    nvmx_sync_pin(&batch->sync, nvmx_position(EXIT_QUALIFICATION));
    nvmx_sync_pin(&batch->sync, nvmx_position(GUEST_RFLAGS));
}

int nvmx_batch_vcpu_initialise(struct vcpu *v)
{
    struct nvmx_batch *batch;

    batch = xzalloc(struct nvmx_batch);
    if ( !batch )
        return -ENOMEM;

    pin_what_xen_reads(batch);
    vcpu_2_nvmx(v).batch = batch;

    return cpu_has_vmx_vmcs_shadowing ? nvmx_batch_shadow_initialise(batch) : 0;
}

bool nvmx_batch_l1_is_due(const struct vcpu *v)
{
    const struct nvmx_batch *batch = nvmx_batch_of(v);

    return batch && batch->due;
}

void nvmx_batch_vcpu_destroy(struct vcpu *v)
{
    if ( nvmx_batch_of(v) )
        xfree(nvmx_batch_of(v)->shadow);
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
    struct nvmx_batch *batch = nvmx_batch_of(v);

    nvmx_batch_forget(v);
    if ( batch )
        nvmx_batch_shadow_release(v, batch);
}

/*
 * At a domain's end @v is not current; it was completed when it left its CPU.
 */
void nvmx_batch_leave_vvmcs(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( v == current )
        nvmx_batch_complete(v);
    if ( !batch )
        return;

    nvmx_batch_shadow_release(v, batch);
    batch->vvmcs = NULL;
}

/*
 * Whoever looks at a paused domain's memory finds a vvmcs as after a virtual
 * exit. While L2 runs, what is STALE is on its way to something else anyway.
 */
void nvmx_batch_ctxt_switch_from(struct vcpu *v)
{
    struct nvmx_batch *batch;

    if ( !nestedhvm_enabled(v->domain) )
        return;

    batch = nvmx_batch_of(v);
    if ( !nestedhvm_vcpu_in_guestmode(v) )
        nvmx_batch_complete(v);
    else if ( batch )
        nvmx_batch_shadow_complete(v, batch);
}

/*
 * One word of a set.  A field that this processor does not have stays as it is
 * in the vvmcs: see shadow_to_vvmcs().
 */
static unsigned int fetch_word(struct nvmx_batch *batch, unsigned int first,
                               uint64_t word)
{
    unsigned int nr = 0;

    for ( ; word; word &= word - 1, nr++ )
    {
        unsigned int position = first + __builtin_ctzl(word);
        unsigned long value;

        if ( !vmread_safe(nvmx_batch_table->encoding[position], &value) )
            nvmx_batch_set_at(batch->shadow, batch->vvmcs, position, value);
    }

    return nr;
}

unsigned int nvmx_batch_fetch(struct nvmx_batch *batch,
                              const struct nvmx_set *plan)
{
    unsigned int i, nr = 0;

    for ( i = 0; i < NVMX_SET_WORDS; i++ )
        if ( plan->word[i] )
            nr += fetch_word(batch, i * 64, plan->word[i]);

    nvmx_sync_fetched(&batch->sync, plan);
    perfc_add(nvmx_batch_fetched, nr);

    return nr;
}

/* Fields that this processor does not have are no longer asked for. */
static void list_eager(struct nvmx_batch *batch)
{
    unsigned int p;
    unsigned long value;

    batch->sync.eager_changed = false;
    batch->eager.nr = 0;
    for ( p = 0; p < NVMX_POSITIONS; p++ )
        if ( nvmx_set_has(&batch->sync.eager, p) &&
             nvmx_set_has(&nvmx_batch_table->hardware, p) &&
             !vmread_safe(nvmx_batch_table->encoding[p], &value) )
            nvmx_batch_list_add(&batch->eager, nvmx_batch_table->encoding[p],
                                p);
}

/*
 * Once for each kind, with all in registers: this is a good part of an exit.
 * With VMCS shadowing what L1 reads from the shadow VMCS is noted.
 */
static always_inline void fetch_list(const struct nvmx_batch_list *list,
                                     struct nvmx_batch_shadow *shadow,
                                     uint64_t *vvmcs)
{
    unsigned long value;
    unsigned int i;

    for ( i = 0; i < list->nr; i++ )
    {
        __vmread(list->field[i].encoding, &value);
        nvmx_batch_set_at(shadow, vvmcs, list->field[i].position, value);
    }
}

unsigned int nvmx_batch_fetch_eager(struct nvmx_batch *batch)
{
    if ( unlikely(batch->sync.eager_changed) )
        list_eager(batch);

    if ( batch->shadow )
        fetch_list(&batch->eager, batch->shadow, batch->vvmcs);
    else
        fetch_list(&batch->eager, NULL, batch->vvmcs);

    perfc_add(nvmx_batch_fetched, batch->eager.nr);

    return batch->eager.nr;
}

/* L1 or somebody else wants these, and vmcs01 is current, or due. */
static void fetch_late(struct vcpu *v, struct nvmx_batch *batch,
                       const struct nvmx_set *plan)
{
    if ( batch->due )
    {
        batch->fetched += nvmx_batch_fetch(batch, plan);
        return;
    }

    vmx_vmcs_peek(v, vcpu_nestedhvm(v).nv_n2vmcx_pa);
    batch->fetched += nvmx_batch_fetch(batch, plan);
    vmx_vmcs_unpeek(v);

    perfc_incr(nvmx_batch_late);
}

void nvmx_batch_complete(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    struct nvmx_set plan;

    if ( !batch )
        return;

    nvmx_batch_stored(v);       /* an execution may be going on */
    if ( nvmx_plan_complete(&batch->sync, &plan) )
        fetch_late(v, batch, &plan);
    nvmx_batch_shadow_complete(v, batch);
}

static void fetch_one(struct vcpu *v, struct nvmx_batch *batch,
                      unsigned int position)
{
    struct nvmx_set plan = {};

    if ( !nvmx_set_has(&batch->sync.stale, position) )
        return;

    nvmx_set_add(&plan, position);
    fetch_late(v, batch, &plan);
}

/* While L2 runs, nothing is STALE. */
void nvmx_batch_read(struct vcpu *v, uint32_t encoding)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    unsigned int position = nvmx_position(encoding);

    if ( !batch )
        return;

    if ( nvmx_sync_asked(&batch->sync, position) )
        fetch_one(v, batch, position);
    nvmx_batch_shadow_exited(v, batch, encoding, NVMX_READ);
}

/* Of some fields only one half is. */
void nvmx_batch_write(struct vcpu *v, uint32_t encoding)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( !batch )
        return;

    fetch_one(v, batch, nvmx_position(encoding));
    nvmx_batch_shadow_exited(v, batch, encoding, NVMX_WRITE);
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

    if ( !batch || nvmx_set_has(&batch->sync.pinned, position) )
        return;

    nvmx_sync_pin(&batch->sync, position);
    fetch_one(v, batch, position);
}

uint8_t *nvmx_batch_plain(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);

    if ( !vvmcx_valid(v) )
        return NULL;

    /* Where L1's own accesses find it: a debug build has it mapped elsewhere. */
    if ( !cpu_has_vmx_vmcs_shadowing )
        return mfn_to_virt(mfn_x(domain_page_map_to_mfn(
                           vcpu_nestedhvm(v).nv_vvmcx)));

    return batch && nvmx_batch_shadow_gather(v, batch)
           ? (uint8_t *)batch->shadow->field : NULL;
}

/*
 * With VMCS shadowing L0's own record is kept apart: see nvmx_batch_stored().
 */
uint8_t *nvmx_batch_dirty(const struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    struct nvmx_set *set;

    if ( !batch )
        return NULL;

    set = batch->shadow ? &batch->shadow->stored : &batch->sync.dirty;

    return (uint8_t *)set->word;
}

void nvmx_batch_stored(struct vcpu *v)
{
    struct nvmx_batch *batch = nvmx_batch_of(v);
    unsigned int i;
    uint64_t word;

    if ( !batch || !batch->shadow )
        return;

    for ( i = 0; i < NVMX_SET_WORDS; i++ )
        for ( word = batch->shadow->stored.word[i]; word; word &= word - 1 )
        {
            unsigned int position = i * 64 + __builtin_ctzl(word);

            nvmx_sync_written(&batch->sync, position);
            nvmx_hot_changed(&batch->shadow->hot, position);
        }

    batch->shadow->stored = (struct nvmx_set){};
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

    return inputs;
}

void nvmx_batch_host_now(const struct vcpu *v, struct nvmx_batch_host *now)
{
    const struct vmx_vcpu *vmx = &v->arch.hvm.vmx;

    now->exec_control = vmx->exec_control;
    now->secondary_exec_control = vmx->secondary_exec_control;
    now->exception_bitmap = vmx->exception_bitmap;
    now->realmode = vmx->vmx_realmode;
    now->cr0 = vmx->host_cr0;
    now->tsc_offset = v->arch.hvm.cache_tsc_offset;
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
