/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emulate.c - instructions that the engine has Xen's own handlers carry out.
 *
 * What is done here is what the exit of the same instruction leads to
 * (vmx_vmexit_handler()), or, for an instruction that has no exit, what
 * hardware does.  Whatever would inject a fault is declined before it has any
 * effect.
 *
 * vmcs01 may be due: what is not listed in needs_no_vmcs01() has it loaded
 * first.
 *
 * Runs under the p2m lock, held for reading.  A handler that may take that
 * lock, or one that is elsewhere held around it, is called without it.
 */
#include <xen/trace.h>

#include <asm/hvm/hvm.h>
#include <asm/hvm/support.h>
#include <asm/hvm/vmx/vmx.h>
#include <asm/hvm/vmx/vvmx.h>
#include <asm/msr.h>

#include "batch.h"
#include "internal.h"

static uint64_t edx_eax(const struct cluster_regs *regs)
{
    return (regs->gpr[CLUSTER_RDX] << 32) | (uint32_t)regs->gpr[CLUSTER_RAX];
}

static void set_edx_eax(struct cluster_regs *regs, uint64_t value)
{
    regs->gpr[CLUSTER_RAX] = (uint32_t)value;
    regs->gpr[CLUSTER_RDX] = value >> 32;
}

static uint64_t l1_get(enum nvmx_l1 field)
{
    return nvmx_batch_l1_get(nvmx_batch_of(current), field);
}

/*
 * Handlers and instructions that neither read nor write a VMCS, nor cause an
 * event, whatever their operands; and what is known of vmcs01 without it.
 */
static bool needs_no_vmcs01(enum cluster_op op,
                            const struct cluster_regs *regs)
{
    enum nvmx_l1 field;

    switch ( op )
    {
    case CLUSTER_OP_RDMSR:
        return nvmx_l1_msr(regs->gpr[CLUSTER_RCX], &field);

    case CLUSTER_OP_RDTSC:
    case CLUSTER_OP_RDTSCP:
    case CLUSTER_OP_VERW:
    case CLUSTER_OP_INVVPID:
        return true;

    default:
        return false;
    }
}

/* hvm_msr_read_intercept() for what needs_no_vmcs01(). */
static uint64_t read_known_msr(uint32_t msr)
{
    enum nvmx_l1 field;
    uint64_t value;

    if ( !nvmx_l1_msr(msr, &field) )
    {
        ASSERT_UNREACHABLE();
        return 0;
    }

    value = l1_get(field);
    TRACE(TRC_HVM_MSR_READ, msr, value, value >> 32);

    return value;
}

/* Reading an MSR has no effect, and faults by EXCEPTION. */
static enum cluster_emulated do_rdmsr(struct nvmx_cluster *cluster,
                                      struct cluster_regs *regs)
{
    uint32_t msr = regs->gpr[CLUSTER_RCX];
    uint64_t value = 0;

    if ( nvmx_batch_l1_is_due(current) )
        value = read_known_msr(msr);
    else if ( hvm_msr_read_intercept(msr, &value) != X86EMUL_OKAY )
        return CLUSTER_EMULATE_DECLINE;

    if ( !nvmx_cluster_msr_exits(current, msr, false) )
        cluster->silent++;
    set_edx_eax(regs, value);

    return CLUSTER_EMULATED;
}

/*
 * MSRs that guest hypervisors write between an exit and the next VM entry.  For
 * each of them hvm_msr_write_intercept() answers EXCEPTION before it changes
 * anything.  Not here is what changes the mode of execution or the way memory
 * is accessed (EFER, APIC_BASE, PAT, MTRRs), and what is rare.
 */
static bool may_write_msr(uint32_t msr)
{
    switch ( msr )
    {
    case MSR_X2APIC_FIRST ... MSR_X2APIC_LAST:
    case MSR_IA32_TSC:
    case MSR_IA32_TSC_ADJUST:
    case MSR_IA32_TSC_DEADLINE:
    case MSR_TSC_AUX:
    case MSR_SPEC_CTRL:
    case MSR_PRED_CMD:
    case MSR_FLUSH_CMD:
    case MSR_IA32_DEBUGCTLMSR:
    case MSR_IA32_SYSENTER_CS:
    case MSR_IA32_SYSENTER_ESP:
    case MSR_IA32_SYSENTER_EIP:
    case MSR_STAR:
    case MSR_LSTAR:
    case MSR_CSTAR:
    case MSR_SYSCALL_MASK:
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_SHADOW_GS_BASE:
    case MSR_IA32_XSS:
        return true;
    }

    return false;
}

/* Writes of the virtual APIC that do not exit do more than the handler. */
static bool hardware_does_apic(const struct vcpu *v, uint32_t msr)
{
    return msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST &&
           !nvmx_cluster_msr_exits(v, msr, true);
}

/* What struct cluster_world has a copy of: the segments' bases, and the TSC's offset. */
static bool is_in_world(uint32_t msr)
{
    switch ( msr )
    {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_IA32_TSC:
    case MSR_IA32_TSC_ADJUST:
        return true;
    }

    return false;
}

/*
 * The write may have made an event deliverable (an interrupt to oneself, the
 * end of another, a deadline): nobody pokes a vCPU for what it does to itself.
 */
static enum cluster_emulated do_wrmsr(struct nvmx_cluster *cluster,
                                   struct cluster_regs *regs)
{
    struct vcpu *v = current;
    uint32_t msr = regs->gpr[CLUSTER_RCX];
    bool same;
    int rc;

    if ( !may_write_msr(msr) || hardware_does_apic(v, msr) )
        return CLUSTER_EMULATE_DECLINE;

    nvmx_cluster_store_regs(guest_cpu_user_regs(), regs);
    nvmx_xlat_unlock(v);
    rc = hvm_msr_write_intercept(msr, edx_eax(regs), true);
    same = nvmx_xlat_relock(&cluster->xlat, v);
    if ( rc != X86EMUL_OKAY )
        return CLUSTER_EMULATE_DECLINE;

    if ( !nvmx_cluster_msr_exits(v, msr, true) )
        cluster->silent++;

    return same && !is_in_world(msr) ? CLUSTER_EMULATED
                                         : CLUSTER_EMULATED_STOP;
}

/* At CPL 0 there is no CPUID faulting, and nobody watches: see watched(). */
static enum cluster_emulated do_cpuid(struct cluster_regs *regs)
{
    struct cpu_user_regs *guest = guest_cpu_user_regs();

    nvmx_cluster_store_regs(guest, regs);
    if ( hvm_vmexit_cpuid(guest, 2) )
        return CLUSTER_EMULATE_DECLINE;

    regs->gpr[CLUSTER_RAX] = guest->rax;
    regs->gpr[CLUSTER_RBX] = guest->rbx;
    regs->gpr[CLUSTER_RCX] = guest->rcx;
    regs->gpr[CLUSTER_RDX] = guest->rdx;

    return CLUSTER_EMULATED;
}

/*
 * hvm_get_guest_tsc() is what RDTSC gives in either case: with an exit
 * (vmx_vmexit_handler()) and without, since cache_tsc_offset is what the VMCS
 * has.  RDTSCP waits for the loads before it.
 */
static enum cluster_emulated do_rdtsc(struct cluster_regs *regs, bool rdtscp)
{
    struct vcpu *v = current;

    if ( rdtscp )
    {
        if ( !v->domain->arch.cpuid->extd.rdtscp )
            return CLUSTER_EMULATE_DECLINE;
        regs->gpr[CLUSTER_RCX] = v->arch.msrs->tsc_aux;
        asm volatile ( "lfence" ::: "memory" );
    }

    set_edx_eax(regs, hvm_get_guest_tsc(v));

    return CLUSTER_EMULATED;
}

/*
 * What fails does so again on the stock path, which stores the error.  @same:
 * what begin() found is still true.
 */
static enum cluster_emulated vmx_done(struct cluster_operands *operands,
                                      enum vmx_insn_errno err, bool same)
{
    if ( err != VMX_INSN_SUCCEED )
        return CLUSTER_EMULATE_DECLINE;

    operands->vmx = CLUSTER_VMX_SUCCEED;

    return same ? CLUSTER_EMULATED : CLUSTER_EMULATED_STOP;
}

static enum cluster_emulated vmptrld(struct nvmx_cluster *cluster,
                                     struct cluster_operands *operands)
{
    struct vcpu *v = current;
    const uint64_t before = vcpu_nestedhvm(v).nv_vvmcxaddr;
    enum vmx_insn_errno err;
    bool same;

    nvmx_xlat_unlock(v);
    err = nvmx_vmptrld(v, operands->memory[0]);
    same = nvmx_xlat_relock(&cluster->xlat, v);

    return vmx_done(operands, err,
                    same && vcpu_nestedhvm(v).nv_vvmcxaddr == before);
}

static enum cluster_emulated invept(struct nvmx_cluster *cluster,
                                    struct cluster_operands *operands)
{
    struct vcpu *v = current;
    enum vmx_insn_errno err;

    nvmx_xlat_unlock(v);
    err = nvmx_invept(v, operands->reg, operands->memory[0]);

    return vmx_done(operands, err, nvmx_xlat_relock(&cluster->xlat, v));
}

/* The low and the high half of a segment descriptor that VERW says yes to at CPL 0. */
static bool is_writable_data(uint64_t descriptor, unsigned int rpl)
{
    unsigned int type = (descriptor >> 40) & 0xf;
    bool is_segment = descriptor & (1ULL << 44);
    unsigned int dpl = (descriptor >> 45) & 3;

    /* Bit 3: code; bit 1 of data: may be written. */
    return is_segment && (type & 0xa) == 2 && dpl >= rpl;
}

/* L1's GDT is asked for nothing else: linear, in its own pages. */
static bool read_gdt(struct nvmx_cluster *cluster, unsigned int offset,
                     uint64_t *descriptor)
{
    unsigned long base = l1_get(NVMX_L1_GDTR_BASE) + offset;
    const uint8_t *page;

    /* A table that is not aligned is left to hardware. */
    if ( (base & 7) || !is_canonical_address(base) )
        return false;

    page = nvmx_xlat_get(&cluster->xlat, current, base & PAGE_MASK,
                         CLUSTER_READ);
    if ( !page )
        return false;

    *descriptor = ACCESS_ONCE(*(const uint64_t *)(page + (base & ~PAGE_MASK)));

    return true;
}

/*
 * VERW tells whether a segment may be written (SDM vol. 2), and, where microcode
 * has MD_CLEAR, overwrites the processor's buffers: L1 wants that before it
 * enters L2.  So it is executed here as well, with a selector of Xen's own.
 */
static enum cluster_emulated do_verw(struct nvmx_cluster *cluster,
                                     struct cluster_operands *operands)
{
    static const uint16_t flush_selector = __HYPERVISOR_DS32;
    unsigned int selector = operands->memory[0];
    uint64_t descriptor = 0;
    unsigned long limit = l1_get(NVMX_L1_GDTR_LIMIT);

    if ( selector & X86_XEC_TI )
        return CLUSTER_EMULATE_DECLINE;

    /* The null selector, and one behind the table's end: no. */
    if ( (selector & ~3U) && (selector | 7) <= limit &&
         !read_gdt(cluster, selector & ~7U, &descriptor) )
        return CLUSTER_EMULATE_DECLINE;

    operands->result = is_writable_data(descriptor, selector & 3);
    asm volatile ( "verw %0" :: "m" (flush_selector) : "cc" );

    return CLUSTER_EMULATED;
}

enum cluster_emulated cf_check nvmx_cluster_emulate(
    void *ctx, enum cluster_op op, struct cluster_regs *regs,
    struct cluster_operands *operands)
{
    struct nvmx_cluster *cluster = ctx;
    struct vcpu *v = current;

    if ( !needs_no_vmcs01(op, regs) )
        nvmx_batch_load_l1(v);

    switch ( op )
    {
    case CLUSTER_OP_RDMSR:
        return do_rdmsr(cluster, regs);

    case CLUSTER_OP_WRMSR:
        return do_wrmsr(cluster, regs);

    case CLUSTER_OP_CPUID:
        return do_cpuid(regs);

    case CLUSTER_OP_RDTSC:
    case CLUSTER_OP_RDTSCP:
        return do_rdtsc(regs, op == CLUSTER_OP_RDTSCP);

    case CLUSTER_OP_VERW:
        return do_verw(cluster, operands);

    case CLUSTER_OP_WEAK_MOV:
        return nvmx_device_mov(cluster, regs, operands);

    case CLUSTER_OP_VMPTRLD:
        return vmptrld(cluster, operands);

    case CLUSTER_OP_INVEPT:
        return invept(cluster, operands);

    case CLUSTER_OP_INVVPID:
        return vmx_done(operands, nvmx_invvpid(v, operands->reg), true);

    default:
        ASSERT_UNREACHABLE();
        return CLUSTER_EMULATE_DECLINE;
    }
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
