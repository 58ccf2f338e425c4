/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * paths_flags.h - what the SDM (vol. 2, and vol. 1, appendix A) says of the
 * arithmetic flags behind an instruction.  A table of its own, not the engine's.
 */
#ifndef PATHS_FLAGS_H
#define PATHS_FLAGS_H

#include "cluster.h"

enum {
    FLAG_CF = 0x001, FLAG_PF = 0x004, FLAG_AF = 0x010, FLAG_ZF = 0x040, FLAG_SF = 0x080,
    FLAG_IF = 0x200, FLAG_DF = 0x400, FLAG_OF = 0x800,
    FLAGS_ARITHMETIC = FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF,
};

/* The flags that may have any value behind @insn, executed with @before. */
unsigned int path_flags_undefined(const struct cluster_insn *insn,
                                  const struct cluster_regs *before);

/* The flags that have a defined value behind it whatever they were. */
unsigned int path_flags_defined(const struct cluster_insn *insn,
                                const struct cluster_regs *before);

#endif /* PATHS_FLAGS_H */
