/* SPDX-License-Identifier: GPL-2.0-only */
#include "writer.h"

#include <stdlib.h>

/* ---- code ---- */

uint8_t *program_code(struct program *p, uint64_t linear)
{
    if (linear >= L1_FAR)
        return p->code + L1_CODE_PAGES * L1_PAGE + (linear - L1_FAR);
    return p->code + (linear - L1_CODE);
}

void writer_put(struct writer *w, const void *bytes, unsigned int size)
{
    if (w->p->nr_insns == PROGRAM_INSNS)
        abort();
    w->p->insn[w->p->nr_insns++] = writer_here(w);
    memcpy(program_code(w->p, writer_here(w)), bytes, size);
    w->place.rip += size;
}

void writer_put_32(struct writer *w, const uint8_t *bytes, unsigned int size, uint32_t value)
{
    uint8_t all[CLUSTER_MAX_INSN_BYTES];

    memcpy(all, bytes, size);
    memcpy(all + size, &value, sizeof(value));
    writer_put(w, all, size + sizeof(value));
}

void writer_aim_here(struct writer *w, uint64_t end)
{
    uint32_t distance = writer_here(w) - end;

    memcpy(program_code(w->p, end - 4), &distance, sizeof(distance));
}

void writer_jump(struct writer *w, uint8_t opcode, uint64_t to)
{
    PUT_32(w, to - (writer_here(w) + 5), opcode);
}

/* ---- registers ---- */

static bool may_change(const struct writer *w, unsigned int reg)
{
    const struct roles *roles = &w->p->roles;

    return reg != CLUSTER_RSP && reg != roles->base && reg != roles->base32 &&
           reg != roles->index && reg != roles->counter && !(roles->kept & 1u << reg);
}

unsigned int writer_register(struct writer *w)
{
    unsigned int reg;

    do
        reg = random_below(w->r, CLUSTER_NR_GPRS);
    while (!may_change(w, reg));
    return reg;
}

/* MOV r32, imm32. */
void writer_load(struct writer *w, unsigned int reg, uint32_t value)
{
    if (reg >= 8)
        PUT_32(w, value, 0x41, 0xb8 | (reg & 7));
    else
        PUT_32(w, value, 0xb8 | reg);
}

/* ---- where memory operands lie ---- */

uint64_t writer_target(const struct place *place, bool addr32)
{
    struct random *r = place->r;
    unsigned int chance = random_below(r, 100);

    if (addr32)
        return L1_LOW + random_below(r, L1_PAGE - 64);
    switch (chance) {
    case 0:  return L1_NO_RAM + random_below(r, L1_PAGE);
    case 1:  return L1_DATA + L1_PAGE - random_below(r, 8);
    case 2:  return L1_CONST + random_below(r, L1_PAGE);
    /* Pages of code, but rarely the code itself. */
    case 3:  return L1_FAR + L1_PAGE - 8 - random_below(r, 64);
    case 4:  return L1_ALIAS + (one_in(r, 20) ? random_below(r, L1_PAGE) : WRITER_CODE_END + 8);
    default: return L1_DATA + random_below(r, L1_PAGE + L1_PAGE / 2);
    }
}
