/* SPDX-License-Identifier: GPL-2.0-only */
#include "generate.h"

#include <stdio.h>
#include <stdlib.h>

#include "alu.h"
#include "decode.h"
#include "native.h"

enum {
    PAGE = 4096,
    RSP_OFFSET = 0x800,         /* of the initial RSP in the stack's page: room on both sides */
    TRIES = 1000,               /* to draw an instruction that fits; far more than it takes */
};

enum immediate { IMM_NONE, IMM_8, IMM_Z, IMM_V, IMM_MOFFS };    /* Z: at most 32 bits; V: to 64 */

enum modrm { MODRM_NONE, MODRM_REG, MODRM_EXT };

enum {
    BYTE    = 1 << 0,           /* operates on bytes whatever the prefixes */
    MEMORY  = 1 << 1,           /* memory operands only */
    NOWHERE = 1 << 2,           /* the memory operand is not accessed */
    STACK   = 1 << 3,           /* uses the stack: 64 bits only */
    BRANCH  = 1 << 4,           /* the immediate is a displacement */
    BARE    = 1 << 5,           /* takes no prefix */
    NO_16   = 1 << 6,           /* takes no operand-size prefix */
};

struct form {
    const char *name;
    uint8_t escape;             /* 0x0f or 0 */
    uint8_t opcode;
    uint8_t span;               /* consecutive opcodes: registers or conditions */
    uint8_t modrm, ext;
    uint8_t imm;
    uint8_t flags;
};

#define ALU(name, base, ext)                                            \
    { name " rm8, r8", 0, base + 0, 1, MODRM_REG, 0, IMM_NONE, BYTE },  \
    { name " rm, r", 0, base + 1, 1, MODRM_REG, 0, IMM_NONE, 0 },       \
    { name " r8, rm8", 0, base + 2, 1, MODRM_REG, 0, IMM_NONE, BYTE },  \
    { name " r, rm", 0, base + 3, 1, MODRM_REG, 0, IMM_NONE, 0 },       \
    { name " al, imm8", 0, base + 4, 1, MODRM_NONE, 0, IMM_8, BYTE },   \
    { name " eax, imm", 0, base + 5, 1, MODRM_NONE, 0, IMM_Z, 0 },      \
    { name " rm8, imm8", 0, 0x80, 1, MODRM_EXT, ext, IMM_8, BYTE },     \
    { name " rm, imm", 0, 0x81, 1, MODRM_EXT, ext, IMM_Z, 0 },          \
    { name " rm, imm8", 0, 0x83, 1, MODRM_EXT, ext, IMM_8, 0 }

#define UNARY(name, opcode, ext)                                        \
    { name " rm8", 0, opcode, 1, MODRM_EXT, ext, IMM_NONE, BYTE },      \
    { name " rm", 0, (opcode) + 1, 1, MODRM_EXT, ext, IMM_NONE, 0 }

static const struct form forms[] = {
    ALU("add", 0x00, 0), ALU("or", 0x08, 1), ALU("adc", 0x10, 2), ALU("sbb", 0x18, 3),
    ALU("and", 0x20, 4), ALU("sub", 0x28, 5), ALU("xor", 0x30, 6), ALU("cmp", 0x38, 7),
    { "test rm8, r8", 0, 0x84, 1, MODRM_REG, 0, IMM_NONE, BYTE },
    { "test rm, r", 0, 0x85, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "test al, imm8", 0, 0xa8, 1, MODRM_NONE, 0, IMM_8, BYTE },
    { "test eax, imm", 0, 0xa9, 1, MODRM_NONE, 0, IMM_Z, 0 },
    { "test rm8, imm8", 0, 0xf6, 1, MODRM_EXT, 0, IMM_8, BYTE },
    { "test rm, imm", 0, 0xf7, 1, MODRM_EXT, 0, IMM_Z, 0 },
    UNARY("not", 0xf6, 2), UNARY("neg", 0xf6, 3), UNARY("inc", 0xfe, 0), UNARY("dec", 0xfe, 1),
    { "mov rm8, r8", 0, 0x88, 1, MODRM_REG, 0, IMM_NONE, BYTE },
    { "mov rm, r", 0, 0x89, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "mov r8, rm8", 0, 0x8a, 1, MODRM_REG, 0, IMM_NONE, BYTE },
    { "mov r, rm", 0, 0x8b, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "mov al, moffs", 0, 0xa0, 1, MODRM_NONE, 0, IMM_MOFFS, BYTE },
    { "mov eax, moffs", 0, 0xa1, 1, MODRM_NONE, 0, IMM_MOFFS, 0 },
    { "mov moffs, al", 0, 0xa2, 1, MODRM_NONE, 0, IMM_MOFFS, BYTE },
    { "mov moffs, eax", 0, 0xa3, 1, MODRM_NONE, 0, IMM_MOFFS, 0 },
    { "mov r8, imm8", 0, 0xb0, 8, MODRM_NONE, 0, IMM_8, BYTE },
    { "mov r, imm", 0, 0xb8, 8, MODRM_NONE, 0, IMM_V, 0 },
    { "mov rm8, imm8", 0, 0xc6, 1, MODRM_EXT, 0, IMM_8, BYTE },
    { "mov rm, imm", 0, 0xc7, 1, MODRM_EXT, 0, IMM_Z, 0 },
    { "movzx r, rm8", 0x0f, 0xb6, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "movzx r, rm16", 0x0f, 0xb7, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "movsx r, rm8", 0x0f, 0xbe, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "movsx r, rm16", 0x0f, 0xbf, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "movsxd r, rm32", 0, 0x63, 1, MODRM_REG, 0, IMM_NONE, NO_16 },
    { "lea r, m", 0, 0x8d, 1, MODRM_REG, 0, IMM_NONE, MEMORY | NOWHERE },
    { "push r", 0, 0x50, 8, MODRM_NONE, 0, IMM_NONE, STACK | NO_16 },
    { "push imm8", 0, 0x6a, 1, MODRM_NONE, 0, IMM_8, STACK | NO_16 },
    { "push imm32", 0, 0x68, 1, MODRM_NONE, 0, IMM_Z, STACK | NO_16 },
    { "push rm", 0, 0xff, 1, MODRM_EXT, 6, IMM_NONE, STACK | NO_16 },
    { "pop r", 0, 0x58, 8, MODRM_NONE, 0, IMM_NONE, STACK | NO_16 },
    { "pop rm", 0, 0x8f, 1, MODRM_EXT, 0, IMM_NONE, STACK | NO_16 },
    { "setcc rm8", 0x0f, 0x90, 16, MODRM_REG, 0, IMM_NONE, BYTE },
    { "cmovcc r, rm", 0x0f, 0x40, 16, MODRM_REG, 0, IMM_NONE, 0 },
    { "jcc rel8", 0, 0x70, 16, MODRM_NONE, 0, IMM_8, BRANCH | NO_16 },
    { "jcc rel32", 0x0f, 0x80, 16, MODRM_NONE, 0, IMM_Z, BRANCH | NO_16 },
    { "nop", 0, 0x90, 1, MODRM_NONE, 0, IMM_NONE, BARE },
    { "nop rm", 0x0f, 0x1f, 1, MODRM_EXT, 0, IMM_NONE, NOWHERE },
    { "endbr64", 0x0f, 0x1e, 1, MODRM_NONE, 0, IMM_NONE, BARE },
};

unsigned int generate_forms(void)
{
    return sizeof(forms) / sizeof(forms[0]);
}

const char *generate_form_name(unsigned int form)
{
    return forms[form].name;
}

/* ---- numbers ---- */

/* splitmix64: a counter, and a mix of its bits. */
uint64_t random_next(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

unsigned int random_below(struct random *r, unsigned int limit)
{
    return (random_next(r) >> 32) % limit;
}

static bool one_in(struct random *r, unsigned int n)
{
    return random_below(r, n) == 0;
}

/* Values near the edges of each width more often than chance has them. */
static uint64_t random_value(struct random *r)
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

/* ---- one instruction ---- */

/* The registers of this sequence that address memory, and so keep their values. */
struct roles {
    bool stack;                 /* RSP is the stack's; otherwise a register like others */
    uint8_t base;               /* an address in the data pages */
    uint8_t base32;             /* one in its low half only: with an address-size prefix */
    uint8_t index;              /* a small number */
};

struct prefixes {
    bool size16, addr32;
    uint8_t segment;            /* 0, or the prefix byte */
    uint8_t rex;                /* 0, or 0x40..0x4f */
};

struct builder {
    struct sequence *s;
    struct random *r;
    struct roles roles;
    bool bases;
    /* The instruction being built. */
    const struct form *form;
    struct prefixes prefix;
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

static uint64_t segment_base(const struct builder *b)
{
    return b->prefix.segment == 0x64 ? b->s->fs : b->prefix.segment == 0x65 ? b->s->gs : 0;
}

/* Where a memory operand may lie: 8 bytes that do not cross a page. */
static uint64_t random_target(struct builder *b)
{
    return NATIVE_DATA + PAGE * random_below(b->r, NATIVE_DATA_PAGES - 1) +
           random_below(b->r, PAGE - 7);
}

static void draw_prefixes(struct builder *b)
{
    static const uint8_t segments[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
    struct prefixes *p = &b->prefix;

    memset(p, 0, sizeof(*p));
    if (b->form->flags & BARE)
        return;
    p->size16 = !(b->form->flags & NO_16) && one_in(b->r, 4);
    p->addr32 = one_in(b->r, 6);
    if (one_in(b->r, 5))
        p->segment = segments[random_below(b->r, b->bases ? 6 : 4)];
    if (!one_in(b->r, 3))
        p->rex = 0x40 | random_below(b->r, 16);
}

static void put_prefixes(struct builder *b)
{
    struct prefixes *p = &b->prefix;
    uint8_t bytes[3];
    unsigned int n = 0, i;

    if (p->size16)
        bytes[n++] = 0x66;
    if (p->addr32)
        bytes[n++] = 0x67;
    if (p->segment)
        bytes[n++] = p->segment;
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
    if (b->form->flags & BYTE)
        return 1;
    return b->prefix.rex & 8 ? 8 : b->prefix.size16 ? 2 : 4;
}

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

/* Within the page of the stack; how far RSP has moved there does not matter. */
static bool draw_stack_address(struct builder *b, struct address *a)
{
    a->base = CLUSTER_RSP;
    a->index = one_in(b->r, 2) ? NO_REGISTER : b->roles.index;
    a->disp = (int8_t)random_next(b->r);
    return b->prefix.segment != 0x64 && b->prefix.segment != 0x65;
}

static unsigned int draw_base(struct builder *b)
{
    if (one_in(b->r, 4))
        return NO_REGISTER;
    return b->prefix.addr32 && one_in(b->r, 2) ? b->roles.base32 : b->roles.base;
}

static uint64_t register_value(const struct builder *b, unsigned int reg)
{
    return reg == NO_REGISTER ? 0 : b->s->gpr[reg];
}

/* An address of the data pages: the displacement makes up for all the rest. */
static bool draw_data_address(struct builder *b, struct address *a)
{
    uint64_t offset = random_target(b) - segment_base(b);
    int64_t disp;

    a->rip = one_in(b->r, 6);
    a->base = a->rip ? NO_REGISTER : draw_base(b);
    a->index = a->rip || one_in(b->r, 2) ? NO_REGISTER : b->roles.index;
    b->rip_target = offset;
    disp = offset - register_value(b, a->base) - (register_value(b, a->index) << a->shift);
    a->disp = disp;
    if (b->prefix.addr32)
        return offset == (uint32_t)offset;
    return a->rip || a->disp == disp;
}

static bool draw_address(struct builder *b, struct address *a)
{
    memset(a, 0, sizeof(*a));
    a->shift = random_below(b->r, 4);
    if (b->form->flags & NOWHERE)
        return draw_any_address(b, a);
    if (b->roles.stack && one_in(b->r, 5))
        return draw_stack_address(b, a);
    return draw_data_address(b, a);
}

static bool put_modrm(struct builder *b)
{
    unsigned int reg = b->form->modrm == MODRM_EXT ? b->form->ext : random_below(b->r, 8);
    struct address a;

    if (!(b->form->flags & MEMORY) && one_in(b->r, 2)) {
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
    uint64_t value = b->form->flags & BRANCH ? 0 : random_value(b->r);
    unsigned int size = operand_size(b);

    switch (b->form->imm) {
    case IMM_8:
        put(b, value, 1);
        break;
    case IMM_Z:
        put(b, value, size == 2 ? 2 : 4);
        break;
    case IMM_V:
        put(b, value, size);
        break;
    case IMM_MOFFS:
        put(b, random_target(b) - segment_base(b), b->prefix.addr32 ? 4 : 8);
        break;
    }
}

static void patch_rip_displacement(struct builder *b)
{
    uint32_t disp = b->rip_target - (NATIVE_CODE + b->s->size + b->size);

    if (b->rip_disp >= 0)
        memcpy(b->bytes + b->rip_disp, &disp, sizeof(disp));
}

static bool writes(const struct cluster_insn *insn, uint8_t reg)
{
    if (insn->dst.kind != CLUSTER_OPERAND_REG && insn->dst.kind != CLUSTER_OPERAND_REG_HIGH)
        return false;
    return insn->dst.reg == reg && insn->op != CLUSTER_OP_CMP && insn->op != CLUSTER_OP_TEST;
}

/* @last: nothing after it needs a register of a role. */
static bool acceptable(struct builder *b, const struct cluster_insn *insn, bool last)
{
    if (b->form->flags & STACK && !b->roles.stack)
        return false;
    if (b->roles.stack && writes(insn, CLUSTER_RSP) && !last)
        return false;
    return last || !(writes(insn, b->roles.base) || writes(insn, b->roles.base32) ||
                     writes(insn, b->roles.index));
}

/* Moffs addresses cannot be above 4 GB when cut to 32 bits. */
static bool moffs_fits(const struct builder *b)
{
    uint64_t least = NATIVE_DATA - segment_base(b);

    return b->form->imm != IMM_MOFFS || !b->prefix.addr32 || least + 4 * PAGE < 1ull << 32;
}

static bool build(struct builder *b)
{
    b->size = 0;
    b->rip_disp = -1;
    draw_prefixes(b);
    if (!moffs_fits(b))
        return false;
    if (b->form->opcode == 0x1e)
        put(b, 0xf3, 1);
    put_prefixes(b);
    if (b->form->escape)
        put(b, b->form->escape, 1);
    put(b, b->form->opcode + random_below(b->r, b->form->span), 1);
    if (b->form->opcode == 0x1e)
        put(b, 0xfa, 1);
    if (b->form->modrm != MODRM_NONE && !put_modrm(b))
        return false;
    put_immediate(b);
    patch_rip_displacement(b);
    return b->size <= CLUSTER_MAX_INSN_BYTES;
}

/* Everything built here is meant to be supported: that it is not would be a fault. */
static void decode(const struct builder *b, struct cluster_insn *insn)
{
    unsigned int i;

    if (cluster_decode(insn, b->bytes, b->size, NATIVE_CODE) == CLUSTER_DECODE_OK &&
        insn->length == b->size)
        return;
    fprintf(stderr, "not supported, or of another length: a form of %s:", b->form->name);
    for (i = 0; i < b->size; i++)
        fprintf(stderr, " %02x", b->bytes[i]);
    fprintf(stderr, "\n");
    exit(1);
}

/* Branches come in few forms, and are wanted more often than that. */
static unsigned int draw_form(struct random *r)
{
    bool branch = one_in(r, 10);
    unsigned int form;

    do
        form = random_below(r, generate_forms());
    while (branch && !(forms[form].flags & BRANCH));
    return form;
}

static void add_instruction(struct builder *b, bool last)
{
    struct sequence *s = b->s;
    struct cluster_insn insn;
    unsigned int tries;

    for (tries = 0; tries < TRIES; tries++) {
        unsigned int form = draw_form(b->r);

        b->form = &forms[form];
        if (!build(b))
            continue;
        decode(b, &insn);
        if (!acceptable(b, &insn, last))
            continue;
        memcpy(s->code + s->size, b->bytes, b->size);
        s->form[s->nr_insns++] = form;
        s->size += b->size;
        s->offset[s->nr_insns] = s->size;
        return;
    }
    fprintf(stderr, "no instruction fits\n");
    abort();
}

/* ---- the sequence ---- */

/* Let the branch at @i go to a later boundary, the end included. */
static void aim_branch(struct sequence *s, struct random *r, unsigned int i)
{
    bool near = forms[s->form[i]].imm == IMM_8;
    unsigned int to = i + 1 + random_below(r, s->nr_insns - i);
    uint32_t distance = s->offset[to] - s->offset[i + 1];

    while (near && distance > 127)
        distance = s->offset[--to] - s->offset[i + 1];
    memcpy(s->code + s->offset[i + 1] - (near ? 1 : 4), &distance, near ? 1 : 4);
}

static void aim_branches(struct sequence *s, struct random *r)
{
    unsigned int i;

    for (i = 0; i < s->nr_insns; i++)
        if (forms[s->form[i]].flags & BRANCH)
            aim_branch(s, r, i);
}

/* Three registers that are neither RSP nor each other. */
static void draw_roles(struct roles *roles, struct random *r)
{
    uint8_t *role[] = { &roles->base, &roles->base32, &roles->index };
    unsigned int taken = 1u << CLUSTER_RSP, i;

    roles->stack = !one_in(r, 4);
    for (i = 0; i < 3; i++) {
        do
            *role[i] = random_below(r, CLUSTER_NR_GPRS);
        while (taken & 1u << *role[i]);
        taken |= 1u << *role[i];
    }
}

static void draw_state(struct sequence *s, struct random *r, const struct roles *roles)
{
    unsigned int i;

    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        s->gpr[i] = random_value(r);
    s->gpr[roles->base] = NATIVE_DATA + random_below(r, 2 * PAGE);
    s->gpr[roles->base32] = (random_next(r) << 32) + NATIVE_DATA + random_below(r, 2 * PAGE);
    s->gpr[roles->index] = (int64_t)random_below(r, 128) - 64;
    if (roles->stack)
        s->gpr[CLUSTER_RSP] = NATIVE_STACK + RSP_OFFSET + random_below(r, 16);
    s->rflags = 0x202 | (random_next(r) & CLUSTER_FLAGS_ARITHMETIC);
    s->fs = (int64_t)random_below(r, 1u << 29) - (1 << 28);
    s->gs = (int64_t)random_below(r, 1u << 29) - (1 << 28);
}

void generate(struct sequence *s, struct random *r, bool bases)
{
    struct builder b = { .s = s, .r = r, .bases = bases };
    unsigned int length = 1 + random_below(r, CLUSTER_MAX_INSNS), i;

    s->size = 0;
    s->nr_insns = 0;
    s->offset[0] = 0;
    draw_roles(&b.roles, r);
    draw_state(s, r, &b.roles);
    for (i = 0; i < length; i++)
        add_instruction(&b, i + 1 == length);
    aim_branches(s, r);
}
