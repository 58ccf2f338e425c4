/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - what the events add up to: totals, and one row per cluster.
 *
 * A cluster is told from others by its site's RIP and its code: the same code
 * formed on several vCPUs, or several times, is one row; other code at the same
 * RIP is another row.  Which code an execution ran is known from the last
 * FORMED event of that RIP on that vCPU, so events must come in time order.
 * Executions of code that the trace does not show (formed before the trace
 * began, or its records lost) go to a row without code.
 *
 * Memory grows with the number of different clusters, vCPUs and stop addresses
 * in the trace, not with its length.
 *
 * Order of calls: model_init(), model_add() for each event, model_finish(),
 * then the totals and model_rank() may be read; model_free().
 */
#ifndef XC_MODEL_H
#define XC_MODEL_H

#include "events.h"
#include "table.h"

/* Executions of a cluster that ended at one place for one reason. */
struct model_place {
    const struct model_row *row;
    uint64_t rip;               /* the next instruction */
    unsigned int reason;        /* < EVENT_NR_STOPS */
    uint64_t count;
    struct model_place *next;
};

/* A vCPU on which a cluster was formed, executed or refused. */
struct model_vcpu {
    const struct model_row *row;
    uint32_t vcpu;
    uint64_t executions;
    struct model_vcpu *next;
};

struct model_row {
    uint64_t rip;
    /* The shape; all 0 when no FORMED event told it. */
    unsigned int insns, exiting, bytes;
    uint8_t *code;              /* bytes long, or NULL: not in the trace */

    uint64_t formed;
    uint64_t executions;
    uint64_t avoided;           /* exits */
    uint64_t executed_insns;
    uint64_t stops[EVENT_NR_STOPS];             /* executions by how they ended */
    uint64_t refused[EVENT_NR_STOPS];
    uint64_t discarded[EVENT_NR_DISCARDS];
    struct model_place *places; /* of the stops that were traced; any order */
    struct model_vcpu *vcpus;   /* any order */
};

struct model_totals {
    uint64_t formed;
    uint64_t executions;
    uint64_t avoided;
    uint64_t executed_insns;
    uint64_t stops[EVENT_NR_STOPS];
    uint64_t refused[EVENT_NR_STOPS];
    uint64_t discarded[EVENT_NR_DISCARDS];      /* clusters */
    uint64_t lost;              /* records that Xen lost */
    uint64_t gaps;              /* the places where it did */
    uint64_t stray_code;        /* CODE events that belong to no FORMED event */
};

struct model {
    struct model_totals totals;
    struct model_row **rows;    /* the clusters; any order */
    size_t nr_rows, cap_rows;
    /* Private from here on. */
    struct table row_index, slots, vcpu_index, place_index;
};

void model_init(struct model *model);
void model_add(struct model *model, const struct event *event);
void model_finish(struct model *model);
void model_free(struct model *model);

/*
 * Sort model->rows: exits avoided, then executions, then refusals, descending;
 * then RIP and code, so that equal traces give equal reports.
 */
void model_rank(struct model *model);

/* Whether there was a cluster; else the row only counts refusals at a site. */
static inline bool model_row_is_cluster(const struct model_row *row)
{
    return row->formed || row->executions;
}

uint64_t model_refusals(const struct model_row *row);

#endif /* XC_MODEL_H */
