/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * predict_compare.h - what a predicted state is compared by (private to predict*.c).
 *
 * Each function returns true when all is the same; else it fills in kind, where,
 * expected and actual of @m.
 */
#ifndef CLUSTER_PREDICT_COMPARE_H
#define CLUSTER_PREDICT_COMPARE_H

#include "predict.h"

/* RIP, general registers, RFLAGS but for RF. */
bool cluster_predict_same_regs(const struct cluster_regs *expected,
                               const struct cluster_regs *actual, struct cluster_mismatch *m);

/* Two executions of the same instructions: memory that either may have written, VMWRITEs. */
bool cluster_predict_same_copies(const struct cluster_copy *expected,
                                 const struct cluster_copy *actual, struct cluster_mismatch *m);

/* The @width bytes, 1 to 8, at @host, the first one lowest. */
uint64_t cluster_predict_bytes(const uint8_t *host, unsigned int width);

#endif /* CLUSTER_PREDICT_COMPARE_H */
