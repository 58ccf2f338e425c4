/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_weak.c - weakly exiting instructions: a MOV that reaches a device of L0's, by which
 * L1 was seen to exit.  The device tells how often it was accessed.
 */
#include "cache.h"
#include "cost.h"
#include "region_guest.h"
#include "tracker.h"

#define DEVICE  0xffffffffff5fd000ull
#define LENGTH_VMREAD 3

/* RDI has the device's address in all of these. */
#define LOAD    CODE("vmread rax, rdx; mov ecx, [rdi+0x20]; vmread rbx, rdx; int3")
#define STORE   CODE("vmread rax, rdx; mov [rdi+0xb0], esi; vmread rbx, rdx; int3")

static void plug_in(struct guest *g)
{
    g->device.linear = DEVICE;
    g->regs.gpr[CLUSTER_RDI] = DEVICE;
    g->regs.gpr[CLUSTER_RSI] = 0x8877665544332211;
}

/* L1 exits by the access, which lies behind a VMREAD, and L0 does it by its stock path. */
static void see_exit(struct guest *g, struct code code)
{
    guest_put_code(g, GUEST_CODE, code);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
    assert_false(guest_exit_at(g, GUEST_CODE + LENGTH_VMREAD));
    assert_int_equal(g->out.stop, CLUSTER_STOP_COUNTING);
}

static void record(struct guest *g, struct code code)
{
    plug_in(g);
    see_exit(g, code);
    region_record(g, code);
}

static void ram_comes(struct guest *g, uint8_t *host, const char *rights)
{
    guest_map(g, DEVICE, host, rights);
}

static void device_comes_back(struct guest *g)
{
    guest_unmap(g, DEVICE);
}

/* Nothing came of its exits, and the tracker has forgotten them: a pool had been full, say. */
static void loadKnownAsBarren_takesPart(void **state)
{
    struct guest *g = *state;

    plug_in(g);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
    cluster_cache_set_barren(g->vcpu, GUEST_CODE + LENGTH_VMREAD, 1);
    region_record(g, LOAD);
    region_expect(g, 3, 3, CLUSTER_STOP_UNSUPPORTED);
    assert_int_equal(g->device.reads, 1);
}

static void loadSeenToExit_takesPart(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    record(g, LOAD);
    region_expect(g, 3, 3, CLUSTER_STOP_UNSUPPORTED);
    assert_int_equal(g->device.reads, 1);
    for (i = 2; i < 5; i++) {
        g->regs.gpr[CLUSTER_RCX] = ~0ull;
        assert_true(region_exit(g));
        region_expect(g, 3, 3, CLUSTER_STOP_COMPLETE);
        assert_true(g->out.cached);
        assert_int_equal(g->device.reads, i);
        assert_int_equal(g->regs.gpr[CLUSTER_RCX], guest_device_value(i, 4));
    }
}

static void storeSeenToExit_takesPart(void **state)
{
    struct guest *g = *state;

    record(g, STORE);
    region_expect(g, 3, 3, CLUSTER_STOP_UNSUPPORTED);
    assert_true(region_exit(g));
    region_expect(g, 3, 3, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->device.writes, 2);
    assert_int_equal(g->device.written_at, DEVICE + 0xb0);
    assert_int_equal(g->device.written, 0x44332211);
    assert_int_equal(g->device.written_width, 4);
}

/* Registers of all sizes, zero-extension, an immediate. */
static void widths_areTheMovs(void **state)
{
    struct guest *g = *state;
    static const struct code none;
    struct code code[] = {
        CODE("vmread rax, rdx; mov ch, [rdi]; vmread rbx, rdx; int3"),
        CODE("vmread rax, rdx; movzx rcx, word ptr [rdi]; vmread rbx, rdx; int3"),
        CODE("vmread rax, rdx; mov rcx, [rdi]; vmread rbx, rdx; int3"),
        CODE("vmread rax, rdx; mov word ptr [rdi+2], 0x8123; vmread rbx, rdx; int3"),
        none,
    };
    uint64_t expected[] = {
        0x1111111111110011ull | guest_device_value(2, 1) << 8, guest_device_value(2, 2),
        guest_device_value(2, 8), 0x1111111111111111,
    };
    unsigned int i;

    for (i = 0; code[i].size; i++) {
        cluster_flush(g->vcpu);
        g->device.reads = 0;
        record(g, code[i]);
        g->regs.gpr[CLUSTER_RCX] = 0x1111111111111111;
        assert_true(region_exit(g));
        region_expect(g, 3, 3, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RCX], expected[i]);
    }
    assert_int_equal(g->device.written, 0x8123);
    assert_int_equal(g->device.written_width, 2);
}

static void accessThatWasNotSeenToExit_endsThePath(void **state)
{
    struct guest *g = *state;

    plug_in(g);
    region_record(g, CODE("vmread rax, rdx; vmread rbx, rdx; mov ecx, [rdi]; vmread rsi, rdx"));
    region_expect(g, 2, 2, CLUSTER_STOP_MEMORY);
    assert_true(region_exit(g));
    region_expect(g, 2, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->device.reads, 0);
    assert_int_equal(g->emulate_count, 0);
}

/* By the third exit, as with any other; its first access is the exit's. */
static void regionMayBeginWithIt(void **state)
{
    struct guest *g = *state;

    plug_in(g);
    region_record(g, CODE("mov ecx, [rdi]; vmread rax, rdx; int3"));
    region_expect(g, 2, 2, CLUSTER_STOP_UNSUPPORTED);
    assert_int_equal(g->device.reads, 1);
    assert_true(region_exit(g));
    region_expect(g, 2, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->device.reads, 2);
    assert_int_equal(g->regs.gpr[CLUSTER_RCX], guest_device_value(2, 4));
}

/* Nothing that can be done at once: the stock path has it, and the site is left alone. */
static void siteThatIsDeclined_isBarren(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    g->regs.gpr[CLUSTER_RDI] = DEVICE;
    guest_put_code(g, GUEST_CODE, CODE("mov ecx, [rdi]; vmread rax, rdx; int3"));
    for (i = 0; i < 4; i++)
        assert_false(region_exit(g));
    region_expect(g, 0, 0, CLUSTER_STOP_NO_CLUSTER);
    assert_int_equal(g->begin_count, 0);
}

static void declined_isStoppedBefore_withoutEffect(void **state)
{
    struct guest *g = *state;

    record(g, LOAD);
    g->emulate_decline_at = 1;
    g->regs.gpr[CLUSTER_RCX] = 5;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
    assert_int_equal(g->regs.rip, GUEST_CODE + LENGTH_VMREAD);
    assert_int_equal(g->regs.gpr[CLUSTER_RCX], 5);
    assert_int_equal(g->device.reads, 1);
    g->emulate_decline_at = 0;
    assert_true(region_exit(g));
    region_expect(g, 3, 3, CLUSTER_STOP_COMPLETE);
}

/* And back.  What finds RAM was no exit. */
static void deviceThatTurnsIntoRam_isRam(void **state)
{
    struct guest *g = *state;
    uint8_t *page = guest_at(g, GUEST_DATA);
    unsigned int i;

    record(g, LOAD);
    guest_write64(g, GUEST_DATA + 0x20, 0xaabbccdd99887766);
    for (i = 0; i < 3; i++) {
        ram_comes(g, page, "rw");
        assert_true(region_exit(g));
        region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RCX], 0x99887766);
        assert_int_equal(g->device.reads, 1 + i);
        device_comes_back(g);
        assert_true(region_exit(g));
        region_expect(g, 3, 3, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->regs.gpr[CLUSTER_RCX], guest_device_value(2 + i, 4));
    }
}

static void storeToWhatIsRamNow_isMadeOnce(void **state)
{
    struct guest *g = *state;

    record(g, STORE);
    ram_comes(g, guest_at(g, GUEST_DATA), "rw");
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->device.writes, 1);
    assert_int_equal(guest_read64(g, GUEST_DATA + 0xb0), 0x44332211);
    /* Read-only now; then the region's own code. */
    ram_comes(g, guest_at(g, GUEST_DATA), "r");
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
    ram_comes(g, guest_at(g, GUEST_CODE), "rw");
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_CODE_WRITE);
    assert_int_equal(g->device.writes, 1);
}

/* Half of it is RAM: not done in part. */
static void accessAcrossThePagesEnd_isStoppedBefore(void **state)
{
    struct guest *g = *state;

    record(g, LOAD);
    guest_map(g, DEVICE - GUEST_PAGE, guest_at(g, GUEST_DATA), "rw");
    g->regs.gpr[CLUSTER_RDI] = DEVICE - 0x22;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
    assert_int_equal(g->device.reads, 1);
    ram_comes(g, guest_at(g, GUEST_DATA2), "rw");
    guest_write64(g, GUEST_DATA + GUEST_PAGE - 2, 0x5566778811223344);
    assert_true(region_exit(g));
    region_expect(g, 3, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RCX], 0x11223344);
}

/* Beyond the last address, and at one that is none: the world is not even asked. */
static void addressThatIsNone_isStoppedBefore(void **state)
{
    struct guest *g = *state;

    record(g, LOAD);
    g->regs.gpr[CLUSTER_RDI] = 0x0000800000000000;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
    g->regs.gpr[CLUSTER_RDI] = ~0ull - 0x22;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_MEMORY);
    assert_int_equal(g->emulate_count, 0);
}

static bool exit_with_if(struct guest *g)
{
    g->regs.rflags = 0x202;
    return guest_exit_at(g, GUEST_CODE);
}

/* An interrupt that the access has caused comes before the next instruction. */
static void eventByTheAccess_stopsBehindIt(void **state)
{
    struct guest *g = *state;

    record(g, STORE);
    g->device.raises_event = true;
    assert_true(exit_with_if(g));
    region_expect(g, 2, 2, CLUSTER_STOP_EVENT);
    assert_int_equal(g->device.writes, 2);
    assert_int_equal(g->regs.gpr[CLUSTER_RSI], 0x8877665544332211);
    g->event_at = 0;
    g->device.raises_event = false;
    assert_true(exit_with_if(g));
    region_expect(g, 3, 3, CLUSTER_STOP_COMPLETE);
}

/* At the recording as well. */
static void eventWhileItIsRecorded_stopsBehindIt(void **state)
{
    struct guest *g = *state;

    plug_in(g);
    see_exit(g, STORE);
    g->device.raises_event = true;
    assert_false(exit_with_if(g));
    assert_false(exit_with_if(g));
    assert_true(exit_with_if(g));
    region_expect(g, 2, 2, CLUSTER_STOP_EVENT);
    assert_int_equal(g->device.writes, 1);
}

static void poke_stopsBeforeIt(void **state)
{
    struct guest *g = *state;

    record(g, LOAD);
    g->poke = 1;
    assert_true(region_exit(g));
    region_expect(g, 1, 1, CLUSTER_STOP_EVENT);
    assert_int_equal(g->device.reads, 1);
}

/* The world may be another one behind it. */
static void stopOfTheWorld_isBehindIt(void **state)
{
    struct guest *g = *state;

    record(g, LOAD);
    g->emulate_stop_at = 1;
    assert_true(region_exit(g));
    region_expect(g, 2, 2, CLUSTER_STOP_WORLD);
    assert_int_equal(g->device.reads, 2);
    assert_int_equal(g->regs.gpr[CLUSTER_RCX], guest_device_value(2, 4));
}

/* Registers and flags outlast it. */
static void restOfTheState_outlastsIt(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; mov ecx, [rdi]; cmp rcx, rsi; mov [rdi+8], rax;"
                            "setb bl; vmread rbp, rdx; int3");

    plug_in(g);
    guest_put_code(g, GUEST_CODE, code);
    assert_false(guest_exit_at(g, GUEST_CODE + LENGTH_VMREAD));
    assert_false(guest_exit_at(g, GUEST_CODE + LENGTH_VMREAD + 5));     /* behind MOV and CMP */
    region_record(g, code);
    region_expect(g, 6, 4, CLUSTER_STOP_UNSUPPORTED);
    g->regs.gpr[CLUSTER_RSI] = guest_device_value(2, 4) + 1;
    g->regs.gpr[CLUSTER_RBX] = 0;
    assert_true(region_exit(g));
    region_expect(g, 6, 4, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RBX], 1);
    assert_int_equal(g->device.written, guest_field(0));
    g->regs.gpr[CLUSTER_RSI] = guest_device_value(3, 4);
    assert_true(region_exit(g));
    assert_int_equal(g->regs.gpr[CLUSTER_RBX], 0);
}

/* Back-edges count the exits of the loop. */
static void loop_countsItEachTime(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; 1: mov ecx, [rdi]; vmwrite rdx, rcx; dec rbx; jnz 1b;"
                            "vmread rsi, rdx; int3");
    unsigned int i;

    plug_in(g);
    see_exit(g, code);
    g->regs.gpr[CLUSTER_RBX] = 5;
    region_record(g, code);
    region_expect(g, 22, 12, CLUSTER_STOP_UNSUPPORTED);
    assert_int_equal(g->device.reads, 5);
    for (i = 0; i < 3; i++) {
        g->device.reads = 0;
        g->regs.gpr[CLUSTER_RBX] = 9;
        assert_true(region_exit(g));
        region_expect(g, 38, 20, CLUSTER_STOP_COMPLETE);
        assert_int_equal(g->device.reads, 9);
        assert_int_equal(g->written_value, guest_device_value(9, 4));
    }
    ram_comes(g, guest_at(g, GUEST_DATA), "rw");
    g->regs.gpr[CLUSTER_RBX] = 9;
    assert_true(region_exit(g));
    region_expect(g, 38, 11, CLUSTER_STOP_COMPLETE);
}

/* It is judged by the exits that there were to avoid. */
static void regionOfAccessesThatFindRam_isDropped(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    record(g, CODE("vmread rax, rdx; mov ecx, [rdi]; int3"));
    ram_comes(g, guest_at(g, GUEST_DATA), "rw");
    for (i = 0; i < CLUSTER_TRIAL_RUNS; i++)
        assert_true(region_exit(g));
    assert_int_equal(g->out.discarded, CLUSTER_DISCARD_USELESS);
}

/* Other instructions on a device are hardware's. */
static void otherThanMov_isStoppedBefore(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; vmread rbx, rdx; add ecx, [rdi]; vmread rsi, rdx");

    plug_in(g);
    guest_put_code(g, GUEST_CODE, code);
    assert_false(guest_exit_at(g, GUEST_CODE + 2 * LENGTH_VMREAD));
    region_record(g, code);
    region_expect(g, 2, 2, CLUSTER_STOP_MEMORY);
    assert_int_equal(g->emulate_count, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH(loadSeenToExit_takesPart),
        BOTH(loadKnownAsBarren_takesPart),
        BOTH(storeSeenToExit_takesPart),
        BOTH(widths_areTheMovs),
        BOTH(accessThatWasNotSeenToExit_endsThePath),
        BOTH(regionMayBeginWithIt),
        BOTH(siteThatIsDeclined_isBarren),
        BOTH(declined_isStoppedBefore_withoutEffect),
        BOTH(deviceThatTurnsIntoRam_isRam),
        BOTH(storeToWhatIsRamNow_isMadeOnce),
        BOTH(accessAcrossThePagesEnd_isStoppedBefore),
        BOTH(addressThatIsNone_isStoppedBefore),
        BOTH(eventByTheAccess_stopsBehindIt),
        BOTH(eventWhileItIsRecorded_stopsBehindIt),
        BOTH(poke_stopsBeforeIt),
        BOTH(stopOfTheWorld_isBehindIt),
        BOTH(restOfTheState_outlastsIt),
        BOTH(loop_countsItEachTime),
        BOTH(regionOfAccessesThatFindRam_isDropped),
        BOTH(otherThanMov_isStoppedBefore),
    };

    return unit_report("weak", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("weak", tests, NULL, NULL));
}
