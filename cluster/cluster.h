/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster.h - the public face of the cluster engine.
 *
 * A cluster is the run of instructions, first to last exiting one, that L0
 * executes in one exit of L1.  The caller (L0) calls cluster_run() when L1 has
 * exited at an exit site; the engine looks the site up, compares the guest's
 * bytes with those it decoded, and executes them.
 *
 * There are two kinds: static clusters (MODE_STATIC), straight code decoded
 * ahead of the site (form.h), and regions (region.h), which follow the path that
 * L1 was seen to take, and are translated.
 *
 * The engine is freestanding: no allocation, no globals, no floating point, no
 * knowledge of Xen or of VMCS layout.  All state lives in structures that the
 * caller owns; the outside world is reached through struct cluster_ops only.
 *
 * Order of calls: cluster_init() once on a struct cluster_vcpu, then any
 * number of cluster_run() and cluster_flush(), never two at once on the same
 * cluster_vcpu.
 *
 * Only 64-bit mode at CPL 0 is handled; the caller must have checked that, and
 * everything else that the stock path checks before an exiting instruction
 * (CR4.VMXE, VMX operation, a valid current VMCS, no interrupt shadow, no armed
 * DR7).  The engine itself refuses when RFLAGS.TF, RF or DF is set.
 */
#ifndef CLUSTER_H
#define CLUSTER_H

#include "cluster_env.h"        /* fixed-width types, bool, memcpy, memcmp */
#include "cluster_insn.h"

/* Index of a general register: the order of the SDM's encodings (vol. 2, table 2-2). */
enum cluster_gpr {
    CLUSTER_RAX, CLUSTER_RCX, CLUSTER_RDX, CLUSTER_RBX,
    CLUSTER_RSP, CLUSTER_RBP, CLUSTER_RSI, CLUSTER_RDI,
    CLUSTER_R8,  CLUSTER_R9,  CLUSTER_R10, CLUSTER_R11,
    CLUSTER_R12, CLUSTER_R13, CLUSTER_R14, CLUSTER_R15,
    CLUSTER_NR_GPRS
};

/* Segments whose base counts in 64-bit mode; the others have base 0. */
enum cluster_seg { CLUSTER_SEG_FLAT, CLUSTER_SEG_FS, CLUSTER_SEG_GS };

/* L1's registers. Precise before and after every cluster_run(). */
struct cluster_regs {
    uint64_t gpr[CLUSTER_NR_GPRS];
    uint64_t rip;
    uint64_t rflags;
    /*
     * STI set RFLAGS.IF, and the instruction at rip is the one that no interrupt
     * may come before (SDM vol. 2, STI).  False at the entry of cluster_run().
     */
    bool sti_shadow;
};

enum cluster_access {
    CLUSTER_READ, CLUSTER_WRITE, CLUSTER_FETCH,
    /* As WRITE, but only where the access would not change accessed and dirty bits; else NULL. */
    CLUSTER_PROBE_WRITE,
};

/* What became of a VMREAD or VMWRITE that was handed to cluster_ops. */
enum cluster_vmx {
    CLUSTER_VMX_SUCCEED,        /* done; the engine clears the six arithmetic flags */
    CLUSTER_VMX_FAIL_VALID,     /* failed, error number already stored: ZF set, other five clear */
    CLUSTER_VMX_FAIL_INVALID,   /* failed, no current VMCS: CF set, other five clear */
    CLUSTER_VMX_DECLINE,        /* nothing happened: stop before it, the stock path will do it */
};

/* What became of an instruction that was handed to cluster_ops.emulate(). */
enum cluster_emulated {
    CLUSTER_EMULATED,           /* done */
    CLUSTER_EMULATED_STOP,      /* done, and what was true of the world may not be any more: stop behind it */
    CLUSTER_EMULATE_DECLINE,    /* nothing happened: stop before it, the stock path will do it */
};

/* The operands of an emulated instruction, fetched by the engine. */
struct cluster_operands {
    uint64_t reg;               /* INVEPT, INVVPID: the type, a register; WEAK_MOV: what is stored */
    uint64_t memory[2];         /* VMPTRLD: 8 bytes; INVEPT, INVVPID: the descriptor; VERW: the selector */
    uint64_t result;            /* out, VERW: ZF; WEAK_MOV: what is loaded */
    enum cluster_vmx vmx;       /* VMPTRLD, INVEPT, INVVPID: out, as for VMREAD */
    /* WEAK_MOV: 1 to 8 bytes at a canonical address, perhaps across a page end. */
    uint64_t address;
    uint8_t  width;
    bool     write;
};

/*
 * What the host addresses that a region keeps depend on.  Private to the ops, but
 * that the engine makes it all 0 to start with.
 */
enum { CLUSTER_DEPS = 256, CLUSTER_MAX_DEPS = 128 };

struct cluster_deps {
    uint64_t epoch;
    uint32_t resets;
    uint32_t nr;                /* of @on */
    uint64_t looked_at;         /* when @on was as it says, in the ops' count */
    uint64_t has[CLUSTER_DEPS / 64];    /* which of all dependencies they are, as bits */
    struct {
        const uint64_t *entry;
        uint64_t value;
    } on[CLUSTER_MAX_DEPS];
};

/* The world as begin() finds it; true until end(), unless emulate() says STOP. */
struct cluster_world {
    /*
     * Names a state of L1's address translation, not 0.  All host addresses that
     * translate() returned in executions begun with these deps and under an epoch, this one
     * or earlier ones, hold whenever begin() gives that epoch again with these deps.
     */
    uint64_t epoch;
    uint64_t fs_base, gs_base;
    /* RDTSC is the processor's counter plus this, where it @counts; else emulate() tells it. */
    uint64_t tsc_offset;
    bool tsc_counts;
    /* Where the fields lie that vmcs_field() tells of; NULL when none may be read so. */
    uint8_t *vmcs;
    /* Where a VMWRITE notes which field it was: see struct cluster_field.  NULL: nowhere. */
    uint8_t *vmcs_dirty;
    /*
     * Not 0 when something has come up, at any time and on whatever account, for
     * which L0 wants its processor: the engine stops at the next exiting
     * instruction or back-edge.
     */
    const volatile uint32_t *poke;
    /*
     * An event may be waiting for L1 to set RFLAGS.IF.  Not kept up to date: what comes up
     * later pokes, and behind WRMSR and WEAK_MOV the engine asks event_pending() anew.
     */
    bool pending;
    /*
     * Counted up by vmread(), vmwrite() and emulate(), and for fields that vmcs_field() says so
     * of, where this processor would have carried the instruction out without an exit.  0 at
     * begin(); NULL: they all exit.  By the engine for a weakly exiting instruction
     * that found RAM.
     */
    unsigned int *silent;
    uint64_t *cr2;              /* L1's CR2: read and written there.  Not NULL */
};

/* Where a VMCS field lies from cluster_world.vmcs on: 2, 4 or 8 bytes, zero-extended. */
struct cluster_field {
    uint32_t offset;
    uint8_t  width;
    bool     store;             /* a VMWRITE succeeds, and does no more than store its low @width bytes there */
    bool     silent_read, silent_write;     /* this processor would not have exited for it */
    /* But for this: @dirty_mask is ORed into the byte at cluster_world.vmcs_dirty + @dirty_byte.  0: no. */
    uint8_t  dirty_mask;
    uint16_t dirty_byte;
};

/*
 * The engine's only way to the world.  @ctx is the pointer that the caller gave
 * to cluster_run().  No member may be NULL.
 */
struct cluster_ops {
    /*
     * The first call of an execution.  Returns false when none can be begun.  @deps is
     * looked at and added to until end(); NULL: nothing of this execution will be kept.
     */
    bool (*begin)(void *ctx, struct cluster_world *world, struct cluster_deps *deps);

    /* The last one, whenever begin() returned true.  The host addresses may not be used any more. */
    void (*end)(void *ctx);

    /*
     * Host address of the 4 KiB page of L1 at linear address @page (a multiple
     * of 4096, canonical), or NULL where the access, made by CPL 0, would fault
     * or does not reach plain RAM that may be accessed that way.  Has the
     * hardware's effects on accessed and dirty bits, and no others: no fault is
     * injected.  The same page of RAM has the same address within an epoch,
     * however it is reached: stores into the cluster's code are recognised by it.
     */
    void *(*translate)(void *ctx, uint64_t page, enum cluster_access access);

    /*
     * Where two pages, whose host addresses @page are translate()'s, can be reached
     * one behind the other (L1's stack may lie across); NULL: nowhere.  That place shows
     * these two until adjoin() is called again, and is gone then: the next one may be
     * elsewhere.  Whether they still are the pages that were meant has to be found out
     * in each epoch, by translate().
     */
    uint8_t *(*adjoin)(void *ctx, uint8_t *const page[2]);

    /* VMREAD/VMWRITE of the current vvmcs, checked as on the stock path. */
    enum cluster_vmx (*vmread)(void *ctx, uint64_t field, uint64_t *value);
    enum cluster_vmx (*vmwrite)(void *ctx, uint64_t field, uint64_t value);

    /*
     * Is a VMREAD of @field, while begin() gives a vmcs, always a success and
     * a plain load?  Then all of *@where is filled in.  Asked when code is translated;
     * the answer may not change.
     */
    bool (*vmcs_field)(void *ctx, uint64_t field, struct cluster_field *where);

    /*
     * Execute @op, one of those that cluster_insn_is_emulated() names, but for
     * RIP and, where the instruction has memory or explicit register operands,
     * those.  Implicit registers are in @regs.  See struct cluster_operands.
     *
     * WEAK_MOV: make the access in its operands as L1's exit by it would have it made, if
     * L1 would exit by it now, and all of it can be done at once.  DECLINE otherwise: the
     * engine goes on as for any MOV, which finds RAM or stops before it.
     */
    enum cluster_emulated (*emulate)(void *ctx, enum cluster_op op, struct cluster_regs *regs,
                                     struct cluster_operands *operands);

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
    CLUSTER_STOP_MEMORY,        /* before an access that would fault, is not RAM, or is locked and crosses
                                   a cache line */
    CLUSTER_STOP_CODE_WRITE,    /* before a store into a page that holds the cluster's code */
    CLUSTER_STOP_EVENT,         /* before an exiting instruction: a deliverable event is pending */
    CLUSTER_STOP_VMX,           /* before an exiting instruction that the ops declined */
    CLUSTER_STOP_FLAGS,         /* refused: RFLAGS.TF or RFLAGS.RF is set */
    CLUSTER_STOP_NO_CODE,       /* refused: the code cannot be fetched */
    CLUSTER_STOP_NO_CLUSTER,    /* refused: the site forms no cluster (fewer than two exiting instructions) */
    CLUSTER_STOP_EDGE,          /* L1 went where the region has no path */
    CLUSTER_STOP_UNSUPPORTED,   /* before an instruction that is left to hardware (recording) */
    CLUSTER_STOP_GAP,           /* too far from the last exiting instruction (recording) */
    CLUSTER_STOP_BUDGET,        /* enough for one execution */
    CLUSTER_STOP_RESUME,        /* before VMRESUME or VMLAUNCH, which the caller may execute now */
    CLUSTER_STOP_WORLD,         /* behind an instruction after which the world has to be looked at anew */
    CLUSTER_STOP_BYTES,         /* before code that is no longer what was translated */
    CLUSTER_STOP_FAULT,         /* before an instruction that would fault (#DE, #GP) */
    CLUSTER_STOP_COUNTING,      /* refused: the site was seen too seldom to be recorded */
    CLUSTER_STOP_STACK,         /* RSP or the stack are not where they were when L1 was recorded */
    CLUSTER_NR_STOPS
};

/* Why a cluster left the cache. Appears in trace records: append, never renumber. */
enum cluster_discard {
    CLUSTER_DISCARD_NONE = 0,
    CLUSTER_DISCARD_BYTES,      /* the guest's bytes are no longer those decoded */
    CLUSTER_DISCARD_EVICTED,    /* its place was needed */
    CLUSTER_DISCARD_FLUSHED,    /* cluster_flush() */
    CLUSTER_DISCARD_USELESS,    /* it cost more than it saved (cost.h) */
    CLUSTER_DISCARD_SCATTERED,  /* too many segments, or too far behind the last exit, for L1's usual path: recorded anew */
    CLUSTER_NR_DISCARDS
};

/* The limits of formation, the paper's (USENIX ATC 2012, section 4). */
enum {
    CLUSTER_MAX_INSNS = 16,     /* decoded ahead from the site, the site included */
    CLUSTER_MAX_GAP_ACCESSES = 4, /* memory accesses between two exiting instructions */
    CLUSTER_MAX_INSN_BYTES = 15,
    CLUSTER_MAX_BYTES = CLUSTER_MAX_INSNS * CLUSTER_MAX_INSN_BYTES,
};

/* How to make use of an exit. */
enum cluster_mode {
    CLUSTER_MODE_STATIC,        /* look ahead along straight code, interpret */
    CLUSTER_MODE_INTERP,        /* regions, by the interpreter */
    CLUSTER_MODE_ON,            /* regions, translated */
};

enum { CLUSTER_KINDS = 1024 };

/* Instructions of one execution at most, and iterations of one string instruction. */
enum { CLUSTER_BUDGET = 20000, CLUSTER_MAX_REP = 4096 };

/*
 * Where translated code goes, and the frame it works on.  Owned by the caller.
 */
struct cluster_arena {
    uint8_t *execute;           /* the arena as code: executable, not writable; at the start of a page */
    uint8_t *write;             /* the same memory: writable, not executable */
    uint32_t size;              /* bytes, at most 64 MiB */
    struct cluster_frame *frame; /* zeroed; its end and the arena's less than 2 GiB apart */
};

#include "cluster_types.h"      /* struct cluster, struct cluster_vcpu: read their public members only */
#include "frame.h"

/* What one cluster_run() did; filled in on every call. */
struct cluster_outcome {
    enum cluster_stop stop;
    unsigned int insns;         /* instructions executed, 0 when refused */
    unsigned int exiting;       /* exiting ones among them, the one that L1 has exited by included */
    /* Of a region found: instructions on its path behind the last exiting one, a loop's once. */
    unsigned int gap;
    /* With STOP_RESUME: the VMRESUME or VMLAUNCH at regs->rip, valid until the next call. */
    const struct cluster_insn *leave;
    /* The cluster formed by this call, valid until the next call; or NULL. */
    const struct cluster *formed;
    /* The first of @nr_recorded adjacent segments recorded by this call, valid until the next; or NULL. */
    const struct cluster_segment *recorded;
    unsigned int nr_recorded;
    bool entered;               /* @kind was not 0: L1 had not exited, but was about to be entered */
    bool cached;                /* a region found was executed, whether or not it grew as well */
    unsigned int flushed;       /* regions forgotten because a pool was full */
    /* The cluster dropped by this call: its site, its first RIP; or DISCARD_NONE. */
    enum cluster_discard discarded;
    uint64_t discarded_rip;
};

/*
 * Start with an empty cache.  @vcpu must be zero-filled, and is large: allocate
 * it as a whole.  @arena is copied; one of size 0 leaves MODE_ON to the interpreter.
 */
void cluster_init(struct cluster_vcpu *vcpu, const struct cluster_arena *arena);

/*
 * Drop every cluster and region. Returns how many there were.
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
 * The same of the site with this @rsp and @kind, whatever is known of others at @rip: where many
 * sites share an address, as they do where L1 has its VM exits handled.
 */
bool cluster_variant_barren(struct cluster_vcpu *vcpu, uint64_t rip, uint64_t rsp,
                            unsigned int kind);

/*
 * The one for where L1 has exited: by @rip alone, but where a region is known there, as in small
 * functions, by the site.
 */
bool cluster_exit_barren(struct cluster_vcpu *vcpu, uint64_t rip, uint64_t rsp);

/*
 * L1 has exited at regs->rip by an exiting instruction that has not been
 * executed.  Executes from there, first instruction included, as much of the
 * site's cluster or region as can be executed exactly.
 *
 * @kind is 0.  But for MODE_STATIC it may as well be called where L1 is about to be
 * entered to handle a VM exit of L2.  Then @kind says what kind of exit that is, from 1 to
 * CLUSTER_KINDS - 1: each has regions of its own, since L1 goes another way for each.
 *
 * Returns true when at least one instruction was executed: @regs then hold
 * L1's state after out->insns instructions, RIP at the next one.  Returns false
 * when nothing was executed: @regs are unchanged and the caller must take the
 * stock path.  ops->end() has been called in both cases if needed.
 *
 * Bounded: at most CLUSTER_MAX_INSNS instructions, forwards only (STATIC);
 * CLUSTER_BUDGET (the others).
 */
bool cluster_run(struct cluster_vcpu *vcpu, enum cluster_mode mode,
                 const struct cluster_ops *ops, void *ctx, struct cluster_regs *regs,
                 unsigned int kind, struct cluster_outcome *out);

#endif /* CLUSTER_H */
