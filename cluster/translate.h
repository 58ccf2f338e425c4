/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * translate.h - a recorded segment becomes x86-64 code in the vCPU's arena.
 *
 * What the code does is defined by the interpreter; the convention it obeys is
 * in frame.h, what becomes of its exits in execute.c.
 */
#ifndef CLUSTER_TRANSLATE_H
#define CLUSTER_TRANSLATE_H

#include "cluster.h"

/*
 * Translate @segment, whose nodes, edges and pieces are complete.  Fills in
 * segment->code, ->first_slot and ->nr_slots, the code of its first node and of
 * its headers, and appends to the vCPU's exits.
 *
 * @fields tells which VMREADs are plain loads (cluster_ops.vmcs_field).
 *
 * Returns false, leaving the arena as it was, when the arena, the exits or the
 * slots are used up: the caller then forgets everything.
 */
bool cluster_translate(struct cluster_vcpu *vcpu, uint32_t segment,
                       const struct cluster_ops *fields, void *ctx);

#endif /* CLUSTER_TRANSLATE_H */
