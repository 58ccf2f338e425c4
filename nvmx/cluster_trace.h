/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_trace.h - the trace records of clustered exits.
 *
 * Written by L0 (nvmx/xen/), read by tools/xentrace-cluster.  The event numbers
 * are those of Xen's public/trace.h as patched by xen-patches/; this header
 * adds what each record carries.  A record is Xen's struct t_rec with the cycle
 * count, followed by one of the payloads below as 32-bit little-endian words.
 *
 * All payloads begin with a struct nvmx_trc_site: an address of L1 and the vCPU.
 * The address is that of the exit site (the first instruction of the cluster or
 * region), unless the payload says otherwise.  Payloads have a fixed size, at
 * most the seven words that Xen allows (XSA-477 is what a variable size can cost).
 *
 * A static cluster: FORMED, then CODE for its bytes.  A region: SEGMENT for each
 * path that is added to it, then PIECE for that path's bytes; a region's first
 * segment is what forms it.
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
#define NVMX_TRC_CLUSTER_SEGMENT    (NVMX_TRC_CLUSTER + 0x6)
#define NVMX_TRC_CLUSTER_PIECE      (NVMX_TRC_CLUSTER + 0x7)
#define NVMX_TRC_CLUSTER_MISMATCH   (NVMX_TRC_CLUSTER + 0x8)
#define NVMX_TRC_CLUSTER_VALUES     (NVMX_TRC_CLUSTER + 0x9)
#define NVMX_TRC_CLUSTER_BATCH      (NVMX_TRC_CLUSTER + 0xa)

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

/*
 * A segment was recorded; NVMX_TRC_CLUSTER_PIECE records with its bytes follow.
 * Its number is its index among the vCPU's segments: unique until they are all
 * flushed.
 */
struct nvmx_trc_segment {
    struct nvmx_trc_site site;
    uint32_t shape;                 /* instructions (nodes) 15..0, exiting 23..16, both
                                       saturating; 31: the region's first */
    uint32_t bytes;                 /* of its instructions, 15..0 saturating; segment number 31..16 */
    uint32_t host_bytes;            /* of its translation; 0: not translated */
};

/*
 * Up to twelve bytes of the code of the segment just recorded, adjacent in L1's
 * address space; zero-padded.  They are its instructions in the order of the
 * path and nothing else, though one may go on in the next record.  Segments are
 * not contiguous: the address in @at is that of bytes[0].
 */
struct nvmx_trc_piece {
    struct nvmx_trc_site at;
    uint32_t part;                  /* how many bytes 7..0, 1 to 12; segment number 31..16 */
    uint8_t  bytes[NVMX_TRC_CODE_BYTES];
};

/* The values of executed.how, bits 15..8. Append, never renumber. */
enum nvmx_trc_mode {
    NVMX_TRC_MODE_STATIC,
    NVMX_TRC_MODE_INTERP,
    NVMX_TRC_MODE_ON,
    NVMX_TRC_MODE_VERIFY,           /* a prediction: L1 executed by itself */
    NVMX_TRC_NR_MODES
};

/* executed.how: a region or cluster that was there before this exit. */
#define NVMX_TRC_CACHED 0x1u

/* executed.how: L1 had not exited; it would have been entered there, to handle a VM exit. */
#define NVMX_TRC_ENTERED 0x2u

/* A cluster or region ran; exits avoided = exiting - 1, with NVMX_TRC_ENTERED all of them. */
struct nvmx_trc_executed {
    struct nvmx_trc_site site;
    uint32_t done;                  /* instructions 15..0, exiting 31..16, both saturating */
    uint32_t how;                   /* NVMX_TRC_CACHED, _ENTERED in 7..0; enum nvmx_trc_mode 15..8;
                                       enum cluster_stop 23..16 */
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

/*
 * For CLUSTER_DISCARD_FLUSHED the site is the one whose recording filled a pool,
 * or 0 when the mode was changed.
 */
struct nvmx_trc_discarded {
    struct nvmx_trc_site site;
    uint32_t reason;                /* enum cluster_discard */
    uint32_t count;                 /* clusters and regions dropped: 1, or all of a flush */
};

/* What a prediction of verify mode got wrong. Append, never renumber. */
enum nvmx_trc_differs {
    NVMX_TRC_DIFFERS_GPR,           /* where: enum cluster_gpr */
    NVMX_TRC_DIFFERS_RIP,
    NVMX_TRC_DIFFERS_RFLAGS,
    NVMX_TRC_DIFFERS_MEMORY,        /* where: linear address */
    NVMX_TRC_DIFFERS_FIELD,         /* where: encoding of the VMCS field */
    NVMX_TRC_DIFFERS_EXIT,          /* values: basic exit reasons */
    NVMX_TRC_DIFFERS_MSR,           /* where: index of the MSR */
    NVMX_TRC_DIFFERS_INSNS,         /* values: instructions that could be executed */
    NVMX_TRC_NR_DIFFERS
};

/*
 * L1 was not where it had been predicted to be: one record for each thing that
 * differed, and always NVMX_TRC_CLUSTER_VALUES right behind it.
 */
struct nvmx_trc_mismatch {
    struct nvmx_trc_site site;      /* of the region that predicted */
    uint32_t what;                  /* enum nvmx_trc_differs 7..0; bytes compared 15..8;
                                       16: the interpreter (expected) against the translation,
                                       not against L1 */
    uint32_t insns;                 /* instructions predicted up to there */
    uint32_t where_lo, where_hi;    /* see enum nvmx_trc_differs; else 0 */
};

/*
 * A virtual VM entry was done by batch (nvmx/sync.h): fields that were written to
 * vmcs02 as they are, and those fetched from there since the virtual entry before.
 * The site's address is 0.
 */
struct nvmx_trc_batch {
    struct nvmx_trc_site site;
    uint32_t fields;                /* written 15..0, fetched 31..16 */
    uint32_t inputs;                /* computed anew: enum nvmx_input (nvmx/field.h) */
};

struct nvmx_trc_values {
    struct nvmx_trc_site at;        /* the predicted RIP */
    uint32_t expected_lo, expected_hi;
    uint32_t actual_lo, actual_hi;
};

#endif /* NVMX_CLUSTER_TRACE_H */
