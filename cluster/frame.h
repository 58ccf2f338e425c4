/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frame.h - what translated code and C share (included by cluster.h): one struct cluster_frame per vCPU,
 * near enough to the arena to be addressed relative to RIP.
 *
 * The convention of translated code:
 *
 *   R13   host address that belongs to the RSP of the region's entry:
 *         frame->stack.  L1's RSP is in no register; it is that of
 *         the entry plus what the node's rsp says.
 *   R14, R15   scratch
 *   RSP   L0's own stack
 *   the other twelve hold twelve of L1's registers: RAX, RCX, RDX, RBX, RBP, RSI
 *         and RDI their namesakes, R8 to R12 five of R8 to R15 (translate.c
 *         chooses for each region).  The remaining three live in frame->regs.
 *   RFLAGS   the arithmetic flags are L1's, the rest is L0's.
 *
 * Entered by cluster_enter() (cluster_env.h) at an offset that the translator
 * gave out as an entry or a place to resume, each of which begins with ENDBR64
 * and loads the state from the frame.  Left by RET, after the state has been
 * stored and frame->exit set.  In between: no call, no indirect branch, no
 * return, no instruction that can fault.
 */
#ifndef CLUSTER_FRAME_H
#define CLUSTER_FRAME_H

struct cluster_frame {
    struct cluster_regs regs;   /* gpr[RSP], rip and rflags: kept by C alone */
    /*
     * For POPFQ at the entry: L0's RFLAGS with L1's arithmetic flags.  Stored by
     * PUSHFQ at the exit.
     */
    uint64_t flags;
    uint64_t address;           /* linear address of an access that missed */
    uint64_t entry_rsp;         /* L1's RSP at the region's entry; set by C */
    /*
     * Operands of the last arithmetic instruction that are no longer in their
     * registers, for the rebuilding of its flags.  Private to translated code:
     * C leaves them alone from an exit to the resumption.
     */
    uint64_t lazy[2];
    uint64_t segment_base[3];   /* by enum cluster_seg; FLAT is 0 */
    uint64_t tsc_offset;        /* struct cluster_world's, as what follows */
    uint8_t *vmcs;              /* struct cluster_world's, as what follows */
    uint8_t *vmcs_dirty;
    const volatile uint32_t *poke;
    uint64_t *cr2;
    uint64_t tag;               /* the region's */
    uint8_t *stack;             /* host address of the byte at the entry's RSP */
    uint32_t exit;              /* which: index in cluster_vcpu.exit */
    /*
     * Instructions that may still be executed.  Counted down at edges to
     * headers, by the difference of depths.  Below 0 there: EXIT_POKE.
     */
    int32_t budget;
    int32_t exiting;            /* exiting instructions, counted up at the same places */
    uint32_t silent;            /* those that this processor would not have exited for, but for emulated ones */
    uint8_t interrupts;         /* RFLAGS.IF: 0 or 1.  CLI clears it here */
    uint8_t pending;            /* struct cluster_world's */
    uint8_t tsc_counts;         /* struct cluster_world's */
    uint8_t sti_shadow;         /* as in cluster_regs; cleared behind the node that follows STI */
    struct cluster_shared_page shared[2][CLUSTER_SHARED_PAGES];     /* [1]: for writes */
    struct cluster_slot slot[CLUSTER_MAX_SLOTS];
};

#endif /* CLUSTER_FRAME_H */
