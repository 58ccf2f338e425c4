/* SPDX-License-Identifier: GPL-2.0-only */
#include "judge.h"
#include "cost.h"
#include "store.h"

/* VMRESUME and VMLAUNCH will not exit either; where the region began L1 may have exited already. */
static unsigned int exits_avoided(const struct cluster_region *region,
                                  const struct cluster_outcome *out, enum cluster_stop stop)
{
    unsigned int exiting = out->exiting + (stop == CLUSTER_STOP_RESUME);

    return exiting ? exiting - (cluster_variant_kind(region->variant) == 0) : 0;
}

/* What was executed behind the last exit would have been cheaper for L1 itself. */
static unsigned int wasted(const struct cluster_outcome *out, enum cluster_stop stop)
{
    return stop == CLUSTER_STOP_RESUME || stop == CLUSTER_STOP_EVENT ? 0 : out->gap;
}

/*
 * L1 mostly leaves where the region goes on for an exiting instruction that is far: recorded
 * anew, it does not go so far.
 */
static bool narrow(struct cluster_vcpu *vcpu, const struct cluster_region *region)
{
    uint8_t *narrowed = &vcpu->narrowed[cluster_store_hash(region->rip, region->variant)];

    if (*narrowed == CLUSTER_MAX_NARROWED)
        return false;
    ++*narrowed;
    return true;
}

static bool is_wasteful(struct cluster_vcpu *vcpu, const struct cluster_region *region,
                        uint64_t insns)
{
    return cluster_worth_recording(0, region->all_wasted, insns, 0) && narrow(vcpu, region);
}

/* It would pay if it did not go on in vain. */
static bool is_cured_by_less(struct cluster_vcpu *vcpu, const struct cluster_region *region)
{
    return cluster_region_pays(region->runs, region->ran_insns - region->wasted,
                               region->avoided) && narrow(vcpu, region);
}

/*
 * A region's first segment is the path that L1 took when the site was new.  Where
 * the usual one turns out to be another, each execution compares segments that it
 * leaves early, and goes from one to the next by way of C.  Recorded anew it has its
 * usual path first.  That is done when it has been waited for so long that not much can be
 * lost by it, for there may be no usual path; longer each time.
 */
static bool is_scattered(struct cluster_vcpu *vcpu, const struct cluster_region *region,
                         uint64_t insns)
{
    uint8_t *rebuilt = &vcpu->rebuilt[cluster_store_hash(region->rip, region->variant)];

    if (region->hops < region->runs * CLUSTER_SCATTERED_HOPS ||
        *rebuilt == CLUSTER_MAX_REBUILT ||
        !cluster_worth_recording(region->all_hops, 0, insns, *rebuilt))
        return false;
    ++*rebuilt;
    return true;
}

static bool is_outdated(struct cluster_vcpu *vcpu, struct cluster_region *region)
{
    uint64_t insns = region->ran_insns / region->runs;

    region->all_hops += region->hops;
    region->all_wasted += region->wasted;
    return is_wasteful(vcpu, region, insns) || is_scattered(vcpu, region, insns);
}

void cluster_judge_start(struct cluster_region *region)
{
    region->runs = region->ran_insns = region->avoided = region->hops = region->wasted = 0;
}

enum cluster_verdict cluster_judge(struct cluster_vcpu *vcpu, struct cluster_region *region,
                                   const struct cluster_outcome *out, enum cluster_stop stop)
{
    region->runs++;
    region->ran_insns += out->insns;
    region->avoided += exits_avoided(region, out, stop);
    region->wasted += wasted(out, stop);
    if (region->runs < CLUSTER_TRIAL_RUNS)
        return CLUSTER_VERDICT_LATER;
    if (!cluster_region_pays(region->runs, region->ran_insns, region->avoided))
        return is_cured_by_less(vcpu, region) ? CLUSTER_VERDICT_ANEW : CLUSTER_VERDICT_USELESS;
    if (is_outdated(vcpu, region))
        return CLUSTER_VERDICT_ANEW;
    cluster_judge_start(region);
    return CLUSTER_VERDICT_PAYS;
}
