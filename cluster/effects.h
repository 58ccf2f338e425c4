/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * effects.h - what an instruction reads and writes besides memory.  Pure functions.
 */
#ifndef CLUSTER_EFFECTS_H
#define CLUSTER_EFFECTS_H

#include "cluster.h"

/* The registers that it may change, a bit for each; too many rather than too few. */
uint16_t cluster_registers_written(const struct cluster_insn *insn);

/* The registers that it names, explicitly or not, those of addresses included. */
uint16_t cluster_registers_named(const struct cluster_insn *insn);

/* What becomes of the six arithmetic flags. */
enum cluster_flags_effect {
    CLUSTER_FLAGS_KEPT,
    CLUSTER_FLAGS_SET,          /* all six, by nothing but operands */
    CLUSTER_FLAGS_MERGED,       /* some may remain as they were (or are undefined) */
};

enum cluster_flags_effect cluster_flags_effect(const struct cluster_insn *insn);

/* Does what it does, but for flags that remain, depend on the flags? */
bool cluster_flags_read(const struct cluster_insn *insn);

#endif /* CLUSTER_EFFECTS_H */
