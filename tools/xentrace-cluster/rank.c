/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rank.c - the order of a model's rows.
 */
#include <stdlib.h>

#include "model.h"

uint64_t model_refusals(const struct model_row *row)
{
    uint64_t sum = 0;
    unsigned int i;

    for (i = 0; i < EVENT_NR_STOPS; i++)
        sum += row->refused[i];
    return sum;
}

static int descending(uint64_t a, uint64_t b)
{
    return a < b ? 1 : a > b ? -1 : 0;
}

static int compare_shape(const struct model_row *a, const struct model_row *b)
{
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    if (a->insns != b->insns)
        return a->insns < b->insns ? -1 : 1;
    return a->exiting < b->exiting ? -1 : a->exiting > b->exiting;
}

static int compare_code(const struct model_row *a, const struct model_row *b)
{
    int shape = compare_shape(a, b);

    if (shape)
        return shape;
    if (!a->code || !b->code)
        return !a->code - !b->code;
    return memcmp(a->code, b->code, a->bytes);
}

static int compare_rows(const void *left, const void *right)
{
    const struct model_row *a = *(struct model_row *const *)left;
    const struct model_row *b = *(struct model_row *const *)right;
    int order = descending(a->avoided, b->avoided);

    if (!order)
        order = descending(a->executions, b->executions);
    if (!order)
        order = descending(model_refusals(a), model_refusals(b));
    if (!order)
        order = a->rip < b->rip ? -1 : a->rip > b->rip;
    if (!order)
        order = (int)a->region - (int)b->region;
    return order ? order : compare_code(a, b);
}

void model_rank(struct model *model)
{
    if (model->nr_rows)
        qsort(model->rows, model->nr_rows, sizeof(*model->rows), compare_rows);
}
