/* SPDX-License-Identifier: GPL-2.0-only */
#include "stock.h"

#include "fields.h"

enum {
    CR3_LOAD_EXITING = 0x8000,          /* of the processor-based controls */
    VALID = 1u << 31,                   /* of the VM-entry interruption information */
};

static uint64_t mask(unsigned int width)
{
    return width == 8 ? UINT64_MAX : (1ull << (8 * width)) - 1;
}

static bool is_high_half(uint32_t encoding)
{
    return (encoding & 1) && nvmx_field_width(encoding) == 4;
}

uint64_t vmcs_read(const uint64_t *vmcs, uint32_t encoding)
{
    uint64_t value = vmcs[nvmx_position(encoding)];

    return is_high_half(encoding) ? value >> 32 : value & mask(nvmx_field_width(encoding));
}

void vmcs_write(uint64_t *vmcs, uint32_t encoding, uint64_t value)
{
    uint64_t *field = &vmcs[nvmx_position(encoding)];

    if (is_high_half(encoding))
        *field = (uint32_t)*field | value << 32;
    else
        *field = value & mask(nvmx_field_width(encoding));
}

bool cr3_is_l2s(const uint64_t *vvmcs)
{
    return !(vmcs_read(vvmcs, CPU_BASED_VM_EXEC_CONTROL) & CR3_LOAD_EXITING);
}

bool has_event(const uint64_t *vmcs)
{
    return vmcs_read(vmcs, VM_ENTRY_INTR_INFO) & VALID;
}

static uint64_t mix(uint64_t hash, uint32_t encoding, uint64_t value)
{
    hash = (hash ^ encoding) * 0x9e3779b97f4a7c15;
    hash = (hash ^ (hash >> 29) ^ value) * 0xbf58476d1ce4e5b9;
    return hash ^ (hash >> 32);
}

static bool l2_may_change(const struct nvmx_field *field)
{
    return field->exit == NVMX_EXIT_HARDWARE || field->exit == NVMX_EXIT_CR3;
}

static uint64_t hash_of(const uint64_t *vvmcs, uint32_t input)
{
    uint64_t hash = input;
    unsigned int i;

    for (i = 0; i < nvmx_nr_fields; i++)
        if ((nvmx_fields[i].inputs & input) && !l2_may_change(&nvmx_fields[i]))
            hash = mix(hash, nvmx_fields[i].encoding,
                       vvmcs[nvmx_position(nvmx_fields[i].encoding)]);
    return hash;
}

void merge(const uint64_t *vvmcs, struct vmcs02 *to, uint32_t inputs)
{
    unsigned int i;

    for (i = 0; i < NR_INPUTS; i++)
        if (inputs >> i & 1)
            to->computed[i] = hash_of(vvmcs, 1u << i);
}

/* CR3 with the control registers, though it is one that L2 may change. */
static bool is_loaded(const struct nvmx_field *field)
{
    return field->entry == NVMX_ENTRY_COPY || field->entry == NVMX_ENTRY_REGISTER ||
           field->entry == NVMX_ENTRY_EVENT || field->encoding == GUEST_CR3;
}

void stock_enter(const uint64_t *vvmcs, struct vmcs02 *to)
{
    unsigned int i;

    merge(vvmcs, to, NVMX_INPUT_ALL);
    for (i = 0; i < nvmx_nr_fields; i++)
        if (is_loaded(&nvmx_fields[i])) {
            unsigned int p = nvmx_position(nvmx_fields[i].encoding);

            to->field[p] = vvmcs[p];
        }
}

void stock_leave(uint64_t *vvmcs, const struct vmcs02 *from, const struct stores *stores)
{
    bool cr3 = cr3_is_l2s(vvmcs);
    unsigned int i, p;

    for (i = 0; i < nvmx_nr_fields; i++) {
        p = nvmx_position(nvmx_fields[i].encoding);
        if (nvmx_fields[i].exit == NVMX_EXIT_HARDWARE ||
            (nvmx_fields[i].exit == NVMX_EXIT_CR3 && cr3))
            vvmcs[p] = from->field[p];
    }
    for (p = 0; p < NVMX_POSITIONS; p++)
        if (nvmx_set_has(&stores->set, p))
            vvmcs[p] = stores->value[p];
}
