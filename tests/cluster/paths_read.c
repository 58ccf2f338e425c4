/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "paths_read.h"

#include <err.h>
#include <inttypes.h>
#include <stdlib.h>

enum { RFLAGS = CLUSTER_NR_GPRS, FS_BASE, GS_BASE, NR_REGISTERS };

/* What a line may mean depends on those before it. */
struct reader {
    struct path *path;
    const char *name;
    unsigned long line;
    struct path_state now;      /* but for rip */
    bool entered;               /* registers were told, no instruction yet */
    bool outside;               /* L1 has exited */
};

static void malformed(const struct reader *r, const char *text)
{
    errx(2, "%s:%lu: not a line of a path: %s", r->name, r->line, text);
}

FILE *paths_open(const char *name)
{
    size_t length = strlen(name);
    char *command;
    FILE *file;

    if (length < 3 || strcmp(name + length - 3, ".gz") != 0) {
        file = fopen(name, "r");
    } else {
        /* A missing file must not look like an empty one. */
        file = fopen(name, "r");
        if (file) {
            fclose(file);
            if (asprintf(&command, "gzip -dc '%s'", name) < 0)
                err(2, "asprintf");
            file = popen(command, "r");
            free(command);
        }
    }
    if (!file)
        err(2, "%s", name);
    return file;
}

void paths_close(FILE *file, const char *name)
{
    size_t length = strlen(name);

    if (length < 3 || strcmp(name + length - 3, ".gz") != 0)
        fclose(file);
    else if (pclose(file) != 0)
        errx(2, "%s: gzip failed", name);
}

static void *grown(void *array, unsigned int used, unsigned int *room, size_t size)
{
    if (used < *room)
        return array;
    *room = *room ? 2 * *room : 1024;
    array = realloc(array, *room * size);
    if (!array)
        err(2, "realloc");
    return array;
}

static uint64_t *register_of(struct path_state *state, unsigned int n)
{
    switch (n) {
    case RFLAGS:  return &state->regs.rflags;
    case FS_BASE: return &state->fs_base;
    case GS_BASE: return &state->gs_base;
    default:      return &state->regs.gpr[n];
    }
}

/* Hexadecimal digits to bytes; returns how many. */
static unsigned int bytes_of(const struct reader *r, const char *digits, uint8_t *byte,
                             unsigned int room)
{
    unsigned int count = 0;

    for (; digits[0] != '\0' && digits[0] != '\n'; digits += 2) {
        unsigned int value;

        if (count == room || sscanf(digits, "%2x", &value) != 1)
            malformed(r, digits);
        byte[count++] = value;
    }
    return count;
}

static struct path_insn *last_insn(const struct reader *r)
{
    if (r->path->nr_insns == 0)
        errx(2, "%s:%lu: no instruction before this line", r->name, r->line);
    return &r->path->insn[r->path->nr_insns - 1];
}

static void read_registers(struct reader *r, const char *line)
{
    unsigned int n;
    int used;

    for (n = 0; n < NR_REGISTERS; n++) {
        if (sscanf(line, " %" SCNx64 "%n", register_of(&r->now, n), &used) != 1)
            malformed(r, line);
        line += used;
    }
    r->entered = true;
    r->outside = false;
}

static void read_change(struct reader *r, const char *line)
{
    unsigned int n;
    uint64_t value;

    if (sscanf(line, " %u %" SCNx64, &n, &value) != 2 || n >= NR_REGISTERS)
        malformed(r, line);
    *register_of(&r->now, n) = value;
}

/* The next iteration of the string instruction that came before? */
static bool iteration(const struct reader *r, uint64_t rip)
{
    const struct path *path = r->path;
    const struct path_insn *last;

    if (path->nr_insns == 0)
        return false;
    last = &path->insn[path->nr_insns - 1];
    return last->before.regs.rip == rip && !r->entered && last->length >= 2 &&
           (last->byte[0] == 0xf3 || last->byte[0] == 0xf2);
}

static void read_insn(struct reader *r, const char *line)
{
    struct path *path = r->path;
    struct path_insn *insn;
    uint64_t rip;
    int used;

    if (sscanf(line, " %" SCNx64 " %n", &rip, &used) != 1)
        malformed(r, line);
    if (iteration(r, rip))
        return;
    path->insn = grown(path->insn, path->nr_insns, &path->room_insns, sizeof(*path->insn));
    insn = &path->insn[path->nr_insns++];
    memset(insn, 0, sizeof(*insn));
    insn->before = r->now;
    insn->before.regs.rip = rip;
    insn->length = bytes_of(r, line + used, insn->byte, CLUSTER_MAX_INSN_BYTES);
    insn->first_access = path->nr_accesses;
    insn->exit = PATH_NO_EXIT;
    insn->entered = r->entered;
    r->entered = false;
}

static void read_access(struct reader *r, char what, const char *line)
{
    struct path *path = r->path;
    struct path_access *access;
    int used;

    path->access = grown(path->access, path->nr_accesses, &path->room_accesses,
                         sizeof(*path->access));
    access = &path->access[path->nr_accesses++];
    access->what = what == 'p' && r->outside ? 'q' : what;
    if (sscanf(line, " %" SCNx64 " %n", &access->linear, &used) != 1)
        malformed(r, line);
    access->width = bytes_of(r, line + used, access->byte, PATH_MAX_WIDTH);
    last_insn(r)->nr_accesses++;
}

static void read_exit(struct reader *r, const char *line)
{
    int reason, between;

    if (sscanf(line, " %d %d", &reason, &between) != 2)
        malformed(r, line);
    r->outside = true;
    /* An exit between two instructions shows in the next one only: it was entered. */
    if (!between)
        last_insn(r)->exit = reason;
}

static void read_begin(struct reader *r, const char *line)
{
    struct path *path = r->path;

    if (sscanf(line, " %d %d %lu", &path->reason, &path->vector, &path->number) != 3)
        malformed(r, line);
    path->nr_insns = path->nr_accesses = 0;
    r->outside = true;
}

/* Returns false behind the path's last line. */
static bool read_line(struct reader *r, const char *line)
{
    switch (line[0]) {
    case 'R': read_registers(r, line + 1); break;
    case 'i': read_insn(r, line + 1); break;
    case 'r': case 'w': case 'p': read_access(r, line[0], line + 1); break;
    case 'g': read_change(r, line + 1); break;
    case 'x': read_exit(r, line + 1); break;
    case 't':
        if (r->path->nr_insns != 0)
            last_insn(r)->faulted = true;
        break;
    case 'E':
        if (sscanf(line + 1, " %15s", r->path->end) != 1)
            malformed(r, line);
        return false;
    default: malformed(r, line);
    }
    return true;
}

bool path_read(struct path *path, FILE *file, const char *name)
{
    struct reader r = { .path = path, .name = name };
    bool begun = false, more = true;
    char *line = NULL;
    size_t room = 0;

    while (more && getline(&line, &room, file) > 0) {
        r.line++;
        if (line[0] == '#')
            continue;
        if ((line[0] == 'P') == begun)
            malformed(&r, line);
        if (line[0] == 'P')
            read_begin(&r, line + 1);
        else
            more = read_line(&r, line);
        begun = true;
    }
    free(line);
    if (begun && more)
        errx(2, "%s: ends in the middle of a path", name);
    return begun;
}

void path_free(struct path *path)
{
    free(path->insn);
    free(path->access);
    memset(path, 0, sizeof(*path));
}
