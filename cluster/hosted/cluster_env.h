/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_env.h (hosted) - what the engine asks of its surroundings, for tests
 * and tools that run as ordinary programs.  Inside Xen another file of this
 * name supplies the same names; nothing else differs between the two builds.
 *
 * Supplies: uint8_t .. uint64_t, int32_t, int64_t, bool, NULL,
 * offsetof, memcpy, memcmp, memset.
 */
#ifndef CLUSTER_ENV_H
#define CLUSTER_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#endif /* CLUSTER_ENV_H */
