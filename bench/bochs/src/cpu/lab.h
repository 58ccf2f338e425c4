/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab.h - what the lab's Bochs counts, and for whom.
 *
 * One struct bx_lab_cpu_c is part of every BX_CPU_C.  Bochs calls it at the few
 * places where the level of execution changes; between them nothing is
 * counted, the difference of BX_CPU_C::icount is attributed to the level.
 *
 * Levels.  L0 is VMX root operation at CPL 0..2 (and everything before VMXON),
 * DOM0 is VMX root operation at CPL 3: where a PV dom0 with its user space, or
 * the processes of a Linux L0, run.  L1 and L2 are VMX non-root operation, told
 * apart by the VMCS (how: lab.cc).
 *
 * What an instruction is.  What Bochs adds to icount: a completed instruction, an
 * iteration of a repeated string instruction, or an attempt that ends in a
 * fault or a VM exit (it belongs to the level that attempted it).  VMLAUNCH and
 * VMRESUME belong to the level that executes them.  Interrupts and the
 * asynchronous VM exits add nothing.  Charged cycles are never instructions.
 *
 * Threads: Bochs runs all its processors in one thread; nothing is locked.
 */
#ifndef BX_LAB_H
#define BX_LAB_H

enum bx_lab_level { LAB_L0, LAB_DOM0, LAB_L1, LAB_L2, LAB_LEVELS };

/* VMCS instructions executed in VMX root operation. */
enum bx_lab_vmcs_op {
    LAB_VMREAD, LAB_VMWRITE, LAB_VMPTRLD, LAB_VMCLEAR, LAB_VMCS_OPS
};

/*
 * A kind of exit: the basic exit reason (SDM vol. 3, appendix C), or, for reason 0
 * (exception or NMI), LAB_REASONS + vector.
 */
enum { LAB_REASONS = 128, LAB_KINDS = LAB_REASONS + 256 };

/* Running totals of one processor; they only grow, windows take differences. */
struct bx_lab_counts {
    Bit64u instructions[LAB_LEVELS];
    Bit64u exits;
    Bit64u vmcs_ops[LAB_VMCS_OPS];
};

/* A measurement that has begun: where its result goes, and the totals then. */
struct bx_lab_pending {
    bool active;
    unsigned kind;
    size_t index;
    bool reflected;             /* a function of L0 that reflects L2's exits was entered */
    bool l1_entered;
    Bit64u l0_until_l1;         /* L0's instructions until then, if l1_entered */
    struct bx_lab_counts at_start;
};

class bx_lab_cpu_c {
public:
    /* At each BX_CPU_C::reset(), which may set icount back to 0. */
    void reset(Bit64u icount_before, Bit64u icount_now);

    /* Around BX_CPU_C::handleAsyncEvent(): what happens in between is no instruction. */
    void event_begin() { in_event = true; }
    void event_end() { in_event = false; }

    /* After the icount++ that follows every longjmp to the processor loop. */
    void after_longjmp()
    {
        if (in_event)
            counted_to++;       /* that icount++ stood for no instruction */
        in_event = false;
    }

    /* CPL or mode may have changed.  Cheap: usually one comparison. */
    void privilege(bool user, bool root, Bit64u icount)
    {
        unsigned now = user ? LAB_DOM0 : LAB_L0;

        if (root && now != level)
            switch_level(now, icount);
    }

    /* VM entry has succeeded; icount does not yet hold the VMLAUNCH or VMRESUME. */
    void vmentry(Bit64u vmcs, Bit64u icount);

    /*
     * A VM exit, before any host state is loaded.  entered: false for a VM entry that
     * failed.  Result: the ticks to charge for it.
     */
    Bit32u vmexit(Bit64u vmcs, unsigned reason, unsigned vector, bool entered, Bit64u icount);

    /* What was entered or exited last, and whether that exit came between two instructions. */
    bool in_l2() const { return level == LAB_L2; }
    bool l2_exited() const { return exited == LAB_L2; }
    bool exit_between() const { return exited_in_event; }

    /* L0 reflects the L2 exit that it is handling, if any, whether or not it enters L1. */
    void note_reflected() { reflection.reflected = true; }

    void vmcs_op(enum bx_lab_vmcs_op op) { counts.vmcs_ops[op]++; }

    /* Attribute everything up to icount to the current level. */
    void count_to(Bit64u icount)
    {
        counts.instructions[level] += icount - counted_to;
        counted_to = icount;
    }

    const struct bx_lab_counts &totals() const { return counts; }

    /* The sample tables have been emptied: forget what was to go there. */
    void forget_pending() { reflection.active = l1_exit.active = false; }

private:
    unsigned level = LAB_L0;
    bool started = false;
    bool in_event = false;
    Bit64u counted_to = 0;
    unsigned exited = LAB_L0;
    bool exited_in_event = false;
    struct bx_lab_counts counts = {};

    /* VMCS whose guest has executed VMLAUNCH or VMRESUME and is not entered again yet. */
    Bit64u virtual_entry_from = 0;

    struct bx_lab_pending reflection = {};  /* from an L2 exit to the next entry of L2 */
    struct bx_lab_pending l1_exit = {};     /* from an L1 exit to the next entry */
    Bit64u l0_at_l1_exit = 0;               /* L0's instructions, all of them, at L1's last exit */

    /* First icount that belongs to a level entered now. */
    Bit64u boundary(Bit64u icount) const { return in_event ? icount : icount + 1; }
    void switch_level(unsigned to, Bit64u icount);
    bool classify_entry(Bit64u vmcs);
    void classify_exit(Bit64u vmcs, unsigned reason);
    void begin(struct bx_lab_pending *p, unsigned kind, size_t index);
    void end_l1_exit();
    void note_l1_entry();
    void end_reflection();
};

/* Ticks by which the emulated clock advances at each VM exit; from the environment. */
Bit32u bx_lab_charge();

/* Model cycles that one VM exit and its resume cost; from the environment. */
Bit32u bx_lab_cost();

#endif
