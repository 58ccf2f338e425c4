/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_file.cc - the host's side of LAB_PUT, LAB_GET and of the results.
 *
 * The guest names files, so it gets no say in anything else: one flat directory each
 * way, given by the environment, names without a separator or a leading dot
 * (checked by the caller), regular files only.  Every call opens and closes its
 * file: a guest that stops half-way leaves nothing behind in the emulator.
 */
#include "bochs.h"
#include "cpu.h"
#include "lab_abi.h"
#include "lab_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RESULTS_FILE "windows.jsonl"

/*
 * Result: a descriptor, LAB_ENOENT where the directory has no such file, or LAB_EIO.
 * O_NONBLOCK: a FIFO in the directory must not stop the emulator.
 */
static int open_in(const char *dir_variable, const char *name, int flags)
{
    const char *dir = getenv(dir_variable);
    int dir_fd, fd, result;

    if (dir == NULL || *dir == 0)
        return LAB_EIO;
    dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return LAB_EIO;
    fd = openat(dir_fd, name, flags | O_CLOEXEC | O_NONBLOCK, 0666);
    if (fd >= 0)
        result = fd;
    else
        result = errno == ENOENT ? LAB_ENOENT : LAB_EIO;
    close(dir_fd);
    return result;
}

static bool is_regular(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* Write all of it; offset < 0 means: where the file stands. */
static bool write_all(int fd, const void *data, size_t len, Bit64s offset)
{
    const char *p = (const char *)data;

    while (len > 0) {
        ssize_t n = offset < 0 ? write(fd, p, len) : pwrite(fd, p, len, offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= n;
        if (offset >= 0)
            offset += n;
    }
    return true;
}

Bit64s bx_lab_file_put(const char *name, const Bit8u *data, unsigned len, Bit64u offset)
{
    int truncate = offset == 0 ? O_TRUNC : 0;
    bool ok;
    int fd;

    if (strcmp(name, RESULTS_FILE) == 0)
        return LAB_EINVAL;
    fd = open_in("NVMX_LAB_OUT", name, O_WRONLY | O_CREAT | O_NOFOLLOW | truncate);
    if (fd < 0)
        return LAB_EIO;
    ok = is_regular(fd) && write_all(fd, data, len, (Bit64s)offset);
    if (close(fd) != 0)
        ok = false;
    return ok ? (Bit64s)len : LAB_EIO;
}

Bit64s bx_lab_file_get(const char *name, Bit8u *data, unsigned len, Bit64u offset)
{
    Bit64s result = LAB_EIO;
    ssize_t n;
    int fd = open_in("NVMX_LAB_IN", name, O_RDONLY);

    if (fd < 0)
        return fd;
    if (is_regular(fd)) {
        do
            n = pread(fd, data, len, (Bit64s)offset);
        while (n < 0 && errno == EINTR);
        if (n >= 0)
            result = n;
    }
    close(fd);
    return result;
}

static Bit64s append(const char *name, int flags, const char *text, size_t len)
{
    int fd = open_in("NVMX_LAB_OUT", name, O_WRONLY | O_CREAT | O_NOFOLLOW | flags);
    bool ok;

    if (fd < 0)
        return LAB_EIO;
    ok = write_all(fd, text, len, -1);
    if (close(fd) != 0)
        ok = false;
    return ok ? 0 : LAB_EIO;
}

Bit64s bx_lab_append_result(const char *line, size_t len)
{
    return append(RESULTS_FILE, O_APPEND, line, len);
}

Bit64s bx_lab_append_path(const char *name, const char *text, size_t len)
{
    static bool begun;
    int flags = begun ? O_APPEND : O_TRUNC;

    begun = true;
    return append(name, flags, text, len);
}
