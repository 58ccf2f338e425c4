/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * form.h - formation: bytes in, cluster out.
 */
#ifndef CLUSTER_FORM_H
#define CLUSTER_FORM_H

#include "cluster.h"

/*
 * Form the cluster that begins at @c->rip, which must be canonical, from the
 * first @size bytes (0 to CLUSTER_MAX_BYTES) of @c->code.  A pure function of
 * these: nothing else of *@c is read, all of it but code[] is written.
 *
 * Instructions are decoded in the order of their addresses until a limit of
 * cluster.h is reached or one cannot be had; c->cut says which.  The result is
 * cut back to the last exiting instruction.  Accesses are counted along the
 * addresses, which bounds those of every path.  A push or pop counts one for the
 * stack, a read-modify-write counts one, and the operands of the exiting
 * instructions themselves do not count.
 *
 * A Jcc to a later instruction of the cluster continues there when taken; every
 * other taken Jcc leaves the cluster.
 *
 * Returns true when c->nr_exiting >= 2.  Otherwise *@c holds what there was: one
 * exiting instruction, or none where even the first is not an exiting one.
 */
bool cluster_form(struct cluster *c, unsigned int size);

#endif /* CLUSTER_FORM_H */
