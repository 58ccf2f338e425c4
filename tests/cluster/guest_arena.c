/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE             /* memfd_create() */
#include "guest_arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t frame_size(void)
{
    return (sizeof(struct cluster_frame) + 4095) & ~(size_t)4095;
}

static void *map(void *where, size_t size, int protection, int flags, int file)
{
    void *at = mmap(where, size, protection, flags, file, 0);

    if (at == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    return at;
}

static int memory_file(uint32_t size)
{
    int file = memfd_create("arena", MFD_CLOEXEC);

    if (file < 0 || ftruncate(file, size) != 0) {
        perror("memfd_create");
        exit(2);
    }
    return file;
}

struct cluster_arena guest_arena_map(uint32_t size)
{
    struct cluster_arena arena = { .size = size };
    int file = memory_file(size);
    uint8_t *both;

    /* One reservation for code and frame: that keeps them together. */
    both = map(NULL, size + frame_size(), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    arena.execute = map(both, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file);
    arena.frame = map(both + size, frame_size(), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
    arena.write = map(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file);
    close(file);
    return arena;
}

void guest_arena_unmap(struct cluster_arena *arena)
{
    munmap(arena->execute, arena->size + frame_size());
    munmap(arena->write, arena->size);
}
