/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verify_report.c - mismatches of mode "verify": counted, traced, and the first
 * ones printed, with the instructions that led there.
 */
#include <xen/perfc.h>
#include <xen/trace.h>

#include "cluster_trace.h"
#include "internal.h"
#include "predict.h"

/* Mismatches that are printed; all are counted and traced. */
#define MAX_PRINTED 20
/* Instructions that are printed of each, the last ones before the exit. */
#define MAX_PRINTED_INSNS 48

/* The last instructions of the path; lines as objdump takes them in. */
static void print_path(const struct vcpu *v, const struct cluster_prediction *p,
                       const struct cluster_mismatch *m)
{
    unsigned int i = m->first_insn, length;
    const uint8_t *bytes;
    uint64_t rip;

    if ( m->end_insn - i > MAX_PRINTED_INSNS )
        i = m->end_insn - MAX_PRINTED_INSNS;

    for ( ; i < m->end_insn; i++ )
    {
        bytes = cluster_predict_path(p, i, &rip, &length);
        printk(XENLOG_WARNING "%pv:   %016lx: %*ph\n", v, rip, (int)length,
               bytes);
    }
}

static void print_mismatch(const struct vcpu *v,
                           const struct cluster_prediction *p,
                           const struct cluster_mismatch *m)
{
    static const char kinds[CLUSTER_NR_MISMATCHES][8] = {
        [CLUSTER_MISMATCH_NONE] = "nothing",
        [CLUSTER_MISMATCH_RIP] = "rip",
        [CLUSTER_MISMATCH_GPR] = "gpr",
        [CLUSTER_MISMATCH_RFLAGS] = "rflags",
        [CLUSTER_MISMATCH_MEMORY] = "memory",
        [CLUSTER_MISMATCH_FIELD] = "field",
        [CLUSTER_MISMATCH_INSNS] = "insns",
    };
    static atomic_t printed;

    if ( atomic_read(&printed) >= MAX_PRINTED ||
         atomic_inc_return(&printed) > MAX_PRINTED )
        return;

    printk(XENLOG_WARNING
           "%pv: nvmx-cluster verify: site %016lx, at %016lx: %s %lx: expected %016lx, %s %016lx\n",
           v, m->site, m->rip, kinds[m->kind], m->where, m->expected,
           m->native ? "L1 has" : "the translation", m->actual);
    print_path(v, p, m);
}

static struct nvmx_trc_site trace_address(const struct vcpu *v, uint64_t rip)
{
    return (struct nvmx_trc_site){
        .rip_lo = rip,
        .rip_hi = rip >> 32,
        .vcpu = (v->domain->domain_id << 16) | v->vcpu_id,
    };
}

static void trace_mismatch(const struct vcpu *v,
                           const struct cluster_mismatch *m)
{
    static const uint8_t what[CLUSTER_NR_MISMATCHES] = {
        [CLUSTER_MISMATCH_RIP] = NVMX_TRC_DIFFERS_RIP,
        [CLUSTER_MISMATCH_GPR] = NVMX_TRC_DIFFERS_GPR,
        [CLUSTER_MISMATCH_RFLAGS] = NVMX_TRC_DIFFERS_RFLAGS,
        [CLUSTER_MISMATCH_MEMORY] = NVMX_TRC_DIFFERS_MEMORY,
        [CLUSTER_MISMATCH_FIELD] = NVMX_TRC_DIFFERS_FIELD,
        [CLUSTER_MISMATCH_INSNS] = NVMX_TRC_DIFFERS_INSNS,
    };
    struct nvmx_trc_mismatch rec;
    struct nvmx_trc_values values;

    if ( likely(!tb_init_done) )
        return;

    rec = (struct nvmx_trc_mismatch){
        .site = trace_address(v, m->site),
        .what = what[m->kind] | (m->width << 8) | (m->native ? 0 : 1U << 16),
        .insns = m->end_insn,
        .where_lo = m->where,
        .where_hi = m->where >> 32,
    };
    values = (struct nvmx_trc_values){
        .at = trace_address(v, m->rip),
        .expected_lo = m->expected,
        .expected_hi = m->expected >> 32,
        .actual_lo = m->actual,
        .actual_hi = m->actual >> 32,
    };
    trace_time(NVMX_TRC_CLUSTER_MISMATCH, sizeof(rec), &rec);
    trace_time(NVMX_TRC_CLUSTER_VALUES, sizeof(values), &values);
}

void nvmx_verify_report(const struct vcpu *v,
                        const struct cluster_prediction *p,
                        const struct cluster_mismatch *m)
{
    perfc_incr(nvmx_cluster_verify_mismatches);
    trace_mismatch(v, m);
    print_mismatch(v, p, m);
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
