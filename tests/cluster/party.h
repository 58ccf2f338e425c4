/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * party.h - one of those who execute the same program: an L1, and the engine in
 * one mode; or nothing but cluster_step(), the reference.
 */
#ifndef PARTY_H
#define PARTY_H

#include "l1.h"

struct party {
    const char *name;
    enum cluster_mode mode;
    struct cluster_vcpu *vcpu;  /* NULL: the reference */
    struct cluster_arena arena;
    struct l1 *l;
    /* Of the last execution. */
    bool ran;
    struct cluster_outcome out;
};

/* @vcpu: with an engine. */
void party_start(struct party *p, const char *name, enum cluster_mode mode, bool engine,
                 const struct l1_script *script);
void party_end(struct party *p);

/* Forget everything that was learned of older programs. */
void party_forget(struct party *p);

/* cluster_run() from L1's state, which @kind is of. */
void party_run(struct party *p, unsigned int kind);

/* Is all of L1's state, memory included, the same? */
bool party_same_state(const struct party *a, const struct party *b);
/* The first @count calls of both. */
bool party_same_calls(const struct party *a, const struct party *b, unsigned int count);

/* Give @to the state of @from. */
void party_copy_state(struct party *to, const struct party *from);

#endif /* PARTY_H */
