/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_emulate.c - instructions that the interpreter hands to the world, and
 * those that it never executes.
 */
#include "stepper.h"

static void rdtsc_isTheWorlds(void **state)
{
    struct guest *g = *state;

    g->tsc = 0x1234567800000000;
    GPR(g, RAX) = GPR(g, RDX) = ~0ull;
    step_next(g, CODE("rdtsc"));
    assert_int_equal(GPR(g, RAX), 1000);
    assert_int_equal(GPR(g, RDX), 0x12345678);
    step_next(g, CODE("rdtscp"));
    assert_int_equal(GPR(g, RCX), 3);
    assert_true(step_called(g, 'm', CLUSTER_OP_RDTSCP));
}

static void msrsAndCpuid_areTheWorlds(void **state)
{
    struct guest *g = *state;

    GPR(g, RDX) = 0x11111111;
    GPR(g, RAX) = 0x22222222;
    step_next(g, CODE("wrmsr"));
    assert_int_equal(g->msr, 0x1111111122222222);
    g->msr = 0x55;
    step_next(g, CODE("rdmsr"));
    assert_int_equal(GPR(g, RAX), 0x55);
    assert_int_equal(GPR(g, RDX), 0);
    GPR(g, RAX) = 7;
    GPR(g, RCX) = 1;
    step_next(g, CODE("cpuid"));
    assert_int_equal(GPR(g, RBX), guest_cpuid(7, 1, CLUSTER_RBX));
}

static void cr2_isTheWorlds(void **state)
{
    struct guest *g = *state;

    GPR(g, R9) = 0xabcdef;
    step_next(g, CODE("mov cr2, r9"));
    assert_int_equal(g->cr2, 0xabcdef);
    g->cr2 = 0x1234;
    step_next(g, CODE("mov rcx, cr2"));
    assert_int_equal(GPR(g, RCX), 0x1234);
}

static void verw_setsZfAlone(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    guest_write64(g, GUEST_DATA, 0xffffffffffff0018);
    g->regs.rflags = 2 | CLUSTER_FLAG_CF | CLUSTER_FLAG_OF;
    step_next(g, CODE("verw word ptr [rbx]"));
    assert_int_equal(g->operands.memory[0], 0x18);
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_CF | CLUSTER_FLAG_OF | CLUSTER_FLAG_ZF);
    GPR(g, RAX) = 0xffff0003;           /* no segment */
    step_next(g, CODE("verw ax"));
    assert_int_equal(g->operands.memory[0], 3);
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_CF | CLUSTER_FLAG_OF);
}

static void vmptrld_getsItsPointer(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    guest_write64(g, GUEST_DATA + 8, 0x7654321000);
    g->regs.rflags |= CLUSTER_FLAGS_ARITHMETIC;
    step_next(g, CODE("vmptrld [rbx+8]"));
    assert_int_equal(g->operands.memory[0], 0x7654321000);
    assert_int_equal(g->regs.rflags, 2);
}

static void invept_getsTypeAndDescriptor(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA2 - 12;     /* across the end of the page */
    GPR(g, RCX) = 2;
    guest_write64(g, GUEST_DATA2 - 12, 0x1111111111111111);
    memcpy(guest_at(g, GUEST_DATA2 - 4), "\x22\x22\x22\x22", 4);
    memcpy(guest_at(g, GUEST_DATA2), "\x33\x33\x33\x33", 4);
    step_next(g, CODE("invept rcx, [rbx]"));
    assert_int_equal(g->emulated_op, CLUSTER_OP_INVEPT);
    assert_int_equal(g->operands.reg, 2);
    assert_int_equal(g->operands.memory[0], 0x1111111111111111);
    assert_int_equal(g->operands.memory[1], 0x3333333322222222);
    step_next(g, CODE("invvpid rcx, [rbx]"));
    assert_int_equal(g->emulated_op, CLUSTER_OP_INVVPID);
}

static void vmxFailures_setTheFlags(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    g->regs.rflags |= CLUSTER_FLAGS_ARITHMETIC;
    g->vmx_result = CLUSTER_VMX_FAIL_VALID;
    step_next(g, CODE("invvpid rcx, [rbx]"));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_ZF);
    g->vmx_result = CLUSTER_VMX_FAIL_INVALID;
    step_next(g, CODE("vmptrld [rbx]"));
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_CF);
}

static void otherEmulatedOnes_keepTheFlags(void **state)
{
    struct guest *g = *state;

    g->regs.rflags |= CLUSTER_FLAGS_ARITHMETIC;
    assert_int_equal(step(g, CODE("rdtsc; rdmsr; wrmsr; cpuid; mov rax, cr2")).executed, 5);
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAGS_ARITHMETIC);
}

static void unmappedOperand_isNotHandedOver(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA2 + GUEST_PAGE - 8; /* the second half of the descriptor */
    step_stop(g, CODE("invept rcx, [rbx]"), CLUSTER_STOP_MEMORY);
    GPR(g, RBX) = UNMAPPED;
    step_stop(g, CODE("vmptrld [rbx]"), CLUSTER_STOP_MEMORY);
    assert_int_equal(g->emulate_count, 0);
}

static void declined_stopsBefore(void **state)
{
    struct guest *g = *state;

    g->emulate_decline_at = 1;
    GPR(g, RBX) = GUEST_DATA;
    g->regs.rflags |= CLUSTER_FLAGS_ARITHMETIC;
    step_stop(g, CODE("cpuid"), CLUSTER_STOP_VMX);
    step_stop(g, CODE("vmptrld [rbx]"), CLUSTER_STOP_VMX);
}

static void stop_isBehindTheInstruction(void **state)
{
    struct guest *g = *state;
    struct stepped s;

    g->emulate_stop_at = 1;
    g->msr = 0x77;
    g->regs.sti_shadow = true;
    s = step(g, CODE("rdmsr; inc rcx"));
    assert_int_equal(s.did, CLUSTER_STEP_LAST);
    assert_int_equal(s.stop, CLUSTER_STOP_WORLD);
    assert_int_equal(s.executed, 1);
    assert_int_equal(g->regs.rip, GUEST_CODE + 2);
    assert_int_equal(GPR(g, RAX), 0x77);
    assert_int_equal(GPR(g, RCX), 0);
    assert_false(g->regs.sti_shadow);
}

static void entries_areLeftToTheCaller(void **state)
{
    struct guest *g = *state;

    step_stop(g, CODE("vmresume"), CLUSTER_STOP_RESUME);
    step_stop(g, CODE("vmlaunch"), CLUSTER_STOP_RESUME);
    assert_int_equal(g->nr_calls, 1);   /* end() */
}

static void vmreadAndVmwrite_areSteps(void **state)
{
    struct guest *g = *state;

    GPR(g, RDX) = 0x6800;
    step_next(g, CODE("vmread rax, rdx"));
    assert_int_equal(GPR(g, RAX), guest_field(0x6800));
    step_next(g, CODE("vmwrite rdx, rcx"));
    assert_int_equal(g->written_field, 0x6800);
    g->vmx_result = CLUSTER_VMX_DECLINE;
    step_stop(g, CODE("vmwrite rdx, rcx"), CLUSTER_STOP_VMX);
}

static void fencesAndHints_changeNothing(void **state)
{
    struct guest *g = *state;
    struct cluster_regs before;

    GPR(g, RBX) = UNMAPPED;
    before = g->regs;
    assert_int_equal(step(g, CODE("lfence; mfence; sfence; pause; prefetcht0 [rbx];"
                                  "prefetchw [rbx]; endbr64; nop word ptr [rbx+rcx]")).executed, 8);
    before.rip = g->regs.rip;
    assert_memory_equal(&before, &g->regs, sizeof(before));
    assert_int_equal(g->translate_count, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(rdtsc_isTheWorlds),
        LAW(msrsAndCpuid_areTheWorlds),
        LAW(cr2_isTheWorlds),
        LAW(verw_setsZfAlone),
        LAW(vmptrld_getsItsPointer),
        LAW(invept_getsTypeAndDescriptor),
        LAW(vmxFailures_setTheFlags),
        LAW(otherEmulatedOnes_keepTheFlags),
        LAW(unmappedOperand_isNotHandedOver),
        LAW(declined_stopsBefore),
        LAW(stop_isBehindTheInstruction),
        LAW(entries_areLeftToTheCaller),
        LAW(vmreadAndVmwrite_areSteps),
        LAW(fencesAndHints_changeNothing),
    };

    return unit_report("emulated", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("emulated", tests, NULL, NULL));
}
