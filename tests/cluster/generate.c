/* SPDX-License-Identifier: GPL-2.0-only */
#include "generate.h"

#include <stdio.h>
#include <stdlib.h>

#include "decode.h"

uint64_t random_value(struct random *r)
{
    uint64_t value = random_next(r);
    unsigned int bits = 8u << random_below(r, 4);

    switch (random_below(r, 6)) {
    case 0:  return value & 1;
    case 1:  return -(value & 1) - 1;
    case 2:  return (1ull << (bits - 1)) + (value % 3) - 1;
    case 3:  return (bits == 64 ? 0 : 1ull << bits) + (value % 3) - 1;
    default: return value;
    }
}

struct prefixes {
    bool size16, addr32, lock;
    uint8_t segment;            /* 0, or the prefix byte */
    uint8_t rex;                /* 0, or 0x40..0x4f */
};

struct builder {
    const struct place *place;
    struct random *r;
    const struct form *form;
    struct prefixes prefix;
    bool memory;                /* the ModRM operand is in memory */
    uint8_t bytes[32];          /* may grow too long before it is refused */
    unsigned int size;
    int rip_disp;               /* where a RIP-relative displacement is, or -1 */
    uint64_t rip_target;
};

static void put(struct builder *b, uint64_t value, unsigned int width)
{
    memcpy(b->bytes + b->size, &value, width);
    b->size += width;
}

/* ---- prefixes ---- */

static uint64_t segment_base(const struct builder *b)
{
    return b->prefix.segment == 0x64 ? b->place->fs
         : b->prefix.segment == 0x65 ? b->place->gs : 0;
}

static uint8_t draw_segment(struct builder *b)
{
    static const uint8_t segments[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
    uint8_t segment = segments[random_below(b->r, 6)];

    if ((segment == 0x64 && !b->place->fs_usable) || (segment == 0x65 && !b->place->gs_usable))
        return 0;
    return segment;
}

static void draw_prefixes(struct builder *b)
{
    struct prefixes *p = &b->prefix;
    bool string = b->form->flags & FORM_STRING;

    memset(p, 0, sizeof(*p));
    if (b->form->flags & FORM_BARE)
        return;
    p->size16 = !(b->form->flags & FORM_NO_16) && one_in(b->r, 4);
    /* The other halves of RSI, RDI and RCX are not known to be 0. */
    p->addr32 = !string && !(b->form->flags & FORM_NO_ADDR32) && one_in(b->r, 6);
    if (!string && one_in(b->r, 5))
        p->segment = draw_segment(b);
    p->lock = b->memory && b->form->flags & FORM_LOCK && one_in(b->r, 3);
    if (!one_in(b->r, 3))
        p->rex = 0x40 | random_below(b->r, 16);
}

static void put_prefixes(struct builder *b)
{
    struct prefixes *p = &b->prefix;
    uint8_t bytes[5];
    unsigned int n = 0, i;

    if (p->size16)
        bytes[n++] = 0x66;
    if (p->addr32)
        bytes[n++] = 0x67;
    if (p->segment)
        bytes[n++] = p->segment;
    if (p->lock)
        bytes[n++] = 0xf0;
    if (b->form->mandatory)
        bytes[n++] = b->form->mandatory;
    for (i = n; i > 0; i--) {           /* in any order */
        unsigned int pick = random_below(b->r, i);

        put(b, bytes[pick], 1);
        bytes[pick] = bytes[i - 1];
    }
    if (p->rex)
        put(b, p->rex, 1);
}

/* An operand-size prefix has no effect beside REX.W. */
static unsigned int operand_size(const struct builder *b)
{
    if (b->form->flags & FORM_BYTE)
        return 1;
    return b->prefix.rex & 8 ? 8 : b->prefix.size16 ? 2 : 4;
}

/* ---- addresses ---- */

enum { NO_REGISTER = 16 };

struct address {
    unsigned int base, index;   /* or NO_REGISTER */
    unsigned int shift;
    bool rip;
    int32_t disp;
};

/* REX has been drawn: it must say what the registers of the address need. */
static bool rex_allows(const struct builder *b, const struct address *a)
{
    bool rex_b = b->prefix.rex & 1, rex_x = b->prefix.rex & 2;

    if (a->base != NO_REGISTER && (a->base >= 8) != rex_b)
        return false;
    /* "No index" is encoded as RSP: with REX.X it would be R12. */
    return a->index == NO_REGISTER ? !rex_x : (a->index >= 8) == rex_x;
}

static void put_sib(struct builder *b, const struct address *a)
{
    unsigned int index = a->index == NO_REGISTER ? 4 : a->index & 7;
    unsigned int base = a->base == NO_REGISTER ? 5 : a->base & 7;

    put(b, a->shift << 6 | index << 3 | base, 1);
}

/* The shortest displacement that will do, or at random a longer one. */
static unsigned int choose_mod(struct builder *b, const struct address *a)
{
    if (a->rip || a->base == NO_REGISTER)
        return 0;
    if (a->disp == 0 && (a->base & 7) != 5 && !one_in(b->r, 3))
        return 0;
    if (a->disp == (int8_t)a->disp && !one_in(b->r, 3))
        return 1;
    return 2;
}

static void put_address(struct builder *b, unsigned int reg, const struct address *a)
{
    unsigned int mod = choose_mod(b, a);
    bool sib = !a->rip && (a->base == NO_REGISTER || a->index != NO_REGISTER ||
                           (a->base & 7) == 4 || one_in(b->r, 8));

    put(b, mod << 6 | (reg & 7) << 3 | (a->rip ? 5 : sib ? 4 : a->base & 7), 1);
    if (sib)
        put_sib(b, a);
    if (a->rip)
        b->rip_disp = b->size;
    if (mod == 1)
        put(b, a->disp, 1);
    else if (mod == 2 || a->rip || a->base == NO_REGISTER)
        put(b, a->disp, 4);
}

/* Any address at all: it is only computed. */
static bool draw_any_address(struct builder *b, struct address *a)
{
    a->rip = one_in(b->r, 8);
    a->base = a->rip || one_in(b->r, 6) ? NO_REGISTER : random_below(b->r, 16);
    a->index = a->rip || one_in(b->r, 2) ? NO_REGISTER : random_below(b->r, 16);
    a->disp = one_in(b->r, 2) ? (int8_t)random_next(b->r) : (int32_t)random_next(b->r);
    b->rip_target = random_next(b->r);
    return a->index != CLUSTER_RSP;
}

/* Within the stack, as far as place knows. */
static bool draw_stack_address(struct builder *b, struct address *a)
{
    const struct place *p = b->place;

    a->index = NO_REGISTER;
    if (p->frame && one_in(b->r, 2)) {
        a->base = CLUSTER_RBP;
        a->disp = -1 - (int)random_below(b->r, p->frame);
    } else {
        a->base = CLUSTER_RSP;
        a->disp = p->stack_low + (int)random_below(b->r, p->stack_high - p->stack_low);
        if (p->stack_low < 0 && one_in(b->r, 2))
            a->index = p->roles.index;
    }
    return b->prefix.segment != 0x64 && b->prefix.segment != 0x65 && !b->prefix.addr32;
}

static bool draw_wild_address(struct builder *b, struct address *a)
{
    a->base = b->place->roles.wild;
    a->index = NO_REGISTER;
    a->disp = (int8_t)random_next(b->r);
    return !b->prefix.addr32;
}

static unsigned int draw_base(struct builder *b)
{
    if (one_in(b->r, 4))
        return NO_REGISTER;
    return b->prefix.addr32 && one_in(b->r, 2) ? b->place->roles.base32 : b->place->roles.base;
}

static uint64_t register_value(const struct builder *b, unsigned int reg)
{
    return reg == NO_REGISTER ? 0 : b->place->gpr[reg];
}

/* An address of the data pages: the displacement makes up for all the rest. */
static bool draw_data_address(struct builder *b, struct address *a)
{
    uint64_t offset = b->place->target(b->place, b->prefix.addr32) - segment_base(b);
    int64_t disp;

    a->rip = one_in(b->r, 6);
    a->base = a->rip ? NO_REGISTER : draw_base(b);
    a->index = a->rip || one_in(b->r, 2) ? NO_REGISTER : b->place->roles.index;
    b->rip_target = offset;
    disp = offset - register_value(b, a->base) - (register_value(b, a->index) << a->shift);
    a->disp = disp;
    if (b->prefix.addr32)
        return offset == (uint32_t)offset;
    if (a->rip) {
        disp = offset - b->place->rip;
        return disp == (int32_t)disp;
    }
    return a->disp == disp;
}

static bool draw_address(struct builder *b, struct address *a)
{
    memset(a, 0, sizeof(*a));
    a->shift = random_below(b->r, 4);
    if (b->form->flags & FORM_NOWHERE)
        return draw_any_address(b, a);
    if (b->place->roles.stack && one_in(b->r, 5))
        return draw_stack_address(b, a);
    if (b->place->roles.wild != NO_REGISTER && one_in(b->r, 400))
        return draw_wild_address(b, a);
    return draw_data_address(b, a);
}

/* An offset in bits is a small number, most of the time. */
static unsigned int draw_reg(struct builder *b)
{
    unsigned int index = b->place->roles.index;

    if (b->form->modrm == MODRM_EXT)
        return b->form->ext;
    if (b->form->flags & FORM_BITS && b->memory && !one_in(b->r, 20))
        return index >> 3 == (b->prefix.rex >> 2 & 1) ? index & 7 : NO_REGISTER;
    return random_below(b->r, 8);
}

static bool put_modrm(struct builder *b)
{
    unsigned int reg = draw_reg(b);
    struct address a;

    if (reg == NO_REGISTER)
        return false;
    if (!b->memory) {
        put(b, 3 << 6 | reg << 3 | random_below(b->r, 8), 1);
        return true;
    }
    if (!draw_address(b, &a) || !rex_allows(b, &a))
        return false;
    put_address(b, reg, &a);
    return true;
}

static void put_immediate(struct builder *b)
{
    uint64_t value = b->form->flags & FORM_BRANCH ? 0 : random_value(b->r);
    unsigned int size = operand_size(b);

    switch (b->form->imm) {
    case IMM_8:
        put(b, value, 1);
        break;
    case IMM_16:                /* of RET: a small one */
        put(b, value & 0x18, 2);
        break;
    case IMM_Z:
        put(b, value, size == 2 ? 2 : 4);
        break;
    case IMM_V:
        put(b, value, size);
        break;
    case IMM_MOFFS:
        put(b, b->place->target(b->place, b->prefix.addr32) - segment_base(b),
            b->prefix.addr32 ? 4 : 8);
        break;
    }
}

static void patch_rip_displacement(struct builder *b)
{
    uint32_t disp = b->rip_target - (b->place->rip + b->size);

    if (b->rip_disp >= 0)
        memcpy(b->bytes + b->rip_disp, &disp, sizeof(disp));
}

/* Moffs addresses cannot be above 4 GB when cut to 32 bits. */
static bool moffs_fits(const struct builder *b)
{
    uint64_t offset = b->place->target(b->place, true) - segment_base(b);

    return b->form->imm != IMM_MOFFS || !b->prefix.addr32 || offset + (1 << 16) < 1ull << 32;
}

static bool build(struct builder *b)
{
    const struct form *form = b->form;

    b->size = 0;
    b->rip_disp = -1;
    b->memory = form->modrm != MODRM_NONE && (form->flags & FORM_MEMORY || one_in(b->r, 2));
    draw_prefixes(b);
    if (!moffs_fits(b))
        return false;
    put_prefixes(b);
    if (form->escape)
        put(b, form->escape, 1);
    put(b, form->opcode + random_below(b->r, form->span), 1);
    if (form->modrm == MODRM_NONE && form->ext)
        put(b, form->ext, 1);
    if (form->modrm != MODRM_NONE && !put_modrm(b))
        return false;
    put_immediate(b);
    patch_rip_displacement(b);
    return b->size <= CLUSTER_MAX_INSN_BYTES;
}

/* Everything built here is meant to be supported: that it is not would be a fault. */
static void decode(const struct builder *b, struct cluster_insn *insn)
{
    unsigned int i;

    if (cluster_decode(insn, b->bytes, b->size, b->place->rip) == CLUSTER_DECODE_OK &&
        insn->length == b->size)
        return;
    fprintf(stderr, "not supported, or of another length: a form of %s:", b->form->name);
    for (i = 0; i < b->size; i++)
        fprintf(stderr, " %02x", b->bytes[i]);
    fprintf(stderr, "\n");
    exit(1);
}

bool generate_insn(const struct place *place, const struct form *form, struct generated *out)
{
    struct builder b = { .place = place, .r = place->r, .form = form };

    if (!build(&b))
        return false;
    decode(&b, &out->insn);
    memcpy(out->bytes, b.bytes, b.size);
    out->size = b.size;
    return true;
}

/* ---- registers ---- */

static uint16_t bit(unsigned int reg)
{
    return 1u << (reg & 15);
}

static bool is_register(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_REG || o.kind == CLUSTER_OPERAND_REG_HIGH;
}

/* Registers that the operation names without an operand. */
static uint16_t written_implicitly(const struct cluster_insn *insn)
{
    switch (insn->op) {
    case CLUSTER_OP_MUL: case CLUSTER_OP_IMUL1: case CLUSTER_OP_DIV: case CLUSTER_OP_IDIV:
        return bit(CLUSTER_RAX) | bit(CLUSTER_RDX);
    case CLUSTER_OP_CBW: case CLUSTER_OP_CMPXCHG:
        return bit(CLUSTER_RAX);
    case CLUSTER_OP_CWD:
        return bit(CLUSTER_RDX);
    case CLUSTER_OP_LEAVE:
        return bit(CLUSTER_RBP);
    case CLUSTER_OP_MOVS: case CLUSTER_OP_STOS: case CLUSTER_OP_LODS:
    case CLUSTER_OP_CMPS: case CLUSTER_OP_SCAS:
        return bit(CLUSTER_RAX) | bit(CLUSTER_RCX) | bit(CLUSTER_RSI) | bit(CLUSTER_RDI);
    default:
        return 0;
    }
}

uint16_t generate_written(const struct cluster_insn *insn)
{
    uint16_t written = written_implicitly(insn);

    if (is_register(insn->dst) && insn->op != CLUSTER_OP_CMP && insn->op != CLUSTER_OP_TEST &&
        insn->op != CLUSTER_OP_BT)
        written |= bit(insn->dst.reg);
    if ((insn->op == CLUSTER_OP_XCHG || insn->op == CLUSTER_OP_XADD) && is_register(insn->src))
        written |= bit(insn->src.reg);
    return written;
}

static uint16_t role_bit(unsigned int reg)
{
    return reg == NO_REGISTER ? 0 : bit(reg);
}

bool generate_keeps_roles(const struct roles *roles, const struct cluster_insn *insn)
{
    uint16_t kept = role_bit(roles->base) | role_bit(roles->base32) | role_bit(roles->index) |
                    role_bit(roles->counter) | role_bit(roles->wild) | roles->kept;

    if (roles->stack)
        kept |= bit(CLUSTER_RSP);
    return (generate_written(insn) & kept) == 0;
}
