/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host.h - the emulator's windows and the host's files (lab_abi.h). False: it refused, or
 * this is not the lab.
 */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>

/* The number of this run, as text, is part of all names; call it first. */
void host_set_run(const char *run);

/* The window "BEFORE-RUN", or "BEFORE-RUN-BEHIND". */
bool host_open(const char *before, const char *behind);
bool host_close(const char *before, const char *behind);

/* The file "l2-RUN.json"; not longer than LAB_MAX_IO. */
bool host_put_result(const char *json, unsigned int length);

#endif /* HOST_H */
