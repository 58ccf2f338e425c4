/* SPDX-License-Identifier: GPL-2.0-only */
#include "trace.h"

/* What is at work while a file is read. */
struct reading {
    const struct trace_filter *filter;
    struct order *order;
    struct trace *trace;
};

static void note_malformed(struct trace *trace, const struct record *record)
{
    if (trace->malformed < TRACE_SHOWN_MALFORMED) {
        trace->malformed_at[trace->malformed].offset = record->offset;
        trace->malformed_at[trace->malformed].event = record->event;
    }
    trace->malformed++;
}

static bool passes(const struct trace_filter *filter, const struct event *event)
{
    return !filter->on || event->kind == EVENT_LOST || event->vcpu == filter->vcpu;
}

static void tell(struct reading *reading, const struct event *event)
{
    if (event->kind != EVENT_LOST)
        reading->trace->cluster++;
    if (passes(reading->filter, event))
        order_push(reading->order, event);
    else
        reading->trace->filtered++;
}

static void take_time(struct order *order, const struct record *record)
{
    if (record->event == READER_CPU_CHANGE)
        order_window(order, record->cpu);
    else if (record->has_tsc)
        order_clock(order, record->cpu, record->tsc);
}

static void take(struct reading *reading, const struct record *record)
{
    struct trace *trace = reading->trace;
    struct event event;

    trace->records++;
    trace->cpus[record->cpu] = true;
    take_time(reading->order, record);
    switch (event_decode(record, &event)) {
    case EVENT_FRAMING:
        trace->framing++;
        break;
    case EVENT_NEWER:
        trace->newer++;
        break;
    case EVENT_FOREIGN:
        trace->foreign++;
        break;
    case EVENT_MALFORMED:
        note_malformed(trace, record);
        break;
    default:
        tell(reading, &event);
        break;
    }
}

static void take_end(struct trace *trace, const struct reader *reader, enum reader_result end)
{
    trace->end = end;
    trace->damage = reader->damage;
    trace->damage_offset = reader->damage_offset;
    trace->error = reader->error;
    trace->padding = reader->padding;
}

void trace_read(FILE *file, const struct trace_filter *filter, order_sink *sink, void *ctx,
                struct trace *trace)
{
    struct reading reading = { filter, order_new(sink, ctx), trace };
    enum reader_result result;
    struct reader reader;
    struct record record;

    memset(trace, 0, sizeof(*trace));
    reader_init(&reader, file);
    while ((result = reader_next(&reader, &record)) == READER_RECORD)
        take(&reading, &record);
    order_finish(reading.order);
    take_end(trace, &reader, result);
    trace->times = order_times(reading.order);
    order_free(reading.order);
}

/* The end of the run of CPUs that begins at @first. */
static unsigned int run_end(const struct trace *trace, unsigned int first)
{
    unsigned int last = first;

    while (last + 1 < READER_MAX_CPUS && trace->cpus[last + 1])
        last++;
    return last;
}

/* Appends a run of CPUs; returns false, with "..." appended, when there is no room. */
static bool append_run(char *to, size_t size, unsigned int first, unsigned int last)
{
    const char *comma = *to ? "," : "";
    char run[32];

    if (first == READER_NO_CPU)
        snprintf(run, sizeof(run), "%s?", comma);
    else if (first == last)
        snprintf(run, sizeof(run), "%s%u", comma, first);
    else
        snprintf(run, sizeof(run), "%s%u-%u", comma, first, last);
    if (strlen(to) + strlen(run) + sizeof("...") > size) {
        strcat(to, "...");
        return false;
    }
    strcat(to, run);
    return true;
}

char *trace_cpus_text(const struct trace *trace, char *to, size_t size)
{
    unsigned int cpu, last;
    bool room = true;

    *to = '\0';
    for (cpu = 0; room && cpu < READER_MAX_CPUS; cpu++) {
        if (!trace->cpus[cpu])
            continue;
        last = run_end(trace, cpu);
        room = append_run(to, size, cpu, last);
        cpu = last;
    }
    if (room && trace->cpus[READER_NO_CPU])
        append_run(to, size, READER_NO_CPU, READER_NO_CPU);
    return *to ? to : strcpy(to, "-");
}

unsigned int trace_nr_cpus(const struct trace *trace)
{
    unsigned int cpu, nr = 0;

    for (cpu = 0; cpu <= READER_MAX_CPUS; cpu++)
        nr += trace->cpus[cpu];
    return nr;
}
