/* SPDX-License-Identifier: GPL-2.0-only */
#include "sync.h"

void nvmx_sync_start(struct nvmx_sync *sync, const struct nvmx_table *table)
{
    sync->dirty = table->known;
    memset(&sync->stale, 0, sizeof(sync->stale));
}

void nvmx_sync_written(struct nvmx_sync *sync, unsigned int position)
{
    nvmx_set_add(&sync->dirty, position);
    nvmx_set_remove(&sync->stale, position);
}

static uint32_t inputs_of(const struct nvmx_table *table, unsigned int first, uint64_t word)
{
    uint32_t inputs = 0;

    for (; word; word &= word - 1)
        inputs |= table->inputs[first + __builtin_ctzll(word)];
    return inputs;
}

void nvmx_plan_entry(const struct nvmx_sync *sync, const struct nvmx_table *table,
                     struct nvmx_plan_entry *plan)
{
    unsigned int i;

    plan->inputs = 0;
    for (i = 0; i < NVMX_SET_WORDS; i++) {
        uint64_t dirty = sync->dirty.word[i];

        plan->copy.word[i] = dirty & table->copy.word[i];
        if (dirty)
            plan->inputs |= inputs_of(table, i * 64, dirty & table->input.word[i]);
    }
}

void nvmx_sync_entered(struct nvmx_sync *sync)
{
    memset(&sync->dirty, 0, sizeof(sync->dirty));
}

static void find_eager_anew(struct nvmx_sync *sync)
{
    sync->exits = 0;
    sync->eager = sync->pinned;
    sync->eager_changed = true;
    sync->lazy_known = false;
    memset(sync->asked, 0, sizeof(sync->asked));
}

static void find_lazy(struct nvmx_sync *sync, const struct nvmx_table *table)
{
    unsigned int i;

    for (i = 0; i < NVMX_SET_WORDS; i++)
        sync->lazy.word[i] = table->hardware.word[i] & ~sync->eager.word[i];
    sync->lazy_known = true;
}

void nvmx_sync_left(struct nvmx_sync *sync, const struct nvmx_table *table, bool cr3)
{
    const unsigned int cr3_position = nvmx_position(0x6802);

    if (++sync->exits == NVMX_EAGER_EXITS)
        find_eager_anew(sync);
    if (!sync->lazy_known)
        find_lazy(sync, table);
    /* It may be STALE since an exit at which L1 did not intercept it; nothing else of its kind. */
    cr3 = cr3 || nvmx_set_has(&sync->stale, cr3_position);
    sync->stale = sync->lazy;
    if (cr3)
        nvmx_set_add(&sync->stale, cr3_position);
}

bool nvmx_plan_fetch(const struct nvmx_sync *sync, const struct nvmx_set *wanted,
                     struct nvmx_set *plan)
{
    unsigned int i;

    for (i = 0; i < NVMX_SET_WORDS; i++)
        plan->word[i] = sync->stale.word[i] & wanted->word[i];
    return !nvmx_set_is_empty(plan);
}

bool nvmx_plan_complete(const struct nvmx_sync *sync, struct nvmx_set *plan)
{
    *plan = sync->stale;
    return !nvmx_set_is_empty(plan);
}

void nvmx_sync_fetched(struct nvmx_sync *sync, const struct nvmx_set *plan)
{
    unsigned int i;

    for (i = 0; i < NVMX_SET_WORDS; i++)
        sync->stale.word[i] &= ~plan->word[i];
}

static void add_eager(struct nvmx_sync *sync, unsigned int position)
{
    nvmx_set_add(&sync->eager, position);
    sync->eager_changed = true;
    sync->lazy_known = false;
}

bool nvmx_sync_asked(struct nvmx_sync *sync, unsigned int position)
{
    if (!nvmx_set_has(&sync->stale, position))
        return false;
    if (sync->asked[position] < NVMX_EAGER_AFTER &&
        ++sync->asked[position] == NVMX_EAGER_AFTER)
        add_eager(sync, position);
    return true;
}

void nvmx_sync_pin(struct nvmx_sync *sync, unsigned int position)
{
    nvmx_set_add(&sync->pinned, position);
    add_eager(sync, position);
}
