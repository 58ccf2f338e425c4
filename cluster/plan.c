/* SPDX-License-Identifier: GPL-2.0-only */
#include "plan.h"
#include "effects.h"
#include "facts.h"

enum { ALIGNMENT = CLUSTER_RSP_ALIGNMENT };

static bool is_mem(struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_MEM;
}

static bool is_reg(struct cluster_operand o, uint8_t reg)
{
    return o.kind == CLUSTER_OPERAND_REG && o.reg == reg;
}

unsigned int cluster_operand_width(const struct cluster_insn *insn)
{
    if (insn->op == CLUSTER_OP_PUSH || insn->op == CLUSTER_OP_CALL || insn->op == CLUSTER_OP_JMP)
        return 8;
    return is_mem(insn->dst) ? insn->width : insn->src_width;
}

bool cluster_operand_written(const struct cluster_insn *insn)
{
    if (cluster_insn_bit_string(insn))
        return insn->op != CLUSTER_OP_BT;
    if (insn->op == CLUSTER_OP_POP)
        return is_mem(insn->dst);
    return insn->touch == CLUSTER_TOUCH_WRITE;
}

bool cluster_insn_bit_string(const struct cluster_insn *insn)
{
    return insn->op >= CLUSTER_OP_BT && insn->op <= CLUSTER_OP_BTC && is_mem(insn->dst) &&
           insn->src.kind != CLUSTER_OPERAND_IMM;
}

bool cluster_insn_locked(const struct cluster_insn *insn)
{
    return is_mem(insn->dst) && (insn->lock || insn->op == CLUSTER_OP_XCHG);
}

int32_t cluster_rsp_after(const struct cluster_node *node)
{
    if (!node->last)
        return node[1].rsp;
    switch (node->insn.op) {
    case CLUSTER_OP_PUSH: case CLUSTER_OP_CALL: case CLUSTER_OP_PUSHF:
        return node->rsp - 8;
    case CLUSTER_OP_POP: case CLUSTER_OP_POPF:
        return node->rsp + 8;
    case CLUSTER_OP_RET:
        return node->rsp + 8 + (int32_t)node->insn.imm;
    default:
        return node->rsp;
    }
}

/* While one node is looked at. */
struct planner {
    const struct cluster_region *region;
    const struct cluster_segment *segment;
    const struct cluster_node *first, *node;
    const struct cluster_insn *insn;
    struct cluster_plan *plan;
    const struct cluster_ops *fields;
    void *ctx;
    struct facts facts;
};

static bool on_stack(const struct planner *p, int64_t offset, unsigned int width)
{
    return offset >= p->segment->rsp_low && offset + width <= p->segment->rsp_high;
}

/* So it crosses no cache line: bus locks are slow, and trapped by some hosts. */
static bool is_aligned(const struct planner *p, int64_t offset, unsigned int width)
{
    return ((cluster_variant_rsp(p->region->variant) + offset) & (width - 1)) == 0;
}

/* An address relative to RSP becomes one relative to the entry's. */
static bool displacement_fits(const struct planner *p)
{
    const struct cluster_mem *mem = &p->insn->mem;
    int64_t disp = mem->disp;

    if (disp != (int32_t)disp)
        return false;
    if (mem->base == CLUSTER_RSP)
        disp += p->node->rsp;
    return disp == (int32_t)disp;
}

/* An operand whose address is entry RSP + @offset: false where only the interpreter will do. */
static bool place_on_stack(struct planner *p, int64_t offset, unsigned int width)
{
    bool locked = cluster_insn_locked(p->insn);

    if (!on_stack(p, offset, width)) {
        p->plan->place = PLAN_PLACE_SLOT;
        return displacement_fits(p);
    }
    p->plan->place = PLAN_PLACE_STACK;
    p->plan->offset = offset;
    return !locked || is_aligned(p, offset, width);
}

static bool place_operand(struct planner *p)
{
    const struct cluster_mem *mem = &p->insn->mem;
    unsigned int width = cluster_operand_width(p->insn);
    struct fact address = fact_of_address(&p->facts, p->node);

    if (cluster_insn_bit_string(p->insn))
        address.kind = FACT_NONE;
    if (address.kind == FACT_STACK && mem->segment == CLUSTER_SEG_FLAT)
        return place_on_stack(p, address.value, width);
    if (address.kind == FACT_CONSTANT) {
        p->plan->place = PLAN_PLACE_CONSTANT;
        p->plan->address = address.value;
        return true;
    }
    p->plan->place = PLAN_PLACE_SLOT;
    return displacement_fits(p);
}

/* RSP as an operand that is only read, by name. */
static bool may_read_rsp(const struct cluster_insn *insn)
{
    if (insn->width < 4)
        return false;
    return insn->op == CLUSTER_OP_MOV || insn->op == CLUSTER_OP_PUSH ||
           (insn->op >= CLUSTER_OP_ADD && insn->op <= CLUSTER_OP_TEST);
}

/* AND: its low bits are known, for those of the entry's RSP are. */
static int64_t rsp_aligned(const struct planner *p)
{
    int64_t offset = cluster_variant_rsp(p->region->variant), low = offset + p->node->rsp;

    return p->insn->imm >= -ALIGNMENT ? (low & p->insn->imm) - offset : INT64_MAX;
}

/* An instruction that writes RSP by name: only where the result is known. */
static enum plan_how plan_write_rsp(const struct planner *p)
{
    const struct cluster_insn *insn = p->insn;
    bool by_imm = insn->src.kind == CLUSTER_OPERAND_IMM;
    struct fact result = { FACT_NONE, 0 };

    if (insn->width != 8 || p->node->last)
        return PLAN_STEP;
    if (insn->op == CLUSTER_OP_ADD && by_imm)
        return p->node[1].rsp == p->node->rsp + insn->imm ? PLAN_RSP : PLAN_STEP;
    if (insn->op == CLUSTER_OP_SUB && by_imm)
        return p->node[1].rsp == p->node->rsp - insn->imm ? PLAN_RSP : PLAN_STEP;
    if (insn->op == CLUSTER_OP_AND && by_imm)
        return rsp_aligned(p) == p->node[1].rsp ? PLAN_RSP : PLAN_STEP;
    if (insn->op == CLUSTER_OP_LEA)
        result = fact_of_address(&p->facts, p->node);
    else if (insn->op == CLUSTER_OP_MOV && insn->src.kind == CLUSTER_OPERAND_REG)
        result = fact_of(&p->facts, p->node, insn->src.reg);
    return result.kind == FACT_STACK && result.value == p->node[1].rsp ? PLAN_NOTHING : PLAN_STEP;
}

static enum plan_how plan_push(const struct planner *p)
{
    return on_stack(p, (int64_t)p->node->rsp - 8, 8) ? PLAN_NATIVE : PLAN_STEP;
}

static enum plan_how plan_pop(const struct planner *p)
{
    const struct cluster_insn *insn = p->insn;

    /* An address by RSP is one by what that is behind the POP. */
    if (insn->op == CLUSTER_OP_POP &&
        (is_reg(insn->dst, CLUSTER_RSP) || (is_mem(insn->dst) && insn->mem.base == CLUSTER_RSP)))
        return PLAN_STEP;
    return on_stack(p, p->node->rsp, 8) ? PLAN_NATIVE : PLAN_STEP;
}

static enum plan_how plan_leave(const struct planner *p)
{
    struct fact rbp = fact_of(&p->facts, p->node, CLUSTER_RBP);

    if (p->node->last || rbp.kind != FACT_STACK || !on_stack(p, rbp.value, 8) ||
        p->node[1].rsp != rbp.value + 8)
        return PLAN_STEP;
    p->plan->offset = rbp.value;
    return PLAN_NATIVE;
}

/*
 * The number of the field.  That of a region's first instruction was put in its
 * register before: what it was at the recording is expected again.
 */
static struct fact field_number(const struct planner *p)
{
    struct fact number = fact_of(&p->facts, p->node, p->insn->src.reg);

    if (number.kind == FACT_CONSTANT || p->node->depth != 0 || is_reg(p->insn->src, CLUSTER_RSP) ||
        p->region->entry_source > INT32_MAX)
        return number;
    p->plan->guarded = true;
    return (struct fact){ FACT_CONSTANT, p->region->entry_source };
}

static bool loadable(const struct cluster_field *field)
{
    return (field->width == 2 || field->width == 4 || field->width == 8) &&
           field->offset <= 0x10000;
}

/* Where the field number is known and the field is a plain load. */
static enum plan_how plan_vmread(const struct planner *p)
{
    struct fact number = field_number(p);
    struct cluster_field field = { 0 };

    if (p->insn->dst.kind != CLUSTER_OPERAND_REG || is_reg(p->insn->dst, CLUSTER_RSP) ||
        p->insn->src.kind != CLUSTER_OPERAND_REG || number.kind != FACT_CONSTANT ||
        !p->fields->vmcs_field(p->ctx, number.value, &field) || !loadable(&field))
        return PLAN_STEP;
    p->plan->offset = field.offset;
    p->plan->field_width = field.width;
    p->plan->silent = field.silent_read;
    p->plan->address = number.value;
    return PLAN_VMREAD;
}

static enum plan_how plan_vmwrite(const struct planner *p)
{
    struct fact number = fact_of(&p->facts, p->node, p->insn->dst.reg);
    struct cluster_field field = { 0 };

    if (p->insn->src.kind != CLUSTER_OPERAND_REG || is_reg(p->insn->src, CLUSTER_RSP) ||
        number.kind != FACT_CONSTANT || !p->fields->vmcs_field(p->ctx, number.value, &field) ||
        !field.store || !loadable(&field))
        return PLAN_STEP;
    p->plan->offset = field.offset;
    p->plan->field_width = field.width;
    p->plan->silent = field.silent_write;
    p->plan->dirty_mask = field.dirty_mask;
    p->plan->dirty_byte = field.dirty_byte;
    return PLAN_VMWRITE;
}

static bool homed(const struct planner *p, struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_REG && o.reg >= CLUSTER_R8 &&
           p->region->host[o.reg - CLUSTER_R8] == CLUSTER_HOST_NONE;
}

/* Two results and one scratch register: one of the operands must not be at home in the frame. */
static enum plan_how plan_exchange(const struct planner *p)
{
    const struct cluster_insn *insn = p->insn;
    bool high = insn->dst.kind == CLUSTER_OPERAND_REG_HIGH ||
                insn->src.kind == CLUSTER_OPERAND_REG_HIGH;

    if (homed(p, insn->dst) || is_reg(insn->src, CLUSTER_RSP) || high)
        return PLAN_STEP;
    return PLAN_NATIVE;
}

/* What is rare in the address of a bit string's part is left out. */
static enum plan_how plan_bit(const struct planner *p)
{
    const struct cluster_insn *insn = p->insn;

    if (cluster_insn_bit_string(insn) &&
        (insn->width < 4 || insn->mem.addr32 || homed(p, insn->src)))
        return PLAN_STEP;
    return is_reg(insn->src, CLUSTER_RSP) ? PLAN_STEP : PLAN_NATIVE;
}

/* Of 16 bits a count may be larger than the operand: the result is undefined then. */
static enum plan_how plan_double_shift(const struct planner *p)
{
    const struct cluster_insn *insn = p->insn;

    return insn->width < 4 || is_reg(insn->src, CLUSTER_RSP) || homed(p, insn->src) ?
           PLAN_STEP : PLAN_NATIVE;
}

static enum plan_how how(struct planner *p)
{
    const struct cluster_insn *insn = p->insn;

    switch (insn->op) {
    case CLUSTER_OP_NOP: case CLUSTER_OP_CLD:
        return PLAN_NOTHING;
    case CLUSTER_OP_PUSH: case CLUSTER_OP_CALL: case CLUSTER_OP_PUSHF:
        return plan_push(p);
    case CLUSTER_OP_POP: case CLUSTER_OP_RET:
        return plan_pop(p);
    case CLUSTER_OP_LEAVE:
        return plan_leave(p);
    case CLUSTER_OP_JCC:        /* one that faults when it is taken */
        return cluster_canonical(insn->imm) ? PLAN_NATIVE : PLAN_STEP;
    case CLUSTER_OP_XCHG: case CLUSTER_OP_XADD: case CLUSTER_OP_CMPXCHG:
        return plan_exchange(p);
    case CLUSTER_OP_BT: case CLUSTER_OP_BTS: case CLUSTER_OP_BTR: case CLUSTER_OP_BTC:
        return plan_bit(p);
    case CLUSTER_OP_VMREAD:
        return plan_vmread(p);
    case CLUSTER_OP_VMWRITE:
        return plan_vmwrite(p);
    case CLUSTER_OP_RDTSC:
        return PLAN_NATIVE;
    case CLUSTER_OP_VERW:
        return PLAN_OPERAND;
    case CLUSTER_OP_VMRESUME: case CLUSTER_OP_VMLAUNCH:
        return PLAN_LEAVE;
    case CLUSTER_OP_DIV: case CLUSTER_OP_IDIV:          /* may fault */
    case CLUSTER_OP_POPCNT:                             /* not on every processor */
    case CLUSTER_OP_POPF:
        return PLAN_STEP;
    case CLUSTER_OP_STI:        /* the node behind it ends the shadow: there has to be one */
        return p->node->last ? PLAN_STEP : PLAN_NATIVE;
    case CLUSTER_OP_SHLD: case CLUSTER_OP_SHRD:
        return plan_double_shift(p);
    case CLUSTER_OP_LEA:
        return insn->width >= 4 ? PLAN_NATIVE : PLAN_STEP;
    default:
        return insn->op < CLUSTER_OP_MOVS || (insn->op >= CLUSTER_OP_CLI &&
                                              insn->op <= CLUSTER_OP_WRITE_CR2) ?
               PLAN_NATIVE : PLAN_STEP;
    }
}

/* AH to BH cannot be named together with R13 or R14, which memory operands need. */
static bool encodable(const struct cluster_insn *insn)
{
    bool high = insn->dst.kind == CLUSTER_OPERAND_REG_HIGH ||
                insn->src.kind == CLUSTER_OPERAND_REG_HIGH;

    return !high || (!is_mem(insn->dst) && !is_mem(insn->src) && insn->width < 8);
}

/* A constant may be of 64 bits. */
static bool lea_encodable(const struct planner *p)
{
    const struct cluster_mem *mem = &p->insn->mem;

    return (mem->base == CLUSTER_REG_NONE && mem->index == CLUSTER_REG_NONE) ||
           displacement_fits(p);
}

static bool writes_by_name(const struct cluster_insn *insn)
{
    return (cluster_registers_written(insn) & (1u << CLUSTER_RSP)) &&
           is_reg(insn->dst, CLUSTER_RSP);
}

static bool in_shadow(const struct planner *p)
{
    return p->node != p->first && p->node[-1].insn.op == CLUSTER_OP_STI;
}

/* Behind STI: the interpreter ends the shadow, except where that is all there is to do. */
static enum plan_how plan_in_shadow(const struct planner *p)
{
    return p->insn->op == CLUSTER_OP_NOP ? PLAN_SHADOW : PLAN_STEP;
}

static enum plan_how plan_node(struct planner *p)
{
    const struct cluster_insn *insn = p->insn;
    enum plan_how result = in_shadow(p) ? plan_in_shadow(p) : how(p);
    bool rsp_named = is_reg(insn->src, CLUSTER_RSP) || is_reg(insn->dst, CLUSTER_RSP);

    if (result == PLAN_OPERAND)
        return is_mem(insn->src) && place_operand(p) ? PLAN_OPERAND : PLAN_STEP;
    if (result != PLAN_NATIVE)
        return result;
    if (writes_by_name(insn))
        return plan_write_rsp(p);
    if (!encodable(insn) || (rsp_named && (!may_read_rsp(insn) || is_reg(insn->dst, CLUSTER_RSP))))
        return PLAN_STEP;
    if (insn->op == CLUSTER_OP_LEA)
        return lea_encodable(p) ? PLAN_NATIVE : PLAN_STEP;
    if (cluster_insn_bit_string(insn))
        return place_operand(p) ? PLAN_NATIVE : PLAN_STEP;
    if (insn->op == CLUSTER_OP_POP && is_mem(insn->dst))
        return place_operand(p) ? PLAN_NATIVE : PLAN_STEP;
    if (insn->touch >= CLUSTER_TOUCH_READ && (is_mem(insn->dst) || is_mem(insn->src)) &&
        !place_operand(p))
        return PLAN_STEP;
    return insn->touch == CLUSTER_TOUCH_LATE ? PLAN_STEP : PLAN_NATIVE;
}

void cluster_plan(struct cluster_vcpu *vcpu, const struct cluster_segment *segment,
                  const struct cluster_ops *fields, void *ctx)
{
    const struct cluster_node *first = &vcpu->node[segment->first_node];
    struct planner p = {
        .region = &vcpu->region[segment->region], .segment = segment,
        .first = first, .fields = fields, .ctx = ctx,
    };
    uint32_t n;

    facts_forget(&p.facts);
    for (n = 0; n < segment->nr_nodes; n++) {
        p.node = first + n;
        p.insn = &p.node->insn;
        p.plan = &vcpu->plan[n];
        *p.plan = (struct cluster_plan){ .label = CLUSTER_NO_INDEX };
        if (p.node->header)
            facts_forget(&p.facts);
        p.plan->how = plan_node(&p);
        facts_apply(&p.facts, p.node);
    }
    cluster_plan_spans(first, vcpu->plan, segment->nr_nodes);
    cluster_plan_flags(first, vcpu->plan, segment->nr_nodes);
}
