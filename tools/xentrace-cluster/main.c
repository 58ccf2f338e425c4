/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xentrace-cluster - reads what xentrace recorded of clustered exits.
 */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "dump.h"
#include "json.h"
#include "mem.h"
#include "report.h"

enum exit_code { EXIT_FINE = 0, EXIT_IO = 1, EXIT_USAGE = 2, EXIT_DAMAGED = 3 };

enum { DEFAULT_TOP = 20, DEFAULT_INSNS = 100 };

const char *argp_program_version = "xentrace-cluster 0.1";

struct options {
    bool dump;                  /* else report */
    const char *command;
    const char *file;           /* NULL or "-": standard input */
    bool json;
    bool report_only;           /* an option that dump does not have */
    size_t top, insns;
    struct trace_filter filter;
    const char **symbol_files;
    size_t nr_symbol_files, cap_symbol_files;
};

/* ---- the command line ---- */

enum { OPT_TOP = 't', OPT_INSNS = 'i', OPT_SYMBOLS = 's', OPT_JSON = 'j', OPT_VCPU = 'v' };

static const struct argp_option option_list[] = {
    { "json", OPT_JSON, NULL, 0, "Write JSON: one object for report, one per line for dump", 0 },
    { "symbols", OPT_SYMBOLS, "FILE", 0,
      "Name addresses after FILE, a System.map or /proc/kallsyms of L1; may be repeated", 0 },
    { "top", OPT_TOP, "N", 0, "Report N clusters, 0 for all (default 20)", 0 },
    { "insns", OPT_INSNS, "N", 0,
      "Report N instructions of a region's code, 0 for all (default 100); JSON has all", 0 },
    { "vcpu", OPT_VCPU, "D:V", 0, "Only events of domain D's vCPU V", 0 },
    { NULL, 0, NULL, 0, NULL, 0 },
};

static const char usage_args[] = "report [FILE|-]\ndump [FILE|-]";

static const char usage_text[] =
    "Show the clustered exits in a trace that Xen's xentrace recorded.\v"
    "report sums up per cluster, dump shows event after event in the order of time.  Without "
    "FILE, standard input is read.\n\n"
    "Exit codes: 0 all well, 1 a file cannot be opened, read or written, 2 wrong usage, "
    "3 the trace is damaged (what could be read has been shown).";

/* A whole decimal number not above @max. */
static bool parse_number(const char *text, char terminator, unsigned long max, unsigned long *n,
                         const char **rest)
{
    char *end;

    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *n = strtoul(text, &end, 10);
    *rest = end;
    return !errno && *end == terminator && *n <= max;
}

static void take_vcpu(struct options *options, const char *text, struct argp_state *state)
{
    unsigned long domain = 0, vcpu = 0;
    const char *rest;

    if (!parse_number(text, ':', 0xffff, &domain, &rest) ||
        !parse_number(rest + 1, '\0', 0xffff, &vcpu, &rest))
        argp_error(state, "--vcpu wants DOMAIN:VCPU, two numbers, not '%s'", text);
    options->filter.on = true;
    options->filter.vcpu = (uint32_t)(domain << 16 | vcpu);
}

static void take_top(struct options *options, const char *text, struct argp_state *state)
{
    unsigned long n = 0;
    const char *rest;

    if (!parse_number(text, '\0', UINT32_MAX, &n, &rest))
        argp_error(state, "--top wants a number, not '%s'", text);
    options->report_only = true;
    options->top = n ? n : SIZE_MAX;
}

static void take_insns(struct options *options, const char *text, struct argp_state *state)
{
    unsigned long n = 0;
    const char *rest;

    if (!parse_number(text, '\0', UINT32_MAX, &n, &rest))
        argp_error(state, "--insns wants a number, not '%s'", text);
    options->report_only = true;
    options->insns = n;
}

static void take_symbols(struct options *options, const char *file)
{
    options->symbol_files = mem_room(options->symbol_files, &options->cap_symbol_files,
                                     options->nr_symbol_files + 1,
                                     sizeof(*options->symbol_files));
    options->symbol_files[options->nr_symbol_files++] = file;
}

static void take_argument(struct options *options, const char *text, struct argp_state *state)
{
    if (!options->command)
        options->command = text;
    else if (!options->file)
        options->file = text;
    else
        argp_error(state, "too many arguments: '%s'", text);
}

static void check_options(struct options *options, struct argp_state *state)
{
    if (!options->command)
        argp_error(state, "say what to do: report or dump");
    options->dump = strcmp(options->command, "dump") == 0;
    if (!options->dump && strcmp(options->command, "report") != 0)
        argp_error(state, "unknown command '%s'", options->command);
    if (options->dump && options->report_only)
        argp_error(state, "--top and --insns belong to report");
    if (!options->file && isatty(STDIN_FILENO))
        argp_error(state, "no FILE, and standard input is a terminal");
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct options *options = state->input;

    switch (key) {
    case OPT_JSON:
        options->json = true;
        break;
    case OPT_SYMBOLS:
        take_symbols(options, text);
        break;
    case OPT_TOP:
        take_top(options, text, state);
        break;
    case OPT_INSNS:
        take_insns(options, text, state);
        break;
    case OPT_VCPU:
        take_vcpu(options, text, state);
        break;
    case ARGP_KEY_ARG:
        take_argument(options, text, state);
        break;
    case ARGP_KEY_END:
        check_options(options, state);
        break;
    default:
        return ARGP_ERR_UNKNOWN;
    }
    return 0;
}

static void parse(struct options *options, int argc, char **argv)
{
    static const struct argp argp = {
        option_list, parse_option, usage_args, usage_text, NULL, NULL, NULL,
    };

    argp_err_exit_status = EXIT_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, options);
}

/* ---- files ---- */

static const char *display_name(const struct options *options)
{
    bool standard = !options->file || strcmp(options->file, "-") == 0;

    return standard ? "standard input" : options->file;
}

static FILE *open_trace(const struct options *options)
{
    if (!options->file || strcmp(options->file, "-") == 0)
        return stdin;
    return fopen(options->file, "rb");
}

static void complain(const char *file, int error)
{
    fprintf(stderr, "xentrace-cluster: %s: %s\n", file, strerror(error));
}

/* A symbol file that helps nobody is worth a word, but not the report. */
static void warn_symbols(const char *file, const struct symbols_read *read)
{
    if (read->bad)
        fprintf(stderr, "xentrace-cluster: %s: %zu lines passed over that are not "
                        "'address type name'\n", file, read->bad);
    if (!read->text)
        fprintf(stderr, "xentrace-cluster: %s: no code symbols%s\n", file,
                read->zero ? "; the addresses are zero: read /proc/kallsyms as root" : "");
}

static bool load_symbol_file(struct symbols *symbols, const char *name)
{
    FILE *file = fopen(name, "r");
    struct symbols_read read;

    if (!file) {
        complain(name, errno);
        return false;
    }
    read = symbols_read(symbols, file);
    fclose(file);
    if (read.error) {
        complain(name, read.error);
        return false;
    }
    warn_symbols(name, &read);
    return true;
}

static bool load_symbols(struct symbols *symbols, const struct options *options)
{
    size_t i;

    for (i = 0; i < options->nr_symbol_files; i++) {
        if (!load_symbol_file(symbols, options->symbol_files[i]))
            return false;
    }
    symbols_sort(symbols);
    return true;
}

/* ---- the end ---- */

static void complain_malformed(const char *name, const struct trace *trace)
{
    uint64_t shown = trace->malformed < TRACE_SHOWN_MALFORMED ? trace->malformed
                                                              : TRACE_SHOWN_MALFORMED;
    uint64_t i;

    for (i = 0; i < shown; i++)
        fprintf(stderr, "xentrace-cluster: %s: byte %" PRIu64 ": malformed record of event "
                        "0x%08" PRIx32 "\n", name, trace->malformed_at[i].offset,
                trace->malformed_at[i].event);
    if (shown < trace->malformed)
        fprintf(stderr, "xentrace-cluster: %s: %" PRIu64 " more malformed records\n", name,
                trace->malformed - shown);
}

/* Says on stderr what was wrong with the trace; the exit code for it. */
static enum exit_code verdict(const char *name, const struct trace *trace)
{
    complain_malformed(name, trace);
    if (trace->end == READER_FAILED) {
        complain(name, trace->error);
        return EXIT_IO;
    }
    if (trace->end == READER_DAMAGED)
        fprintf(stderr, "xentrace-cluster: %s: byte %" PRIu64 ": %s\n", name,
                trace->damage_offset, reader_damage_text(trace->damage));
    return trace_is_damaged(trace) ? EXIT_DAMAGED : EXIT_FINE;
}

static bool output_arrived(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    complain("standard output", errno);
    return false;
}

static enum exit_code finish(const struct options *options, const struct trace *trace)
{
    bool arrived = output_arrived();
    enum exit_code code = verdict(display_name(options), trace);

    return arrived ? code : EXIT_IO;
}

/* ---- the commands ---- */

static void to_model(void *ctx, const struct event *event)
{
    model_add(ctx, event);
}

static void run_report(const struct options *options, FILE *file, const struct symbols *symbols,
                       struct trace *trace)
{
    struct model model;
    struct report report = {
        display_name(options), trace, &model, symbols, &options->filter, options->top,
        options->insns,
    };

    model_init(&model);
    trace_read(file, &options->filter, to_model, &model, trace);
    model_finish(&model);
    model_rank(&model);
    if (options->json)
        report_json(&report, stdout);
    else
        report_text(&report, stdout);
    model_free(&model);
}

static void run_dump(const struct options *options, FILE *file, const struct symbols *symbols,
                     struct trace *trace)
{
    struct dump dump = { stdout, options->json, symbols };

    dump_heading(&dump);
    trace_read(file, &options->filter, dump_event, &dump, trace);
}

static enum exit_code run(const struct options *options, const struct symbols *symbols)
{
    struct trace *trace = mem_zalloc(sizeof(*trace));
    FILE *file = open_trace(options);
    enum exit_code code = EXIT_IO;

    if (!file) {
        complain(options->file, errno);
    } else {
        (options->dump ? run_dump : run_report)(options, file, symbols, trace);
        code = finish(options, trace);
        fclose(file);
    }
    free(trace);
    return code;
}

int main(int argc, char **argv)
{
    struct options options = { .top = DEFAULT_TOP, .insns = DEFAULT_INSNS };
    struct symbols symbols = { 0 };
    enum exit_code code = EXIT_IO;

    /* jansson's own way of running out of memory is to leave values out. */
    json_set_alloc_funcs(mem_zalloc, free);
    parse(&options, argc, argv);
    if (load_symbols(&symbols, &options))
        code = run(&options, &symbols);
    symbols_free(&symbols);
    free(options.symbol_files);
    return code;
}
