/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * predict.c - the prediction, made by the engine and by the interpreter, and the
 * comparison of the two.  That with L1 is in predict_compare.c.
 */
#include "predict.h"
#include "decoded.h"
#include "interp.h"
#include "predict_compare.h"

/* The interpreter's way, and the page of code that it is in. */
struct walk {
    struct cluster_prediction *p;
    struct cluster_exec x;
    struct cluster_regs regs;
    uint64_t code_page;
    const uint8_t *code;        /* NULL: none yet */
};

static const uint8_t *code_at(struct walk *w, uint64_t rip)
{
    uint64_t page = rip & ~(uint64_t)CLUSTER_PAGE_OFFSET;

    if (!w->code || w->code_page != page) {
        w->code_page = page;
        w->code = cluster_copy_ops.translate(w->x.ctx, page, CLUSTER_FETCH);
    }
    return w->code ? w->code + (rip & CLUSTER_PAGE_OFFSET) : NULL;
}

/* Room for what is read of an instruction, which is two words where they are in one page. */
enum { CODE_BYTES = 16 };

static void load_two_words(uint8_t *bytes, const uint8_t *code)
{
    uint64_t words[2] = { cluster_load(code, 8), cluster_load(code + 8, 8) };

    memcpy(bytes, words, CODE_BYTES);
}

/*
 * Load at most CLUSTER_MAX_INSN_BYTES of code at @rip and @have more, up to the end of
 * the page.  Returns how many bytes there are now.
 */
static unsigned int load_code(struct walk *w, uint64_t rip, uint8_t *bytes, unsigned int have)
{
    uint64_t from = rip + have;
    unsigned int rest = CLUSTER_PAGE_SIZE - (from & CLUSTER_PAGE_OFFSET);
    const uint8_t *code = cluster_canonical(from) ? code_at(w, from) : NULL;

    if (code && have == 0 && rest >= CODE_BYTES) {
        load_two_words(bytes, code);
        return CLUSTER_MAX_INSN_BYTES;
    }
    for (; code && rest && have < CLUSTER_MAX_INSN_BYTES; rest--)
        bytes[have++] = cluster_load(code++, 1);
    return have;
}

static struct cluster_decoded *decoded_slot(struct cluster_prediction *p, uint64_t rip)
{
    return &p->decoded[cluster_decoded_index(rip)];
}

static bool decode(struct cluster_decoded *d, uint64_t rip, const uint8_t *bytes,
                   unsigned int size)
{
    return cluster_decode_again(d, bytes, size, rip) == CLUSTER_DECODE_OK;
}

/* The instruction to be executed next, or NULL. */
static const struct cluster_insn *next_insn(struct walk *w)
{
    uint64_t rip = w->regs.rip;
    struct cluster_decoded *d = decoded_slot(w->p, rip);
    uint8_t bytes[CODE_BYTES];
    unsigned int size = load_code(w, rip, bytes, 0), more;

    if (size == 0)
        return NULL;
    if (decode(d, rip, bytes, size))
        return &d->insn;
    /* Perhaps it goes on in the next page. */
    if (size == CLUSTER_MAX_INSN_BYTES)
        return NULL;
    more = load_code(w, rip, bytes, size);
    return more > size && decode(d, rip, bytes, more) ? &d->insn : NULL;
}

static uint64_t memory_operand(struct walk *w, const struct cluster_mem *mem,
                               const struct cluster_regs *regs, uint64_t more)
{
    uint64_t address = mem->disp + more;

    if (mem->base != CLUSTER_REG_NONE)
        address += regs->gpr[mem->base];
    if (mem->index != CLUSTER_REG_NONE)
        address += regs->gpr[mem->index] << mem->shift;
    if (mem->addr32)
        address = (uint32_t)address;
    if (mem->segment == CLUSTER_SEG_FS)
        address += w->x.world.fs_base;
    if (mem->segment == CLUSTER_SEG_GS)
        address += w->x.world.gs_base;
    return address;
}

/* Bit offsets in a register reach beyond the operand (SDM vol. 2, BTS): bytes from it. */
static uint64_t bit_displacement(const struct cluster_insn *insn, const struct cluster_regs *regs)
{
    unsigned int unused = 64 - 8 * insn->width;
    int64_t bit;

    if (insn->src.kind != CLUSTER_OPERAND_REG)
        return 0;
    bit = (int64_t)(regs->gpr[insn->src.reg] << unused) >> unused;
    return (bit >> (insn->width == 2 ? 4 : insn->width == 4 ? 5 : 6)) * insn->width;
}

/* Where @insn stored, between the states @before and @after it.  Returns the bytes, 0 for none. */
static uint64_t stored(struct walk *w, const struct cluster_insn *insn,
                       const struct cluster_regs *before, const struct cluster_regs *after,
                       uint64_t *linear)
{
    uint64_t more = 0;

    switch (insn->op) {
    case CLUSTER_OP_PUSH:
    case CLUSTER_OP_PUSHF:
    case CLUSTER_OP_CALL:
        *linear = after->gpr[CLUSTER_RSP];
        return 8;
    case CLUSTER_OP_MOVS:
    case CLUSTER_OP_STOS:       /* upwards: DF is clear */
        *linear = before->gpr[CLUSTER_RDI];
        return after->gpr[CLUSTER_RDI] - before->gpr[CLUSTER_RDI];
    case CLUSTER_OP_BT:
        return 0;
    case CLUSTER_OP_BTS:
    case CLUSTER_OP_BTR:
    case CLUSTER_OP_BTC:
        more = bit_displacement(insn, before);
        break;
    case CLUSTER_OP_POP:        /* its address is computed after RSP has grown */
        more = insn->mem.base == CLUSTER_RSP ? 8 : 0;
        break;
    }
    if (insn->dst.kind != CLUSTER_OPERAND_MEM ||
        (insn->touch != CLUSTER_TOUCH_WRITE && insn->touch != CLUSTER_TOUCH_LATE))
        return 0;
    *linear = memory_operand(w, &insn->mem, before, more);
    return insn->width;
}

/* Returns false when the log is full. */
static bool log_stores(struct cluster_prediction *p, uint64_t linear, uint64_t bytes)
{
    unsigned int width;

    for (; bytes; bytes -= width, linear += width) {
        if (p->nr_stores == CLUSTER_PREDICT_STORES) {
            p->cut = true;
            return false;
        }
        width = CLUSTER_PAGE_SIZE - (linear & CLUSTER_PAGE_OFFSET);
        if (width > 8)
            width = 8;
        if (width > bytes)
            width = bytes;
        p->store[p->nr_stores].linear = linear;
        p->store[p->nr_stores].width = width;
        p->nr_stores++;
    }
    return true;
}

static bool is_string(const struct cluster_insn *insn)
{
    return insn->op >= CLUSTER_OP_MOVS && insn->op <= CLUSTER_OP_SCAS;
}

/* Execute @insn.  Returns false when nothing can follow it. */
static bool advance(struct walk *w, const struct cluster_insn *insn)
{
    struct cluster_prediction *p = w->p;
    struct cluster_regs before = w->regs;
    enum cluster_step did;
    uint64_t linear = 0, bytes;

    if (insn->op == CLUSTER_OP_VMRESUME || insn->op == CLUSTER_OP_VMLAUNCH)
        return false;
    did = cluster_step(&w->x, insn);
    if (did == CLUSTER_STEP_STOP) {
        p->cut |= p->interp.full;
        if (!is_string(insn))
            return false;
    } else {
        p->path[p->nr_insns++] = before.rip;
    }
    bytes = stored(w, insn, &before, &w->regs, &linear);
    return log_stores(p, linear, bytes) &&
           (did == CLUSTER_STEP_NEXT || did == CLUSTER_STEP_TAKEN);
}

/* What the stores since the last exit have left: where one overwrote another, the last. */
static void load_stores(struct cluster_prediction *p, unsigned int from)
{
    const uint8_t *host = NULL;
    uint64_t page = 0;
    unsigned int i;

    for (i = from; i < p->nr_stores; i++) {
        struct cluster_predicted_store *s = &p->store[i];

        if (!host || page != (s->linear & ~(uint64_t)CLUSTER_PAGE_OFFSET)) {
            page = s->linear & ~(uint64_t)CLUSTER_PAGE_OFFSET;
            host = cluster_copy_ops.translate(&p->interp, page, CLUSTER_READ);
        }
        s->value = cluster_predict_bytes(host + (s->linear & CLUSTER_PAGE_OFFSET), s->width);
    }
}

/* L1 will exit by the instruction to be executed next. */
static bool close_exit(struct walk *w)
{
    struct cluster_prediction *p = w->p;
    struct cluster_predicted *e = &p->exit[p->nr_exits];

    if (p->nr_exits == CLUSTER_PREDICT_EXITS) {
        p->cut = true;
        return false;
    }
    load_stores(p, p->nr_exits ? e[-1].nr_stores : 0);
    e->regs = w->regs;
    e->nr_insns = p->nr_insns;
    e->nr_stores = p->nr_stores;
    e->nr_fields = p->interp.nr_fields;
    p->nr_exits++;
    return true;
}

static bool exits(struct walk *w, const struct cluster_insn *insn)
{
    const struct cluster_copy *copy = &w->p->interp;
    uint64_t field = 0;

    if (!cluster_insn_exits(insn))
        return false;
    if (insn->op == CLUSTER_OP_VMREAD)
        field = w->regs.gpr[insn->src.reg];
    if (insn->op == CLUSTER_OP_VMWRITE)
        field = w->regs.gpr[insn->dst.reg];
    return copy->more->exits(copy->ctx, insn->op, &w->regs, field);
}

/* At most @insns instructions. */
static void walk(struct walk *w, unsigned int insns)
{
    const struct cluster_insn *insn;

    do {
        insn = next_insn(w);
        if (!insn || (w->p->nr_insns && exits(w, insn) && !close_exit(w)))
            return;
    } while (w->p->nr_insns < insns && advance(w, insn));
}

static void start_walk(struct walk *w, struct cluster_prediction *p,
                       const struct cluster_regs *regs)
{
    w->p = p;
    w->regs = *regs;
    w->code = NULL;
    w->x.ops = &cluster_copy_ops;
    w->x.ctx = &p->interp;
    w->x.regs = &w->regs;
    w->x.world = p->interp.world;
    w->x.code.page[0] = w->x.code.page[1] = NULL;
    w->x.region = NULL;
    cluster_tlb_start(&w->x.tlb);
}

/*
 * The engine may have stopped in a string operation, which is not counted: go
 * there too.
 */
static void catch_up(struct walk *w, const struct cluster_regs *engine)
{
    const struct cluster_insn *insn = next_insn(w);

    if (insn && is_string(insn) && w->regs.rip == engine->rip &&
        w->regs.gpr[CLUSTER_RCX] != engine->gpr[CLUSTER_RCX])
        advance(w, insn);
}

static bool agree(struct walk *w, const struct cluster_outcome *out,
                  struct cluster_mismatch *m)
{
    struct cluster_prediction *p = w->p;

    m->native = false;
    m->site = p->site;
    m->rip = p->engine_regs.rip;
    m->first_insn = 0;
    m->end_insn = p->nr_insns;
    if (p->nr_insns != out->insns) {
        m->kind = CLUSTER_MISMATCH_INSNS;
        m->where = w->regs.rip;
        m->expected = p->nr_insns;
        m->actual = out->insns;
        m->width = 4;
        return false;
    }
    catch_up(w, &p->engine_regs);
    return cluster_predict_same_regs(&w->regs, &p->engine_regs, m) &&
           cluster_predict_same_copies(&p->interp, &p->engine, m);
}

static bool predict(struct cluster_prediction *p, struct cluster_vcpu *vcpu,
                    const struct cluster_regs *regs, unsigned int kind,
                    struct cluster_outcome *out, struct cluster_mismatch *m)
{
    unsigned int insns = CLUSTER_PREDICT_ALONE;
    struct walk w;

    if (vcpu) {
        cluster_run(vcpu, CLUSTER_MODE_ON, &cluster_copy_ops, &p->engine, &p->engine_regs, kind,
                    out);
        insns = out->insns;
    }
    p->cut = insns > CLUSTER_PREDICT_INSNS;
    start_walk(&w, p, regs);
    if (insns)
        walk(&w, p->cut ? CLUSTER_PREDICT_INSNS : insns);
    p->insns = p->nr_insns;
    return !vcpu || !insns || p->cut || agree(&w, out, m);
}

static void start(struct cluster_prediction *p, const struct cluster_regs *regs)
{
    p->site = regs->rip;
    p->engine_regs = *regs;
    p->nr_exits = p->next = 0;
    p->insns = p->nr_insns = p->nr_stores = 0;
    p->cut = false;
}

/* Never one of the real world's: those are small numbers. */
static uint64_t next_epoch(struct cluster_prediction *p)
{
    return ++p->epoch | (1ULL << 63);
}

bool cluster_predict(struct cluster_prediction *p, struct cluster_vcpu *vcpu,
                     const struct cluster_ops *ops, const struct cluster_predict_ops *more,
                     void *ctx, const struct cluster_regs *regs, unsigned int kind,
                     struct cluster_outcome *out, struct cluster_mismatch *mismatch)
{
    struct cluster_world world;
    bool same;

    start(p, regs);
    memset(out, 0, sizeof(*out));
    mismatch->kind = CLUSTER_MISMATCH_NONE;
    out->stop = CLUSTER_STOP_EVENT;
    if (!ops->begin(ctx, &world, NULL))
        return true;
    cluster_copy_start(&p->engine, ops, more, ctx, &world, next_epoch(p));
    cluster_copy_start(&p->interp, ops, more, ctx, &world, next_epoch(p));
    same = predict(p, vcpu, regs, kind, out, mismatch);
    ops->end(ctx);
    if (!same)
        p->nr_exits = 0;
    return same;
}

unsigned int cluster_predict_abandon(struct cluster_prediction *p)
{
    unsigned int left = p->nr_exits - p->next;

    p->next = p->nr_exits;
    return left;
}

const uint8_t *cluster_predict_path(const struct cluster_prediction *p, unsigned int i,
                                    uint64_t *rip, unsigned int *length)
{
    uint64_t at = p->path[i % CLUSTER_PREDICT_INSNS];
    const struct cluster_decoded *d = decoded_slot((struct cluster_prediction *)p, at);

    *rip = at;
    *length = d->rip == at ? d->insn.length : 0;
    return d->bytes;
}
