/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * native.h - executing a sequence of instructions on the CPU this runs on.
 *
 * Everything lies at fixed addresses below 2 GB, so that instructions can reach
 * it by a 32-bit displacement and native.S without any register:
 *
 *   NATIVE_STATE   one page, struct native_state
 *   NATIVE_DATA    NATIVE_DATA_PAGES pages: readable and writable, but for
 *                  NATIVE_READ_ONLY and NATIVE_HOLE, which is not there; the last
 *                  one holds the stack
 *   NATIVE_CODE    one page, readable and executable, written through another
 *                  mapping (W^X)
 *
 * Nothing is mapped around the data pages and the code page.
 */
#ifndef NATIVE_H
#define NATIVE_H

#define NATIVE_STATE      0x2b6d1000
#define NATIVE_DATA       0x20010000
#define NATIVE_DATA_PAGES 5
#define NATIVE_READ_ONLY  2
#define NATIVE_HOLE       3
#define NATIVE_STACK      0x20014000
#define NATIVE_CODE       0x20020000

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
    uint64_t gpr_in[16], rflags_in;
    uint64_t entry;             /* where to begin */
    uint64_t gpr_out[16], rflags_out;
    uint64_t host_rsp;
    uint64_t leave;             /* where the sequence must jump at its end */
    uint64_t bases;             /* not 0: FS and GS bases can be, and are, set */
    uint64_t fs_in, gs_in, host_fs, host_gs;
    /* How it ended: 0, or the signal and where it was raised, for which address. */
    uint64_t signal, signal_rip, signal_address;
};

/* Map the areas.  Ends the program with a message where that fails. */
void native_start(void);

struct native_state *native_state(void);

/* Can FS and GS bases be set here? */
bool native_has_bases(void);

/* Does this CPU clear AF where the SDM leaves it undefined after AND, OR, XOR and TEST? */
bool native_clears_af(void);

/* The data pages; reading the hole raises a signal that ends the program. */
uint8_t *native_data(void);

/* The page NATIVE_READ_ONLY, which can be written at first. */
void native_protect(bool read_only);

/*
 * Put @size bytes of code at NATIVE_CODE, and behind them the jump by which they
 * leave.  Returns the whole page as it is now.
 */
const uint8_t *native_put_code(const uint8_t *code, unsigned int size);

/*
 * Execute what was put there, from @rip, gpr_in and rflags_in to gpr_out,
 * rflags_out and signal.  With TF in rflags_in, one instruction is executed and
 * signal is SIGTRAP.
 *
 * The code cannot make system calls: they raise SIGSYS.
 */
void native_execute(uint64_t rip);

#endif /* __ASSEMBLER__ */
#endif /* NATIVE_H */
