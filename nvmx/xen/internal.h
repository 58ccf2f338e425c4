/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * internal.h - what the files of the glue share: one vCPU's clusters, the ways
 * out of the engine, its mode, and its trace records.
 */
#ifndef NVMX_XEN_INTERNAL_H
#define NVMX_XEN_INTERNAL_H

#include <xen/sched.h>

#include <asm/hvm/vmx/nvmx-cluster.h>

#include "cluster.h"
#include "xlat.h"

/*
 * Everything that clusters need for one vCPU.  Allocated at L1's first exit
 * that could be of use, freed with the vCPU, used by that vCPU on its own
 * only.
 */
struct nvmx_cluster {
    struct cluster_vcpu engine;
    struct cluster_arena arena;     /* see arena.c */
    unsigned int generation;        /* of the mode that the clusters belong to */
    void *adjoined;                 /* two pages of L1 mapped side by side, or NULL */
    unsigned int silent;            /* struct cluster_world's */
    bool pending;                   /* an event, were RFLAGS.IF set; when last run */
    struct nvmx_xlat xlat;
    struct nvmx_verify *verify;     /* verify.c's, NULL until it needs it */
};

/* regs.c: cluster_regs' GPRs are in the order of the SDM, Xen's in its own. */
void nvmx_cluster_load_regs(struct cluster_regs *to,
                            const struct cpu_user_regs *from);
void nvmx_cluster_store_regs(struct cpu_user_regs *to,
                             const struct cluster_regs *from);

/* ops.c: the ctx of these ops is the struct nvmx_cluster of current. */
extern const struct cluster_ops nvmx_cluster_ops;

/* Unmap what adjoin() mapped.  Idempotent. */
void nvmx_cluster_adjoin_free(struct nvmx_cluster *cluster);

/*
 * Could an event be delivered to current at an instruction boundary with
 * these RFLAGS?  Says yes when in doubt.
 */
bool nvmx_cluster_event_pending(const struct vcpu *v, uint64_t rflags);

/*
 * exits.c: does @v, L1, exit by VMREAD or VMWRITE of @field, or by RDMSR or
 * WRMSR of @msr?  Where it does not, the processor does what the exit's
 * handler would.
 */
bool nvmx_cluster_field_exits(const struct vcpu *v, uint64_t field, bool write);
bool nvmx_cluster_msr_exits(const struct vcpu *v, uint32_t msr, bool write);

/* emulate.c: cluster_ops.emulate(). */
enum cluster_emulated cf_check nvmx_cluster_emulate(
    void *ctx, enum cluster_op op, struct cluster_regs *regs,
    struct cluster_operands *operands);

/*
 * device.c: has @v, L1, exited by an instruction's access to a device that Xen
 * emulates by itself?  @exit_reason is EPT violation or APIC access.
 * And: WEAK_MOV of cluster_ops.emulate().
 */
bool nvmx_device_is_exit(const struct vcpu *v, unsigned int exit_reason);
enum cluster_emulated nvmx_device_mov(struct nvmx_cluster *cluster,
                                      const struct cluster_regs *regs,
                                      struct cluster_operands *operands);

/* arena.c: false when there is no memory. */
bool nvmx_cluster_arena_alloc(struct cluster_arena *arena);
void nvmx_cluster_arena_free(struct cluster_arena *arena);

/*
 * mode.c: a number that changes with every change of the mode.  A vCPU that
 * sees another generation than its clusters' flushes them.
 */
extern unsigned int nvmx_cluster_generation;

/* trace.c: each is cheap when tracing is off. */
void nvmx_cluster_trace_formed(const struct vcpu *v, const struct cluster *c);
void nvmx_cluster_trace_recorded(const struct vcpu *v,
                                 const struct cluster_vcpu *engine,
                                 const struct cluster_segment *segment);
void nvmx_cluster_trace_outcome(const struct vcpu *v, uint64_t site,
                                uint64_t stop_rip, enum nvmx_cluster_mode mode,
                                const struct cluster_outcome *out);
void nvmx_cluster_trace_discarded(const struct vcpu *v, uint64_t site,
                                  enum cluster_discard why,
                                  unsigned int count);

/* A virtual entry; fields fetched since the one before. */
struct nvmx_plan_entry;
void nvmx_cluster_trace_batch(const struct vcpu *v,
                              const struct nvmx_plan_entry *plan,
                              unsigned int fetched);

/*
 * batch.c: the vvmcs as memory that translated code may read and write (L1's
 * page of it, if it is that, where nvmx_xlat_get() has it), or NULL, and
 * whether it has @encoding.  Asked at the beginning of an execution,
 * when L1 does not run: with VMCS shadowing it is brought up to date then.
 */
uint8_t *nvmx_batch_plain(struct vcpu *v);
bool nvmx_batch_is_plain(const struct vcpu *v, uint32_t encoding);

/*
 * batch_exit.c: while vmcs01 is due, nothing may be done to "the current VMCS"
 * as though it were L1's.  This loads it, with all that a virtual exit and
 * what came behind it have made of L1.  Does nothing when it is not due.
 */
void nvmx_batch_load_l1(struct vcpu *v);

/* ops.c: the processor does not have it; Xen must not try it on the vvmcs. */
bool nvmx_cluster_lacks(uint64_t field);

/*
 * @encoding will be read and written by translated code from now on, without a
 * word; where that notes what it writes, as struct nvmx_sync's @dirty, or
 * NULL; and when it has ended: that is taken over.
 */
void nvmx_batch_pin(struct vcpu *v, uint32_t encoding);
uint8_t *nvmx_batch_dirty(const struct vcpu *v);
void nvmx_batch_stored(struct vcpu *v);

/* glue.c: all that there is to be traced of one call of the engine. */
void nvmx_cluster_trace_run(const struct vcpu *v,
                            const struct nvmx_cluster *cluster, uint64_t site,
                            uint64_t stop_rip, enum nvmx_cluster_mode mode,
                            const struct cluster_outcome *out);

/*
 * verify.c: mode "verify".
 *
 * nvmx_verify_run(): in place of an execution, at an exit where one could
 * begin; all checks that an execution needs are done; @kind as for
 * cluster_run().  Changes nothing of the guest; false, so that the stock path
 * goes on.
 * nvmx_verify_exit(): @v has exited, not while L2 ran; @regs are complete and
 * nothing of the exit has been handled.  For every vCPU with clusters.
 * nvmx_verify_injected(): an event will be delivered at its next VM entry.
 * nvmx_verify_exits_changed(): @v, L1, will exit for less than it did when a
 * prediction was made.  (What its regions avoid is counted as it was when they
 * were translated: to flush them each time was tried, and cost more.)
 * nvmx_verify_free(): with the vCPU, or when the mode has changed.
 */
bool nvmx_verify_run(struct vcpu *v, struct nvmx_cluster *cluster,
                     struct cpu_user_regs *regs, unsigned int kind);
void nvmx_verify_exit(struct vcpu *v, struct nvmx_cluster *cluster,
                      struct cpu_user_regs *regs, unsigned int exit_reason);
void nvmx_verify_injected(struct vcpu *v, struct nvmx_cluster *cluster);
void nvmx_verify_exits_changed(struct vcpu *v);
void nvmx_verify_free(struct nvmx_cluster *cluster);

/* verify_report.c: L1, or the translation, is not as had been predicted. */
struct cluster_prediction;
struct cluster_mismatch;
void nvmx_verify_report(const struct vcpu *v,
                        const struct cluster_prediction *p,
                        const struct cluster_mismatch *m);

#endif /* NVMX_XEN_INTERNAL_H */
