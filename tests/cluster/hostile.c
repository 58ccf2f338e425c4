/* SPDX-License-Identifier: GPL-2.0-only */
#include "hostile.h"

#include "decode.h"

/* Bytes that make instructions the engine knows, or nearly, more likely than chance. */
static const uint8_t likely[] = {
    0x0f, 0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x64, 0x65, 0x40, 0x41, 0x48, 0x49, 0x4c, 0x89, 0x8b,
    0x83, 0x81, 0xc7, 0xff, 0x50, 0x58, 0x74, 0x75, 0x05, 0x25, 0x44, 0x8d, 0x00, 0x01, 0xf7,
    0x1f, 0x90, 0xb6, 0xbf, 0x94, 0x45, 0x84, 0xe8, 0xc3, 0x63, 0xa1, 0x8f, 0x6a, 0x68, 0xb8,
    0xeb, 0xe9, 0xc9, 0xc1, 0xd3, 0x9c, 0x9d, 0xfa, 0xfb, 0xa4, 0xab, 0x87, 0x99, 0x98, 0x7f,
};

static uint8_t random_byte(struct random *r)
{
    return random_below(r, 2) ? likely[random_below(r, sizeof(likely))] : random_next(r);
}

/* VMREAD or VMWRITE, of anything. */
static void put_exiting(struct random *r, uint8_t *at)
{
    at[0] = 0x0f;
    at[1] = 0x78 + random_below(r, 2);
    at[2] = random_below(r, 3) ? 0xc0 | random_next(r) : random_next(r);
}

/* A REX prefix, perhaps, an opcode that the engine knows, and whatever is there behind it. */
static void put_plausible(struct random *r, uint8_t *at)
{
    unsigned int i = 0;

    if (random_below(r, 3) == 0)
        at[i++] = 0x40 | random_below(r, 16);
    at[i] = likely[random_below(r, sizeof(likely))];
}

/* Jcc or JMP, not far, most of them backwards. */
static void put_branch(struct random *r, uint8_t *at)
{
    at[0] = one_in(r, 4) ? 0xeb : 0x70 | random_below(r, 16);
    at[1] = one_in(r, 4) ? random_below(r, 20) : 0u - random_below(r, 40);
}

/* Its length, or 0 where it is none that the engine knows. */
static unsigned int length_of(const uint8_t *at, unsigned int size)
{
    struct cluster_insn insn;

    return cluster_decode(&insn, at, size, L1_CODE) == CLUSTER_DECODE_OK ? insn.length : 0;
}

static void put_something(struct random *r, uint8_t *at, bool first)
{
    if (first || one_in(r, 3))
        put_exiting(r, at);
    else if (one_in(r, 6))
        put_branch(r, at);
    else
        put_plausible(r, at);
}

void hostile_fill(struct random *r, uint8_t *code, unsigned int size)
{
    unsigned int i, length;

    for (i = 0; i < size; i++)
        code[i] = random_byte(r);
    for (i = 0; i + 3 <= size; i += length) {
        put_something(r, code + i, i == 0);
        length = length_of(code + i, size - i);
        if (length == 0)
            length = one_in(r, 20);
    }
}

/* ---- programs ---- */

static uint64_t draw_entry(struct random *r)
{
    switch (random_below(r, 5)) {
    case 0:  return L1_CODE + L1_PAGE - 3 - random_below(r, 40);
    case 1:  return L1_FAR + L1_PAGE - 3 - random_below(r, 40);
    case 2:  return L1_EDGE + L1_PAGE - 3 - random_below(r, 40);
    default: return L1_CODE + random_below(r, L1_CODE_PAGES * L1_PAGE - 100);
    }
}

static uint8_t *entry_code(struct program *p)
{
    if (p->entry < L1_CODE)
        return p->code + L1_CODE_PAGES * L1_PAGE + (p->entry - L1_EDGE);
    return program_code(p, p->entry);
}

/* Addresses of data, of code and of the ends of both. */
static void draw_registers(struct program *p, struct random *r)
{
    static const uint64_t page[] = { L1_CODE, L1_FAR, L1_DATA, L1_DATA, L1_STACK, L1_EDGE };
    uint8_t *role[] = { &p->roles.base, &p->roles.base32, &p->roles.index };
    unsigned int i;

    for (i = 0; i < 3; i++) {
        uint64_t at = page[random_below(r, 6)];

        *role[i] = random_below(r, CLUSTER_NR_GPRS);
        p->gpr[*role[i]] = one_in(r, 4) ? at + L1_PAGE - random_below(r, 16)
                                        : at + random_below(r, L1_PAGE);
    }
    p->gpr[CLUSTER_RSP] = L1_STACK + 2 * L1_PAGE + random_below(r, 256) * 8;
}

static void draw_patches(struct program *p, struct random *r)
{
    unsigned int i;

    for (p->nr_patches = 0; p->nr_patches < PROGRAM_PATCHES; p->nr_patches++) {
        struct program_patch *patch = &p->patch[p->nr_patches];

        patch->at = L1_CODE + random_below(r, L1_CODE_PAGES * L1_PAGE - PATCH_BYTES);
        for (i = 0; i < PATCH_FORMS; i++)
            hostile_fill(r, patch->form[i], PATCH_BYTES);
    }
}

void hostile_program(struct program *p, uint64_t seed)
{
    struct random r = { seed };
    uint8_t *at;

    memset(p, 0, sizeof(*p));
    p->seed = seed;
    hostile_fill(&r, p->code, sizeof(p->code));
    p->entry = draw_entry(&r);
    at = entry_code(p);
    at[0] = 0x0f;               /* vmread between registers, or vmwrite */
    at[1] = 0x78 + random_below(&r, 2);
    at[2] = 0xc0 | random_next(&r);
    draw_registers(p, &r);
    draw_patches(p, &r);
}
