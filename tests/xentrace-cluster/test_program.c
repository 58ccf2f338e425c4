/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program as its users meet it: arguments in, text, JSON and exit codes
 * out.  Golden files are rewritten when the environment has GOLDEN_UPDATE=1.
 *
 * PROGRAM and GOLDEN are the paths of the program and of the golden files.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scenario.h"
#include "tests.h"

enum { MAX_ARGS = 8 };

/* Strings end with a zero byte; run_free() gives them back. */
struct run {
    int code;                   /* exit code, or -1: killed by a signal */
    long max_rss;               /* KiB */
    char *out, *err;
};

/* ---- files in a directory of our own ---- */

static char directory[] = "/tmp/xentrace-cluster-test-XXXXXX";

static int enter_directory(void **state)
{
    (void)state;
    return !mkdtemp(directory) || chdir(directory);
}

static int leave_directory(void **state)
{
    static const char *const files[] = { "trace.bin", "symbols", "out", "err" };
    unsigned int i;

    (void)state;
    for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        unlink(files[i]);
    return chdir("/") || rmdir(directory);
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(name, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* NULL where there is no such file. */
static char *read_file(const char *name)
{
    FILE *file = fopen(name, "rb");
    size_t size = 0;
    char *text;

    if (!file)
        return NULL;
    text = calloc(1, 1 << 22);
    assert_non_null(text);
    size = fread(text, 1, (1 << 22) - 1, file);
    assert_true(size < (1 << 22) - 1);
    fclose(file);
    return text;
}

static void write_trace(void (*scenario)(struct writer *))
{
    struct writer w;

    writer_init(&w);
    scenario(&w);
    write_file("trace.bin", w.bytes, w.size);
    writer_free(&w);
}

/* ---- running it ---- */

static void redirect(const char *file, int fd, int flags)
{
    int opened = open(file, flags, 0600);

    if (opened < 0 || dup2(opened, fd) < 0)
        _exit(127);
}

/* Where the child's output goes; its standard input is @in, or nothing for -1. */
static pid_t start(const char *const *args, int in, const char *out)
{
    const char *argv[MAX_ARGS + 2] = { "xentrace-cluster" };
    unsigned int i;
    pid_t child;

    for (i = 0; i < MAX_ARGS && args[i]; i++)
        argv[i + 1] = args[i];
    child = fork();
    assert_true(child >= 0);
    if (child)
        return child;
    if (in >= 0)
        dup2(in, STDIN_FILENO);
    else
        redirect("/dev/null", STDIN_FILENO, O_RDONLY);
    redirect(out, STDOUT_FILENO, O_WRONLY | O_CREAT | O_TRUNC);
    redirect("err", STDERR_FILENO, O_WRONLY | O_CREAT | O_TRUNC);
    execv(PROGRAM, (char *const *)argv);
    _exit(127);
}

static struct run finish(pid_t child)
{
    struct rusage usage;
    struct run run;
    int status;

    assert_int_equal(wait4(child, &status, 0, &usage), child);
    run.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    run.max_rss = usage.ru_maxrss;
    run.out = read_file("out");
    run.err = read_file("err");
    return run;
}

static struct run run_args(const char *const *args)
{
    return finish(start(args, -1, "out"));
}

#define RUN(...) run_args((const char *const[]){ __VA_ARGS__, NULL })

static void run_free(struct run *run)
{
    free(run->out);
    free(run->err);
}

/* ---- golden files ---- */

static void assert_golden(const char *name, const char *text)
{
    char path[512], *expected;

    snprintf(path, sizeof(path), "%s/%s", GOLDEN, name);
    if (getenv("GOLDEN_UPDATE"))
        write_file(path, text, strlen(text));
    expected = read_file(path);
    assert_non_null(expected);
    assert_string_equal(text, expected);
    free(expected);
}

static void check_golden(const char *name, const char *const *args)
{
    struct run run = run_args(args);

    assert_string_equal(run.err, "");
    assert_int_equal(run.code, 0);
    assert_golden(name, run.out);
    run_free(&run);
}

#define CHECK_GOLDEN(name, ...) check_golden(name, (const char *const[]){ __VA_ARGS__, NULL })

static void two_cpus_look_as_agreed(void **state)
{
    (void)state;
    write_trace(scenario_two_cpus);
    write_file("symbols", scenario_symbols, strlen(scenario_symbols));
    CHECK_GOLDEN("two-cpus.report.txt", "report", "trace.bin", "--symbols", "symbols");
    CHECK_GOLDEN("two-cpus.report.json", "report", "--json", "--symbols=symbols", "trace.bin");
    CHECK_GOLDEN("two-cpus.dump.txt", "dump", "trace.bin", "--symbols", "symbols");
    CHECK_GOLDEN("two-cpus.dump.json", "dump", "--json", "--symbols", "symbols", "trace.bin");
}

static void lost_records_look_as_agreed(void **state)
{
    (void)state;
    write_trace(scenario_lost);
    CHECK_GOLDEN("lost.report.txt", "report", "trace.bin");
    CHECK_GOLDEN("lost.report.json", "report", "trace.bin", "--json");
    CHECK_GOLDEN("lost.dump.txt", "dump", "trace.bin");
    CHECK_GOLDEN("lost.dump.json", "dump", "trace.bin", "--json");
}

static void odd_traces_look_as_agreed(void **state)
{
    (void)state;
    write_trace(scenario_odd);
    CHECK_GOLDEN("odd.report.txt", "report", "trace.bin");
    CHECK_GOLDEN("odd.report.json", "report", "trace.bin", "--json");
    CHECK_GOLDEN("odd.dump.txt", "dump", "trace.bin");
    CHECK_GOLDEN("odd.dump.json", "dump", "trace.bin", "--json");
}

static void regions_look_as_agreed(void **state)
{
    (void)state;
    write_trace(scenario_regions);
    write_file("symbols", scenario_symbols, strlen(scenario_symbols));
    CHECK_GOLDEN("regions.report.txt", "report", "trace.bin", "--symbols", "symbols");
    CHECK_GOLDEN("regions.report.json", "report", "--json", "--symbols", "symbols", "trace.bin");
    CHECK_GOLDEN("regions.dump.txt", "dump", "trace.bin", "--symbols", "symbols");
    CHECK_GOLDEN("regions.dump.json", "dump", "--json", "--symbols", "symbols", "trace.bin");
    CHECK_GOLDEN("regions.insns-3.txt", "report", "trace.bin", "--insns", "3", "--top", "1");
}

static void batches_look_as_agreed(void **state)
{
    (void)state;
    write_trace(scenario_batches);
    CHECK_GOLDEN("batches.report.txt", "report", "trace.bin");
    CHECK_GOLDEN("batches.report.json", "report", "trace.bin", "--json");
    CHECK_GOLDEN("batches.dump.txt", "dump", "trace.bin");
    CHECK_GOLDEN("batches.dump.json", "dump", "trace.bin", "--json");
    CHECK_GOLDEN("batches.vcpu-1.txt", "report", "trace.bin", "--vcpu", "1:1");
}

static void top_and_vcpu_choose(void **state)
{
    (void)state;
    write_trace(scenario_two_cpus);
    CHECK_GOLDEN("two-cpus.top-1.txt", "report", "trace.bin", "--top", "1");
    CHECK_GOLDEN("two-cpus.vcpu-1.txt", "report", "trace.bin", "--vcpu", "1:1");
    CHECK_GOLDEN("two-cpus.vcpu-1.dump.txt", "dump", "trace.bin", "--vcpu", "1:1");
}

static void top_0_shows_all(void **state)
{
    struct run all, default_top;

    (void)state;
    write_trace(scenario_two_cpus);
    all = RUN("report", "trace.bin", "--top", "0");
    default_top = RUN("report", "trace.bin");
    assert_int_equal(all.code, 0);
    assert_string_equal(all.out, default_top.out);
    run_free(&all);
    run_free(&default_top);
}

static void no_report_line_is_wider_than_110_columns(void **state)
{
    static const char *const names[] = {
        "two-cpus.report.txt", "lost.report.txt", "odd.report.txt", "lost.dump.txt",
        "regions.report.txt", "batches.report.txt", "batches.dump.txt",
    };
    unsigned int i;

    (void)state;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[512], *text, *line;

        snprintf(path, sizeof(path), "%s/%s", GOLDEN, names[i]);
        text = read_file(path);
        assert_non_null(text);
        for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
            assert_true(strlen(line) <= 110);
        free(text);
    }
}

/* ---- JSON ---- */

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, &error);

    if (!value)
        print_error("%s\n", error.text);
    assert_non_null(value);
    return value;
}

static json_int_t number(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);

    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

static json_int_t sum_of(json_t *clusters, const char *key)
{
    json_int_t sum = 0;
    json_t *cluster;
    size_t i;

    json_array_foreach(clusters, i, cluster)
        sum += number(cluster, key);
    return sum;
}

static void clusters_add_up_to_the_totals(void **state)
{
    struct run run;
    json_t *report, *totals, *clusters;

    (void)state;
    write_trace(scenario_two_cpus);
    run = RUN("report", "trace.bin", "--json", "--top", "0");
    report = parse(run.out);
    totals = json_object_get(report, "totals");
    clusters = json_object_get(report, "clusters");
    assert_int_equal(number(totals, "executions"), 15);
    assert_int_equal(number(totals, "exits_avoided"), 23);
    assert_int_equal(sum_of(clusters, "executions"), number(totals, "executions"));
    assert_int_equal(sum_of(clusters, "exits_avoided"), number(totals, "exits_avoided"));
    assert_int_equal(sum_of(clusters, "instructions"), number(totals, "instructions"));
    assert_int_equal(sum_of(clusters, "formed"), number(totals, "formed"));
    assert_int_equal(json_array_size(clusters), number(report, "nr_clusters"));
    json_decref(report);
    run_free(&run);
}

static void every_line_of_a_json_dump_is_an_object(void **state)
{
    struct run run;
    unsigned int lines = 0;
    char *line, *rest;

    (void)state;
    write_trace(scenario_two_cpus);
    run = RUN("dump", "trace.bin", "--json");
    for (line = strtok_r(run.out, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        json_t *object = parse(line);

        assert_true(json_is_object(object));
        assert_true(json_is_string(json_object_get(object, "event")));
        /* Beyond the first cpu_change: no other field has taken its name. */
        assert_true(number(object, "file_offset") >= 12);
        json_decref(object);
        lines++;
    }
    assert_int_equal(lines, 34);
    run_free(&run);
}

static void file_names_that_are_no_utf8_do_not_spoil_the_json(void **state)
{
    struct run run;
    json_t *report;

    (void)state;
    write_trace(scenario_two_cpus);
    assert_int_equal(rename("trace.bin", "tr\xff\"ce"), 0);
    run = RUN("report", "--json", "tr\xff\"ce");
    unlink("tr\xff\"ce");
    report = parse(run.out);
    assert_string_equal(json_string_value(json_object_get(report, "file")), "tr?\"ce");
    json_decref(report);
    run_free(&run);
}

/* ---- damage ---- */

/* The window ends of a trace: the only places where it may be cut. */
static bool is_window_end(const struct writer *w, size_t size)
{
    size_t at = 0;

    while (at < size) {
        uint32_t window;

        memcpy(&window, w->bytes + at + 8, sizeof(window));
        at += 12 + window;
    }
    return at == size;
}

static void check_cut(const struct writer *w, size_t size, const char *command, const char *json)
{
    bool whole = is_window_end(w, size);
    struct run run;

    write_file("trace.bin", w->bytes, size);
    run = RUN(command, "trace.bin", json);
    assert_int_equal(run.code, whole ? 0 : 3);
    assert_int_equal(!*run.err, whole);
    if (!whole)
        assert_non_null(strstr(run.err, "xentrace-cluster: trace.bin: byte "));
    if (json && !strcmp(command, "report"))
        json_decref(parse(run.out));
    run_free(&run);
}

static void cut_anywhere_is_told_and_the_rest_is_shown(void **state)
{
    struct writer w;
    size_t size;

    (void)state;
    writer_init(&w);
    scenario_lost(&w);
    for (size = 0; size <= w.size; size++) {
        check_cut(&w, size, "report", NULL);
        check_cut(&w, size, "report", "--json");
        check_cut(&w, size, "dump", NULL);
    }
    writer_free(&w);
}

static void damaged_trace_is_reported_up_to_the_damage(void **state)
{
    struct writer w;
    struct run run;
    json_t *report, *damage;

    (void)state;
    writer_init(&w);
    scenario_two_cpus(&w);
    write_file("trace.bin", w.bytes, w.size - 10);
    writer_free(&w);
    run = RUN("report", "trace.bin");
    assert_int_equal(run.code, 3);
    assert_golden("two-cpus.cut.txt", run.out);
    assert_golden("two-cpus.cut.err", run.err);
    run_free(&run);
    run = RUN("report", "trace.bin", "--json");
    assert_int_equal(run.code, 3);
    report = parse(run.out);
    damage = json_object_get(report, "damage");
    assert_string_equal(json_string_value(json_object_get(damage, "what")),
                        "the file ends inside a record");
    json_decref(report);
    run_free(&run);
}

static void malformed_events_are_told_and_reading_goes_on(void **state)
{
    struct writer w;
    struct run run;
    json_t *report;
    unsigned int i;

    (void)state;
    writer_init(&w);
    writer_window(&w, 0);
    for (i = 0; i < 20; i++)
        writer_timed(&w, 0x88003, i, 3, (uint32_t[]){ 1, 2, 3 });
    writer_executed(&w, 100, (struct site){ 0x1000, 0 }, 2, 2, 0);
    writer_end(&w);
    write_file("trace.bin", w.bytes, w.size);
    writer_free(&w);
    run = RUN("report", "trace.bin", "--json");
    assert_int_equal(run.code, 3);
    assert_non_null(strstr(run.err, "byte 12: malformed record of event 0x00088003\n"));
    assert_non_null(strstr(run.err, "byte 36: malformed record"));
    assert_non_null(strstr(run.err, ": 12 more malformed records\n"));
    report = parse(run.out);
    assert_int_equal(number(json_object_get(report, "trace"), "malformed_records"), 20);
    assert_int_equal(number(json_object_get(report, "totals"), "executions"), 1);
    json_decref(report);
    run_free(&run);
}

static void huge_window_takes_no_memory(void **state)
{
    struct writer w;
    struct run small, huge;

    (void)state;
    writer_init(&w);
    writer_false_window(&w, 0, 0);
    write_file("trace.bin", w.bytes, w.size);
    small = RUN("report", "trace.bin");
    w.size = 0;
    writer_false_window(&w, 0, 0xfffffffc);
    write_file("trace.bin", w.bytes, w.size);
    huge = RUN("report", "trace.bin");
    assert_int_equal(small.code, 0);
    assert_int_equal(huge.code, 3);
    assert_true(huge.max_rss < small.max_rss + 4096);
    run_free(&small);
    run_free(&huge);
    writer_free(&w);
}

/* ---- streams ---- */

/* One window each of two CPUs, 2000 records together, time going on from round to round. */
static void make_round(struct writer *w, uint64_t round)
{
    uint32_t cpu;
    uint64_t i;

    w->size = 0;
    for (cpu = 0; cpu < 2; cpu++) {
        writer_window(w, cpu);
        for (i = 0; i < 1000; i++)
            writer_executed(w, round * 10000 + 2 * i + cpu, (struct site){ 0x1000 + i % 50, cpu },
                            5, 3, 0);
    }
    writer_end(w);
}

static struct run report_on_stream(unsigned int rounds)
{
    int ends[2];
    struct writer w;
    struct run run;
    unsigned int round;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    child = start((const char *const[]){ "report", "-", "--json", NULL }, ends[0], "out");
    close(ends[0]);
    writer_init(&w);
    for (round = 0; round < rounds; round++) {
        make_round(&w, round);
        assert_int_equal(write(ends[1], w.bytes, w.size), w.size);
    }
    writer_free(&w);
    close(ends[1]);
    run = finish(child);
    assert_int_equal(run.code, 0);
    return run;
}

static void reports_on_long_pipes_take_no_more_memory(void **state)
{
    struct run brief = report_on_stream(4), lengthy = report_on_stream(800);
    json_t *report = parse(lengthy.out);

    (void)state;
    assert_int_equal(number(json_object_get(report, "totals"), "executions"), 1600000);
    assert_int_equal(number(json_object_get(report, "trace"), "events_out_of_order"), 0);
    assert_true(lengthy.max_rss < brief.max_rss + 4096);
    json_decref(report);
    run_free(&brief);
    run_free(&lengthy);
}

static void standard_input_is_the_default(void **state)
{
    struct run piped;
    int in;

    (void)state;
    write_trace(scenario_two_cpus);
    in = open("trace.bin", O_RDONLY);
    piped = finish(start((const char *const[]){ "report", NULL }, in, "out"));
    close(in);
    assert_int_equal(piped.code, 0);
    assert_non_null(strstr(piped.out, "Clustered exits in standard input\n"));
    run_free(&piped);
}

/* ---- exit codes ---- */

static void check_code(int code, const char *complaint, const char *const *args)
{
    struct run run = run_args(args);

    assert_int_equal(run.code, code);
    assert_non_null(strstr(run.err, complaint));
    run_free(&run);
}

#define CHECK_CODE(code, complaint, ...) \
    check_code(code, complaint, (const char *const[]){ __VA_ARGS__, NULL })

static void wrong_usage_is_2(void **state)
{
    (void)state;
    write_trace(scenario_two_cpus);
    CHECK_CODE(2, "report or dump", NULL);
    CHECK_CODE(2, "unknown command 'tell'", "tell");
    CHECK_CODE(2, "too many arguments: 'b'", "report", "a", "b");
    CHECK_CODE(2, "unrecognized option", "report", "--nonsense");
    CHECK_CODE(2, "--top wants a number", "report", "trace.bin", "--top", "-1");
    CHECK_CODE(2, "--top wants a number", "report", "trace.bin", "--top", "1x");
    CHECK_CODE(2, "--top wants a number", "report", "trace.bin", "--top", "99999999999999999999");
    CHECK_CODE(2, "belong to report", "dump", "trace.bin", "--top", "1");
    CHECK_CODE(2, "belong to report", "dump", "trace.bin", "--insns", "1");
    CHECK_CODE(2, "--insns wants a number", "report", "trace.bin", "--insns", "x");
    CHECK_CODE(2, "--vcpu wants", "report", "trace.bin", "--vcpu", "1");
    CHECK_CODE(2, "--vcpu wants", "report", "trace.bin", "--vcpu", "1:65536");
    CHECK_CODE(2, "--vcpu wants", "report", "trace.bin", "--vcpu", "1:2:3");
}

static void files_that_cannot_be_read_or_written_are_1(void **state)
{
    struct run run;

    (void)state;
    write_trace(scenario_two_cpus);
    CHECK_CODE(1, "missing: No such file", "report", "missing");
    CHECK_CODE(1, "/: Is a directory", "report", "/");
    CHECK_CODE(1, "missing: No such file", "report", "trace.bin", "--symbols", "missing");
    CHECK_CODE(1, "/: Is a directory", "report", "trace.bin", "--symbols", "/");
    run = finish(start((const char *const[]){ "report", "trace.bin", NULL }, -1, "/dev/full"));
    assert_int_equal(run.code, 1);
    assert_non_null(strstr(run.err, "standard output: No space left"));
    run_free(&run);
}

static void useless_symbols_are_told_but_do_not_stop_the_report(void **state)
{
    static const char zeros[] = "0000000000000000 T _text\n";
    static const char junk[] = "one\ntwo\nffffffff81000000 T _text\n";

    (void)state;
    write_trace(scenario_two_cpus);
    write_file("symbols", zeros, strlen(zeros));
    CHECK_CODE(0, "read /proc/kallsyms as root", "report", "trace.bin", "--symbols", "symbols");
    write_file("symbols", junk, strlen(junk));
    CHECK_CODE(0, "2 lines passed over", "report", "trace.bin", "--symbols", "symbols");
}

static void help_and_version_are_0(void **state)
{
    struct run run;

    (void)state;
    run = RUN("--help");
    assert_int_equal(run.code, 0);
    assert_non_null(strstr(run.out, "--symbols=FILE"));
    run_free(&run);
    run = RUN("--version");
    assert_int_equal(run.code, 0);
    assert_non_null(strstr(run.out, "xentrace-cluster "));
    run_free(&run);
}

int program_tests(unsigned int *total)
{
    static const struct CMUnitTest program[] = {
        cmocka_unit_test(two_cpus_look_as_agreed),
        cmocka_unit_test(lost_records_look_as_agreed),
        cmocka_unit_test(odd_traces_look_as_agreed),
        cmocka_unit_test(regions_look_as_agreed),
        cmocka_unit_test(batches_look_as_agreed),
        cmocka_unit_test(top_and_vcpu_choose),
        cmocka_unit_test(top_0_shows_all),
        cmocka_unit_test(no_report_line_is_wider_than_110_columns),
        cmocka_unit_test(clusters_add_up_to_the_totals),
        cmocka_unit_test(every_line_of_a_json_dump_is_an_object),
        cmocka_unit_test(file_names_that_are_no_utf8_do_not_spoil_the_json),
        cmocka_unit_test(cut_anywhere_is_told_and_the_rest_is_shown),
        cmocka_unit_test(damaged_trace_is_reported_up_to_the_damage),
        cmocka_unit_test(malformed_events_are_told_and_reading_goes_on),
        cmocka_unit_test(huge_window_takes_no_memory),
        cmocka_unit_test(reports_on_long_pipes_take_no_more_memory),
        cmocka_unit_test(standard_input_is_the_default),
        cmocka_unit_test(wrong_usage_is_2),
        cmocka_unit_test(files_that_cannot_be_read_or_written_are_1),
        cmocka_unit_test(useless_symbols_are_told_but_do_not_stop_the_report),
        cmocka_unit_test(help_and_version_are_0),
    };

    *total += sizeof(program) / sizeof(program[0]);
    return cmocka_run_group_tests_name("program", program, enter_directory, leave_directory);
}
