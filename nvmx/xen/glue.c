/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * glue.c - from L1's exit by VMREAD or VMWRITE into the cluster engine.
 *
 * nvmx_handle_vmx_insn() calls nvmx_cluster_run() when all its own checks are
 * done (CR4.VMXE, VMX operation, mode, CPL, not in L2).  What is checked here
 * is what has to hold for more than the one instruction: when it does not, the
 * stock path handles that one.
 */
#include <xen/perfc.h>
#include <xen/xvmalloc.h>

#include <asm/altp2m.h>
#include <asm/debugreg.h>
#include <asm/hvm/nestedhvm.h>
#include <asm/hvm/vmx/nvmx-cluster.h>
#include <asm/hvm/vmx/vmx.h>
#include <asm/hvm/vmx/vvmx.h>

#include "internal.h"

/* cluster_regs' GPRs are in the order of the SDM, cpu_user_regs in Xen's. */
static void load_regs(struct cluster_regs *to, const struct cpu_user_regs *from)
{
    to->gpr[CLUSTER_RAX] = from->rax;
    to->gpr[CLUSTER_RCX] = from->rcx;
    to->gpr[CLUSTER_RDX] = from->rdx;
    to->gpr[CLUSTER_RBX] = from->rbx;
    to->gpr[CLUSTER_RSP] = from->rsp;
    to->gpr[CLUSTER_RBP] = from->rbp;
    to->gpr[CLUSTER_RSI] = from->rsi;
    to->gpr[CLUSTER_RDI] = from->rdi;
    to->gpr[CLUSTER_R8] = from->r8;
    to->gpr[CLUSTER_R9] = from->r9;
    to->gpr[CLUSTER_R10] = from->r10;
    to->gpr[CLUSTER_R11] = from->r11;
    to->gpr[CLUSTER_R12] = from->r12;
    to->gpr[CLUSTER_R13] = from->r13;
    to->gpr[CLUSTER_R14] = from->r14;
    to->gpr[CLUSTER_R15] = from->r15;
    to->rip = from->rip;
    to->rflags = from->rflags;
}

static void store_regs(struct cpu_user_regs *to, const struct cluster_regs *from)
{
    to->rax = from->gpr[CLUSTER_RAX];
    to->rcx = from->gpr[CLUSTER_RCX];
    to->rdx = from->gpr[CLUSTER_RDX];
    to->rbx = from->gpr[CLUSTER_RBX];
    to->rsp = from->gpr[CLUSTER_RSP];
    to->rbp = from->gpr[CLUSTER_RBP];
    to->rsi = from->gpr[CLUSTER_RSI];
    to->rdi = from->gpr[CLUSTER_RDI];
    to->r8 = from->gpr[CLUSTER_R8];
    to->r9 = from->gpr[CLUSTER_R9];
    to->r10 = from->gpr[CLUSTER_R10];
    to->r11 = from->gpr[CLUSTER_R11];
    to->r12 = from->gpr[CLUSTER_R12];
    to->r13 = from->gpr[CLUSTER_R13];
    to->r14 = from->gpr[CLUSTER_R14];
    to->r15 = from->gpr[CLUSTER_R15];
    to->rip = from->rip;
    to->rflags = from->rflags;
}

/* With dirty debug registers the guest's DR7 is in the VMCS, else with us. */
static bool breakpoints_armed(const struct vcpu *v)
{
    unsigned long dr7 = v->arch.dr7;

    if ( v->arch.hvm.flag_dr_dirty )
        __vmread(GUEST_DR7, &dr7);

    return dr7 & DR7_ACTIVE_MASK;
}

static bool interrupt_shadow(void)
{
    unsigned long info;

    __vmread(GUEST_INTERRUPTIBILITY_INFO, &info);

    return info & (VMX_INTR_SHADOW_STI | VMX_INTR_SHADOW_MOV_SS);
}

/* Somebody follows the guest's steps or its memory accesses. */
static bool watched(const struct vcpu *v)
{
    return v->arch.vm_event || v->arch.hvm.single_step ||
           v->domain->debugger_attached || altp2m_active(v->domain);
}

static bool may_run(const struct vcpu *v, const struct cpu_user_regs *regs)
{
    return hvm_long_mode_active(v) && vvmcx_valid(v) && !watched(v) &&
           !interrupt_shadow() && !breakpoints_armed(v) &&
           !nvmx_cluster_event_pending(v, regs->rflags);
}

static void count(const struct cluster_outcome *out)
{
    if ( out->formed )
        perfc_incr(nvmx_cluster_formed);
    if ( out->discarded != CLUSTER_DISCARD_NONE )
        perfc_incr(nvmx_cluster_discarded);
    perfc_incra(nvmx_cluster_stops, out->stop);

    if ( !out->insns )
        return;

    perfc_incr(nvmx_cluster_executed);
    perfc_add(nvmx_cluster_insns, out->insns);
    perfc_add(nvmx_cluster_avoided, out->exiting - 1);
}

/* Forget what was formed under another mode. */
static void follow_mode(struct vcpu *v, struct nvmx_cluster *cluster)
{
    unsigned int generation = ACCESS_ONCE(nvmx_cluster_generation), dropped;

    if ( likely(generation == cluster->generation) )
        return;

    cluster->generation = generation;
    dropped = cluster_flush(&cluster->engine);
    perfc_add(nvmx_cluster_discarded, dropped);
    if ( dropped )
        nvmx_cluster_trace_discarded(v, 0, CLUSTER_DISCARD_FLUSHED, dropped);
}

static bool run(struct vcpu *v, struct nvmx_cluster *cluster,
                struct cpu_user_regs *guest)
{
    struct cluster_regs regs;
    struct cluster_outcome out;
    uint64_t site = guest->rip;
    bool done;

    load_regs(&regs, guest);
    done = cluster_run(&cluster->engine, &nvmx_cluster_ops, cluster, &regs,
                       &out);
    if ( done )
        store_regs(guest, &regs);

    count(&out);
    if ( out.discarded != CLUSTER_DISCARD_NONE )
        nvmx_cluster_trace_discarded(v, out.discarded_rip, out.discarded, 1);
    if ( out.formed )
        nvmx_cluster_trace_formed(v, out.formed);
    nvmx_cluster_trace_outcome(v, site, regs.rip, &out);

    return done;
}

bool nvmx_cluster_run(struct cpu_user_regs *regs, unsigned int exit_reason)
{
    struct vcpu *v = current;
    struct nvmx_cluster *cluster = vcpu_2_nvmx(v).cluster;

    BUILD_BUG_ON(CLUSTER_NR_STOPS > NVMX_CLUSTER_PERF_STOPS_SIZE);

    if ( likely(nvmx_cluster_mode == NVMX_CLUSTER_OFF) || !cluster ||
         (exit_reason != EXIT_REASON_VMREAD &&
          exit_reason != EXIT_REASON_VMWRITE) )
        return false;

    follow_mode(v, cluster);

    /* First, since most exits end here: there is nothing to be gained. */
    if ( cluster_site_barren(&cluster->engine, regs->rip) )
    {
        perfc_incr(nvmx_cluster_barren);
        return false;
    }

    if ( !may_run(v, regs) )
    {
        perfc_incr(nvmx_cluster_gated);
        return false;
    }

    return run(v, cluster, regs);
}

void nvmx_cluster_vmxon(struct vcpu *v)
{
    struct nestedvmx *nvmx = &vcpu_2_nvmx(v);

    if ( nvmx->cluster )
        return;

    /* Without memory the vCPU stays on the stock path. */
    nvmx->cluster = xvzalloc(struct nvmx_cluster);
    if ( !nvmx->cluster )
    {
        gprintk(XENLOG_WARNING, "nvmx-cluster: no memory, off for %pv\n", v);
        return;
    }

    cluster_init(&nvmx->cluster->engine);
    nvmx->cluster->generation = ACCESS_ONCE(nvmx_cluster_generation);
}

void nvmx_cluster_vcpu_destroy(struct vcpu *v)
{
    XVFREE(vcpu_2_nvmx(v).cluster);
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
