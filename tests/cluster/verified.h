/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * verified.h - an L1 for the tests of verify mode: the guest of guest.h, which
 * also executes "natively" (by the interpreter, on its real memory), exit by exit.
 *
 * Its VMCS keeps what is written to it.  All its pages are accessed and dirty.
 */
#ifndef VERIFIED_H
#define VERIFIED_H

#include "guest.h"
#include "predict.h"

enum {
    VERIFIED_PASSED_MSR = 0x100,    /* RDMSR and WRMSR of it do not exit */
    VERIFIED_NOISY_MSR = 0x200,     /* may not be read ahead of time */
    VERIFIED_FIELDS = 512,          /* field numbers are even and below twice this; others fail */
};

struct verified {
    struct guest *guest;
    struct cluster_prediction *prediction;
    struct cluster_outcome out;
    struct cluster_mismatch mismatch;
    bool inlined;               /* VMREADs are plain loads */
    bool shadowed;              /* L1 exits by no VMREAD or VMWRITE */
    uint64_t field[VERIFIED_FIELDS] __attribute__((aligned(GUEST_PAGE)));  /* a page of RAM */
};

struct verified *verified_start(void);
void verified_end(struct verified *l1);

/* Put @code at GUEST_CODE; L1 has exited there. */
void verified_exits_at(struct verified *l1, struct code code);

/* Predict by the interpreter alone. */
void verified_predict_alone(struct verified *l1);

/* Predict by the engine, as often as it takes until it has executed something. */
bool verified_predict(struct verified *l1);

/*
 * L1 goes on natively: the instruction that it exited by is carried out, and so is
 * what follows, up to the next that exits or that the interpreter does not know.
 */
void verified_go(struct verified *l1);

/* L1 has exited: compare.  Fills in l1->mismatch. */
bool verified_compare(struct verified *l1);

#endif /* VERIFIED_H */
