/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_hostile.c - regions of an L1 that changes its code, moves its pages, and
 * goes where nobody should.
 */
#include "cost.h"
#include "region_guest.h"
#include "store.h"
#include "tracker.h"

#define PAIR   CODE("vmread rax, rdx; mov rcx, rax; vmread rbx, rdx; int3")
#define OTHER  CODE("vmread rax, rdx; mov rsi, rax; vmread rbx, rdx; int3")
#define STORES CODE("vmread rax, rdx; mov [rdi], rsi; vmread rbx, rdx; int3")

/* Index of the stack's page in the guest's. */
enum { STACK = 4 };

/* ---- code that changes between executions ---- */

static void changedCode_isRecordedAnewAtOnce(void **state)
{
    struct guest *g = *state;

    region_record(g, PAIR);
    guest_put_code(g, GUEST_CODE, OTHER);
    g->regs.gpr[CLUSTER_RCX] = g->regs.gpr[CLUSTER_RSI] = 0;
    assert_true(region_exit(g));
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_BYTES);
    assert_int_equal(g->out.discarded_rip, GUEST_CODE);
    assert_false(g->out.cached);
    assert_non_null(g->out.recorded);
    region_expect(g, 3, 2, CLUSTER_STOP_UNSUPPORTED);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], guest_field(0));
    assert_int_equal(g->regs.gpr[CLUSTER_RCX], 0);
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
}

static void changeOfAnyByte_isNoticed(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    for (i = 0; i < PAIR.size - 1; i++) {
        cluster_flush(g->vcpu);
        region_record(g, PAIR);
        assert_true(region_exit(g));
        *guest_at(g, GUEST_CODE + i) ^= 0x80;
        region_exit(g);
        assert_int_equal(g->out.discarded, CLUSTER_DISCARD_BYTES);
    }
}

/* In the other segment: the first one is executed, and nothing of what changed. */
static void changedSegment_isStoppedBefore(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RCX] = 0;
    region_record(g, CODE("vmread rax, rdx; test rcx, rcx; jnz 1f; vmread rbx, rdx; int3;"
                          ".skip 64; 1: inc rsi; vmread rdi, rdx; int3"));
    g->regs.gpr[CLUSTER_RCX] = 1;
    region_grow(g);
    g->regs.gpr[CLUSTER_RSI] = 0;
    assert_true(region_exit(g));
    region_expect(g, 5, 2, CLUSTER_STOP_COMPLETE);
    guest_put_code(g, g->regs.rip - 6, CODE("dec rsi"));
    g->regs.gpr[CLUSTER_RSI] = 0;
    assert_true(region_exit(g));
    region_expect(g, 3, 1, CLUSTER_STOP_BYTES);
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_BYTES);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 0);
    assert_true(region_exit(g));                /* recorded at once */
    assert_non_null(g->out.recorded);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], -1ull);
}

/* Code that is patched for ever is not recorded for ever. */
static void patchedForEver_isLeftAlone(void **state)
{
    struct guest *g = *state;
    unsigned int i, recorded = 0;

    for (i = 0; i < 1000; i++) {
        guest_put_code(g, GUEST_CODE, i % 2 ? PAIR : OTHER);
        region_exit(g);
        recorded += g->out.recorded != NULL;
    }
    assert_in_range(recorded, 2, CLUSTER_TRACKER_TRIES + 1);
    assert_int_equal(g->out.stop, CLUSTER_STOP_NO_CLUSTER);
}

/* Patched now and then, as Linux does: always back at once. */
static void patchedSeldom_isRecordedEachTime(void **state)
{
    struct guest *g = *state;
    unsigned int i, run;

    region_record(g, PAIR);
    for (i = 0; i < 5 * CLUSTER_TRACKER_TRIES; i++) {
        for (run = 0; run < CLUSTER_TRIAL_RUNS; run++)
            assert_true(region_exit(g));
        guest_put_code(g, GUEST_CODE, i % 2 ? PAIR : OTHER);
        assert_true(region_exit(g));
        assert_non_null(g->out.recorded);
    }
}

/* ---- stores into code ---- */

static void storeIntoTheCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_CODE, guest_at(g, GUEST_CODE), "rwx");
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA;
    g->regs.gpr[CLUSTER_RSI] = 0x9090909090909090;
    region_record(g, STORES);
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    g->regs.gpr[CLUSTER_RDI] = GUEST_CODE + 6;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_CODE_WRITE);
    assert_int_equal(g->regs.rip, GUEST_CODE + 3);
    assert_memory_equal(guest_at(g, GUEST_CODE), STORES.bytes, STORES.size);
}

/* By another linear address, and when a translation of that is at hand. */
static void storeByAnAlias_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_DATA2, guest_at(g, GUEST_CODE), "rw");
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA2 + 6;
    guest_put_code(g, GUEST_CODE, STORES);
    region_exit(g);
    region_exit(g);
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA;
    assert_true(region_exit(g));
    assert_true(region_exit(g));
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA2 + 6;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_CODE_WRITE);
    assert_memory_equal(guest_at(g, GUEST_CODE), STORES.bytes, STORES.size);
}

/*
 * The path stores into a page that it comes to later: it was data when it was stored to,
 * and becomes code.  From then on a store there is seen.
 */
static void storeIntoCodeToCome_isSeenOnceItIsCode(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    guest_map(g, GUEST_DATA2, guest_at(g, GUEST_CODE2), "rw");
    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; 1: mov [rdi], rsi; vmread rbx, rdx;"
                                       "jmp .+0xff7"));
    guest_put_code(g, GUEST_CODE2, CODE("inc rbp; vmread rcx, rdx; dec r8; jz .+7; jmp .-0x1008"));
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA2 + 0x800;
    region_exit(g);
    region_exit(g);
    g->regs.gpr[CLUSTER_R8] = 2;
    assert_true(region_exit(g));
    assert_int_equal(g->out.stop, CLUSTER_STOP_CODE_WRITE);
    for (i = 0; i < 5; i++) {
        g->regs.gpr[CLUSTER_R8] = 2;
        g->regs.gpr[CLUSTER_RBP] = 0;
        guest_write64(g, GUEST_DATA2 + 0x800, 0);
        g->regs.gpr[CLUSTER_RSI] = i;
        region_exit(g);
        assert_int_equal(g->out.stop, CLUSTER_STOP_CODE_WRITE);
        assert_int_equal(g->regs.rip, GUEST_CODE + 3);
    }
}

/*
 * The page of another segment is data as long as L1 does not come there: the loop stores to
 * it, goes there and comes back.
 */
static void storeIntoASegmentToCome_isSeenOnceItIsCompared(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx; 1: mov [rdi], rsi; vmread rbx, rdx;"
                                       "test rcx, rcx; jnz .+0xff4; dec r9; jnz 1b;"
                                       "vmread rbp, rdx; int3"));
    guest_put_code(g, GUEST_CODE2, CODE("dec rcx; vmread r8, rdx; jmp .-0x1004"));
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA;
    region_exit(g);
    region_exit(g);
    g->regs.gpr[CLUSTER_R9] = 2;
    assert_true(region_exit(g));
    for (i = 0; i <= CLUSTER_GROW_EXITS; i++) {
        g->regs.gpr[CLUSTER_RCX] = g->regs.gpr[CLUSTER_R9] = 1;
        assert_true(region_exit(g));
    }
    region_expect(g, 1 + 4 + 3 + 6 + 1, 5, CLUSTER_STOP_COMPLETE);
    guest_map(g, GUEST_DATA2, guest_at(g, GUEST_CODE2), "rw");
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA2 + 0x800;
    g->regs.gpr[CLUSTER_R9] = 1;
    assert_true(region_exit(g));
    region_expect(g, 1 + 6 + 1, 3, CLUSTER_STOP_COMPLETE);
    g->regs.gpr[CLUSTER_RCX] = 1;
    assert_true(region_exit(g));
    region_expect(g, 1 + 4 + 3, 3, CLUSTER_STOP_CODE_WRITE);
    assert_int_equal(g->regs.rip, GUEST_CODE + 3);
}

/* The stack lies in the code: every push is a store into it. */
static void stackInTheCode_isSeen(void **state)
{
    struct guest *g = *state;

    region_record(g, CODE("vmread rax, rdx; push rax; vmread rbx, rdx; int3"));
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    guest_map(g, GUEST_STACK, guest_at(g, GUEST_CODE), "rw");
    g->page[STACK].dirty = true;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_CODE_WRITE);
    assert_int_equal(g->regs.gpr[CLUSTER_RSP], GUEST_RSP);
    assert_int_equal(guest_read64(g, GUEST_RSP - 8), 0);
}

/* ---- pages that move ---- */

static void movedData_isFoundWhereItIs(void **state)
{
    struct guest *g = *state;
    uint8_t *first = guest_at(g, GUEST_DATA), *second = guest_at(g, GUEST_DATA2);
    unsigned int i;

    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA + 0x10;
    region_record(g, STORES);
    for (i = 1; i < 20; i++) {
        uint64_t value;

        guest_map(g, GUEST_DATA, i % 2 ? second : first, "rw");
        g->regs.gpr[CLUSTER_RSI] = i;
        assert_true(region_exit(g));
        region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
        memcpy(&value, (i % 2 ? second : first) + 0x10, 8);
        assert_int_equal(value, i);
        memcpy(&value, (i % 2 ? first : second) + 0x10, 8);
        assert_int_not_equal(value, i);
    }
}

static void dataThatCanBeWrittenNoMore_isNot(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA;
    region_record(g, STORES);
    assert_true(region_exit(g));
    guest_map(g, GUEST_DATA, guest_at(g, GUEST_DATA), "r");
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
}

static void movedStack_isFoundWhereItIs(void **state)
{
    struct guest *g = *state;
    uint8_t *other = guest_at(g, GUEST_DATA);

    region_record(g, CODE("vmread rax, rdx; push rsi; vmread rbx, rdx; int3"));
    assert_true(region_exit(g));
    guest_map(g, GUEST_STACK, other, "rw");
    g->regs.gpr[CLUSTER_RSI] = 77;
    assert_true(region_exit(g));
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(guest_read64(g, GUEST_DATA + 0x800 - 8), 77);
}

/* A new dirty bit is the hardware's to set: the interpreter's access does it. */
static void cleanStack_becomesDirty(void **state)
{
    struct guest *g = *state;

    region_record(g, CODE("vmread rax, rdx; push rsi; vmread rbx, rdx; int3"));
    guest_map(g, GUEST_STACK, guest_at(g, GUEST_STACK), "rw");
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    assert_true(g->page[STACK].dirty);
}

/* Nor may it become dirty because a path that is not taken would write it. */
static void stackThatIsNotWritten_staysClean(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RCX] = 1;
    region_record(g, CODE("vmread rax, rdx; test rcx, rcx; jz 1f; push rsi; pop rsi; 1:"
                          "vmread rbx, rdx; int3"));
    guest_map(g, GUEST_STACK, guest_at(g, GUEST_STACK), "rw");
    g->regs.gpr[CLUSTER_RCX] = 0;
    assert_true(region_exit(g));
    region_expect(g, 4, 2, CLUSTER_STOP_COMPLETE);
    assert_false(g->page[STACK].dirty);
}

static void movedCode_withTheSameBytes_isTheSame(void **state)
{
    struct guest *g = *state;

    region_record(g, PAIR);
    guest_map(g, GUEST_CODE, guest_at(g, GUEST_CODE2), "rx");
    guest_put_code(g, GUEST_CODE, PAIR);
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_NONE);
}

static void movedCode_withOtherBytes_isNoticed(void **state)
{
    struct guest *g = *state;

    region_record(g, PAIR);
    guest_map(g, GUEST_CODE, guest_at(g, GUEST_CODE2), "rx");
    guest_put_code(g, GUEST_CODE, OTHER);
    region_exit(g);
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_BYTES);
}

static void codeThatCannotBeFetchedNow_isRefusedAndKept(void **state)
{
    struct guest *g = *state;
    uint8_t *code = guest_at(g, GUEST_CODE);

    region_record(g, PAIR);
    guest_map(g, GUEST_CODE, code, "rw");
    assert_false(region_exit(g));
    region_expect(g, 0, 0, CLUSTER_STOP_NO_CODE);
    guest_map(g, GUEST_CODE, code, "rx");
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
}

static void segmentBases_areThoseOfTheExecution(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    guest_write64(g, GUEST_DATA + 0x20, 1);
    guest_write64(g, GUEST_DATA2 + 0x20, 2);
    g->gs = GUEST_DATA;
    region_record(g, CODE("vmread rax, rdx; mov rcx, gs:[0x20]; vmread rbx, rdx; int3"));
    for (i = 0; i < 6; i++) {
        g->gs = i % 2 ? GUEST_DATA : GUEST_DATA2;
        assert_true(region_exit(g));
        assert_int_equal(g->regs.gpr[CLUSTER_RCX], i % 2 ? 1 : 2);
    }
}

/* ---- the edges of the world ---- */

static void record_at(struct guest *g, uint64_t rip)
{
    unsigned int i;

    for (i = 0; i < 3; i++) {
        g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
        g->regs.rflags = 2;
        guest_exit_at(g, rip);
    }
}

static void run_at(struct guest *g, uint64_t rip)
{
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
    g->regs.rflags = 2;
    assert_true(guest_exit_at(g, rip));
}

static void codeAcrossAPageEnd_isComparedInBoth(void **state)
{
    struct guest *g = *state;
    unsigned int split;

    for (split = 1; split < PAIR.size; split++) {
        uint64_t site = GUEST_CODE2 - split;

        guest_put_code(g, site, PAIR);
        record_at(g, site);
        region_expect(g, 3, 2, CLUSTER_STOP_UNSUPPORTED);
        run_at(g, site);
        region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
        *guest_at(g, GUEST_CODE2) ^= 0x80;
        guest_exit_at(g, site);
        assert_int_equal(g->out.discarded == CLUSTER_DISCARD_BYTES, split < PAIR.size - 1);
        cluster_flush(g->vcpu);
    }
}

static void instructionIntoAPageThatIsNotThere_endsThePath(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE2 - 7, CODE("vmread rax, rdx; vmread rbx, rdx; vmread rcx, rdx"));
    guest_unmap(g, GUEST_CODE2);
    record_at(g, GUEST_CODE2 - 7);
    region_expect(g, 2, 2, CLUSTER_STOP_NO_CODE);
    run_at(g, GUEST_CODE2 - 7);
    region_expect(g, 2, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.rip, GUEST_CODE2 - 1);
}

static void codeAtTheTopOfTheAddressSpace_doesNotWrap(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0xfffffffffffff000, guest_at(g, GUEST_CODE), "rx");
    guest_map(g, 0, guest_at(g, GUEST_CODE2), "rx");
    guest_put_code(g, GUEST_CODE + 0xff8,
                   CODE("vmread rax, rdx; vmread rbx, rdx; .byte 0x0f, 0x78"));
    guest_put_code(g, GUEST_CODE2, CODE(".byte 0xd1; int3"));
    record_at(g, 0xfffffffffffffff8);
    region_expect(g, 2, 2, CLUSTER_STOP_NO_CODE);
}

static void codeBeforeNonCanonicalAddresses_endsThere(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7ffffffff000, guest_at(g, GUEST_CODE), "rx");
    guest_put_code(g, GUEST_CODE + 0xff7,
                   CODE("vmread rax, rdx; vmread rbx, rdx; vmread rcx, rdx"));
    record_at(g, 0x7ffffffffff7);
    region_expect(g, 2, 2, CLUSTER_STOP_NO_CODE);
}

static void nonCanonicalTarget_isTheHardwaresFault(void **state)
{
    struct guest *g = *state;

    guest_put_code(g, GUEST_CODE + 0x100, CODE("vmread rcx, rdx; int3"));
    g->regs.gpr[CLUSTER_RDI] = GUEST_CODE + 0x100;
    region_record(g, CODE("vmread rax, rdx; jmp rdi"));
    g->regs.gpr[CLUSTER_RDI] = 0x8000000000000000;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_FAULT);
    assert_int_equal(g->regs.rip, GUEST_CODE + 3);
}

static void accessAcrossAPageEnd_isDoneOrLeft(void **state)
{
    struct guest *g = *state;

    g->regs.gpr[CLUSTER_RSI] = 0x1122334455667788;
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA;
    region_record(g, STORES);
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA2 - 3;
    assert_true(region_exit(g));
    if (g->out.stop == CLUSTER_STOP_COMPLETE)
        assert_int_equal(guest_read64(g, GUEST_DATA2 - 3), 0x1122334455667788);
    else
        region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA2 + 0xffd;     /* no third page */
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
}

/* ---- a guest that never repeats itself ---- */

static void sitesWithoutEnd_areBounded(void **state)
{
    struct guest *g = *state;
    unsigned int i, flushed = 0, recorded = 0;

    for (i = 0; i < 3000; i++) {
        uint64_t site = GUEST_CODE + i % 3000;

        guest_put_code(g, site, PAIR);
        record_at(g, site);
        recorded += g->out.recorded != NULL;
        flushed += g->out.flushed;
        assert_in_range(g->vcpu->live_regions, 0, CLUSTER_MAX_REGIONS);
    }
    assert_in_range(recorded, 2900, 3000);
    assert_in_range(flushed, CLUSTER_MAX_REGIONS, 3000);
    assert_in_range(g->vcpu->flushes, 2, 100);
}

/* A stack that is somewhere else each time: one region for each place modulo 16, no more. */
static void stacksWithoutEnd_areBounded(void **state)
{
    struct guest *g = *state;
    unsigned int i, j, recorded = 0;

    guest_put_code(g, GUEST_CODE, PAIR);
    for (i = 0; i < 2000; i++)
        for (j = 0; j < 3; j++) {
            g->regs.rflags = 2;
            g->regs.gpr[CLUSTER_RSP] = GUEST_STACK + i;
            guest_exit_at(g, GUEST_CODE);
            recorded += g->out.recorded != NULL;
        }
    assert_int_equal(recorded, CLUSTER_RSP_ALIGNMENT);
    assert_int_equal(g->vcpu->flushes, 0);
}

/* Jumps over nothing but themselves, in every direction: growth without end. */
static void pathsWithoutEnd_areBounded(void **state)
{
    struct guest *g = *state;
    unsigned int i;
    uint64_t bits = 0x123456789abcdef1;

    /* Shift bits out of RCX, and go one of two ways for each. */
    guest_put_code(g, GUEST_CODE, CODE("vmread rax, rdx;"
        ".rept 60; shr rcx; jc 1f; vmread rbx, rdx; jmp 2f; 1: inc rsi; vmread rdi, rdx; nop; 2:;"
        ".endr; int3"));
    for (i = 0; i < 80000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        g->regs.gpr[CLUSTER_RCX] = bits;
        g->regs.gpr[CLUSTER_RSI] = 0;
        if (region_exit(g) && g->regs.rip == GUEST_CODE + 3 + 60 * 19)
            assert_int_equal(g->regs.gpr[CLUSTER_RSI], __builtin_popcountll(bits << 4));
    }
    assert_true(g->out.insns > 200);
    assert_int_equal(g->vcpu->flushes, 0);      /* the paths come together */
}

static void flush_forgetsRegionsToo(void **state)
{
    struct guest *g = *state;

    region_record(g, PAIR);
    assert_int_equal(cluster_flush(g->vcpu), 1);
    assert_int_equal(cluster_flush(g->vcpu), 0);
    assert_false(region_exit(g));
    assert_int_equal(g->out.stop, CLUSTER_STOP_COUNTING);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH(changedCode_isRecordedAnewAtOnce),
        BOTH(changeOfAnyByte_isNoticed),
        BOTH(changedSegment_isStoppedBefore),
        BOTH(patchedForEver_isLeftAlone),
        BOTH(patchedSeldom_isRecordedEachTime),
        BOTH(storeIntoTheCode_stopsBefore),
        BOTH(storeByAnAlias_stopsBefore),
        BOTH(storeIntoCodeToCome_isSeenOnceItIsCode),
        BOTH(storeIntoASegmentToCome_isSeenOnceItIsCompared),
        BOTH(stackInTheCode_isSeen),
        BOTH(movedData_isFoundWhereItIs),
        BOTH(dataThatCanBeWrittenNoMore_isNot),
        BOTH(movedStack_isFoundWhereItIs),
        BOTH(cleanStack_becomesDirty),
        BOTH(stackThatIsNotWritten_staysClean),
        BOTH(movedCode_withTheSameBytes_isTheSame),
        BOTH(movedCode_withOtherBytes_isNoticed),
        BOTH(codeThatCannotBeFetchedNow_isRefusedAndKept),
        BOTH(segmentBases_areThoseOfTheExecution),
        BOTH(codeAcrossAPageEnd_isComparedInBoth),
        BOTH(instructionIntoAPageThatIsNotThere_endsThePath),
        BOTH(codeAtTheTopOfTheAddressSpace_doesNotWrap),
        BOTH(codeBeforeNonCanonicalAddresses_endsThere),
        BOTH(nonCanonicalTarget_isTheHardwaresFault),
        BOTH(accessAcrossAPageEnd_isDoneOrLeft),
        BOTH(sitesWithoutEnd_areBounded),
        BOTH(stacksWithoutEnd_areBounded),
        BOTH(pathsWithoutEnd_areBounded),
        BOTH(flush_forgetsRegionsToo),
    };

    return unit_report("hostile", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("hostile", tests, NULL, NULL));
}
