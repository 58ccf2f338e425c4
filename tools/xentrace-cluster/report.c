/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "mem.h"
#include "report.h"

size_t report_nr_clusters(const struct report *report)
{
    size_t i, nr = 0;

    for (i = 0; i < report->model->nr_rows; i++)
        nr += model_row_is_cluster(report->model->rows[i]);
    return nr;
}

void report_each(const struct report *report, bool clusters, report_show *show, void *ctx)
{
    size_t i, rank = 0;

    for (i = 0; i < report->model->nr_rows && rank < report->top; i++) {
        if (model_row_is_cluster(report->model->rows[i]) == clusters)
            show(ctx, report, report->model->rows[i], ++rank);
    }
}

/* By address, then reason. */
static int compare_places(const void *left, const void *right)
{
    const struct model_place *a = *(const struct model_place *const *)left;
    const struct model_place *b = *(const struct model_place *const *)right;

    if (a->rip != b->rip)
        return a->rip < b->rip ? -1 : 1;
    return (int)a->reason - (int)b->reason;
}

const struct model_place **report_places(const struct model_row *row, size_t *nr)
{
    const struct model_place **list = NULL, *place;
    size_t cap = 0;

    *nr = 0;
    for (place = row->places; place; place = place->next) {
        list = mem_room(list, &cap, *nr + 1, sizeof(*list));
        list[(*nr)++] = place;
    }
    if (*nr)
        qsort(list, *nr, sizeof(*list), compare_places);
    return list;
}

/* The busiest first, then by number. */
static int compare_vcpus(const void *left, const void *right)
{
    const struct model_vcpu *a = *(const struct model_vcpu *const *)left;
    const struct model_vcpu *b = *(const struct model_vcpu *const *)right;

    if (a->executions != b->executions)
        return a->executions < b->executions ? 1 : -1;
    return a->vcpu < b->vcpu ? -1 : a->vcpu > b->vcpu;
}

const struct model_vcpu **report_vcpus(const struct model_row *row, size_t *nr)
{
    const struct model_vcpu **list = NULL, *vcpu;
    size_t cap = 0;

    *nr = 0;
    for (vcpu = row->vcpus; vcpu; vcpu = vcpu->next) {
        list = mem_room(list, &cap, *nr + 1, sizeof(*list));
        list[(*nr)++] = vcpu;
    }
    if (*nr)
        qsort(list, *nr, sizeof(*list), compare_vcpus);
    return list;
}
