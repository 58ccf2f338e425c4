/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that somebody made to hurt: whatever the bytes, reading, adding up and
 * printing must come to an end without a crash (the sanitizers look on).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump.h"
#include "report.h"
#include "scenario.h"
#include "tests.h"

/* xorshift64*: the same files in every run of the same seed. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t seed(void)
{
    const char *text = getenv("SEED");
    uint64_t value = text ? strtoull(text, NULL, 0) : 0x1234567;

    print_message("SEED=%#llx\n", (unsigned long long)value);
    return value ? value : 1;
}

static void to_model(void *model, const struct event *event)
{
    model_add(model, event);
}

/* All that the program does with a file; the text and the JSON go to @out. */
static void use(const struct writer *w, FILE *out, struct trace *trace)
{
    struct trace_filter all = { false, 0 };
    struct symbols none = { 0 };
    struct dump dump = { out, false, &none };
    struct model model;
    struct report report = { "file", trace, &model, &none, &all, 10, 5 };
    FILE *file = writer_open(w, w->size);

    model_init(&model);
    trace_read(file, &all, to_model, &model, trace);
    model_finish(&model);
    model_rank(&model);
    report_text(&report, out);
    report_json(&report, out);
    model_free(&model);
    rewind(file);
    trace_read(file, &all, dump_event, &dump, trace);
    fclose(file);
}

static void use_silently(const struct writer *w)
{
    struct trace *trace = calloc(1, sizeof(*trace));
    FILE *out = fopen("/dev/null", "w");

    assert_non_null(trace);
    assert_non_null(out);
    use(w, out, trace);
    assert_int_not_equal(trace->end, READER_FAILED);
    fclose(out);
    free(trace);
}

static void with_scenario(struct writer *w, unsigned int which)
{
    static void (*const scenarios[])(struct writer *) = {
        scenario_two_cpus, scenario_lost, scenario_odd, scenario_regions, scenario_batches,
    };

    writer_init(w);
    scenarios[which % (sizeof(scenarios) / sizeof(scenarios[0]))](w);
}

static void try_every_bit(unsigned int scenario)
{
    struct writer w;
    size_t bit;

    with_scenario(&w, scenario);
    for (bit = 0; bit < w.size * 8; bit++) {
        w.bytes[bit / 8] ^= 1 << bit % 8;
        use_silently(&w);
        w.bytes[bit / 8] ^= 1 << bit % 8;
    }
    writer_free(&w);
}

static void any_bit_may_be_wrong(void **state)
{
    (void)state;
    try_every_bit(0);
    try_every_bit(3);
    try_every_bit(4);
}

static void any_words_may_be_wrong(void **state)
{
    static const uint32_t nasty[] = {
        0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xf0088001, 0xc0088003, 0x2001f003,
    };
    uint64_t random = seed();
    unsigned int file, change;

    (void)state;
    for (file = 0; file < 5000; file++) {
        struct writer w;

        with_scenario(&w, file);
        for (change = next_random(&random) % 8 + 1; change; change--) {
            uint32_t word = (uint32_t)next_random(&random);

            if (word & 1)
                word = nasty[word / 2 % 8];
            memcpy(w.bytes + next_random(&random) % (w.size / 4) * 4, &word, sizeof(word));
        }
        use_silently(&w);
        writer_free(&w);
    }
}

/* Well-framed, so that the noise reaches the model. */
static void cluster_events_may_say_anything(void **state)
{
    static const unsigned int words[] = { 4, 7, 5, 6, 5, 6, 7, 7, 7 };
    uint64_t random = seed();
    unsigned int file, event, i;

    (void)state;
    for (file = 0; file < 300; file++) {
        struct writer w;

        writer_init(&w);
        for (event = 0; event < 300; event++) {
            unsigned int kind = next_random(&random) % 9;
            uint32_t extra[7];

            if (next_random(&random) % 20 == 0)
                writer_window(&w, next_random(&random) % 3);
            for (i = 0; i < 7; i++)
                extra[i] = (uint32_t)(next_random(&random) % 64);
            if (kind == 0)
                extra[3] = (uint32_t)(next_random(&random) & 0x00ff0307);
            if (kind == 1)
                extra[3] -= extra[3] % 12;
            if (kind == 5)
                extra[4] &= 0x30;
            if (kind == 6)
                extra[3] &= 0xf;
            extra[0] &= 7;
            extra[1] = extra[2] = extra[2] & 1;
            writer_timed(&w, 0x88001 + kind, next_random(&random) % 5000, words[kind], extra);
        }
        writer_end(&w);
        use_silently(&w);
        writer_free(&w);
    }
}

static void sites_without_number_take_memory_in_proportion(void **state)
{
    enum { SITES = 200000 };
    struct writer w;
    uint64_t i;

    (void)state;
    writer_init(&w);
    writer_window(&w, 0);
    for (i = 0; i < SITES; i++) {
        struct site site = { i * 16, (uint32_t)i };

        writer_executed(&w, i, site, 2, 2, 0);
        writer_stopped(&w, i, (struct site){ 0, 0 }, 3, i);
    }
    writer_end(&w);
    use_silently(&w);
    writer_free(&w);
}

static void more_cpus_than_a_line_holds_are_cut_short(void **state)
{
    struct trace *trace = calloc(1, sizeof(*trace));
    char text[24];
    unsigned int i;

    (void)state;
    assert_string_equal(trace_cpus_text(trace, text, sizeof(text)), "-");
    trace->cpus[READER_NO_CPU] = true;
    assert_string_equal(trace_cpus_text(trace, text, sizeof(text)), "?");
    trace->cpus[0] = trace->cpus[1] = trace->cpus[7] = true;
    trace->cpus[READER_MAX_CPUS - 1] = true;
    assert_string_equal(trace_cpus_text(trace, text, sizeof(text)), "0-1,7,16383,?");
    assert_int_equal(trace_nr_cpus(trace), 5);
    for (i = 0; i < READER_MAX_CPUS; i += 2)
        trace->cpus[i] = true;
    trace_cpus_text(trace, text, sizeof(text));
    assert_true(strlen(text) < sizeof(text));
    assert_non_null(strstr(text, "..."));
    free(trace);
}

int hostile_tests(unsigned int *total)
{
    static const struct CMUnitTest hostile[] = {
        cmocka_unit_test(any_bit_may_be_wrong),
        cmocka_unit_test(any_words_may_be_wrong),
        cmocka_unit_test(cluster_events_may_say_anything),
        cmocka_unit_test(sites_without_number_take_memory_in_proportion),
        cmocka_unit_test(more_cpus_than_a_line_holds_are_cut_short),
    };

    return RUN_GROUP(hostile, total);
}
