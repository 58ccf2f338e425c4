/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * events.h - from records to typed events.
 *
 * Pure functions.  The payloads are those of nvmx/cluster_trace.h; everything
 * in a record is untrusted and checked here, so that what comes after may rely
 * on the ranges stated below.
 */
#ifndef XC_EVENTS_H
#define XC_EVENTS_H

#include <stdint.h>

#include "cluster.h"
#include "cluster_trace.h"
#include "field.h"
#include "reader.h"

enum event_kind {
    EVENT_FORMED,
    EVENT_CODE,
    EVENT_EXECUTED,
    EVENT_STOPPED,
    EVENT_DISCARDED,
    EVENT_SEGMENT,
    EVENT_PIECE,
    EVENT_MISMATCH,
    EVENT_VALUES,
    EVENT_BATCH,
    EVENT_LOST,                 /* Xen lost records; not of the cluster class */
    EVENT_LAST_TOLD = EVENT_LOST, /* kinds up to here have fields in struct event */

    EVENT_FRAMING,              /* CPU_CHANGE, WRAP_BUFFER */
    EVENT_NEWER,                /* of the cluster class, with a number not known here */
    EVENT_FOREIGN,              /* of another class */
    EVENT_MALFORMED,            /* a known event whose payload cannot be */
};

/* Reasons are counted by value; all that this program does not know share one place. */
enum {
    EVENT_STOP_UNKNOWN = CLUSTER_NR_STOPS,
    EVENT_NR_STOPS = CLUSTER_NR_STOPS + 1,
    EVENT_DISCARD_UNKNOWN = CLUSTER_NR_DISCARDS,
    EVENT_NR_DISCARDS = CLUSTER_NR_DISCARDS + 1,
    EVENT_MODE_UNKNOWN = NVMX_TRC_NR_MODES,
    EVENT_NR_MODES = NVMX_TRC_NR_MODES + 1,
    EVENT_DIFFERS_UNKNOWN = NVMX_TRC_NR_DIFFERS,
    /* Inputs are counted by the number of their bit in enum nvmx_input. */
    EVENT_INPUT_UNKNOWN = 15,
    EVENT_NR_INPUTS = EVENT_INPUT_UNKNOWN + 1,
};

struct event {
    enum event_kind kind;
    uint32_t cpu;               /* as in struct record */
    uint64_t offset;            /* of the record in the file */
    uint64_t tsc;
    /*
     * The site and its vCPU; for EVENT_PIECE the address of its first byte, for
     * EVENT_VALUES the predicted RIP; for EVENT_BATCH 0; for EVENT_LOST 0 and the vCPU
     * running at its end.
     */
    uint64_t rip;
    uint32_t vcpu;              /* domain ID 31..16, vCPU ID 15..0 */
    union {
        struct {
            uint8_t insns, exiting;     /* exiting <= insns */
            uint16_t bytes;             /* 1..CLUSTER_MAX_BYTES */
        } formed;
        struct {
            uint16_t offset;            /* multiple of NVMX_TRC_CODE_BYTES, < CLUSTER_MAX_BYTES */
            uint8_t bytes[NVMX_TRC_CODE_BYTES];
        } code;
        struct {
            uint16_t insns, exiting;    /* exiting <= insns */
            uint8_t stop;               /* < EVENT_NR_STOPS */
            uint8_t mode;               /* < EVENT_NR_MODES */
            bool cached;
            bool entered;       /* L1 had not exited: at a virtual exit */
        } executed;
        struct {
            uint8_t reason;             /* < EVENT_NR_STOPS */
            uint64_t rip;               /* where */
        } stopped;
        struct {
            uint8_t reason;             /* < EVENT_NR_DISCARDS */
            uint32_t count;
        } discarded;
        struct {
            uint16_t insns;
            uint8_t exiting;            /* <= insns */
            bool first;                 /* of its region */
            uint16_t bytes;             /* of L1's code, >= 1 */
            uint16_t number;
            uint32_t host_bytes;
        } segment;
        struct {
            uint16_t segment;           /* the number */
            uint8_t nr;                 /* 1..NVMX_TRC_CODE_BYTES */
            uint8_t bytes[NVMX_TRC_CODE_BYTES];
        } piece;
        struct {
            uint8_t what;               /* <= EVENT_DIFFERS_UNKNOWN */
            uint8_t width;              /* bytes compared */
            uint32_t insns;
            uint64_t where;
        } mismatch;
        struct {
            uint64_t expected, actual;
        } values;
        struct {
            uint16_t written, fetched;  /* fields, <= NVMX_POSITIONS */
            uint16_t inputs;            /* bits < EVENT_NR_INPUTS: computed anew */
        } batch;
        struct {
            uint32_t count;
            uint64_t since;             /* TSC of the first record lost */
        } lost;
    };
};

/*
 * Fills in *event and returns its kind.  For the kinds after EVENT_LAST_TOLD
 * only kind, cpu, offset and tsc are set.
 */
enum event_kind event_decode(const struct record *record, struct event *event);

static inline unsigned int event_domain(uint32_t vcpu)
{
    return vcpu >> 16;
}

static inline unsigned int event_vcpu_id(uint32_t vcpu)
{
    return vcpu & 0xffff;
}

/*
 * True for a STOPPED event without execution: nothing was executed at the site.
 * A branch that was executed may also lead to the site, in a cluster or out of a region: a loop.
 */
static inline bool event_refused(const struct event *event)
{
    return event->stopped.rip == event->rip && event->stopped.reason != CLUSTER_STOP_BRANCH &&
           event->stopped.reason != CLUSTER_STOP_EDGE;
}

/* Short names, as in reports and JSON; for any value. */
const char *event_kind_name(enum event_kind kind);
const char *event_stop_name(unsigned int stop);
const char *event_discard_name(unsigned int reason);
const char *event_mode_name(unsigned int mode);
const char *event_differs_name(unsigned int what);
const char *event_input_name(unsigned int bit);

#endif /* XC_EVENTS_H */
