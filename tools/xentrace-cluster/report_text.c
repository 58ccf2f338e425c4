/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report for people: at most WIDTH columns, most important things first.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "format.h"
#include "report_text.h"

enum {
    WIDTH = 110,
    LABEL = 36,                 /* of a line of the totals */
    SHOWN_VCPUS = 8,
};

/* ---- totals ---- */

void total(FILE *out, const char *label, uint64_t n, const char *remark)
{
    fprintf(out, "%-*s %18s%s%s\n", LABEL, label, format_count(n).text, *remark ? "   " : "",
            remark);
}

/* "How executions ended" and its like: a sum, then the parts that are not 0. */
static void breakdown(FILE *out, const char *label, const uint64_t *parts, unsigned int nr,
                      const char *(*name)(unsigned int))
{
    uint64_t sum = 0;
    char indented[LABEL];
    unsigned int i;

    for (i = 0; i < nr; i++)
        sum += parts[i];
    total(out, label, sum, "");
    for (i = 0; i < nr; i++) {
        if (!parts[i])
            continue;
        snprintf(indented, sizeof(indented), "  %s", name(i));
        total(out, indented, parts[i], format_percent(parts[i], sum).text);
    }
}

static void loss(const struct model_totals *totals, FILE *out)
{
    if (!totals->lost)
        return;
    fprintf(out,
            "*** %s RECORDS LOST in %s gap%s: Xen's trace buffers were full.\n"
            "*** All counts below are lower bounds, and after a gap executions may be counted for\n"
            "*** code that was replaced meanwhile.  Larger buffers: xentrace -S PAGES.\n\n",
            format_count(totals->lost).text, format_count(totals->gaps).text,
            totals->gaps == 1 ? "" : "s");
}

static void damage(const struct trace *trace, FILE *out)
{
    if (trace->end == READER_DAMAGED)
        fprintf(out, "*** DAMAGED at byte %" PRIu64 ": %s.\n*** Nothing after it was read.\n\n",
                trace->damage_offset, reader_damage_text(trace->damage));
    if (trace->malformed)
        fprintf(out, "*** %s MALFORMED cluster records were passed over.\n\n",
                format_count(trace->malformed).text);
}

static void clocks(const struct order_times *times, FILE *out)
{
    if (times->jitters)
        total(out, "  TSC went back a little", times->jitters, "time was made to stand still");
    if (times->resets)
        total(out, "  TSC wrapped or was reset", times->resets, "a new epoch began");
    if (times->late)
        total(out, "  events out of order", times->late, "between CPUs");
}

static void trace_section(const struct report *report, FILE *out)
{
    const struct trace *trace = report->trace;
    char cpus[48];

    total(out, "Records", trace->records, "");
    total(out, "  of clusters", trace->cluster, "");
    if (report->filter->on)
        total(out, "  of other vCPUs, not counted below", trace->filtered, "");
    total(out, "  of other classes, passed over", trace->foreign, "");
    if (trace->newer)
        total(out, "  of clusters, not known here", trace->newer, "this program is too old");
    if (trace->padding)
        total(out, "  bytes of padding", trace->padding, "");
    total(out, "Lost records", report->model->totals.lost, "");
    total(out, "CPUs", trace_nr_cpus(trace), trace_cpus_text(trace, cpus, sizeof(cpus)));
    total(out, "Time span", trace->times.cycles, "cycles");
    clocks(&trace->times, out);
}

/* Only worth a line each when there was more than static clusters. */
static void modes(const struct model_totals *totals, FILE *out)
{
    char label[LABEL];
    unsigned int i;

    if (totals->modes[NVMX_TRC_MODE_STATIC] == totals->executions)
        return;
    for (i = 0; i < EVENT_NR_MODES; i++) {
        if (!totals->modes[i])
            continue;
        snprintf(label, sizeof(label), "  in mode %s", event_mode_name(i));
        total(out, label, totals->modes[i],
              format_percent(totals->modes[i], totals->executions).text);
    }
}

static void totals_section(const struct report *report, FILE *out)
{
    const struct model_totals *totals = &report->model->totals;
    char remark[128];

    total(out, "Clusters, by site and code", report_nr_clusters(report), "");
    total(out, "  formed, on all vCPUs", totals->formed, "");
    if (totals->segments)
        total(out, "  segments of regions recorded", totals->segments, "");
    total(out, "Executions", totals->executions, "");
    modes(totals, out);
    if (totals->cached)
        total(out, "  of what was there before", totals->cached,
              format_percent(totals->cached, totals->executions).text);
    if (totals->mismatches)
        total(out, "Mismatches of verify mode", totals->mismatches, "listed below");
    snprintf(remark, sizeof(remark), "%s per execution",
             format_mean(totals->avoided, totals->executions).text);
    total(out, "Exits avoided", totals->avoided, remark);
    snprintf(remark, sizeof(remark), "%s per execution",
             format_mean(totals->executed_insns, totals->executions).text);
    total(out, "Instructions executed", totals->executed_insns, remark);
    fputc('\n', out);
    breakdown(out, "How executions ended", totals->stops, EVENT_NR_STOPS, event_stop_name);
    breakdown(out, "Refused, nothing executed", totals->refused, EVENT_NR_STOPS,
              event_stop_name);
    breakdown(out, "Clusters discarded", totals->discarded, EVENT_NR_DISCARDS,
              event_discard_name);
}

/* ---- lists that wrap: "ended        complete 12 (60.0%), memory 8 (40.0%)" ---- */

void list_item(struct list *list, const char *item)
{
    int length = (int)strlen(item);

    if (!list->column) {
        list->column = fprintf(list->out, "%*s%-*s", INDENT, "", INDENT_LIST - INDENT,
                               list->label);
    } else if (list->column + 2 + length > WIDTH) {
        list->column = fprintf(list->out, ",\n%*s", INDENT_LIST, "") - 2;
    } else {
        list->column += fprintf(list->out, ", ");
    }
    list->column += fprintf(list->out, "%s", item);
}

void list_end(struct list *list)
{
    if (list->column)
        fputc('\n', list->out);
}

static void reasons(FILE *out, const char *label, const uint64_t *parts, unsigned int nr,
                    const char *(*name)(unsigned int))
{
    struct list list = { out, 0, label };
    uint64_t sum = 0;
    char item[128];
    unsigned int i;

    for (i = 0; i < nr; i++)
        sum += parts[i];
    for (i = 0; i < nr; i++) {
        if (!parts[i])
            continue;
        snprintf(item, sizeof(item), "%s %s (%s)", name(i), format_count(parts[i]).text,
                 format_percent(parts[i], sum).text);
        list_item(&list, item);
    }
    list_end(&list);
}

static void vcpus(const struct model_row *row, FILE *out)
{
    size_t nr, i;
    const struct model_vcpu **all = report_vcpus(row, &nr);
    struct list list = { out, 0, "vCPUs" };
    char item[128];

    for (i = 0; i < nr && i < SHOWN_VCPUS; i++) {
        snprintf(item, sizeof(item), "%s %s", format_vcpu(all[i]->vcpu).text,
                 format_count(all[i]->executions).text);
        list_item(&list, item);
    }
    if (i < nr) {
        snprintf(item, sizeof(item), "and %s more", format_count(nr - i).text);
        list_item(&list, item);
    }
    list_end(&list);
    free(all);
}

/* ---- clusters ---- */

struct format times(uint64_t n)
{
    struct format out;

    snprintf(out.text, sizeof(out.text), n == 1 ? "once" : "%.27s times", format_count(n).text);
    return out;
}

static void shape(const struct model_row *row, FILE *out)
{
    if (row->region) {
        region_shape(row, out);
        return;
    }
    fprintf(out, "%*s%-*s", INDENT, "", INDENT_LIST - INDENT, "cluster");
    if (!row->bytes) {
        fprintf(out, "formed before the trace began, or that record was lost\n");
        return;
    }
    fprintf(out, "%u instructions, %u exiting, %u bytes; formed %s\n", row->insns, row->exiting,
            row->bytes, times(row->formed).text);
}

static void first_line(const struct report *report, const struct model_row *row, size_t rank,
                       FILE *out)
{
    char name[80];

    fprintf(out, "#%-3zu %016" PRIx64, rank, row->rip);
    end_line(out, name_of(report->symbols, row->rip, name, sizeof(name)));
}

static void show_cluster(void *ctx, const struct report *report, const struct model_row *row,
                         size_t rank)
{
    FILE *out = ctx;

    fputc('\n', out);
    first_line(report, row, rank, out);
    fprintf(out, "%*s%-*s%s (%s), executions %s, instructions per execution %s", INDENT, "",
            INDENT_LIST - INDENT, "exits saved", format_count(row->avoided).text,
            format_percent(row->avoided, report->model->totals.avoided).text,
            format_count(row->executions).text,
            format_mean(row->executed_insns, row->executions).text);
    if (row->region)
        fprintf(out, ", cached %s", format_percent(row->cached, row->executions).text);
    fputc('\n', out);
    shape(row, out);
    vcpus(row, out);
    reasons(out, "ended", row->stops, EVENT_NR_STOPS, event_stop_name);
    reasons(out, "refused", row->refused, EVENT_NR_STOPS, event_stop_name);
    reasons(out, "discarded", row->discarded, EVENT_NR_DISCARDS, event_discard_name);
    code_and_stops(report, row, out);
}

static void show_site(void *ctx, const struct report *report, const struct model_row *row,
                      size_t rank)
{
    FILE *out = ctx;

    fputc('\n', out);
    first_line(report, row, rank, out);
    reasons(out, "refused", row->refused, EVENT_NR_STOPS, event_stop_name);
}

static void heading(FILE *out, const char *what, size_t all, size_t top)
{
    fprintf(out, "\n%s: ", what);
    if (all > top)
        fprintf(out, "the first %s of ", format_count(top).text);
    fprintf(out, "%s\n", format_count(all).text);
}

void report_text(const struct report *report, FILE *out)
{
    size_t clusters = report_nr_clusters(report);
    size_t sites = report->model->nr_rows - clusters;

    fprintf(out, "Clustered exits in %s", report->name);
    if (report->filter->on)
        fprintf(out, ", vCPU %s alone", format_vcpu(report->filter->vcpu).text);
    fputs("\n\n", out);
    damage(report->trace, out);
    loss(&report->model->totals, out);
    trace_section(report, out);
    fputc('\n', out);
    totals_section(report, out);
    batches_section(&report->model->totals.batches, out);
    heading(out, "Clusters by exits saved (* exiting instruction, <- executions stopped before it)",
            clusters, report->top);
    report_each(report, true, show_cluster, out);
    if (report->model->nr_mismatches) {
        heading(out, "Mismatches of verify mode", report->model->nr_mismatches, report->top);
        mismatches(report, out);
    }
    if (sites) {
        heading(out, "Sites that refused and had no cluster", sites, report->top);
        report_each(report, false, show_site, out);
    }
}
