/* SPDX-License-Identifier: GPL-2.0-only */
#include "writer.h"

enum { TRIES = 400 };           /* to draw an instruction that fits */

/* ---- pieces that do not exit ---- */

static bool fit_for_programs(const struct form *form)
{
    return !(form->flags & (FORM_BRANCH | FORM_STACK | FORM_STRING | FORM_INDIRECT |
                            FORM_RETURN | FORM_LEAVE | FORM_FLAGS | FORM_PUSHES_FLAGS)) &&
           !(form->flags & FORM_DIVIDES);
}

static const struct form *draw_form(struct random *r)
{
    const struct form *form;

    do
        form = &forms[random_below(r, nr_forms())];
    while (!fit_for_programs(form));
    return form;
}

void writer_gap(struct writer *w)
{
    struct generated g;
    unsigned int tries;

    w->place.stack_low = w->pushed;
    w->place.stack_high = w->pushed + WRITER_SCRATCH - 8;
    for (tries = 0; tries < TRIES; tries++) {
        if (!generate_insn(&w->place, draw_form(w->r), &g) ||
            !generate_keeps_roles(&w->p->roles, &g.insn))
            continue;
        writer_put(w, g.bytes, g.size);
        return;
    }
}

/* MOV between a register and GS:[disp32], as per-CPU variables are. */
void writer_percpu(struct writer *w)
{
    unsigned int reg = writer_register(w);
    uint32_t at = 8 * random_below(w->r, L1_PAGE / 8);

    if (one_in(w->r, 4))                        /* inc dword gs:[at] */
        PUT_32(w, at, 0x65, 0xff, 0x04, 0x25);
    else
        PUT_32(w, at, 0x65, 0x48 | (reg & 8) >> 1, one_in(w->r, 3) ? 0x89 : 0x8b,
               (reg & 7) << 3 | 4, 0x25);
}

static void write_division(struct writer *w)
{
    unsigned int divisor = one_in(w->r, 2) ? CLUSTER_RCX : CLUSTER_RBX;

    if (!one_in(w->r, 8))
        PUT(w, 0x31, 0xd2);                     /* xor edx, edx */
    if (!one_in(w->r, 4))
        PUT(w, 0x83, 0xc8 | divisor, 1);        /* or divisor, 1 */
    if (one_in(w->r, 2))
        PUT(w, 0x48, 0xf7, 0xf0 | divisor);     /* div */
    else
        PUT(w, 0xf7, 0xf8 | divisor);           /* idiv */
}

static void write_string(struct writer *w)
{
    static const uint8_t opcode[] = { 0xa4, 0xa5, 0xaa, 0xab, 0xac, 0xad, 0xa6, 0xa7, 0xae, 0xaf };
    uint8_t op = opcode[random_below(w->r, sizeof(opcode))];
    bool compares = op == 0xa6 || op == 0xa7 || op >= 0xae;
    uint8_t rep = compares && one_in(w->r, 2) ? 0xf2 : 0xf3;

    PUT_32(w, writer_target(&w->place, false), 0x48, 0xc7, 0xc0 | CLUSTER_RSI);
    PUT_32(w, writer_target(&w->place, false), 0x48, 0xc7, 0xc0 | CLUSTER_RDI);
    writer_load(w, CLUSTER_RCX, one_in(w->r, 30) ? 5000 : random_below(w->r, 30));
    if (one_in(w->r, 2))
        PUT(w, rep, 0x48, op);
    else
        PUT(w, rep, op);
}

/* RSP for a moment unpredictable: AND RSP, -16 and back. */
static void write_alignment(struct writer *w)
{
    PUT(w, 0x48, 0x89, 0xe0);                   /* mov rax, rsp */
    PUT(w, 0x48, 0x83, 0xe4, 0xf0);             /* and rsp, -16 */
    PUT(w, 0x50);                               /* push rax */
    PUT(w, 0x5c);                               /* pop rsp */
}

void writer_rare(struct writer *w)
{
    switch (random_below(w->r, 4)) {
    case 0: write_division(w); break;
    case 1: write_string(w); break;
    case 2: write_alignment(w); break;
    case 3: PUT(w, 0x9c); PUT(w, 0x58); break;          /* pushf; pop rax */
    }
}

/* ---- pieces that exit ---- */

static uint32_t draw_field(struct writer *w)
{
    return one_in(w->r, 20) ? random_next(w->r) : l1_field(random_below(w->r, L1_VMCS_FIELDS));
}

/* Memory for an exiting instruction: [disp32], or in the frame. */
static void put_memory_operand(struct writer *w, const uint8_t *opcode, unsigned int size,
                               unsigned int reg)
{
    uint8_t bytes[8];

    memcpy(bytes, opcode, size);
    if (one_in(w->r, 2)) {
        bytes[size] = (reg & 7) << 3 | 4;
        bytes[size + 1] = 0x25;
        writer_put_32(w, bytes, size + 2, writer_target(&w->place, false));
        return;
    }
    bytes[size] = 0x40 | (reg & 7) << 3 | 4;
    bytes[size + 1] = 0x24;
    bytes[size + 2] = w->pushed + random_below(w->r, WRITER_SCRATCH - 16);
    writer_put(w, bytes, size + 3);
}

void writer_vmcs_access(struct writer *w)
{
    static const uint8_t with_memory[2][2] = { { 0x0f, 0x78 }, { 0x0f, 0x79 } };
    unsigned int field = writer_register(w), other = writer_register(w);
    bool write = one_in(w->r, 4);

    if (!one_in(w->r, 10))
        writer_load(w, field, draw_field(w));
    if (one_in(w->r, 3))
        writer_gap(w);           /* may change the field's number */
    if (field < 8 && one_in(w->r, 6))
        put_memory_operand(w, with_memory[write], 2, field);
    /* VMREAD has the field's number in ModRM.reg, VMWRITE as well. */
    else if (field >= 8 || other >= 8)
        PUT(w, 0x40 | field >> 3 << 2 | other >> 3, 0x0f, 0x78 | write,
            0xc0 | (field & 7) << 3 | (other & 7));
    else
        PUT(w, 0x0f, 0x78 | write, 0xc0 | field << 3 | other);
}

void writer_emulated(struct writer *w)
{
    static const uint8_t invept[] = { 0x66, 0x0f, 0x38, 0x80 };
    static const uint8_t invvpid[] = { 0x66, 0x0f, 0x38, 0x81 };
    static const uint8_t vmptrld[] = { 0x0f, 0xc7 };

    switch (random_below(w->r, 10)) {
    case 0: PUT(w, 0x0f, 0xa2); break;                  /* cpuid */
    case 1: PUT(w, 0x0f, 0x31); break;                  /* rdtsc */
    case 2: PUT(w, 0x0f, 0x01, 0xf9); break;            /* rdtscp */
    case 3: PUT(w, 0x0f, 0x20, 0xd0); break;            /* mov rax, cr2 */
    case 4: PUT(w, 0x0f, 0x22, 0xd2); break;            /* mov cr2, rdx */
    case 5: put_memory_operand(w, invept, sizeof(invept), CLUSTER_RAX); break;
    case 6: put_memory_operand(w, invvpid, sizeof(invvpid), CLUSTER_RCX); break;
    case 7: put_memory_operand(w, vmptrld, sizeof(vmptrld), 6); break;
    case 8:
        writer_load(w, CLUSTER_RCX, random_below(w->r, 8));
        PUT(w, 0x0f, 0x32);                             /* rdmsr */
        break;
    case 9:
        writer_load(w, CLUSTER_RCX, random_below(w->r, 8));
        PUT(w, 0x0f, 0x30);                             /* wrmsr */
        break;
    }
}
