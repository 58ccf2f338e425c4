/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_trace.h - the trace records of clustered exits.
 *
 * Written by L0 (nvmx/xen/), read by tools/xentrace-cluster.  The event numbers
 * are those of Xen's public/trace.h as patched by xen-patches/; this header
 * adds what each record carries.  A record is Xen's struct t_rec with the cycle
 * count, followed by one of the payloads below as 32-bit little-endian words.
 *
 * All payloads begin with the site: the RIP of the cluster's first instruction
 * (two words, low first) and the vCPU (domain ID in bits 31..16, vCPU ID in
 * bits 15..0).  Payloads have a fixed size, at most the seven words that Xen
 * allows (XSA-477 is what a variable size can cost).
 */
#ifndef NVMX_CLUSTER_TRACE_H
#define NVMX_CLUSTER_TRACE_H

#include "cluster_env.h"

#define NVMX_TRC_CLUSTER            0x00088000u  /* the class, free in Xen 4.20 */
#define NVMX_TRC_CLUSTER_FORMED     (NVMX_TRC_CLUSTER + 0x1)
#define NVMX_TRC_CLUSTER_CODE       (NVMX_TRC_CLUSTER + 0x2)
#define NVMX_TRC_CLUSTER_EXECUTED   (NVMX_TRC_CLUSTER + 0x3)
#define NVMX_TRC_CLUSTER_STOPPED    (NVMX_TRC_CLUSTER + 0x4)
#define NVMX_TRC_CLUSTER_DISCARDED  (NVMX_TRC_CLUSTER + 0x5)

struct nvmx_trc_site {
    uint32_t rip_lo, rip_hi;
    uint32_t vcpu;                  /* domid << 16 | vcpu_id */
};

/* A cluster was formed; NVMX_TRC_CLUSTER_CODE records with its bytes follow. */
struct nvmx_trc_formed {
    struct nvmx_trc_site site;
    uint32_t shape;                 /* instructions 7..0, exiting 15..8, bytes 31..16 */
};

/* Twelve bytes of the code of the cluster just formed; zero-padded at the end. */
#define NVMX_TRC_CODE_BYTES 12
struct nvmx_trc_code {
    struct nvmx_trc_site site;
    uint32_t offset;                /* of bytes[0] from the site */
    uint8_t  bytes[NVMX_TRC_CODE_BYTES];
};

/* A cluster ran; exits avoided = exiting - 1. */
struct nvmx_trc_executed {
    struct nvmx_trc_site site;
    uint32_t done;                  /* instructions 7..0, exiting 15..8, enum cluster_stop 23..16 */
};

/*
 * An execution ended before the cluster's end, or was refused (then no
 * EXECUTED record goes with it, and stop_rip is the site).
 */
struct nvmx_trc_stopped {
    struct nvmx_trc_site site;
    uint32_t reason;                /* enum cluster_stop */
    uint32_t stop_rip_lo, stop_rip_hi;
};

struct nvmx_trc_discarded {
    struct nvmx_trc_site site;
    uint32_t reason;                /* enum cluster_discard; for FLUSHED the site is 0 */
    uint32_t count;                 /* clusters dropped: 1, or all of a flush */
};

#endif /* NVMX_CLUSTER_TRACE_H */
