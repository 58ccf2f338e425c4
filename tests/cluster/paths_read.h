/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * paths_read.h - paths that the emulator recorded (format: bench/README.md), in memory.
 *
 * A path is what L1 executed from a reflected exit of L2 until L2 ran again.  A
 * malformed file ends the program with a message: it is a tool's own output.
 */
#ifndef PATHS_READ_H
#define PATHS_READ_H

#include <stdio.h>

#include "cluster.h"

enum { PATH_MAX_WIDTH = 64, PATH_NO_EXIT = -1 };

/* A memory access; bytes in the order of their addresses. */
struct path_access {
    /*
     * 'r' read before the instruction wrote it, 'w' written, 'p' operand of a VMX
     * instruction before L0 executed it, 'q' after.
     */
    char what;
    uint8_t width;
    uint64_t linear;
    uint8_t byte[PATH_MAX_WIDTH];
};

/* The registers between two instructions; rip and rflags in @regs. */
struct path_state {
    struct cluster_regs regs;
    uint64_t fs_base, gs_base;
};

/* One instruction.  An interrupted string instruction is one, with all its iterations. */
struct path_insn {
    struct path_state before;
    uint8_t length;
    uint8_t byte[CLUSTER_MAX_INSN_BYTES + 1];
    unsigned int first_access, nr_accesses;
    int exit;                   /* basic exit reason, or PATH_NO_EXIT */
    bool faulted;               /* raised an exception in L1 */
    bool entered;               /* L0 entered L1 right before it */
};

struct path {
    int reason, vector;         /* of the exit of L2 */
    unsigned long number;       /* the how many-th such exit */
    char end[16];               /* resumed, user, limit */
    struct path_insn *insn;     /* the last one has no successor's state */
    unsigned int nr_insns, room_insns;
    struct path_access *access;
    unsigned int nr_accesses, room_accesses;
};

/* Open @name, through gzip where it ends in .gz.  To be closed by paths_close(). */
FILE *paths_open(const char *name);
void paths_close(FILE *file, const char *name);

/* Read the next path to @path, which is zero-filled or held an earlier one.  False: the end. */
bool path_read(struct path *path, FILE *file, const char *name);
void path_free(struct path *path);

#endif /* PATHS_READ_H */
