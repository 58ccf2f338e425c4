/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_string.c - string instructions: elements, repetition, how far they come.
 */
#include "stepper.h"

#include <stdlib.h>

static void put(struct guest *g, uint64_t linear, const char *text)
{
    memcpy(guest_at(g, linear), text, strlen(text));
}

static void strings(struct guest *g, uint64_t from, uint64_t to, uint64_t count)
{
    GPR(g, RSI) = from;
    GPR(g, RDI) = to;
    GPR(g, RCX) = count;
}

static void check_strings(struct guest *g, uint64_t from, uint64_t to, uint64_t count)
{
    assert_int_equal(GPR(g, RSI), from);
    assert_int_equal(GPR(g, RDI), to);
    assert_int_equal(GPR(g, RCX), count);
}

/* It stops in the middle, for @why. */
static void check_partial(struct guest *g, struct code code, enum cluster_stop why)
{
    struct stepped s = step(g, code);

    assert_int_equal(s.did, CLUSTER_STEP_STOP);
    assert_int_equal(s.stop, why);
    assert_int_equal(g->regs.rip, GUEST_CODE);
}

static void single_movesOneElement_whateverRcxIs(void **state)
{
    struct guest *g = *state;

    put(g, GUEST_DATA, "abcdefgh");
    strings(g, GUEST_DATA, GUEST_DATA2, 0);
    step_next(g, CODE("movsd"));
    check_strings(g, GUEST_DATA + 4, GUEST_DATA2 + 4, 0);
    assert_memory_equal(guest_at(g, GUEST_DATA2), "abcd\0", 5);
    step_next(g, CODE("movsb"));
    check_strings(g, GUEST_DATA + 5, GUEST_DATA2 + 5, 0);
    step_next(g, CODE("movsw"));
    step_next(g, CODE("movsq"));
    check_strings(g, GUEST_DATA + 15, GUEST_DATA2 + 15, 0);
}

static void repMovs_movesRcxElements(void **state)
{
    struct guest *g = *state;

    put(g, GUEST_DATA, "abcdefghijklmnop");
    strings(g, GUEST_DATA, GUEST_DATA2, 3);
    g->regs.rflags |= CLUSTER_FLAG_CF;
    step_next(g, CODE("rep movsd"));
    check_strings(g, GUEST_DATA + 12, GUEST_DATA2 + 12, 0);
    assert_memory_equal(guest_at(g, GUEST_DATA2), "abcdefghijkl\0", 13);
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_CF);
}

static void overlapping_isDoneElementByElement(void **state)
{
    struct guest *g = *state;

    put(g, GUEST_DATA, "x");
    strings(g, GUEST_DATA, GUEST_DATA + 1, 5);
    step_next(g, CODE("rep movsb"));
    assert_memory_equal(guest_at(g, GUEST_DATA), "xxxxxx\0", 7);
}

/* Through three pages of each, at different offsets: elements cross the ends of pages. */
static void repMovs_goesThroughPages(void **state)
{
    struct guest *g = *state;
    uint8_t *from = malloc(3 * 4096), *to = calloc(3, 4096);
    unsigned int i;

    for (i = 0; i < 3 * 4096; i++)
        from[i] = i * 7 + i / 256;
    for (i = 0; i < 3; i++) {
        guest_map(g, 0x10000 + 4096 * i, from + 4096 * i, "r");
        guest_map(g, 0x20000 + 4096 * i, to + 4096 * i, "rw");
    }
    strings(g, 0x10003, 0x20006, 1200);
    step_next(g, CODE("rep movsq"));
    check_strings(g, 0x10003 + 9600, 0x20006 + 9600, 0);
    assert_memory_equal(to + 6, from + 3, 9600);
    assert_int_equal(to[5], 0);
    assert_int_equal(to[9606], 0);
    free(from);
    free(to);
}

static void rep_ofNothing_touchesNothing(void **state)
{
    struct guest *g = *state;

    strings(g, UNMAPPED, UNMAPPED, 0);
    g->regs.rflags |= CLUSTER_FLAG_ZF;
    step_next(g, CODE("rep movsq"));
    step_next(g, CODE("repe cmpsb"));
    check_strings(g, UNMAPPED, UNMAPPED, 0);
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_ZF);
    assert_int_equal(g->translate_count, 0);
}

static void rep_isBounded(void **state)
{
    struct guest *g = *state;

    strings(g, GUEST_DATA, GUEST_DATA, CLUSTER_MAX_REP + 1);
    step_stop(g, CODE("rep stosb"), CLUSTER_STOP_BUDGET);
    GPR(g, RCX) = 1ull << 32;
    step_stop(g, CODE("rep lodsb"), CLUSTER_STOP_BUDGET);
    GPR(g, RCX) = CLUSTER_MAX_REP;
    step_next(g, CODE("rep stosb"));
    assert_int_equal(GPR(g, RDI), GUEST_DATA + CLUSTER_MAX_REP);
}

static void stos_storesRax(void **state)
{
    struct guest *g = *state;

    GPR(g, RAX) = 0x8877665544332211;
    strings(g, 1, GUEST_DATA, 2);
    step_next(g, CODE("rep stosw"));
    check_strings(g, 1, GUEST_DATA + 4, 0);
    assert_int_equal(guest_read64(g, GUEST_DATA), 0x22112211);
}

static void lods_loadsIntoPartOfRax(void **state)
{
    struct guest *g = *state;

    put(g, GUEST_DATA, "\x01\x02\x03\x04\x05\x06\x07\x08");
    GPR(g, RAX) = ~0ull;
    strings(g, GUEST_DATA, 1, 3);
    step_next(g, CODE("rep lodsb"));
    assert_int_equal(GPR(g, RAX), 0xffffffffffffff03);
    check_strings(g, GUEST_DATA + 3, 1, 0);
    step_next(g, CODE("lodsd"));
    assert_int_equal(GPR(g, RAX), 0x07060504);
}

static void repMovs_stopsAtTheElementThatCannotBeStored(void **state)
{
    struct guest *g = *state;

    put(g, GUEST_DATA, "abcdefgh");
    guest_map(g, 0x5000, guest_at(g, GUEST_DATA2), "rw");
    strings(g, GUEST_DATA, 0x5ffd, 8);
    g->regs.sti_shadow = true;
    check_partial(g, CODE("rep movsb"), CLUSTER_STOP_MEMORY);
    check_strings(g, GUEST_DATA + 3, 0x6000, 5);
    assert_memory_equal(guest_at(g, GUEST_DATA2 + 0xffd), "abc", 3);
    assert_false(g->regs.sti_shadow);
}

static void repMovs_stopsAtTheElementThatCannotBeLoaded(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x5000, guest_at(g, GUEST_DATA2), "r");
    strings(g, 0x5ff4, GUEST_DATA, 8);          /* the second qword crosses the end */
    check_partial(g, CODE("rep movsq"), CLUSTER_STOP_MEMORY);
    check_strings(g, 0x5ffc, GUEST_DATA + 8, 7);
}

static void rep_stopsWithNothingDone(void **state)
{
    struct guest *g = *state;

    strings(g, GUEST_DATA, UNMAPPED, 8);
    g->regs.sti_shadow = true;
    step_stop(g, CODE("rep movsb"), CLUSTER_STOP_MEMORY);
    step_stop(g, CODE("stosq"), CLUSTER_STOP_MEMORY);
    strings(g, NONCANONICAL - 1, GUEST_DATA, 8);
    step_stop(g, CODE("rep movsw"), CLUSTER_STOP_MEMORY);
}

static void elementAcrossAPage_isMoved(void **state)
{
    struct guest *g = *state;

    put(g, GUEST_DATA2 - 3, "abcdefgh");
    strings(g, GUEST_DATA2 - 3, GUEST_DATA, 1);
    step_next(g, CODE("rep movsq"));
    assert_memory_equal(guest_at(g, GUEST_DATA), "abcdefgh", 8);
}

static void segment_isTheSourcesAlone(void **state)
{
    struct guest *g = *state;

    g->gs = GUEST_DATA;
    g->fs = UNMAPPED;
    put(g, GUEST_DATA + 0x10, "gs");
    strings(g, 0x10, GUEST_DATA2, 2);
    step_next(g, CODE("rep movsb byte ptr es:[rdi], byte ptr gs:[rsi]"));
    assert_memory_equal(guest_at(g, GUEST_DATA2), "gs", 2);
    strings(g, 0, GUEST_DATA2, 1);
    GPR(g, RAX) = 'f';
    step_next(g, CODE(".byte 0x64; stosb"));
    assert_int_equal(*guest_at(g, GUEST_DATA2), 'f');
}

static void repeCmps_endsAtTheFirstDifference(void **state)
{
    struct guest *g = *state;

    put(g, GUEST_DATA, "abcdeX");
    put(g, GUEST_DATA2, "abcdfX");
    strings(g, GUEST_DATA, GUEST_DATA2, 6);
    step_next(g, CODE("repe cmpsb"));
    check_strings(g, GUEST_DATA + 5, GUEST_DATA2 + 5, 1);
    assert_false(g->regs.rflags & CLUSTER_FLAG_ZF);
    /* 'e' - 'f': the source less the destination. */
    assert_true(g->regs.rflags & CLUSTER_FLAG_CF);
}

static void repeCmps_ofEqualStrings_endsWithZf(void **state)
{
    struct guest *g = *state;

    strings(g, GUEST_DATA, GUEST_DATA2, 6);
    step_next(g, CODE("repe cmpsw"));
    check_strings(g, GUEST_DATA + 12, GUEST_DATA2 + 12, 0);
    assert_true(g->regs.rflags & CLUSTER_FLAG_ZF);
}

static void repneScas_endsAtTheFirstMatch(void **state)
{
    struct guest *g = *state;

    put(g, GUEST_DATA, "search");
    GPR(g, RAX) = 0xff00 | 'r';
    strings(g, 1, GUEST_DATA, 100);
    step_next(g, CODE("repne scasb"));
    check_strings(g, 1, GUEST_DATA + 4, 96);
    assert_true(g->regs.rflags & CLUSTER_FLAG_ZF);
}

static void scas_comparesRaxWithMemory(void **state)
{
    struct guest *g = *state;

    guest_write64(g, GUEST_DATA, 6);
    GPR(g, RAX) = 5;
    strings(g, 1, GUEST_DATA, 9);
    step_next(g, CODE("scasq"));
    check_strings(g, 1, GUEST_DATA + 8, 9);
    assert_true(g->regs.rflags & CLUSTER_FLAG_CF);
}

/* As when a fault is taken: the comparison is made anew from there. */
static void comparisonThatStops_keepsTheFlagsOfBefore(void **state)
{
    struct guest *g = *state;

    guest_map(g, 0x5000, guest_at(g, GUEST_DATA), "r");
    GPR(g, RAX) = 1;
    strings(g, 1, 0x5ffc, 100);
    g->regs.rflags = 2 | CLUSTER_FLAG_OF | CLUSTER_FLAG_ZF;
    check_partial(g, CODE("repne scasb"), CLUSTER_STOP_MEMORY);
    check_strings(g, 1, 0x6000, 96);
    assert_int_equal(g->regs.rflags, 2 | CLUSTER_FLAG_OF | CLUSTER_FLAG_ZF);
}

static void repStos_stopsBeforeTheRegionsCode(void **state)
{
    struct guest *g = *state;
    struct cluster_region *region = calloc(1, sizeof(*region));
    struct stepped s;

    region->nr_pages = 1;
    region->page[0].host = guest_at(g, GUEST_CODE2);
    guest_map(g, 0x5000, guest_at(g, GUEST_DATA), "rw");
    guest_map(g, 0x6000, guest_at(g, GUEST_CODE2), "rw");
    strings(g, 1, 0x5ff0, 10);
    s = step_in(g, CODE("rep stosq"), region);
    assert_int_equal(s.did, CLUSTER_STEP_STOP);
    assert_int_equal(s.stop, CLUSTER_STOP_CODE_WRITE);
    check_strings(g, 1, 0x6000, 8);
    free(region);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        LAW(single_movesOneElement_whateverRcxIs),
        LAW(repMovs_movesRcxElements),
        LAW(overlapping_isDoneElementByElement),
        LAW(repMovs_goesThroughPages),
        LAW(rep_ofNothing_touchesNothing),
        LAW(rep_isBounded),
        LAW(stos_storesRax),
        LAW(lods_loadsIntoPartOfRax),
        LAW(repMovs_stopsAtTheElementThatCannotBeStored),
        LAW(repMovs_stopsAtTheElementThatCannotBeLoaded),
        LAW(rep_stopsWithNothingDone),
        LAW(elementAcrossAPage_isMoved),
        LAW(segment_isTheSourcesAlone),
        LAW(repeCmps_endsAtTheFirstDifference),
        LAW(repeCmps_ofEqualStrings_endsWithZf),
        LAW(repneScas_endsAtTheFirstMatch),
        LAW(scas_comparesRaxWithMemory),
        LAW(comparisonThatStops_keepsTheFlagsOfBefore),
        LAW(repStos_stopsBeforeTheRegionsCode),
    };

    return unit_report("strings", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("strings", tests, NULL, NULL));
}
