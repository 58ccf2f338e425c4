/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_exchange.c - XCHG, XADD, CMPXCHG, the bit tests, and all that is locked.
 */
#include "stepper.h"

#include <pthread.h>
#include <sched.h>

/* ---- registers ---- */

static void xchg_swapsHighAndLowBytes(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = 0x1111111111112233;
    step_next(g, CODE("xchg al, ah"));
    assert_int_equal(GPR(g, RAX), 0x1111111111113322);
}

static void xchg_ofARegisterWithItself_cutsIt(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = ~0ull;
    step_next(g, CODE(".byte 0x90"));
    assert_int_equal(GPR(g, RAX), ~0ull);
    step_next(g, CODE(".byte 0x87, 0xc0"));     /* xchg eax, eax */
    assert_int_equal(GPR(g, RAX), 0xffffffff);
}

static void xadd_ofARegisterToItself_doublesIt(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = 21;
    step_next(g, CODE("xadd rbx, rbx"));
    assert_int_equal(GPR(g, RBX), 42);
}

static void xadd_leavesTheOldValue(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = 0xff;
    GPR(g, RCX) = 0x501;
    step_next(g, CODE("xadd bl, cl"));
    assert_int_equal(GPR(g, RBX), 0);
    assert_int_equal(GPR(g, RCX), 0x5ff);
    assert_true(g->regs.rflags & CLUSTER_FLAG_CF);
}

static void cmpxchg_storesWhereEqual(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = 0xaaaaaaaa00000005;
    GPR(g, RBX) = 5;
    GPR(g, RCX) = 9;
    step_next(g, CODE("cmpxchg ebx, ecx"));
    assert_int_equal(GPR(g, RBX), 9);
    assert_int_equal(GPR(g, RAX), 0xaaaaaaaa00000005);
    assert_true(g->regs.rflags & CLUSTER_FLAG_ZF);
}

static void cmpxchg_loadsRaxWhereNot(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = 0xaaaaaaaa00000004;
    GPR(g, RBX) = 5;
    GPR(g, RCX) = 9;
    step_next(g, CODE("cmpxchg ebx, ecx"));
    assert_int_equal(GPR(g, RBX), 5);
    assert_int_equal(GPR(g, RAX), 5);
    assert_false(g->regs.rflags & CLUSTER_FLAG_ZF);
    assert_true(g->regs.rflags & CLUSTER_FLAG_CF);
}

static void cmpxchg_ofRaxWithItself_stores(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = 4;
    GPR(g, RCX) = 9;
    step_next(g, CODE("cmpxchg rax, rcx"));
    assert_int_equal(GPR(g, RAX), 9);
}

static void cmpxchgOfMemory_asksForAWriteEvenIfItDiffers(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_DATA, guest_at(g, GUEST_DATA), "r");
    GPR(g, RAX) = 1;
    GPR(g, RBX) = GUEST_DATA;
    step_stop(g, CODE("cmpxchg [rbx], rcx"), CLUSTER_STOP_MEMORY);
    step_stop(g, CODE("lock cmpxchg [rbx], rcx"), CLUSTER_STOP_MEMORY);
}

/* ---- bit strings ---- */

static void bitOfARegister_isModuloItsWidth(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = 0xffffffff00000002;
    GPR(g, RCX) = 0x21;
    step_next(g, CODE("bt ebx, ecx"));
    assert_true(g->regs.rflags & CLUSTER_FLAG_CF);
    step_next(g, CODE("btr rbx, rcx"));
    assert_int_equal(GPR(g, RBX), 0xfffffffd00000002);
    step_next(g, CODE("bts ebx, 0xe0"));
    assert_int_equal(GPR(g, RBX), 3);
    assert_false(g->regs.rflags & CLUSTER_FLAG_CF);
    step_next(g, CODE("btc bx, 1"));
    assert_int_equal(GPR(g, RBX), 1);
    assert_true(g->regs.rflags & CLUSTER_FLAG_CF);
}

static void bitOfMemory_goesBeyondTheOperand(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA + 0x100;
    GPR(g, RCX) = 64 * 3 + 5;
    step_next(g, CODE("bts [rbx], rcx"));
    assert_int_equal(guest_read64(g, GUEST_DATA + 0x118), 1 << 5);
    GPR(g, RCX) = -1;
    step_next(g, CODE("bts [rbx], rcx"));
    assert_int_equal(guest_read64(g, GUEST_DATA + 0xf8), 1ull << 63);
    GPR(g, RCX) = 0x55550000ffffffe0;   /* -32, as 32 bits */
    step_next(g, CODE("bts [rbx], ecx"));
    assert_int_equal(guest_read64(g, GUEST_DATA + 0xf8), 1ull << 63 | 1ull << 32);
    GPR(g, RCX) = 0x5555555555558000;   /* -32768, as 16 bits: 4 KiB below */
    GPR(g, RBX) = GUEST_DATA2;
    step_next(g, CODE("btc [rbx], cx"));
    assert_int_equal(guest_read64(g, GUEST_DATA), 1);
}

static void bitOfMemory_byNumber_staysInTheOperand(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    step_next(g, CODE("bts dword ptr [rbx], 0xff"));
    assert_int_equal(guest_read64(g, GUEST_DATA), 1u << 31);
}

static void bitOfMemory_wrapsWithTheAddressSize(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0, guest_at(g, GUEST_DATA), "rw");
    GPR(g, RBX) = 0xfffffff8;
    GPR(g, RCX) = 64;
    step_next(g, CODE("lock bts [ebx], rcx"));
    assert_int_equal(guest_read64(g, GUEST_DATA), 1);
}

static void bitTest_readsOnly(void **state)
{
    struct guest *g = *state;

    guest_map(g, GUEST_DATA, guest_at(g, GUEST_DATA), "r");
    guest_write64(g, GUEST_DATA, 2);
    GPR(g, RBX) = GUEST_DATA;
    GPR(g, RCX) = 1;
    step_next(g, CODE("bt [rbx], rcx"));
    assert_true(g->regs.rflags & CLUSTER_FLAG_CF);
    step_next(g, CODE("bt qword ptr [rbx], 0"));
    assert_false(g->regs.rflags & CLUSTER_FLAG_CF);
    step_stop(g, CODE("bts [rbx], rcx"), CLUSTER_STOP_MEMORY);
    step_stop(g, CODE("btr qword ptr [rbx], 1"), CLUSTER_STOP_MEMORY);
}

static void bitFarAway_mayBeUnmapped(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    GPR(g, RCX) = 8 * 9 * GUEST_PAGE;
    step_stop(g, CODE("bt [rbx], rcx"), CLUSTER_STOP_MEMORY);
    GPR(g, RCX) = 1ull << 60;
    step_stop(g, CODE("bt [rbx], rcx"), CLUSTER_STOP_MEMORY);
}

/* ---- LOCK ---- */

/*
 * @locked and @plain are the same instruction on memory at RBX, with and
 * without LOCK: they must do the same.
 */
static void check_locked_equals_plain(struct guest *g, struct code locked, struct code plain)
{
    struct cluster_regs before = g->regs, after;
    uint64_t memory = guest_read64(g, GUEST_DATA), stored;

    step_next(g, plain);
    stored = guest_read64(g, GUEST_DATA);
    after = g->regs;
    guest_write64(g, GUEST_DATA, memory);
    g->regs = before;
    step_next(g, locked);
    assert_int_equal(guest_read64(g, GUEST_DATA), stored);
    after.rip = g->regs.rip;
    assert_memory_equal(&after, &g->regs, sizeof(after));
}

#define CHECK_LOCKED(text) check_locked_equals_plain(g, CODE("lock " text), CODE(text))
/* With a register of each width; AF of AND, OR and XOR is the processor's own. */
#define CHECK_WIDTHS(name)          \
    do {                            \
        CHECK_LOCKED(name " [rbx], cl");  \
        CHECK_LOCKED(name " [rbx], cx");  \
        CHECK_LOCKED(name " [rbx], ecx"); \
        CHECK_LOCKED(name " [rbx], rcx"); \
    } while (0)
#define CHECK_UNARY(name)                     \
    do {                                      \
        CHECK_LOCKED(name " byte ptr [rbx]");  \
        CHECK_LOCKED(name " word ptr [rbx]");  \
        CHECK_LOCKED(name " dword ptr [rbx]"); \
        CHECK_LOCKED(name " qword ptr [rbx]"); \
    } while (0)

static void check_all_locked(struct guest *g)
{
    CHECK_WIDTHS("add");
    CHECK_WIDTHS("adc");
    CHECK_WIDTHS("sub");
    CHECK_WIDTHS("sbb");
    CHECK_WIDTHS("and");
    CHECK_WIDTHS("or");
    CHECK_WIDTHS("xor");
    CHECK_WIDTHS("xadd");
    CHECK_WIDTHS("cmpxchg");
    CHECK_UNARY("inc");
    CHECK_UNARY("dec");
    CHECK_UNARY("neg");
    CHECK_UNARY("not");
    CHECK_LOCKED("bts word ptr [rbx], 7");
    CHECK_LOCKED("btr dword ptr [rbx], 33");
    CHECK_LOCKED("btc qword ptr [rbx], 63");
    CHECK_LOCKED("bts [rbx], bp");
    CHECK_LOCKED("btr [rbx], ebp");
    CHECK_LOCKED("btc [rbx], rbp");
    CHECK_LOCKED("add byte ptr [rbx], -1");
    CHECK_LOCKED("cmpxchg [rbx], ah");
    CHECK_LOCKED("xadd [rbx], ah");
}

static void locked_doesWhatPlainDoes(void **state)
{
    static const uint64_t value[] = { 0, 1, 0x8f, 0xffff, 0x7fffffff80008080, ~0ull };
    struct guest *g = *state;
    unsigned int i, j;

    GPR(g, RBX) = GUEST_DATA;
    GPR(g, RBP) = 5;
    for (i = 0; i < 6; i++)
        for (j = 0; j < 6; j++) {
            guest_write64(g, GUEST_DATA, value[i]);
            GPR(g, RCX) = value[j];
            GPR(g, RAX) = value[(i + j) % 6];
            g->regs.rflags = j & 1 ? 2 | CLUSTER_FLAGS_ARITHMETIC : 2;
            check_all_locked(g);
        }
}

static void xchgOfMemory_swaps(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA;
    GPR(g, RCX) = ~0ull;
    guest_write64(g, GUEST_DATA, 0x1122334455667788);
    step_next(g, CODE("xchg [rbx], ecx"));
    assert_int_equal(GPR(g, RCX), 0x55667788);
    assert_int_equal(guest_read64(g, GUEST_DATA), 0x11223344ffffffff);
    step_next(g, CODE("xchg ch, [rbx]"));
    assert_int_equal(GPR(g, RCX), 0x5566ff88);
    assert_int_equal(*guest_at(g, GUEST_DATA), 0x77);
}

static void locked_acrossALine_stopsBefore(void **state)
{
    struct guest *g = *state;

    /* Lines of the host are those of the guest: pages begin one. */
    GPR(g, RBX) = (uintptr_t)guest_at(g, GUEST_DATA) % 64 == 0 ? GUEST_DATA + 61
                                                              : GUEST_DATA2 - 3;
    step_stop(g, CODE("lock inc dword ptr [rbx]"), CLUSTER_STOP_MEMORY);
    step_stop(g, CODE("xchg [rbx], ecx"), CLUSTER_STOP_MEMORY);
    step_stop(g, CODE("lock bts dword ptr [rbx], 3"), CLUSTER_STOP_MEMORY);
    step_next(g, CODE("inc dword ptr [rbx]"));
}

static void locked_acrossAPage_stopsBefore(void **state)
{
    struct guest *g = *state;

    GPR(g, RBX) = GUEST_DATA2 - 1;
    step_stop(g, CODE("lock add word ptr [rbx], 1"), CLUSTER_STOP_MEMORY);
    step_stop(g, CODE("lock cmpxchg [rbx], cx"), CLUSTER_STOP_MEMORY);
}

/* ---- atomicity: another thread increments the same memory meanwhile ---- */

enum { ROUNDS = 1000000 };

struct other {
    uint64_t *memory;
    volatile bool enough;
    volatile uint64_t added;
};

static void *add_ones(void *argument)
{
    struct other *other = argument;

    while (!other->enough) {
        __atomic_fetch_add(other->memory, 1, __ATOMIC_RELAXED);
        other->added++;
    }
    return NULL;
}

/* lock add [rbx], rcx */
static void step_add(struct cluster_exec *x, const struct other *other)
{
    static const struct cluster_insn insn = {
        .op = CLUSTER_OP_ADD, .length = 1, .width = 8, .src_width = 8, .lock = true,
        .touch = CLUSTER_TOUCH_WRITE, .dst = { CLUSTER_OPERAND_MEM, 0 },
        .src = { CLUSTER_OPERAND_REG, CLUSTER_RCX },
        .mem = { .base = CLUSTER_RBX, .index = CLUSTER_REG_NONE },
    };
    unsigned int i;

    while (other->added == 0)
        sched_yield();
    for (i = 0; i < ROUNDS; i++) {
        x->regs->rip = GUEST_CODE;
        if (cluster_step(x, &insn) != CLUSTER_STEP_NEXT)
            break;
    }
}

static void locked_losesNothingToOthers(void **state)
{
    struct guest *g = *state;
    struct other other = { .memory = (uint64_t *)guest_at(g, GUEST_DATA) };
    struct cluster_exec x = { .ops = &guest_ops, .ctx = g, .regs = &g->regs };
    pthread_t thread;

    GPR(g, RBX) = GUEST_DATA;
    GPR(g, RCX) = 1;
    assert_true(guest_ops.begin(g, &x.world, NULL));
    cluster_tlb_start(&x.tlb);
    assert_int_equal(pthread_create(&thread, NULL, add_ones, &other), 0);
    step_add(&x, &other);
    other.enough = true;
    pthread_join(thread, NULL);
    guest_ops.end(g);
    assert_int_equal(*other.memory, ROUNDS + other.added);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(xchg_swapsHighAndLowBytes),
        LAW(xchg_ofARegisterWithItself_cutsIt),
        LAW(xadd_ofARegisterToItself_doublesIt),
        LAW(xadd_leavesTheOldValue),
        LAW(cmpxchg_storesWhereEqual),
        LAW(cmpxchg_loadsRaxWhereNot),
        LAW(cmpxchg_ofRaxWithItself_stores),
        LAW(cmpxchgOfMemory_asksForAWriteEvenIfItDiffers),
        LAW(bitOfARegister_isModuloItsWidth),
        LAW(bitOfMemory_goesBeyondTheOperand),
        LAW(bitOfMemory_byNumber_staysInTheOperand),
        LAW(bitOfMemory_wrapsWithTheAddressSize),
        LAW(bitTest_readsOnly),
        LAW(bitFarAway_mayBeUnmapped),
        LAW(locked_doesWhatPlainDoes),
        LAW(xchgOfMemory_swaps),
        LAW(locked_acrossALine_stopsBefore),
        LAW(locked_acrossAPage_stopsBefore),
        LAW(locked_losesNothingToOthers),
    };

    return unit_report("exchange", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("exchange", tests, NULL, NULL));
}
