/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - a whole trace file: reader, events and order put together.
 */
#ifndef XC_TRACE_H
#define XC_TRACE_H

#include <stdio.h>

#include "order.h"

enum { TRACE_SHOWN_MALFORMED = 8 };

struct trace_filter {
    bool on;
    uint32_t vcpu;              /* as in struct event */
};

/* What was in the file. Numbers of records unless said otherwise. */
struct trace {
    uint64_t records;
    uint64_t cluster;           /* of the cluster class, known and well-formed */
    uint64_t filtered;          /* those of them that the filter kept back */
    uint64_t newer;             /* of the cluster class, event number not known */
    uint64_t foreign;           /* of other classes */
    uint64_t framing;           /* CPU_CHANGE and WRAP_BUFFER */
    uint64_t malformed;
    uint64_t padding;           /* bytes */
    struct {
        uint64_t offset;
        uint32_t event;
    } malformed_at[TRACE_SHOWN_MALFORMED];      /* the first ones */

    enum reader_result end;     /* READER_END, READER_DAMAGED or READER_FAILED */
    enum reader_damage damage;
    uint64_t damage_offset;
    int error;                  /* errno of READER_FAILED */

    struct order_times times;
    bool cpus[READER_MAX_CPUS + 1];
};

/*
 * Reads @file to its end or to the first damage and gives @sink, in time order,
 * every event of a kind up to EVENT_LAST_TOLD that passes the filter; loss of
 * records always passes.  Fills in *trace.
 */
void trace_read(FILE *file, const struct trace_filter *filter, order_sink *sink, void *ctx,
                struct trace *trace);

/* Damaged, or with malformed events. */
static inline bool trace_is_damaged(const struct trace *trace)
{
    return trace->end == READER_DAMAGED || trace->malformed;
}

/* CPU numbers as "0-3,8", "-" for none, "?" for the unnamed one; cut with "..." to @size. */
char *trace_cpus_text(const struct trace *trace, char *to, size_t size);
unsigned int trace_nr_cpus(const struct trace *trace);

#endif /* XC_TRACE_H */
