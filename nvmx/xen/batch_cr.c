/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * batch_cr.c - control registers at virtual entries and exits.
 *
 * hvm_set_cr0() and its kin compute what a VMCS and Xen's own state have to
 * be, of the values that the guest gets.  Where these are what they were when
 * the same VMCS was left, and nothing was written to it since, the VMCS is
 * right as it is, and Xen's state is put back from a copy made at that time.
 */
#include <xen/sched.h>

#include <asm/hvm/asid.h>
#include <asm/hvm/support.h>
#include <asm/monitor.h>
#include <asm/paging.h>

#include "batch.h"

void nvmx_batch_save_cr(const struct vcpu *v, struct nvmx_batch_cr *cr)
{
    const struct hvm_vcpu *hvm = &v->arch.hvm;

    *cr = (struct nvmx_batch_cr){
        .valid = true,
        .lma = hvm_long_mode_active(v),
        .guest_cr0 = hvm->guest_cr[0],
        .guest_cr3 = hvm->guest_cr[3],
        .guest_cr4 = hvm->guest_cr[4],
        .hw_cr0 = hvm->hw_cr[0],
        .hw_cr3 = hvm->hw_cr[3],
        .hw_cr4 = hvm->hw_cr[4],
        .nested_cr0 = hvm->nvcpu.guest_cr[0],
        .nested_cr4 = hvm->nvcpu.guest_cr[4],
        .cr4_host_mask = hvm->vmx.cr4_host_mask,
        .mode = v->arch.paging.mode,
    };
}

/*
 * Modes in which CR0 means nothing else than itself.  With TS set, be it by
 * Xen for the sake of a lazy FPU, a switch is more than a switch: see
 * vmx_update_guest_cr().
 */
static bool plain_cr0(unsigned long cr0)
{
    return (cr0 & (X86_CR0_PE | X86_CR0_PG)) == (X86_CR0_PE | X86_CR0_PG) &&
           !(cr0 & (X86_CR0_TS | X86_CR0_CD));
}

bool nvmx_batch_restore_cr(struct vcpu *v, const struct nvmx_batch_cr *cr)
{
    struct hvm_vcpu *hvm = &v->arch.hvm;

    if ( !cr->valid || cr->lma != hvm_long_mode_active(v) ||
         !plain_cr0(cr->hw_cr0) || !plain_cr0(hvm->hw_cr[0]) ||
         hvm->vmx.vmx_realmode || hvm->cache_mode == NO_FILL_CACHE_MODE ||
         v->domain->arch.monitor.write_ctrlreg_enabled )
        return false;

    hvm->guest_cr[0] = cr->guest_cr0;
    hvm->guest_cr[3] = cr->guest_cr3;
    hvm->guest_cr[4] = cr->guest_cr4;
    hvm->hw_cr[0] = cr->hw_cr0;
    hvm->hw_cr[3] = cr->hw_cr3;
    hvm->hw_cr[4] = cr->hw_cr4;
    hvm->nvcpu.guest_cr[0] = cr->nested_cr0;
    hvm->nvcpu.guest_cr[4] = cr->nested_cr4;
    hvm->vmx.cr4_host_mask = cr->cr4_host_mask;
    v->arch.paging.mode = cr->mode;

    return true;
}

static void set_cr3(struct vcpu *v, uint64_t cr3)
{
    if ( hvm_set_cr3(cr3, false, true) == X86EMUL_EXCEPTION )
        hvm_inject_hw_exception(X86_EXC_GP, 0);
}

/*
 * Without VPID a VM entry and a VM exit invalidate L1's and L2's translations
 * (SDM vol. 3, "VMX transitions"), and with it they do not.  The stock path
 * does it always, with each CR3.
 */
static void flush_unless_tagged(struct vcpu *v,
                                const struct nvmx_batch *batch)
{
    uint32_t primary = nvmx_batch_get(batch, CPU_BASED_VM_EXEC_CONTROL);
    uint32_t secondary = nvmx_batch_get(batch, SECONDARY_VM_EXEC_CONTROL);

    if ( !(primary & CPU_BASED_ACTIVATE_SECONDARY_CONTROLS) ||
         !(secondary & SECONDARY_EXEC_ENABLE_VPID) )
        hvm_asid_flush_vcpu(v);
}

static struct nvmx_batch_cr_inputs inputs_now(const struct nvmx_batch *batch)
{
    return (struct nvmx_batch_cr_inputs){
        .cr0 = nvmx_batch_get(batch, GUEST_CR0),
        .cr4 = nvmx_batch_get(batch, GUEST_CR4),
        .mask0 = nvmx_batch_get(batch, CR0_GUEST_HOST_MASK),
        .mask4 = nvmx_batch_get(batch, CR4_GUEST_HOST_MASK),
        .shadow0 = nvmx_batch_get(batch, CR0_READ_SHADOW),
        .shadow4 = nvmx_batch_get(batch, CR4_READ_SHADOW),
    };
}

static bool same_inputs(const struct nvmx_batch_cr_inputs *a,
                        const struct nvmx_batch_cr_inputs *b)
{
    return !((a->cr0 ^ b->cr0) | (a->cr4 ^ b->cr4) |
             (a->mask0 ^ b->mask0) | (a->mask4 ^ b->mask4) |
             (a->shadow0 ^ b->shadow0) | (a->shadow4 ^ b->shadow4));
}

/* L2 has not made them anything else than what the entry had made them. */
static bool left_as_entered(const struct nvmx_batch *batch)
{
    const struct nvmx_batch_cr *left = &batch->cr02;

    return !((left->guest_cr0 ^ batch->entered_cr0) |
             (left->guest_cr4 ^ batch->entered_cr4) |
             (left->nested_cr0 ^ batch->entered_nested_cr0) |
             (left->nested_cr4 ^ batch->entered_nested_cr4));
}

static void remember_entered(const struct vcpu *v, struct nvmx_batch *batch)
{
    batch->entered_cr0 = v->arch.hvm.guest_cr[0];
    batch->entered_cr4 = v->arch.hvm.guest_cr[4];
    batch->entered_nested_cr0 = v->arch.hvm.nvcpu.guest_cr[0];
    batch->entered_nested_cr4 = v->arch.hvm.nvcpu.guest_cr[4];
}

bool nvmx_batch_enter_cr(struct vcpu *v, struct nvmx_batch *batch)
{
    struct nvmx_batch_cr_inputs now = inputs_now(batch);
    unsigned int cr3 = nvmx_position(GUEST_CR3);

    if ( same_inputs(&now, &batch->inputs) && left_as_entered(batch) &&
         nvmx_batch_restore_cr(v, &batch->cr02) )
    {
        if ( nvmx_set_has(&batch->sync.dirty, cr3) )
            set_cr3(v, nvmx_batch_get(batch, GUEST_CR3));
        else
            flush_unless_tagged(v, batch);
        return true;
    }

    /* CR3 among them, which vmcs02 may have alone. */
    if ( nvmx_set_has(&batch->sync.stale, cr3) )
    {
        struct nvmx_set plan = {};

        nvmx_set_add(&plan, cr3);
        nvmx_batch_fetch(batch, &plan);
    }
    nvmx_load_shadow_crs(v);
    batch->inputs = now;
    remember_entered(v, batch);

    return false;
}

bool nvmx_batch_leave_cr(struct vcpu *v, struct nvmx_batch *batch,
                         uint64_t cr3)
{
    if ( nvmx_batch_get(batch, HOST_CR0) != batch->cr01.guest_cr0 ||
         nvmx_batch_get(batch, HOST_CR4) != batch->cr01.guest_cr4 ||
         !nvmx_batch_restore_cr(v, &batch->cr01) )
        return false;

    if ( cr3 != v->arch.hvm.guest_cr[3] )
        set_cr3(v, cr3);
    else
        flush_unless_tagged(v, batch);

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
