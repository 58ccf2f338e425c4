/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ops.c - the engine's ways to the world (struct cluster_ops), inside Xen.
 *
 * All of them run with vmcs01 loaded or due (nvmx_batch_load_l1()), on the vCPU
 * that exited, between begin() and end() with the p2m lock of L1's domain held
 * for reading.
 */
#include <xen/perfc.h>
#include <xen/softirq.h>
#include <xen/vmap.h>

#include <asm/hvm/hvm.h>
#include <asm/hvm/irq.h>
#include <asm/hvm/nestedhvm.h>
#include <asm/hvm/vmx/vmx.h>
#include <asm/hvm/vmx/vvmx.h>

#include "batch.h"
#include "internal.h"

/*
 * The poke: whatever comes up for this vCPU while it is here comes by an
 * interrupt of this processor, or from another one.  All of it ends in
 * vcpu_kick(), a posted-interrupt notification, a timer or a tasklet, each of
 * which raises a softirq on this processor.  What the vCPU does to itself, in
 * emulate(), is looked at there.
 */
static bool cf_check ops_begin(void *ctx, struct cluster_world *world,
                               struct cluster_deps *deps)
{
    struct nvmx_cluster *cluster = ctx;
    struct vcpu *v = current;

    world->epoch = nvmx_xlat_begin(&cluster->xlat, v, deps);
    if ( unlikely(!world->epoch) )
        return false;

    world->fs_base = nvmx_batch_l1_get(nvmx_batch_of(v), NVMX_L1_FS_BASE);
    world->gs_base = nvmx_batch_l1_get(nvmx_batch_of(v), NVMX_L1_GS_BASE);
    /* As hvm_get_guest_tsc() has it. */
    world->tsc_counts = !v->domain->arch.vtsc && !hvm_tsc_scaling_supported;
    world->tsc_offset = v->arch.hvm.cache_tsc_offset;
    world->silent = &cluster->silent;
    cluster->silent = 0;
    world->vmcs = nvmx_batch_plain(v);
    world->vmcs_dirty = nvmx_batch_dirty(v);
    world->poke = &softirq_pending(smp_processor_id());
    world->pending = cluster->pending;
    /* Saved at the exit, loaded at the entry: hvm/vmx/entry.S. */
    world->cr2 = &v->arch.hvm.guest_cr[2];

    return true;
}

static void cf_check ops_end(void *ctx)
{
    nvmx_batch_stored(current);
    nvmx_xlat_end(current);
}

static void *cf_check ops_translate(void *ctx, uint64_t page,
                                    enum cluster_access access)
{
    struct nvmx_cluster *cluster = ctx;

    return nvmx_xlat_get(&cluster->xlat, current, page, access);
}

/*
 * The mapping outlives the execution, unused until it is asked for again: any page of
 * the machine is in the directmap as well.  Seldom made: a thread of L1 has one
 * stack, of which two pages at most are in use by a region.
 */
static uint8_t *cf_check ops_adjoin(void *ctx, uint8_t *const page[2])
{
    struct nvmx_cluster *cluster = ctx;
    const mfn_t mfns[2] = {
        _mfn(virt_to_mfn(page[0])), _mfn(virt_to_mfn(page[1])),
    };

    nvmx_cluster_adjoin_free(cluster);
    cluster->adjoined = vmap(mfns, ARRAY_SIZE(mfns));
    perfc_incr(nvmx_cluster_adjoined);

    return cluster->adjoined;
}

void nvmx_cluster_adjoin_free(struct nvmx_cluster *cluster)
{
    if ( cluster->adjoined )
        vunmap(cluster->adjoined);
    cluster->adjoined = NULL;
}

/*
 * With VMCS shadowing Xen may try an access on the shadow VMCS, and where the
 * processor lacks the field, that leaves an error number there which L1's own
 * attempt, without an exit, does not.  Tried on vmcs01, it is where nobody
 * looks; from vmcs02 L1 would get to know it.
 */
bool nvmx_cluster_lacks(uint64_t field)
{
    unsigned long value;

    if ( !cpu_has_vmx_vmcs_shadowing )
        return false;

    if ( unlikely(field >> 32) || !nvmx_batch_is_plain(current, field) )
        nvmx_batch_load_l1(current);

    return vmread_safe(field, &value);
}

/*
 * A VMREAD or VMWRITE that fails leaves no trace before its error number is
 * stored: declining it hands all of that to the stock path.
 */
static enum cluster_vmx cf_check ops_vmread(void *ctx, uint64_t field,
                                            uint64_t *value)
{
    struct nvmx_cluster *cluster = ctx;

    if ( nvmx_cluster_lacks(field) ||
         nvmx_vmread(current, field, value) != VMX_INSN_SUCCEED )
        return CLUSTER_VMX_DECLINE;

    if ( !nvmx_cluster_field_exits(current, field, false) )
        cluster->silent++;

    return CLUSTER_VMX_SUCCEED;
}

static enum cluster_vmx cf_check ops_vmwrite(void *ctx, uint64_t field,
                                             uint64_t value)
{
    struct nvmx_cluster *cluster = ctx;

    if ( nvmx_cluster_lacks(field) ||
         nvmx_vmwrite(current, field, value) != VMX_INSN_SUCCEED )
        return CLUSTER_VMX_DECLINE;

    if ( !nvmx_cluster_field_exits(current, field, true) )
        cluster->silent++;

    return CLUSTER_VMX_SUCCEED;
}

/*
 * See nvmx_vmwrite().  High halves of 64-bit fields are left to it: they are rare,
 * and verify mode does not predict them.
 */
static bool stores_only(uint64_t field)
{
    switch ( field )
    {
    case IO_BITMAP_A:
    case IO_BITMAP_B:
    case MSR_BITMAP:
        return false;
    }

    return !(field & VMCS_HIGH(0));
}

static bool cf_check ops_vmcs_field(void *ctx, uint64_t field,
                                    struct cluster_field *where)
{
    unsigned int offset, width, position;

    if ( !nvmx_vvmcs_field(field, &offset, &width) ||
         !nvmx_batch_is_plain(current, field) )
        return false;

    where->offset = offset;
    where->width = width;
    where->store = stores_only(field);
    where->silent_read = !nvmx_cluster_field_exits(current, field, false);
    where->silent_write = !nvmx_cluster_field_exits(current, field, true);
    position = nvmx_position(field);
    where->dirty_byte = position / 8;
    where->dirty_mask = 1U << (position % 8);
    nvmx_batch_pin(current, field);

    return true;
}

bool nvmx_cluster_event_pending(const struct vcpu *v, uint64_t rflags)
{
    if ( softirq_pending(smp_processor_id()) ||
         v->arch.nmi_pending || v->arch.mce_pending )
        return true;

    /* Whether the TPR would block it is not looked at: yes when in doubt. */
    return (rflags & X86_EFLAGS_IF) &&
           hvm_vcpu_has_pending_irq((struct vcpu *)v).source != hvm_intsrc_none;
}

static bool cf_check ops_event_pending(void *ctx, uint64_t rflags)
{
    return nvmx_cluster_event_pending(current, rflags);
}

const struct cluster_ops nvmx_cluster_ops = {
    .begin = ops_begin,
    .end = ops_end,
    .translate = ops_translate,
    .adjoin = ops_adjoin,
    .vmread = ops_vmread,
    .vmwrite = ops_vmwrite,
    .vmcs_field = ops_vmcs_field,
    .emulate = nvmx_cluster_emulate,
    .event_pending = ops_event_pending,
};

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
