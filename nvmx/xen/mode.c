/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mode.c - "nvmx-cluster=" on the command line and below /params in hypfs.
 */
#include <xen/errno.h>
#include <xen/init.h>
#include <xen/lib.h>
#include <xen/param.h>

#include <asm/hvm/vmx/nvmx-batch.h>

#include "internal.h"

enum nvmx_cluster_mode __read_mostly nvmx_cluster_mode = NVMX_CLUSTER_ON;
unsigned int __read_mostly nvmx_cluster_generation;

static const char mode_names[NVMX_CLUSTER_NR_MODES][8] = {
    [NVMX_CLUSTER_OFF] = "off",
    [NVMX_CLUSTER_STATIC] = "static",
    [NVMX_CLUSTER_INTERP] = "interp",
    [NVMX_CLUSTER_ON] = "on",
    [NVMX_CLUSTER_VERIFY] = "verify",
};

bool __read_mostly nvmx_batch_enabled = true;

/* The mode, and what else differs from the defaults. */
static const char *value_now(void)
{
    static char value[sizeof("verify,batch=off")];

    snprintf(value, sizeof(value), "%s%s", mode_names[nvmx_cluster_mode],
             nvmx_batch_enabled ? "" : ",batch=off");

    return value;
}

#ifdef CONFIG_HYPFS
static void __init cf_check init_mode_leaf(struct param_hypfs *par)
{
    custom_runtime_set_var(par, value_now());
}
#endif

static int cf_check parse_nvmx_cluster(const char *s);
custom_runtime_param("nvmx-cluster", parse_nvmx_cluster, init_mode_leaf);

static int parse_mode(const char *s)
{
    unsigned int mode;

    for ( mode = 0; mode < ARRAY_SIZE(mode_names); mode++ )
        if ( !cmdline_strcmp(s, mode_names[mode]) )
            return mode;

    return -EINVAL;
}

/*
 * Serialized by boot or by hypfs' lock.  Nothing changes unless all of it is right.
 * The new generation is published last: who sees it sees the new mode.
 */
static int cf_check parse_nvmx_cluster(const char *s)
{
    int mode = NVMX_CLUSTER_ON, value;
    bool batch = true;
    const char *end;

    do {
        end = strchr(s, ',') ?: strchr(s, '\0');

        if ( (value = parse_boolean("batch", s, end)) >= 0 )
            batch = value;
        else if ( (mode = parse_mode(s)) < 0 )
            return -EINVAL;

        s = end + 1;
    } while ( *end );

    ACCESS_ONCE(nvmx_cluster_mode) = mode;
    ACCESS_ONCE(nvmx_batch_enabled) = batch;
    smp_wmb();
    ACCESS_ONCE(nvmx_cluster_generation) = nvmx_cluster_generation + 1;
    custom_runtime_set_var(param_2_parfs(parse_nvmx_cluster), value_now());

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
