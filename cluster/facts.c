/* SPDX-License-Identifier: GPL-2.0-only */
#include "facts.h"
#include "effects.h"

static const struct fact nothing = { FACT_NONE, 0 };

void facts_forget(struct facts *f)
{
    memset(f, 0, sizeof(*f));
}

static struct fact constant(uint64_t value)
{
    return (struct fact){ FACT_CONSTANT, (int64_t)value };
}

struct fact fact_of(const struct facts *f, const struct cluster_node *node, uint8_t reg)
{
    if (reg == CLUSTER_REG_NONE)
        return constant(0);
    if (reg == CLUSTER_RSP)
        return (struct fact){ FACT_STACK, node->rsp };
    return f->gpr[reg & (CLUSTER_NR_GPRS - 1)];
}

/* @a + @b, where that is something known. */
static struct fact sum(struct fact a, struct fact b)
{
    uint64_t value = (uint64_t)a.value + (uint64_t)b.value;

    if (a.kind == FACT_CONSTANT && b.kind == FACT_CONSTANT)
        return constant(value);
    if ((a.kind == FACT_STACK && b.kind == FACT_CONSTANT) ||
        (a.kind == FACT_CONSTANT && b.kind == FACT_STACK))
        return (struct fact){ FACT_STACK, (int64_t)value };
    return nothing;
}

struct fact fact_of_address(const struct facts *f, const struct cluster_node *node)
{
    const struct cluster_mem *mem = &node->insn.mem;
    struct fact address = sum(fact_of(f, node, mem->base), constant(mem->disp));
    struct fact index = fact_of(f, node, mem->index);

    if (mem->index != CLUSTER_REG_NONE && index.kind != FACT_CONSTANT)
        return nothing;
    address = sum(address, constant((uint64_t)index.value << mem->shift));
    if (!mem->addr32)
        return address;
    return address.kind == FACT_CONSTANT ? constant((uint32_t)address.value) : nothing;
}

static struct fact of_source(const struct facts *f, const struct cluster_node *node)
{
    const struct cluster_insn *insn = &node->insn;

    if (insn->src.kind == CLUSTER_OPERAND_IMM)
        return constant(insn->width == 4 ? (uint32_t)insn->imm : (uint64_t)insn->imm);
    if (insn->src.kind == CLUSTER_OPERAND_REG && insn->width == 8 && insn->src_width == 8)
        return fact_of(f, node, insn->src.reg);
    return nothing;
}

/* Of the result; @insn writes a register of 4 or 8 bytes. */
static struct fact of_result(const struct facts *f, const struct cluster_node *node)
{
    const struct cluster_insn *insn = &node->insn;
    struct fact by;

    switch (insn->op) {
    case CLUSTER_OP_MOV:
        return of_source(f, node);
    case CLUSTER_OP_LEA:
        return insn->width == 8 ? fact_of_address(f, node) : nothing;
    case CLUSTER_OP_XOR:
        return insn->src.kind == CLUSTER_OPERAND_REG && insn->src.reg == insn->dst.reg ?
               constant(0) : nothing;
    case CLUSTER_OP_ADD:
    case CLUSTER_OP_SUB:
        if (insn->src.kind != CLUSTER_OPERAND_IMM || insn->width != 8)
            return nothing;
        by = constant(insn->op == CLUSTER_OP_ADD ? (uint64_t)insn->imm : -(uint64_t)insn->imm);
        return sum(fact_of(f, node, insn->dst.reg), by);
    default:
        return nothing;
    }
}

void facts_apply(struct facts *f, const struct cluster_node *node)
{
    const struct cluster_insn *insn = &node->insn;
    uint16_t written = cluster_registers_written(insn);
    struct fact result = nothing;

    if (insn->dst.kind == CLUSTER_OPERAND_REG && insn->width >= 4)
        result = of_result(f, node);
    for (; written; written &= written - 1)
        f->gpr[__builtin_ctz(written)].kind = FACT_NONE;
    if (result.kind != FACT_NONE)
        f->gpr[insn->dst.reg & (CLUSTER_NR_GPRS - 1)] = result;
}
