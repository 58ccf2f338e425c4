/* SPDX-License-Identifier: GPL-2.0-only */
/* lazy.c - batch.c, batch_entry.c and batch_exit.c. */
#include "lazy.h"

#include "fields.h"

uint64_t *lazy_vvmcs(struct lazy *lazy)
{
    return lazy->shadow.kept ? lazy->shadow.field : lazy->page[lazy->current];
}

void lazy_set_at(struct lazy *lazy, unsigned int position, uint64_t value)
{
    uint64_t *field = lazy_vvmcs(lazy) + position;

    if (lazy->shadow.kept && *field != value)
        nvmx_hot_changed(&lazy->shadow.hot, position);
    *field = value;
}

void lazy_start(struct lazy *lazy, bool shadowing)
{
    nvmx_table_init(&lazy->table);
    lazy->shadowing = shadowing;
    nvmx_sync_pin(&lazy->sync, nvmx_position(VM_EXIT_REASON));
    nvmx_sync_pin(&lazy->sync, nvmx_position(EXIT_QUALIFICATION));
    nvmx_sync_pin(&lazy->sync, nvmx_position(GUEST_RFLAGS));
    if (shadowing)
        lazy_shadow_start(lazy);
    lazy_forget(lazy);
}

void lazy_forget(struct lazy *lazy)
{
    nvmx_sync_start(&lazy->sync, &lazy->table);
}

/* ---- Fetching. ---- */

static void fetch(struct lazy *lazy, const struct nvmx_set *plan)
{
    unsigned int p;

    for (p = 0; p < NVMX_POSITIONS; p++)
        if (nvmx_set_has(plan, p))
            lazy_set_at(lazy, p, lazy->vmcs02.field[p]);
    nvmx_sync_fetched(&lazy->sync, plan);
    lazy->tally.fetched += nvmx_set_size(plan);
}

static void fetch_one(struct lazy *lazy, unsigned int position)
{
    struct nvmx_set plan = { { 0 } };

    if (!nvmx_set_has(&lazy->sync.stale, position))
        return;
    nvmx_set_add(&plan, position);
    fetch(lazy, &plan);
    lazy->tally.fetched_late++;
}

void lazy_complete(struct lazy *lazy)
{
    struct nvmx_set plan;

    if (nvmx_plan_complete(&lazy->sync, &plan))
        fetch(lazy, &plan);
    lazy_shadow_complete(lazy);
}

/* ---- L1's accesses. ---- */

uint64_t lazy_vmread(struct lazy *lazy, uint32_t encoding)
{
    unsigned int position = nvmx_position(encoding);

    if (nvmx_sync_asked(&lazy->sync, position))
        fetch_one(lazy, position);
    lazy_shadow_exited(lazy, encoding, NVMX_READ);
    lazy_shadow_gather_now(lazy, encoding);
    return vmcs_read(lazy_vvmcs(lazy), encoding);
}

static void write_field(struct lazy *lazy, uint32_t encoding, uint64_t value)
{
    lazy_shadow_gather_now(lazy, encoding);
    vmcs_write(lazy_vvmcs(lazy), encoding, value);
    if (lazy->shadow.kept)
        nvmx_hot_changed(&lazy->shadow.hot, nvmx_position(encoding));
    nvmx_sync_written(&lazy->sync, nvmx_position(encoding));
}

void lazy_vmwrite(struct lazy *lazy, uint32_t encoding, uint64_t value)
{
    fetch_one(lazy, nvmx_position(encoding));
    lazy_shadow_exited(lazy, encoding, NVMX_WRITE);
    write_field(lazy, encoding, value);
}

void lazy_vmfail(struct lazy *lazy, uint64_t error)
{
    write_field(lazy, VM_INSTRUCTION_ERROR, error);
}

void lazy_pin(struct lazy *lazy, uint32_t encoding)
{
    nvmx_sync_pin(&lazy->sync, nvmx_position(encoding));
    fetch_one(lazy, nvmx_position(encoding));
}

bool lazy_translates(const struct lazy *lazy, uint32_t encoding)
{
    return !lazy->shadowing && nvmx_set_has(&lazy->sync.eager, nvmx_position(encoding));
}

uint64_t lazy_translated_read(struct lazy *lazy, uint32_t encoding)
{
    lazy->tally.translated++;
    return vmcs_read(lazy_vvmcs(lazy), encoding);
}

/* Such code sets the bit and looks at nothing. */
void lazy_translated_write(struct lazy *lazy, uint32_t encoding, uint64_t value)
{
    lazy->tally.translated++;
    vmcs_write(lazy_vvmcs(lazy), encoding, value);
    nvmx_set_add(&lazy->sync.dirty, nvmx_position(encoding));
}

void lazy_vmptrld(struct lazy *lazy, unsigned int page)
{
    if (page == lazy->current)
        return;
    lazy_complete(lazy);
    lazy_shadow_release(lazy);
    lazy->current = page;
    lazy_forget(lazy);
}

/* ---- Virtual entries. ---- */

static bool begin(struct lazy *lazy, enum way way)
{
    lazy->way = way;
    if (way != BY_STOCK)
        lazy_shadow_prepare(lazy);
    if (way == BY_BATCH)
        return true;
    lazy_complete(lazy);
    lazy_shadow_release(lazy);
    lazy_forget(lazy);
    return false;
}

static void copy_one(struct lazy *lazy, unsigned int position)
{
    lazy->vmcs02.field[position] = lazy_vvmcs(lazy)[position];
}

static void copy(struct lazy *lazy, const struct nvmx_set *plan)
{
    unsigned int p;

    for (p = 0; p < NVMX_POSITIONS; p++)
        if (nvmx_set_has(plan, p))
            copy_one(lazy, p);
    lazy->tally.copied += nvmx_set_size(plan);
}

/* At every entry: registers, and what is injected. */
static void copy_always(struct lazy *lazy)
{
    copy_one(lazy, nvmx_position(GUEST_RIP));
    copy_one(lazy, nvmx_position(GUEST_RSP));
    copy_one(lazy, nvmx_position(VM_ENTRY_INTR_INFO));
    if (!has_event(lazy->vmcs02.field))
        return;
    copy_one(lazy, nvmx_position(VM_ENTRY_EXCEPTION_ERROR_CODE));
    copy_one(lazy, nvmx_position(VM_ENTRY_INSTRUCTION_LEN));
}

static bool is_dirty(const struct lazy *lazy, uint32_t encoding)
{
    return nvmx_set_has(&lazy->sync.dirty, nvmx_position(encoding));
}

/* By L1, or by Xen in its name. */
static bool control_registers_changed(const struct lazy *lazy)
{
    return (lazy->changed_by_xen & NVMX_INPUT_CR) ||
           is_dirty(lazy, GUEST_CR0) || is_dirty(lazy, GUEST_CR4) ||
           is_dirty(lazy, CR0_GUEST_HOST_MASK) || is_dirty(lazy, CR4_GUEST_HOST_MASK) ||
           is_dirty(lazy, CR0_READ_SHADOW) || is_dirty(lazy, CR4_READ_SHADOW);
}

/* nvmx_batch_enter_cr(): where all of them are loaded CR3 is, too, and vmcs02 may have it alone. */
static void load_cr3(struct lazy *lazy)
{
    if (control_registers_changed(lazy))
        fetch_one(lazy, nvmx_position(GUEST_CR3));
    else if (!is_dirty(lazy, GUEST_CR3))
        return;
    copy_one(lazy, nvmx_position(GUEST_CR3));
}

static void compute(struct lazy *lazy, uint32_t inputs)
{
    merge(lazy_vvmcs(lazy), &lazy->vmcs02, inputs);
    lazy->tally.computed += inputs != 0;
}

void lazy_enter(struct lazy *lazy, enum way way)
{
    struct nvmx_plan_entry plan;

    if (!begin(lazy, way)) {
        stock_enter(lazy_vvmcs(lazy), &lazy->vmcs02);
        return;
    }
    nvmx_plan_entry(&lazy->sync, &lazy->table, &plan);
    compute(lazy, plan.inputs | lazy->changed_by_xen);
    copy(lazy, &plan.copy);
    load_cr3(lazy);
    copy_always(lazy);
    lazy->changed_by_xen = 0;
    nvmx_sync_entered(&lazy->sync);
    lazy->tally.entries++;
}

/* ---- Virtual exits. ---- */

/* The list of nvmx_batch_fetch_eager(). */
static void fetch_list(struct lazy *lazy)
{
    unsigned int p;

    for (p = 0; p < NVMX_POSITIONS; p++)
        if (nvmx_set_has(&lazy->sync.eager, p) && nvmx_set_has(&lazy->table.hardware, p)) {
            lazy_set_at(lazy, p, lazy->vmcs02.field[p]);
            lazy->tally.fetched++;
        }
}

/* Also what Xen is going to store: it must not be fetched later. */
static void fetch_eager(struct lazy *lazy, const struct nvmx_set *stored)
{
    struct nvmx_set wanted, plan;
    unsigned int i;

    for (i = 0; i < NVMX_SET_WORDS; i++)
        wanted.word[i] = lazy->sync.eager.word[i] | stored->word[i];
    nvmx_sync_left(&lazy->sync, &lazy->table, cr3_is_l2s(lazy_vvmcs(lazy)));
    fetch_list(lazy);
    nvmx_plan_fetch(&lazy->sync, &wanted, &plan);
    fetch(lazy, &plan);
}

static void store(struct lazy *lazy, unsigned int position, uint64_t value)
{
    if (lazy_vvmcs(lazy)[position] != value)
        lazy->changed_by_xen |= lazy->table.inputs[position];
    lazy_set_at(lazy, position, value);
}

void lazy_leave(struct lazy *lazy, const struct stores *stores)
{
    unsigned int p;

    if (lazy->way != BY_BATCH) {
        stock_leave(lazy_vvmcs(lazy), &lazy->vmcs02, stores);
        return;
    }
    fetch_eager(lazy, &stores->set);
    for (p = 0; p < NVMX_POSITIONS; p++)
        if (nvmx_set_has(&stores->set, p))
            store(lazy, p, stores->value[p]);
    lazy_shadow_write_back(lazy);
}
