/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * interp_string.c - MOVS, STOS, LODS, CMPS, SCAS, upwards (DF is clear), one
 * element after the other, each checked on its own.  Only where that can make no
 * difference REP MOVS and REP STOS do the elements behind one by the host's own: in the
 * pages in which that one has just been accessed.
 */
#include "interp_step.h"

enum { REPNE = 0xf2 };

/* Where an element is loaded from and stored to, as far as its instruction does that. */
struct places {
    struct cluster_place from, to;
};

static bool compares(const struct cluster_insn *insn)
{
    return insn->op == CLUSTER_OP_CMPS || insn->op == CLUSTER_OP_SCAS;
}

static bool reach_source(struct cluster_exec *x, const struct cluster_insn *insn,
                         struct cluster_place *at)
{
    uint64_t base = cluster_segment_base(x, insn->mem.segment);

    return cluster_reach(x, base + x->regs->gpr[CLUSTER_RSI], insn->width, CLUSTER_READ, at);
}

/* ES: no prefix overrides it, and its base is 0. */
static bool reach_destination(struct cluster_exec *x, const struct cluster_insn *insn,
                              enum cluster_access access, struct cluster_place *at)
{
    return cluster_reach(x, x->regs->gpr[CLUSTER_RDI], insn->width, access, at);
}

static void compare(struct cluster_exec *x, unsigned int width, uint64_t a, uint64_t b)
{
    cluster_alu(CLUSTER_OP_CMP, width, a, b, &x->regs->rflags);
}

static bool has_source(const struct cluster_insn *insn)
{
    return insn->op != CLUSTER_OP_STOS && insn->op != CLUSTER_OP_SCAS;
}

static bool has_destination(const struct cluster_insn *insn)
{
    return insn->op != CLUSTER_OP_LODS;
}

static void advance(struct cluster_exec *x, const struct cluster_insn *insn, uint64_t elements)
{
    uint64_t bytes = elements * insn->width;

    x->regs->gpr[CLUSTER_RSI] += has_source(insn) ? bytes : 0;
    x->regs->gpr[CLUSTER_RDI] += has_destination(insn) ? bytes : 0;
}

/*
 * One element; *@at is where it was.  The source of an element that is stored is loaded
 * before its destination is looked for; nothing is written before both are found.
 */
static bool element(struct cluster_exec *x, const struct cluster_insn *insn, struct places *at)
{
    unsigned int width = insn->width;
    uint64_t *rax = &x->regs->gpr[CLUSTER_RAX];
    uint64_t value = *rax & cluster_width_mask(width);

    if (has_source(insn)) {
        if (!reach_source(x, insn, &at->from))
            return false;
        value = cluster_place_load(&at->from, width);
    }
    if (has_destination(insn) &&
        !reach_destination(x, insn, compares(insn) ? CLUSTER_READ : CLUSTER_WRITE, &at->to))
        return false;

    if (compares(insn))
        compare(x, width, value, cluster_place_load(&at->to, width));
    else if (has_destination(insn))
        cluster_place_store(&at->to, width, value);
    else
        cluster_write_register(rax, width, value);
    advance(x, insn, 1);
    return true;
}

/* What follows an element in the page where it ended. */
static uint8_t *behind(const struct cluster_place *at, unsigned int width)
{
    return at->first == width ? at->host + width : at->rest + (width - at->first);
}

/* Whole elements from @address to the end of its page; none where that is just entered. */
static uint64_t elements_left(uint64_t address, unsigned int width)
{
    return (-address & CLUSTER_PAGE_OFFSET) >> __builtin_ctz(width);
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void host_movs(unsigned int width, uint8_t *to, const uint8_t *from, uint64_t count)
{
    switch (width) {
    case 1:
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
        break;
    case 2:
        __asm__ volatile("rep movsw" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
        break;
    case 4:
        __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
        break;
    default:
        __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
        break;
    }
}

static void host_stos(unsigned int width, uint8_t *to, uint64_t value, uint64_t count)
{
    switch (width) {
    case 1:
        __asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(value) : "memory");
        break;
    case 2:
        __asm__ volatile("rep stosw" : "+D"(to), "+c"(count) : "a"(value) : "memory");
        break;
    case 4:
        __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(value) : "memory");
        break;
    default:
        __asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(value) : "memory");
        break;
    }
}

static bool overlap(const uint8_t *a, const uint8_t *b, uint64_t bytes)
{
    uintptr_t distance = a < b ? (uintptr_t)b - (uintptr_t)a : (uintptr_t)a - (uintptr_t)b;

    return distance < bytes;
}

static uint64_t move_more(struct cluster_exec *x, const struct cluster_insn *insn,
                          const struct places *last, uint64_t count)
{
    uint64_t source = cluster_segment_base(x, insn->mem.segment) + x->regs->gpr[CLUSTER_RSI];
    const uint8_t *from = behind(&last->from, insn->width);
    uint8_t *to = behind(&last->to, insn->width);

    count = smaller(count, elements_left(source, insn->width));
    /* What is stored may be what is loaded next: seen one by one. */
    if (overlap(from, to, count * insn->width))
        return 0;
    host_movs(insn->width, to, from, count);
    return count;
}

/*
 * Of the next @count elements, as many as lie whole in the pages where the one at @last
 * ended, when that is easily done at once.  Those pages need no further look: nothing has
 * come up since.  Returns how many.
 */
static uint64_t more(struct cluster_exec *x, const struct cluster_insn *insn,
                     const struct places *last, uint64_t count)
{
    if (insn->op != CLUSTER_OP_MOVS && insn->op != CLUSTER_OP_STOS)
        return 0;
    count = smaller(count, elements_left(x->regs->gpr[CLUSTER_RDI], insn->width));
    if (insn->op == CLUSTER_OP_MOVS)
        count = move_more(x, insn, last, count);
    else
        host_stos(insn->width, behind(&last->to, insn->width), x->regs->gpr[CLUSTER_RAX], count);
    advance(x, insn, count);
    return count;
}

/* REPE ends at a difference, REPNE at an equal pair. */
static bool ends_early(const struct cluster_exec *x, const struct cluster_insn *insn)
{
    bool equal = x->regs->rflags & CLUSTER_FLAG_ZF;

    return compares(insn) && equal == (insn->rep == REPNE);
}

static enum cluster_step repeat(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint64_t *count = &x->regs->gpr[CLUSTER_RCX], flags = x->regs->rflags;
    struct places at;

    if (*count > CLUSTER_MAX_REP)
        return cluster_step_stop(x, CLUSTER_STOP_BUDGET);
    while (*count != 0) {
        if (!element(x, insn, &at)) {
            /* As a fault would leave it (SDM vol. 2, REP): flags as before the first element. */
            x->regs->rflags = flags;
            return CLUSTER_STEP_STOP;
        }
        --*count;
        /* Interrupts may come after the first element. */
        x->regs->sti_shadow = false;
        if (ends_early(x, insn))
            break;
        *count -= more(x, insn, &at, *count);
    }
    return CLUSTER_STEP_NEXT;
}

enum cluster_step cluster_step_string(struct cluster_exec *x, const struct cluster_insn *insn)
{
    struct places at;

    if (insn->rep)
        return repeat(x, insn);
    return element(x, insn, &at) ? CLUSTER_STEP_NEXT : CLUSTER_STEP_STOP;
}
