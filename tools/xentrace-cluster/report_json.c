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

enum { SCHEMA = 1, DIGITS = 6 };

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

/* The numbers of fields that batches moved; where there was no batch, null. */
static json_t *spread_object(const struct spread *spread, uint64_t batches)
{
    json_t *histogram = json_object();
    unsigned int n;
    uint64_t count;

    for (n = 0; n < SPREAD_CLASSES; n++) {
        count = spread_class(spread, n);
        if (count)
            json_object_set_new(histogram, spread_class_name(n).text, json_count(count));
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:o}",
                     "sum", json_count(spread->sum),
                     "mean", batches ? json_real((double)spread->sum / batches) : json_null(),
                     "median", batches ? json_count(spread_median(spread)) : json_null(),
                     "max", batches ? json_count(spread_max(spread)) : json_null(),
                     "histogram", histogram);
}

static json_t *batches_object(const struct batches *batches)
{
    return json_pack("{s:o, s:o, s:o, s:o}",
                     "count", json_count(batches->nr),
                     "written", spread_object(&batches->written, batches->nr),
                     "fetched", spread_object(&batches->fetched, batches->nr),
                     "inputs", breakdown(batches->inputs, EVENT_NR_INPUTS, event_input_name,
                                         true));
}

static json_t *totals_object(const struct report *report)
{
    const struct model_totals *totals = &report->model->totals;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "lost_records", json_count(totals->lost),
                     "lost_gaps", json_count(totals->gaps),
                     "formed", json_count(totals->formed),
                     "segments", json_count(totals->segments),
                     "executions", json_count(totals->executions),
                     "cached", json_count(totals->cached),
                     "modes", breakdown(totals->modes, EVENT_NR_MODES, event_mode_name, true),
                     "mismatches", json_count(totals->mismatches),
                     "exits_avoided", json_count(totals->avoided),
                     "instructions", json_count(totals->executed_insns),
                     "stops", stops(totals->stops, true),
                     "refused", stops(totals->refused, true),
                     "discarded", discards(totals->discarded, true),
                     "batches", batches_object(&totals->batches));
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

static json_t *disassembly(const struct report *report, const uint8_t *code, unsigned int bytes,
                           uint64_t rip)
{
    json_t *array = json_array();
    struct disasm_insn insn;
    unsigned int offset;

    for (offset = 0; offset < bytes; offset += insn.length) {
        disasm(code + offset, bytes - offset, rip + offset, report->symbols, &insn);
        json_array_append_new(array, json_pack("{s:i, s:o, s:s, s:b}",
                                               "offset", (int)offset,
                                               "bytes", json_bytes(code + offset, insn.length),
                                               "text", insn.text, "exiting", insn.exiting));
    }
    return array;
}

static json_t *runs(const struct report *report, const struct model_segment *segment)
{
    json_t *array = json_array();
    const struct model_run *run;
    size_t i;

    for (i = 0; i < segment->nr_runs; i++) {
        run = &segment->runs[i];
        json_array_append_new(array,
                              json_pack("{s:o, s:o, s:o, s:o}",
                                        "rip", json_hex(run->rip),
                                        "symbol", json_symbol(report->symbols, run->rip),
                                        "code", json_bytes(segment->code + run->offset,
                                                           run->bytes),
                                        "disassembly",
                                        disassembly(report, segment->code + run->offset,
                                                    run->bytes, run->rip)));
    }
    return array;
}

static json_t *segments(const struct report *report, const struct model_row *row)
{
    json_t *array = json_array();
    const struct model_segment *segment;

    for (segment = row->segments; segment; segment = segment->next)
        json_array_append_new(array,
                              json_pack("{s:b, s:i, s:i, s:i, s:o, s:o, s:b, s:o}",
                                        "first", segment->first,
                                        "instructions", (int)segment->insns,
                                        "exiting", (int)segment->exiting,
                                        "bytes", (int)segment->bytes,
                                        "host_bytes", json_count(segment->host_bytes),
                                        "recorded", json_count(segment->recorded),
                                        "whole", segment->whole,
                                        "runs", runs(report, segment)));
    return array;
}

/* The instructions, exiting ones and bytes of a static cluster; of a region, in all segments. */
static struct model_size size_of(const struct model_row *row)
{
    if (row->region)
        return model_region_size(row);
    return (struct model_size){ .insns = row->insns, .exiting = row->exiting,
                                .bytes = row->bytes };
}

static json_t *cluster_object(const struct report *report, const struct model_row *row,
                              size_t rank)
{
    struct model_size size = size_of(row);

    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o,"
                     " s:o, s:o, s:o, s:o, s:o}",
                     "rank", json_count(rank),
                     "kind", row->region ? "region" : "static",
                     "rip", json_hex(row->rip),
                     "symbol", json_symbol(report->symbols, row->rip),
                     "cluster_instructions", json_count(size.insns),
                     "cluster_exiting", json_count(size.exiting),
                     "cluster_bytes", json_count(size.bytes),
                     "formed", json_count(row->formed),
                     "executions", json_count(row->executions),
                     "cached", json_count(row->cached),
                     "exits_avoided", json_count(row->avoided),
                     "instructions", json_count(row->executed_insns),
                     "vcpus", vcpus(row),
                     "stops", stops(row->stops, false),
                     "refused", stops(row->refused, false),
                     "discarded", discards(row->discarded, false),
                     "stopped_at", places(report, row),
                     "code", row->code ? json_bytes(row->code, row->bytes) : json_null(),
                     "disassembly", row->code ? disassembly(report, row->code, row->bytes, row->rip)
                                              : json_null(),
                     "segments", segments(report, row));
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

static json_t *mismatch_object(const struct report *report, const struct model_mismatch *mismatch)
{
    return json_pack("{s:o, s:o, s:o, s:o, s:s, s:i, s:o, s:o, s:o, s:o}",
                     "site", json_hex(mismatch->row->rip),
                     "rip", json_hex(mismatch->rip),
                     "symbol", json_symbol(report->symbols, mismatch->rip),
                     "instructions", json_count(mismatch->insns),
                     "differs", event_differs_name(mismatch->what),
                     "bytes", (int)mismatch->width,
                     "where", json_hex(mismatch->where),
                     "expected", json_hex(mismatch->expected),
                     "actual", json_hex(mismatch->actual),
                     "count", json_count(mismatch->count));
}

static json_t *mismatch_list(const struct report *report)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < report->model->nr_mismatches && i < report->top; i++)
        json_array_append_new(array, mismatch_object(report, report->model->mismatches[i]));
    return array;
}

static json_t *filter_value(const struct trace_filter *filter)
{
    return filter->on ? json_string(format_vcpu(filter->vcpu).text) : json_null();
}

void report_json(const struct report *report, FILE *out)
{
    size_t clusters = report_nr_clusters(report);
    json_t *root = json_pack("{s:i, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                             "schema", SCHEMA,
                             "file", json_text(report->name),
                             "damage", damage(report->trace),
                             "vcpu_filter", filter_value(report->filter),
                             "trace", trace_object(report->trace),
                             "totals", totals_object(report),
                             "nr_clusters", json_count(clusters),
                             "clusters", listed(report, true, add_cluster),
                             "nr_mismatches", json_count(report->model->nr_mismatches),
                             "mismatches", mismatch_list(report),
                             "nr_refusing_sites", json_count(report->model->nr_rows - clusters),
                             "refusing_sites", listed(report, false, add_site));

    json_write(root, JSON_INDENT(2) | JSON_REAL_PRECISION(DIGITS), out);
}
