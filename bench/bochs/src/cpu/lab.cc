/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab.cc - whose instruction, whose exit.
 *
 * The assumption on which L1 and L2 are told apart.  A VMCS is taken for L1's until
 * its guest has shown otherwise:
 *
 *   - When the guest of VMCS A exits with VMLAUNCH or VMRESUME and the next VM entry
 *     is through another VMCS B, L0 has emulated a VM entry of L1's: B is an
 *     L2 VMCS from then on.
 *   - A VMCS whose guest exits with a VMX instruction is an L1 VMCS.
 *
 * VMCLEAR and VMPTRLD say nothing (Xen does both with its vmcs02 at each switch).
 * What can go wrong: L0 schedules another guest between A's exit and the virtual VM entry.
 * If that guest has executed VMX instructions before, its VMCS is
 * reclassified only when this happens twice without such an instruction in
 * between; if it never does, it would be counted as L2.  The lab runs one L1 domain
 * and nothing else in VMX non-root operation.  Pages of dead VMCSs that are used
 * again for the other purpose are corrected by the same two rules.
 */
#define NEED_CPU_REG_SHORTCUTS 1
#include "bochs.h"
#include "cpu.h"
#include "lab_window.h"

#include <errno.h>
#include <stdlib.h>
#include <unordered_map>

#define LOG_THIS genlog->

#define NO_VMCS BX_INVALID_VMCSPTR

/* Sandy Bridge (bench/cost-model): what an exit and its resume cost by default. */
#define DEFAULT_COST 784

/* More than this is a mistake, and ticks are added in 32 bits. */
#define MAX_CYCLES 1000000

struct vmcs_class {
    bool l2;
    bool vmx_seen;      /* its guest has executed a VMX instruction since it was in doubt */
};

static std::unordered_map<Bit64u, struct vmcs_class> vmcs_classes;

static Bit32u cycles_from_environment(const char *variable, Bit32u otherwise)
{
    const char *text = getenv(variable);
    unsigned long value;
    char *end;

    if (text == NULL || *text == 0)
        return otherwise;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || value > MAX_CYCLES)
        BX_FATAL(("%s=%s: not a number of cycles from 0 to %u", variable, text, MAX_CYCLES));
    return value;
}

Bit32u bx_lab_charge()
{
    static Bit32u charge = cycles_from_environment("NVMX_LAB_EXIT_CYCLES", 0);

    return charge;
}

Bit32u bx_lab_cost()
{
    static Bit32u cost = cycles_from_environment("NVMX_LAB_COST_CYCLES",
                                                 bx_lab_charge() ? bx_lab_charge() : DEFAULT_COST);

    return cost;
}

/* Exit reasons that only a hypervisor's guest code causes.  VMCALL is not one: any guest may. */
static bool is_vmx_instruction(unsigned reason)
{
    switch (reason) {
    case VMX_VMEXIT_VMCLEAR:
    case VMX_VMEXIT_VMLAUNCH:
    case VMX_VMEXIT_VMPTRLD:
    case VMX_VMEXIT_VMPTRST:
    case VMX_VMEXIT_VMREAD:
    case VMX_VMEXIT_VMRESUME:
    case VMX_VMEXIT_VMWRITE:
    case VMX_VMEXIT_VMXOFF:
    case VMX_VMEXIT_VMXON:
        return true;
    }
    return false;
}

static unsigned vmcs_level(Bit64u vmcs)
{
    return vmcs_classes[vmcs].l2 ? LAB_L2 : LAB_L1;
}

void bx_lab_cpu_c::reset(Bit64u icount_before, Bit64u icount_now)
{
    bx_lab_charge();    /* a mistake in the environment ends the emulation at its start */
    bx_lab_cost();
    bx_lab_first_paths();
    if (started)
        count_to(icount_before);    /* before the first reset icount means nothing */
    started = true;
    counted_to = icount_now;
    level = LAB_L0;
    virtual_entry_from = NO_VMCS;
    forget_pending();
}

void bx_lab_cpu_c::switch_level(unsigned to, Bit64u icount)
{
    count_to(boundary(icount));
    level = to;
}

/* Which level does this VM entry enter?  The rules are at the head of this file. */
bool bx_lab_cpu_c::classify_entry(Bit64u vmcs)
{
    struct vmcs_class &c = vmcs_classes[vmcs];

    if (virtual_entry_from != NO_VMCS && virtual_entry_from != vmcs) {
        if (!c.vmx_seen)
            c.l2 = true;
        c.vmx_seen = false;
    }
    virtual_entry_from = NO_VMCS;
    return c.l2;
}

void bx_lab_cpu_c::classify_exit(Bit64u vmcs, unsigned reason)
{
    if (!is_vmx_instruction(reason))
        return;
    vmcs_classes[vmcs].l2 = false;
    vmcs_classes[vmcs].vmx_seen = true;
    level = LAB_L1;
    if (reason == VMX_VMEXIT_VMLAUNCH || reason == VMX_VMEXIT_VMRESUME)
        virtual_entry_from = vmcs;
}

void bx_lab_cpu_c::vmentry(Bit64u vmcs, Bit64u icount)
{
    bool l2 = classify_entry(vmcs);

    switch_level(l2 ? LAB_L2 : LAB_L1, icount);
    end_l1_exit();
    if (l2)
        end_reflection();
    else
        note_l1_entry();
}

Bit32u bx_lab_cpu_c::vmexit(Bit64u vmcs, unsigned reason, unsigned vector, bool entered,
                            Bit64u icount)
{
    unsigned kind = reason ? reason : LAB_REASONS + vector;
    Bit32u charge = bx_lab_charge();

    if (!entered) {
        bx_lab_exit(vmcs_level(vmcs), kind, charge);
        counts.exits++;
        return charge;
    }
    classify_exit(vmcs, reason);

    unsigned from = exited = level;
    exited_in_event = in_event;
    switch_level(LAB_L0, icount);
    if (from == LAB_L1)
        l0_at_l1_exit = counts.instructions[LAB_L0];
    if (bx_lab_recording()) {
        if (from == LAB_L2)
            begin(&reflection, kind, bx_lab_new_reflection(kind));
        else
            begin(&l1_exit, kind, bx_lab_new_l1_exit(kind));
    }
    bx_lab_exit(from, kind, charge);
    counts.exits++;
    return charge;
}

void bx_lab_cpu_c::begin(struct bx_lab_pending *p, unsigned kind, size_t index)
{
    p->active = true;
    p->kind = kind;
    p->index = index;
    p->reflected = p->l1_entered = false;
    p->at_start = counts;
}

void bx_lab_cpu_c::end_l1_exit()
{
    if (!l1_exit.active)
        return;
    l1_exit.active = false;
    bx_lab_set_l1_exit(l1_exit.kind, l1_exit.index,
                       counts.instructions[LAB_L0] - l1_exit.at_start.instructions[LAB_L0]);
}

/* The first since the L2 exit ends L0's part of it. */
void bx_lab_cpu_c::note_l1_entry()
{
    if (reflection.l1_entered)
        return;
    reflection.l1_entered = true;
    reflection.l0_until_l1 = counts.instructions[LAB_L0] -
                             reflection.at_start.instructions[LAB_L0];
}

void bx_lab_cpu_c::end_reflection()
{
    const struct bx_lab_counts &start = reflection.at_start;
    struct bx_lab_reflection r;

    if (!reflection.active)
        return;
    reflection.active = false;
    r.instructions = counts.instructions[LAB_L0] - start.instructions[LAB_L0] +
                     counts.instructions[LAB_L1] - start.instructions[LAB_L1];
    r.l1_entered = reflection.l1_entered;
    r.l0_until_l1 = reflection.l0_until_l1;
    r.l0_to_l2 = counts.instructions[LAB_L0] - l0_at_l1_exit;
    r.exits = counts.exits - start.exits;
    for (unsigned op = 0; op < LAB_VMCS_OPS; op++)
        r.vmcs_ops[op] = counts.vmcs_ops[op] - start.vmcs_ops[op];
    r.outcome = reflection.reflected || reflection.l1_entered ? LAB_REFLECTED : LAB_L0_HANDLED;
    bx_lab_set_reflection(reflection.kind, reflection.index, r);
}

bool BX_CPU_C::lab_handleAsyncEvent(void)
{
    bool leave_loop;

    BX_CPU_THIS_PTR lab.event_begin();
    leave_loop = handleAsyncEvent();
    BX_CPU_THIS_PTR lab.event_end();
    return leave_loop;
}
