/* SPDX-License-Identifier: GPL-2.0-only */
#include "guest.h"

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
    default:            return page->executable;
    }
}

static void *op_translate(void *ctx, uint64_t linear, enum cluster_access access)
{
    struct guest *g = ctx;
    struct guest_page *page = page_of(g, linear);

    /* The contract of cluster_ops. */
    if (linear % GUEST_PAGE != 0 || !cluster_canonical(linear)) {
        fprintf(stderr, "translate() asked for 0x%llx\n", (unsigned long long)linear);
        abort();
    }
    g->translate_count++;
    record(g, 't', linear);
    return page && allowed(page, access) ? page->host : NULL;
}

static void op_release(void *ctx)
{
    struct guest *g = ctx;

    g->release_count++;
    record(g, 'x', 0);
}

static uint64_t op_segment_base(void *ctx, enum cluster_segment seg)
{
    struct guest *g = ctx;

    record(g, 's', seg);
    return seg == CLUSTER_SEG_FS ? g->fs : g->gs;
}

static enum cluster_vmx vmx_result(struct guest *g)
{
    return g->vmx_count++ >= g->vmx_from ? g->vmx_result : CLUSTER_VMX_SUCCEED;
}

static enum cluster_vmx op_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    struct guest *g = ctx;
    enum cluster_vmx result = vmx_result(g);

    record(g, 'r', field);
    if (result == CLUSTER_VMX_SUCCEED)
        *value = guest_field(field);
    return result;
}

static enum cluster_vmx op_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    struct guest *g = ctx;
    enum cluster_vmx result = vmx_result(g);

    record(g, 'w', field);
    if (result == CLUSTER_VMX_SUCCEED) {
        g->written_field = field;
        g->written_value = value;
    }
    return result;
}

static bool op_event_pending(void *ctx, uint64_t rflags)
{
    struct guest *g = ctx;

    record(g, 'e', rflags);
    return ++g->event_count == g->event_at;
}

const struct cluster_ops guest_ops = {
    .translate = op_translate,
    .release = op_release,
    .segment_base = op_segment_base,
    .vmread = op_vmread,
    .vmwrite = op_vmwrite,
    .event_pending = op_event_pending,
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
}

void guest_unmap(struct guest *g, uint64_t linear)
{
    struct guest_page *page = page_of(g, linear);

    *page = g->page[--g->nr_pages];
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
    g->memory = allocate(INITIAL_PAGES * GUEST_PAGE);
    for (i = 0; i < INITIAL_PAGES; i++)
        guest_map(g, linear[i], g->memory + i * GUEST_PAGE, rights[i]);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
    g->regs.rflags = 2;
    g->vmx_result = CLUSTER_VMX_SUCCEED;
    return g;
}

void guest_end(struct guest *g)
{
    free(g->memory);
    free(g->vcpu);
    free(g);
}

bool guest_exit_at(struct guest *g, uint64_t rip)
{
    g->regs.rip = rip;
    g->vmx_count = g->event_count = g->translate_count = g->release_count = 0;
    g->nr_calls = 0;
    memset(&g->out, 0xaa, sizeof(g->out));      /* every member is to be filled in */
    return cluster_run(g->vcpu, &guest_ops, g, &g->regs, &g->out);
}

bool guest_run(struct guest *g, struct code code)
{
    guest_put_code(g, GUEST_CODE, code);
    return guest_exit_at(g, GUEST_CODE);
}
