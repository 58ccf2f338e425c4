/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_code.c - code and the stops in it, for people.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "disasm.h"
#include "format.h"
#include "report_text.h"

enum {
    STOPS_AT = 84,              /* column of the stops beside an instruction */
    SHOWN_TARGETS = 8,
};

/* The stops at one instruction, to the right of its @columns columns. */
static void stops_at(struct stops *stops, uint64_t rip, int columns, FILE *out)
{
    bool first = true;
    size_t i;

    for (i = 0; i < stops->nr; i++) {
        if (stops->shown[i] || stops->places[i]->rip != rip)
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

void code_text(const char *head, const uint8_t *bytes, const struct disasm_insn *insn,
               uint64_t rip, struct stops *stops, FILE *out)
{
    char hex[2 * CLUSTER_MAX_INSN_BYTES + 1];
    int columns;

    hex_bytes(bytes, insn->length, hex);
    columns = fprintf(out, "%*s%s %-22s %c %s", INDENT, "", head, hex,
                      insn->exiting ? '*' : ' ', insn->text);
    if (stops)
        stops_at(stops, rip, columns, out);
    fputc('\n', out);
}

static void code_line(const struct model_row *row, unsigned int offset,
                      const struct disasm_insn *insn, struct stops *stops, FILE *out)
{
    char head[16];

    snprintf(head, sizeof(head), "+%-4x", offset);
    code_text(head, row->code + offset, insn, row->rip + offset, stops, out);
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

const char *name_of(const struct symbols *symbols, uint64_t rip, char *to, size_t size)
{
    const struct symbol *symbol = symbols_find_text(symbols, rip);

    return symbol ? symbols_format(symbol, rip, to, size) : "";
}

void end_line(FILE *out, const char *text)
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

void code_and_stops(const struct report *report, const struct model_row *row, FILE *out)
{
    struct stops stops;

    stops.places = report_places(row, &stops.nr);
    stops.shown = calloc(stops.nr + 1, sizeof(*stops.shown));
    if (stops.shown) {
        if (row->region)
            region_code(report, row, &stops, out);
        else
            code(row, report->symbols, &stops, out);
        stops_elsewhere(&stops, report->symbols, out);
    }
    free(stops.shown);
    free(stops.places);
}
