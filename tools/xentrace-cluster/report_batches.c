/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_batches.c - virtual VM entries by batch, among the totals for people.
 */
#include "report_text.h"

static void fields(const char *label, const struct spread *spread, uint64_t batches, FILE *out)
{
    char remark[96], indented[16];
    unsigned int n;
    uint64_t count;

    snprintf(remark, sizeof(remark), "%s per batch, median %u, at most %u",
             format_mean(spread->sum, batches).text, spread_median(spread), spread_max(spread));
    total(out, label, spread->sum, remark);
    for (n = 0; n < SPREAD_CLASSES; n++) {
        count = spread_class(spread, n);
        if (!count)
            continue;
        snprintf(indented, sizeof(indented), "    %.11s", spread_class_name(n).text);
        total(out, indented, count, format_percent(count, batches).text);
    }
}

static void inputs(const struct batches *batches, FILE *out)
{
    char indented[32];
    unsigned int bit;
    uint64_t sum = 0;

    for (bit = 0; bit < EVENT_NR_INPUTS; bit++)
        sum += batches->inputs[bit];
    total(out, "  inputs computed anew", sum, "");
    for (bit = 0; bit < EVENT_NR_INPUTS; bit++) {
        if (!batches->inputs[bit])
            continue;
        snprintf(indented, sizeof(indented), "    %s", event_input_name(bit));
        total(out, indented, batches->inputs[bit],
              format_percent(batches->inputs[bit], batches->nr).text);
    }
}

/* Percentages are of the batches. */
void batches_section(const struct batches *batches, FILE *out)
{
    if (!batches->nr)
        return;
    fputc('\n', out);
    total(out, "Virtual entries by batch", batches->nr, "");
    fields("  fields written", &batches->written, batches->nr, out);
    fields("  fields fetched", &batches->fetched, batches->nr, out);
    inputs(batches, out);
}
