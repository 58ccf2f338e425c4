/* SPDX-License-Identifier: GPL-2.0-only */
/* lazy_shadow.c - batch_shadow.c; without VMCS shadowing nothing is ever kept. */
#include "lazy.h"

#include "fields.h"

static uint64_t *page_of(struct lazy *lazy)
{
    return lazy->page[lazy->current];
}

/* ---- Which accesses exit. ---- */

void lazy_shadow_start(struct lazy *lazy)
{
    unsigned int error = nvmx_position(VM_INSTRUCTION_ERROR);

    nvmx_set_add(&lazy->shadow.hot.pass[NVMX_READ], error);
    nvmx_set_add(&lazy->shadow.hot.pass[NVMX_WRITE], error);
    nvmx_sync_pin(&lazy->sync, error);
}

/* Their VMWRITE does more than to write the field. */
static bool always_exits(uint32_t encoding, enum nvmx_access access)
{
    uint32_t whole = encoding & ~1u;

    return access == NVMX_WRITE &&
           (whole == IO_BITMAP_A || whole == IO_BITMAP_B || whole == MSR_BITMAP);
}

bool lazy_passes(const struct lazy *lazy, uint32_t encoding, enum nvmx_access access)
{
    if (!lazy->shadowing || always_exits(encoding, access))
        return false;
    if (!lazy->shadow.kept)
        return true;
    return !(encoding & 1) &&
           nvmx_set_has(&lazy->shadow.hot.pass[access], nvmx_position(encoding));
}

uint64_t lazy_passed_read(struct lazy *lazy, uint32_t encoding)
{
    lazy->tally.passed += lazy->shadow.kept;
    return vmcs_read(page_of(lazy), encoding);
}

void lazy_passed_write(struct lazy *lazy, uint32_t encoding, uint64_t value)
{
    lazy->tally.passed += lazy->shadow.kept;
    vmcs_write(page_of(lazy), encoding, value);
}

/* L1 may write the value that the field has already, and mean it: so it is eager. */
void lazy_shadow_exited(struct lazy *lazy, uint32_t encoding, enum nvmx_access access)
{
    unsigned int position = nvmx_position(encoding);

    if (lazy->shadow.kept && !always_exits(encoding, access) &&
        nvmx_hot_exited(&lazy->shadow.hot, position, access))
        nvmx_sync_pin(&lazy->sync, position);
}

/* ---- Memory and page. ---- */

static void keep(struct lazy *lazy)
{
    nvmx_hot_start(&lazy->shadow.hot);
    memcpy(lazy->shadow.field, page_of(lazy), sizeof(lazy->shadow.field));
    lazy->shadow.kept = lazy->shadow.gathered = true;
}

/*
 * What is ahead was written to the page before L1 ran, so a difference is of L1's making;
 * except that of a field which the access that is being carried out has made hot.
 */
static void gather_one(struct lazy *lazy, unsigned int position)
{
    uint64_t value = page_of(lazy)[position];

    if (nvmx_set_has(&lazy->shadow.hot.ahead, position) || value == lazy->shadow.field[position])
        return;
    lazy->shadow.field[position] = value;
    nvmx_sync_written(&lazy->sync, position);
    lazy->tally.gathered++;
}

static void gather(struct lazy *lazy)
{
    unsigned int p;

    for (p = 0; p < NVMX_POSITIONS; p++)
        if (nvmx_set_has(&lazy->shadow.hot.pass[NVMX_WRITE], p))
            gather_one(lazy, p);
    lazy->shadow.gathered = true;
}

void lazy_shadow_gather_now(struct lazy *lazy, uint32_t encoding)
{
    if (lazy->shadow.kept && !lazy->shadow.gathered &&
        nvmx_set_has(&lazy->shadow.hot.pass[NVMX_WRITE], nvmx_position(encoding)))
        gather(lazy);
}

static void write_to_page(struct lazy *lazy, const struct nvmx_set *plan)
{
    unsigned int p;

    for (p = 0; p < NVMX_POSITIONS; p++)
        if (nvmx_set_has(plan, p))
            page_of(lazy)[p] = lazy->shadow.field[p];
    nvmx_hot_written(&lazy->shadow.hot, plan);
    lazy->tally.written_back += nvmx_set_size(plan);
}

void lazy_shadow_prepare(struct lazy *lazy)
{
    if (!lazy->shadowing)
        return;
    if (!lazy->shadow.kept)
        keep(lazy);
    else if (!lazy->shadow.gathered)
        gather(lazy);
    nvmx_hot_entered(&lazy->shadow.hot);
}

void lazy_shadow_write_back(struct lazy *lazy)
{
    struct nvmx_set plan;

    if (!lazy->shadow.kept)
        return;
    if (nvmx_plan_hot(&lazy->shadow.hot, &plan))
        write_to_page(lazy, &plan);
    lazy->shadow.gathered = false;
}

void lazy_before_l1(struct lazy *lazy)
{
    lazy_shadow_write_back(lazy);
}

void lazy_shadow_complete(struct lazy *lazy)
{
    struct nvmx_set plan;

    if (!lazy->shadow.kept)
        return;
    if (!lazy->shadow.gathered)
        gather(lazy);
    if (nvmx_plan_ahead(&lazy->shadow.hot, &plan))
        write_to_page(lazy, &plan);
}

void lazy_shadow_release(struct lazy *lazy)
{
    lazy->shadow.kept = false;
}
