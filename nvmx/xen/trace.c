/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.c - cluster events as records of Xen's trace buffer.
 *
 * cluster_trace.h says what each record holds.  All have a fixed size.
 */
#include <xen/trace.h>

#include "cluster_trace.h"
#include "internal.h"

static void __init __maybe_unused build_assertions(void)
{
    BUILD_BUG_ON(NVMX_TRC_CLUSTER != TRC_HVM_NVMX_CLUSTER);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_FORMED != TRC_HVM_NVMX_CLUSTER_FORMED);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_CODE != TRC_HVM_NVMX_CLUSTER_CODE);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_EXECUTED != TRC_HVM_NVMX_CLUSTER_EXECUTED);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_STOPPED != TRC_HVM_NVMX_CLUSTER_STOPPED);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_DISCARDED != TRC_HVM_NVMX_CLUSTER_DISCARDED);
    BUILD_BUG_ON(sizeof(struct nvmx_trc_code) >
                 TRACE_EXTRA_MAX * sizeof(uint32_t));
}

static struct nvmx_trc_site site_of(const struct vcpu *v, uint64_t rip)
{
    return (struct nvmx_trc_site){
        .rip_lo = rip,
        .rip_hi = rip >> 32,
        .vcpu = (v->domain->domain_id << 16) | v->vcpu_id,
    };
}

static void trace_code(const struct vcpu *v, const struct cluster *c,
                       unsigned int offset)
{
    unsigned int len = min(c->bytes - offset, NVMX_TRC_CODE_BYTES + 0U);
    struct nvmx_trc_code rec = {
        .site = site_of(v, c->rip),
        .offset = offset,
    };

    memcpy(rec.bytes, &c->code[offset], len);
    trace_time(NVMX_TRC_CLUSTER_CODE, sizeof(rec), &rec);
}

void nvmx_cluster_trace_formed(const struct vcpu *v, const struct cluster *c)
{
    struct nvmx_trc_formed rec;
    unsigned int offset;

    if ( likely(!tb_init_done) )
        return;

    rec = (struct nvmx_trc_formed){
        .site = site_of(v, c->rip),
        .shape = c->nr_insns | (c->nr_exiting << 8) | (c->bytes << 16),
    };
    trace_time(NVMX_TRC_CLUSTER_FORMED, sizeof(rec), &rec);

    for ( offset = 0; offset < c->bytes; offset += NVMX_TRC_CODE_BYTES )
        trace_code(v, c, offset);
}

static void trace_executed(const struct vcpu *v, uint64_t site,
                           const struct cluster_outcome *out)
{
    struct nvmx_trc_executed rec = {
        .site = site_of(v, site),
        .done = out->insns | (out->exiting << 8) | (out->stop << 16),
    };

    trace_time(NVMX_TRC_CLUSTER_EXECUTED, sizeof(rec), &rec);
}

static void trace_stopped(const struct vcpu *v, uint64_t site,
                          uint64_t stop_rip, enum cluster_stop reason)
{
    struct nvmx_trc_stopped rec = {
        .site = site_of(v, site),
        .reason = reason,
        .stop_rip_lo = stop_rip,
        .stop_rip_hi = stop_rip >> 32,
    };

    trace_time(NVMX_TRC_CLUSTER_STOPPED, sizeof(rec), &rec);
}

void nvmx_cluster_trace_outcome(const struct vcpu *v, uint64_t site,
                                uint64_t stop_rip,
                                const struct cluster_outcome *out)
{
    if ( likely(!tb_init_done) )
        return;

    if ( out->insns )
        trace_executed(v, site, out);

    /* A site that forms no cluster is no event: it would drown the others. */
    if ( out->stop != CLUSTER_STOP_COMPLETE &&
         out->stop != CLUSTER_STOP_NO_CLUSTER )
        trace_stopped(v, site, stop_rip, out->stop);
}

void nvmx_cluster_trace_discarded(const struct vcpu *v, uint64_t site,
                                  enum cluster_discard why,
                                  unsigned int count)
{
    struct nvmx_trc_discarded rec;

    if ( likely(!tb_init_done) )
        return;

    rec = (struct nvmx_trc_discarded){
        .site = site_of(v, site),
        .reason = why,
        .count = count,
    };
    trace_time(NVMX_TRC_CLUSTER_DISCARDED, sizeof(rec), &rec);
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
