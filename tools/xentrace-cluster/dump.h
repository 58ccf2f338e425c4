/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dump.h - the cluster events of a trace, one line each.
 */
#ifndef XC_DUMP_H
#define XC_DUMP_H

#include "events.h"
#include "symbols.h"

struct dump {
    FILE *out;
    bool json;
    const struct symbols *symbols;
};

/* The heading of the text form; nothing with JSON. */
void dump_heading(const struct dump *dump);

/* One event; an order_sink with a struct dump as its context. */
void dump_event(void *dump, const struct event *event);

#endif /* XC_DUMP_H */
