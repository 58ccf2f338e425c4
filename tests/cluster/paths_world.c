/* SPDX-License-Identifier: GPL-2.0-only */
#include "paths_world.h"

#include <err.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>

enum { PAGE = PATH_PAGE, FILLER = 0xcc };

bool path_world_fail(struct path_world *w, const char *format, ...)
{
    va_list arguments;

    if (w->error[0] != '\0')
        return false;           /* the first reason is the one that counts */
    va_start(arguments, format);
    vsnprintf(w->error, sizeof(w->error), format, arguments);
    va_end(arguments);
    return false;
}

/* ---- memory ---- */

struct path_page *path_world_page(struct path_world *w, uint64_t linear)
{
    unsigned int i;

    for (i = 0; i < w->nr_pages; i++)
        if (w->page[i].linear == (linear & ~(uint64_t)(PAGE - 1)))
            return &w->page[i];
    return NULL;
}

static void *page_memory(uint8_t **memory)
{
    if (!*memory)
        *memory = malloc(PAGE);
    if (!*memory)
        err(2, "malloc");
    memset(*memory, FILLER, PAGE);
    return *memory;
}

static struct path_page *page_at(struct path_world *w, uint64_t linear)
{
    struct path_page *page = path_world_page(w, linear);

    if (page)
        return page;
    if (w->nr_pages == PATH_MAX_PAGES) {
        path_world_fail(w, "more than %d pages", PATH_MAX_PAGES);
        return NULL;
    }
    page = &w->page[w->nr_pages++];
    page->linear = linear & ~(uint64_t)(PAGE - 1);
    page_memory(&page->host);
    page_memory(&page->initial);
    page_memory(&page->model);
    memset(page->known, 0, sizeof(page->known));
    page->writable = page->executable = false;
    return page;
}

static bool known(const struct path_page *page, unsigned int offset)
{
    return page->known[offset / 8] >> offset % 8 & 1;
}

static void set_known(struct path_page *page, unsigned int offset)
{
    page->known[offset / 8] |= 1u << offset % 8;
}

static bool add_patch(struct path_world *w, unsigned int asked, uint64_t linear, uint8_t byte)
{
    if (asked == w->end)
        return path_world_fail(w, "memory at 0x%" PRIx64 " changed without L0", linear);
    if (w->nr_patches == PATH_MAX_PATCHES)
        return path_world_fail(w, "more than %d bytes changed by L0", PATH_MAX_PATCHES);
    w->patch[w->nr_patches++] = (struct path_patch){ asked, linear, byte };
    return true;
}

/* @asked: the last instruction before that L0 was asked about, or world->end. */
static bool saw_byte(struct path_world *w, unsigned int asked, uint64_t linear, uint8_t byte)
{
    struct path_page *page = page_at(w, linear);
    unsigned int offset = linear % PAGE;

    if (!page)
        return false;
    if (!known(page, offset)) {
        set_known(page, offset);
        page->initial[offset] = page->model[offset] = byte;
    } else if (page->model[offset] != byte) {
        page->model[offset] = byte;
        return add_patch(w, asked, linear, byte);
    }
    return true;
}

static bool wrote_byte(struct path_world *w, uint64_t linear, uint8_t byte)
{
    struct path_page *page = page_at(w, linear);

    if (!page)
        return false;
    set_known(page, linear % PAGE);
    page->model[linear % PAGE] = byte;
    page->writable = true;
    return true;
}

/* Did L0 write it for the instruction: the operand of a VMREAD, seen after it? */
static bool is_write(const struct path_code *code, unsigned int i, const struct path_access *a)
{
    return a->what == 'w' || (a->what == 'q' && code->insn[i].op == CLUSTER_OP_VMREAD);
}

static bool add_accesses(struct path_world *w, unsigned int i, unsigned int asked)
{
    const struct path *path = w->code->path;
    const struct path_access *a = path->access + path->insn[i].first_access;
    const struct path_access *end = a + path->insn[i].nr_accesses;
    unsigned int n;

    for (; a < end; a++) {
        for (n = 0; n < a->width; n++) {
            bool good = is_write(w->code, i, a) ?
                        wrote_byte(w, a->linear + n, a->byte[n]) :
                        saw_byte(w, a->what == 'q' ? i : asked, a->linear + n, a->byte[n]);

            if (!good)
                return false;
        }
    }
    return true;
}

static bool add_code(struct path_world *w, unsigned int i, unsigned int asked)
{
    const struct path_insn *insn = &w->code->path->insn[i];
    unsigned int n;

    for (n = 0; n < insn->length; n++) {
        if (!saw_byte(w, asked, insn->before.regs.rip + n, insn->byte[n]))
            return false;
        path_world_page(w, insn->before.regs.rip + n)->executable = true;
    }
    return true;
}

/* ---- fields ---- */

struct path_field *path_world_field(struct path_world *w, uint64_t field)
{
    struct path_field *f;

    for (f = w->field; f < w->field + w->nr_fields; f++)
        if (f->field == field)
            return f;
    if (w->nr_fields == PATH_MAX_FIELDS)
        return NULL;
    w->nr_fields++;
    *f = (struct path_field){ field, 0, false };
    return f;
}

/* w->vmcs serves as the model here. */
static bool add_field(struct path_world *w, unsigned int i)
{
    bool fresh = false;
    unsigned int before = w->nr_fields;
    struct path_field *f = path_world_field(w, path_field_number(w->code, i));
    uint64_t value = path_value(w->code, i);

    if (!f)
        return path_world_fail(w, "more than %d fields", PATH_MAX_FIELDS);
    fresh = w->nr_fields != before;
    if (fresh) {
        f->initial = value;
        f->plain = true;
    }
    if (path_vmx_result(w->code, i) != CLUSTER_VMX_SUCCEED ||
        (w->code->insn[i].op == CLUSTER_OP_VMREAD && !fresh && w->vmcs[f - w->field] != value))
        f->plain = false;
    w->vmcs[f - w->field] = value;
    return true;
}

/* ---- the whole world ---- */

static bool is_in(const struct path_world *w, unsigned int from, unsigned int to, uint64_t rip)
{
    const struct path_insn *insn = w->code->path->insn;

    for (; from < to; from++)
        if (rip - insn[from].before.regs.rip < insn[from].length)
            return true;
    return false;
}

/* The last place behind @first that is not executed before it gets there. */
static bool place_end(struct path_world *w)
{
    while (w->end > w->first + 1 &&
           is_in(w, w->first, w->end, w->code->path->insn[w->end].before.regs.rip))
        w->end--;
    return w->end > w->first + 1 || path_world_fail(w, "no place to end at");
}

static void put_end(struct path_world *w)
{
    uint64_t rip = w->code->path->insn[w->end].before.regs.rip;
    struct path_page *page = path_world_page(w, rip);

    /* VMRESUME stays: the engine stops before it by itself. */
    if (page && !path_is_entry(&w->code->insn[w->end]))
        page->initial[rip % PAGE] = page->model[rip % PAGE] = FILLER;
}

bool path_world_build(struct path_world *w, const struct path_code *code,
                      unsigned int first, unsigned int end)
{
    unsigned int i, asked;

    w->code = code;
    w->first = first;
    w->end = end;
    w->nr_pages = w->nr_patches = w->nr_fields = 0;
    w->error[0] = '\0';
    if (end >= code->path->nr_insns)
        return path_world_fail(w, "not a part of the path");
    if (!place_end(w))
        return false;
    asked = w->end;
    for (i = w->first; i < w->end; i++) {
        const struct cluster_insn *insn = &code->insn[i];

        if (!add_code(w, i, asked) || !add_accesses(w, i, asked))
            return false;
        if (path_asks(code, i))
            asked = i;
        if ((insn->op == CLUSTER_OP_VMREAD || insn->op == CLUSTER_OP_VMWRITE) && !add_field(w, i))
            return false;
    }
    if (path_is_entry(&code->insn[w->end]) && !add_code(w, w->end, asked))
        return false;
    put_end(w);
    return true;
}

void path_world_free(struct path_world *w)
{
    unsigned int i;

    for (i = 0; i < PATH_MAX_PAGES; i++) {
        free(w->page[i].host);
        free(w->page[i].initial);
        free(w->page[i].model);
    }
}

void path_world_reset(struct path_world *w, struct cluster_regs *regs)
{
    unsigned int i;

    for (i = 0; i < w->nr_pages; i++)
        memcpy(w->page[i].host, w->page[i].initial, PAGE);
    for (i = 0; i < w->nr_fields; i++)
        w->vmcs[i] = w->field[i].initial;
    w->next = w->first;
    w->error[0] = '\0';
    *regs = w->code->path->insn[w->first].before.regs;
    /* Set by the emulator in the middle of string instructions. */
    regs->rflags &= ~(uint64_t)0x10000;
}

/* ---- what has become of it ---- */

void path_world_patch(struct path_world *w, unsigned int insn, bool to_model)
{
    unsigned int i;

    for (i = 0; i < w->nr_patches; i++) {
        struct path_page *page = path_world_page(w, w->patch[i].linear);

        if (w->patch[i].insn == insn)
            (to_model ? page->model : page->host)[w->patch[i].linear % PAGE] = w->patch[i].byte;
    }
}

static void model_insn(struct path_world *w, unsigned int i)
{
    const struct path *path = w->code->path;
    const struct path_access *a = path->access + path->insn[i].first_access;
    const struct path_access *end = a + path->insn[i].nr_accesses;
    unsigned int n;

    for (; a < end; a++)
        if (is_write(w->code, i, a))
            for (n = 0; n < a->width; n++)
                path_world_page(w, a->linear + n)->model[(a->linear + n) % PAGE] = a->byte[n];
    if (path_asks(w->code, i))
        path_world_patch(w, i, true);
}

static bool check_memory(struct path_world *w, unsigned int at)
{
    unsigned int i, n;

    for (i = 0; i < w->nr_pages; i++)
        memcpy(w->page[i].model, w->page[i].initial, PAGE);
    for (i = w->first; i < at; i++)
        model_insn(w, i);
    for (i = 0; i < w->nr_pages; i++)
        for (n = 0; n < PAGE; n++)
            if (w->page[i].host[n] != w->page[i].model[n])
                return path_world_fail(w, "byte at 0x%" PRIx64 " is 0x%02x, not 0x%02x",
                            w->page[i].linear + n, w->page[i].host[n], w->page[i].model[n]);
    return true;
}

bool path_world_check_registers(struct path_world *w, const struct cluster_regs *regs,
                                unsigned int at, unsigned int undefined)
{
    const struct cluster_regs *want = &w->code->path->insn[at].before.regs;
    uint64_t mask = (FLAGS_ARITHMETIC | FLAG_IF | FLAG_DF) & ~(uint64_t)undefined;
    unsigned int i;

    if (regs->rip != want->rip)
        return path_world_fail(w, "RIP is 0x%" PRIx64 ", not 0x%" PRIx64, regs->rip, want->rip);
    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        if (regs->gpr[i] != want->gpr[i])
            return path_world_fail(w, "register %u is 0x%" PRIx64 ", not 0x%" PRIx64, i,
                                   regs->gpr[i], want->gpr[i]);
    if ((regs->rflags ^ want->rflags) & mask)
        return path_world_fail(w, "RFLAGS is 0x%" PRIx64 ", not 0x%" PRIx64 " (0x%x undefined)",
                               regs->rflags, want->rflags, undefined);
    return true;
}

bool path_world_check(struct path_world *w, const struct cluster_regs *regs, unsigned int at)
{
    unsigned int i, undefined = 0;

    if (w->error[0] != '\0')
        return false;
    for (i = w->first; i < at; i++) {
        const struct cluster_regs *before = &w->code->path->insn[i].before.regs;

        undefined &= ~path_flags_defined(&w->code->insn[i], before);
        undefined |= path_flags_undefined(&w->code->insn[i], before);
    }
    return path_world_check_registers(w, regs, at, undefined) && check_memory(w, at);
}
