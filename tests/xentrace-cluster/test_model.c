/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "model.h"
#include "tests.h"

static const uint8_t code_a[] = { 0x0f, 0x78, 0xc3, 0x90, 0x0f, 0x78, 0xc8 };
static const uint8_t code_b[] = { 0x0f, 0x78, 0xc3, 0x0f, 0x1f, 0x40, 0x00,
                                  0x0f, 0x78, 0xc8, 0x90, 0x90, 0x90, 0x0f, 0x79, 0xc8 };

enum { RIP = 0x1000, V0 = 0x10000, V1 = 0x10001 };

static void form(struct model *m, uint32_t vcpu, uint64_t rip, const uint8_t *code,
                 unsigned int bytes)
{
    struct event e = { .kind = EVENT_FORMED, .rip = rip, .vcpu = vcpu };
    unsigned int offset, left;

    e.formed.insns = bytes == sizeof(code_a) ? 3 : 7;
    e.formed.exiting = bytes == sizeof(code_a) ? 2 : 3;
    e.formed.bytes = bytes;
    model_add(m, &e);
    for (offset = 0; offset < bytes; offset += NVMX_TRC_CODE_BYTES) {
        e = (struct event){ .kind = EVENT_CODE, .rip = rip, .vcpu = vcpu };
        e.code.offset = offset;
        left = bytes - offset;
        memcpy(e.code.bytes, code + offset, left < NVMX_TRC_CODE_BYTES ? left
                                                                       : NVMX_TRC_CODE_BYTES);
        model_add(m, &e);
    }
}

static void execute(struct model *m, uint32_t vcpu, uint64_t rip, unsigned int insns,
                    unsigned int exiting)
{
    struct event e = { .kind = EVENT_EXECUTED, .rip = rip, .vcpu = vcpu };

    e.executed.insns = insns;
    e.executed.exiting = exiting;
    model_add(m, &e);
}

/* Where L1 would have been entered none of its exits has taken place. */
static void execution_at_a_virtual_exit_avoids_all(void **state)
{
    struct event e = { .kind = EVENT_EXECUTED, .rip = RIP, .vcpu = V0 };
    struct model m;

    (void)state;
    model_init(&m);
    e.executed.insns = 9;
    e.executed.exiting = 4;
    e.executed.entered = true;
    model_add(&m, &e);
    execute(&m, V0, RIP, 9, 4);
    model_finish(&m);
    assert_int_equal(m.totals.avoided, 7);
    model_free(&m);
}

static void stop(struct model *m, uint32_t vcpu, uint64_t rip, unsigned int reason, uint64_t at)
{
    struct event e = { .kind = EVENT_STOPPED, .rip = rip, .vcpu = vcpu };

    e.stopped.reason = reason;
    e.stopped.rip = at;
    model_add(m, &e);
}

static void discard(struct model *m, uint32_t vcpu, uint64_t rip, unsigned int reason)
{
    struct event e = { .kind = EVENT_DISCARDED, .rip = rip, .vcpu = vcpu };

    e.discarded.reason = reason;
    e.discarded.count = 1;
    model_add(m, &e);
}

static void finish(struct model *m)
{
    model_finish(m);
    model_rank(m);
}

static void same_code_on_two_vcpus_is_one_row(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    form(&m, V0, RIP, code_a, sizeof(code_a));
    form(&m, V1, RIP, code_a, sizeof(code_a));
    execute(&m, V0, RIP, 3, 2);
    execute(&m, V1, RIP, 3, 2);
    execute(&m, V1, RIP, 3, 2);
    finish(&m);
    assert_int_equal(m.nr_rows, 1);
    assert_int_equal(m.rows[0]->formed, 2);
    assert_int_equal(m.rows[0]->executions, 3);
    assert_int_equal(m.rows[0]->avoided, 3);
    assert_int_equal(m.rows[0]->executed_insns, 9);
    assert_int_equal(m.rows[0]->vcpus->vcpu, V1);
    assert_int_equal(m.rows[0]->vcpus->executions, 2);
    assert_int_equal(m.rows[0]->vcpus->next->executions, 1);
    assert_memory_equal(m.rows[0]->code, code_a, sizeof(code_a));
    model_free(&m);
}

static void same_code_at_two_rips_is_two_rows(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    form(&m, V0, RIP, code_a, sizeof(code_a));
    form(&m, V0, RIP + 64, code_a, sizeof(code_a));
    finish(&m);
    assert_int_equal(m.nr_rows, 2);
    model_free(&m);
}

static void executions_go_to_the_version_of_their_vcpu(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    form(&m, V0, RIP, code_a, sizeof(code_a));
    form(&m, V1, RIP, code_a, sizeof(code_a));
    execute(&m, V0, RIP, 3, 2);
    discard(&m, V0, RIP, CLUSTER_DISCARD_BYTES);
    form(&m, V0, RIP, code_b, sizeof(code_b));
    execute(&m, V0, RIP, 7, 3);
    execute(&m, V0, RIP, 7, 3);
    execute(&m, V1, RIP, 3, 2);         /* still has the old one */
    finish(&m);
    assert_int_equal(m.nr_rows, 2);
    assert_int_equal(m.rows[0]->bytes, sizeof(code_b));
    assert_int_equal(m.rows[0]->executions, 2);
    assert_int_equal(m.rows[0]->discarded[CLUSTER_DISCARD_BYTES], 0);
    assert_memory_equal(m.rows[0]->code, code_b, sizeof(code_b));
    assert_int_equal(m.rows[1]->executions, 2);
    assert_int_equal(m.rows[1]->discarded[CLUSTER_DISCARD_BYTES], 1);
    model_free(&m);
}

static void code_formed_again_returns_to_its_row(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    form(&m, V0, RIP, code_a, sizeof(code_a));
    form(&m, V0, RIP, code_b, sizeof(code_b));
    form(&m, V0, RIP, code_a, sizeof(code_a));
    execute(&m, V0, RIP, 3, 2);
    finish(&m);
    assert_int_equal(m.nr_rows, 2);
    assert_int_equal(m.rows[0]->bytes, sizeof(code_a));
    assert_int_equal(m.rows[0]->formed, 2);
    assert_int_equal(m.totals.formed, 3);
    model_free(&m);
}

static void executions_before_any_formation_have_a_row_without_code(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    execute(&m, V0, RIP, 3, 2);
    form(&m, V0, RIP, code_a, sizeof(code_a));
    execute(&m, V0, RIP, 3, 2);
    execute(&m, V0, RIP, 3, 2);
    finish(&m);
    assert_int_equal(m.nr_rows, 2);
    assert_int_equal(m.rows[0]->executions, 2);
    assert_non_null(m.rows[0]->code);
    assert_int_equal(m.rows[1]->executions, 1);
    assert_int_equal(m.rows[1]->bytes, 0);
    assert_null(m.rows[1]->code);
    model_free(&m);
}

/* Of sixteen bytes only the first twelve arrive. */
static void formation_with_lost_code_keeps_its_shape(void **state)
{
    struct event e = { .kind = EVENT_FORMED, .rip = RIP, .vcpu = V0 };
    struct model m;

    (void)state;
    model_init(&m);
    e.formed.insns = 7;
    e.formed.exiting = 3;
    e.formed.bytes = sizeof(code_b);
    model_add(&m, &e);
    e = (struct event){ .kind = EVENT_CODE, .rip = RIP, .vcpu = V0 };
    model_add(&m, &e);
    execute(&m, V0, RIP, 7, 3);
    finish(&m);
    assert_int_equal(m.nr_rows, 1);
    assert_int_equal(m.rows[0]->formed, 1);
    assert_int_equal(m.rows[0]->executions, 1);
    assert_int_equal(m.rows[0]->insns, 7);
    assert_null(m.rows[0]->code);
    model_free(&m);
}

static void formation_at_the_end_of_the_trace_counts(void **state)
{
    struct event e = { .kind = EVENT_FORMED, .rip = RIP, .vcpu = V0 };
    struct model m;

    (void)state;
    model_init(&m);
    e.formed.insns = e.formed.exiting = 2;
    e.formed.bytes = 6;
    model_add(&m, &e);
    finish(&m);
    assert_int_equal(m.nr_rows, 1);
    assert_int_equal(m.rows[0]->formed, 1);
    model_free(&m);
}

static void execution_longer_than_its_cluster_is_not_its_own(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    form(&m, V0, RIP, code_a, sizeof(code_a));
    execute(&m, V0, RIP, 7, 2);         /* of a cluster whose formation was lost */
    execute(&m, V0, RIP, 3, 2);         /* that one too, by now */
    finish(&m);
    assert_int_equal(m.nr_rows, 2);
    assert_int_equal(m.rows[0]->executions, 2);
    assert_int_equal(m.rows[0]->bytes, 0);
    assert_int_equal(m.rows[1]->executions, 0);
    model_free(&m);
}

static void execution_after_a_discard_is_of_code_not_known(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    form(&m, V0, RIP, code_a, sizeof(code_a));
    discard(&m, V0, RIP, CLUSTER_DISCARD_EVICTED);
    execute(&m, V0, RIP, 3, 2);         /* formed again, but that record was lost */
    finish(&m);
    assert_int_equal(m.nr_rows, 2);
    assert_int_equal(m.rows[0]->executions, 1);
    assert_int_equal(m.rows[0]->bytes, 0);
    assert_int_equal(m.rows[1]->discarded[CLUSTER_DISCARD_EVICTED], 1);
    model_free(&m);
}

static void stray_code_is_counted_only(void **state)
{
    struct event e = { .kind = EVENT_CODE, .rip = RIP, .vcpu = V0 };
    struct model m;

    (void)state;
    model_init(&m);
    model_add(&m, &e);
    form(&m, V0, RIP, code_a, sizeof(code_a));
    model_add(&m, &e);
    finish(&m);
    assert_int_equal(m.totals.stray_code, 2);
    assert_int_equal(m.nr_rows, 1);
    assert_memory_equal(m.rows[0]->code, code_a, sizeof(code_a));
    model_free(&m);
}

static void stops_are_counted_by_place_and_refusals_apart(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    form(&m, V0, RIP, code_a, sizeof(code_a));
    execute(&m, V0, RIP, 2, 1);
    stop(&m, V0, RIP, CLUSTER_STOP_EVENT, RIP + 4);
    stop(&m, V0, RIP, CLUSTER_STOP_EVENT, RIP + 4);
    stop(&m, V0, RIP, CLUSTER_STOP_VMX, RIP + 4);
    stop(&m, V0, RIP, CLUSTER_STOP_EVENT, RIP);
    finish(&m);
    assert_int_equal(m.rows[0]->avoided, 0);
    assert_int_equal(m.rows[0]->refused[CLUSTER_STOP_EVENT], 1);
    assert_int_equal(m.totals.refused[CLUSTER_STOP_EVENT], 1);
    assert_int_equal(m.rows[0]->places->reason, CLUSTER_STOP_VMX);
    assert_int_equal(m.rows[0]->places->count, 1);
    assert_int_equal(m.rows[0]->places->next->count, 2);
    assert_null(m.rows[0]->places->next->next);
    model_free(&m);
}

static void site_that_only_refuses_is_no_cluster(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    stop(&m, V0, RIP, CLUSTER_STOP_NO_CODE, RIP);
    finish(&m);
    assert_int_equal(m.nr_rows, 1);
    assert_false(model_row_is_cluster(m.rows[0]));
    assert_int_equal(model_refusals(m.rows[0]), 1);
    model_free(&m);
}

static void discards_of_what_was_never_seen_make_no_row(void **state)
{
    struct event e = { .kind = EVENT_DISCARDED, .vcpu = V0 };
    struct model m;

    (void)state;
    model_init(&m);
    discard(&m, V0, RIP, CLUSTER_DISCARD_EVICTED);
    e.discarded.reason = CLUSTER_DISCARD_FLUSHED;
    e.discarded.count = 12;
    model_add(&m, &e);
    finish(&m);
    assert_int_equal(m.nr_rows, 0);
    assert_int_equal(m.totals.discarded[CLUSTER_DISCARD_EVICTED], 1);
    assert_int_equal(m.totals.discarded[CLUSTER_DISCARD_FLUSHED], 12);
    model_free(&m);
}

static void execution_without_exiting_instruction_avoids_nothing(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    execute(&m, V0, RIP, 0, 0);
    finish(&m);
    assert_int_equal(m.totals.avoided, 0);
    model_free(&m);
}

static void losses_add_up(void **state)
{
    struct event e = { .kind = EVENT_LOST };
    struct model m;

    (void)state;
    model_init(&m);
    e.lost.count = UINT32_MAX;
    model_add(&m, &e);
    model_add(&m, &e);
    finish(&m);
    assert_true(m.totals.lost == UINT64_C(2) * UINT32_MAX);
    assert_int_equal(m.totals.gaps, 2);
    model_free(&m);
}

static void rank_is_by_exits_saved_then_executions_then_rip(void **state)
{
    struct model m;

    (void)state;
    model_init(&m);
    execute(&m, V0, 5, 1, 1);
    execute(&m, V0, 4, 1, 1);
    execute(&m, V0, 3, 1, 1);
    execute(&m, V0, 3, 1, 1);
    execute(&m, V0, 9, 3, 3);
    finish(&m);
    assert_int_equal(m.nr_rows, 4);
    assert_int_equal(m.rows[0]->rip, 9);
    assert_int_equal(m.rows[1]->rip, 3);
    assert_int_equal(m.rows[2]->rip, 4);
    assert_int_equal(m.rows[3]->rip, 5);
    model_free(&m);
}

int model_tests(unsigned int *total)
{
    static const struct CMUnitTest model[] = {
        cmocka_unit_test(same_code_on_two_vcpus_is_one_row),
        cmocka_unit_test(execution_at_a_virtual_exit_avoids_all),
        cmocka_unit_test(same_code_at_two_rips_is_two_rows),
        cmocka_unit_test(executions_go_to_the_version_of_their_vcpu),
        cmocka_unit_test(code_formed_again_returns_to_its_row),
        cmocka_unit_test(executions_before_any_formation_have_a_row_without_code),
        cmocka_unit_test(formation_with_lost_code_keeps_its_shape),
        cmocka_unit_test(formation_at_the_end_of_the_trace_counts),
        cmocka_unit_test(execution_longer_than_its_cluster_is_not_its_own),
        cmocka_unit_test(execution_after_a_discard_is_of_code_not_known),
        cmocka_unit_test(stray_code_is_counted_only),
        cmocka_unit_test(stops_are_counted_by_place_and_refusals_apart),
        cmocka_unit_test(site_that_only_refuses_is_no_cluster),
        cmocka_unit_test(discards_of_what_was_never_seen_make_no_row),
        cmocka_unit_test(execution_without_exiting_instruction_avoids_nothing),
        cmocka_unit_test(losses_add_up),
        cmocka_unit_test(rank_is_by_exits_saved_then_executions_then_rip),
    };

    return RUN_GROUP(model, total);
}
