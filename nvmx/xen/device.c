/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device.c - L1's accesses to devices that Xen itself stands for: exits that Xen
 * emulates, and the MOVs among them in regions.
 *
 * These devices only: whatever is done to one of their registers is done at
 * once, cannot fail, and needs no device model.
 */
#include <xen/perfc.h>

#include <asm/hvm/io.h>
#include <asm/hvm/vioapic.h>
#include <asm/hvm/vlapic.h>
#include <asm/hvm/vmx/vmx.h>

#include "internal.h"

/* See hvm/hpet.c. */
#define HPET_ADDRESS 0xfed00000UL
#define HPET_SIZE    1024

#define REGISTER_BYTES 4

/* Bits 15:12 of the exit qualification (SDM vol. 3, APIC accesses). */
#define APIC_ACCESS_TYPE(qualification) (((qualification) >> 12) & 0xf)
#define APIC_ACCESS_READ  0
#define APIC_ACCESS_WRITE 1

static bool is_local_apic(const struct vcpu *v, paddr_t gpa)
{
    const struct vlapic *vlapic = vcpu_vlapic(v);

    return has_vlapic(v->domain) && vlapic_xapic_mode(vlapic) &&
           (gpa & PAGE_MASK) == vlapic_base_address(vlapic);
}

static bool is_io_apic(const struct domain *d, paddr_t gpa)
{
    unsigned int i;

    for ( i = 0; has_vioapic(d) && i < d->arch.hvm.nr_vioapics; i++ )
        if ( gpa - domain_vioapic(d, i)->base_address < VIOAPIC_MEM_LENGTH )
            return true;

    return false;
}

static bool is_device(const struct vcpu *v, paddr_t gpa)
{
    return is_local_apic(v, gpa) || is_io_apic(v->domain, gpa) ||
           (has_vhpet(v->domain) && gpa - HPET_ADDRESS < HPET_SIZE);
}

bool nvmx_device_is_exit(const struct vcpu *v, unsigned int exit_reason)
{
    unsigned long info, qualification, gpa;

    /* The access may be that of an event's delivery, and not an instruction's. */
    __vmread(IDT_VECTORING_INFO, &info);
    if ( info & INTR_INFO_VALID_MASK )
        return false;

    if ( exit_reason == EXIT_REASON_APIC_ACCESS )
    {
        __vmread(EXIT_QUALIFICATION, &qualification);

        return APIC_ACCESS_TYPE(qualification) <= APIC_ACCESS_WRITE;
    }

    __vmread(GUEST_PHYSICAL_ADDRESS, &gpa);

    return is_device(v, gpa);
}

/*
 * Of the page that the processor knows as the local APIC's it may do accesses
 * without an exit, or with one behind the instruction.  Which depends on the
 * register: with virtualised registers nothing is decided here.
 */
static bool hardware_does(const struct vcpu *v, unsigned int offset)
{
    if ( v->arch.hvm.vmx.secondary_exec_control &
         (SECONDARY_EXEC_APIC_REGISTER_VIRT |
          SECONDARY_EXEC_VIRTUAL_INTR_DELIVERY) )
        return true;

    return (v->arch.hvm.vmx.exec_control & CPU_BASED_TPR_SHADOW) &&
           offset == APIC_TASKPRI;
}

/*
 * Does L1 exit by an access to @place, where a device is?  By EPT violation
 * where nothing is mapped, by APIC access to the page that Xen maps for that.
 */
static bool exits(const struct vcpu *v, const struct nvmx_place *place)
{
    if ( place->type == p2m_mmio_dm )
        return true;

    return place->type == p2m_mmio_direct && is_local_apic(v, place->gpa) &&
           mfn_eq(place->mfn, v->domain->arch.hvm.vmx.apic_access_mfn) &&
           (v->arch.hvm.vmx.secondary_exec_control &
            SECONDARY_EXEC_VIRTUALIZE_APIC_ACCESSES) &&
           !hardware_does(v, place->gpa & ~PAGE_MASK);
}

/*
 * Accesses other than to the whole of a register are left to the stock path,
 * which has its own ideas of some (vmx_handle_eoi_write()).
 */
static bool is_register(paddr_t gpa, unsigned int width)
{
    return width == REGISTER_BYTES && !(gpa % REGISTER_BYTES);
}

/*
 * What the exit leads to is the one access that the instruction makes, by the
 * handler that is asked here (hvmemul_do_io()); a MOV has no other effect.
 */
enum cluster_emulated nvmx_device_mov(struct nvmx_cluster *cluster,
                                      const struct cluster_regs *regs,
                                      struct cluster_operands *operands)
{
    struct vcpu *v = current;
    ioreq_t p = {
        .type = IOREQ_TYPE_COPY,
        .dir = operands->write ? IOREQ_WRITE : IOREQ_READ,
        .size = operands->width,
        .count = 1,
        .data = operands->write ? operands->reg : 0,
        .state = STATE_IOREQ_READY,
    };
    struct nvmx_place place;
    bool same;
    int rc;

    if ( !nvmx_xlat_locate(&cluster->xlat, v, operands->address,
                           operands->write ? CLUSTER_WRITE : CLUSTER_READ,
                           &place) ||
         !is_device(v, place.gpa) ||
         !is_register(place.gpa, operands->width) || !exits(v, &place) )
        return CLUSTER_EMULATE_DECLINE;

    /* The handler needs vmcs01. */
    p.addr = place.gpa;
    nvmx_cluster_store_regs(guest_cpu_user_regs(), regs);
    nvmx_xlat_unlock(v);
    rc = hvm_io_intercept(&p);
    same = nvmx_xlat_relock(&cluster->xlat, v);
    if ( rc != X86EMUL_OKAY )
    {
        ASSERT_UNREACHABLE();
        return CLUSTER_EMULATE_DECLINE;
    }

    perfc_incr(nvmx_cluster_weak);
    operands->result = p.data;

    return same ? CLUSTER_EMULATED : CLUSTER_EMULATED_STOP;
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
