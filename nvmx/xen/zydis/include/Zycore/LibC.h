/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LibC.h - what Zydis' decoder asks of a C library, from Xen.
 *
 * In the place of Zycore's header of this name, whose stand-ins for a missing
 * library go byte by byte through volatile pointers: clearing the structures
 * that an instruction is decoded into took two thirds of the decoding.
 */
#ifndef ZYCORE_LIBC_H
#define ZYCORE_LIBC_H

#include <xen/string.h>

#define ZYAN_MEMCMP memcmp
#define ZYAN_MEMCPY memcpy
#define ZYAN_MEMMOVE memmove
#define ZYAN_MEMSET memset
#define ZYAN_STRLEN strlen

#endif /* ZYCORE_LIBC_H */
