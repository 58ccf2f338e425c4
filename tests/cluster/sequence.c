/* SPDX-License-Identifier: GPL-2.0-only */
#include "sequence.h"

#include "alu.h"
#include "native.h"

enum {
    PAGE = 4096,
    RSP_OFFSET = 0x800,         /* of the initial RSP in the stack's page: room on both sides */
    TRIES = 100,                /* to draw operands that fit */
    PARTS = 4,                  /* instructions that belong together, at most */
    NO_REGISTER = 16,
};

struct maker {
    struct sequence *s;
    struct random *r;
    struct place place;
    bool flags_defined;
};

static uint64_t data_page(unsigned int page)
{
    return NATIVE_DATA + page * PAGE;
}

/* Mostly 8 bytes within a page; pages that do not allow it, and page ends, now and then. */
static uint64_t target(const struct place *place, bool addr32)
{
    struct random *r = place->r;

    switch (random_below(r, 60)) {
    case 0:  return data_page(NATIVE_HOLE) + random_below(r, PAGE - 7);
    case 1:  return data_page(NATIVE_READ_ONLY) + random_below(r, PAGE - 7);
    case 2:  return data_page(1 + random_below(r, NATIVE_DATA_PAGES - 1)) - random_below(r, 8);
    case 3:  return addr32 ? data_page(1) : data_page(1) - random_below(r, 8);
    default: return data_page(random_below(r, 2)) + random_below(r, PAGE - 7);
    }
}

/* ---- adding to the sequence ---- */

static void add(struct maker *m, const void *bytes, unsigned int size, unsigned int form)
{
    struct sequence *s = m->s;

    memcpy(s->code + s->size, bytes, size);
    s->form[s->nr_insns] = form;
    s->aim[s->nr_insns] = 0;
    s->backwards[s->nr_insns] = false;
    s->nr_insns++;
    s->size += size;
    s->offset[s->nr_insns] = s->size;
    s->target[s->nr_insns] = true;
    m->place.rip = NATIVE_CODE + s->size;
}

/* One that the next one needs, no branch may come between them. */
static void add_before(struct maker *m, const void *bytes, unsigned int size)
{
    add(m, bytes, size, nr_forms());
    m->s->target[m->s->nr_insns] = false;
}

static bool free_register(const struct maker *m, unsigned int reg)
{
    const struct roles *roles = &m->s->roles;

    return reg != roles->base && reg != roles->base32 && reg != roles->index &&
           reg != roles->counter && reg != roles->wild && !(roles->stack && reg == CLUSTER_RSP);
}

static bool registers_free(const struct maker *m, unsigned int mask)
{
    unsigned int i;

    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        if (mask & 1u << i && !free_register(m, i))
            return false;
    return true;
}

/* MOV r32, imm32; REX.B is not needed for the registers that this is for. */
static void add_load(struct maker *m, unsigned int reg, uint32_t value)
{
    uint8_t bytes[5] = { 0xb8 + reg };

    memcpy(bytes + 1, &value, sizeof(value));
    add_before(m, bytes, sizeof(bytes));
}

static bool prepare_string(struct maker *m)
{
    if (!registers_free(m, 1u << CLUSTER_RSI | 1u << CLUSTER_RDI | 1u << CLUSTER_RCX |
                           1u << CLUSTER_RAX))
        return false;
    add_load(m, CLUSTER_RSI, target(&m->place, true));
    add_load(m, CLUSTER_RDI, target(&m->place, true));
    add_load(m, CLUSTER_RCX, one_in(m->r, 300) ? random_below(m->r, 4200) : random_below(m->r, 20));
    return true;
}

/* Most of the time the dividend's upper half is its lower half's sign, or zero. */
static bool prepare_division(struct maker *m, const struct form *form)
{
    static const uint8_t zero_upper[] = { 0x31, 0xd2 };         /* xor edx, edx */
    static const uint8_t sign_upper[] = { 0x48, 0x99 };         /* cqo */
    static const uint8_t zero_ah[] = { 0x0f, 0xb6, 0xc0 };      /* movzx eax, al */

    if (!registers_free(m, 1u << CLUSTER_RAX | 1u << CLUSTER_RDX))
        return false;
    if (one_in(m->r, 12))
        return true;
    if (form->flags & FORM_BYTE)
        add_before(m, zero_ah, sizeof(zero_ah));
    else if (form->ext == 6)
        add_before(m, zero_upper, sizeof(zero_upper));
    else
        add_before(m, sign_upper, sizeof(sign_upper));
    return true;
}

/* PUSH imm32: flags that POPF may set in user mode and that do not stop the test. */
static void prepare_flags(struct maker *m)
{
    uint32_t flags = 0x202 | (random_next(m->r) & CLUSTER_FLAGS_ARITHMETIC);
    uint8_t bytes[5] = { 0x68 };

    memcpy(bytes + 1, &flags, sizeof(flags));
    add_before(m, bytes, sizeof(bytes));
}

/* LEA reg, [rip + to be aimed]; returns the register, one of the lower eight. */
static int prepare_target(struct maker *m)
{
    uint8_t lea[7] = { 0x48, 0x8d };
    unsigned int reg = random_below(m->r, 8);

    if (!free_register(m, reg) || reg == CLUSTER_RSP)
        return -1;
    lea[2] = reg << 3 | 5;
    add_before(m, lea, sizeof(lea));
    m->s->aim[m->s->nr_insns - 1] = 4;
    return reg;
}

/* JMP or CALL, by a register or through memory. */
static bool add_indirect(struct maker *m, unsigned int form)
{
    uint32_t at = data_page(random_below(m->r, 2)) + 8 * random_below(m->r, PAGE / 8);
    int reg = prepare_target(m);
    uint8_t store[8] = { 0x48, 0x89, 0, 0x25 }, branch[7] = { 0xff, 0, 0x25 };

    if (reg < 0)
        return false;
    if (one_in(m->r, 2)) {
        branch[1] = 3 << 6 | forms[form].ext << 3 | reg;
        add(m, branch, 2, form);
        return true;
    }
    store[2] = reg << 3 | 4;
    branch[1] = forms[form].ext << 3 | 4;
    memcpy(store + 4, &at, sizeof(at));
    memcpy(branch + 3, &at, sizeof(at));
    add_before(m, store, sizeof(store));
    add(m, branch, sizeof(branch), form);
    return true;
}

/* RET to what a CALL has pushed, or to what is pushed just before it, or anywhere. */
static bool prepare_return(struct maker *m)
{
    uint8_t push;
    int reg;

    if (one_in(m->r, 3))
        return true;
    reg = prepare_target(m);
    if (reg < 0)
        return false;
    push = 0x50 + reg;
    add_before(m, &push, 1);
    return true;
}

/* LEA RBP, [RSP + disp8]. */
static bool prepare_leave(struct maker *m)
{
    uint8_t lea[] = { 0x48, 0x8d, 0x6c, 0x24, random_next(m->r) };

    if (!free_register(m, CLUSTER_RBP))
        return false;
    if (!one_in(m->r, 20))
        add_before(m, lea, sizeof(lea));
    return true;
}

/* DEC counter; JG somewhere before: taken as often as the counter was positive, in all. */
static void add_loop(struct maker *m)
{
    static const uint8_t jg[] = { 0x0f, 0x8f, 0, 0, 0, 0 };
    unsigned int counter = m->s->roles.counter;
    uint8_t dec[] = { 0x48 | counter >> 3, 0xff, 0xc8 | (counter & 7) };

    add_before(m, dec, sizeof(dec));
    add(m, jg, sizeof(jg), nr_forms());
    m->s->aim[m->s->nr_insns - 1] = 4;
    m->s->backwards[m->s->nr_insns - 1] = true;
}

/* ---- drawing ---- */

static bool prepare(struct maker *m, const struct form *form)
{
    if (form->flags & FORM_STRING)
        return prepare_string(m);
    if (form->flags & FORM_DIVIDES)
        return prepare_division(m, form);
    if (form->flags & FORM_LEAVE)
        return prepare_leave(m);
    if (form->flags & FORM_RETURN)
        return prepare_return(m);
    if (form->flags & FORM_FLAGS)
        prepare_flags(m);
    return true;
}

static bool suits(const struct maker *m, const struct form *form)
{
    if (form->flags & FORM_STACK && !m->s->roles.stack)
        return false;
    return !(form->flags & FORM_PUSHES_FLAGS) || m->flags_defined;
}

/* Branches come in few forms, and are wanted more often than that. */
static unsigned int draw_form(struct random *r)
{
    bool branch = one_in(r, 10);
    unsigned int form;

    do
        form = random_below(r, nr_forms());
    while (branch && !(forms[form].flags & FORM_BRANCH));
    return form;
}

/* @last: nothing after it needs a register of a role. */
static bool draw_insn(struct maker *m, const struct form *form, bool last, struct generated *g)
{
    unsigned int tries;

    for (tries = 0; tries < TRIES; tries++)
        if (generate_insn(&m->place, form, g) &&
            (last || generate_keeps_roles(&m->s->roles, &g->insn)))
            return true;
    return false;
}

/* Returns false when it cannot be. */
static bool add_form(struct maker *m, unsigned int form, bool last)
{
    struct generated g;

    if (!suits(m, &forms[form]))
        return false;
    if (forms[form].flags & FORM_INDIRECT)
        return add_indirect(m, form);
    if (!prepare(m, &forms[form]) || !draw_insn(m, &forms[form], last, &g))
        return false;
    add(m, g.bytes, g.size, form);
    if (forms[form].flags & FORM_BRANCH)
        m->s->aim[m->s->nr_insns - 1] = forms[form].imm == IMM_8 ? 1 : 4;
    return true;
}

/* Nothing is left of what was added for one that does not fit. */
static bool try_form(struct maker *m, unsigned int form, bool last)
{
    struct sequence *s = m->s;
    unsigned int nr_insns = s->nr_insns, size = s->size;

    if (add_form(m, form, last))
        return true;
    s->nr_insns = nr_insns;
    s->size = size;
    s->target[nr_insns] = true;
    m->place.rip = NATIVE_CODE + size;
    return false;
}

static void add_something(struct maker *m, bool last)
{
    if (one_in(m->r, 16))
        add_loop(m);
    else
        while (!try_form(m, draw_form(m->r), last))
            ;
}

/* ---- the sequence ---- */

static unsigned int draw_target(struct sequence *s, struct random *r, unsigned int i)
{
    unsigned int to;

    do {
        if (s->backwards[i])
            to = random_below(r, i + 1);
        else
            to = i + 1 + random_below(r, s->nr_insns - i);
    } while (!s->target[to]);
    return to;
}

/* Let the branch at @i go to a boundary before or after it, the end included. */
static void aim_branch(struct sequence *s, struct random *r, unsigned int i)
{
    unsigned int to = draw_target(s, r, i);
    uint32_t distance = s->offset[to] - s->offset[i + 1];

    while (s->aim[i] == 1 && distance > 127) {
        do
            to--;
        while (!s->target[to]);
        distance = s->offset[to] - s->offset[i + 1];
    }
    memcpy(s->code + s->offset[i + 1] - s->aim[i], &distance, s->aim[i]);
}

static void aim_branches(struct sequence *s, struct random *r)
{
    unsigned int i;

    for (i = 0; i < s->nr_insns; i++)
        if (s->aim[i])
            aim_branch(s, r, i);
}

/* Registers that are neither RSP nor each other. */
static void draw_roles(struct roles *roles, struct random *r)
{
    uint8_t *role[] = { &roles->base, &roles->base32, &roles->index, &roles->counter,
                        &roles->wild };
    unsigned int taken = 1u << CLUSTER_RSP, i;

    memset(roles, 0, sizeof(*roles));
    roles->stack = !one_in(r, 4);
    for (i = 0; i < 5; i++) {
        do
            *role[i] = random_below(r, CLUSTER_NR_GPRS);
        while (taken & 1u << *role[i]);
        taken |= 1u << *role[i];
    }
    if (one_in(r, 2))
        roles->wild = NO_REGISTER;
}

void sequence_draw_state(struct sequence *s, struct random *r)
{
    const struct roles *roles = &s->roles;
    uint64_t base = s->gpr[roles->base], base32 = s->gpr[roles->base32];
    uint64_t index = s->gpr[roles->index];
    unsigned int i;

    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        s->gpr[i] = random_value(r);
    s->gpr[roles->base] = base;
    s->gpr[roles->base32] = (random_next(r) << 32) + (uint32_t)base32;
    s->gpr[roles->index] = index;
    s->gpr[roles->counter] = random_below(r, 6);
    if (roles->wild != NO_REGISTER)
        s->gpr[roles->wild] = 1ull << (47 + random_below(r, 16));
    if (roles->stack)
        s->gpr[CLUSTER_RSP] = NATIVE_STACK + RSP_OFFSET + random_below(r, 16);
    s->rflags = 0x202 | (random_next(r) & CLUSTER_FLAGS_ARITHMETIC);
}

static void draw_addresses(struct sequence *s, struct random *r)
{
    s->gpr[s->roles.base] = data_page(0) + random_below(r, 2 * PAGE);
    s->gpr[s->roles.base32] = data_page(0) + random_below(r, 2 * PAGE);
    s->gpr[s->roles.index] = (int64_t)random_below(r, 128) - 64;
    s->fs = (int64_t)random_below(r, 1u << 29) - (1 << 28);
    s->gs = (int64_t)random_below(r, 1u << 29) - (1 << 28);
}

void sequence_generate(struct sequence *s, struct random *r, bool bases, bool flags_defined)
{
    struct maker m = { .s = s, .r = r, .flags_defined = flags_defined };
    unsigned int length = 1 + random_below(r, SEQUENCE_INSNS - PARTS - 1);

    s->size = 0;
    s->nr_insns = 0;
    s->offset[0] = 0;
    s->target[0] = true;
    draw_roles(&s->roles, r);
    draw_addresses(s, r);
    sequence_draw_state(s, r);
    m.place = (struct place){
        .r = r, .rip = NATIVE_CODE, .roles = s->roles, .gpr = s->gpr, .fs = s->fs, .gs = s->gs,
        .fs_usable = bases, .gs_usable = bases, .stack_low = -128, .stack_high = 128,
        .target = target,
    };
    while (s->nr_insns < length)
        add_something(&m, s->nr_insns + 1 == length);
    aim_branches(s, r);
}
