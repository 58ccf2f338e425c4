/* SPDX-License-Identifier: GPL-2.0-only */
#include <inttypes.h>
#include <stdio.h>

#include "events.h"
#include "format.h"

struct format format_count(uint64_t n)
{
    struct format plain, grouped;
    int length = snprintf(plain.text, sizeof(plain.text), "%" PRIu64, n);
    char *to = grouped.text;
    int i;

    for (i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = plain.text[i];
    }
    *to = '\0';
    return grouped;
}

static struct format ratio(double ratio, const char *pattern, uint64_t whole)
{
    struct format out = { "-" };

    if (whole)
        snprintf(out.text, sizeof(out.text), pattern, ratio);
    return out;
}

struct format format_percent(uint64_t part, uint64_t whole)
{
    return ratio(100.0 * (double)part / (double)(whole ? whole : 1), "%.1f%%", whole);
}

struct format format_mean(uint64_t sum, uint64_t n)
{
    return ratio((double)sum / (double)(n ? n : 1), "%.2f", n);
}

struct format format_vcpu(uint32_t vcpu)
{
    struct format out;

    snprintf(out.text, sizeof(out.text), "d%uv%u", event_domain(vcpu), event_vcpu_id(vcpu));
    return out;
}

struct format format_hex(uint64_t n)
{
    struct format out;

    snprintf(out.text, sizeof(out.text), "0x%" PRIx64, n);
    return out;
}

struct format format_cpu(uint32_t cpu)
{
    struct format out = { "?" };

    if (cpu != READER_NO_CPU)
        snprintf(out.text, sizeof(out.text), "%" PRIu32, cpu);
    return out;
}
