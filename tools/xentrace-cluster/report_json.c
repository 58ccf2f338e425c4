/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The report for programs; its keys are described in README.md.
 */
#include <jansson.h>
#include <stdlib.h>

#include "disasm.h"
#include "format.h"
#include "json.h"
#include "report.h"

enum { SCHEMA = 1 };

/* Parts that are 0 are left out unless @all. */
static json_t *breakdown(const uint64_t *parts, unsigned int nr, const char *(*name)(unsigned int),
                         bool all)
{
    json_t *object = json_object();
    unsigned int i;

    for (i = 0; i < nr; i++) {
        if (parts[i] || all)
            json_object_set_new(object, name(i), json_count(parts[i]));
    }
    return object;
}

static json_t *stops(const uint64_t *parts, bool all)
{
    return breakdown(parts, EVENT_NR_STOPS, event_stop_name, all);
}

static json_t *discards(const uint64_t *parts, bool all)
{
    return breakdown(parts, EVENT_NR_DISCARDS, event_discard_name, all);
}

static json_t *cpus(const struct trace *trace)
{
    json_t *array = json_array();
    unsigned int cpu;

    for (cpu = 0; cpu <= READER_MAX_CPUS; cpu++) {
        if (trace->cpus[cpu])
            json_array_append_new(array, json_cpu(cpu));
    }
    return array;
}

static json_t *damage(const struct trace *trace)
{
    if (trace->end != READER_DAMAGED)
        return json_null();
    return json_pack("{s:o, s:s}", "offset", json_count(trace->damage_offset), "what",
                     reader_damage_text(trace->damage));
}

static json_t *trace_object(const struct trace *trace)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "records", json_count(trace->records),
                     "cluster_records", json_count(trace->cluster),
                     "filtered_records", json_count(trace->filtered),
                     "unknown_cluster_records", json_count(trace->newer),
                     "other_records", json_count(trace->foreign),
                     "malformed_records", json_count(trace->malformed),
                     "padding_bytes", json_count(trace->padding),
                     "cpus", cpus(trace),
                     "cycles", json_count(trace->times.cycles),
                     "tsc_jitters", json_count(trace->times.jitters),
                     "tsc_resets", json_count(trace->times.resets),
                     "events_out_of_order", json_count(trace->times.late));
}

static json_t *totals_object(const struct report *report)
{
    const struct model_totals *totals = &report->model->totals;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "lost_records", json_count(totals->lost),
                     "lost_gaps", json_count(totals->gaps),
                     "formed", json_count(totals->formed),
                     "executions", json_count(totals->executions),
                     "exits_avoided", json_count(totals->avoided),
                     "instructions", json_count(totals->executed_insns),
                     "stops", stops(totals->stops, true),
                     "refused", stops(totals->refused, true),
                     "discarded", discards(totals->discarded, true));
}

static json_t *vcpus(const struct model_row *row)
{
    json_t *array = json_array();
    size_t nr, i;
    const struct model_vcpu **list = report_vcpus(row, &nr);

    for (i = 0; i < nr; i++)
        json_array_append_new(array, json_pack("{s:i, s:i, s:o}",
                                               "domain", (int)event_domain(list[i]->vcpu),
                                               "vcpu", (int)event_vcpu_id(list[i]->vcpu),
                                               "executions", json_count(list[i]->executions)));
    free(list);
    return array;
}

static json_t *places(const struct report *report, const struct model_row *row)
{
    json_t *array = json_array();
    size_t nr, i;
    const struct model_place **list = report_places(row, &nr);

    for (i = 0; i < nr; i++)
        json_array_append_new(array, json_pack("{s:o, s:o, s:s, s:o}",
                                               "rip", json_hex(list[i]->rip),
                                               "symbol", json_symbol(report->symbols,
                                                                     list[i]->rip),
                                               "reason", event_stop_name(list[i]->reason),
                                               "count", json_count(list[i]->count)));
    free(list);
    return array;
}

static json_t *disassembly(const struct report *report, const struct model_row *row)
{
    json_t *array = json_array();
    struct disasm_insn insn;
    unsigned int offset;

    for (offset = 0; offset < row->bytes; offset += insn.length) {
        disasm(row->code + offset, row->bytes - offset, row->rip + offset, report->symbols,
               &insn);
        json_array_append_new(array, json_pack("{s:i, s:o, s:s, s:b}",
                                               "offset", (int)offset,
                                               "bytes", json_bytes(row->code + offset,
                                                                   insn.length),
                                               "text", insn.text, "exiting", insn.exiting));
    }
    return array;
}

static json_t *cluster_object(const struct report *report, const struct model_row *row,
                              size_t rank)
{
    return json_pack("{s:o, s:o, s:o, s:i, s:i, s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
                     " s:o, s:o}",
                     "rank", json_count(rank),
                     "rip", json_hex(row->rip),
                     "symbol", json_symbol(report->symbols, row->rip),
                     "cluster_instructions", (int)row->insns,
                     "cluster_exiting", (int)row->exiting,
                     "cluster_bytes", (int)row->bytes,
                     "formed", json_count(row->formed),
                     "executions", json_count(row->executions),
                     "exits_avoided", json_count(row->avoided),
                     "instructions", json_count(row->executed_insns),
                     "vcpus", vcpus(row),
                     "stops", stops(row->stops, false),
                     "refused", stops(row->refused, false),
                     "discarded", discards(row->discarded, false),
                     "stopped_at", places(report, row),
                     "code", row->code ? json_bytes(row->code, row->bytes) : json_null(),
                     "disassembly", row->code ? disassembly(report, row) : json_null());
}

static void add_cluster(void *ctx, const struct report *report, const struct model_row *row,
                        size_t rank)
{
    json_array_append_new(ctx, cluster_object(report, row, rank));
}

static void add_site(void *ctx, const struct report *report, const struct model_row *row,
                     size_t rank)
{
    (void)rank;
    json_array_append_new(ctx, json_pack("{s:o, s:o, s:o, s:o}",
                                         "rip", json_hex(row->rip),
                                         "symbol", json_symbol(report->symbols, row->rip),
                                         "vcpus", vcpus(row),
                                         "refused", stops(row->refused, false)));
}

static json_t *listed(const struct report *report, bool clusters, report_show *add)
{
    json_t *array = json_array();

    report_each(report, clusters, add, array);
    return array;
}

static json_t *filter_value(const struct trace_filter *filter)
{
    return filter->on ? json_string(format_vcpu(filter->vcpu).text) : json_null();
}

void report_json(const struct report *report, FILE *out)
{
    size_t clusters = report_nr_clusters(report);
    json_t *root = json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                             "schema", SCHEMA,
                             "file", json_text(report->name),
                             "damage", damage(report->trace),
                             "vcpu_filter", filter_value(report->filter),
                             "trace", trace_object(report->trace),
                             "totals", totals_object(report),
                             "nr_clusters", json_count(clusters),
                             "clusters", listed(report, true, add_cluster),
                             "nr_refusing_sites", json_count(report->model->nr_rows - clusters),
                             "refusing_sites", listed(report, false, add_site));

    json_write(root, JSON_INDENT(2), out);
}
