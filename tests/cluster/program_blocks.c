/* SPDX-License-Identifier: GPL-2.0-only */
#include "writer.h"

enum { MAX_DEPTH = 3 };          /* of nested blocks */

/* What the flags are made of right before a branch: data that changes, often. */
static void write_condition(struct writer *w)
{
    uint32_t at = L1_DATA + random_below(w->r, 64);
    uint8_t cmp[8] = { 0x80, 0x3c, 0x25 };              /* cmp byte [at], imm8 */

    if (one_in(w->r, 2))
        return;
    memcpy(cmp + 3, &at, sizeof(at));
    cmp[7] = random_next(w->r);
    writer_put(w, cmp, sizeof(cmp));
}

static void write_if(struct writer *w, unsigned int depth)
{
    uint64_t end, skip;

    write_condition(w);
    PUT_32(w, 0, 0x0f, 0x80 | random_below(w->r, 16));
    end = writer_here(w);
    writer_block(w, 1 + random_below(w->r, 4), depth + 1);
    if (one_in(w->r, 2)) {      /* else */
        PUT_32(w, 0, 0xe9);
        skip = writer_here(w);
        writer_aim_here(w, end);
        writer_block(w, 1 + random_below(w->r, 3), depth + 1);
        end = skip;
    }
    writer_aim_here(w, end);
}

static void put_loop_branch(struct writer *w, uint64_t to)
{
    PUT_32(w, to - (writer_here(w) + 6), 0x0f, 0x85);          /* jnz */
}

/* Counted in a register that nothing else changes. */
static void write_register_loop(struct writer *w, unsigned int depth)
{
    unsigned int counter = w->p->roles.counter;
    uint64_t top;

    w->counting = true;
    writer_load(w, counter, 1 + random_below(w->r, 6));
    top = writer_here(w);
    writer_block(w, 1 + random_below(w->r, 5), depth + 1);
    PUT(w, 0x48 | counter >> 3, 0xff, 0xc8 | (counter & 7));    /* dec */
    put_loop_branch(w, top);
    w->counting = false;
}

/* Counted on the stack. */
static void write_stack_loop(struct writer *w, unsigned int depth)
{
    uint64_t top;

    PUT(w, 0x6a, 1 + random_below(w->r, 5));            /* push count */
    w->pushed += 8;
    top = writer_here(w);
    writer_block(w, 1 + random_below(w->r, 5), depth + 1);
    PUT(w, 0x48, 0x83, 0x2c, 0x24, 1);                  /* sub qword [rsp], 1 */
    put_loop_branch(w, top);
    w->pushed -= 8;
    PUT(w, 0x48, 0x8d, 0x64, 0x24, 8);                  /* lea rsp, [rsp+8] */
}

static void write_loop(struct writer *w, unsigned int depth)
{
    if (!w->counting && w->function == PROGRAM_FUNCTIONS - 1 && one_in(w->r, 2))
        write_register_loop(w, depth);
    else
        write_stack_loop(w, depth);
}

/* RAX = 0 to 3, from data that changes or from a register; then the function's address there. */
static void write_table_index(struct writer *w)
{
    if (one_in(w->r, 2))
        PUT_32(w, L1_DATA + random_below(w->r, 64), 0x8b, 0x04, 0x25);
    PUT(w, 0x83, 0xe0, PROGRAM_TABLE - 1);              /* and eax, 3 */
}

static uint32_t table(const struct writer *w)
{
    return L1_CONST + w->function * PROGRAM_TABLE * 8;
}

static void write_call(struct writer *w)
{
    if (w->function == 0)
        return;
    if (one_in(w->r, 2)) {
        writer_jump(w, 0xe8, w->p->function[random_below(w->r, w->function)]);
        return;
    }
    write_table_index(w);
    if (one_in(w->r, 3)) {
        PUT_32(w, table(w), 0xff, 0x14, 0xc5);          /* call [table + rax*8] */
        return;
    }
    PUT_32(w, table(w), 0x48, 0x8b, 0x04, 0xc5);        /* mov rax, [table + rax*8] */
    if (one_in(w->r, 2))
        PUT(w, 0xff, 0xd0);                             /* call rax */
    else
        writer_jump(w, 0xe8, w->thunk);
}

static void write_push_pop(struct writer *w, unsigned int depth)
{
    unsigned int from = writer_register(w), to = writer_register(w);

    PUT(w, 0x40 | from >> 3, 0x50 | (from & 7));
    w->pushed += 8;
    writer_block(w, 1 + random_below(w->r, 3), depth + 1);
    w->pushed -= 8;
    PUT(w, 0x40 | to >> 3, 0x58 | (to & 7));
}

/* As local_irq_save() and local_irq_disable() do, and their counterparts. */
static void write_interrupts_off(struct writer *w, unsigned int depth)
{
    bool save = one_in(w->r, 2);

    if (save) {
        PUT(w, 0x9c);                                   /* pushf */
        w->pushed += 8;
    }
    PUT(w, 0xfa);                                       /* cli */
    writer_block(w, 1 + random_below(w->r, 4), depth + 1);
    if (save) {
        w->pushed -= 8;
        PUT(w, 0x9d);                                   /* popf */
    } else {
        PUT(w, 0xfb);                                   /* sti */
    }
}

static void write_patch(struct writer *w, unsigned int depth)
{
    static const uint8_t nop[] = { 0x0f, 0x1f, 0x44, 0x00, 0x00 };
    struct program_patch *patch;
    uint32_t distance;

    if (w->p->nr_patches == PROGRAM_PATCHES)
        return;
    patch = &w->p->patch[w->p->nr_patches++];
    patch->at = writer_here(w);
    memcpy(patch->form[0], nop, sizeof(nop));
    writer_put(w, nop, sizeof(nop));
    writer_block(w, 1 + random_below(w->r, 2), depth + 1);
    distance = writer_here(w) - (patch->at + PATCH_BYTES);
    patch->form[1][0] = 0xe9;                           /* jmp behind the block */
    memcpy(patch->form[1] + 1, &distance, sizeof(distance));
    patch->form[2][0] = 0xb8;                           /* mov eax, imm32 */
    memcpy(patch->form[2] + 1, &distance, sizeof(distance));
}

static void write_nested(struct writer *w, unsigned int depth)
{
    switch (random_below(w->r, 8)) {
    case 0: case 1: case 2: write_if(w, depth); break;
    case 3: write_loop(w, depth); break;
    case 4: write_push_pop(w, depth); break;
    case 5: write_interrupts_off(w, depth); break;
    case 6: write_patch(w, depth); break;
    case 7: write_call(w); break;
    }
}

static void write_piece(struct writer *w, unsigned int depth)
{
    unsigned int chance = random_below(w->r, 100);

    if (writer_here(w) > w->limit)
        return;
    if (chance < 52)
        writer_gap(w);
    else if (chance < 58)
        writer_percpu(w);
    else if (chance < 72)
        writer_vmcs_access(w);
    else if (chance < 78)
        writer_emulated(w);
    else if (chance < 80)
        writer_rare(w);
    else if (depth < MAX_DEPTH)
        write_nested(w, depth);
}

void writer_block(struct writer *w, unsigned int pieces, unsigned int depth)
{
    while (pieces--)
        write_piece(w, depth);
}
