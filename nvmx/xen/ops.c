/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ops.c - the engine's ways to the world (struct cluster_ops), inside Xen.
 *
 * All of them run with vmcs01 loaded, on the vCPU that exited.
 */
#include <xen/domain_page.h>
#include <xen/softirq.h>

#include <asm/hvm/hvm.h>
#include <asm/hvm/irq.h>
#include <asm/hvm/support.h>
#include <asm/hvm/vmx/vmx.h>
#include <asm/hvm/vmx/vvmx.h>
#include <asm/p2m.h>
#include <asm/paging.h>

#include "internal.h"

static uint32_t walk_flags(enum cluster_access access)
{
    switch ( access )
    {
    case CLUSTER_WRITE:
        return PFEC_page_present | PFEC_write_access;
    case CLUSTER_FETCH:
        return PFEC_page_present | PFEC_insn_fetch;
    case CLUSTER_READ:
        break;
    }

    return PFEC_page_present;
}

/* By a full walk, for what nvmx_xlat_get() does not do. */
static struct page_info *translate_slowly(struct vcpu *v, uint64_t page,
                                          enum cluster_access access)
{
    struct page_info *pg;
    p2m_type_t type;

    if ( access == CLUSTER_WRITE && paging_mode_log_dirty(v->domain) )
        return NULL;

    if ( hvm_translate_get_page(v, page, true, walk_flags(access), NULL, &pg,
                                NULL, &type) != HVMTRANS_okay )
        return NULL;

    if ( nvmx_xlat_type_allows(type, access) )
        return pg;

    put_page(pg);

    return NULL;
}

static void *cf_check ops_translate(void *ctx, uint64_t page,
                                    enum cluster_access access)
{
    struct nvmx_cluster *cluster = ctx;
    struct vcpu *v = current;
    struct page_info *pg;

    if ( cluster->nr_pages == ARRAY_SIZE(cluster->pages) )
        return NULL;

    pg = nvmx_xlat_get(&cluster->xlat, v, page, access);
    if ( !pg )
        pg = translate_slowly(v, page, access);
    if ( !pg )
        return NULL;

    cluster->pages[cluster->nr_pages++] = pg;

    /* An HVM vCPU's domain mappings are the directmap: nothing to unmap. */
    return __map_domain_page(pg);
}

static void cf_check ops_release(void *ctx)
{
    struct nvmx_cluster *cluster = ctx;

    while ( cluster->nr_pages )
        put_page(cluster->pages[--cluster->nr_pages]);
}

static uint64_t cf_check ops_segment_base(void *ctx, enum cluster_segment seg)
{
    unsigned long base = 0;

    switch ( seg )
    {
    case CLUSTER_SEG_FS:
        __vmread(GUEST_FS_BASE, &base);
        break;
    case CLUSTER_SEG_GS:
        __vmread(GUEST_GS_BASE, &base);
        break;
    case CLUSTER_SEG_FLAT:
        break;
    }

    return base;
}

/*
 * A VMREAD or VMWRITE that fails leaves no trace before its error number is
 * stored: declining it hands all of that to the stock path.
 */
static enum cluster_vmx cf_check ops_vmread(void *ctx, uint64_t field,
                                            uint64_t *value)
{
    return get_vvmcs_safe(current, field, value) == VMX_INSN_SUCCEED
           ? CLUSTER_VMX_SUCCEED : CLUSTER_VMX_DECLINE;
}

static enum cluster_vmx cf_check ops_vmwrite(void *ctx, uint64_t field,
                                             uint64_t value)
{
    return nvmx_vmwrite(current, field, value) == VMX_INSN_SUCCEED
           ? CLUSTER_VMX_SUCCEED : CLUSTER_VMX_DECLINE;
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
    .translate = ops_translate,
    .release = ops_release,
    .segment_base = ops_segment_base,
    .vmread = ops_vmread,
    .vmwrite = ops_vmwrite,
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
