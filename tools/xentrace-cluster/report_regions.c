/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_regions.c - regions by their segments, and the mismatches of verify mode.
 */
#include <inttypes.h>

#include "report_text.h"

enum {
    /* Instructions shown before the one that a mismatch was predicted at. */
    CONTEXT = 6,
};

void region_shape(const struct model_row *row, FILE *out)
{
    struct model_size size = model_region_size(row);

    fprintf(out, "%*s%-*s", INDENT, "", INDENT_LIST - INDENT, "region");
    if (!size.segments) {
        fprintf(out, "formed before the trace began, or that record was lost\n");
        return;
    }
    fprintf(out, "%s segment%s, %s instructions, %s exiting, %s bytes",
            format_count(size.segments).text, size.segments == 1 ? "" : "s",
            format_count(size.insns).text, format_count(size.exiting).text,
            format_count(size.bytes).text);
    if (size.host_bytes)
        fprintf(out, ", translation %s bytes", format_count(size.host_bytes).text);
    fprintf(out, "; formed %s\n", times(row->formed).text);
}

/* ---- code ---- */

/* Lines of code that may still be shown for a region. */
struct quota {
    size_t left;
    uint64_t hidden;
};

static void segment_line(const struct model_segment *segment, unsigned int number, FILE *out)
{
    fprintf(out, "%*ssegment %u, %s: %u instructions, %u exiting, %u bytes; recorded %s%s\n",
            INDENT, "", number, segment->first ? "from the site" : "grown from an edge",
            segment->insns, segment->exiting, segment->bytes, times(segment->recorded).text,
            segment->whole ? "" : "; parts of it lost");
}

static void run_line(const struct report *report, const struct model_run *run, FILE *out)
{
    char name[80];

    fprintf(out, "%*s%016" PRIx64, INDENT, "", run->rip);
    end_line(out, name_of(report->symbols, run->rip, name, sizeof(name)));
}

static unsigned int insn_at(const struct report *report, const struct model_segment *segment,
                            const struct model_run *run, uint32_t offset,
                            struct disasm_insn *insn)
{
    disasm(segment->code + run->offset + offset, run->bytes - offset, run->rip + offset,
           report->symbols, insn);
    return insn->length;
}

static void run_code(const struct report *report, const struct model_segment *segment,
                     const struct model_run *run, struct stops *stops, struct quota *quota,
                     FILE *out)
{
    struct disasm_insn insn;
    uint32_t offset;
    char head[16];

    if (quota->left)
        run_line(report, run, out);
    for (offset = 0; offset < run->bytes; offset += insn.length) {
        insn_at(report, segment, run, offset, &insn);
        if (!quota->left) {
            quota->hidden++;
            continue;
        }
        quota->left--;
        snprintf(head, sizeof(head), "+%-4" PRIx32, offset);
        code_text(head, segment->code + run->offset + offset, &insn, run->rip + offset, stops,
                  out);
    }
}

void region_code(const struct report *report, const struct model_row *row, struct stops *stops,
                 FILE *out)
{
    struct quota quota = { .left = report->insns ? report->insns : SIZE_MAX };
    const struct model_segment *segment;
    unsigned int number = 0;
    size_t i;

    for (segment = row->segments; segment; segment = segment->next) {
        number++;
        if (quota.left)
            segment_line(segment, number, out);
        for (i = 0; i < segment->nr_runs; i++)
            run_code(report, segment, &segment->runs[i], stops, &quota, out);
    }
    if (quota.hidden)
        fprintf(out, "%*sand %s more instructions (--insns 0 shows all)\n", INDENT, "",
                format_count(quota.hidden).text);
}

/* ---- mismatches ---- */

static const char *const gpr_names[CLUSTER_NR_GPRS] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

static void what_differs(const struct model_mismatch *mismatch, FILE *out)
{
    const char *name = event_differs_name(mismatch->what);

    switch (mismatch->what) {
    case NVMX_TRC_DIFFERS_GPR:
        fprintf(out, "%s %s", name, mismatch->where < CLUSTER_NR_GPRS
                                        ? gpr_names[mismatch->where] : "?");
        break;
    case NVMX_TRC_DIFFERS_MEMORY:
        fprintf(out, "%s at %016" PRIx64 ", %u bytes", name, mismatch->where, mismatch->width);
        break;
    case NVMX_TRC_DIFFERS_FIELD:
    case NVMX_TRC_DIFFERS_MSR:
        fprintf(out, "%s 0x%" PRIx64, name, mismatch->where);
        break;
    default:
        fputs(name, out);
        break;
    }
}

/* Where in the region the predicted RIP is; false: in no code that the trace has. */
static bool find_run(const struct model_mismatch *mismatch, const struct model_segment **segment,
                     const struct model_run **run)
{
    size_t i;

    for (*segment = mismatch->row->segments; *segment; *segment = (*segment)->next) {
        for (i = 0; i < (*segment)->nr_runs; i++) {
            *run = &(*segment)->runs[i];
            if (mismatch->rip - (*run)->rip < (*run)->bytes)
                return true;
        }
    }
    return false;
}

/* The offset in the run from which at most CONTEXT instructions lead to @end. */
static uint32_t context_start(const struct report *report, const struct model_segment *segment,
                              const struct model_run *run, uint64_t end)
{
    uint32_t starts[CONTEXT] = { 0 }, offset = 0;
    struct disasm_insn insn;
    unsigned int nr = 0;

    while (offset < end) {
        starts[nr++ % CONTEXT] = offset;
        offset += insn_at(report, segment, run, offset, &insn);
    }
    return nr < CONTEXT ? 0 : starts[nr % CONTEXT];
}

static void context(const struct report *report, const struct model_mismatch *mismatch, FILE *out)
{
    const struct model_segment *segment;
    const struct model_run *run;
    struct disasm_insn insn;
    uint32_t offset;
    uint64_t end;
    char head[16];

    if (!find_run(mismatch, &segment, &run)) {
        fprintf(out, "%*scode not in the trace\n", INDENT, "");
        return;
    }
    end = mismatch->rip - run->rip;
    run_line(report, run, out);
    for (offset = context_start(report, segment, run, end); offset <= end; offset += insn.length) {
        insn_at(report, segment, run, offset, &insn);
        snprintf(head, sizeof(head), "+%-4" PRIx32, offset);
        code_text(head, segment->code + run->offset + offset, &insn, run->rip + offset, NULL,
                  out);
    }
}

static void mismatch_text(const struct report *report, const struct model_mismatch *mismatch,
                          size_t rank, FILE *out)
{
    char name[80];

    fprintf(out, "\n#%-3zu %016" PRIx64, rank, mismatch->rip);
    end_line(out, name_of(report->symbols, mismatch->rip, name, sizeof(name)));
    fprintf(out, "%*s%-*s", INDENT, "", INDENT_LIST - INDENT, "differs");
    what_differs(mismatch, out);
    fprintf(out, "; %s\n", times(mismatch->count).text);
    fprintf(out, "%*s%-*s0x%" PRIx64 ", in fact 0x%" PRIx64 " (the first one)\n", INDENT, "",
            INDENT_LIST - INDENT, "predicted", mismatch->expected, mismatch->actual);
    fprintf(out, "%*s%-*s%016" PRIx64 ", %" PRIu32 " instructions before", INDENT, "",
            INDENT_LIST - INDENT, "by region", mismatch->row->rip, mismatch->insns);
    end_line(out, name_of(report->symbols, mismatch->row->rip, name, sizeof(name)));
    context(report, mismatch, out);
}

void mismatches(const struct report *report, FILE *out)
{
    size_t i;

    for (i = 0; i < report->model->nr_mismatches && i < report->top; i++)
        mismatch_text(report, report->model->mismatches[i], i + 1, out);
}
