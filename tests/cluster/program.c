/* SPDX-License-Identifier: GPL-2.0-only */
#include "writer.h"

#include "alu.h"

enum { NO_REGISTER = 16 };

/* ---- functions ---- */

/* Two in the first page, one in the far page, one in the second, the main one across its end. */
static void place_function(struct writer *w)
{
    uint64_t page = (writer_here(w) & ~(uint64_t)(L1_PAGE - 1)) + L1_PAGE;

    if (w->function == 2)
        w->place.rip = L1_FAR + random_below(w->r, 64);
    else if (w->function == 3)
        w->place.rip = L1_CODE + L1_PAGE + 16 + random_below(w->r, 64);
    else if (w->function == 1)
        w->place.rip = writer_here(w) + random_below(w->r, 200);
    else if (w->function == 4)
        w->place.rip = page - random_below(w->r, 40);
    w->limit = (writer_here(w) & ~(uint64_t)(L1_PAGE - 1)) + WRITER_CODE_END;
    if (w->function == 0)
        w->limit -= WRITER_CODE_END / 2;
    if (w->function == 4)
        w->limit += L1_PAGE;
}

/* With RBP as frame pointer, or without. */
static void write_function(struct writer *w, unsigned int pieces)
{
    bool frame = one_in(w->r, 2);

    w->p->function[w->function] = writer_here(w);
    if (one_in(w->r, 3))
        PUT(w, 0xf3, 0x0f, 0x1e, 0xfa);                 /* endbr64 */
    if (frame) {
        PUT(w, 0x55);                                   /* push rbp */
        PUT(w, 0x48, 0x89, 0xe5);                       /* mov rbp, rsp */
    }
    PUT(w, 0x48, 0x83, 0xec, WRITER_SCRATCH);                  /* sub rsp, 64 */
    w->place.frame = frame ? WRITER_SCRATCH - 8 : 0;
    writer_block(w, pieces, 0);
    if (frame)
        PUT(w, 0xc9);                                   /* leave */
    else
        PUT(w, 0x48, 0x83, 0xc4, WRITER_SCRATCH);              /* add rsp, 64 */
    if (w->function > 0 && one_in(w->r, 6))
        writer_jump(w, 0xe9, w->p->function[random_below(w->r, w->function)]);
    else
        PUT(w, 0xc3);
}

/* Retpoline: CALL over a trap for speculation, then RET to what is in RAX. */
static void write_thunk(struct writer *w)
{
    w->thunk = writer_here(w);
    PUT_32(w, 7, 0xe8);
    PUT(w, 0xf3, 0x90);                                 /* pause */
    PUT(w, 0x0f, 0xae, 0xe8);                           /* lfence */
    PUT(w, 0xeb, 0xf9);                                 /* jmp to the pause */
    PUT(w, 0x48, 0x89, 0x04, 0x24);                     /* mov [rsp], rax */
    PUT(w, 0xc3);
}

/* What L1 does for an exit of L2: from the exit's VMREADs to VMRESUME. */
static void write_main(struct writer *w)
{
    uint64_t top = writer_here(w);

    w->p->entry = top;
    w->place.frame = 0;
    writer_load(w, CLUSTER_RDX, l1_field(random_below(w->r, L1_VMCS_FIELDS)));
    PUT(w, 0x0f, 0x78, 0xd0);                           /* vmread rax, rdx */
    writer_block(w, 10 + random_below(w->r, 40), 0);
    if (w->p->endless)
        writer_jump(w, 0xe9, top);
    else
        PUT(w, 0x0f, 0x01, one_in(w->r, 8) ? 0xc2 : 0xc3); /* vmlaunch, vmresume */
}

/* ---- the program ---- */

/* Not those with which CPUID, RDMSR, strings, divisions and retpolines work. */
static void draw_roles(struct program *p, struct random *r)
{
    uint8_t *role[] = { &p->roles.base, &p->roles.base32, &p->roles.index, &p->roles.counter };
    unsigned int taken = 0, i;

    memset(&p->roles, 0, sizeof(p->roles));
    p->roles.stack = true;
    p->roles.wild = NO_REGISTER;
    p->roles.kept = 1u << CLUSTER_RBP;
    for (i = 0; i < 4; i++) {
        do
            *role[i] = CLUSTER_R8 + random_below(r, 8);
        while (taken & 1u << *role[i]);
        taken |= 1u << *role[i];
    }
    p->gpr[p->roles.base] = L1_DATA + 0x100 + 8 * random_below(r, 32);
    p->gpr[p->roles.base32] = L1_LOW + 0x100 + 8 * random_below(r, 32);
    p->gpr[p->roles.index] = 8 * random_below(r, 8);
    p->gpr[CLUSTER_RSP] = L1_STACK + 2 * L1_PAGE + 0x80 + 8 * random_below(r, 128) +
                          (one_in(r, 20) ? random_below(r, 8) : 0);
}

static void fill_tables(struct program *p, struct random *r)
{
    unsigned int i, j;

    for (i = 1; i < PROGRAM_FUNCTIONS; i++)
        for (j = 0; j < PROGRAM_TABLE; j++)
            p->table[i][j] = p->function[random_below(r, i)];
}

void program_generate(struct program *p, uint64_t seed)
{
    struct random r = { seed };
    struct writer w = { .p = p, .r = &r };

    memset(p, 0, sizeof(*p));
    p->seed = seed;
    p->endless = one_in(&r, 50);
    draw_roles(p, &r);
    w.place = (struct place){
        .r = &r, .rip = L1_CODE + random_below(&r, 64), .roles = p->roles, .gpr = p->gpr,
        .gs = L1_PERCPU, .gs_usable = true, .target = writer_target,
    };
    write_thunk(&w);
    for (w.function = 0; w.function < PROGRAM_FUNCTIONS - 1; w.function++) {
        place_function(&w);
        write_function(&w, 2 + random_below(&r, 12));
    }
    place_function(&w);
    write_main(&w);
    fill_tables(p, &r);
}

/* ---- states ---- */

void program_draw_state(const struct program *p, struct random *r, struct l1_state *state)
{
    uint64_t *gpr = state->regs.gpr;
    unsigned int i;

    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        gpr[i] = random_value(r);
    gpr[p->roles.base] = p->gpr[p->roles.base] + (one_in(r, 8) ? 8 * random_below(r, 16) : 0);
    gpr[p->roles.base32] = (random_next(r) << 32) + (uint32_t)p->gpr[p->roles.base32];
    gpr[p->roles.index] = p->gpr[p->roles.index];
    gpr[CLUSTER_RSP] = p->gpr[CLUSTER_RSP] - (one_in(r, 8) ? 256 * random_below(r, 4) : 0) -
                       (one_in(r, 16) ? L1_PAGE : 0);
    state->regs.rip = p->entry;
    state->regs.rflags = 2 | (random_next(r) & CLUSTER_FLAGS_ARITHMETIC) |
                         (one_in(r, 3) ? 0 : 1 << 9);
    state->regs.sti_shadow = false;
}

void program_load(const struct program *p, struct random r, struct l1 *l)
{
    uint64_t *word = (uint64_t *)l->memory;
    unsigned int i;

    for (i = 0; i < L1_NR_PAGES * L1_PAGE / 8; i++)
        word[i] = random_next(&r);
    memcpy(l->memory + L1_PAGE_CODE * L1_PAGE, p->code, sizeof(p->code));
    memcpy(l->memory + L1_PAGE_CONST * L1_PAGE, p->table, sizeof(p->table));
    for (i = 0; i < L1_VMCS_FIELDS; i++)
        l->state.vmcs[i] = random_next(&r);
    l->state.gs_base = L1_PERCPU;
    l->state.cr2 = random_next(&r);
    l->state.advanced = 0;
}
