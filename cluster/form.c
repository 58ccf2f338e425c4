/* SPDX-License-Identifier: GPL-2.0-only */
#include "form.h"
#include "decode.h"

/* Formation as far as it has come. */
struct progress {
    unsigned int size;          /* bytes there are */
    unsigned int offset;        /* bytes decoded */
    unsigned int decoded;       /* instructions decoded, all kept in the cluster's insn[] */
    unsigned int gap_accesses;  /* since the last exiting instruction */
};

static enum cluster_cut cut_of_decode(enum cluster_decode result)
{
    switch (result) {
    case CLUSTER_DECODE_UNSUPPORTED: return CLUSTER_CUT_UNSUPPORTED;
    case CLUSTER_DECODE_TRUNCATED:   return CLUSTER_CUT_BYTES;
    default:                         return CLUSTER_CUT_INVALID;
    }
}

/* The instruction just decoded belongs to the cluster if an exiting one comes after it. */
static void take(struct cluster *c, struct progress *p, struct cluster_insn *insn)
{
    insn->offset = p->offset;
    p->offset += insn->length;
    p->decoded++;
    if (!cluster_insn_exits(insn))
        return;
    p->gap_accesses = 0;
    c->nr_insns = p->decoded;
    c->nr_exiting++;
    c->bytes = p->offset;
}

/* Decode one instruction.  Returns false, with c->cut set, where the cluster ends. */
static bool advance(struct cluster *c, struct progress *p)
{
    struct cluster_insn *insn = &c->insn[p->decoded];
    uint64_t rip = c->rip + p->offset;
    enum cluster_decode result = CLUSTER_DECODE_TRUNCATED;

    if (p->offset < p->size)
        result = cluster_decode(insn, c->code + p->offset, p->size - p->offset, rip);
    if (result == CLUSTER_DECODE_OK && !cluster_insn_is_static(insn))
        result = CLUSTER_DECODE_UNSUPPORTED;
    if (result != CLUSTER_DECODE_OK) {
        c->cut = cut_of_decode(result);
        return false;
    }
    /* After it, RIP would have to be an address that RIP cannot hold. */
    if (!cluster_canonical(rip + insn->length)) {
        c->cut = CLUSTER_CUT_ADDRESS;
        return false;
    }
    if (!cluster_insn_exits(insn)) {
        if (p->decoded == 0) {
            c->cut = CLUSTER_CUT_UNSUPPORTED;
            return false;
        }
        p->gap_accesses += insn->accesses;
        if (p->gap_accesses > CLUSTER_MAX_GAP_ACCESSES) {
            c->cut = CLUSTER_CUT_ACCESSES;
            return false;
        }
    }
    take(c, p, insn);
    return true;
}

static uint8_t index_of_target(const struct cluster *c, unsigned int from, uint64_t target)
{
    unsigned int i;

    for (i = from + 1; i < c->nr_insns; i++)
        if (c->rip + c->insn[i].offset == target)
            return i;
    return CLUSTER_TARGET_OUTSIDE;
}

static void resolve_branches(struct cluster *c)
{
    unsigned int i;

    for (i = 0; i < c->nr_insns; i++)
        if (c->insn[i].op == CLUSTER_OP_JCC)
            c->insn[i].target = index_of_target(c, i, c->insn[i].imm);
}

bool cluster_form(struct cluster *c, unsigned int size)
{
    struct progress p = { .size = size };

    c->bytes = 0;
    c->nr_insns = 0;
    c->nr_exiting = 0;
    c->cut = CLUSTER_CUT_LENGTH;
    while (p.decoded < CLUSTER_MAX_INSNS && advance(c, &p))
        ;
    resolve_branches(c);
    return c->nr_exiting >= 2;
}
