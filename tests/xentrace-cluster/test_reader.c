/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <string.h>

#include "reader.h"
#include "tests.h"
#include "writer.h"

/* What reading a file to its end came to. */
struct outcome {
    unsigned int records;
    struct record last;
    enum reader_result end;
    struct reader reader;
};

static struct outcome read_file(FILE *file)
{
    struct outcome out;
    struct record record;

    memset(&out, 0, sizeof(out));
    reader_init(&out.reader, file);
    while ((out.end = reader_next(&out.reader, &record)) == READER_RECORD) {
        out.records++;
        out.last = record;
    }
    fclose(file);
    return out;
}

static struct outcome read_prefix(const struct writer *w, size_t size)
{
    return read_file(writer_open(w, size));
}

static void assert_damage(const struct writer *w, enum reader_damage damage, uint64_t offset)
{
    struct outcome out = read_prefix(w, w->size);

    assert_int_equal(out.end, READER_DAMAGED);
    assert_int_equal(out.reader.damage, damage);
    assert_int_equal(out.reader.damage_offset, offset);
}

static const uint32_t words[7] = { 1, 2, 3, 4, 5, 6, 7 };

/* The bytes are written out here, so that no helper can share a mistake with the reader. */
static void bytes_are_split_as_xen_defines(void **state)
{
    static const uint8_t bytes[] = {
        0x03, 0xf0, 0x01, 0x20,  5, 0, 0, 0,  20, 0, 0, 0,      /* CPU 5, 20 bytes */
        0x03, 0x80, 0x08, 0xa0,                                 /* 0x88003, 2 words, timed */
        0x88, 0x77, 0x66, 0x55,  0x44, 0x33, 0x22, 0x11,
        0xef, 0xbe, 0xad, 0xde,  0x01, 0x00, 0x00, 0x80,
    };
    struct outcome out = read_file(fmemopen((void *)bytes, sizeof(bytes), "rb"));

    (void)state;
    assert_int_equal(out.end, READER_END);
    assert_int_equal(out.records, 2);
    assert_int_equal(out.last.offset, 12);
    assert_int_equal(out.last.cpu, 5);
    assert_int_equal(out.last.event, 0x88003);
    assert_true(out.last.has_tsc);
    assert_true(out.last.tsc == UINT64_C(0x1122334455667788));
    assert_int_equal(out.last.words, 2);
    assert_int_equal(out.last.extra[0], 0xdeadbeef);
    assert_int_equal(out.last.extra[1], 0x80000001);
}

static void longest_and_shortest_records_are_read(void **state)
{
    struct writer w;
    struct outcome out;

    (void)state;
    writer_init(&w);
    writer_window(&w, 0);
    writer_record(&w, 0x81001, 0, NULL);
    writer_timed(&w, 0x81002, UINT64_MAX, 7, words);
    writer_end(&w);
    out = read_prefix(&w, w.size);
    assert_int_equal(out.end, READER_END);
    assert_int_equal(out.records, 3);
    assert_int_equal(out.last.words, 7);
    assert_int_equal(out.last.extra[6], 7);
    assert_true(out.last.tsc == UINT64_MAX);
    out = read_prefix(&w, 16);
    assert_int_equal(out.last.event, 0x81001);
    assert_false(out.last.has_tsc);
    assert_int_equal(out.last.words, 0);
    writer_free(&w);
}

static void windows_name_the_cpu(void **state)
{
    struct writer w;
    struct reader reader;
    struct record record;
    FILE *file;
    uint32_t cpu;

    (void)state;
    writer_init(&w);
    for (cpu = 0; cpu < 3; cpu++) {
        writer_window(&w, 7 * cpu);
        writer_record(&w, 0x81001, 1, words);
    }
    writer_end(&w);
    file = writer_open(&w, w.size);
    reader_init(&reader, file);
    for (cpu = 0; cpu < 3; cpu++) {
        assert_int_equal(reader_next(&reader, &record), READER_RECORD);
        assert_int_equal(record.event, READER_CPU_CHANGE);
        assert_int_equal(record.cpu, 7 * cpu);
        assert_int_equal(reader_next(&reader, &record), READER_RECORD);
        assert_int_equal(record.event, 0x81001);
        assert_int_equal(record.cpu, 7 * cpu);
    }
    assert_int_equal(reader_next(&reader, &record), READER_END);
    fclose(file);
    writer_free(&w);
}

static void start_without_cpu_change_has_no_cpu(void **state)
{
    struct writer w;
    struct outcome out;

    (void)state;
    writer_init(&w);
    writer_timed(&w, 0x81001, 5, 1, words);
    writer_timed(&w, 0x81001, 6, 1, words);
    out = read_prefix(&w, w.size);
    assert_int_equal(out.end, READER_END);
    assert_int_equal(out.records, 2);
    assert_int_equal(out.last.cpu, READER_NO_CPU);
    writer_window(&w, 1);
    writer_timed(&w, 0x81001, 7, 1, words);
    writer_end(&w);
    out = read_prefix(&w, w.size);
    assert_int_equal(out.end, READER_END);
    assert_int_equal(out.last.cpu, 1);
    writer_free(&w);
}

static void zero_words_are_padding_everywhere(void **state)
{
    struct writer w;
    struct outcome out;

    (void)state;
    writer_init(&w);
    writer_word(&w, 0);
    writer_window(&w, 2);
    writer_word(&w, 0);
    writer_record(&w, 0x81001, 1, words);
    writer_word(&w, 0);
    writer_word(&w, 0);
    writer_end(&w);
    writer_word(&w, 0);
    writer_window(&w, 3);
    writer_record(&w, 0x81001, 1, words);
    writer_end(&w);
    writer_word(&w, 0);
    out = read_prefix(&w, w.size);
    assert_int_equal(out.end, READER_END);
    assert_int_equal(out.records, 4);
    assert_int_equal(out.last.cpu, 3);
    assert_int_equal(out.reader.padding, 24);
    writer_free(&w);
}

static void empty_file_and_empty_windows_are_fine(void **state)
{
    struct writer w;
    struct outcome out;

    (void)state;
    writer_init(&w);
    out = read_prefix(&w, 0);
    assert_int_equal(out.end, READER_END);
    assert_int_equal(out.records, 0);
    writer_window(&w, 0);
    writer_window(&w, 1);
    writer_end(&w);
    out = read_prefix(&w, w.size);
    assert_int_equal(out.end, READER_END);
    assert_int_equal(out.records, 2);
    writer_free(&w);
}

static void wrap_records_with_and_without_time_are_passed_on(void **state)
{
    struct writer w;
    struct outcome out;

    (void)state;
    writer_init(&w);
    writer_window(&w, 0);
    writer_record(&w, READER_WRAP_BUFFER, 0, NULL);
    writer_timed(&w, READER_WRAP_BUFFER, 1, 7, words);
    writer_record(&w, READER_WRAP_BUFFER, 7, words);
    writer_end(&w);
    out = read_prefix(&w, w.size);
    assert_int_equal(out.end, READER_END);
    assert_int_equal(out.records, 4);
    writer_free(&w);
}

static void window_larger_than_the_file_is_damage_at_its_end(void **state)
{
    struct writer w;

    (void)state;
    writer_init(&w);
    writer_false_window(&w, 0, 0xfffffffc);
    writer_record(&w, 0x81001, 1, words);
    assert_damage(&w, READER_SHORT_WINDOW, 20);
    writer_free(&w);
}

static void window_size_must_be_whole_words(void **state)
{
    uint32_t size;

    (void)state;
    for (size = 5; size < 8; size++) {
        struct writer w;

        writer_init(&w);
        writer_false_window(&w, 0, size);
        writer_record(&w, 0x81001, 0, NULL);
        writer_word(&w, 0);
        assert_damage(&w, READER_BAD_WINDOW_SIZE, 0);
        writer_free(&w);
    }
}

static void cpu_number_beyond_xens_limit_is_damage(void **state)
{
    struct writer w;

    (void)state;
    writer_init(&w);
    writer_false_window(&w, READER_MAX_CPUS - 1, 0);
    writer_false_window(&w, READER_MAX_CPUS, 0);
    assert_damage(&w, READER_BAD_CPU_CHANGE, 12);
    writer_free(&w);
}

static void cpu_change_of_another_shape_is_damage(void **state)
{
    struct writer w;

    (void)state;
    writer_init(&w);
    writer_record(&w, READER_CPU_CHANGE, 1, words);
    assert_damage(&w, READER_BAD_CPU_CHANGE, 0);
    w.size = 0;
    writer_record(&w, READER_CPU_CHANGE, 3, (uint32_t[]){ 0, 0, 0 });
    assert_damage(&w, READER_BAD_CPU_CHANGE, 0);
    w.size = 0;
    writer_timed(&w, READER_CPU_CHANGE, 0, 2, (uint32_t[]){ 0, 0 });
    assert_damage(&w, READER_BAD_CPU_CHANGE, 0);
    writer_free(&w);
}

static void cpu_change_inside_a_window_is_damage(void **state)
{
    struct writer w;

    (void)state;
    writer_init(&w);
    writer_false_window(&w, 0, 12);
    writer_false_window(&w, 1, 0);
    assert_damage(&w, READER_EARLY_CPU_CHANGE, 12);
    writer_free(&w);
}

static void record_beyond_its_window_is_damage(void **state)
{
    struct writer w;

    (void)state;
    writer_init(&w);
    writer_false_window(&w, 0, 8);
    writer_record(&w, 0x81001, 2, words);
    writer_false_window(&w, 0, 0);
    assert_damage(&w, READER_BEYOND_WINDOW, 12);
    writer_free(&w);
}

static void record_between_windows_is_damage(void **state)
{
    struct writer w;

    (void)state;
    writer_init(&w);
    writer_window(&w, 0);
    writer_record(&w, 0x81001, 1, words);
    writer_end(&w);
    writer_record(&w, 0x81001, 1, words);
    assert_damage(&w, READER_OUTSIDE_WINDOW, 20);
    writer_free(&w);
}

static void headers_that_xen_cannot_write_are_damage(void **state)
{
    static const uint32_t headers[] = {
        0x00000001,             /* no class */
        0x0000f001,             /* no class */
        0x00080001,             /* no subclass */
        0x00189001,             /* two classes */
        0x6c6c6548,             /* "Hell" */
        0x80000000,             /* nothing but a time */
    };
    unsigned int i;

    (void)state;
    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        struct writer w;

        writer_init(&w);
        writer_window(&w, 0);
        writer_word(&w, headers[i]);
        writer_end(&w);
        assert_damage(&w, READER_BAD_HEADER, 12);
        writer_free(&w);
    }
}

/* Every length of a small file: an end of a window is an end, all else is damage. */
static void cut_anywhere_is_damage_unless_between_windows(void **state)
{
    size_t ends[4], size, i;
    struct writer w;

    (void)state;
    writer_init(&w);
    ends[0] = 0;
    for (i = 1; i < 4; i++) {
        writer_window(&w, (uint32_t)i);
        writer_timed(&w, 0x81001, i, 3, words);
        writer_record(&w, 0x81002, 1, words);
        writer_end(&w);
        ends[i] = w.size;
    }
    for (size = 0; size <= w.size; size++) {
        struct outcome out = read_prefix(&w, size);
        size_t windows = size / ends[1];
        size_t into = size % ends[1];
        /* cpu_change 12 bytes, 24 bytes of a record, 8 of another */
        size_t records = 3 * windows + (into >= 12) + (into >= 36);

        assert_int_equal(out.end, into ? READER_DAMAGED : READER_END);
        assert_int_equal(out.records, records);
        if (into)
            assert_true(out.reader.damage_offset <= size);
        if (into % 4)
            assert_true(out.reader.damage == READER_SHORT_HEADER ||
                        out.reader.damage == READER_SHORT_RECORD);
    }
    writer_free(&w);
}

/* ---- files that are no files ---- */

static ssize_t fail_to_read(void *cookie, char *to, size_t size)
{
    int *reads_left = cookie;

    if (!(*reads_left)--) {
        errno = EIO;
        return -1;
    }
    memset(to, 0, size);
    return size < 8 ? (ssize_t)size : 8;
}

static void read_errors_are_told_from_ends(void **state)
{
    int reads_left = 3;
    FILE *file = fopencookie(&reads_left, "rb", (cookie_io_functions_t){ .read = fail_to_read });
    struct outcome out = read_file(file);

    (void)state;
    assert_int_equal(out.end, READER_FAILED);
    assert_int_equal(out.reader.error, EIO);
}

struct drip {
    const struct writer *w;
    size_t at;
};

static ssize_t drip_read(void *cookie, char *to, size_t size)
{
    struct drip *drip = cookie;

    if (!size || drip->at == drip->w->size)
        return 0;
    *to = (char)drip->w->bytes[drip->at++];
    return 1;
}

static void pipes_may_deliver_byte_by_byte(void **state)
{
    struct writer w;
    struct outcome out;
    struct drip drip = { &w, 0 };

    (void)state;
    writer_init(&w);
    writer_window(&w, 4);
    writer_timed(&w, 0x81001, 9, 7, words);
    writer_end(&w);
    out = read_file(fopencookie(&drip, "rb", (cookie_io_functions_t){ .read = drip_read }));
    assert_int_equal(out.end, READER_END);
    assert_int_equal(out.records, 2);
    assert_int_equal(out.last.extra[6], 7);
    writer_free(&w);
}

int reader_tests(unsigned int *total)
{
    static const struct CMUnitTest reader[] = {
        cmocka_unit_test(bytes_are_split_as_xen_defines),
        cmocka_unit_test(longest_and_shortest_records_are_read),
        cmocka_unit_test(windows_name_the_cpu),
        cmocka_unit_test(start_without_cpu_change_has_no_cpu),
        cmocka_unit_test(zero_words_are_padding_everywhere),
        cmocka_unit_test(empty_file_and_empty_windows_are_fine),
        cmocka_unit_test(wrap_records_with_and_without_time_are_passed_on),
        cmocka_unit_test(window_larger_than_the_file_is_damage_at_its_end),
        cmocka_unit_test(window_size_must_be_whole_words),
        cmocka_unit_test(cpu_number_beyond_xens_limit_is_damage),
        cmocka_unit_test(cpu_change_of_another_shape_is_damage),
        cmocka_unit_test(cpu_change_inside_a_window_is_damage),
        cmocka_unit_test(record_beyond_its_window_is_damage),
        cmocka_unit_test(record_between_windows_is_damage),
        cmocka_unit_test(headers_that_xen_cannot_write_are_damage),
        cmocka_unit_test(cut_anywhere_is_damage_unless_between_windows),
        cmocka_unit_test(read_errors_are_told_from_ends),
        cmocka_unit_test(pipes_may_deliver_byte_by_byte),
    };

    return RUN_GROUP(reader, total);
}
