/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_abi.h - how a program inside the lab talks to the emulator.
 *
 * The instruction is the reserved hint NOP with register operand, 0F 1D C0:
 * on a real CPU and in any guest it does nothing, at any privilege level, and
 * it never exits.  The lab's Bochs (bench/bochs/patches/) gives it a meaning:
 *
 *   in:  RAX  LAB_MAGIC | function
 *        RDI, RSI, R8   a name, up to 24 bytes of [A-Za-z0-9._-], zero-padded,
 *                       first character in the low byte of RDI
 *        RDX  linear address of a buffer      (LAB_PUT, LAB_GET)
 *        R9   its length in bytes             (LAB_PUT, LAB_GET); exit code (LAB_EXIT)
 *        R10  offset in the file              (LAB_PUT, LAB_GET)
 *   out: RAX  >= 0: the result; < 0: a LAB_E... value.
 *             Unchanged where the emulator is not the lab's: that value is
 *             positive and larger than any result.
 *
 * A buffer may lie in pages that are not present: the instruction faults like
 * a load or a store and is restarted.  Everything is done only if no fault
 * is taken.  PUT and GET move at most LAB_MAX_IO bytes at once.
 */
#ifndef LAB_ABI_H
#define LAB_ABI_H

#define LAB_MAGIC       0x4c41420000000000ull   /* "LAB" in the high bytes */
#define LAB_INSN        ".byte 0x0f, 0x1d, 0xc0"
#define LAB_MAX_IO      4096

enum lab_function {
    LAB_PRESENT = 0,    /* result: the version of this interface, 1 */
    LAB_OPEN    = 1,    /* open a window of that name */
    LAB_CLOSE   = 2,    /* close it: its counts are written out */
    LAB_PUT     = 3,    /* write to a file in the host's output directory; result: bytes written */
    LAB_GET     = 4,    /* read from a file in the host's input directory; result: bytes read, 0 at the end */
    LAB_EXIT    = 5,    /* end the emulation with the exit code in R9 */
};

#define LAB_VERSION     1
#define LAB_ENOENT      (-2)    /* no such file, no such window */
#define LAB_EIO         (-5)    /* the host could not read or write */
#define LAB_EEXIST      (-17)   /* the window is open already */
#define LAB_EINVAL      (-22)   /* bad name, length or function */

#endif /* LAB_ABI_H */
