/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * format.h - numbers as people read them. The strings live in the returned
 * value: use them within the same expression.
 */
#ifndef XC_FORMAT_H
#define XC_FORMAT_H

#include <stdint.h>

struct format {
    char text[40];
};

/* 1234567 -> "1,234,567" */
struct format format_count(uint64_t n);

/* part / whole as "12.3%"; "-" when whole is 0 */
struct format format_percent(uint64_t part, uint64_t whole);

/* sum / n as "12.34"; "-" when n is 0 */
struct format format_mean(uint64_t sum, uint64_t n);

/* "d1v0", as Xen's own tools write it */
struct format format_vcpu(uint32_t vcpu);

/* "0xffffffff81000000" */
struct format format_hex(uint64_t n);

/* A CPU's number; "?" for READER_NO_CPU */
struct format format_cpu(uint32_t cpu);

#endif /* XC_FORMAT_H */
