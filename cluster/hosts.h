/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hosts.h - where the pages of a region are: its code, its stack, what its memory
 * slots hold; for the epoch of the present execution.
 *
 * What must hold while translated code runs: no slot that it stores through, and no
 * page of the stack, is a page of the region's code whose bytes were compared.  So
 * whenever the host address of a code page becomes known, all that was known
 * of other pages is forgotten.  (The interpreter looks at each store by itself.)
 */
#ifndef CLUSTER_HOSTS_H
#define CLUSTER_HOSTS_H

#include "interp.h"

/* The first call of an execution: forget what does not hold in @x->world. */
void cluster_hosts_start(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                         struct cluster_region *region);

/*
 * Are the bytes of @segment those that it was recorded from?  Each is compared once in an
 * execution.  When not, or when that cannot be told, x->stop is BYTES, NO_CODE or STACK.
 */
bool cluster_hosts_compare(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                           struct cluster_region *region, struct cluster_segment *segment);

/*
 * Before translated code is entered: fill in region->stack_host and its like for what
 * it reaches from @entry_rsp, and see to it that slots may be looked at.
 * Returns false when a page cannot be written without further ado, or is code, or
 * two cannot be had side by side.
 */
bool cluster_hosts_prepare(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                           struct cluster_region *region, uint64_t entry_rsp);

/*
 * Fill @slot for the access at @address, as @miss has it.  Returns false where the
 * access is to be left to the interpreter.
 */
bool cluster_hosts_fill(struct cluster_vcpu *vcpu, struct cluster_exec *x,
                        struct cluster_region *region, struct cluster_slot *slot,
                        uint64_t address, const struct cluster_exit *miss);

#endif /* CLUSTER_HOSTS_H */
