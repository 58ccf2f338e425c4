/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_env.h - what the engine takes from its surroundings, inside Xen.
 * The hosted counterpart is cluster/hosted/cluster_env.h.
 */
#ifndef NVMX_XEN_CLUSTER_ENV_H
#define NVMX_XEN_CLUSTER_ENV_H

#include <xen/types.h>
#include <xen/stdbool.h>
#include <xen/string.h>

#endif /* NVMX_XEN_CLUSTER_ENV_H */
