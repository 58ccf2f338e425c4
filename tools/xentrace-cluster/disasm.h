/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * disasm.h - a cluster's code as text, one instruction at a time.
 */
#ifndef XC_DISASM_H
#define XC_DISASM_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols.h"

struct disasm_insn {
    unsigned int length;        /* >= 1 */
    bool exiting;               /* an instruction that exits in VMX non-root operation */
    char text[128];             /* Intel syntax */
};

/*
 * Decodes the instruction at @code, @left bytes long (>= 1), which L1 has at
 * @rip, 64-bit mode.  Bytes that are no instruction come out one at a time as
 * "db".  Absolute addresses are named after @symbols where it knows them.
 */
void disasm(const uint8_t *code, unsigned int left, uint64_t rip, const struct symbols *symbols,
            struct disasm_insn *insn);

#endif /* XC_DISASM_H */
