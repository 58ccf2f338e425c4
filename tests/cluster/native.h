/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * native.h - executing a sequence of instructions on the CPU this runs on.
 *
 * Everything lies at fixed addresses below 2 GB, so that instructions can reach
 * it by a 32-bit displacement and native.S without any register:
 *
 *   NATIVE_STATE   one page, struct native_state
 *   NATIVE_DATA    NATIVE_DATA_PAGES pages, readable and writable; the last
 *                  one holds the stack
 *   NATIVE_CODE    one page, readable and executable, written through another
 *                  mapping (W^X)
 */
#ifndef NATIVE_H
#define NATIVE_H

#define NATIVE_STATE      0x20000000
#define NATIVE_DATA       0x20001000
#define NATIVE_DATA_PAGES 3
#define NATIVE_STACK      0x20003000
#define NATIVE_CODE       0x20004000

/* Offsets in struct native_state, for native.S. */
#define STATE_GPR_IN      0
#define STATE_RFLAGS_IN   128
#define STATE_ENTRY       136
#define STATE_GPR_OUT     144
#define STATE_RFLAGS_OUT  272
#define STATE_HOST_RSP    280
#define STATE_LEAVE       288
#define STATE_BASES       296
#define STATE_FS_IN       304
#define STATE_GS_IN       312
#define STATE_HOST_FS     320
#define STATE_HOST_GS     328

#ifndef __ASSEMBLER__

#include <stdbool.h>
#include <stdint.h>

struct native_state {
    uint64_t gpr_in[16], rflags_in, entry;
    uint64_t gpr_out[16], rflags_out;
    uint64_t host_rsp;
    uint64_t leave;             /* where the sequence must jump at its end */
    uint64_t bases;             /* not 0: FS and GS bases can be, and are, set */
    uint64_t fs_in, gs_in, host_fs, host_gs;
};

/* Map the three areas.  Ends the program with a message where that fails. */
void native_start(void);

struct native_state *native_state(void);

/* Can FS and GS bases be set here? */
bool native_has_bases(void);

/* The data pages. */
uint8_t *native_data(void);

/*
 * Execute @size bytes of code, copied to NATIVE_CODE, from gpr_in and rflags_in
 * to gpr_out and rflags_out.  Returns false when the code faulted.
 */
bool native_execute(const uint8_t *code, unsigned int size);

#endif /* __ASSEMBLER__ */
#endif /* NATIVE_H */
