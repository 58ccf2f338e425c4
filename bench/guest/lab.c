/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab - marks and files for programs inside the lab (dom0, L1, L2).
 *
 *   gcc -static -O2 -Wall -o lab lab.c
 *
 * Works at any privilege level of any guest, without a driver: it only executes the
 * instruction of lab_abi.h.  Exit codes are part of the interface, see usage().
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lab_call.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_REFUSED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_IN_LAB = 3,
    EXIT_LOCAL_FILE = 4,
};

static void print_usage(FILE *out)
{
    fputs("usage: lab present            is this machine the lab?\n"
          "       lab open NAME          open a window of measurement\n"
          "       lab close NAME         close it: the host gets its counts\n"
          "       lab put NAME [FILE|-]  send FILE or standard input to the host\n"
          "       lab get NAME [FILE|-]  fetch it from the host to FILE or standard output\n"
          "       lab exit CODE          end the emulation, the emulator exits with CODE (0..255)\n"
          "       lab --help\n"
          "NAME: up to 24 of A-Z a-z 0-9 . _ - and no dot in front\n"
          "exit codes: 0 done, 1 the emulator refused, 2 usage, 3 not in the lab,\n"
          "            4 FILE cannot be read or written\n", out);
}

static int in_lab(void)
{
    union lab_name none = { .text = "" };

    return lab_call(LAB_PRESENT, &none, NULL, 0, 0) == LAB_VERSION;
}

static const char *error_text(int64_t error)
{
    switch (error) {
    case LAB_ENOENT:
        return "no such file or window";
    case LAB_EIO:
        return "the host could not read or write (is its directory set?)";
    case LAB_EEXIST:
        return "the window is open already";
    case LAB_EINVAL:
        return "bad name or value";
    }
    return "unknown answer of the emulator";
}

/* Tell a refusal from a result. */
static int finish(const char *command, const char *name, int64_t result)
{
    if (result >= 0)
        return EXIT_OK;
    fprintf(stderr, "lab: %s %s: %s\n", command, name, error_text(result));
    return EXIT_REFUSED;
}

static int local_error(const char *file)
{
    fprintf(stderr, "lab: %s: %s\n", file, strerror(errno));
    return EXIT_LOCAL_FILE;
}

/* What there is to read: all of a file, a line or so of a pipe.  0: the end, -1: error. */
static ssize_t read_some(int fd, char *buffer, size_t size)
{
    ssize_t n;

    do
        n = read(fd, buffer, size);
    while (n < 0 && errno == EINTR);
    return n;
}

static int write_full(int fd, const char *buffer, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, buffer, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        buffer += n;
        size -= n;
    }
    return 0;
}

/* The first call is made even for an empty input: offset 0 empties the host's file. */
static int put_from(int fd, const char *file, const char *text, const union lab_name *name)
{
    static char buffer[LAB_MAX_IO];
    uint64_t offset = 0;
    ssize_t n;

    do {
        n = read_some(fd, buffer, sizeof(buffer));
        if (n < 0)
            return local_error(file);
        if (n > 0 || offset == 0) {
            int64_t result = lab_call(LAB_PUT, name, buffer, n, offset);

            if (result != n)
                return finish("put", text, result < 0 ? result : LAB_EIO);
        }
        offset += n;
    } while (n > 0);
    return EXIT_OK;
}

static int get_to(int fd, const char *file, const char *text, const union lab_name *name)
{
    static char buffer[LAB_MAX_IO];
    uint64_t offset = 0;
    int64_t n;

    for (;;) {
        n = lab_call(LAB_GET, name, buffer, sizeof(buffer), offset);
        if (n <= 0)
            return finish("get", text, n);
        if (write_full(fd, buffer, n) < 0)
            return local_error(file);
        offset += n;
    }
}

static int put(const char *text, const union lab_name *name, const char *file)
{
    int fd = strcmp(file, "-") ? open(file, O_RDONLY) : STDIN_FILENO;

    if (fd < 0)
        return local_error(file);
    return put_from(fd, file, text, name);
}

/* A file the host does not have must not cost the guest the file it has. */
static int get(const char *text, const union lab_name *name, const char *file)
{
    static char probe[1];
    int64_t first = lab_call(LAB_GET, name, probe, sizeof(probe), 0);
    int code, fd;

    if (first < 0)
        return finish("get", text, first);
    if (strcmp(file, "-") == 0)
        return get_to(STDOUT_FILENO, "standard output", text, name);
    fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0)
        return local_error(file);
    code = get_to(fd, file, text, name);
    if (close(fd) != 0 && code == EXIT_OK)
        code = local_error(file);
    return code;
}

/* Does not return in the lab. */
static int end_emulation(const char *text)
{
    union lab_name none = { .text = "" };
    unsigned long code;
    char *end;

    errno = 0;
    code = strtoul(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end || code > 255) {
        fprintf(stderr, "lab: exit code %s is not a number from 0 to 255\n", text);
        return EXIT_USAGE;
    }
    sync();
    return finish("exit", text, lab_call(LAB_EXIT, &none, NULL, code, 0));
}

static int make_name(union lab_name *name, const char *text)
{
    size_t length = strlen(text);

    if (length == 0 || length > LAB_NAME_SIZE) {
        fprintf(stderr, "lab: the name '%s' does not have 1 to %d characters\n", text, LAB_NAME_SIZE);
        return -1;
    }
    memset(name, 0, sizeof(*name));
    memcpy(name->text, text, length);
    return 0;
}

static int usage_error(void)
{
    print_usage(stderr);
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    const char *command = argv[1], *text = argv[2];
    const char *file = argc == 4 ? argv[3] : "-";
    int moves_file = !strcmp(command, "put") || !strcmp(command, "get");
    union lab_name name;

    if (argc == 4 && !moves_file)
        return usage_error();
    if (!strcmp(command, "exit"))
        return end_emulation(text);
    if (make_name(&name, text) < 0)
        return EXIT_USAGE;
    if (!strcmp(command, "open"))
        return finish(command, text, lab_call(LAB_OPEN, &name, NULL, 0, 0));
    if (!strcmp(command, "close"))
        return finish(command, text, lab_call(LAB_CLOSE, &name, NULL, 0, 0));
    if (!strcmp(command, "put"))
        return put(text, &name, file);
    if (!strcmp(command, "get"))
        return get(text, &name, file);
    return usage_error();
}

int main(int argc, char **argv)
{
    int present = argc == 2 && !strcmp(argv[1], "present");

    if (argc == 2 && !strcmp(argv[1], "--help")) {
        print_usage(stdout);
        return EXIT_OK;
    }
    if (!present && argc != 3 && argc != 4)
        return usage_error();
    if (!in_lab()) {
        fputs("lab: this machine is not the lab\n", stderr);
        return EXIT_NOT_IN_LAB;
    }
    return present ? EXIT_OK : run(argc, argv);
}
