/* SPDX-License-Identifier: GPL-2.0-only */
/* exits.c - which instructions L1 exits by at all, on this processor. */
#include <xen/domain_page.h>

#include <asm/hvm/vmx/vmx.h>
#include <asm/hvm/vmx/vvmx.h>

#include "internal.h"

/* With VMCS shadowing L1 exits only for the fields that the bitmap has. */
bool nvmx_cluster_field_exits(const struct vcpu *v, uint64_t field, bool write)
{
    struct page_info *bitmap = write ? v->arch.hvm.vmx.vmwrite_bitmap
                                     : v->arch.hvm.vmx.vmread_bitmap;
    const unsigned long *bits;

    if ( !bitmap || !(v->arch.hvm.vmx.secondary_exec_control &
                      SECONDARY_EXEC_ENABLE_VMCS_SHADOWING) ||
         (field & ~0x7fffUL) )
        return true;

    /* On the directmap: nothing to unmap. */
    bits = __map_domain_page(bitmap);

    return test_bit(field, bits);
}

bool nvmx_cluster_msr_exits(const struct vcpu *v, uint32_t msr, bool write)
{
    return !cpu_has_vmx_msr_bitmap ||
           vmx_msr_is_intercepted(v->arch.hvm.vmx.msr_bitmap, msr, write);
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
