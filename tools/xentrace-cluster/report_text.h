/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_text.h - what the files of the report for people share.
 */
#ifndef XC_REPORT_TEXT_H
#define XC_REPORT_TEXT_H

#include "disasm.h"
#include "format.h"
#include "report.h"

enum {
    INDENT = 5,                 /* of what is below a cluster's first line */
    INDENT_LIST = 17,           /* of a list's items */
};

/* A line of the totals. */
void total(FILE *out, const char *label, uint64_t n, const char *remark);

/* A list that wraps: "ended        complete 12 (60.0%), memory 8 (40.0%)". */
struct list {
    FILE *out;
    int column;                 /* 0: nothing written yet */
    const char *label;
};

void list_item(struct list *list, const char *item);
void list_end(struct list *list);

/* "once", or "5 times". */
struct format times(uint64_t n);

/* The symbol of an address in @to, or "". */
const char *name_of(const struct symbols *symbols, uint64_t rip, char *to, size_t size);

/* The rest of a line: nothing, or two spaces and @text. */
void end_line(FILE *out, const char *text);

/* A row's stops; each is shown once. */
struct stops {
    const struct model_place **places;
    size_t nr;
    bool *shown;
};

/* One instruction: @head, bytes, text, and the stops at @rip; @stops may be NULL. */
void code_text(const char *head, const uint8_t *bytes, const struct disasm_insn *insn,
               uint64_t rip, struct stops *stops, FILE *out);

/* A row's code with its stops, and where else it stopped. */
void code_and_stops(const struct report *report, const struct model_row *row, FILE *out);

/* report_batches.c */
void batches_section(const struct batches *batches, FILE *out);

/* report_regions.c */
void region_shape(const struct model_row *row, FILE *out);
void region_code(const struct report *report, const struct model_row *row, struct stops *stops,
                 FILE *out);
void mismatches(const struct report *report, FILE *out);

#endif /* XC_REPORT_TEXT_H */
