/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - what a report is made of, and its two forms.
 */
#ifndef XC_REPORT_H
#define XC_REPORT_H

#include "model.h"
#include "symbols.h"
#include "trace.h"

struct report {
    const char *name;           /* of the trace file, for people */
    const struct trace *trace;
    const struct model *model;  /* ranked */
    const struct symbols *symbols;
    const struct trace_filter *filter;
    size_t top;                 /* clusters, refusing sites and mismatches to show */
    size_t insns;               /* of a region's code to show; 0: all.  Text only */
};

/* Both write to @out and leave its error indicator to the caller. */
void report_text(const struct report *report, FILE *out);
void report_json(const struct report *report, FILE *out);

/* How many rows are clusters; the others are sites that only refused. */
size_t report_nr_clusters(const struct report *report);

/* Sorted copies of a row's lists, *nr long; the caller frees. NULL for an empty list. */
const struct model_place **report_places(const struct model_row *row, size_t *nr);
const struct model_vcpu **report_vcpus(const struct model_row *row, size_t *nr);

/* The first @limit clusters or refusing sites in rank order go to @show. */
typedef void report_show(void *ctx, const struct report *report, const struct model_row *row,
                         size_t rank);
void report_each(const struct report *report, bool clusters, report_show *show, void *ctx);

#endif /* XC_REPORT_H */
