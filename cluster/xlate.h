/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xlate.h - between the files of the translator: the state of one translation.
 *
 * The straight path of a segment goes to the hot part of the arena, one node
 * after the other; what is seldom executed (exits, places to resume, ways back
 * to headers) goes to the cold part at the moment at which it is first needed.
 * So every jump to the cold part, and every one backwards, has its target
 * already, and nothing is ever patched.
 *
 *   translate.c     the order of things, room, roll-back
 *   xlate_flags.c   where L1's arithmetic flags are, and how they come back
 *   xlate_exit.c    exits and entries
 *   xlate_memory.c  where operands are
 *   xlate_operand.c, xlate_alu.c, xlate_bits.c   instructions that compute
 *   xlate_branch.c  instructions that branch, and the edges
 *   xlate_system.c  the rest
 */
#ifndef CLUSTER_XLATE_H
#define CLUSTER_XLATE_H

#include "cluster.h"
#include "emit.h"
#include "plan.h"

/* The registers that L1 has no part in. */
enum { HOST_STACK = CLUSTER_R13, SCRATCH_ADDRESS = CLUSTER_R14, SCRATCH = CLUSTER_R15 };

/*
 * Where L1's arithmetic flags are at present: any of these, at least one unless
 * nothing sees them.
 */
enum {
    FLAGS_HOST = 1,             /* in L0's RFLAGS */
    FLAGS_FRAME = 2,            /* in frame->flags */
    FLAGS_LAZY = 4,             /* they come of doing xlate_flags.lazy again */
    FLAGS_KNOWN = 8,            /* they are xlate_flags.known */
};

enum lazy_kind {
    LAZY_REGISTER,              /* L1's register @reg */
    LAZY_IMMEDIATE,             /* @value */
    LAZY_FRAME,                 /* frame->lazy[@reg] */
    LAZY_STACK,                 /* the region's entry RSP + @value */
};

struct lazy_operand {
    uint8_t kind;               /* enum lazy_kind */
    uint8_t reg;
    int32_t value;
};

/*
 * An instruction whose flags may have to be made again.
 *   TEST, CMP   of @a and @b
 *   ADD, SUB    whose result is @a, and whose source was @b
 * Everything else that has flags of this kind is put as one of these.
 */
struct lazy {
    uint8_t op, width;
    struct lazy_operand a, b;
};

struct xlate_flags {
    uint8_t where;
    uint16_t known;
    struct lazy lazy;
};

/* Code in the arena that is put elsewhere again as it is; none as yet when @bytes is 0. */
struct xlate_copied {
    uint32_t from, bytes;
};

struct xlate {
    struct cluster_vcpu *vcpu;
    struct cluster_region *region;
    struct cluster_segment *segment;
    struct emitter hot, cold;
    struct xlate_flags flags;
    /* The present node. */
    uint32_t index;             /* of it in the vCPU's pool */
    struct cluster_node *node;
    const struct cluster_insn *insn;
    struct cluster_plan *plan;
    uint32_t start;             /* offset in the hot part where it is begun (again) */
    uint32_t resume;            /* offset of the entry that goes there, or NO_INDEX */
    uint32_t first_exit;        /* the first exit given out for it */
    /* Offsets of the common ends of exits: that which stores the flags, and behind it. */
    uint32_t leave_flags, leave;
    uint32_t load, load_bytes;  /* in the arena: the code that loads the state, R13 at the frame */
    struct xlate_copied find_shared[2], part_address;   /* see xlate_memory.c; [1]: for writes */
};

/* ---- xlate_flags.c: none of these but as said emits anything that changes L0's flags. ---- */

/* At a segment's entry and behind whatever the interpreter executed. */
void xlate_flags_resumed(struct xlate *x);

/* Room is made for a comparison of ours, which comes next: the flags are kept elsewhere. */
void xlate_flags_spare(struct xlate *x);

/* They are put into L0's RFLAGS, by code at @e; SCRATCH may be changed. */
void xlate_flags_to_host(struct xlate *x, struct emitter *e);

/* They are put into frame->flags, by code at @e; SCRATCH may be changed. */
void xlate_flags_to_frame(struct xlate *x, struct emitter *e);

/* Before the node's first code: it will change registers from which flags are made again. */
void xlate_flags_before(struct xlate *x);

/* The node's instruction has just been executed natively, and set or merged flags. */
void xlate_flags_produced(struct xlate *x);

/* A VMREAD that succeeded has set them. */
void xlate_flags_cleared(struct xlate *x);

/* ADD, SUB or AND of a constant to RSP, for which there is no code. */
void xlate_flags_of_rsp(struct xlate *x);

/* Do what follows and what may stop there need the flags, or those that the node leaves alone? */
bool xlate_observed_after(const struct xlate *x);

/* ---- xlate_exit.c ---- */

/* The common ends of exits. */
void xlate_emit_leave(struct xlate *x);

/* The segment's entry, in line; returns its offset. */
uint32_t xlate_emit_entry(struct xlate *x);

/* The offset of an entry that goes to the beginning of the present node. */
uint32_t xlate_resume(struct xlate *x);

/* Resolve where the exits of the node before the present one are resumed. */
void xlate_resume_previous(struct xlate *x, uint32_t first, uint32_t end);

/* An exit at @e, of the present node.  Returns its record, to be completed. */
struct cluster_exit *xlate_exit(struct xlate *x, struct emitter *e, enum cluster_exit_kind kind);

/* A conditional jump at the present place to an exit before the present node. */
void xlate_exit_if(struct xlate *x, enum emit_cond cond, enum cluster_exit_kind kind);

/* ---- xlate_memory.c ---- */

/* The host register of one of L1's, or CLUSTER_HOST_NONE: it is in the frame. */
uint8_t xlate_host(const struct xlate *x, uint8_t gpr);

/* A register of L1, RSP excepted, or an operand that is one: where it is. */
struct emit_rm xlate_gpr(const struct xlate *x, uint8_t gpr);
struct emit_rm xlate_register(const struct xlate *x, struct cluster_operand o);
bool xlate_homed(const struct xlate *x, struct cluster_operand o);

/* RSP, as it is before the node plus @more. */
void xlate_load_rsp(struct xlate *x, struct emitter *e, uint8_t into, int32_t more);

/*
 * Where the node's memory operand is, checked: SCRATCH_ADDRESS is in use from now
 * on, until the node's end, and L0's flags are lost unless it lies on the stack.
 */
struct emit_rm xlate_memory(struct xlate *x);

/* LEA into host register @reg. */
void xlate_lea(struct xlate *x, uint8_t reg, unsigned int width);

/* What lies at the entry's RSP + @offset. */
struct emit_rm xlate_stack(int32_t offset);

/* ---- xlate_operand.c: explicit operands; memory was resolved to @m. ---- */

/* A register, in the frame or not; or memory.  RSP is loaded to SCRATCH. */
struct emit_rm xlate_operand(struct xlate *x, struct cluster_operand o, struct emit_rm m);

/* A register's value in one of the host: its own, or else @scratch. */
uint8_t xlate_in_register(struct xlate *x, struct cluster_operand o, uint8_t scratch);

/*
 * The destination, for an operation on r/m.  One whose home is the frame is loaded to
 * SCRATCH where it @must be a register; xlate_store_home() has to follow then.
 */
struct emit_rm xlate_destination(struct xlate *x, struct emit_rm m, bool must);
void xlate_store_home(struct xlate *x, struct cluster_operand o);

/* Is the destination at home in the frame, and 32 bits of it are written, so that all change? */
bool xlate_widens(const struct xlate *x);
uint8_t xlate_lock_prefix(const struct xlate *x);

/* ---- xlate_bits.c: single operations ---- */

void xlate_bit(struct xlate *x, struct emit_rm m);              /* BT, BTS, BTR, BTC */
void xlate_double_shift(struct xlate *x, struct emit_rm m);     /* SHLD, SHRD */
void xlate_exchange(struct xlate *x, struct emit_rm m);         /* XCHG, XADD, CMPXCHG */
void xlate_bswap(struct xlate *x);
void xlate_widen_rax(struct xlate *x);                          /* CBW, CWD */

/* ---- the nodes ---- */

void xlate_native(struct xlate *x);     /* xlate_alu.c: what is not among the following */
void xlate_branch(struct xlate *x);     /* JCC, JMP, CALL, RET */
void xlate_edge(struct xlate *x, uint32_t edge);    /* go on along it; not to the next node */
bool xlate_system(struct xlate *x);     /* false: not one of these */
void xlate_load_operand(struct xlate *x);   /* VERW's, to frame->address */
void xlate_vmread(struct xlate *x);
void xlate_vmwrite(struct xlate *x);

#endif /* CLUSTER_XLATE_H */
