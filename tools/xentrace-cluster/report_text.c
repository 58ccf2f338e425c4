/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report for people: at most WIDTH columns, most important things first.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "disasm.h"
#include "format.h"
#include "report.h"

enum {
    WIDTH = 110,
    LABEL = 36,                 /* of a line of the totals */
    INDENT = 5,                 /* of what is below a cluster's first line */
    INDENT_LIST = 17,           /* of a list's items */
    STOPS_AT = 84,              /* column of the stops beside an instruction */
    SHOWN_VCPUS = 8,
    SHOWN_TARGETS = 8,
};

/* ---- totals ---- */

static void total(FILE *out, const char *label, uint64_t n, const char *remark)
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

static void totals_section(const struct report *report, FILE *out)
{
    const struct model_totals *totals = &report->model->totals;
    char remark[128];

    total(out, "Clusters, by site and code", report_nr_clusters(report), "");
    total(out, "  formed, on all vCPUs", totals->formed, "");
    total(out, "Executions", totals->executions, "");
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

struct list {
    FILE *out;
    int column;                 /* 0: nothing written yet */
    const char *label;
};

static void list_item(struct list *list, const char *item)
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

static void list_end(struct list *list)
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

/* ---- code ---- */

/* A row's stops, consumed in the order of their addresses. */
struct stops {
    const struct model_place **places;
    size_t nr;
    bool *shown;
};

/* The stops at one instruction, to the right of its @columns columns. */
static void stops_at(struct stops *stops, uint64_t rip, int columns, FILE *out)
{
    bool first = true;
    size_t i;

    for (i = 0; i < stops->nr; i++) {
        if (stops->places[i]->rip != rip)
            continue;
        if (first)
            fprintf(out, "%*s<- ", columns < STOPS_AT ? STOPS_AT - columns : 1, "");
        fprintf(out, "%s%s %s", first ? "" : ", ", event_stop_name(stops->places[i]->reason),
                format_count(stops->places[i]->count).text);
        stops->shown[i] = true;
        first = false;
    }
}

static void hex_bytes(const uint8_t *bytes, unsigned int nr, char *to)
{
    unsigned int i;

    *to = '\0';
    for (i = 0; i < nr; i++)
        to += sprintf(to, "%02x", bytes[i]);
}

static void code_line(const struct model_row *row, unsigned int offset,
                      const struct disasm_insn *insn, struct stops *stops, FILE *out)
{
    char hex[2 * CLUSTER_MAX_INSN_BYTES + 1];
    int columns;

    hex_bytes(row->code + offset, insn->length, hex);
    columns = fprintf(out, "%*s+%-4x %-22s %c %s", INDENT, "", offset, hex,
                      insn->exiting ? '*' : ' ', insn->text);
    stops_at(stops, row->rip + offset, columns, out);
    fputc('\n', out);
}

static void code(const struct model_row *row, const struct symbols *symbols, struct stops *stops,
                 FILE *out)
{
    struct disasm_insn insn;
    unsigned int offset;

    if (!row->code) {
        fprintf(out, "%*scode not in the trace\n", INDENT, "");
        return;
    }
    for (offset = 0; offset < row->bytes; offset += insn.length) {
        disasm(row->code + offset, row->bytes - offset, row->rip + offset, symbols, &insn);
        code_line(row, offset, &insn, stops, out);
    }
}

static const char *name_of(const struct symbols *symbols, uint64_t rip, char *to, size_t size)
{
    const struct symbol *symbol = symbols_find_text(symbols, rip);

    return symbol ? symbols_format(symbol, rip, to, size) : "";
}

/* The rest of a line: nothing, or two spaces and @text. */
static void end_line(FILE *out, const char *text)
{
    fprintf(out, "%s%s\n", *text ? "  " : "", text);
}

/* Stops at none of the instructions shown: mostly where branches led to. */
static void stops_elsewhere(const struct stops *stops, const struct symbols *symbols, FILE *out)
{
    size_t i, shown = 0, hidden = 0;
    char name[64];

    for (i = 0; i < stops->nr; i++) {
        if (stops->shown[i])
            continue;
        if (shown++ >= SHOWN_TARGETS) {
            hidden++;
            continue;
        }
        fprintf(out, "%*sto %016" PRIx64 "  %s %s", INDENT, "", stops->places[i]->rip,
                event_stop_name(stops->places[i]->reason),
                format_count(stops->places[i]->count).text);
        end_line(out, name_of(symbols, stops->places[i]->rip, name, sizeof(name)));
    }
    if (hidden)
        fprintf(out, "%*sand to %s more places\n", INDENT, "", format_count(hidden).text);
}

static void code_and_stops(const struct model_row *row, const struct symbols *symbols, FILE *out)
{
    struct stops stops;

    stops.places = report_places(row, &stops.nr);
    stops.shown = calloc(stops.nr + 1, sizeof(*stops.shown));
    if (stops.shown) {
        code(row, symbols, &stops, out);
        stops_elsewhere(&stops, symbols, out);
    }
    free(stops.shown);
    free(stops.places);
}

/* ---- clusters ---- */

static struct format times(uint64_t n)
{
    struct format out;

    snprintf(out.text, sizeof(out.text), n == 1 ? "once" : "%.27s times", format_count(n).text);
    return out;
}

static void shape(const struct model_row *row, FILE *out)
{
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
    fprintf(out, "%*s%-*s%s (%s), executions %s, instructions per execution %s\n", INDENT, "",
            INDENT_LIST - INDENT, "exits saved", format_count(row->avoided).text,
            format_percent(row->avoided, report->model->totals.avoided).text,
            format_count(row->executions).text,
            format_mean(row->executed_insns, row->executions).text);
    shape(row, out);
    vcpus(row, out);
    reasons(out, "ended", row->stops, EVENT_NR_STOPS, event_stop_name);
    reasons(out, "refused", row->refused, EVENT_NR_STOPS, event_stop_name);
    reasons(out, "discarded", row->discarded, EVENT_NR_DISCARDS, event_discard_name);
    code_and_stops(row, report->symbols, out);
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
    heading(out, "Clusters by exits saved (* exiting instruction, <- executions stopped before it)",
            clusters, report->top);
    report_each(report, true, show_cluster, out);
    if (sites) {
        heading(out, "Sites that refused and had no cluster", sites, report->top);
        report_each(report, false, show_site, out);
    }
}
