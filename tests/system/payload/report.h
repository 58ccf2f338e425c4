/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report.h - the text that the host gets, and the marks of the emulator.
 *
 * Text is collected in memory, in order, by whoever has something to say (traps included: they
 * come while nothing else is being written), and leaves the domain at the end, or before something
 * that may end it.
 */
#ifndef REPORT_H
#define REPORT_H

#include "layout.h"

void report_text(const char *text);
void report_hex(uint64_t value, unsigned int digits);
void report_decimal(uint64_t value);
/* Hexadecimal, as many digits as it takes. */
void report_number(uint64_t value);

/* All registers and RFLAGS, or those that differ from @before. */
void report_registers(const struct registers *r);
void report_changed_registers(const struct registers *r, const struct registers *before);

/* Length of all text so far. */
size_t report_length(void);

/* Text that was written earlier. */
struct report_part {
    size_t start, size;
};

/* Take back what was written from @start on where it repeats @part; true: it did. */
bool report_fold(const struct report_part *part, size_t start);

/* Hand the text since the last time to the host's "payload-NAME.txt"; it is never taken back. */
void report_put(const char *name);

/* Is this the lab?  Elsewhere the marks are NOPs. */
bool lab_present(void);

/* Open and close the window "NAME-NN" of case number @number, two digits at least. */
void lab_open_window(const char *name, unsigned int number);
void lab_close_window(const char *name, unsigned int number);

#endif /* REPORT_H */
