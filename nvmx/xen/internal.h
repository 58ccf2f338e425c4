/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * internal.h - what the files of the glue share: one vCPU's clusters, the ways
 * out of the engine, its mode, and its trace records.
 */
#ifndef NVMX_XEN_INTERNAL_H
#define NVMX_XEN_INTERNAL_H

#include <xen/sched.h>

#include "cluster.h"
#include "xlat.h"

/*
 * Guest pages that one execution may hold.  An execution of CLUSTER_MAX_INSNS
 * instructions needs fewer; when they run out it stops as if at a fault.
 */
#define NVMX_CLUSTER_MAX_PAGES 32

/*
 * Everything that clusters need for one vCPU.  Allocated at L1's first VMXON,
 * freed with the vCPU, used by that vCPU on its own only.
 */
struct nvmx_cluster {
    struct cluster_vcpu engine;
    unsigned int generation;        /* of the mode that the clusters belong to */
    struct nvmx_xlat xlat;
    unsigned int nr_pages;
    struct page_info *pages[NVMX_CLUSTER_MAX_PAGES];
};

/* ops.c: the ctx of these ops is the struct nvmx_cluster of current. */
extern const struct cluster_ops nvmx_cluster_ops;

/*
 * Could an event be delivered to current at an instruction boundary with
 * these RFLAGS?  Says yes when in doubt.
 */
bool nvmx_cluster_event_pending(const struct vcpu *v, uint64_t rflags);

/* mode.c */
enum nvmx_cluster_mode {
    NVMX_CLUSTER_OFF,
    NVMX_CLUSTER_STATIC,
    NVMX_CLUSTER_NR_MODES
};

/*
 * The mode, and its generation: a number that changes with every change of the
 * mode.  A vCPU that sees another generation than its clusters' flushes them.
 */
extern enum nvmx_cluster_mode nvmx_cluster_mode;
extern unsigned int nvmx_cluster_generation;

/* trace.c: each is cheap when tracing is off. */
void nvmx_cluster_trace_formed(const struct vcpu *v, const struct cluster *c);
void nvmx_cluster_trace_outcome(const struct vcpu *v, uint64_t site,
                                uint64_t stop_rip,
                                const struct cluster_outcome *out);
void nvmx_cluster_trace_discarded(const struct vcpu *v, uint64_t site,
                                  enum cluster_discard why,
                                  unsigned int count);

#endif /* NVMX_XEN_INTERNAL_H */
