/* SPDX-License-Identifier: GPL-2.0-only */
#include "model.h"
#include "adjoin.h"

#include <signal.h>
#include <stdlib.h>

#include "alu.h"
#include "decode.h"

enum {
    PAGE = 4096,
    CACHE_LINE = 64,
    DATA_SIZE = NATIVE_DATA_PAGES * PAGE,
    MAX_STEPS = 5000,
};

/* ---- ops ---- */

static bool op_begin(void *ctx, struct cluster_world *world, struct cluster_deps *deps)
{
    (void)ctx, (void)world, (void)deps;
    abort();                    /* that is cluster_run()'s */
}

static void op_end(void *ctx)
{
    (void)ctx;
    abort();
}

static bool writable(unsigned int page)
{
    return page != NATIVE_READ_ONLY && page != NATIVE_HOLE;
}

static void *op_translate(void *ctx, uint64_t linear, enum cluster_access access)
{
    struct model *m = ctx;
    uint64_t page = (linear - NATIVE_DATA) / PAGE;

    if (page < NATIVE_DATA_PAGES && page != NATIVE_HOLE &&
        (access == CLUSTER_READ || writable(page)))
        return m->data + page * PAGE;
    if (linear == NATIVE_CODE && access == CLUSTER_READ)
        return (void *)m->code;
    m->refused = linear;
    return NULL;
}

/* There are no exiting instructions in the sequences. */
static enum cluster_vmx op_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    (void)ctx, (void)field, (void)value;
    abort();
}

static enum cluster_vmx op_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    (void)ctx, (void)field, (void)value;
    abort();
}

static bool op_vmcs_field(void *ctx, uint64_t field, struct cluster_field *where)
{
    (void)ctx, (void)field, (void)where;
    abort();
}

static enum cluster_emulated op_emulate(void *ctx, enum cluster_op op, struct cluster_regs *regs,
                                        struct cluster_operands *operands)
{
    (void)ctx, (void)op, (void)regs, (void)operands;
    abort();
}

static bool op_event_pending(void *ctx, uint64_t rflags)
{
    (void)ctx, (void)rflags;
    return false;
}

static const struct cluster_ops model_ops = {
    .begin = op_begin, .end = op_end, .translate = op_translate, .vmread = op_vmread,
    .vmwrite = op_vmwrite, .vmcs_field = op_vmcs_field, .emulate = op_emulate,
    .event_pending = op_event_pending, .adjoin = adjoin_nowhere,
};

/* ---- memory ---- */

const uint8_t *model_page(const struct model *m, unsigned int page)
{
    return m->data + page * PAGE;
}

static void copy_pages(uint8_t *to, const uint8_t *from)
{
    unsigned int i;

    for (i = 0; i < NATIVE_DATA_PAGES; i++)
        if (writable(i))
            memcpy(to + i * PAGE, from + i * PAGE, PAGE);
}

void model_to_native(struct model *m)
{
    copy_pages(native_data(), m->data);
}

void model_from_native(struct model *m)
{
    copy_pages(m->data, native_data());
}

static void *allocate(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory)
        abort();
    return memory;
}

static uint8_t *allocate_pages(unsigned int pages)
{
    void *memory;

    if (posix_memalign(&memory, PAGE, pages * PAGE))
        abort();
    return memset(memory, 0, pages * PAGE);
}

struct model *model_start(struct random *r)
{
    struct model *m = allocate(sizeof(*m));
    unsigned int i;

    native_start();
    m->data = allocate_pages(NATIVE_DATA_PAGES);
    m->before = allocate(DATA_SIZE);
    m->executed = allocate(nr_forms() * sizeof(*m->executed));
    m->flags_defined = native_clears_af();
    for (i = 0; i < DATA_SIZE; i++)
        m->data[i] = random_next(r);
    model_to_native(m);
    memcpy(native_data() + NATIVE_READ_ONLY * PAGE, m->data + NATIVE_READ_ONLY * PAGE, PAGE);
    native_protect(true);
    return m;
}

void model_end(struct model *m)
{
    free(m->data);
    free(m->before);
    free(m->executed);
    free(m);
}

/* ---- code ---- */

void model_load(struct model *m)
{
    m->code = native_put_code(m->s.code, m->s.size);
    m->generation++;
}

static unsigned int form_at(const struct sequence *s, unsigned int offset)
{
    unsigned int i;

    for (i = 0; i < s->nr_insns; i++)
        if (s->offset[i] == offset)
            return s->form[i];
    return nr_forms();
}

/*
 * Does CPL 3 keep it from doing what it does at CPL 0?  A sequence that returns into the
 * middle of an instruction comes upon these, too, and on POPF with any flags.
 */
static bool privileged(const struct model_decoded *d)
{
    return cluster_insn_exits(&d->insn) || cluster_insn_is_emulated(&d->insn) ||
           d->insn.op == CLUSTER_OP_CLI || d->insn.op == CLUSTER_OP_STI ||
           d->insn.op == CLUSTER_OP_READ_CR2 || d->insn.op == CLUSTER_OP_WRITE_CR2 ||
           (d->insn.op == CLUSTER_OP_POPF && d->form == nr_forms());
}

/* Not beyond the end: what is there is not the sequence's. */
static struct model_decoded *decoded_at(struct model *m, uint64_t rip)
{
    unsigned int offset = rip - NATIVE_CODE;
    struct model_decoded *d = &m->decoded[offset];

    if (d->generation == m->generation)
        return d;
    d->generation = m->generation;
    d->form = form_at(&m->s, offset);
    d->supported = cluster_decode(&d->insn, m->s.code + offset, m->s.size - offset, rip) ==
                   CLUSTER_DECODE_OK && !privileged(d);
    return d;
}

static bool inside(const struct model *m, uint64_t rip)
{
    return rip - NATIVE_CODE < m->s.size;
}

const struct cluster_insn *model_insn(struct model *m, uint64_t rip)
{
    struct model_decoded *d;

    if (!inside(m, rip))
        return NULL;
    d = decoded_at(m, rip);
    return d->supported ? &d->insn : NULL;
}

/* ---- the CPU ---- */

static void set_native_state(const struct model *m, const uint64_t *gpr, uint64_t rflags)
{
    struct native_state *state = native_state();

    memcpy(state->gpr_in, gpr, sizeof(state->gpr_in));
    state->rflags_in = rflags;
    state->fs_in = m->s.fs;
    state->gs_in = m->s.gs;
}

void model_native(struct model *m)
{
    set_native_state(m, m->s.gpr, m->s.rflags);
    native_execute(NATIVE_CODE);
}

static void take_native_state(struct model *m)
{
    const struct native_state *state = native_state();

    memcpy(m->regs.gpr, state->gpr_out, sizeof(m->regs.gpr));
    m->regs.rflags = (m->regs.rflags & ~CLUSTER_FLAGS_ARITHMETIC) |
                     (state->rflags_out & CLUSTER_FLAGS_ARITHMETIC);
    m->regs.rip = state->signal_rip;
}

/* PUSHF stored TF. */
static void clear_pushed_tf(struct model *m)
{
    uint64_t offset = m->regs.gpr[CLUSTER_RSP] + 1 - NATIVE_DATA;

    m->data[offset] &= ~(CLUSTER_FLAG_TF >> 8);
}

/* The real pages are as the sequence found them, and will be again. */
static bool single_step(struct model *m, const struct cluster_insn *insn)
{
    bool stepped;

    copy_pages(m->before, native_data());
    model_to_native(m);
    set_native_state(m, m->regs.gpr, m->regs.rflags | CLUSTER_FLAG_TF);
    native_execute(m->regs.rip);
    stepped = native_state()->signal == SIGTRAP;
    if (stepped) {
        take_native_state(m);
        model_from_native(m);
        if (insn->op == CLUSTER_OP_PUSHF)
            clear_pushed_tf(m);
    }
    copy_pages(native_data(), m->before);
    return stepped;
}

/* ---- the interpreter ---- */

static bool page_ends_in(uint64_t address, unsigned int width)
{
    return (address & (PAGE - 1)) + width > PAGE;
}

static bool line_ends_in(uint64_t address, unsigned int width)
{
    return (address & (CACHE_LINE - 1)) + width > CACHE_LINE;
}

/* The byte string that BT and its kin address begins there. */
static int64_t bit_offset(const struct model *m, const struct cluster_insn *insn)
{
    unsigned int unused = 64 - 8 * insn->width;
    int64_t offset;

    if (insn->op < CLUSTER_OP_BT || insn->op > CLUSTER_OP_BTC ||
        insn->src.kind != CLUSTER_OPERAND_REG)
        return 0;
    offset = (int64_t)(m->regs.gpr[insn->src.reg] << unused) >> unused;
    return (offset >> (insn->width == 8 ? 6 : insn->width == 4 ? 5 : 4)) * insn->width;
}

static uint64_t operand_address(const struct model *m, const struct cluster_insn *insn)
{
    const struct cluster_mem *mem = &insn->mem;
    uint64_t address = mem->disp + bit_offset(m, insn);

    if (mem->base != CLUSTER_REG_NONE)
        address += m->regs.gpr[mem->base];
    if (mem->index != CLUSTER_REG_NONE)
        address += m->regs.gpr[mem->index] << mem->shift;
    if (insn->op == CLUSTER_OP_POP && mem->base == CLUSTER_RSP)
        address += 8;
    if (mem->addr32)
        address = (uint32_t)address;
    return address + (mem->segment == CLUSTER_SEG_FS ? m->s.fs :
                      mem->segment == CLUSTER_SEG_GS ? m->s.gs : 0);
}

/*
 * May the interpreter leave this one to hardware: does an access of it cross a page end, or a
 * locked one the end of a cache line?
 */
static bool crosses(const struct model *m, const struct cluster_insn *insn)
{
    const uint64_t *gpr = m->regs.gpr;
    unsigned int width = insn->width > insn->src_width ? insn->width : insn->src_width;

    if ((insn->dst.kind == CLUSTER_OPERAND_MEM || insn->src.kind == CLUSTER_OPERAND_MEM) &&
        (page_ends_in(operand_address(m, insn), width) ||
         (insn->lock && line_ends_in(operand_address(m, insn), width))))
        return true;
    if (insn->op >= CLUSTER_OP_MOVS && insn->op <= CLUSTER_OP_SCAS)
        return page_ends_in(gpr[CLUSTER_RSI], width) || page_ends_in(gpr[CLUSTER_RDI], width);
    if (insn->op == CLUSTER_OP_LEAVE)
        return page_ends_in(gpr[CLUSTER_RBP], 8);
    return page_ends_in(gpr[CLUSTER_RSP], 8) || page_ends_in(gpr[CLUSTER_RSP] - 8, 8);
}

/* Returns false when the execution ends here, with m->ending set. */
static bool resolve_stop(struct model *m, const struct cluster_insn *insn, enum cluster_stop stop)
{
    /* BUDGET: too long a string operation, of which the CPU does one element. */
    if ((stop == CLUSTER_STOP_BUDGET || (stop == CLUSTER_STOP_MEMORY && crosses(m, insn))) &&
        single_step(m, insn)) {
        m->by_hardware++;
        return true;
    }
    m->ending = stop == CLUSTER_STOP_MEMORY ? MODEL_MEMORY
              : stop == CLUSTER_STOP_FAULT ? MODEL_FAULT : MODEL_UNKNOWN;
    return false;
}

/* Is there an instruction to be executed next?  Otherwise m->ending is set. */
static bool fetch(struct model *m, struct model_decoded **d)
{
    m->ending = m->regs.rip == NATIVE_CODE + m->s.size ? MODEL_END
              : m->regs.rip - NATIVE_CODE >= PAGE ? MODEL_NOWHERE : MODEL_UNKNOWN;
    if (!inside(m, m->regs.rip))
        return false;
    *d = decoded_at(m, m->regs.rip);
    return (*d)->supported;
}

static void start_state(struct model *m)
{
    memcpy(m->regs.gpr, m->s.gpr, sizeof(m->regs.gpr));
    m->regs.rip = NATIVE_CODE;
    m->regs.rflags = m->s.rflags;
    m->regs.sti_shadow = false;
    m->insns = m->by_hardware = 0;
    m->refused = 0;
}

void model_interpret(struct model *m)
{
    static const uint8_t no_page;
    static const uint32_t no_poke;
    struct cluster_exec x = {
        .ops = &model_ops, .ctx = m, .regs = &m->regs, .code = { { &no_page, &no_page } },
        .world = { .epoch = 1, .fs_base = m->s.fs, .gs_base = m->s.gs, .poke = &no_poke },
    };
    struct model_decoded *d;

    start_state(m);
    cluster_tlb_start(&x.tlb);
    while (fetch(m, &d)) {
        if (m->insns++ == MAX_STEPS) {
            m->ending = MODEL_ENDLESS;
            return;
        }
        if (cluster_step(&x, &d->insn) == CLUSTER_STEP_STOP &&
            !resolve_stop(m, &d->insn, x.stop))
            return;
        if (d->form < nr_forms())
            m->executed[d->form]++;
    }
}
