/* SPDX-License-Identifier: GPL-2.0-only */
#include "interp.h"
#include "alu.h"

enum step {
    STEP_NEXT,                  /* executed, the next one follows */
    STEP_TAKEN,                 /* executed, a branch that was taken */
    STEP_STOP,                  /* not executed, x->stop says why */
};

static enum step stop(struct cluster_exec *x, enum cluster_stop why)
{
    x->stop = why;
    return STEP_STOP;
}

/*
 * Register numbers are 0 to 15 wherever this is called; the mask is for a
 * mispredicted branch that comes here with CLUSTER_REG_NONE.
 */
static uint64_t *gpr(struct cluster_regs *regs, uint8_t reg)
{
    return &regs->gpr[reg & (CLUSTER_NR_GPRS - 1)];
}

/* Effective address with @disp in place of the operand's own displacement. */
static uint64_t effective(struct cluster_regs *regs, const struct cluster_mem *mem, uint64_t disp)
{
    uint64_t address = disp;

    if (mem->base != CLUSTER_REG_NONE)
        address += *gpr(regs, mem->base);
    if (mem->index != CLUSTER_REG_NONE)
        address += *gpr(regs, mem->index) << mem->shift;
    return mem->addr32 ? (uint32_t)address : address;
}

static uint64_t linear(struct cluster_exec *x, const struct cluster_mem *mem, uint64_t disp)
{
    uint64_t address = effective(x->regs, mem, disp);

    if (mem->segment != CLUSTER_SEG_FLAT)
        address += x->ops->segment_base(x->ctx, mem->segment);
    return address;
}

/* Compared as host addresses, so every alias of a code page is seen. */
static bool in_code_page(const struct cluster_exec *x, const uint8_t *page)
{
    return page == x->code.page[0] || page == x->code.page[1];
}

/* Where @width bytes at @address are, or NULL with x->stop set. */
static uint8_t *reach(struct cluster_exec *x, uint64_t address, unsigned int width,
                      enum cluster_access access)
{
    uint8_t *host = NULL;

    if (cluster_tlb_accessible(address, width))
        host = cluster_tlb_host(&x->tlb, x->ops, x->ctx, address, access);
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

/* @host: where the memory operand is, if @o is one.  The value is zero above @width bytes. */
static inline uint64_t read_operand(struct cluster_exec *x, const struct cluster_insn *insn,
                                    struct cluster_operand o, unsigned int width,
                                    const uint8_t *host)
{
    if (o.kind == CLUSTER_OPERAND_REG)
        return *gpr(x->regs, o.reg) & cluster_width_mask(width);
    switch (o.kind) {
    case CLUSTER_OPERAND_MEM:
        return cluster_load(host, width);
    case CLUSTER_OPERAND_IMM:
        return insn->imm & cluster_width_mask(width);
    case CLUSTER_OPERAND_REG_HIGH:
        return (*gpr(x->regs, o.reg) >> 8) & 0xff;
    default:
        return 0;               /* operations with one operand have no source */
    }
}

/* 32-bit results clear the upper half, narrower ones leave the rest (SDM vol. 1, 3.4.1.1). */
static void write_register(uint64_t *reg, unsigned int width, uint64_t value)
{
    if (width == 8)
        *reg = value;
    else if (width == 4)
        *reg = (uint32_t)value;
    else
        *reg = (*reg & ~cluster_width_mask(width)) | (value & cluster_width_mask(width));
}

/* Writes the destination: the point of no return. */
static inline void write_operand(struct cluster_exec *x, const struct cluster_insn *insn,
                                 uint64_t value, uint8_t *host)
{
    uint64_t *reg = gpr(x->regs, insn->dst.reg);

    if (insn->dst.kind == CLUSTER_OPERAND_REG)
        write_register(reg, insn->width, value);
    else if (insn->dst.kind == CLUSTER_OPERAND_MEM)
        cluster_store(host, insn->width, value);
    else
        *reg = (*reg & ~0xff00ULL) | ((value & 0xff) << 8);
}

static uint64_t sign_extend(uint64_t value, unsigned int width)
{
    unsigned int unused = 64 - 8 * width;

    return (int64_t)(value << unused) >> unused;
}

static enum step step_mov(struct cluster_exec *x, const struct cluster_insn *insn, uint8_t *host)
{
    write_operand(x, insn, read_operand(x, insn, insn->src, insn->src_width, host), host);
    return STEP_NEXT;
}

static enum step step_movsx(struct cluster_exec *x, const struct cluster_insn *insn, uint8_t *host)
{
    uint64_t value = read_operand(x, insn, insn->src, insn->src_width, host);

    write_operand(x, insn, sign_extend(value, insn->src_width), host);
    return STEP_NEXT;
}

/* An offset: segments have no part in it. */
static enum step step_lea(struct cluster_exec *x, const struct cluster_insn *insn)
{
    write_operand(x, insn, effective(x->regs, &insn->mem, insn->mem.disp), NULL);
    return STEP_NEXT;
}

static enum step step_alu(struct cluster_exec *x, const struct cluster_insn *insn, uint8_t *host)
{
    uint64_t a = read_operand(x, insn, insn->dst, insn->width, host);
    uint64_t b = read_operand(x, insn, insn->src, insn->width, host);
    uint64_t result = cluster_alu(insn->op, insn->width, a, b, &x->regs->rflags);

    if (insn->op != CLUSTER_OP_CMP && insn->op != CLUSTER_OP_TEST)
        write_operand(x, insn, result, host);
    return STEP_NEXT;
}

static enum step step_push(struct cluster_exec *x, const struct cluster_insn *insn, uint8_t *host)
{
    uint64_t value = read_operand(x, insn, insn->src, 8, host);
    uint64_t rsp = x->regs->gpr[CLUSTER_RSP] - 8;
    uint8_t *stack = reach(x, rsp, 8, CLUSTER_WRITE);

    if (!stack)
        return STEP_STOP;
    cluster_store(stack, 8, value);
    x->regs->gpr[CLUSTER_RSP] = rsp;
    return STEP_NEXT;
}

/* Where POP stores: an address with RSP as its base is computed after RSP has grown. */
static uint8_t *pop_destination(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint64_t disp = insn->mem.disp;

    if (insn->mem.base == CLUSTER_RSP)
        disp += 8;
    return reach(x, linear(x, &insn->mem, disp), 8, CLUSTER_WRITE);
}

static enum step step_pop(struct cluster_exec *x, const struct cluster_insn *insn)
{
    const uint8_t *stack = reach(x, x->regs->gpr[CLUSTER_RSP], 8, CLUSTER_READ);
    uint8_t *host = NULL;
    uint64_t value;

    if (!stack)
        return STEP_STOP;
    value = cluster_load(stack, 8);
    if (insn->dst.kind == CLUSTER_OPERAND_MEM) {
        host = pop_destination(x, insn);
        if (!host)
            return STEP_STOP;
    }
    x->regs->gpr[CLUSTER_RSP] += 8;
    write_operand(x, insn, value, host);        /* last: POP RSP keeps what it popped */
    return STEP_NEXT;
}

static enum step step_setcc(struct cluster_exec *x, const struct cluster_insn *insn, uint8_t *host)
{
    write_operand(x, insn, cluster_condition(insn->cond, x->regs->rflags), host);
    return STEP_NEXT;
}

/* Reads its source, and zero-extends a 32-bit destination, whether or not it moves. */
static enum step step_cmovcc(struct cluster_exec *x, const struct cluster_insn *insn, uint8_t *host)
{
    uint64_t moved = read_operand(x, insn, insn->src, insn->width, host);
    uint64_t kept = read_operand(x, insn, insn->dst, insn->width, host);

    write_operand(x, insn, cluster_condition(insn->cond, x->regs->rflags) ? moved : kept, host);
    return STEP_NEXT;
}

static enum step step_jcc(struct cluster_exec *x, const struct cluster_insn *insn)
{
    if (!cluster_condition(insn->cond, x->regs->rflags))
        return STEP_NEXT;
    if (!cluster_canonical(insn->imm))
        return stop(x, CLUSTER_STOP_BRANCH);
    return STEP_TAKEN;
}

/* The flags that VMREAD and VMWRITE leave (SDM vol. 3, 31.2). */
static void set_vmx_flags(struct cluster_regs *regs, enum cluster_vmx result)
{
    regs->rflags &= ~CLUSTER_FLAGS_ARITHMETIC;
    if (result == CLUSTER_VMX_FAIL_VALID)
        regs->rflags |= CLUSTER_FLAG_ZF;
    else if (result == CLUSTER_VMX_FAIL_INVALID)
        regs->rflags |= CLUSTER_FLAG_CF;
}

static enum step step_vmread_to_register(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint64_t value = 0;
    enum cluster_vmx result = x->ops->vmread(x->ctx, *gpr(x->regs, insn->src.reg), &value);

    if (result == CLUSTER_VMX_DECLINE)
        return stop(x, CLUSTER_STOP_VMX);
    if (result == CLUSTER_VMX_SUCCEED)
        *gpr(x->regs, insn->dst.reg) = value;
    set_vmx_flags(x->regs, result);
    return STEP_NEXT;
}

/*
 * The order is that of Xen's handler: the destination's address is checked, the
 * field is read, and only then is the destination translated.  A successful read
 * leaves no trace, so the stock path can still do it all again.
 */
static enum step step_vmread_to_memory(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint64_t address = linear(x, &insn->mem, insn->mem.disp), value = 0;
    enum cluster_vmx result;
    uint8_t *host;

    if (!cluster_tlb_accessible(address, 8))
        return stop(x, CLUSTER_STOP_MEMORY);
    result = x->ops->vmread(x->ctx, *gpr(x->regs, insn->src.reg), &value);
    if (result == CLUSTER_VMX_DECLINE)
        return stop(x, CLUSTER_STOP_VMX);
    if (result == CLUSTER_VMX_SUCCEED) {
        host = reach(x, address, 8, CLUSTER_WRITE);
        if (!host)
            return STEP_STOP;
        cluster_store(host, 8, value);
    }
    set_vmx_flags(x->regs, result);
    return STEP_NEXT;
}

static enum step step_vmread(struct cluster_exec *x, const struct cluster_insn *insn)
{
    return insn->dst.kind == CLUSTER_OPERAND_MEM ? step_vmread_to_memory(x, insn)
                                                 : step_vmread_to_register(x, insn);
}

static enum step step_vmwrite(struct cluster_exec *x, const struct cluster_insn *insn,
                              uint8_t *host)
{
    uint64_t value = read_operand(x, insn, insn->src, 8, host);
    enum cluster_vmx result = x->ops->vmwrite(x->ctx, *gpr(x->regs, insn->dst.reg), value);

    if (result == CLUSTER_VMX_DECLINE)
        return stop(x, CLUSTER_STOP_VMX);
    set_vmx_flags(x->regs, result);
    return STEP_NEXT;
}

/* Where the memory operand is, when that is to be known first; NULL with x->stop set. */
static uint8_t *reach_operand(struct cluster_exec *x, const struct cluster_insn *insn)
{
    bool write = insn->touch == CLUSTER_TOUCH_WRITE;

    return reach(x, linear(x, &insn->mem, insn->mem.disp),
                 write ? insn->width : insn->src_width, write ? CLUSTER_WRITE : CLUSTER_READ);
}

static enum step step(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint8_t *host = NULL;

    if (insn->touch >= CLUSTER_TOUCH_READ) {
        host = reach_operand(x, insn);
        if (!host)
            return STEP_STOP;
    }
    /* The most frequent ones, before the switch: L0 compiles it to comparisons. */
    if (insn->op == CLUSTER_OP_MOV)
        return step_mov(x, insn, host);
    if (insn->op == CLUSTER_OP_VMREAD)
        return step_vmread(x, insn);
    switch (insn->op) {
    case CLUSTER_OP_NOP:     return STEP_NEXT;
    case CLUSTER_OP_MOVSX:   return step_movsx(x, insn, host);
    case CLUSTER_OP_LEA:     return step_lea(x, insn);
    case CLUSTER_OP_PUSH:    return step_push(x, insn, host);
    case CLUSTER_OP_POP:     return step_pop(x, insn);
    case CLUSTER_OP_SETCC:   return step_setcc(x, insn, host);
    case CLUSTER_OP_CMOVCC:  return step_cmovcc(x, insn, host);
    case CLUSTER_OP_JCC:     return step_jcc(x, insn);
    case CLUSTER_OP_VMWRITE: return step_vmwrite(x, insn, host);
    default:                 return step_alu(x, insn, host);
    }
}

/* One instruction of the cluster, and the look for events that may come before it. */
static enum step advance(struct cluster_exec *x, const struct cluster_insn *insn, bool first,
                         struct cluster_outcome *out)
{
    bool exits = cluster_insn_exits(insn);
    enum step did;

    if (exits && !first && x->ops->event_pending(x->ctx, x->regs->rflags))
        return stop(x, CLUSTER_STOP_EVENT);
    did = step(x, insn);
    if (did != STEP_STOP) {
        out->insns++;
        out->exiting += exits;
    }
    return did;
}

void cluster_interpret(struct cluster_exec *x, const struct cluster *c,
                       struct cluster_outcome *out)
{
    const struct cluster_insn *insn = c->insn, *end = c->insn + c->nr_insns;

    x->stop = CLUSTER_STOP_COMPLETE;
    x->regs->rip = c->rip + c->bytes;
    /* Forwards only: a taken branch goes to a later instruction or leaves. */
    while (insn < end) {
        enum step did = advance(x, insn, insn == c->insn, out);

        if (did == STEP_NEXT) {
            insn++;
        } else if (did == STEP_STOP) {
            x->regs->rip = c->rip + insn->offset;
            break;
        } else if (insn->target == CLUSTER_TARGET_OUTSIDE) {
            x->regs->rip = insn->imm;
            x->stop = CLUSTER_STOP_BRANCH;
            break;
        } else {
            insn = c->insn + insn->target;
        }
    }
    out->stop = x->stop;
}
