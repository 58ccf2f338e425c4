/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.c - cluster events as records of Xen's trace buffer.
 *
 * cluster_trace.h says what each record holds.  All have a fixed size.
 */
#include <xen/trace.h>

#include "cluster_trace.h"
#include "internal.h"
#include "sync.h"

static void __init __maybe_unused build_assertions(void)
{
    BUILD_BUG_ON(NVMX_TRC_CLUSTER != TRC_HVM_NVMX_CLUSTER);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_FORMED != TRC_HVM_NVMX_CLUSTER_FORMED);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_CODE != TRC_HVM_NVMX_CLUSTER_CODE);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_EXECUTED != TRC_HVM_NVMX_CLUSTER_EXECUTED);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_STOPPED != TRC_HVM_NVMX_CLUSTER_STOPPED);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_DISCARDED != TRC_HVM_NVMX_CLUSTER_DISCARDED);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_SEGMENT != TRC_HVM_NVMX_CLUSTER_SEGMENT);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_PIECE != TRC_HVM_NVMX_CLUSTER_PIECE);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_MISMATCH != TRC_HVM_NVMX_CLUSTER_MISMATCH);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_VALUES != TRC_HVM_NVMX_CLUSTER_VALUES);
    BUILD_BUG_ON(NVMX_TRC_CLUSTER_BATCH != TRC_HVM_NVMX_CLUSTER_BATCH);
    BUILD_BUG_ON(sizeof(struct nvmx_trc_code) >
                 TRACE_EXTRA_MAX * sizeof(uint32_t));
    BUILD_BUG_ON(sizeof(struct nvmx_trc_piece) >
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

/* Index in @engine's array of the present segments. */
static unsigned int number_of(const struct cluster_vcpu *engine,
                              const struct cluster_segment *segment)
{
    return segment - engine->segment;
}

static unsigned int bytes_in(const struct cluster_vcpu *engine,
                             const struct cluster_segment *segment)
{
    const struct cluster_node *node = &engine->node[segment->first_node];
    unsigned int i, bytes = 0;

    for ( i = 0; i < segment->nr_nodes; i++ )
        bytes += node[i].insn.length;

    return bytes;
}

/* A byte of the code that @segment was recorded from. */
static uint8_t byte_at(const struct cluster_vcpu *engine,
                       const struct cluster_segment *segment, uint64_t rip)
{
    const struct cluster_region *region = &engine->region[segment->region];
    const struct cluster_piece *piece = &engine->piece[segment->first_piece];
    unsigned int i;

    for ( i = 0; i < segment->nr_pieces; i++, piece++ )
    {
        const uint64_t *code = &engine->code_words[piece->snapshot];
        uint64_t offset = rip - region->page[piece->page].linear -
                          piece->offset;

        if ( offset < 8 * piece->words )
            return ((const uint8_t *)code)[offset];
    }

    return 0;
}

/* @len bytes of instructions that lie side by side. */
static void trace_run(const struct vcpu *v, const struct cluster_vcpu *engine,
                      const struct cluster_segment *segment, uint64_t rip,
                      unsigned int len)
{
    unsigned int done, i;

    for ( done = 0; done < len; done += i )
    {
        struct nvmx_trc_piece rec = { .at = site_of(v, rip + done) };

        for ( i = 0; i < NVMX_TRC_CODE_BYTES && done + i < len; i++ )
            rec.bytes[i] = byte_at(engine, segment, rip + done + i);
        rec.part = i | (number_of(engine, segment) << 16);
        trace_time(NVMX_TRC_CLUSTER_PIECE, sizeof(rec), &rec);
    }
}

/* By its instructions: the pieces have what lies beside them as well. */
static void trace_path(const struct vcpu *v, const struct cluster_vcpu *engine,
                       const struct cluster_segment *segment)
{
    const struct cluster_node *node = &engine->node[segment->first_node];
    unsigned int i, len = 0;

    for ( i = 0; i < segment->nr_nodes; i++ )
    {
        uint64_t end = node[i].rip + node[i].insn.length;

        len += node[i].insn.length;
        if ( i + 1 < segment->nr_nodes && node[i + 1].rip == end )
            continue;

        trace_run(v, engine, segment, end - len, len);
        len = 0;
    }
}

/*
 * Bytes of the translation's straight part; the segments just recorded are the
 * last in the arena, unless everything has been forgotten since.
 */
static unsigned int host_bytes(const struct cluster_vcpu *engine,
                               const struct cluster_segment *segment)
{
    unsigned int end = engine->arena_used;

    if ( number_of(engine, segment) + 1 < engine->nr_segments )
        end = min(end, segment[1].code);

    return segment->code < end ? end - segment->code : 0;
}

void nvmx_cluster_trace_recorded(const struct vcpu *v,
                                 const struct cluster_vcpu *engine,
                                 const struct cluster_segment *segment)
{
    const struct cluster_region *region = &engine->region[segment->region];
    unsigned int number = number_of(engine, segment);
    struct nvmx_trc_segment rec;

    if ( likely(!tb_init_done) )
        return;

    rec = (struct nvmx_trc_segment){
        .site = site_of(v, region->rip),
        .shape = min(segment->nr_nodes, 0xffffU) |
                 (min(segment->nr_exiting, 0xffU) << 16) |
                 ((region->first_segment == number) << 31),
        .bytes = min(bytes_in(engine, segment), 0xffffU) | (number << 16),
        .host_bytes = host_bytes(engine, segment),
    };
    trace_time(NVMX_TRC_CLUSTER_SEGMENT, sizeof(rec), &rec);

    trace_path(v, engine, segment);
}

static enum nvmx_trc_mode trc_mode(enum nvmx_cluster_mode mode)
{
    switch ( mode )
    {
    case NVMX_CLUSTER_STATIC:
        return NVMX_TRC_MODE_STATIC;
    case NVMX_CLUSTER_INTERP:
        return NVMX_TRC_MODE_INTERP;
    case NVMX_CLUSTER_VERIFY:
        return NVMX_TRC_MODE_VERIFY;
    default:
        return NVMX_TRC_MODE_ON;
    }
}

static void trace_executed(const struct vcpu *v, uint64_t site,
                           enum nvmx_cluster_mode mode,
                           const struct cluster_outcome *out)
{
    struct nvmx_trc_executed rec = {
        .site = site_of(v, site),
        .done = min(out->insns, 0xffffU) | (min(out->exiting, 0xffffU) << 16),
        .how = (out->cached ? NVMX_TRC_CACHED : 0) |
               (out->entered ? NVMX_TRC_ENTERED : 0) | (trc_mode(mode) << 8) |
               (out->stop << 16),
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

/* Refusals that are no events: they would drown the others. */
static bool is_silent(enum cluster_stop stop)
{
    return stop == CLUSTER_STOP_COMPLETE || stop == CLUSTER_STOP_NO_CLUSTER ||
           stop == CLUSTER_STOP_COUNTING;
}

void nvmx_cluster_trace_outcome(const struct vcpu *v, uint64_t site,
                                uint64_t stop_rip, enum nvmx_cluster_mode mode,
                                const struct cluster_outcome *out)
{
    if ( likely(!tb_init_done) )
        return;

    if ( out->insns )
        trace_executed(v, site, mode, out);

    if ( !is_silent(out->stop) )
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

void nvmx_cluster_trace_batch(const struct vcpu *v,
                              const struct nvmx_plan_entry *plan,
                              unsigned int fetched)
{
    struct nvmx_trc_batch rec;

    if ( likely(!tb_init_done) )
        return;

    rec = (struct nvmx_trc_batch){
        .site = site_of(v, 0),
        .fields = nvmx_set_size(&plan->copy) | (fetched << 16),
        .inputs = plan->inputs,
    };
    trace_time(NVMX_TRC_CLUSTER_BATCH, sizeof(rec), &rec);
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
