/* SPDX-License-Identifier: GPL-2.0-only */
#include "copy.h"
#include "tlb.h"

/* Where there is one, it is copied first.  By which address L1 reaches it, if at all, is not known. */
enum { VMCS_PAGE = 0 };
#define NO_ADDRESS ~0ull

static bool cf_check copy_begin(void *ctx, struct cluster_world *world,
                                struct cluster_deps *deps)
{
    const struct cluster_copy *copy = ctx;

    (void)deps;
    *world = copy->world;
    return true;
}

/* The real execution goes on: see cluster_copy_start(). */
static void cf_check copy_end(void *ctx)
{
    (void)ctx;
}

/* Index of the copy of @real, or nr_pages. */
static unsigned int find_page(const struct cluster_copy *copy, const uint8_t *real)
{
    unsigned int i;

    for (i = 0; i < copy->nr_pages; i++)
        if (copy->real[i] == real)
            break;
    return i;
}

static bool is_code(const struct cluster_copy *copy, const uint8_t *real)
{
    unsigned int i;

    for (i = 0; i < copy->nr_code; i++)
        if (copy->code[i] == real)
            return true;
    return false;
}

static void *refuse_full(struct cluster_copy *copy)
{
    copy->full = true;
    return NULL;
}

static void *fetch_page(struct cluster_copy *copy, uint64_t linear, const uint8_t *real)
{
    unsigned int i = find_page(copy, real);

    if (i < copy->nr_pages)
        return copy->page[i];
    if (is_code(copy, real))
        return (void *)real;
    if (copy->nr_code == CLUSTER_COPY_CODE_PAGES)
        return refuse_full(copy);
    copy->code_linear[copy->nr_code] = linear;
    copy->code[copy->nr_code++] = real;
    return (void *)real;
}

static void *data_page(struct cluster_copy *copy, uint64_t linear, const uint8_t *real,
                       bool write)
{
    unsigned int i = find_page(copy, real);

    if (i == copy->nr_pages) {
        /* Its address is known as the code's: it can be read, and is not written. */
        if (is_code(copy, real))
            return write ? NULL : (void *)real;
        if (i == CLUSTER_COPY_PAGES)
            return refuse_full(copy);
        memcpy(copy->page[i], real, CLUSTER_COPY_PAGE_SIZE);
        copy->real[i] = real;
        copy->linear[i] = linear;
        copy->written[i] = false;
        copy->nr_pages++;
    }
    copy->written[i] |= write;
    return copy->page[i];
}

/* Index of @linear among the @nr of @all, or @nr; first of all where it was the last time. */
static unsigned int find_linear(const uint64_t *all, unsigned int nr, uint8_t *guess,
                                uint64_t linear)
{
    unsigned int i = *guess;

    if (i < nr && all[i] == linear)
        return i;
    for (i = 0; i < nr; i++)
        if (all[i] == linear) {
            *guess = i;
            break;
        }
    return i;
}

/* What a page was found to be before, by the same address and for no less; or NULL. */
static void *known_page(struct cluster_copy *copy, uint64_t linear, enum cluster_access access)
{
    unsigned int g = linear / CLUSTER_COPY_PAGE_SIZE % CLUSTER_COPY_GUESSES, i;

    if (access == CLUSTER_FETCH) {
        i = find_linear(copy->code_linear, copy->nr_code, &copy->code_guess[g], linear);
        return i < copy->nr_code ? (void *)copy->code[i] : NULL;
    }
    i = find_linear(copy->linear, copy->nr_pages, &copy->guess[g], linear);
    return i < copy->nr_pages && (copy->written[i] || access == CLUSTER_READ) ? copy->page[i]
                                                                               : NULL;
}

static void *cf_check copy_translate(void *ctx, uint64_t page, enum cluster_access access)
{
    struct cluster_copy *copy = ctx;
    bool write = access == CLUSTER_WRITE || access == CLUSTER_PROBE_WRITE;
    const uint8_t *real;
    void *known = known_page(copy, page, access);

    if (known)
        return known;
    /* Nothing will be written there now, so no dirty bit may be set. */
    real = copy->ops->translate(copy->ctx, page, write ? CLUSTER_PROBE_WRITE : access);
    if (!real)
        return NULL;
    return access == CLUSTER_FETCH ? fetch_page(copy, page, real)
                                   : data_page(copy, page, real, write);
}

/* Where in the copy of the VMCS @field is, or NULL. */
static const uint8_t *in_vmcs(const struct cluster_copy *copy, uint64_t field,
                              struct cluster_field *where)
{
    if (!copy->world.vmcs || !copy->ops->vmcs_field(copy->ctx, field, where) ||
        where->offset + where->width > copy->more->vmcs_bytes)
        return NULL;
    return copy->page[VMCS_PAGE] + where->offset;
}

static enum cluster_vmx cf_check copy_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    struct cluster_copy *copy = ctx;
    enum cluster_vmx result;
    struct cluster_field where;
    unsigned int i;
    const uint8_t *plain = in_vmcs(copy, field, &where);

    if (plain) {
        *value = cluster_load(plain, where.width);
        return CLUSTER_VMX_SUCCEED;
    }
    for (i = copy->nr_fields; i-- > 0;) {
        if (copy->field[i].field == field) {
            *value = copy->field[i].value;
            return CLUSTER_VMX_SUCCEED;
        }
    }
    result = copy->ops->vmread(copy->ctx, field, value);
    /* A failure is L1's own to have. */
    return result == CLUSTER_VMX_SUCCEED ? result : CLUSTER_VMX_DECLINE;
}

static enum cluster_vmx cf_check copy_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    struct cluster_copy *copy = ctx;
    struct cluster_field where;
    const uint8_t *plain;

    if (!copy->more->vmwrite(copy->ctx, field, &value))
        return CLUSTER_VMX_DECLINE;
    if (copy->nr_fields == CLUSTER_COPY_FIELDS) {
        copy->full = true;
        return CLUSTER_VMX_DECLINE;
    }
    plain = in_vmcs(copy, field, &where);
    copy->field[copy->nr_fields++] = (struct cluster_copied_field){
        .field = field, .value = value, .store = plain && where.store,
    };
    if (plain)
        cluster_store(copy->page[VMCS_PAGE] + where.offset, where.width, value);
    return CLUSTER_VMX_SUCCEED;
}

static bool cf_check copy_vmcs_field(void *ctx, uint64_t field, struct cluster_field *where)
{
    const struct cluster_copy *copy = ctx;

    return copy->ops->vmcs_field(copy->ctx, field, where) &&
           where->dirty_byte < CLUSTER_COPY_DIRTY_BYTES;
}

/* Copies are not the guest's: a stack across two of them is left to the interpreter. */
static uint8_t *cf_check copy_adjoin(void *ctx, uint8_t *const page[2])
{
    (void)ctx;
    (void)page;
    return NULL;
}

static enum cluster_emulated cf_check copy_emulate(void *ctx, enum cluster_op op,
                                                   struct cluster_regs *regs,
                                                   struct cluster_operands *operands)
{
    struct cluster_copy *copy = ctx;

    if (!copy->more->pure(copy->ctx, op, regs))
        return CLUSTER_EMULATE_DECLINE;
    return copy->ops->emulate(copy->ctx, op, regs, operands);
}

/* Events are not predicted; one that is injected makes the prediction void. */
static bool cf_check copy_event_pending(void *ctx, uint64_t rflags)
{
    (void)ctx;
    (void)rflags;
    return false;
}

const struct cluster_ops cluster_copy_ops = {
    .begin = copy_begin,
    .end = copy_end,
    .translate = copy_translate,
    .adjoin = copy_adjoin,
    .vmread = copy_vmread,
    .vmwrite = copy_vmwrite,
    .vmcs_field = copy_vmcs_field,
    .emulate = copy_emulate,
    .event_pending = copy_event_pending,
};

/* Written: translated code may do so without a word. */
static uint8_t *copy_vmcs(struct cluster_copy *copy, const uint8_t *real)
{
    memcpy(copy->page[VMCS_PAGE], real, copy->more->vmcs_bytes);
    copy->real[VMCS_PAGE] = real;
    copy->linear[VMCS_PAGE] = NO_ADDRESS;
    copy->written[VMCS_PAGE] = true;
    copy->nr_pages = VMCS_PAGE + 1;
    return copy->page[VMCS_PAGE];
}

void cluster_copy_start(struct cluster_copy *copy, const struct cluster_ops *ops,
                        const struct cluster_predict_ops *more, void *ctx,
                        const struct cluster_world *world, uint64_t epoch)
{
    copy->ops = ops;
    copy->more = more;
    copy->ctx = ctx;
    copy->world = *world;
    copy->world.epoch = epoch;
    copy->world.poke = &copy->no_poke;
    copy->world.silent = NULL;
    copy->world.tsc_counts = false;
    copy->world.vmcs_dirty = copy->dirty;
    copy->no_poke = 0;
    copy->cr2 = *world->cr2;
    copy->world.cr2 = &copy->cr2;
    copy->full = false;
    copy->nr_pages = copy->nr_code = copy->nr_fields = 0;
    if (world->vmcs)
        copy->world.vmcs = copy_vmcs(copy, world->vmcs);
}

const uint8_t *cluster_copy_of(const struct cluster_copy *copy, const uint8_t *real)
{
    unsigned int i = find_page(copy, real);

    return i < copy->nr_pages ? copy->page[i] : real;
}

uint64_t cluster_copy_field(const struct cluster_copy *copy, uint64_t field)
{
    struct cluster_field where;
    const uint8_t *plain = in_vmcs(copy, field, &where);

    return plain ? cluster_load(plain, where.width) : 0;
}
