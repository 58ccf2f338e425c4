/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * golden.c - formation against golden files.
 *
 * golden/NAME.in holds what formation gets: hexadecimal bytes, comments from
 * '#' to the end of the line, and at most one line "rip ADDRESS" (default
 * 0xffffffff81000000).  The bytes given are those that can be fetched.
 * golden/NAME.out holds the cluster, as cluster_text() writes it.
 *
 * usage: golden DIRECTORY NAME...     (NAME without ".in")
 * With UPDATE=1 in the environment the .out files are written anew; read the
 * difference in git before you keep them.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>

#include "form.h"
#include "insn_text.h"

static unsigned int add_bytes(struct cluster *c, unsigned int size, char *line, const char *path)
{
    char *at = line, *end;

    for (;;) {
        unsigned long byte;

        while (isspace((unsigned char)*at))
            at++;
        if (*at == '\0')
            return size;
        byte = strtoul(at, &end, 16);
        if (end - at != 2 || byte > 0xff || size == CLUSTER_MAX_BYTES)
            errx(2, "%s: not bytes, or more than %d: %s", path, CLUSTER_MAX_BYTES, line);
        c->code[size++] = byte;
        at = end;
    }
}

static unsigned int read_input(struct cluster *c, const char *path)
{
    FILE *in = fopen(path, "r");
    unsigned int size = 0;
    char *line = NULL;
    size_t room = 0;

    if (!in)
        err(2, "%s", path);
    memset(c, 0, sizeof(*c));
    c->rip = 0xffffffff81000000;
    while (getline(&line, &room, in) > 0) {
        line[strcspn(line, "#\n")] = '\0';
        if (strncmp(line, "rip ", 4) == 0)
            c->rip = strtoull(line + 4, NULL, 16);
        else
            size = add_bytes(c, size, line, path);
    }
    free(line);
    fclose(in);
    return size;
}

static char *formed_text(const char *path)
{
    struct cluster c;
    unsigned int size = read_input(&c, path);
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    bool formed = cluster_form(&c, size);

    cluster_text(out, &c, formed);
    fclose(out);
    return text;
}

static void write_file(const char *path, const char *text)
{
    FILE *out = fopen(path, "w");

    if (!out || fputs(text, out) < 0 || fclose(out))
        err(2, "%s", path);
}

/* The file's text, or an empty string where there is no file. */
static char *read_file(const char *path)
{
    FILE *in = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;

    if (!in || getdelim(&text, &room, '\0', in) < 0) {
        free(text);
        text = strdup("");
    }
    if (in)
        fclose(in);
    return text;
}

static void show_difference(const char *expected_path, const char *actual)
{
    char *command;
    FILE *diff;

    if (asprintf(&command, "diff -uN --label expected --label actual '%s' -", expected_path) < 0)
        err(2, "asprintf");
    fflush(stdout);
    diff = popen(command, "w");
    if (!diff)
        err(2, "diff");
    fputs(actual, diff);
    pclose(diff);
    free(command);
}

static bool check(const char *directory, const char *name, bool update)
{
    char *in_path, *out_path, *actual, *expected;
    bool same;

    if (asprintf(&in_path, "%s/%s.in", directory, name) < 0 ||
        asprintf(&out_path, "%s/%s.out", directory, name) < 0)
        err(2, "asprintf");
    actual = formed_text(in_path);
    if (update)
        write_file(out_path, actual);
    expected = read_file(out_path);
    same = strcmp(actual, expected) == 0;
    if (!same) {
        printf("DIFFERS: %s\n", out_path);
        show_difference(out_path, actual);
    }
    free(in_path);
    free(out_path);
    free(actual);
    free(expected);
    return same;
}

int main(int argc, char **argv)
{
    const char *update = getenv("UPDATE");
    unsigned int passed = 0, failed = 0;
    int i;

    if (argc < 3)
        errx(2, "usage: golden DIRECTORY NAME...");
    for (i = 2; i < argc; i++) {
        if (check(argv[1], argv[i], update && strcmp(update, "1") == 0))
            passed++;
        else
            failed++;
    }
    printf("golden files of formation: %u passed, %u failed\n", passed, failed);
    return failed != 0;
}
