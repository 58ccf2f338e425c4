/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.c - cluster_run(), and static clusters: look up, compare, form, execute, judge.
 */
#include "cluster.h"
#include "alu.h"
#include "cache.h"
#include "code.h"
#include "cost.h"
#include "form.h"
#include "interp.h"
#include "regions.h"

static void start_outcome(struct cluster_outcome *out, enum cluster_stop stop)
{
    out->stop = stop;
    out->insns = 0;
    out->exiting = 0;
    out->gap = 0;
    out->leave = NULL;
    out->formed = NULL;
    out->recorded = NULL;
    out->nr_recorded = 0;
    out->entered = false;
    out->cached = false;
    out->flushed = 0;
    out->discarded = CLUSTER_DISCARD_NONE;
    out->discarded_rip = 0;
}

static void report_discard(struct cluster_outcome *out, enum cluster_discard why, uint64_t rip)
{
    out->discarded = why;
    out->discarded_rip = rip;
}

static void start_trial(struct cluster *c)
{
    c->runs = 0;
    c->ran_insns = 0;
    c->avoided = 0;
}

/*
 * Keep the cluster just formed.  Where one of this site was dropped before, its
 * empty way takes it, so nothing is evicted and one discard is all there is to
 * report.
 */
static struct cluster *keep(struct cluster_vcpu *vcpu, struct cluster_outcome *out)
{
    struct cluster *kept;
    uint64_t rip;
    bool evicted;

    start_trial(&vcpu->scratch);
    kept = cluster_cache_keep(vcpu, &vcpu->scratch, &evicted, &rip);
    if (evicted)
        report_discard(out, CLUSTER_DISCARD_EVICTED, rip);
    out->formed = kept;
    return kept;
}

static struct cluster *form(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                            struct cluster_outcome *out)
{
    struct cluster *c = &vcpu->scratch;
    unsigned int size;

    c->rip = x->regs->rip;
    size = cluster_code_snapshot(&x->code, c, x->ops, x->ctx);
    if (size == 0) {
        out->stop = CLUSTER_STOP_NO_CODE;
        return NULL;
    }
    if (!cluster_form(c, size)) {
        cluster_cache_set_barren(vcpu, c->rip, CLUSTER_BARREN_EXITS);
        out->stop = CLUSTER_STOP_NO_CLUSTER;
        return NULL;
    }
    cluster_code_cut(&x->code, c);
    return keep(vcpu, out);
}

/* The site's cluster as the guest's bytes have it now, or NULL with out->stop set. */
static struct cluster *obtain(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                              struct cluster_outcome *out)
{
    struct cluster *c = cluster_cache_find(vcpu, x->regs->rip);
    bool fetched;

    if (!c)                     /* out->stop is NO_CLUSTER already */
        return cluster_site_barren(vcpu, x->regs->rip) ? NULL : form(vcpu, x, out);
    if (cluster_code_same(&x->code, c, x->ops, x->ctx, &fetched))
        return c;
    if (!fetched) {
        out->stop = CLUSTER_STOP_NO_CODE;
        return NULL;
    }
    report_discard(out, CLUSTER_DISCARD_BYTES, c->rip);
    cluster_cache_drop(c);
    return form(vcpu, x, out);
}

/*
 * Drop a cluster that did not pay, and leave its site alone for a while.  It has
 * been executed before, so this call has neither formed nor dropped another.
 */
static void judge(struct cluster_vcpu *vcpu, struct cluster *c, struct cluster_outcome *out)
{
    c->runs++;
    c->ran_insns += out->insns;
    c->avoided += out->exiting > 1 ? out->exiting - 1 : 0;
    if (c->runs < CLUSTER_TRIAL_RUNS)
        return;
    if (!cluster_pays(c->runs, c->ran_insns, c->avoided)) {
        report_discard(out, CLUSTER_DISCARD_USELESS, c->rip);
        cluster_cache_set_barren(vcpu, c->rip, CLUSTER_BARREN_EXITS);
        cluster_cache_drop(c);
    }
    start_trial(c);
}

static void run_static(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                       struct cluster_outcome *out)
{
    struct cluster *c;

    if (!x->ops->begin(x->ctx, &x->world, NULL)) {
        out->stop = CLUSTER_STOP_WORLD;
        return;
    }
    c = obtain(vcpu, x, out);
    if (c) {
        cluster_interpret(x, c, out);
        cluster_discount(x, out);
        judge(vcpu, c, out);
    }
    x->ops->end(x->ctx);
}

/* What is refused whatever the site holds. */
static bool refuse(const struct cluster_regs *regs, enum cluster_mode mode,
                   struct cluster_outcome *out)
{
    uint64_t refused = CLUSTER_FLAG_TF | CLUSTER_FLAG_RF;

    if (mode != CLUSTER_MODE_STATIC)    /* which has no string instructions */
        refused |= CLUSTER_FLAG_DF;
    if (regs->rflags & refused)
        out->stop = CLUSTER_STOP_FLAGS;
    else if (!cluster_canonical(regs->rip))
        out->stop = CLUSTER_STOP_NO_CODE;
    else
        return false;
    return true;
}

bool cluster_run(struct cluster_vcpu *vcpu, enum cluster_mode mode,
                 const struct cluster_ops *ops, void *ctx, struct cluster_regs *regs,
                 unsigned int kind, struct cluster_outcome *out)
{
    struct cluster_exec x;

    start_outcome(out, CLUSTER_STOP_NO_CLUSTER);
    out->entered = kind != 0;
    if (refuse(regs, mode, out))
        return false;
    x.ops = ops;
    x.ctx = ctx;
    x.regs = regs;
    x.region = NULL;
    x.code.page[0] = x.code.page[1] = NULL;
    cluster_tlb_start(&x.tlb);
    if (mode == CLUSTER_MODE_STATIC)
        run_static(vcpu, &x, out);
    else
        cluster_regions_run(vcpu, mode, &x, kind, out);
    return out->insns != 0;
}
