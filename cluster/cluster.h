/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster.h - the public face of the cluster engine.
 *
 * A cluster is the run of instructions, first to last exiting one, that L0
 * executes in one exit of L1.  The caller (L0) calls cluster_run() when L1 has
 * exited at an exit site; the engine looks the site up in the vCPU's cluster
 * cache, compares the guest's bytes with those it decoded, forms a cluster when
 * it has none, and executes it with the reference interpreter.
 *
 * The engine is freestanding: no allocation, no globals, no floating point, no
 * knowledge of Xen or of VMCS layout.  All state lives in structures that the
 * caller owns; the outside world is reached through struct cluster_ops only.
 *
 * Order of calls: cluster_init() once on a struct cluster_vcpu, then any
 * number of cluster_run() and cluster_flush(), never two at once on the same
 * cluster_vcpu.  Zero-filled memory is a valid, empty cluster_vcpu.
 *
 * Only 64-bit mode at CPL 0 is handled; the caller must have checked that, and
 * everything else that the stock path checks before an exiting instruction
 * (CR4.VMXE, VMX operation, a valid current VMCS, no interrupt shadow, no armed
 * DR7).  The engine itself refuses when RFLAGS.TF or RFLAGS.RF is set.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include "cluster_env.h"        /* fixed-width types, bool, memcpy, memcmp */

/* Index of a general register: the order of the SDM's encodings (vol. 2, table 2-2). */
enum cluster_gpr {
    CLUSTER_RAX, CLUSTER_RCX, CLUSTER_RDX, CLUSTER_RBX,
    CLUSTER_RSP, CLUSTER_RBP, CLUSTER_RSI, CLUSTER_RDI,
    CLUSTER_R8,  CLUSTER_R9,  CLUSTER_R10, CLUSTER_R11,
    CLUSTER_R12, CLUSTER_R13, CLUSTER_R14, CLUSTER_R15,
    CLUSTER_NR_GPRS
};

/* Segments whose base counts in 64-bit mode; the others have base 0. */
enum cluster_segment { CLUSTER_SEG_FLAT, CLUSTER_SEG_FS, CLUSTER_SEG_GS };

/* L1's registers. Precise before and after every cluster_run(). */
struct cluster_regs {
    uint64_t gpr[CLUSTER_NR_GPRS];
    uint64_t rip;
    uint64_t rflags;
};

enum cluster_access { CLUSTER_READ, CLUSTER_WRITE, CLUSTER_FETCH };

/* What became of a VMREAD or VMWRITE that was handed to cluster_ops. */
enum cluster_vmx {
    CLUSTER_VMX_SUCCEED,        /* done; the engine clears the six arithmetic flags */
    CLUSTER_VMX_FAIL_VALID,     /* failed, error number already stored: ZF set, other five clear */
    CLUSTER_VMX_FAIL_INVALID,   /* failed, no current VMCS: CF set, other five clear */
    CLUSTER_VMX_DECLINE,        /* nothing happened: stop before it, the stock path will do it */
};

/*
 * The engine's only way to the world.  @ctx is the pointer that the caller gave
 * to cluster_run().  No member may be NULL.
 */
struct cluster_ops {
    /*
     * Host address of the 4 KiB page of L1 at linear address @page (a multiple
     * of 4096, canonical), or NULL where the access, made by CPL 0, would fault
     * or does not reach plain RAM that may be accessed that way.  Has the
     * hardware's effects on accessed and dirty bits, and no others: no fault is
     * injected.  The address stays valid until release(), and until then the
     * same page of RAM has the same address, however it is reached: stores into
     * the cluster's code are recognised by it.
     */
    void *(*translate)(void *ctx, uint64_t page, enum cluster_access access);

    /* Give back all that translate() returned since the last release(). */
    void (*release)(void *ctx);

    /* Base of FS or GS. */
    uint64_t (*segment_base)(void *ctx, enum cluster_segment seg);

    /* VMREAD/VMWRITE of the current vvmcs, checked as on the stock path. */
    enum cluster_vmx (*vmread)(void *ctx, uint64_t field, uint64_t *value);
    enum cluster_vmx (*vmwrite)(void *ctx, uint64_t field, uint64_t value);

    /*
     * True when an event (interrupt, NMI, softirq) could be delivered at an
     * instruction boundary with these RFLAGS.
     */
    bool (*event_pending)(void *ctx, uint64_t rflags);
};

/*
 * Why an execution ended.  The values appear in trace records and in reports:
 * append, never renumber.
 */
enum cluster_stop {
    CLUSTER_STOP_COMPLETE = 0,  /* the last exiting instruction was executed */
    CLUSTER_STOP_BRANCH,        /* a taken branch left the cluster */
    CLUSTER_STOP_MEMORY,        /* before an access that would fault, is not RAM, or crosses a page */
    CLUSTER_STOP_CODE_WRITE,    /* before a store into a page that holds the cluster's code */
    CLUSTER_STOP_EVENT,         /* before an exiting instruction: a deliverable event is pending */
    CLUSTER_STOP_VMX,           /* before an exiting instruction that the ops declined */
    CLUSTER_STOP_FLAGS,         /* refused: RFLAGS.TF or RFLAGS.RF is set */
    CLUSTER_STOP_NO_CODE,       /* refused: the code cannot be fetched */
    CLUSTER_STOP_NO_CLUSTER,    /* refused: the site forms no cluster (fewer than two exiting instructions) */
    CLUSTER_NR_STOPS
};

/* Why a cluster left the cache. Appears in trace records: append, never renumber. */
enum cluster_discard {
    CLUSTER_DISCARD_NONE = 0,
    CLUSTER_DISCARD_BYTES,      /* the guest's bytes are no longer those decoded */
    CLUSTER_DISCARD_EVICTED,    /* its place was needed */
    CLUSTER_DISCARD_FLUSHED,    /* cluster_flush() */
    CLUSTER_DISCARD_USELESS,    /* it cost more than it saved (cost.h) */
    CLUSTER_NR_DISCARDS
};

/* The limits of formation, the paper's (USENIX ATC 2012, section 4). */
enum {
    CLUSTER_MAX_INSNS = 16,     /* decoded ahead from the site, the site included */
    CLUSTER_MAX_GAP_ACCESSES = 4, /* memory accesses between two exiting instructions */
    CLUSTER_MAX_INSN_BYTES = 15,
    CLUSTER_MAX_BYTES = CLUSTER_MAX_INSNS * CLUSTER_MAX_INSN_BYTES,
};

#include "cluster_types.h"      /* struct cluster, struct cluster_vcpu: read their public members only */

/* What one cluster_run() did; filled in on every call. */
struct cluster_outcome {
    enum cluster_stop stop;
    unsigned int insns;         /* instructions executed, 0 when refused */
    unsigned int exiting;       /* exiting ones among them; exits avoided = exiting - 1 */
    /* The cluster formed by this call, valid until the next call; or NULL. */
    const struct cluster *formed;
    /* The cluster dropped by this call: its site, its first RIP; or DISCARD_NONE. */
    enum cluster_discard discarded;
    uint64_t discarded_rip;
};

/*
 * Start with an empty cache.  Equivalent to zero-filling @vcpu.
 */
void cluster_init(struct cluster_vcpu *vcpu);

/*
 * Drop every cluster. Returns how many there were.
 */
unsigned int cluster_flush(struct cluster_vcpu *vcpu);

/*
 * True when nothing is to be gained at site @rip as far as is known: it forms no
 * cluster, or one that did not pay.  Cheap, so that a caller may ask before it
 * checks anything else; each answer "true" counts as one of the exits after
 * which the site is looked at again.  cluster_run() asks too.
 */
bool cluster_site_barren(struct cluster_vcpu *vcpu, uint64_t rip);

/*
 * L1 has exited at regs->rip by an exiting instruction that has not been
 * executed.  Executes from there, first instruction included, as much of the
 * site's cluster as can be executed exactly.
 *
 * Returns true when at least one instruction was executed: @regs then hold
 * L1's state after out->insns instructions, RIP at the next one.  Returns false
 * when nothing was executed: @regs are unchanged and the caller must take the
 * stock path.  ops->release() has been called in both cases if needed.
 *
 * Bounded: at most CLUSTER_MAX_INSNS instructions, forwards only.
 */
bool cluster_run(struct cluster_vcpu *vcpu, const struct cluster_ops *ops,
                 void *ctx, struct cluster_regs *regs,
                 struct cluster_outcome *out);

#endif /* CLUSTER_H */
