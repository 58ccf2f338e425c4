/* SPDX-License-Identifier: GPL-2.0-only */
#include "regions.h"
#include "cache.h"
#include "cost.h"
#include "execute.h"
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

static void start_trial(struct cluster_region *region)
{
    region->runs = region->ran_insns = region->avoided = region->hops = region->wasted = 0;
}

/* The segments from @first on have been recorded, and are the region's to stay. */
static void take_segments(struct run *r, struct cluster_region *region, uint32_t first)
{
    uint32_t s, end = r->vcpu->nr_segments;

    start_trial(region);
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

/* VMRESUME and VMLAUNCH will not exit either. */
static unsigned int exits_avoided(const struct run *r)
{
    unsigned int exiting = r->out->exiting + (r->x->stop == CLUSTER_STOP_RESUME);

    return exiting ? exiting - is_exit(r) : 0;
}

/* What was executed behind the last exit would have been cheaper for L1 itself. */
static unsigned int wasted(const struct run *r)
{
    return r->x->stop == CLUSTER_STOP_RESUME || r->x->stop == CLUSTER_STOP_EVENT ? 0
                                                                               : r->out->gap;
}

/*
 * L1 mostly leaves where the region goes on for an exiting instruction that is far: recorded
 * anew, it does not go so far.
 */
static bool narrow(struct run *r)
{
    uint8_t *narrowed = &r->vcpu->narrowed[cluster_store_hash(r->rip, r->variant)];

    if (*narrowed == CLUSTER_MAX_NARROWED)
        return false;
    ++*narrowed;
    return true;
}

static bool is_wasteful(struct run *r, const struct cluster_region *region, uint64_t insns)
{
    return cluster_worth_recording(0, region->all_wasted, insns, 0) && narrow(r);
}

/* It would pay if it did not go on in vain. */
static bool is_cured_by_less(struct run *r, const struct cluster_region *region)
{
    return cluster_region_pays(region->runs, region->ran_insns - region->wasted,
                               region->avoided) && narrow(r);
}

/*
 * A region's first segment is the path that L1 took when the site was new.  Where
 * the usual one turns out to be another, each execution compares segments that it
 * leaves early, and goes from one to the next by way of C.  Recorded anew it has its
 * usual path first.  That is done when it has been waited for so long that not much can be
 * lost by it, for there may be no usual path; longer each time.
 */
static bool is_scattered(struct run *r, const struct cluster_region *region, uint64_t insns)
{
    uint8_t *rebuilt = &r->vcpu->rebuilt[cluster_store_hash(r->rip, r->variant)];

    if (region->hops < region->runs * CLUSTER_SCATTERED_HOPS ||
        *rebuilt == CLUSTER_MAX_REBUILT ||
        !cluster_worth_recording(region->all_hops, 0, insns, *rebuilt))
        return false;
    ++*rebuilt;
    return true;
}

/* Better recorded anew? */
static bool is_outdated(struct run *r, struct cluster_region *region)
{
    uint64_t insns = region->ran_insns / region->runs;

    region->all_hops += region->hops;
    region->all_wasted += region->wasted;
    return is_wasteful(r, region, insns) || is_scattered(r, region, insns);
}

/* Returns false when the region has been dropped. */
static bool judge(struct run *r, struct cluster_region *region)
{
    region->runs++;
    region->ran_insns += r->out->insns;
    region->avoided += exits_avoided(r);
    region->wasted += wasted(r);
    if (region->runs < CLUSTER_TRIAL_RUNS)
        return true;
    if (!cluster_region_pays(region->runs, region->ran_insns, region->avoided)) {
        if (is_cured_by_less(r, region)) {
            discard(r, region, CLUSTER_DISCARD_SCATTERED);
        } else {
            discard(r, region, CLUSTER_DISCARD_USELESS);
            give_up(r);
        }
        return false;
    }
    cluster_tracker_settle(r->vcpu, r->rip, r->variant);
    if (is_outdated(r, region)) {
        discard(r, region, CLUSTER_DISCARD_SCATTERED);
        return false;
    }
    start_trial(region);
    return true;
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
