/* SPDX-License-Identifier: GPL-2.0-only */
#include "l1.h"
#include "adjoin.h"

#include <stdio.h>
#include <stdlib.h>

#include "alu.h"
#include "decode.h"
#include "random.h"

static void broken(const char *what)
{
    fprintf(stderr, "the engine broke the contract of cluster_ops: %s\n", what);
    abort();
}

/* A number that depends on both. */
static uint64_t mix(uint64_t a, uint64_t b)
{
    struct random r = { a ^ b * 0xd6e8feb86659fd93 };

    return random_next(&r);
}

/* ---- mappings ---- */

void l1_map_all(struct l1_script *script)
{
    static const struct l1_mapping all[L1_NR_MAPPINGS] = {
        { L1_CODE, 0, true, true }, { L1_CODE + 1 * L1_PAGE, 1, true, true },
        { L1_CODE + 2 * L1_PAGE, 2, true, true }, { L1_FAR, L1_PAGE_FAR, true, true },
        { L1_DATA, L1_PAGE_DATA, true, true }, { L1_DATA + L1_PAGE, L1_PAGE_DATA + 1, true, true },
        { L1_CONST, L1_PAGE_CONST, true, false }, { L1_STACK, L1_PAGE_STACK, true, true },
        { L1_STACK + 1 * L1_PAGE, L1_PAGE_STACK + 1, true, true },
        { L1_STACK + 2 * L1_PAGE, L1_PAGE_STACK + 2, true, true },
        { L1_PERCPU, L1_PAGE_PERCPU, true, true },
        { L1_PERCPU + L1_PAGE, L1_PAGE_PERCPU + 1, true, true },
        { L1_ALIAS, 1, true, true }, { L1_LOW, L1_PAGE_LOW, true, true },
        { L1_EDGE, L1_PAGE_FAR, true, true },
        [L1_MAPPING_NO_RAM] = { L1_NO_RAM, L1_PAGE_LOW, false, true },
    };

    memcpy(script->map, all, sizeof(all));
}

static const struct l1_mapping *mapping(const struct l1_script *script, uint64_t page)
{
    unsigned int i;

    for (i = 0; i < L1_NR_MAPPINGS; i++)
        if (script->map[i].linear == page)
            return &script->map[i];
    return NULL;
}

static uint8_t *page_for(struct l1 *l, uint64_t page, bool write)
{
    const struct l1_mapping *m = mapping(l->script, page);

    if (!m || !m->present || (write && !m->writable))
        return NULL;
    return l->memory + m->page * L1_PAGE;
}

uint8_t *l1_at(struct l1 *l, uint64_t linear)
{
    const struct l1_mapping *m = mapping(l->script, linear & ~(uint64_t)(L1_PAGE - 1));

    return m ? l->memory + m->page * L1_PAGE + linear % L1_PAGE : NULL;
}

static void *op_translate(void *ctx, uint64_t page, enum cluster_access access)
{
    struct l1 *l = ctx;

    if (!l->begun)
        broken("translate() outside of an execution");
    if (page % L1_PAGE != 0 || !cluster_canonical(page))
        broken("translate() of what is no page");
    if (l->nr_translations++ == L1_MAX_TRANSLATIONS)
        broken("translate() again and again");
    return page_for(l, page, access == CLUSTER_WRITE || access == CLUSTER_PROBE_WRITE);
}

/* ---- the world ---- */

static void fill_world(struct l1 *l, struct cluster_world *world)
{
    memset(world, 0, sizeof(*world));
    world->epoch = l->script->epoch;
    world->gs_base = l->state.gs_base;
    world->cr2 = &l->state.cr2;
    world->vmcs = l->script->vmcs ? (uint8_t *)l->state.vmcs : NULL;
    world->vmcs_dirty = l->state.dirty;
    world->poke = &l->poke;
    world->pending = l->script->pending && l->script->event;
    l->silent = 0;
    world->silent = &l->silent;
}

static bool op_begin(void *ctx, struct cluster_world *world,
                     struct cluster_deps *deps)
{
    struct l1 *l = ctx;

    (void)deps;
    if (l->begun)
        broken("begin() twice");
    if (l->script->refuse)
        return false;
    l->begun = true;
    fill_world(l, world);
    return true;
}

static void op_end(void *ctx)
{
    struct l1 *l = ctx;

    if (!l->begun)
        broken("end() without begin()");
    l->begun = false;
}

static bool op_event_pending(void *ctx, uint64_t rflags)
{
    struct l1 *l = ctx;

    return l->script->event && l->poke && (rflags & 1 << 9);
}

/* ---- the record ---- */

static struct l1_call *record(struct l1 *l, uint32_t op, uint64_t a, uint64_t b)
{
    static struct l1_call beyond;
    struct l1_call *call = l->nr_calls < L1_MAX_CALLS ? &l->call[l->nr_calls++] : &beyond;

    if (!l->begun)
        broken("a call outside of an execution");
    memset(call, 0, sizeof(*call));
    call->op = op;
    call->argument[0] = a;
    call->argument[1] = b;
    return call;
}

/* Something was done that cannot be undone. */
static void advance(struct l1 *l)
{
    l->state.advanced++;
    if (l->state.advanced == l->script->poke_at)
        l->poke = 1;
}

static bool declines(const struct l1 *l, uint64_t what)
{
    return !l->script->permissive && mix(l->script->seed ^ what, l->state.advanced) % 61 == 0;
}

/* ---- fields ---- */

/* Bits 14:13 are the width, as in the SDM: 16, 64, 32 bits, natural. */
uint32_t l1_field(unsigned int number)
{
    return 0x1000 | (number & 3) << 13 | (number >> 2) << 1;
}

static unsigned int field_number(uint64_t field)
{
    return (field >> 13 & 3) | (field >> 1 & 15) << 2;
}

static unsigned int field_width(uint64_t field)
{
    switch (field >> 13 & 3) {
    case 0:  return 2;
    case 2:  return 4;
    default: return 8;
    }
}

/* Of those that l1_field() gives, every other one; and nothing else is a field. */
static bool is_field(uint64_t field)
{
    return field <= 0xffff && field == l1_field(field_number(field));
}

static bool is_plain(uint64_t field)
{
    return is_field(field) && field & 2;
}

/* Half of these can be written as plainly. */
static bool is_store(uint64_t field)
{
    return is_plain(field) && field & 4;
}

static bool op_vmcs_field(void *ctx, uint64_t field, struct cluster_field *where)
{
    (void)ctx;
    if (!is_plain(field))
        return false;
    where->offset = 8 * field_number(field);
    where->width = field_width(field);
    where->store = is_store(field);
    where->dirty_byte = field_number(field) / 8;
    where->dirty_mask = 1u << field_number(field) % 8;
    return true;
}

static uint64_t field_value(const struct l1 *l, uint64_t field)
{
    return l->state.vmcs[field_number(field)] & cluster_width_mask(field_width(field));
}

static enum cluster_vmx vmx_result(const struct l1 *l, uint64_t what)
{
    uint64_t chance = mix(l->script->seed + what, l->state.advanced) % 64;

    return chance == 0 ? CLUSTER_VMX_FAIL_VALID : chance == 1 ? CLUSTER_VMX_FAIL_INVALID
         : CLUSTER_VMX_SUCCEED;
}

/* Leaves no trace, and so does not count: it may be made again by the stock path. */
static enum cluster_vmx op_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    struct l1 *l = ctx;
    enum cluster_vmx result;

    if (l->script->vmcs && is_plain(field)) {
        *value = field_value(l, field);
        return CLUSTER_VMX_SUCCEED;
    }
    if (declines(l, field))
        return CLUSTER_VMX_DECLINE;
    result = is_field(field) ? vmx_result(l, field) : CLUSTER_VMX_FAIL_VALID;
    if (result == CLUSTER_VMX_SUCCEED)
        *value = field_value(l, field);
    record(l, CLUSTER_OP_VMREAD, field, 0)->result = result;
    return result;
}

static enum cluster_vmx op_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    struct l1 *l = ctx;
    enum cluster_vmx result;

    if (l->script->vmcs && is_store(field)) {
        memcpy(&l->state.vmcs[field_number(field)], &value, field_width(field));
        l->state.dirty[field_number(field) / 8] |= 1u << field_number(field) % 8;
        return CLUSTER_VMX_SUCCEED;
    }
    if (declines(l, field))
        return CLUSTER_VMX_DECLINE;
    result = is_field(field) ? vmx_result(l, field) : CLUSTER_VMX_FAIL_VALID;
    if (result == CLUSTER_VMX_SUCCEED)
        l->state.vmcs[field_number(field)] = value;
    record(l, CLUSTER_OP_VMWRITE, field, value)->result = result;
    advance(l);
    return result;
}

/* ---- emulated instructions ---- */

static void put_pair(struct cluster_regs *regs, uint64_t value)
{
    regs->gpr[CLUSTER_RAX] = (uint32_t)value;
    regs->gpr[CLUSTER_RDX] = value >> 32;
}

static void cpuid(struct l1 *l, struct cluster_regs *regs, uint64_t number)
{
    uint64_t leaf = (uint32_t)regs->gpr[CLUSTER_RAX], subleaf = (uint32_t)regs->gpr[CLUSTER_RCX];
    unsigned int i;

    record(l, CLUSTER_OP_CPUID, leaf, subleaf);
    for (i = CLUSTER_RAX; i <= CLUSTER_RBX; i++)
        regs->gpr[i] = (uint32_t)mix(number, leaf + i);
}

/* Some MSRs change GS; after some others L0, too, wants to look at the world again. */
static enum cluster_emulated wrmsr(struct l1 *l, struct cluster_regs *regs)
{
    uint32_t msr = regs->gpr[CLUSTER_RCX], low = regs->gpr[CLUSTER_RAX];

    record(l, CLUSTER_OP_WRMSR, msr, low)->argument[2] = (uint32_t)regs->gpr[CLUSTER_RDX];
    if (msr % 4 == 3)
        l->state.gs_base = L1_PERCPU + (low & 1 ? L1_PAGE : 0);
    return msr % 4 >= 2 ? CLUSTER_EMULATED_STOP : CLUSTER_EMULATED;
}

static enum cluster_emulated vmx_instruction(struct l1 *l, enum cluster_op op,
                                             struct cluster_operands *operands, uint64_t number)
{
    struct l1_call *call = record(l, op, op == CLUSTER_OP_VMPTRLD ? 0 : operands->reg,
                                  operands->memory[0]);

    call->argument[2] = op == CLUSTER_OP_VMPTRLD ? 0 : operands->memory[1];
    operands->vmx = vmx_result(l, op);
    call->result = operands->vmx;
    return number % 8 == 0 ? CLUSTER_EMULATED_STOP : CLUSTER_EMULATED;
}

/* ---- the device ---- */

static bool on_device(const struct l1 *l, uint64_t address, unsigned int width)
{
    return l->script->device && !l->script->map[L1_MAPPING_NO_RAM].present &&
           address - L1_NO_RAM <= L1_PAGE - width;
}

/* What it reads depends on all that was ever done, and changes by being read. */
static enum cluster_emulated access_device(struct l1 *l, struct cluster_operands *o,
                                           uint64_t number)
{
    record(l, CLUSTER_OP_WEAK_MOV, o->address, o->write ? o->reg : 0)->argument[2] = o->width;
    l->state.device = mix(l->state.device + o->address, o->write ? o->reg : number);
    o->result = l->state.device & cluster_width_mask(o->width);
    return number % 16 == 0 ? CLUSTER_EMULATED_STOP : CLUSTER_EMULATED;
}

static enum cluster_emulated emulate(struct l1 *l, enum cluster_op op, struct cluster_regs *regs,
                                     struct cluster_operands *operands)
{
    uint64_t number = mix(l->script->seed, l->state.advanced);

    switch (op) {
    case CLUSTER_OP_CPUID:
        cpuid(l, regs, l->script->seed);
        return CLUSTER_EMULATED;
    case CLUSTER_OP_WRMSR:
        return wrmsr(l, regs);
    case CLUSTER_OP_RDMSR:
        record(l, op, (uint32_t)regs->gpr[CLUSTER_RCX], 0);
        put_pair(regs, number);
        return CLUSTER_EMULATED;
    case CLUSTER_OP_RDTSCP:
        regs->gpr[CLUSTER_RCX] = 7;
        /* fall through */
    case CLUSTER_OP_RDTSC:
        record(l, op, 0, 0);
        put_pair(regs, number);
        return CLUSTER_EMULATED;
    case CLUSTER_OP_WEAK_MOV:
        return access_device(l, operands, number);
    case CLUSTER_OP_VERW:
        record(l, op, operands->memory[0], 0);
        operands->result = number & 1;
        return CLUSTER_EMULATED;
    default:
        return vmx_instruction(l, op, operands, number);
    }
}

static enum cluster_emulated op_emulate(void *ctx, enum cluster_op op, struct cluster_regs *regs,
                                        struct cluster_operands *operands)
{
    struct l1 *l = ctx;
    struct cluster_insn named = { .op = op };
    enum cluster_emulated result;

    if (!cluster_insn_is_emulated(&named))
        broken("emulate() of what is not to be emulated");
    if (op == CLUSTER_OP_WEAK_MOV && !on_device(l, operands->address, operands->width))
        return CLUSTER_EMULATE_DECLINE;
    if (declines(l, op))
        return CLUSTER_EMULATE_DECLINE;
    result = emulate(l, op, regs, operands);
    advance(l);
    return result;
}

const struct cluster_ops l1_ops = {
    .begin = op_begin, .end = op_end, .translate = op_translate, .vmread = op_vmread,
    .vmwrite = op_vmwrite, .vmcs_field = op_vmcs_field, .emulate = op_emulate,
    .event_pending = op_event_pending, .adjoin = adjoin_nowhere,
};

/* ---- life ---- */

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

    if (posix_memalign(&memory, L1_PAGE, pages * L1_PAGE))
        abort();
    return memset(memory, 0, pages * L1_PAGE);
}

struct l1 *l1_start(const struct l1_script *script)
{
    struct l1 *l = allocate(sizeof(*l));

    l->script = script;
    l->memory = allocate_pages(L1_NR_PAGES);
    return l;
}

void l1_end(struct l1 *l)
{
    free(l->memory);
    free(l);
}

void l1_begin_execution(struct l1 *l)
{
    l->nr_calls = l->nr_translations = 0;
    l->poke = l->script->pending;
}

/* ---- stepping ---- */

static unsigned int fetch(struct l1 *l, uint64_t rip, uint8_t *bytes)
{
    unsigned int n;
    const uint8_t *page = NULL;

    for (n = 0; n < CLUSTER_MAX_INSN_BYTES; n++) {
        if (n == 0 || (rip + n) % L1_PAGE == 0)
            page = page_for(l, (rip + n) & ~(uint64_t)(L1_PAGE - 1), false);
        if (!page)
            break;
        bytes[n] = page[(rip + n) % L1_PAGE];
    }
    return n;
}

const struct cluster_insn *l1_insn(struct l1 *l)
{
    uint64_t rip = l->state.regs.rip;
    struct l1_decoded *d = &l->decoded[rip % L1_DECODED];
    uint8_t bytes[CLUSTER_MAX_INSN_BYTES] = { 0 };
    unsigned int size = fetch(l, rip, bytes);

    if (size == 0)
        return NULL;
    if (size < CLUSTER_MAX_INSN_BYTES || d->rip != rip ||
        memcmp(d->bytes, bytes, sizeof(bytes)) != 0) {
        d->rip = size < CLUSTER_MAX_INSN_BYTES ? 0 : rip;
        memcpy(d->bytes, bytes, sizeof(bytes));
        d->supported = cluster_decode(&d->insn, bytes, size, rip) == CLUSTER_DECODE_OK;
    }
    return d->supported ? &d->insn : NULL;
}

static uint64_t address_of(const struct l1 *l, const struct cluster_mem *mem)
{
    const uint64_t *gpr = l->state.regs.gpr;
    uint64_t address = mem->disp;

    address += mem->base == CLUSTER_REG_NONE ? 0 : gpr[mem->base];
    address += mem->index == CLUSTER_REG_NONE ? 0 : gpr[mem->index] << mem->shift;
    address = mem->addr32 ? (uint32_t)address : address;
    return address + (mem->segment == CLUSTER_SEG_GS ? l->state.gs_base : 0);
}

bool l1_exits(const struct l1 *l, const struct cluster_insn *insn)
{
    bool write = insn->dst.kind == CLUSTER_OPERAND_MEM;

    if (insn->op != CLUSTER_OP_MOV || (!write && insn->src.kind != CLUSTER_OPERAND_MEM))
        return cluster_insn_exits(insn);
    return on_device(l, address_of(l, &insn->mem), write ? insn->width : insn->src_width);
}

enum cluster_step l1_step(struct l1 *l, const struct cluster_insn *insn)
{
    static const uint8_t no_page;
    struct cluster_exec *x = &l->x;
    struct cluster_insn weak = *insn;
    enum cluster_step did;

    if (insn->op == CLUSTER_OP_MOV && l1_exits(l, insn)) {
        weak.op = CLUSTER_OP_WEAK_MOV;
        weak.touch = CLUSTER_TOUCH_LATE;
        insn = &weak;
    }
    x->ops = &l1_ops;
    x->ctx = l;
    x->regs = &l->state.regs;
    x->code.page[0] = x->code.page[1] = &no_page;
    x->region = NULL;
    fill_world(l, &x->world);
    cluster_tlb_start(&x->tlb);
    l->begun = true;
    did = cluster_step(x, insn);
    l->begun = false;
    return did;
}
