/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * predict.h - verify mode: what L1 would be like at its next exits, predicted on
 * a copy, and compared with what L1 then does natively.
 *
 * Order of calls: cluster_predict() where cluster_run() would be called, with
 * nothing executed for L1 before or after.  Then, at each exit of L1 by an
 * exiting instruction, before anything is done for it, cluster_predict_compare(),
 * until cluster_predict_pending() is false.  cluster_predict_abandon() as soon as
 * something happens to L1 that a prediction cannot know of: an event, a fault,
 * an exit of another kind that changes L1.
 *
 * A prediction is made twice.  The engine itself (cluster_run() in MODE_ON,
 * recording and translation included) runs on one copy; then the interpreter, as
 * many instructions, decoding L1's bytes anew, on another.  They are compared at
 * once, the state of the latter at each exiting instruction with L1's later.  So
 * a mismatch says who is wrong: the translation, or the interpreter.
 *
 * Only for an L1 of one vCPU: what others do to its memory is not predicted.
 */
#ifndef CLUSTER_PREDICT_H
#define CLUSTER_PREDICT_H

#include "cluster.h"
#include "copy.h"

enum {
    CLUSTER_PREDICT_EXITS = 64,
    CLUSTER_PREDICT_STORES = 4096,      /* of at most 8 bytes */
    CLUSTER_PREDICT_INSNS = 8192,
    CLUSTER_PREDICT_ALONE = 1024,       /* instructions, without the engine */
};

/* The state before an exiting instruction. */
struct cluster_predicted {
    struct cluster_regs regs;
    /* How much of each log belongs to it and the ones before it. */
    unsigned int nr_insns, nr_stores, nr_fields;
};

/* Bytes that were stored into between two exits, and what they are at the second. */
struct cluster_predicted_store {
    uint64_t linear;
    uint64_t value;
    uint8_t  width;             /* 1..8, within one page */
};

/* What differs.  Appears in trace records: append, never renumber. */
enum cluster_mismatch_kind {
    CLUSTER_MISMATCH_NONE = 0,
    CLUSTER_MISMATCH_RIP,
    CLUSTER_MISMATCH_GPR,       /* where: enum cluster_gpr */
    CLUSTER_MISMATCH_RFLAGS,
    CLUSTER_MISMATCH_MEMORY,    /* where: linear address */
    CLUSTER_MISMATCH_FIELD,     /* where: VMCS field */
    CLUSTER_MISMATCH_INSNS,     /* the interpreter stops before the engine does */
    CLUSTER_NR_MISMATCHES
};

struct cluster_mismatch {
    enum cluster_mismatch_kind kind;
    /*
     * True: expected by the interpreter, actual in L1.  False: expected by the
     * interpreter, actual in the engine's translation.
     */
    bool native;
    uint64_t site;              /* where the prediction began */
    uint64_t rip;               /* the predicted exit, or where the engine ended */
    uint64_t where, expected, actual;
    uint8_t width;              /* bytes compared, 1 to 8 */
    /* The path since the last exit that was right: indexes for cluster_predict_path(). */
    unsigned int first_insn, end_insn;
};

/*
 * One vCPU's prediction.  Zero-filled at first; large: allocate it as a whole, in
 * whole pages.  For the caller to read: what comes first.
 */
struct cluster_prediction {
    uint64_t site;
    unsigned int nr_exits;      /* predicted, the site left aside */
    unsigned int next;          /* the one that L1 is to come to next */
    unsigned int insns;         /* executed by the engine, or the interpreter when alone */
    bool cut;                   /* a pool was too small for all of it */
    struct cluster_regs engine_regs;    /* as the engine left them, on its copy */
    /* Private from here on. */
    uint64_t epoch;
    unsigned int nr_insns, nr_stores;
    struct cluster_predicted exit[CLUSTER_PREDICT_EXITS];
    struct cluster_predicted_store store[CLUSTER_PREDICT_STORES];
    uint64_t path[CLUSTER_PREDICT_INSNS];       /* RIPs */
    struct cluster_decoded decoded[CLUSTER_DECODED_ENTRIES];
    struct cluster_copy engine, interp;
};

/*
 * L1 has exited at regs->rip by an exiting instruction that has not been
 * executed.  Predict from there, on copies; @regs and L1 are unchanged.  With
 * @vcpu NULL, by the interpreter alone.  Or, with another @kind than 0, L1 is about to be
 * entered: see cluster_run().
 *
 * @out is what cluster_run() made of it.  Returns false when the two predictions
 * differ: *@mismatch says in what, and nothing is pending.  Else pending or not:
 * where the engine executes nothing, nothing is predicted.
 */
bool cluster_predict(struct cluster_prediction *p, struct cluster_vcpu *vcpu,
                     const struct cluster_ops *ops, const struct cluster_predict_ops *more,
                     void *ctx, const struct cluster_regs *regs, unsigned int kind,
                     struct cluster_outcome *out, struct cluster_mismatch *mismatch);

/*
 * L1 has exited by an exiting instruction with @regs; the predicted exit before
 * it, if any, has been handled.  Compare with the next predicted one: RIP, general
 * registers, RFLAGS but for RF, what was stored and VMWRITTEN since.  Memory and
 * fields are left out when ops->begin() refuses.
 *
 * Returns false when they differ: *@mismatch, and nothing is pending any more.
 */
bool cluster_predict_compare(struct cluster_prediction *p, const struct cluster_ops *ops,
                             void *ctx, const struct cluster_regs *regs,
                             struct cluster_mismatch *mismatch);

static inline bool cluster_predict_pending(const struct cluster_prediction *p)
{
    return p->next < p->nr_exits;
}

/* Returns how many predicted exits are not going to be compared. */
unsigned int cluster_predict_abandon(struct cluster_prediction *p);

/*
 * Instruction @i of the path: its address, and its bytes, or a length of 0 where
 * they are not known any more.  Meant for mismatch->first_insn to ->end_insn.
 */
const uint8_t *cluster_predict_path(const struct cluster_prediction *p, unsigned int i,
                                    uint64_t *rip, unsigned int *length);

#endif /* CLUSTER_PREDICT_H */
