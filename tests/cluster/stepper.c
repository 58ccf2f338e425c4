/* SPDX-License-Identifier: GPL-2.0-only */
#include "stepper.h"
#include "decode.h"

int step_start(void **state)
{
    *state = guest_start();
    return 0;
}

int step_end(void **state)
{
    guest_end(*state);
    return 0;
}

bool step_called(const struct guest *g, char what, uint64_t argument)
{
    unsigned int i;

    for (i = 0; i < g->nr_calls; i++)
        if (g->call[i].what == what && g->call[i].argument == argument)
            return true;
    return false;
}

static enum cluster_step one(struct cluster_exec *x, struct code code)
{
    unsigned int offset = x->regs->rip - GUEST_CODE;
    struct cluster_insn insn;

    assert_int_equal(cluster_decode(&insn, code.bytes + offset, code.size - offset,
                                    x->regs->rip), CLUSTER_DECODE_OK);
    return cluster_step(x, &insn);
}

struct stepped step_in(struct guest *g, struct code code, const struct cluster_region *region)
{
    struct cluster_exec x = { .ops = &guest_ops, .ctx = g, .regs = &g->regs, .region = region };
    struct stepped result = { .did = CLUSTER_STEP_NEXT };

    guest_put_code(g, GUEST_CODE, code);
    guest_forget_calls(g);
    g->regs.rip = GUEST_CODE;
    assert_true(guest_ops.begin(g, &x.world, NULL));
    cluster_tlb_start(&x.tlb);
    while (result.did <= CLUSTER_STEP_TAKEN && result.executed < 8 &&
           g->regs.rip - GUEST_CODE < code.size) {
        result.did = one(&x, code);
        result.executed += result.did != CLUSTER_STEP_STOP;
    }
    result.stop = x.stop;
    guest_ops.end(g);
    return result;
}

struct stepped step(struct guest *g, struct code code)
{
    return step_in(g, code, NULL);
}

void step_next(struct guest *g, struct code code)
{
    struct stepped s = step(g, code);

    assert_int_equal(s.did, CLUSTER_STEP_NEXT);
    assert_int_equal(s.executed, 1);
    assert_int_equal(g->regs.rip, GUEST_CODE + code.size);
}

void step_stop(struct guest *g, struct code code, enum cluster_stop why)
{
    struct cluster_regs before = g->regs;
    struct stepped s = step(g, code);

    before.rip = GUEST_CODE;
    assert_int_equal(s.did, CLUSTER_STEP_STOP);
    assert_int_equal(s.stop, why);
    assert_int_equal(s.executed, 0);
    assert_memory_equal(&before, &g->regs, sizeof(before));
}
