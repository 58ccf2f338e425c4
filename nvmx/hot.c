/* SPDX-License-Identifier: GPL-2.0-only */
#include "hot.h"

void nvmx_hot_start(struct nvmx_hot *hot)
{
    memset(&hot->ahead, 0, sizeof(hot->ahead));
    hot->changed = false;
}

/* A VMCS that is set up, or dumped, has all of its fields touched, but not at each entry. */
static bool exited_already(struct nvmx_hot *hot, unsigned int position, enum nvmx_access access)
{
    uint8_t *last = &hot->last[access][position], now = (uint8_t)(hot->entries + 1);

    if (*last == now)
        return true;
    *last = now;
    return false;
}

bool nvmx_hot_exited(struct nvmx_hot *hot, unsigned int position, enum nvmx_access access)
{
    if (nvmx_set_has(&hot->pass[access], position) || exited_already(hot, position, access) ||
        ++hot->exits[access][position] < NVMX_HOT_AFTER)
        return false;
    nvmx_set_add(&hot->pass[access], position);
    hot->changed = true;        /* what was cold may be ahead */
    return true;
}

void nvmx_hot_entered(struct nvmx_hot *hot)
{
    if (++hot->entries < NVMX_HOT_WINDOW - 1)
        return;
    hot->entries = 0;
    memset(hot->exits, 0, sizeof(hot->exits));
    memset(hot->last, 0, sizeof(hot->last));
}

bool nvmx_plan_hot(struct nvmx_hot *hot, struct nvmx_set *plan)
{
    uint64_t any = 0;
    unsigned int i;

    if (!hot->changed)
        return false;
    hot->changed = false;
    for (i = 0; i < NVMX_SET_WORDS; i++) {
        uint64_t word = hot->ahead.word[i];

        if (word)
            word &= hot->pass[NVMX_READ].word[i] | hot->pass[NVMX_WRITE].word[i];
        plan->word[i] = word;
        any |= word;
    }
    return any != 0;
}

bool nvmx_plan_ahead(const struct nvmx_hot *hot, struct nvmx_set *plan)
{
    *plan = hot->ahead;
    return !nvmx_set_is_empty(plan);
}
