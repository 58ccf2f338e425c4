/* SPDX-License-Identifier: GPL-2.0-only */
#include "verified_law.h"
#include "unit.h"

int verified_law_start(void **state)
{
    struct verified *l1 = verified_start();

    GPR(l1, RBX) = GUEST_DATA;
    GPR(l1, RDX) = 0x10;
    *state = l1;
    return 0;
}

int verified_law_end(void **state)
{
    verified_end(*state);
    return 0;
}

unsigned int verified_pending(const struct verified *l1)
{
    return l1->prediction->nr_exits - l1->prediction->next;
}

void verified_check_all(struct verified *l1)
{
    while (cluster_predict_pending(l1->prediction)) {
        verified_go(l1);
        assert_true(verified_compare(l1));
    }
}

void verified_check_mismatch(const struct verified *l1, enum cluster_mismatch_kind kind,
                           uint64_t where, uint64_t expected, uint64_t actual)
{
    assert_int_equal(l1->mismatch.kind, kind);
    assert_int_equal(l1->mismatch.where, where);
    assert_int_equal(l1->mismatch.expected, expected);
    assert_int_equal(l1->mismatch.actual, actual);
    assert_int_equal(l1->mismatch.site, GUEST_CODE);
}

void verified_predict_gap(struct verified *l1)
{
    verified_exits_at(l1, CODE(GAP));
    verified_predict_alone(l1);
    assert_int_equal(verified_pending(l1), 2);
    verified_go(l1);
}
