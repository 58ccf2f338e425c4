/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * glue.c - from an exit of L1 into the cluster engine.
 *
 * What is checked here is what has to hold for more than the one instruction:
 * when it does not, the stock path handles that one.
 */
#include <xen/perfc.h>
#include <xen/softirq.h>
#include <xen/xvmalloc.h>

#include <asm/altp2m.h>
#include <asm/debugreg.h>
#include <asm/hvm/nestedhvm.h>
#include <asm/hvm/vmx/vmx.h>
#include <asm/hvm/vmx/vvmx.h>

#include "batch.h"
#include "internal.h"

/* Of vmcs01, which may be due. */
static uint64_t l1_get(const struct vcpu *v, enum nvmx_l1 field)
{
    return nvmx_batch_l1_get(nvmx_batch_of(v), field);
}

/*
 * With dirty debug registers the guest's DR7 is in the VMCS, else with us; but
 * where the vCPU was descheduled in L2 it is L2's that vmx_save_dr() has kept,
 * while L1 is entered with vmcs01's all the same.
 */
static bool breakpoints_armed(const struct vcpu *v)
{
    return (v->arch.dr7 | l1_get(v, NVMX_L1_DR7)) & DR7_ACTIVE_MASK;
}

static bool interrupt_shadow(const struct vcpu *v)
{
    return l1_get(v, NVMX_L1_INTERRUPTIBILITY_INFO) &
           (VMX_INTR_SHADOW_STI | VMX_INTR_SHADOW_MOV_SS);
}

/* Somebody follows the guest's steps or its memory accesses. */
static bool watched(const struct vcpu *v)
{
    return v->arch.vm_event || v->arch.hvm.single_step ||
           v->domain->debugger_attached || altp2m_active(v->domain);
}

/* Asked once: as if RFLAGS.IF were set, and mostly the answer is no. */
static bool event_comes_first(const struct vcpu *v,
                              struct nvmx_cluster *cluster, uint64_t rflags)
{
    cluster->pending = nvmx_cluster_event_pending(v, rflags | X86_EFLAGS_IF);

    return cluster->pending && nvmx_cluster_event_pending(v, rflags);
}

static bool may_run(const struct vcpu *v, struct nvmx_cluster *cluster,
                    const struct cpu_user_regs *regs)
{
    return hvm_long_mode_active(v) && vvmcx_valid(v) && !watched(v) &&
           !interrupt_shadow(v) && !breakpoints_armed(v) &&
           !event_comes_first(v, cluster, regs->rflags);
}

static bool is_vmx_insn(unsigned int exit_reason)
{
    return exit_reason >= EXIT_REASON_VMCLEAR &&
           exit_reason <= EXIT_REASON_VMXON;
}

/* Exits by an instruction that a region may begin with. */
static bool is_site(unsigned int exit_reason, enum nvmx_cluster_mode mode)
{
    switch ( exit_reason )
    {
    case EXIT_REASON_VMREAD:
    case EXIT_REASON_VMWRITE:
        return true;

    case EXIT_REASON_VMPTRLD:
    case EXIT_REASON_INVEPT:
    case EXIT_REASON_INVVPID:
    case EXIT_REASON_MSR_READ:
    case EXIT_REASON_MSR_WRITE:
    case EXIT_REASON_CPUID:
        return mode != NVMX_CLUSTER_STATIC;

    case EXIT_REASON_EPT_VIOLATION:
    case EXIT_REASON_APIC_ACCESS:
        /* Predictions end before these: see verify.c, effect_of(). */
        return mode == NVMX_CLUSTER_INTERP || mode == NVMX_CLUSTER_ON;
    }

    return false;
}

/*
 * The vCPU is a guest hypervisor's, in VMX operation, and not in L2.  Cheap
 * and first, since every HVM guest has exits by MSR accesses and CPUID.
 */
static bool in_vmx_root(const struct vcpu *v)
{
    return nestedhvm_enabled(v->domain) &&
           vcpu_2_nvmx(v).vmxon_region_pa != INVALID_PADDR &&
           !vcpu_nestedhvm(v).nv_guestmode;
}

/*
 * What nvmx_handle_vmx_insn() has checked before.  CPUID may come from user
 * space, and all of these from compatibility mode.
 */
static bool as_for_vmx_insn(const struct vcpu *v)
{
    return (v->arch.hvm.guest_cr[4] & X86_CR4_VMXE) &&
           hvm_long_mode_active(v) &&
           (l1_get(v, NVMX_L1_CS_AR_BYTES) & X86_SEG_AR_CS_LM_ACTIVE) &&
           !MASK_EXTR(l1_get(v, NVMX_L1_SS_AR_BYTES), X86_SEG_AR_DPL);
}

void nvmx_cluster_trace_run(const struct vcpu *v,
                            const struct nvmx_cluster *cluster, uint64_t site,
                            uint64_t stop_rip, enum nvmx_cluster_mode mode,
                            const struct cluster_outcome *out)
{
    unsigned int i;

    if ( out->discarded != CLUSTER_DISCARD_NONE )
        nvmx_cluster_trace_discarded(v, out->discarded_rip, out->discarded, 1);
    if ( out->flushed )
        nvmx_cluster_trace_discarded(v, site, CLUSTER_DISCARD_FLUSHED,
                                     out->flushed);
    if ( out->formed )
        nvmx_cluster_trace_formed(v, out->formed);
    for ( i = 0; i < out->nr_recorded; i++ )
        nvmx_cluster_trace_recorded(v, &cluster->engine, out->recorded + i);
    nvmx_cluster_trace_outcome(v, site, stop_rip, mode, out);
}

static void count(const struct cluster_outcome *out)
{
    unsigned int i;

    if ( out->formed )
        perfc_incr(nvmx_cluster_formed);
    for ( i = 0; i < out->nr_recorded; i++ )
    {
        perfc_incr(nvmx_cluster_segments);
        perfc_add(nvmx_cluster_recorded_insns, out->recorded[i].nr_nodes);
    }
    if ( out->discarded != CLUSTER_DISCARD_NONE )
        perfc_incr(nvmx_cluster_discarded);
    perfc_add(nvmx_cluster_flushed, out->flushed);
    perfc_incra(nvmx_cluster_stops, out->stop);

    if ( !out->insns )
        return;

    perfc_incr(nvmx_cluster_executed);
    if ( out->cached )
        perfc_incr(nvmx_cluster_cached);
    perfc_add(nvmx_cluster_insns, out->insns);
    if ( out->exiting )
        perfc_add(nvmx_cluster_avoided, out->exiting - !out->entered);
}

/*
 * Forget what was formed under another mode.  Returns the mode of that generation or
 * a newer one: what is formed under a newer one goes when its generation is seen.
 */
static enum nvmx_cluster_mode follow_mode(struct vcpu *v,
                                          struct nvmx_cluster *cluster)
{
    unsigned int generation = ACCESS_ONCE(nvmx_cluster_generation), dropped;

    smp_rmb();
    if ( likely(generation == cluster->generation) )
        return ACCESS_ONCE(nvmx_cluster_mode);

    cluster->generation = generation;
    nvmx_verify_free(cluster);
    dropped = cluster_flush(&cluster->engine);
    perfc_add(nvmx_cluster_discarded, dropped);
    if ( dropped )
        nvmx_cluster_trace_discarded(v, 0, CLUSTER_DISCARD_FLUSHED, dropped);

    return ACCESS_ONCE(nvmx_cluster_mode);
}

static enum cluster_mode engine_mode(enum nvmx_cluster_mode mode)
{
    switch ( mode )
    {
    case NVMX_CLUSTER_STATIC:
        return CLUSTER_MODE_STATIC;
    case NVMX_CLUSTER_INTERP:
        return CLUSTER_MODE_INTERP;
    default:
        return CLUSTER_MODE_ON;
    }
}

/* STI was the last instruction: no interrupt before the one at RIP. */
static void set_interrupt_shadow(void)
{
    unsigned long info;

    __vmread(GUEST_INTERRUPTIBILITY_INFO, &info);
    __vmwrite(GUEST_INTERRUPTIBILITY_INFO, info | VMX_INTR_SHADOW_STI);
}

/*
 * No event, blocked or not, while vmcs01 has been due: what was asked at the
 * gate still holds, since what comes from elsewhere pokes (see ops.c), and
 * what L1 would do to itself has vmcs01 loaded.
 */
static bool quiet(const struct vcpu *v, const struct nvmx_cluster *cluster)
{
    return nvmx_batch_l1_is_due(v) && !cluster->pending &&
           !softirq_pending(smp_processor_id());
}

/*
 * The region has brought L1 to a VMRESUME or VMLAUNCH: carry it out here and
 * now, unless an event comes before it.  vmcs01 stays due where nothing is
 * left to be done with it before L2 runs: no event is to be looked at, and the
 * instruction has not failed.
 */
static bool enter_l2(struct vcpu *v, const struct nvmx_cluster *cluster,
                     struct cpu_user_regs *guest,
                     const struct cluster_insn *insn)
{
    if ( !quiet(v, cluster) )
    {
        nvmx_batch_load_l1(v);
        if ( nvmx_cluster_event_pending(v, guest->rflags) )
            return false;
    }

    if ( nvmx_enter_l2(guest, insn->op == CLUSTER_OP_VMLAUNCH,
                       insn->length) != X86EMUL_OKAY )
        return false;

    if ( unlikely(!vcpu_nestedhvm(v).nv_vmentry_pending) )
        nvmx_batch_load_l1(v);

    perfc_incr(nvmx_cluster_resumes);
    perfc_incr(nvmx_cluster_avoided);

    return true;
}

/* True when anything has been executed. */
static bool run(struct vcpu *v, struct nvmx_cluster *cluster,
                struct cpu_user_regs *guest, enum nvmx_cluster_mode mode,
                unsigned int kind)
{
    struct cluster_regs regs;
    struct cluster_outcome out = {};
    uint64_t site = guest->rip;
    bool done;

    nvmx_cluster_load_regs(&regs, guest);
    done = cluster_run(&cluster->engine, engine_mode(mode), &nvmx_cluster_ops,
                       cluster, &regs, kind, &out);
    /* Also when nothing was done: handlers may have been called. */
    nvmx_cluster_store_regs(guest, &regs);

    count(&out);
    nvmx_cluster_trace_run(v, cluster, site, regs.rip, mode, &out);

    if ( !done )
        return false;

    if ( out.stop == CLUSTER_STOP_RESUME && out.leave && !regs.sti_shadow &&
         enter_l2(v, cluster, guest, out.leave) )
        return true;

    nvmx_batch_load_l1(v);
    if ( unlikely(regs.sti_shadow) )
        set_interrupt_shadow();

    return true;
}

static struct nvmx_cluster *create(struct vcpu *v)
{
    struct nestedvmx *nvmx = &vcpu_2_nvmx(v);
    struct nvmx_cluster *cluster;

    if ( nvmx->cluster_failed )
        return NULL;

    cluster = xvzalloc(struct nvmx_cluster);
    if ( !cluster || !nvmx_cluster_arena_alloc(&cluster->arena) )
    {
        /* The vCPU stays on the stock path. */
        gprintk(XENLOG_WARNING, "nvmx-cluster: no memory, off for %pv\n", v);
        nvmx->cluster_failed = true;
        xvfree(cluster);
        return NULL;
    }

    cluster_init(&cluster->engine, &cluster->arena);
    cluster->generation = ACCESS_ONCE(nvmx_cluster_generation);
    nvmx->cluster = cluster;

    return cluster;
}

bool nvmx_cluster_do_run(struct cpu_user_regs *regs, unsigned int exit_reason)
{
    struct vcpu *v = current;
    enum nvmx_cluster_mode mode = ACCESS_ONCE(nvmx_cluster_mode);
    struct nvmx_cluster *cluster;

    BUILD_BUG_ON(CLUSTER_NR_STOPS > NVMX_CLUSTER_PERF_STOPS_SIZE);

    if ( mode == NVMX_CLUSTER_OFF || !is_site(exit_reason, mode) ||
         !in_vmx_root(v) )
        return false;

    cluster = vcpu_2_nvmx(v).cluster ?: create(v);
    if ( !cluster )
        return false;

    /* It has just been changed: at the next exit. */
    if ( unlikely(follow_mode(v, cluster) != mode) )
        return false;

    /* Soon, since many exits end here: there is nothing to be gained. */
    if ( cluster_exit_barren(&cluster->engine, regs->rip, regs->rsp) )
    {
        perfc_incr(nvmx_cluster_barren);
        return false;
    }

    if ( (!is_vmx_insn(exit_reason) && !as_for_vmx_insn(v)) ||
         !may_run(v, cluster, regs) )
    {
        perfc_incr(nvmx_cluster_gated);
        return false;
    }

    if ( mode == NVMX_CLUSTER_VERIFY )
        return nvmx_verify_run(v, cluster, regs, 0);

    return run(v, cluster, regs, mode, 0);
}

/*
 * Such exits are like faults: RFLAGS.RF is saved as 1, and would be cleared
 * when the instruction has been executed (SDM vol. 3, 28.3.3).  With no
 * breakpoint armed it has no other meaning.
 */
bool nvmx_cluster_do_access(struct cpu_user_regs *regs,
                            unsigned int exit_reason)
{
    struct vcpu *v = current;
    uint64_t rf = regs->rflags & X86_EFLAGS_RF;

    if ( !in_vmx_root(v) || !nvmx_device_is_exit(v, exit_reason) )
        return false;

    regs->rflags &= ~X86_EFLAGS_RF;
    if ( nvmx_cluster_do_run(regs, exit_reason) )
        return true;
    regs->rflags |= rf;

    return false;
}

/* Of the virtual exit just made. */
static uint32_t virtual_exit_reason(const struct vcpu *v)
{
    const struct nvmx_batch *batch = nvmx_batch_of(v);

    return batch && batch->entered ? nvmx_batch_get(batch, VM_EXIT_REASON)
                                   : get_vvmcs(v, VM_EXIT_REASON);
}

/*
 * L1 goes another way for each exit reason, and for each exception.  VM exits
 * that are none of L2's (a failed entry) are all of one kind.
 */
static unsigned int kind_of(struct vcpu *v)
{
    uint32_t reason = virtual_exit_reason(v);
    uint64_t info;

    BUILD_BUG_ON(CLUSTER_KINDS <= 0x200);

    if ( reason > 0xfe )
        return 0xff;

    if ( reason != EXIT_REASON_EXCEPTION_NMI ||
         nvmx_vmread(v, VM_EXIT_INTR_INFO, &info) )
        return reason + 1;

    return 0x100 + (info & INTR_INFO_VECTOR_MASK);
}

/*
 * A virtual VM exit is a place to begin at as well: L1 handles all of them at
 * HOST_RIP.
 */
bool nvmx_cluster_do_reflected(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    enum nvmx_cluster_mode mode = ACCESS_ONCE(nvmx_cluster_mode);
    struct nvmx_cluster *cluster = vcpu_2_nvmx(v).cluster;
    unsigned int kind;

    if ( mode == NVMX_CLUSTER_OFF || mode == NVMX_CLUSTER_STATIC || !cluster )
        return false;

    if ( unlikely(follow_mode(v, cluster) != mode) )
        return false;

    kind = kind_of(v);

    if ( cluster_variant_barren(&cluster->engine, regs->rip, regs->rsp, kind) ||
         !as_for_vmx_insn(v) || !may_run(v, cluster, regs) )
    {
        perfc_incr(nvmx_cluster_not_reflected);
        return false;
    }

    if ( mode == NVMX_CLUSTER_VERIFY )
    {
        nvmx_batch_load_l1(v);
        return nvmx_verify_run(v, cluster, regs, kind);
    }

    if ( !run(v, cluster, regs, mode, kind) )
        return false;

    perfc_incr(nvmx_cluster_reflected);

    return true;
}

void nvmx_cluster_do_exit(struct cpu_user_regs *regs, unsigned int exit_reason)
{
    struct vcpu *v = current;
    struct nvmx_cluster *cluster;

    if ( !nestedhvm_enabled(v->domain) )
        return;

    cluster = vcpu_2_nvmx(v).cluster;
    if ( cluster )
        nvmx_verify_exit(v, cluster, regs, exit_reason);
}

void nvmx_cluster_do_injected(struct vcpu *v)
{
    struct nvmx_cluster *cluster;

    if ( !nestedhvm_enabled(v->domain) )
        return;

    cluster = vcpu_2_nvmx(v).cluster;
    if ( cluster )
        nvmx_verify_injected(v, cluster);
}

void nvmx_cluster_vcpu_destroy(struct vcpu *v)
{
    struct nvmx_cluster *cluster = vcpu_2_nvmx(v).cluster;

    if ( !cluster )
        return;

    vcpu_2_nvmx(v).cluster = NULL;
    nvmx_verify_free(cluster);
    nvmx_cluster_arena_free(&cluster->arena);
    nvmx_cluster_adjoin_free(cluster);
    xvfree(cluster);
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
