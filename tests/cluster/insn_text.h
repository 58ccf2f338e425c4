/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * insn_text.h - clusters as text, for golden files and for messages.
 */
#ifndef INSN_TEXT_H
#define INSN_TEXT_H

#include <stdio.h>

#include "cluster.h"

/* One instruction on one line, without its place in the cluster. */
void insn_text(FILE *out, const struct cluster_insn *insn);

/* @c as cluster_form() left it, @formed being what it returned. */
void cluster_text(FILE *out, const struct cluster *c, bool formed);

#endif /* INSN_TEXT_H */
