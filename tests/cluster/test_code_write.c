/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_code_write.c - no instruction stores into the code that is being executed.
 */
#include "stepper.h"

#include <stdlib.h>

static void check_stop(struct guest *g, enum cluster_stop why, unsigned int insns,
                       uint64_t offset)
{
    assert_int_equal(g->out.stop, why);
    assert_int_equal(g->out.insns, insns);
    assert_int_equal(g->regs.rip, GUEST_CODE + offset);
}

static void storeIntoOwnCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_CODE, guest_at(g, GUEST_CODE), "rwx");
    GPR(g, RBX) = GUEST_CODE + 0x800;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov [rbx], rcx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
}

static void storeIntoOwnCode_isSeenThroughAnAlias(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RBX) = 0x7ffc;
    assert_true(guest_run(g, CODE("vmread rax, rdx; add byte ptr [rbx], 1; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
    assert_int_equal(*guest_at(g, GUEST_CODE + 0xffc), 0);
}

static void storeIntoOwnCode_isSeenAfterALoad(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RBX) = 0x7000;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, [rbx]; mov [rbx], rcx;"
                                  "vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 2, 6);
}

static void pushIntoOwnCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RSP) = 0x7800;
    assert_true(guest_run(g, CODE("vmread rax, rdx; push rcx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
    assert_int_equal(GPR(g, RSP), 0x7800);
}

static void popIntoOwnCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RBX) = 0x7800;
    assert_true(guest_run(g, CODE("vmread rax, rdx; pop qword ptr [rbx]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
    assert_int_equal(GPR(g, RSP), GUEST_RSP);
}

static void vmreadIntoOwnCode_stopsBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE), "rw");
    GPR(g, RBX) = 0x7800;
    assert_true(guest_run(g, CODE("vmread rax, rdx; vmread [rbx], rdx; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_CODE_WRITE, 1, 3);
    assert_int_equal(guest_read64(g, 0x7800), 0);
}

static void storeIntoTheSecondCodePage_stopsBefore(void **state)
{
    struct guest *g = *state;
    struct code code = CODE("vmread rax, rdx; mov [rbx], rcx; vmread rax, rdx");

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE2), "rw");
    GPR(g, RBX) = 0x7800;
    guest_put_code(g, GUEST_CODE2 - 7, code);
    assert_true(guest_exit_at(g, GUEST_CODE2 - 7));     /* as just formed */
    assert_int_equal(g->out.stop, CLUSTER_STOP_CODE_WRITE);
    assert_true(guest_exit_at(g, GUEST_CODE2 - 7));     /* as found in the cache */
    assert_int_equal(g->out.stop, CLUSTER_STOP_CODE_WRITE);
}

/* Formation looks ahead into the next page, but the cluster does not lie there. */
static void storeIntoAPageThatWasOnlyLookedAt_isDone(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE2), "rw");
    GPR(g, RBX) = 0x7800;
    GPR(g, RCX) = 3;
    guest_put_code(g, GUEST_CODE2 - 9, CODE("vmread rax, rdx;"
                                            "mov [rbx], rcx; vmread rax, rdx; ret"));
    assert_true(guest_exit_at(g, GUEST_CODE2 - 9));
    assert_int_equal(g->out.stop, CLUSTER_STOP_COMPLETE);
    assert_int_equal(guest_read64(g, 0x7800), 3);
}

static void loadFromOwnCode_isDone(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_CODE;
    assert_true(guest_run(g, CODE("vmread rax, rdx; mov rcx, [rbx]; vmread rax, rdx")));
    check_stop(g, CLUSTER_STOP_COMPLETE, 3, 9);
}

/* A region of two pages of code: GUEST_CODE, and GUEST_DATA2, which is not to be found now. */
static struct cluster_region *region_of_code(struct guest *g)
{
    struct cluster_region *region = calloc(1, sizeof(*region));

    region->nr_pages = 3;
    region->page[0].linear = GUEST_DATA2;
    region->page[1].linear = GUEST_CODE2;
    region->page[1].host = guest_at(g, GUEST_CODE2);
    region->page[2].linear = GUEST_CODE;
    region->page[2].host = guest_at(g, GUEST_CODE);
    return region;
}

static void check_code_write(struct guest *g, struct code code)
{
    struct cluster_region *region = region_of_code(g);
    struct cluster_regs before = g->regs;
    uint8_t page[GUEST_PAGE];
    struct stepped s;

    memcpy(page, guest_at(g, GUEST_CODE2), GUEST_PAGE);
    s = step_in(g, code, region);
    free(region);
    before.rip = GUEST_CODE;
    assert_int_equal(s.did, CLUSTER_STEP_STOP);
    assert_int_equal(s.stop, CLUSTER_STOP_CODE_WRITE);
    assert_memory_equal(&before, &g->regs, sizeof(before));
    assert_memory_equal(page, guest_at(g, GUEST_CODE2), GUEST_PAGE);
}

static void regionsCode_isWrittenByNothing(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x7000, guest_at(g, GUEST_CODE2), "rw");
    GPR(g, RBX) = GPR(g, RSP) = GPR(g, RDI) = 0x7800;
    GPR(g, RSI) = GUEST_DATA;
    GPR(g, RAX) = GPR(g, RCX) = 1;
    check_code_write(g, CODE("mov [rbx], cl"));
    check_code_write(g, CODE("add [rbx], rcx"));
    check_code_write(g, CODE("lock add [rbx], rcx"));
    check_code_write(g, CODE("xchg [rbx], rcx"));
    check_code_write(g, CODE("cmpxchg [rbx], rcx"));
    check_code_write(g, CODE("lock xadd [rbx], rcx"));
    check_code_write(g, CODE("shl qword ptr [rbx], 0"));
    check_code_write(g, CODE("bts qword ptr [rbx], 3"));
    check_code_write(g, CODE("bts qword ptr [rbx], rcx"));
    check_code_write(g, CODE("lock btr qword ptr [rbx], rcx"));
    check_code_write(g, CODE("setz [rbx]"));
    check_code_write(g, CODE("push rcx"));
    check_code_write(g, CODE("pushfq"));
    check_code_write(g, CODE("call .+9"));
    check_code_write(g, CODE("stosb"));
    check_code_write(g, CODE("movsq"));
    check_code_write(g, CODE("rep stosd"));
    check_code_write(g, CODE("vmread [rbx], rcx"));
}

static void regionsCode_mayBeRead(void **state)
{
    struct guest *g = *state;
    struct cluster_region *region = region_of_code(g);

    GPR(g, RBX) = GUEST_CODE2;
    *guest_at(g, GUEST_CODE2) = 0x5a;
    assert_int_equal(step_in(g, CODE("mov cl, [rbx]"), region).did, CLUSTER_STEP_NEXT);
    assert_int_equal(GPR(g, RCX), 0x5a);
    free(region);
}

/* A page without a host address is none of the region's for now. */
static void otherPages_areWritten(void **state)
{
    struct guest *g = *state;
    struct cluster_region *region = region_of_code(g);

    GPR(g, RBX) = GUEST_DATA2;
    assert_int_equal(step_in(g, CODE("mov byte ptr [rbx], 3"), region).did, CLUSTER_STEP_NEXT);
    assert_int_equal(*guest_at(g, GUEST_DATA2), 3);
    free(region);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(storeIntoOwnCode_stopsBefore),
        LAW(storeIntoOwnCode_isSeenThroughAnAlias),
        LAW(storeIntoOwnCode_isSeenAfterALoad),
        LAW(pushIntoOwnCode_stopsBefore),
        LAW(popIntoOwnCode_stopsBefore),
        LAW(vmreadIntoOwnCode_stopsBefore),
        LAW(storeIntoTheSecondCodePage_stopsBefore),
        LAW(storeIntoAPageThatWasOnlyLookedAt_isDone),
        LAW(loadFromOwnCode_isDone),
        LAW(regionsCode_isWrittenByNothing),
        LAW(regionsCode_mayBeRead),
        LAW(otherPages_areWritten),
    };

    return unit_report("code writes", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("code writes", tests, NULL, NULL));
}
