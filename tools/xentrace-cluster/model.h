/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * model.h - what the events add up to: totals, one row per cluster or region,
 * and the mismatches of verify mode; batches are among the totals.
 *
 * A cluster is told from others by its site's RIP and its code: the same code
 * formed on several vCPUs, or several times, is one row; other code at the same
 * RIP is another row.  Which code an execution ran is known from the last
 * FORMED event of that RIP on that vCPU, so events must come in time order.
 * Executions of code that the trace does not show (formed before the trace
 * began, or its records lost) go to a row without code.
 *
 * A region is told from others by its site's RIP alone: it grows, each vCPU by
 * the paths that it took.  Those are its segments; equal ones are one.  A row is
 * of one kind: where a site had a static cluster, and after a change of mode a
 * region, there are two.
 *
 * Memory grows with the number of different clusters, segments, vCPUs and stop addresses
 * in the trace, not with its length.
 *
 * Order of calls: model_init(), model_add() for each event, model_finish(),
 * then the totals and model_rank() may be read; model_free().
 */
#ifndef XC_MODEL_H
#define XC_MODEL_H

#include "batches.h"
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

/* Adjacent bytes of a segment. */
struct model_run {
    uint64_t rip;
    uint32_t offset;            /* of its first byte in the segment's code */
    uint32_t bytes;
};

/* A path that was recorded, its runs in the order in which they were. */
struct model_segment {
    const struct model_row *row;
    unsigned int insns, exiting, bytes;
    uint32_t host_bytes;        /* 0: not translated */
    bool first;                 /* begins at the site, not at an edge */
    bool whole;                 /* all of its bytes are here */
    struct model_run *runs;
    size_t nr_runs;
    uint8_t *code;
    uint64_t recorded;          /* times */
    struct model_segment *next;
};

struct model_row {
    uint64_t rip;
    bool region;
    /* The shape of a cluster; all 0 when no FORMED event told it, and of a region. */
    unsigned int insns, exiting, bytes;
    uint8_t *code;              /* bytes long, or NULL: not in the trace */
    struct model_segment *segments, **last_segment;     /* of a region, oldest first */

    uint64_t formed;            /* regions: first segments */
    uint64_t executions;
    uint64_t cached;            /* of them, those of what was there before */
    uint64_t avoided;           /* exits */
    uint64_t executed_insns;
    uint64_t stops[EVENT_NR_STOPS];             /* executions by how they ended */
    uint64_t refused[EVENT_NR_STOPS];
    uint64_t discarded[EVENT_NR_DISCARDS];
    struct model_place *places; /* of the stops that were traced; any order */
    struct model_vcpu *vcpus;   /* any order */
};

/* Predictions that failed in the same way. */
struct model_mismatch {
    const struct model_row *row;        /* of the region that predicted */
    uint64_t rip;               /* predicted */
    unsigned int what;          /* <= EVENT_DIFFERS_UNKNOWN */
    unsigned int width;         /* bytes */
    uint64_t where;
    uint64_t count;
    /* Of the first one. */
    uint64_t expected, actual;
    uint32_t insns;
};

struct model_totals {
    uint64_t formed;
    uint64_t segments;          /* recorded */
    uint64_t mismatches;
    uint64_t executions;
    uint64_t modes[EVENT_NR_MODES];             /* executions */
    uint64_t cached;
    uint64_t avoided;
    uint64_t executed_insns;
    uint64_t stops[EVENT_NR_STOPS];
    uint64_t refused[EVENT_NR_STOPS];
    uint64_t discarded[EVENT_NR_DISCARDS];      /* clusters */
    struct batches batches;
    uint64_t lost;              /* records that Xen lost */
    uint64_t gaps;              /* the places where it did */
    uint64_t stray_code;        /* CODE and PIECE events that belong to nothing */
    uint64_t stray_values;      /* MISMATCH without VALUES and the reverse */
};

struct model {
    struct model_totals totals;
    struct model_row **rows;    /* the clusters; any order */
    size_t nr_rows, cap_rows;
    struct model_mismatch **mismatches;         /* in the order of their first */
    size_t nr_mismatches, cap_mismatches;
    /* Private from here on. */
    struct table row_index, slots, vcpu_index, place_index, streams, segment_index,
                 mismatch_index;
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

/* Whether there was a cluster or region; else the row only counts refusals at a site. */
static inline bool model_row_is_cluster(const struct model_row *row)
{
    return row->formed || row->executions || row->segments;
}

uint64_t model_refusals(const struct model_row *row);

/* A region's instructions and bytes in all of its segments. */
struct model_size {
    uint64_t segments, insns, exiting, bytes, host_bytes;
};
struct model_size model_region_size(const struct model_row *row);

#endif /* XC_MODEL_H */
