/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * main.c - which of the tests run.
 *
 * WHAT IS LEFT OUT, because stock Xen 4.20 ends the domain, or worse:
 *
 *   an invalid guest state     nvmx_n2_vmexit_handler() knows a failed VM entry by the reason
 *                              0x80000000 alone, and 0x80000021 is not that: domain_crash()
 *   invalid controls, which    Xen merges them and lets the processor see for itself, which
 *   Xen does not look at       fails Xen's own VMRESUME: vmx_vmentry_failure(), domain_crash()
 *   an invalid HOST_ state     as what is wrong becomes L1's, the same at L1's next entry
 *   VMCS_LINK_POINTER          is taken for an address of the machine's: all ones only
 *   HLT of an L2 that does     has L0 halt the vCPU; with IF clear, for ever
 *   not exit
 *   LMSW with bits of CR0      leaves only those four of all the bits that L2 owns in the
 *   other than these owned     vvmcs' GUEST_CR0
 *   by L2
 *   CR8 of an L2 whose L1      vmcs02 has a TPR shadow all the same, in the machine's page 0
 *   has neither a TPR shadow
 *   nor CR8 exiting
 *   an APIC-access page, a     addresses that are not memory are an assertion, or a null
 *   virtual APIC page that     pointer
 *   are nowhere
 *   VMPTRLD of a read-only     a null pointer, with VMCS shadowing
 *   page
 *   WRMSR to EFER by L2        changes L1's EFER
 *   DEBUGCTL.LBR in L2         adds to the vCPU's MSR lists
 *
 * Or because it is not the same each time:
 *
 *   WRMSR to PAT by L2         is lost with L2's next exit to L0, whenever an interrupt
 *                              brings that about
 *   POSTED_INTR_NOTIFICATION_  stock Xen VMCLEARs the vvmcs at each entry and exit, also without
 *   VECTOR                     VMCS shadowing, and the emulator has the launch state there
 *   the FPU of L2              L0 saves it when it likes, and sees L2's next #NM; of that exit
 *                              VM_EXIT_INTR_ERROR_CODE stays (look.c leaves it out)
 *   LLDT of a null selector    the emulator leaves bits of the LDTR before in the access rights
 *   VM-exit qualification of   undefined where the operand is a register
 *   LLDT, STR...
 *
 * And because of time: external interrupts but one, whose moment is certain; the preemption
 * timer but with 0, or so much that it does not run out; all of TSC but its highest byte.
 */
#include "tests.h"
#include "cmdline.h"
#include "look.h"
#include "random.h"
#include "report.h"
#include "run.h"
#include "world.h"

enum { SEED = 1 };

static void run_all(void)
{
    random_start(SEED);
    test_hot();
    test_unread();
    test_fields();
    test_control_registers();
    test_exits();
    test_events();
    test_modes();
    test_ept();
    test_bitmaps();
    test_failures();
    test_reflected();
}

/* A VMCS of its own, for which fields there are. */
static void begin(void)
{
    world_init();
    vm_init();
    vm_reset(&vms[0], false);
    look_init();
}

bool vmcs_test(const char *cmdline, const char *name)
{
    bool sequences = cmdline_is(cmdline, "test=", "seq"), late = cmdline_is(cmdline, "test=", "late");

    if (!sequences && !late && !cmdline_is(cmdline, "test=", "vmcs"))
        return false;
    run_text_of(name);
    begin();
    look_late = late;
    if (sequences)
        test_sequences(cmdline);
    else
        run_all();
    report_text("done\n");
    return true;
}
