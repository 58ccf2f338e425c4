/* SPDX-License-Identifier: GPL-2.0-only */
#include "predict_compare.h"
#include "alu.h"
#include "code.h"
#include "tlb.h"

static bool differs(struct cluster_mismatch *m, enum cluster_mismatch_kind kind, uint64_t where,
                    uint64_t expected, uint64_t actual)
{
    m->kind = kind;
    m->where = where;
    m->expected = expected;
    m->actual = actual;
    m->width = 8;
    return false;
}

static bool memory_differs(struct cluster_mismatch *m, const struct cluster_predicted_store *s,
                           uint64_t actual)
{
    differs(m, CLUSTER_MISMATCH_MEMORY, s->linear, s->value, actual);
    m->width = s->width;
    return false;
}

bool cluster_predict_same_regs(const struct cluster_regs *expected,
                               const struct cluster_regs *actual, struct cluster_mismatch *m)
{
    unsigned int i;

    if (expected->rip != actual->rip)
        return differs(m, CLUSTER_MISMATCH_RIP, 0, expected->rip, actual->rip);
    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        if (expected->gpr[i] != actual->gpr[i])
            return differs(m, CLUSTER_MISMATCH_GPR, i, expected->gpr[i], actual->gpr[i]);
    /* An exit may leave RF set or not; it is not L1's to see. */
    if ((expected->rflags ^ actual->rflags) & ~CLUSTER_FLAG_RF)
        return differs(m, CLUSTER_MISMATCH_RFLAGS, 0, expected->rflags, actual->rflags);
    return true;
}

uint64_t cluster_predict_bytes(const uint8_t *host, unsigned int width)
{
    uint64_t value = 0;

    while (width-- > 0)
        value = value << 8 | cluster_load(host + width, 1);
    return value;
}

static bool same_page(const uint8_t *expected, const uint8_t *actual, uint64_t linear,
                      struct cluster_mismatch *m)
{
    const uint64_t *words = (const uint64_t *)expected;
    unsigned int i;

    if (cluster_code_same_words(actual, &words, CLUSTER_PAGE_SIZE / 8))
        return true;
    for (i = 0; i < CLUSTER_PAGE_SIZE; i += 8) {
        uint64_t e = cluster_load(expected + i, 8), a = cluster_load(actual + i, 8);

        if (e != a)
            return differs(m, CLUSTER_MISMATCH_MEMORY, linear + i, e, a);
    }
    return true;
}

/* The next VMWRITE from @i on that nothing but the log tells of; or the last's successor. */
static unsigned int next_logged(const struct cluster_copy *copy, unsigned int i)
{
    while (i < copy->nr_fields && copy->field[i].store)
        i++;
    return i;
}

static bool same_logs(const struct cluster_copy *expected, const struct cluster_copy *actual,
                      struct cluster_mismatch *m)
{
    unsigned int i = next_logged(expected, 0), j = next_logged(actual, 0);

    while (i < expected->nr_fields && j < actual->nr_fields) {
        const struct cluster_copied_field *a = &expected->field[i], *b = &actual->field[j];

        if (a->field != b->field || a->value != b->value)
            return differs(m, CLUSTER_MISMATCH_FIELD, a->field, a->value, b->value);
        i = next_logged(expected, i + 1);
        j = next_logged(actual, j + 1);
    }
    if (i < expected->nr_fields || j < actual->nr_fields)
        return differs(m, CLUSTER_MISMATCH_FIELD, 0, expected->nr_fields, actual->nr_fields);
    return true;
}

/* Said of a field rather than of a page, where it can be. */
static bool same_stores(const struct cluster_copy *expected, const struct cluster_copy *actual,
                        struct cluster_mismatch *m)
{
    unsigned int i;

    for (i = 0; i < expected->nr_fields; i++) {
        uint64_t field = expected->field[i].field, a, b;

        if (!expected->field[i].store)
            continue;
        a = cluster_copy_field(expected, field);
        b = cluster_copy_field(actual, field);
        if (a != b)
            return differs(m, CLUSTER_MISMATCH_FIELD, field, a, b);
    }
    return true;
}

/* Has @copy a copy of @real that it may have written? */
static bool has_written(const struct cluster_copy *copy, const uint8_t *real)
{
    unsigned int i;

    for (i = 0; i < copy->nr_pages; i++)
        if (copy->real[i] == real)
            return copy->written[i];
    return false;
}

bool cluster_predict_same_copies(const struct cluster_copy *expected,
                                 const struct cluster_copy *actual, struct cluster_mismatch *m)
{
    unsigned int i;

    if (!same_stores(expected, actual, m) || !same_logs(expected, actual, m))
        return false;
    for (i = 0; i < expected->nr_pages; i++)
        if (expected->written[i] &&
            !same_page(expected->page[i], cluster_copy_of(actual, expected->real[i]),
                       expected->linear[i], m))
            return false;
    for (i = 0; i < actual->nr_pages; i++)
        if (actual->written[i] && !has_written(expected, actual->real[i]) &&
            !same_page(cluster_copy_of(expected, actual->real[i]), actual->page[i],
                       actual->linear[i], m))
            return false;
    return true;
}

/* L1's memory against stores @from to before @end. */
static bool same_memory(const struct cluster_prediction *p, unsigned int from, unsigned int end,
                        const struct cluster_ops *ops, void *ctx, struct cluster_mismatch *m)
{
    const uint8_t *host = NULL;
    uint64_t page = 0;
    unsigned int i;

    for (i = from; i < end; i++) {
        const struct cluster_predicted_store *s = &p->store[i];
        uint64_t actual;

        if (!host || page != (s->linear & ~(uint64_t)CLUSTER_PAGE_OFFSET)) {
            page = s->linear & ~(uint64_t)CLUSTER_PAGE_OFFSET;
            host = ops->translate(ctx, page, CLUSTER_READ);
        }
        if (!host)
            return memory_differs(m, s, 0);
        actual = cluster_predict_bytes(host + (s->linear & CLUSTER_PAGE_OFFSET), s->width);
        if (actual != s->value)
            return memory_differs(m, s, actual);
    }
    return true;
}

static bool overwritten(const struct cluster_copied_field *field, unsigned int i,
                        unsigned int end)
{
    unsigned int j;

    for (j = i + 1; j < end; j++)
        if (field[j].field == field[i].field)
            return true;
    return false;
}

/* The current VMCS against VMWRITEs @from to before @end. */
static bool same_fields(const struct cluster_copied_field *field, unsigned int from,
                        unsigned int end, const struct cluster_ops *ops, void *ctx,
                        struct cluster_mismatch *m)
{
    unsigned int i;

    for (i = from; i < end; i++) {
        uint64_t actual = 0;

        if (overwritten(field, i, end))
            continue;
        if (ops->vmread(ctx, field[i].field, &actual) != CLUSTER_VMX_SUCCEED ||
            actual != field[i].value)
            return differs(m, CLUSTER_MISMATCH_FIELD, field[i].field, field[i].value, actual);
    }
    return true;
}

static bool same_world(const struct cluster_prediction *p, const struct cluster_predicted *before,
                       const struct cluster_predicted *e, const struct cluster_ops *ops, void *ctx,
                       struct cluster_mismatch *m)
{
    struct cluster_world world;
    bool same;

    if (!ops->begin(ctx, &world, NULL))
        return true;
    same = same_memory(p, before ? before->nr_stores : 0, e->nr_stores, ops, ctx, m) &&
           same_fields(p->interp.field, before ? before->nr_fields : 0, e->nr_fields,
                       ops, ctx, m);
    ops->end(ctx);
    return same;
}

bool cluster_predict_compare(struct cluster_prediction *p, const struct cluster_ops *ops,
                             void *ctx, const struct cluster_regs *regs,
                             struct cluster_mismatch *mismatch)
{
    const struct cluster_predicted *e = &p->exit[p->next], *before = p->next ? e - 1 : NULL;

    mismatch->kind = CLUSTER_MISMATCH_NONE;
    mismatch->native = true;
    mismatch->site = p->site;
    mismatch->rip = e->regs.rip;
    mismatch->first_insn = before ? before->nr_insns : 0;
    mismatch->end_insn = e->nr_insns;
    if (!cluster_predict_same_regs(&e->regs, regs, mismatch) ||
        !same_world(p, before, e, ops, ctx, mismatch)) {
        p->next = p->nr_exits;
        return false;
    }
    p->next++;
    return true;
}
