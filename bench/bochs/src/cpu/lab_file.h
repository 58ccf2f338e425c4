/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_file.h - the host's side of LAB_PUT and LAB_GET, and the file of results.
 *
 * Directories: NVMX_LAB_OUT and NVMX_LAB_IN in the environment.  Names: checked by
 * the caller ([A-Za-z0-9._-], no leading dot).  Results: lab_abi.h.
 */
#ifndef BX_LAB_FILE_H
#define BX_LAB_FILE_H

/* Write len bytes at the offset; offset 0 empties the file first. */
Bit64s bx_lab_file_put(const char *name, const Bit8u *data, unsigned len, Bit64u offset);

/* Read at most len bytes from the offset; 0 at the end of the file. */
Bit64s bx_lab_file_get(const char *name, Bit8u *data, unsigned len, Bit64u offset);

/* Append to windows.jsonl in the output directory, in one write: 0 or LAB_EIO. */
Bit64s bx_lab_append_result(const char *line, size_t len);

/*
 * Append to a file in the output directory, the only one that is asked for so.  The
 * first call of an emulation empties it.  0 or LAB_EIO.
 */
Bit64s bx_lab_append_path(const char *name, const char *text, size_t len);

#endif
