/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_stores.c - the log of stores, which a prediction makes beside the
 * interpreter: it has to be right about each form of store.
 */
#include "verified.h"
#include "unit.h"

#define GPR(l1, name) ((l1)->guest->regs.gpr[CLUSTER_##name])
#define LOW 0x7000              /* an address of GUEST_DATA for 32-bit addresses */

static bool is_logged(const struct cluster_prediction *p, uint64_t linear)
{
    unsigned int i;

    for (i = 0; i < p->nr_stores; i++)
        if (linear - p->store[i].linear < p->store[i].width)
            return true;
    return false;
}

/* Every byte that the prediction has changed is in its log.  Returns how many. */
static unsigned int check_log(const struct cluster_prediction *p)
{
    const struct cluster_copy *copy = &p->interp;
    unsigned int i, j, changed = 0;

    for (i = 0; i < copy->nr_pages; i++) {
        for (j = 0; j < GUEST_PAGE; j++) {
            if (copy->page[i][j] == copy->real[i][j])
                continue;
            assert_true(is_logged(p, copy->linear[i] + j));
            changed++;
        }
    }
    return changed;
}

/* The memory and registers that the forms below work on. */
static void prepare(struct verified *l1)
{
    struct guest *g = l1->guest;

    memset(guest_at(g, GUEST_DATA), 0, 2 * GUEST_PAGE);
    g->gs = GUEST_DATA + 0x20;
    GPR(l1, RBX) = GUEST_DATA + GUEST_PAGE - 0x80;
    GPR(l1, RBP) = 0xffffffff00000000 + LOW;
    GPR(l1, R9) = 0x8182838485868788;
    GPR(l1, RDX) = 0x10;
    GPR(l1, RSI) = 2;
    GPR(l1, RDI) = -8ull;
    guest_write64(g, GPR(l1, RBX) + 0x100, 0x1122334455667788);
}

#define STORES(text, changed) { CODE("vmread rax, rdx; " text "; vmread rax, rdx; ud2"), changed }

static void everyStore_isLogged(void **state)
{
    struct verified *l1 = verified_start();
    const struct { struct code code; unsigned int changed; } forms[] = {
        STORES("mov [rbx], r9", 8),
        STORES("mov [rbx+rsi*4+5], r9d", 4),
        STORES("mov gs:[rdi+3], r9w", 2),
        STORES("mov [rbx], r9b", 1),
        STORES("mov [ebp+0x10], r9", 8),
        STORES("push r9", 8),
        STORES("push r9; pop [rsp+0x20]", 16),
        STORES("push [rbx+0x100]; pop [rbx]", 16),
        STORES("call 1f; 1: nop", 6),
        STORES("pushfq", 1),
        STORES("add [rbx], r9", 8),
        STORES("inc byte ptr [rbx]", 1),
        STORES("not word ptr [rbx]", 2),
        STORES("shl dword ptr [rbx+0x100], 1", 4),
        STORES("shld [rbx], r9, 64-9", 7),
        STORES("sete [rbx+0x100]", 1),
        STORES("xchg [rbx], r9", 8),
        STORES("lock xadd [rbx], r9d", 4),
        STORES("mov rax, 0; lock cmpxchg [rbx], r9w", 2),
        STORES("bts dword ptr [rbx], 9", 1),
        STORES("mov rcx, -9; bts [rbx+0x40], rcx", 1),
        STORES("mov ecx, 1000; bts [rbx], ecx", 1),
        STORES("mov cx, -1000; lock btc [rbx+0x100], cx", 1),
        STORES("bt [rbx], rsi", 0),
        STORES("mov rdi, rbx; mov rax, r9; stosq", 8),
        STORES("lea rdi, [rbx-3]; mov ecx, 9; mov rax, r9; rep stosb", 9),
        STORES("mov rdi, rbx; lea rsi, [rbx+0x100]; mov ecx, 2; rep movsd", 8),
        STORES("vmread [rbx], rdx", 8),
    };
    unsigned int i;

    (void)state;
    guest_map(l1->guest, LOW, guest_at(l1->guest, GUEST_DATA), "rw");
    l1->guest->page[l1->guest->nr_pages - 1].dirty = true;
    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        prepare(l1);
        verified_exits_at(l1, forms[i].code);
        verified_predict_alone(l1);
        assert_true(cluster_predict_pending(l1->prediction));
        assert_int_equal(check_log(l1->prediction), forms[i].changed);
    }
    verified_end(l1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(everyStore_isLogged),
    };

    return unit_report("test_stores", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests(tests, NULL, NULL));
}
