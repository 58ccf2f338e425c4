/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_spans.c - accesses by the same registers, of which one checks for all: what they do
 * is what they would do one by one.
 */
#include "region_guest.h"

static const uint64_t last_value = 0x123456789abcdef0ull;

static bool is_translated(const struct guest *g)
{
    return g->mode == CLUSTER_MODE_ON;
}

/* Record and execute @code once more, with RDI in the midst of a page. */
static void warm_up(struct guest *g, struct code code)
{
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA + 0x100;
    region_record(g, code);
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA + 0x100;
    assert_true(region_exit(g));
}

static void oneCheck_servesThemAll(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_DATA + 0xf8, 0x55);
    guest_write64(g, GUEST_DATA + 0x110, last_value);
    warm_up(g, CODE("vmread rax, rdx; mov rcx, [rdi+8]; push rcx; cmp byte ptr [rdi-8], 0x55;"
                    "jne 1f; mov rbx, [rdi+0x10]; mov [rdi+0x18], rbx; pop rcx; 1:"
                    "vmread rsi, rdx; int3"));
    region_expect(g, 9, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(guest_read64(g, GUEST_DATA + 0x118), last_value);
    assert_int_equal(g->regs.gpr[CLUSTER_RBX], last_value);
    if (is_translated(g))
        assert_int_equal(g->vcpu->nr_slots, 1);
}

static void changedRegister_needsAnother(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_DATA + 0x100, GUEST_DATA2 + 8);
    guest_write64(g, GUEST_DATA2 + 0x10, last_value);
    warm_up(g, CODE("vmread rax, rdx; mov rdi, [rdi]; mov rcx, [rdi+8]; add rdi, 0x10;"
                    "mov [rdi+8], rcx; vmread rsi, rdx; int3"));
    region_expect(g, 6, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RCX], last_value);
    assert_int_equal(guest_read64(g, GUEST_DATA2 + 0x20), last_value);
    if (is_translated(g))
        assert_int_equal(g->vcpu->nr_slots, 3);
}

#define THREE "vmread rax, rdx; mov rcx, [rdi]; mov rbx, [rdi+8]; mov [rdi+0x18], rcx;"     \
              "vmread rsi, rdx; int3"

static void spanAcrossAPageEnd_isMadeOneByOne(void **state)
{
    struct guest *g = *state;
    unsigned int i;

    warm_up(g, CODE(THREE));
    for (i = 0; i < 0x20; i++) {
        g->regs.gpr[CLUSTER_RDI] = GUEST_DATA2 - i;
        guest_write64(g, GUEST_DATA2 - 0x20, i);
        guest_write64(g, GUEST_DATA2 - i, last_value + i);
        assert_true(region_exit(g));
        region_expect(g, 5, 2, CLUSTER_STOP_COMPLETE);
        assert_int_equal(guest_read64(g, GUEST_DATA2 - i + 0x18), last_value + i);
        assert_int_equal(g->regs.gpr[CLUSTER_RBX], guest_read64(g, GUEST_DATA2 - i + 8));
    }
}

static void pageThatIsMissing_stopsTheOneThatNeedsIt(void **state)
{
    struct guest *g = *state;

    warm_up(g, CODE(THREE));
    guest_unmap(g, GUEST_DATA2);
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA2 - 0x10;
    assert_true(region_exit(g));
    region_expect(g, 3, 1, CLUSTER_STOP_MEMORY);
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA2 - 8;
    assert_true(region_exit(g));
    region_expect(g, 2, 1, CLUSTER_STOP_MEMORY);
}

/* Whoever comes in there by the loop has checked nothing. */
static void header_endsASpan(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_DATA + 0x108, last_value);
    g->regs.gpr[CLUSTER_R8] = 0x30;
    warm_up(g, CODE("vmread rax, rdx; mov rcx, [rdi]; 1: mov rbx, [rdi+8]; sub r8d, 0x10;"
                    "jnz 1b; mov r8d, 0x30; vmread rsi, rdx; int3"));
    region_expect(g, 13, 2, CLUSTER_STOP_COMPLETE);
    assert_int_equal(g->regs.gpr[CLUSTER_RBX], last_value);
    if (is_translated(g))
        assert_int_equal(g->vcpu->nr_slots, 2);
}

static struct guest_page *page_at(struct guest *g, uint64_t linear)
{
    unsigned int i = 0;

    while (g->page[i].linear != linear)
        i++;
    return &g->page[i];
}

static struct guest_page *data_page(struct guest *g)
{
    return page_at(g, GUEST_DATA);
}

/* What is only read is not made dirty on account of a store that may follow. */
static void storeThatIsNotMade_leavesThePageClean(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_DATA + 0x100, 1);
    warm_up(g, CODE("vmread rax, rdx; mov rcx, [rdi]; test rcx, rcx; jz 1f; mov [rdi+8], rcx;"
                    "1: vmread rsi, rdx; int3"));
    region_expect(g, 6, 2, CLUSTER_STOP_COMPLETE);
    guest_write64(g, GUEST_DATA + 0x100, 0);
    guest_map(g, GUEST_DATA, data_page(g)->host, "rw");
    assert_true(region_exit(g));
    region_expect(g, 5, 2, CLUSTER_STOP_COMPLETE);
    assert_false(data_page(g)->dirty);
    guest_write64(g, GUEST_DATA + 0x100, 2);
    assert_true(region_exit(g));
    assert_true(data_page(g)->dirty);
    assert_int_equal(guest_read64(g, GUEST_DATA + 0x108), 2);
}

/* And a page that can only be read still is. */
static void readOnlyPage_stopsTheStore(void **state)
{
    struct guest *g = *state;

    warm_up(g, CODE(THREE));
    guest_map(g, GUEST_DATA, data_page(g)->host, "r");
    assert_true(region_exit(g));
    region_expect(g, 3, 1, CLUSTER_STOP_MEMORY);
}

/* Nor does a store go to a page of the code because loads may. */
static void storeToTheCode_isStoppedBefore(void **state)
{
    struct guest *g = *state;

    warm_up(g, CODE(THREE));
    guest_map(g, GUEST_CODE, guest_at(g, GUEST_CODE), "rwx");
    page_at(g, GUEST_CODE)->accessed = page_at(g, GUEST_CODE)->dirty = true;
    g->regs.gpr[CLUSTER_RDI] = GUEST_CODE + 0x100;
    assert_true(region_exit(g));
    region_expect(g, 3, 1, CLUSTER_STOP_CODE_WRITE);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BOTH(oneCheck_servesThemAll),
        BOTH(changedRegister_needsAnother),
        BOTH(header_endsASpan),
        BOTH(spanAcrossAPageEnd_isMadeOneByOne),
        BOTH(pageThatIsMissing_stopsTheOneThatNeedsIt),
        BOTH(storeThatIsNotMade_leavesThePageClean),
        BOTH(readOnlyPage_stopsTheStore),
        BOTH(storeToTheCode_isStoppedBefore),
    };

    return unit_report("spans", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("spans", tests, NULL, NULL));
}
