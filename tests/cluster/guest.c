/* SPDX-License-Identifier: GPL-2.0-only */
#include "guest.h"
#include "guest_arena.h"

#include <stdio.h>
#include <stdlib.h>

enum { INITIAL_PAGES = 5 };

static void record(struct guest *g, char what, uint64_t argument)
{
    if (g->nr_calls < GUEST_MAX_CALLS)
        g->call[g->nr_calls++] = (struct guest_call){ what, argument };
}

static struct guest_page *page_of(struct guest *g, uint64_t linear)
{
    unsigned int i;

    for (i = 0; i < g->nr_pages; i++)
        if (g->page[i].linear == (linear & ~(uint64_t)(GUEST_PAGE - 1)))
            return &g->page[i];
    return NULL;
}

static bool allowed(const struct guest_page *page, enum cluster_access access)
{
    switch (access) {
    case CLUSTER_READ:  return page->readable;
    case CLUSTER_WRITE: return page->writable;
    case CLUSTER_FETCH: return page->executable;
    default:            return page->writable && page->dirty;
    }
}

static void demand(bool kept, const char *law, uint64_t argument)
{
    if (kept)
        return;
    fprintf(stderr, "contract of cluster_ops: %s (0x%llx)\n", law, (unsigned long long)argument);
    abort();
}

static bool op_begin(void *ctx, struct cluster_world *world,
                     struct cluster_deps *deps)
{
    struct guest *g = ctx;

    (void)deps;
    demand(!g->begun, "begin() once", 0);
    g->begin_count++;
    if (g->refuse)
        return false;
    g->begun = true;
    memset(world, 0, sizeof(*world));
    world->epoch = g->epoch;
    world->fs_base = g->fs;
    world->gs_base = g->gs;
    world->vmcs = g->hide_vmcs ? NULL : (uint8_t *)g->vmcs;
    world->poke = &g->poke;
    world->pending = g->pending;
    world->silent = &g->silent;
    g->silent = 0;
    world->tsc_offset = g->tsc_offset;
    world->tsc_counts = g->tsc_counts;
    world->cr2 = &g->cr2;
    return true;
}

static void op_end(void *ctx)
{
    struct guest *g = ctx;

    demand(g->begun, "end() after begin()", 0);
    g->begun = false;
    g->end_count++;
    record(g, 'x', 0);
}

static void *op_translate(void *ctx, uint64_t linear, enum cluster_access access)
{
    struct guest *g = ctx;
    struct guest_page *page = page_of(g, linear);

    demand(g->begun, "translate() after begin()", linear);
    demand(linear % GUEST_PAGE == 0 && cluster_canonical(linear), "translate() a page", linear);
    g->translate_count++;
    record(g, 't', linear);
    if (!page || !allowed(page, access))
        return NULL;
    page->accessed = true;
    page->dirty |= access == CLUSTER_WRITE;
    return page->host;
}

static enum cluster_vmx vmx_result(struct guest *g)
{
    return g->vmx_count++ >= g->vmx_from ? g->vmx_result : CLUSTER_VMX_SUCCEED;
}

static bool is_silent(const struct guest *g, uint64_t field)
{
    return g->silent_field != 0 && field == g->silent_field;
}

static enum cluster_vmx op_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    struct guest *g = ctx;
    enum cluster_vmx result = vmx_result(g);

    demand(g->begun, "vmread() after begin()", field);
    record(g, 'r', field);
    g->silent += is_silent(g, field);
    if (result == CLUSTER_VMX_SUCCEED)
        *value = guest_field(field);
    return result;
}

bool guest_field_is_plain(uint64_t field)
{
    return field < 0x8000 && !(field & 1);
}

/* Index of @field in the page, which it enters now if it was not asked for before. */
static unsigned int vmcs_index(struct guest *g, uint64_t field)
{
    unsigned int i;

    for (i = 0; i < g->nr_vmcs; i++)
        if (g->vmcs_name[i] == field)
            return i;
    demand(i < GUEST_PAGE / 8, "vmcs_field() of too many fields for this test", field);
    g->nr_vmcs++;
    g->vmcs_name[i] = field;
    g->vmcs[i] = guest_field(field);
    return i;
}

static enum cluster_vmx op_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    struct guest *g = ctx;
    enum cluster_vmx result = vmx_result(g);

    demand(g->begun, "vmwrite() after begin()", field);
    record(g, 'w', field);
    g->silent += is_silent(g, field);
    if (g->stores && guest_field_is_plain(field)) {
        g->vmcs[vmcs_index(g, field)] = value;
        return CLUSTER_VMX_SUCCEED;
    }
    if (result == CLUSTER_VMX_SUCCEED) {
        g->written_field = field;
        g->written_value = value;
    }
    return result;
}

static bool op_vmcs_field(void *ctx, uint64_t field, struct cluster_field *where)
{
    struct guest *g = ctx;

    if (!guest_field_is_plain(field))
        return false;
    *where = (struct cluster_field){
        .offset = 8 * vmcs_index(g, field), .width = 8, .store = g->stores,
        .silent_read = is_silent(g, field), .silent_write = is_silent(g, field),
    };
    return true;
}

static enum cluster_emulated op_emulate(void *ctx, enum cluster_op op, struct cluster_regs *regs,
                                        struct cluster_operands *operands)
{
    struct guest *g = ctx;

    demand(g->begun, "emulate() after begin()", op);
    record(g, 'm', op);
    g->silent += op == CLUSTER_OP_RDMSR && g->silent_rdmsr;
    return guest_emulate(ctx, op, regs, operands);
}

static bool op_event_pending(void *ctx, uint64_t rflags)
{
    struct guest *g = ctx;

    demand(g->begun, "event_pending() after begin()", rflags);
    record(g, 'e', rflags);
    g->event_count++;
    return g->event_at != 0 && g->event_count >= g->event_at;
}

static uint8_t *op_adjoin(void *ctx, uint8_t *const page[2])
{
    struct guest *g = ctx;

    demand(g->begun, "adjoin() after begin()", 0);
    return g->adjoin ? g->adjoin(g, page) : NULL;
}

const struct cluster_ops guest_ops = {
    .begin = op_begin,
    .end = op_end,
    .translate = op_translate,
    .vmread = op_vmread,
    .vmwrite = op_vmwrite,
    .vmcs_field = op_vmcs_field,
    .emulate = op_emulate,
    .event_pending = op_event_pending,
    .adjoin = op_adjoin,
};

void guest_map(struct guest *g, uint64_t linear, uint8_t *host, const char *rights)
{
    struct guest_page *page = page_of(g, linear);

    if (!page) {
        if (g->nr_pages == GUEST_MAX_PAGES)
            abort();
        page = &g->page[g->nr_pages++];
    }
    page->linear = linear;
    page->host = host;
    page->readable = strchr(rights, 'r');
    page->writable = strchr(rights, 'w');
    page->executable = strchr(rights, 'x');
    page->accessed = page->dirty = false;
    g->epoch++;
}

void guest_unmap(struct guest *g, uint64_t linear)
{
    struct guest_page *page = page_of(g, linear);

    *page = g->page[--g->nr_pages];
    g->epoch++;
}

bool guest_is_mapped(struct guest *g, uint64_t linear)
{
    return page_of(g, linear) != NULL;
}

uint8_t *guest_at(struct guest *g, uint64_t linear)
{
    return page_of(g, linear)->host + linear % GUEST_PAGE;
}

uint64_t guest_read64(struct guest *g, uint64_t linear)
{
    uint64_t value;

    memcpy(&value, guest_at(g, linear), sizeof(value));
    return value;
}

void guest_write64(struct guest *g, uint64_t linear, uint64_t value)
{
    memcpy(guest_at(g, linear), &value, sizeof(value));
}

void guest_put_code(struct guest *g, uint64_t linear, struct code code)
{
    unsigned int i;

    for (i = 0; i < code.size; i++)
        *guest_at(g, linear + i) = code.bytes[i];
}

uint64_t guest_field(uint64_t field)
{
    return 0x1111222233334444 * (field + 1);
}

/* Every allocation is exact, so that an address sanitizer sees an overrun. */
static void *allocate(size_t size)
{
    void *memory = calloc(1, size);

    if (!memory)
        abort();
    return memory;
}

struct guest *guest_start(void)
{
    static const uint64_t linear[INITIAL_PAGES] = {
        GUEST_CODE, GUEST_CODE2, GUEST_DATA, GUEST_DATA2, GUEST_STACK,
    };
    static const char *const rights[INITIAL_PAGES] = { "rx", "rx", "rw", "rw", "rw" };
    struct guest *g = allocate(sizeof(*g));
    unsigned int i;

    g->vcpu = allocate(sizeof(*g->vcpu));
    g->arena = guest_arena_map(GUEST_ARENA);
    cluster_init(g->vcpu, &g->arena);
    g->mode = CLUSTER_MODE_STATIC;
    g->memory = allocate(INITIAL_PAGES * GUEST_PAGE);
    g->vmcs = allocate(GUEST_PAGE);
    g->vmcs_name = allocate(GUEST_PAGE);
    for (i = 0; i < INITIAL_PAGES; i++)
        guest_map(g, linear[i], g->memory + i * GUEST_PAGE, rights[i]);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
    g->regs.rflags = 2;
    g->vmx_result = CLUSTER_VMX_SUCCEED;
    return g;
}

void guest_end(struct guest *g)
{
    free(g->vmcs_name);
    free(g->vmcs);
    free(g->memory);
    guest_arena_unmap(&g->arena);
    free(g->vcpu);
    free(g);
}

void guest_forget_calls(struct guest *g)
{
    g->vmx_count = g->event_count = g->translate_count = g->emulate_count = 0;
    g->begin_count = g->end_count = 0;
    g->nr_calls = 0;
}

bool guest_exit_at(struct guest *g, uint64_t rip)
{
    g->regs.rip = rip;
    guest_forget_calls(g);
    memset(&g->out, 0xaa, sizeof(g->out));      /* every member is to be filled in */
    return cluster_run(g->vcpu, g->mode, &guest_ops, g, &g->regs, g->kind, &g->out);
}

bool guest_run(struct guest *g, struct code code)
{
    guest_put_code(g, GUEST_CODE, code);
    return guest_exit_at(g, GUEST_CODE);
}
