/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>

#include "dump.h"
#include "format.h"
#include "json.h"

/* ---- text ---- */

void dump_heading(const struct dump *dump)
{
    if (!dump->json)
        fprintf(dump->out, "%4s %18s  %-9s %-6s %-16s  %s\n", "cpu", "tsc", "event", "vcpu",
                "site", "details");
}

static void text_bytes(const uint8_t *bytes, unsigned int nr, FILE *out)
{
    unsigned int i;

    for (i = 0; i < nr; i++)
        fprintf(out, "%02x", bytes[i]);
}

static void text_batch(const struct event *event, FILE *out)
{
    const char *before = "; anew ";
    unsigned int bit;

    fprintf(out, "written %u, fetched %u", event->batch.written, event->batch.fetched);
    if (event->batch.inputs == NVMX_INPUT_ALL) {
        fprintf(out, "%sall", before);
        return;
    }
    for (bit = 0; bit < EVENT_NR_INPUTS; bit++) {
        if (!(event->batch.inputs >> bit & 1))
            continue;
        fprintf(out, "%s%s", before, event_input_name(bit));
        before = ", ";
    }
}

static void text_fields(const struct event *event, FILE *out)
{
    switch (event->kind) {
    case EVENT_FORMED:
        fprintf(out, "insns %u, exiting %u, bytes %u", event->formed.insns,
                event->formed.exiting, event->formed.bytes);
        break;
    case EVENT_CODE:
        fprintf(out, "+%-3x ", event->code.offset);
        text_bytes(event->code.bytes, NVMX_TRC_CODE_BYTES, out);
        break;
    case EVENT_EXECUTED:
        fprintf(out, "insns %u, exiting %u, %s, mode %s%s%s", event->executed.insns,
                event->executed.exiting, event_stop_name(event->executed.stop),
                event_mode_name(event->executed.mode), event->executed.cached ? ", cached" : "",
                event->executed.entered ? ", at a virtual exit" : "");
        break;
    case EVENT_SEGMENT:
        fprintf(out, "%u%s: insns %u, exiting %u, bytes %u, translation %" PRIu32,
                event->segment.number, event->segment.first ? ", first" : "",
                event->segment.insns, event->segment.exiting, event->segment.bytes,
                event->segment.host_bytes);
        break;
    case EVENT_PIECE:
        fprintf(out, "of %u: ", event->piece.segment);
        text_bytes(event->piece.bytes, event->piece.nr, out);
        break;
    case EVENT_MISMATCH:
        fprintf(out, "%s 0x%" PRIx64 ", bytes %u, after insns %" PRIu32,
                event_differs_name(event->mismatch.what), event->mismatch.where,
                event->mismatch.width, event->mismatch.insns);
        break;
    case EVENT_VALUES:
        fprintf(out, "predicted 0x%" PRIx64 ", in fact 0x%" PRIx64, event->values.expected,
                event->values.actual);
        break;
    case EVENT_STOPPED:
        fprintf(out, "%s at %016" PRIx64 "%s", event_stop_name(event->stopped.reason),
                event->stopped.rip, event_refused(event) ? ", refused" : "");
        break;
    case EVENT_DISCARDED:
        fprintf(out, "%s, %" PRIu32, event_discard_name(event->discarded.reason),
                event->discarded.count);
        break;
    case EVENT_BATCH:
        text_batch(event, out);
        break;
    case EVENT_LOST:
        fprintf(out, "%" PRIu32 " RECORDS LOST since tsc %" PRIu64, event->lost.count,
                event->lost.since);
        break;
    default:
        break;
    }
}

static void text_symbol(const struct dump *dump, const struct event *event)
{
    const struct symbol *symbol = symbols_find_text(dump->symbols, event->rip);
    char name[96];

    if (symbol)
        fprintf(dump->out, "  %s", symbols_format(symbol, event->rip, name, sizeof(name)));
}

static void text_event(const struct dump *dump, const struct event *event)
{
    fprintf(dump->out, "%4s %18" PRIu64 "  %-9s %-6s ", format_cpu(event->cpu).text, event->tsc,
            event_kind_name(event->kind), format_vcpu(event->vcpu).text);
    if (event->kind == EVENT_LOST)
        fprintf(dump->out, "%-16s  ", "-");
    else
        fprintf(dump->out, "%016" PRIx64 "  ", event->rip);
    text_fields(event, dump->out);
    text_symbol(dump, event);
    fputc('\n', dump->out);
}

/* ---- JSON ---- */

static json_t *json_inputs(unsigned int inputs)
{
    json_t *array = json_array();
    unsigned int bit;

    for (bit = 0; bit < EVENT_NR_INPUTS; bit++) {
        if (inputs >> bit & 1)
            json_array_append_new(array, json_string(event_input_name(bit)));
    }
    return array;
}

static json_t *json_fields(const struct event *event)
{
    switch (event->kind) {
    case EVENT_FORMED:
        return json_pack("{s:i, s:i, s:i}", "instructions", event->formed.insns,
                         "exiting", event->formed.exiting, "bytes", event->formed.bytes);
    case EVENT_CODE:
        return json_pack("{s:i, s:o}", "code_offset", event->code.offset,
                         "code", json_bytes(event->code.bytes, NVMX_TRC_CODE_BYTES));
    case EVENT_EXECUTED:
        return json_pack("{s:i, s:i, s:s, s:s, s:b, s:b}", "instructions", event->executed.insns,
                         "exiting", event->executed.exiting,
                         "stop", event_stop_name(event->executed.stop),
                         "mode", event_mode_name(event->executed.mode),
                         "cached", event->executed.cached,
                         "at_virtual_exit", event->executed.entered);
    case EVENT_SEGMENT:
        return json_pack("{s:i, s:b, s:i, s:i, s:i, s:o}", "segment", event->segment.number,
                         "first", event->segment.first, "instructions", event->segment.insns,
                         "exiting", event->segment.exiting, "bytes", event->segment.bytes,
                         "host_bytes", json_count(event->segment.host_bytes));
    case EVENT_PIECE:
        return json_pack("{s:i, s:o}", "segment", event->piece.segment,
                         "code", json_bytes(event->piece.bytes, event->piece.nr));
    case EVENT_MISMATCH:
        return json_pack("{s:s, s:o, s:i, s:o}",
                         "differs", event_differs_name(event->mismatch.what),
                         "where", json_hex(event->mismatch.where),
                         "bytes", event->mismatch.width,
                         "instructions", json_count(event->mismatch.insns));
    case EVENT_VALUES:
        return json_pack("{s:o, s:o}", "expected", json_hex(event->values.expected),
                         "actual", json_hex(event->values.actual));
    case EVENT_STOPPED:
        return json_pack("{s:s, s:o, s:b}", "reason", event_stop_name(event->stopped.reason),
                         "stop_rip", json_hex(event->stopped.rip),
                         "refused", event_refused(event));
    case EVENT_DISCARDED:
        return json_pack("{s:s, s:o}", "reason", event_discard_name(event->discarded.reason),
                         "count", json_count(event->discarded.count));
    case EVENT_BATCH:
        return json_pack("{s:i, s:i, s:o}", "written", event->batch.written,
                         "fetched", event->batch.fetched,
                         "inputs", json_inputs(event->batch.inputs));
    case EVENT_LOST:
        return json_pack("{s:o, s:o}", "count", json_count(event->lost.count),
                         "since", json_hex(event->lost.since));
    default:
        return json_object();
    }
}

static json_t *json_site(const struct dump *dump, const struct event *event)
{
    if (event->kind == EVENT_LOST)
        return json_object();
    return json_pack("{s:o, s:o}", "rip", json_hex(event->rip),
                     "symbol", json_symbol(dump->symbols, event->rip));
}

static void json_event(const struct dump *dump, const struct event *event)
{
    json_t *line = json_pack("{s:o, s:o, s:o, s:s, s:i, s:i}",
                             "file_offset", json_count(event->offset),
                             "cpu", json_cpu(event->cpu),
                             "tsc", json_hex(event->tsc),
                             "event", event_kind_name(event->kind),
                             "domain", (int)event_domain(event->vcpu),
                             "vcpu", (int)event_vcpu_id(event->vcpu));

    json_object_update_new(line, json_site(dump, event));
    json_object_update_new(line, json_fields(event));
    json_write(line, JSON_COMPACT, dump->out);
}

void dump_event(void *ctx, const struct event *event)
{
    const struct dump *dump = ctx;

    if (dump->json)
        json_event(dump, event);
    else
        text_event(dump, event);
}
