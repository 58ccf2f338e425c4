/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mode.c - "nvmx-cluster=" on the command line and below /params in hypfs.
 */
#include <xen/errno.h>
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/param.h>

#include "internal.h"

enum nvmx_cluster_mode __read_mostly nvmx_cluster_mode;
unsigned int __read_mostly nvmx_cluster_generation;

static const char mode_names[NVMX_CLUSTER_NR_MODES][8] = {
    [NVMX_CLUSTER_OFF] = "off",
    [NVMX_CLUSTER_STATIC] = "static",
    [NVMX_CLUSTER_INTERP] = "interp",
    [NVMX_CLUSTER_ON] = "on",
    [NVMX_CLUSTER_VERIFY] = "verify",
};

#ifdef CONFIG_HYPFS
static void __init cf_check init_mode_leaf(struct param_hypfs *par)
{
    custom_runtime_set_var(par, mode_names[nvmx_cluster_mode]);
}
#endif

static int cf_check parse_nvmx_cluster(const char *s);
custom_runtime_param("nvmx-cluster", parse_nvmx_cluster, init_mode_leaf);

/*
 * Serialized by boot or by hypfs' lock.  The new generation is published last:
 * who sees it sees the new mode.
 */
static int cf_check parse_nvmx_cluster(const char *s)
{
    unsigned int mode;

    for ( mode = 0; mode < ARRAY_SIZE(mode_names); mode++ )
        if ( !strcmp(s, mode_names[mode]) )
            break;

    if ( mode == ARRAY_SIZE(mode_names) )
        return -EINVAL;

    ACCESS_ONCE(nvmx_cluster_mode) = mode;
    smp_wmb();
    ACCESS_ONCE(nvmx_cluster_generation) = nvmx_cluster_generation + 1;
    custom_runtime_set_var(param_2_parfs(parse_nvmx_cluster),
                           mode_names[mode]);

    return 0;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
