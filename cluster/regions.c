/* SPDX-License-Identifier: GPL-2.0-only */
#include "regions.h"
#include "cache.h"
#include "cost.h"
#include "execute.h"
#include "judge.h"
#include "record.h"
#include "store.h"
#include "tracker.h"
#include "translate.h"

/*
 * Barrenness is a site's, and a site is RIP and a variant: the tracker has it.  Looking
 * there costs more than cluster_site_barren(), which knows RIPs alone.  So a RIP
 * of which no region is known is put there for a part of the time only, and another
 * site of the same RIP gets its chance in between: once in WINDOW + 1 exits.  That
 * is a prime number, so that sites that take turns all have one.
 */
enum { WINDOW = 256 };

struct run {
    struct cluster_vcpu *vcpu;
    enum cluster_mode mode;
    struct cluster_exec *x;
    struct cluster_outcome *out;
    uint64_t rip, rsp;          /* at the exit */
    uint16_t variant;
    bool full;                  /* a pool is used up */
};

static void rest_rip(struct run *r)
{
    if (!cluster_store_has_site(r->vcpu, r->rip))
        cluster_cache_set_barren(r->vcpu, r->rip, WINDOW);
}

/* For longer each time: to find out anew costs a recording, and many executions. */
static void give_up(struct run *r)
{
    uint8_t *times = &r->vcpu->given_up[cluster_store_hash(r->rip, r->variant)];

    cluster_tracker_set_barren(r->vcpu, r->rip, r->variant, CLUSTER_BARREN_EXITS << *times);
    *times += *times < CLUSTER_MAX_GIVEN_UP;
    rest_rip(r);
}

static void discard(struct run *r, struct cluster_region *region, enum cluster_discard why)
{
    r->out->discarded = why;
    r->out->discarded_rip = region->rip;
    cluster_store_drop(r->vcpu, region);
}

/* The site has no region: is it time to record one?  Sets out->stop where not. */
static bool is_to_be_recorded(struct run *r)
{
    unsigned int exits = cluster_store_has_site(r->vcpu, r->rip) ? 1 : WINDOW + 1;

    if (cluster_site_barren(r->vcpu, r->rip)) {
        r->out->stop = CLUSTER_STOP_NO_CLUSTER;
        return false;
    }
    switch (cluster_tracker_exit(r->vcpu, r->rip, r->variant, exits)) {
    case CLUSTER_TRACKED_RECORD:
        return true;
    case CLUSTER_TRACKED_BARREN:
        r->out->stop = CLUSTER_STOP_NO_CLUSTER;
        rest_rip(r);
        return false;
    default:
        r->out->stop = CLUSTER_STOP_COUNTING;
        return false;
    }
}

/* The segments from @first on have been recorded, and are the region's to stay. */
static void take_segments(struct run *r, struct cluster_region *region, uint32_t first)
{
    uint32_t s, end = r->vcpu->nr_segments;

    cluster_judge_start(region);
    if (!r->out->recorded)
        r->out->recorded = &r->vcpu->segment[first];
    r->out->nr_recorded += end - first;
    for (s = first; s < end && !r->full; s++) {
        if (r->mode == CLUSTER_MODE_ON && r->vcpu->arena.size &&
            !cluster_translate(r->vcpu, s, r->x->ops, r->x->ctx))
            r->full = true;
    }
}

/* No segment came of the edge. */
static void leave_edge(struct run *r, uint32_t edge, enum cluster_record result)
{
    bool event = result == CLUSTER_RECORD_INTERRUPTED || r->x->stop == CLUSTER_STOP_EVENT;
    struct cluster_edge *way = &r->vcpu->edge[edge];

    way->node = CLUSTER_NO_INDEX;
    way->tries += !event;
    way->exits = way->tries < CLUSTER_GROW_TRIES ? 0 : CLUSTER_EDGE_COLD;
}

static enum cluster_record record_from(struct run *r, struct cluster_region *region,
                                       uint32_t edge, uint32_t *onward)
{
    enum cluster_stop stop = r->x->stop;
    unsigned int insns = r->out->insns;
    uint32_t segment;
    enum cluster_record result = cluster_record(r->vcpu, r->x, region, r->rsp, edge, r->out,
                                                &segment, onward);

    if (r->out->insns == insns && stop == CLUSTER_STOP_COMPLETE)
        r->x->stop = stop;      /* it went no further */
    r->full = result == CLUSTER_RECORD_FULL;
    return result;
}

/*
 * L1 has just gone by @edge: record what follows, and what follows the loops in it, up to
 * an exiting instruction.  Where none comes, L1 had better leave the region by @edge as before.
 */
static void grow_once(struct run *r, struct cluster_region *region, uint32_t edge,
                      uint32_t *onward)
{
    const struct cluster_store_mark mark = cluster_store_mark(r->vcpu, region);
    enum cluster_record result;
    uint32_t way = edge;

    do {
        result = record_from(r, region, way, onward);
        way = *onward;
    } while (result == CLUSTER_RECORD_SEGMENT && way != CLUSTER_NO_INDEX &&
             region->nr_exiting == mark.region_exiting);
    if (result == CLUSTER_RECORD_SEGMENT || result == CLUSTER_RECORD_JOINED) {
        take_segments(r, region, mark.segments);
    } else if (!r->full) {
        cluster_store_take_back(r->vcpu, region, &mark);
        leave_edge(r, edge, result);
        *onward = CLUSTER_NO_INDEX;
    }
}

static void grow(struct run *r, struct cluster_region *region, uint32_t edge)
{
    while (edge != CLUSTER_NO_INDEX && !r->full)
        grow_once(r, region, edge, &edge);
}

/* Has L1 exited there?  Else it was about to be entered. */
static bool is_exit(const struct run *r)
{
    return cluster_variant_kind(r->variant) == 0;
}

/* It began with a loop, and nothing worth it came behind. */
static void drop_if_poor(struct run *r, struct cluster_region *region)
{
    if (region->nr_exiting >= 1u + is_exit(r))
        return;
    cluster_store_drop(r->vcpu, region);
    r->out->recorded = NULL;
    r->out->nr_recorded = 0;
    give_up(r);
}

static void record(struct run *r)
{
    struct cluster_region *region = cluster_store_draft(r->vcpu, r->rip, r->variant);
    enum cluster_record result;
    uint32_t segment, onward;

    if (!region) {
        r->full = true;
        return;
    }
    r->x->region = region;
    cluster_tracker_recorded(r->vcpu, r->rip, r->variant);
    result = cluster_record(r->vcpu, r->x, region, r->rsp, CLUSTER_NO_INDEX, r->out, &segment,
                            &onward);
    if (result == CLUSTER_RECORD_SEGMENT) {
        cluster_store_keep(r->vcpu, region);
        take_segments(r, region, segment);
        grow(r, region, onward);
        drop_if_poor(r, region);
    } else if (result == CLUSTER_RECORD_FULL) {
        r->full = true;
    } else if (result == CLUSTER_RECORD_NOTHING && r->x->stop != CLUSTER_STOP_EVENT) {
        give_up(r);
    }
}

/* Returns false when the region has been dropped. */
static bool judge(struct run *r, struct cluster_region *region)
{
    switch (cluster_judge(r->vcpu, region, r->out, r->x->stop)) {
    case CLUSTER_VERDICT_LATER:
        return true;
    case CLUSTER_VERDICT_PAYS:
        cluster_tracker_settle(r->vcpu, r->rip, r->variant);
        return true;
    case CLUSTER_VERDICT_ANEW:
        cluster_tracker_settle(r->vcpu, r->rip, r->variant);
        discard(r, region, CLUSTER_DISCARD_SCATTERED);
        return false;
    default:
        discard(r, region, CLUSTER_DISCARD_USELESS);
        give_up(r);
        return false;
    }
}

/* L1's code is not what it was.  Recorded anew at once, unless that has been done too often. */
static void replace(struct run *r, struct cluster_region *region)
{
    discard(r, region, CLUSTER_DISCARD_BYTES);
    if (r->out->insns != 0)
        return;                 /* at the next exit */
    if (cluster_tracker_exit(r->vcpu, r->rip, r->variant, 1) != CLUSTER_TRACKED_BARREN)
        record(r);
    else
        rest_rip(r);
}

static void run_region(struct run *r, struct cluster_region *region)
{
    uint32_t edge;

    r->x->region = region;
    cluster_execute(r->vcpu, r->x, region, r->mode == CLUSTER_MODE_ON, r->out, &edge);
    cluster_discount(r->x, r->out);
    if (r->x->stop == CLUSTER_STOP_BYTES) {
        r->out->cached = r->out->insns != 0;
        replace(r, region);
        return;
    }
    r->out->cached = r->out->insns != 0;
    if (judge(r, region))
        grow(r, region, edge);
}

static void forget_all(struct run *r)
{
    r->out->flushed = cluster_store_forget(r->vcpu);
    r->vcpu->flushes++;
}

bool cluster_variant_barren(struct cluster_vcpu *vcpu, uint64_t rip, uint64_t rsp,
                            unsigned int kind)
{
    return cluster_tracker_is_barren(vcpu, rip, cluster_variant(rsp, kind));
}

bool cluster_exit_barren(struct cluster_vcpu *vcpu, uint64_t rip, uint64_t rsp)
{
    return cluster_site_barren(vcpu, rip) ||
           (cluster_store_has_site(vcpu, rip) && cluster_variant_barren(vcpu, rip, rsp, 0));
}

void cluster_regions_run(struct cluster_vcpu *vcpu, enum cluster_mode mode,
                         struct cluster_exec *x, unsigned int kind,
                         struct cluster_outcome *out)
{
    struct run r = {
        .vcpu = vcpu, .mode = mode, .x = x, .out = out, .rip = x->regs->rip,
        .rsp = x->regs->gpr[CLUSTER_RSP],
        .variant = cluster_variant(x->regs->gpr[CLUSTER_RSP], kind),
    };
    struct cluster_region *region = cluster_store_find(vcpu, r.rip, r.variant);

    if (!region && !is_to_be_recorded(&r))
        return;
    x->stop = CLUSTER_STOP_WORLD;
    if (x->ops->begin(x->ctx, &x->world, region ? &region->deps : NULL)) {
        if (region)
            run_region(&r, region);
        else
            record(&r);
        cluster_discount(x, out);
        x->ops->end(x->ctx);
    }
    out->stop = x->stop;
    if (r.full)
        forget_all(&r);
}
