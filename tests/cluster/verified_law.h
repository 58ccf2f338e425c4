/* SPDX-License-Identifier: GPL-2.0-only */
/* verified_law.h - what the tests of verify mode begin with and look at. */
#ifndef VERIFIED_LAW_H
#define VERIFIED_LAW_H

#include "verified.h"

#define GPR(l1, name) ((l1)->guest->regs.gpr[CLUSTER_##name])

/* Two exits with a bit of everything between them, and a third. */
#define GAP "vmread rax, rdx; mov [rbx], rax; push rax; pop rsi; add rsi, 1; " \
            "vmwrite rdx, rsi; vmread rcx, rdx; ud2"

/* *state is an L1 with RBX at its data and RDX the number of a field. */
int verified_law_start(void **state);
int verified_law_end(void **state);

#define LAW(name) cmocka_unit_test_setup_teardown(name, verified_law_start, verified_law_end)

/* Predicted exits that were not compared yet. */
unsigned int verified_pending(const struct verified *l1);

/* L1 goes to each predicted exit, and is right there. */
void verified_check_all(struct verified *l1);

/* The last comparison found this, of a prediction at GUEST_CODE. */
void verified_check_mismatch(const struct verified *l1, enum cluster_mismatch_kind kind,
                             uint64_t where, uint64_t expected, uint64_t actual);

/* GAP is predicted by the interpreter, and L1 has come to the first predicted exit. */
void verified_predict_gap(struct verified *l1);

#endif /* VERIFIED_LAW_H */
