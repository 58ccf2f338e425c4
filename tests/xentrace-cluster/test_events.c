/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "events.h"
#include "tests.h"

static struct record timed(uint32_t event, unsigned int words, const uint32_t *extra)
{
    struct record record = {
        .offset = 100, .cpu = 3, .event = event, .has_tsc = true, .tsc = 77, .words = words,
    };

    memcpy(record.extra, extra, words * sizeof(*extra));
    return record;
}

/* RIP ffffffff81000010, domain 1, vCPU 2; then what the kinds have of their own. */
#define SITE 0x81000010, 0xffffffff, 0x00010002

static enum event_kind decode(uint32_t event, unsigned int words, const uint32_t *extra,
                              struct event *out)
{
    struct record record = timed(event, words, extra);

    return event_decode(&record, out);
}

static void assert_site(const struct event *event)
{
    assert_int_equal(event->cpu, 3);
    assert_int_equal(event->offset, 100);
    assert_int_equal(event->tsc, 77);
    assert_true(event->rip == UINT64_C(0xffffffff81000010));
    assert_int_equal(event_domain(event->vcpu), 1);
    assert_int_equal(event_vcpu_id(event->vcpu), 2);
}

static void formed_has_its_shape(void **state)
{
    struct event e;

    (void)state;
    assert_int_equal(decode(0x88001, 4, (uint32_t[]){ SITE, 0x00160305 }, &e), EVENT_FORMED);
    assert_site(&e);
    assert_int_equal(e.formed.insns, 5);
    assert_int_equal(e.formed.exiting, 3);
    assert_int_equal(e.formed.bytes, 22);
}

static void code_bytes_keep_their_order(void **state)
{
    static const uint8_t expected[12] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
    struct event e;

    (void)state;
    assert_int_equal(decode(0x88002, 7, (uint32_t[]){ SITE, 24, 0x04030201, 0x08070605,
                                                      0x0c0b0a09 }, &e), EVENT_CODE);
    assert_site(&e);
    assert_int_equal(e.code.offset, 24);
    assert_memory_equal(e.code.bytes, expected, 12);
}

static void executed_has_its_numbers(void **state)
{
    struct event e;

    (void)state;
    assert_int_equal(decode(0x88003, 5, (uint32_t[]){ SITE, 0x01040108, 0x20201 }, &e),
                     EVENT_EXECUTED);
    assert_site(&e);
    assert_int_equal(e.executed.insns, 0x108);
    assert_int_equal(e.executed.exiting, 0x104);
    assert_int_equal(e.executed.stop, CLUSTER_STOP_MEMORY);
    assert_int_equal(e.executed.mode, NVMX_TRC_MODE_ON);
    assert_true(e.executed.cached);
    assert_false(e.executed.entered);
    decode(0x88003, 5, (uint32_t[]){ SITE, 0x01040108, 0x20202 }, &e);
    assert_false(e.executed.cached);
    assert_true(e.executed.entered);
    decode(0x88003, 5, (uint32_t[]){ SITE, 0x01040108, 0xff00 }, &e);
    assert_int_equal(e.executed.mode, EVENT_MODE_UNKNOWN);
    assert_false(e.executed.cached);
}

static void segment_has_its_shape(void **state)
{
    struct event e;

    (void)state;
    assert_int_equal(decode(0x88006, 6, (uint32_t[]){ SITE, 0x80030105, 0x00070fff, 70000 }, &e),
                     EVENT_SEGMENT);
    assert_site(&e);
    assert_int_equal(e.segment.insns, 0x105);
    assert_int_equal(e.segment.exiting, 3);
    assert_true(e.segment.first);
    assert_int_equal(e.segment.bytes, 0xfff);
    assert_int_equal(e.segment.number, 7);
    assert_int_equal(e.segment.host_bytes, 70000);
}

static void piece_has_its_bytes(void **state)
{
    static const uint8_t expected[3] = { 1, 2, 3 };
    struct event e;

    (void)state;
    assert_int_equal(decode(0x88007, 7, (uint32_t[]){ SITE, 0x00070003, 0x00030201, 0, 0 }, &e),
                     EVENT_PIECE);
    assert_site(&e);
    assert_int_equal(e.piece.segment, 7);
    assert_int_equal(e.piece.nr, 3);
    assert_memory_equal(e.piece.bytes, expected, 3);
}

static void mismatch_and_values_say_what_differs(void **state)
{
    struct event e;

    (void)state;
    assert_int_equal(decode(0x88008, 7, (uint32_t[]){ SITE, 0x0403, 12, 0x1000, 0xffff8880 }, &e),
                     EVENT_MISMATCH);
    assert_site(&e);
    assert_int_equal(e.mismatch.what, NVMX_TRC_DIFFERS_MEMORY);
    assert_int_equal(e.mismatch.width, 4);
    assert_int_equal(e.mismatch.insns, 12);
    assert_true(e.mismatch.where == UINT64_C(0xffff888000001000));
    decode(0x88008, 7, (uint32_t[]){ SITE, 0xff, 0, 0, 0 }, &e);
    assert_int_equal(e.mismatch.what, EVENT_DIFFERS_UNKNOWN);
    assert_int_equal(decode(0x88009, 7, (uint32_t[]){ SITE, 1, 2, 3, 4 }, &e), EVENT_VALUES);
    assert_site(&e);
    assert_true(e.values.expected == UINT64_C(0x200000001));
    assert_true(e.values.actual == UINT64_C(0x400000003));
}

static void batch_has_its_fields_and_inputs(void **state)
{
    struct event e;

    (void)state;
    assert_int_equal(decode(0x8800a, 5, (uint32_t[]){ SITE, 0x00070003, 0x4202 }, &e), EVENT_BATCH);
    assert_site(&e);
    assert_int_equal(e.batch.written, 3);
    assert_int_equal(e.batch.fetched, 7);
    assert_int_equal(e.batch.inputs, NVMX_INPUT_CPU | NVMX_INPUT_CR | NVMX_INPUT_PF);
    decode(0x8800a, 5, (uint32_t[]){ SITE, 0, 0x80010001 }, &e);
    assert_int_equal(e.batch.inputs, NVMX_INPUT_PIN | 1 << EVENT_INPUT_UNKNOWN);
    assert_int_equal(decode(0x8800a, 5, (uint32_t[]){ SITE, 0x02000200, 0 }, &e), EVENT_BATCH);
}

static void stopped_has_its_place(void **state)
{
    struct event e;

    (void)state;
    assert_int_equal(decode(0x88004, 6, (uint32_t[]){ SITE, 4, 0x81000018, 0xffffffff }, &e),
                     EVENT_STOPPED);
    assert_site(&e);
    assert_int_equal(e.stopped.reason, CLUSTER_STOP_EVENT);
    assert_true(e.stopped.rip == UINT64_C(0xffffffff81000018));
    assert_false(event_refused(&e));
}

static void stop_at_the_site_is_a_refusal_but_a_branch_there_is_a_loop(void **state)
{
    struct event e;

    (void)state;
    decode(0x88004, 6, (uint32_t[]){ SITE, CLUSTER_STOP_EVENT, 0x81000010, 0xffffffff }, &e);
    assert_true(event_refused(&e));
    decode(0x88004, 6, (uint32_t[]){ SITE, CLUSTER_STOP_BRANCH, 0x81000010, 0xffffffff }, &e);
    assert_false(event_refused(&e));
}

static void discarded_has_reason_and_count(void **state)
{
    struct event e;

    (void)state;
    assert_int_equal(decode(0x88005, 5, (uint32_t[]){ SITE, 3, 17 }, &e), EVENT_DISCARDED);
    assert_site(&e);
    assert_int_equal(e.discarded.reason, CLUSTER_DISCARD_FLUSHED);
    assert_int_equal(e.discarded.count, 17);
}

static void lost_records_are_xens(void **state)
{
    struct event e;

    (void)state;
    /* Xen: count, domain in the low half, vCPU in the high one, first TSC. */
    assert_int_equal(decode(0x1f001, 4, (uint32_t[]){ 9, 0x00020001, 5, 6 }, &e), EVENT_LOST);
    assert_int_equal(e.lost.count, 9);
    assert_int_equal(event_domain(e.vcpu), 1);
    assert_int_equal(event_vcpu_id(e.vcpu), 2);
    assert_true(e.lost.since == UINT64_C(0x600000005));
    assert_int_equal(decode(0x1f001, 3, (uint32_t[]){ 9, 0x00020001, 5 }, &e), EVENT_MALFORMED);
}

static void any_other_length_is_malformed(void **state)
{
    static const unsigned int right[] = { 4, 7, 5, 6, 5, 6, 7, 7, 7, 5 };
    static const uint32_t good[7] = { SITE, 0 };
    unsigned int kind, words;
    struct event e;

    (void)state;
    for (kind = 0; kind < sizeof(right) / sizeof(right[0]); kind++) {
        for (words = 0; words <= 7; words++) {
            if (words != right[kind])
                assert_int_equal(decode(0x88001 + kind, words, good, &e), EVENT_MALFORMED);
        }
    }
}

static void cluster_events_without_time_are_malformed(void **state)
{
    struct record record = timed(0x88003, 5, (uint32_t[]){ SITE, 0x00040008, 0 });
    struct event e;

    (void)state;
    record.has_tsc = false;
    assert_int_equal(event_decode(&record, &e), EVENT_MALFORMED);
}

static void impossible_values_are_malformed(void **state)
{
    static const uint32_t shapes[] = {
        0x00000305,             /* no bytes */
        (CLUSTER_MAX_BYTES + 1) << 16 | 0x0305,
        0x00160605,             /* more exiting instructions than instructions */
    };
    static const uint32_t offsets[] = { 1, 6, CLUSTER_MAX_BYTES, 0xfffffff4 };
    struct event e;
    unsigned int i;

    (void)state;
    for (i = 0; i < 3; i++)
        assert_int_equal(decode(0x88001, 4, (uint32_t[]){ SITE, shapes[i] }, &e),
                         EVENT_MALFORMED);
    for (i = 0; i < 4; i++)
        assert_int_equal(decode(0x88002, 7, (uint32_t[]){ SITE, offsets[i], 0, 0, 0 }, &e),
                         EVENT_MALFORMED);
    assert_int_equal(decode(0x88003, 5, (uint32_t[]){ SITE, 0x00030002, 0 }, &e),
                     EVENT_MALFORMED);
    assert_int_equal(decode(0x88006, 6, (uint32_t[]){ SITE, 0x00020003, 0, 0 }, &e),
                     EVENT_MALFORMED);
    assert_int_equal(decode(0x88006, 6, (uint32_t[]){ SITE, 0x00030002, 9, 0 }, &e),
                     EVENT_MALFORMED);
    assert_int_equal(decode(0x88007, 7, (uint32_t[]){ SITE, 0, 0, 0, 0 }, &e), EVENT_MALFORMED);
    assert_int_equal(decode(0x88007, 7, (uint32_t[]){ SITE, 13, 0, 0, 0 }, &e), EVENT_MALFORMED);
    assert_int_equal(decode(0x8800a, 5, (uint32_t[]){ SITE, 513, 0 }, &e), EVENT_MALFORMED);
    assert_int_equal(decode(0x8800a, 5, (uint32_t[]){ SITE, 513 << 16, 0 }, &e), EVENT_MALFORMED);
}

static void reasons_of_a_newer_xen_are_unknown_not_wrong(void **state)
{
    struct event e;

    (void)state;
    assert_int_equal(decode(0x88003, 5, (uint32_t[]){ SITE, 0x00010001, 0xff0000 }, &e),
                     EVENT_EXECUTED);
    assert_int_equal(e.executed.stop, EVENT_STOP_UNKNOWN);
    assert_int_equal(decode(0x88004, 6, (uint32_t[]){ SITE, UINT32_MAX, 0, 0 }, &e),
                     EVENT_STOPPED);
    assert_int_equal(e.stopped.reason, EVENT_STOP_UNKNOWN);
    assert_int_equal(decode(0x88005, 5, (uint32_t[]){ SITE, CLUSTER_NR_DISCARDS, 1 }, &e),
                     EVENT_DISCARDED);
    assert_int_equal(e.discarded.reason, EVENT_DISCARD_UNKNOWN);
}

static void every_reason_of_this_xen_has_a_name(void **state)
{
    unsigned int i;

    (void)state;
    for (i = 0; i < CLUSTER_NR_STOPS; i++)
        assert_string_not_equal(event_stop_name(i), "unknown");
    for (i = 0; i < CLUSTER_NR_DISCARDS; i++)
        assert_string_not_equal(event_discard_name(i), "unknown");
    assert_string_equal(event_stop_name(CLUSTER_NR_STOPS), "unknown");
    assert_string_equal(event_discard_name(CLUSTER_NR_DISCARDS), "unknown");
    for (i = 0; i < NVMX_TRC_NR_MODES; i++)
        assert_string_not_equal(event_mode_name(i), "unknown");
    for (i = 0; i < NVMX_TRC_NR_DIFFERS; i++)
        assert_string_not_equal(event_differs_name(i), "unknown");
    for (i = 0; NVMX_INPUT_ALL >> i; i++)
        assert_string_not_equal(event_input_name(i), "unknown");
    assert_string_equal(event_input_name(EVENT_INPUT_UNKNOWN), "unknown");
}

static void other_events_are_passed_over(void **state)
{
    struct event e;

    (void)state;
    assert_int_equal(decode(0x8800b, 7, (uint32_t[7]){ 0 }, &e), EVENT_NEWER);
    assert_int_equal(decode(0x88000, 0, (uint32_t[1]){ 0 }, &e), EVENT_NEWER);
    assert_int_equal(decode(0x81001, 2, (uint32_t[2]){ 0 }, &e), EVENT_FOREIGN);
    assert_int_equal(decode(0x8008001, 2, (uint32_t[2]){ 0 }, &e), EVENT_FOREIGN);
    assert_int_equal(decode(0x1f002, 2, (uint32_t[2]){ 0 }, &e), EVENT_FRAMING);
    assert_int_equal(decode(0x1f003, 2, (uint32_t[2]){ 0 }, &e), EVENT_FRAMING);
}

int events_tests(unsigned int *total)
{
    static const struct CMUnitTest events[] = {
        cmocka_unit_test(formed_has_its_shape),
        cmocka_unit_test(code_bytes_keep_their_order),
        cmocka_unit_test(executed_has_its_numbers),
        cmocka_unit_test(segment_has_its_shape),
        cmocka_unit_test(piece_has_its_bytes),
        cmocka_unit_test(mismatch_and_values_say_what_differs),
        cmocka_unit_test(batch_has_its_fields_and_inputs),
        cmocka_unit_test(stopped_has_its_place),
        cmocka_unit_test(stop_at_the_site_is_a_refusal_but_a_branch_there_is_a_loop),
        cmocka_unit_test(discarded_has_reason_and_count),
        cmocka_unit_test(lost_records_are_xens),
        cmocka_unit_test(any_other_length_is_malformed),
        cmocka_unit_test(cluster_events_without_time_are_malformed),
        cmocka_unit_test(impossible_values_are_malformed),
        cmocka_unit_test(reasons_of_a_newer_xen_are_unknown_not_wrong),
        cmocka_unit_test(every_reason_of_this_xen_has_a_name),
        cmocka_unit_test(other_events_are_passed_over),
    };

    return RUN_GROUP(events, total);
}
