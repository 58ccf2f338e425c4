/* SPDX-License-Identifier: GPL-2.0-only */
#include "interp_step.h"

uint64_t cluster_effective(struct cluster_regs *regs, const struct cluster_mem *mem,
                           uint64_t disp)
{
    uint64_t address = disp;

    if (mem->base != CLUSTER_REG_NONE)
        address += *cluster_gpr(regs, mem->base);
    if (mem->index != CLUSTER_REG_NONE)
        address += *cluster_gpr(regs, mem->index) << mem->shift;
    return mem->addr32 ? (uint32_t)address : address;
}

uint64_t cluster_segment_base(const struct cluster_exec *x, uint8_t segment)
{
    switch (segment) {
    case CLUSTER_SEG_FS: return x->world.fs_base;
    case CLUSTER_SEG_GS: return x->world.gs_base;
    default:             return 0;
    }
}

uint64_t cluster_linear(struct cluster_exec *x, const struct cluster_mem *mem, uint64_t disp)
{
    return cluster_effective(x->regs, mem, disp) + cluster_segment_base(x, mem->segment);
}

/* Compared as host addresses, so every alias of a code page is seen. */
static bool in_code_page(const struct cluster_exec *x, const uint8_t *page)
{
    const struct cluster_region *region = x->region;
    unsigned int i;

    if (page == x->code.page[0] || page == x->code.page[1])
        return true;
    for (i = 0; region && i < region->nr_pages && i < CLUSTER_REGION_PAGES; i++)
        if (page == region->page[i].host)
            return true;
    return false;
}

/* Host address of a byte whose page may be accessed so, or NULL with x->stop set. */
static uint8_t *reach_page(struct cluster_exec *x, uint64_t address, enum cluster_access access)
{
    uint8_t *host = cluster_tlb_host(&x->tlb, x->ops, x->ctx, address, access);

    if (!host) {
        x->stop = CLUSTER_STOP_MEMORY;
        return NULL;
    }
    if (access == CLUSTER_WRITE && in_code_page(x, host - (address & CLUSTER_PAGE_OFFSET))) {
        x->stop = CLUSTER_STOP_CODE_WRITE;
        return NULL;
    }
    return host;
}

bool cluster_reach(struct cluster_exec *x, uint64_t address, unsigned int width,
                   enum cluster_access access, struct cluster_place *at)
{
    unsigned int in_page = CLUSTER_PAGE_SIZE - (address & CLUSTER_PAGE_OFFSET);

    if (!cluster_tlb_accessible(address, width)) {
        x->stop = CLUSTER_STOP_MEMORY;
        return false;
    }
    at->first = width < in_page ? width : in_page;
    at->host = at->rest = reach_page(x, address, access);
    if (at->host && at->first < width)
        at->rest = reach_page(x, address + in_page, access);
    return at->host && at->rest;
}

/* Not atomic, as that of a processor is not. */
uint64_t cluster_place_load_parts(const struct cluster_place *at, unsigned int width)
{
    uint64_t value = 0;
    unsigned int i;

    for (i = 0; i < at->first; i++)
        value |= cluster_load(at->host + i, 1) << (8 * i);
    for (; i < width; i++)
        value |= cluster_load(at->rest + (i - at->first), 1) << (8 * i);
    return value;
}

void cluster_place_store_parts(const struct cluster_place *at, unsigned int width,
                               uint64_t value)
{
    unsigned int i;

    for (i = 0; i < at->first; i++)
        cluster_store(at->host + i, 1, value >> (8 * i));
    for (; i < width; i++)
        cluster_store(at->rest + (i - at->first), 1, value >> (8 * i));
}

uint64_t cluster_read_operand(struct cluster_exec *x, const struct cluster_insn *insn,
                              struct cluster_operand o, unsigned int width,
                              const struct cluster_place *at)
{
    if (o.kind == CLUSTER_OPERAND_REG)
        return *cluster_gpr(x->regs, o.reg) & cluster_width_mask(width);
    switch (o.kind) {
    case CLUSTER_OPERAND_MEM:
        return cluster_place_load(at, width);
    case CLUSTER_OPERAND_IMM:
        return insn->imm & cluster_width_mask(width);
    case CLUSTER_OPERAND_REG_HIGH:
        return (*cluster_gpr(x->regs, o.reg) >> 8) & 0xff;
    default:
        return 0;               /* operations with one operand have no source */
    }
}

void cluster_write_register(uint64_t *reg, unsigned int width, uint64_t value)
{
    if (width == 8)
        *reg = value;
    else if (width == 4)
        *reg = (uint32_t)value;
    else
        *reg = (*reg & ~cluster_width_mask(width)) | (value & cluster_width_mask(width));
}

void cluster_write_operand(struct cluster_exec *x, const struct cluster_insn *insn,
                           struct cluster_operand o, uint64_t value,
                           const struct cluster_place *at)
{
    uint64_t *reg = cluster_gpr(x->regs, o.reg);

    if (o.kind == CLUSTER_OPERAND_REG)
        cluster_write_register(reg, insn->width, value);
    else if (o.kind == CLUSTER_OPERAND_MEM)
        cluster_place_store(at, insn->width, value);
    else
        *reg = (*reg & ~0xff00ULL) | ((value & 0xff) << 8);
}
