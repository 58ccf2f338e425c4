/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verify.c - mode "verify": L1 runs by itself, and every exit that the engine
 * would have spared it is compared with what had been predicted.
 *
 * The engine predicts on copies (cluster/predict.h); here is what Xen knows:
 * which exits count, and what may be asked ahead of time.
 */
#include <xen/perfc.h>
#include <xen/xvmalloc.h>

#include <asm/hvm/nestedhvm.h>
#include <asm/hvm/vmx/nvmx-batch.h>
#include <asm/hvm/vmx/vmx.h>
#include <asm/hvm/vmx/vvmx.h>
#include <asm/msr-index.h>

#include "internal.h"
#include "predict.h"

struct nvmx_verify {
    struct cluster_prediction prediction;
};

/*
 * VMWRITE stores whatever it is given, cut to the field's width, but for the
 * high halves of 64-bit fields, which are left to L1 (SDM vol. 3, appendix B,
 * for the encoding: bit 0 high half, 14..13 width, the others above 11
 * reserved).
 */
static bool cf_check verify_vmwrite(void *ctx, uint64_t field, uint64_t *value)
{
    static const uint64_t mask[] = { 0xffff, ~0UL, 0xffffffff, ~0UL };
    uint64_t present;

    if ( (field & ~0x6ffeUL) || nvmx_cluster_lacks(field) ||
         get_vvmcs_safe(current, field, &present) != VMX_INSN_SUCCEED )
        return false;

    *value &= mask[(field >> 13) & 3];

    return true;
}

/* MSRs that only L1 itself changes, and that can be read without effect. */
static bool quiet_msr(uint32_t msr)
{
    switch ( msr )
    {
    case MSR_IA32_SYSENTER_CS:
    case MSR_IA32_SYSENTER_ESP:
    case MSR_IA32_SYSENTER_EIP:
    case MSR_IA32_DEBUGCTLMSR:
    case MSR_IA32_CR_PAT:
    case MSR_EFER:
    case MSR_STAR:
    case MSR_LSTAR:
    case MSR_CSTAR:
    case MSR_SYSCALL_MASK:
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_SHADOW_GS_BASE:
    case MSR_TSC_AUX:
    case MSR_SPEC_CTRL:
        return true;
    }

    return msr >= MSR_IA32_VMX_BASIC && msr <= MSR_IA32_VMX_VMFUNC;
}

static bool cf_check verify_pure(void *ctx, enum cluster_op op,
                                 const struct cluster_regs *regs)
{
    switch ( op )
    {
    case CLUSTER_OP_CPUID:
        /* Xen's own leaves tell the time. */
        return !(regs->gpr[CLUSTER_RAX] & 0x40000000);

    case CLUSTER_OP_RDMSR:
        return quiet_msr(regs->gpr[CLUSTER_RCX]);

    case CLUSTER_OP_VERW:
        return true;

    default:
        return false;
    }
}

static bool cf_check verify_exits(void *ctx, enum cluster_op op,
                                  const struct cluster_regs *regs,
                                  uint64_t field)
{
    const struct vcpu *v = current;

    switch ( op )
    {
    case CLUSTER_OP_VMREAD:
    case CLUSTER_OP_VMWRITE:
        return nvmx_cluster_field_exits(v, field, op == CLUSTER_OP_VMWRITE);

    case CLUSTER_OP_RDMSR:
    case CLUSTER_OP_WRMSR:
        return nvmx_cluster_msr_exits(v, regs->gpr[CLUSTER_RCX],
                                      op == CLUSTER_OP_WRMSR);

    default:
        return true;
    }
}

static const struct cluster_predict_ops verify_ops = {
    .vmwrite = verify_vmwrite,
    .pure = verify_pure,
    .exits = verify_exits,
    .vmcs_bytes = PAGE_SIZE,
};

static void abandon(struct nvmx_verify *verify)
{
    unsigned int left = cluster_predict_abandon(&verify->prediction);

    if ( left )
        perfc_add(nvmx_cluster_verify_abandoned, left);
}

/* Without memory nothing is predicted. */
static struct nvmx_verify *get_verify(struct nvmx_cluster *cluster)
{
    if ( !cluster->verify )
        cluster->verify = xvzalloc(struct nvmx_verify);

    return cluster->verify;
}

/* What other vCPUs do to L1's memory is not predicted. */
static bool alone(const struct domain *d)
{
    const struct vcpu *v;
    unsigned int online = 0;

    for_each_vcpu ( d, v )
        online += !test_bit(_VPF_down, &v->pause_flags);

    return online == 1;
}

bool nvmx_verify_run(struct vcpu *v, struct nvmx_cluster *cluster,
                     struct cpu_user_regs *guest, unsigned int kind)
{
    struct nvmx_verify *verify = get_verify(cluster);
    struct cluster_prediction *p;
    struct cluster_mismatch mismatch;
    struct cluster_outcome out;
    struct cluster_regs regs;
    bool same;

    if ( !verify || cluster_predict_pending(&verify->prediction) ||
         !alone(v->domain) )
        return false;

    /* Predictions are made from copies of pages, the vvmcs among them. */
    nvmx_batch_complete(v);

    p = &verify->prediction;
    nvmx_cluster_load_regs(&regs, guest);
    same = cluster_predict(p, &cluster->engine, &nvmx_cluster_ops, &verify_ops,
                           cluster, &regs, kind, &out, &mismatch);
    nvmx_cluster_trace_run(v, cluster, regs.rip, p->engine_regs.rip,
                           NVMX_CLUSTER_VERIFY, &out);
    if ( !same )
        nvmx_verify_report(v, p, &mismatch);
    else if ( !out.insns && out.stop == CLUSTER_STOP_COUNTING )
        /*
         * The engine does not know the site yet, which the interpreter need
         * not.
         */
        cluster_predict(p, NULL, &nvmx_cluster_ops, &verify_ops, cluster, &regs,
                        kind, &out, &mismatch);

    /*
     * Handlers that were asked ahead of time were given the copy's registers
     * there.
     */
    nvmx_cluster_store_regs(guest, &regs);

    return false;
}

/* What becomes of a prediction at an exit by anything but an instruction. */
enum effect {
    EFFECT_INSTRUCTION,         /* it is by one */
    EFFECT_NONE,                /* L1 is as it was; an event that follows is another matter */
    EFFECT_UNKNOWN,
};

static enum effect effect_of(unsigned int exit_reason)
{
    switch ( exit_reason )
    {
    case EXIT_REASON_EXTERNAL_INTERRUPT:
    case EXIT_REASON_PENDING_VIRT_INTR:
    case EXIT_REASON_PENDING_VIRT_NMI:
    case EXIT_REASON_TPR_BELOW_THRESHOLD:
    case EXIT_REASON_PML_FULL:
        return EFFECT_NONE;

    case EXIT_REASON_EXCEPTION_NMI:
    case EXIT_REASON_TRIPLE_FAULT:
    case EXIT_REASON_INIT:
    case EXIT_REASON_SIPI:
    case EXIT_REASON_TASK_SWITCH:
    case EXIT_REASON_MCE_DURING_VMENTRY:
    case EXIT_REASON_APIC_ACCESS:
    case EXIT_REASON_EOI_INDUCED:
    case EXIT_REASON_EPT_VIOLATION:
    case EXIT_REASON_EPT_MISCONFIG:
        return EFFECT_UNKNOWN;

    default:
        return EFFECT_INSTRUCTION;
    }
}

static void compare(struct vcpu *v, struct nvmx_cluster *cluster,
                    const struct cpu_user_regs *guest)
{
    struct cluster_prediction *p = &cluster->verify->prediction;
    struct cluster_mismatch mismatch;
    struct cluster_regs regs;

    nvmx_cluster_load_regs(&regs, guest);
    perfc_incr(nvmx_cluster_verify_predicted);
    if ( !cluster_predict_compare(p, &nvmx_cluster_ops, cluster, &regs,
                                  &mismatch) )
        nvmx_verify_report(v, p, &mismatch);
}

void nvmx_verify_exit(struct vcpu *v, struct nvmx_cluster *cluster,
                      struct cpu_user_regs *regs, unsigned int exit_reason)
{
    struct nvmx_verify *verify = cluster->verify;

    /* In another mode than the present one nobody has looked at every exit. */
    if ( !verify || !cluster_predict_pending(&verify->prediction) ||
         cluster->generation != ACCESS_ONCE(nvmx_cluster_generation) )
        return;

    switch ( effect_of(exit_reason) )
    {
    case EFFECT_INSTRUCTION:
        compare(v, cluster, regs);
        break;

    case EFFECT_UNKNOWN:
        abandon(verify);
        break;

    case EFFECT_NONE:
        break;
    }
}

void nvmx_verify_injected(struct vcpu *v, struct nvmx_cluster *cluster)
{
    if ( cluster->verify )
        abandon(cluster->verify);
}

/* It may be the exit at which the prediction was made, being handled now. */
void nvmx_verify_exits_changed(struct vcpu *v)
{
    if ( vcpu_2_nvmx(v).cluster )
        nvmx_verify_injected(v, vcpu_2_nvmx(v).cluster);
}

void nvmx_verify_free(struct nvmx_cluster *cluster)
{
    XVFREE(cluster->verify);
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
