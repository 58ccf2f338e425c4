/* SPDX-License-Identifier: GPL-2.0-only */
/* interp_vmx.c - VMREAD and VMWRITE, and what the world executes for the engine. */
#include "interp_step.h"

/* The flags that a VMX instruction leaves (SDM vol. 3, 31.2). */
static void set_vmx_flags(struct cluster_regs *regs, enum cluster_vmx result)
{
    regs->rflags &= ~CLUSTER_FLAGS_ARITHMETIC;
    if (result == CLUSTER_VMX_FAIL_VALID)
        regs->rflags |= CLUSTER_FLAG_ZF;
    else if (result == CLUSTER_VMX_FAIL_INVALID)
        regs->rflags |= CLUSTER_FLAG_CF;
}

static void set_zf(struct cluster_regs *regs, bool zero)
{
    regs->rflags &= ~CLUSTER_FLAG_ZF;
    if (zero)
        regs->rflags |= CLUSTER_FLAG_ZF;
}

static enum cluster_step vmread_to_register(struct cluster_exec *x,
                                            const struct cluster_insn *insn)
{
    uint64_t field = *cluster_gpr(x->regs, insn->src.reg), value = 0;
    enum cluster_vmx result = x->ops->vmread(x->ctx, field, &value);

    if (result == CLUSTER_VMX_DECLINE)
        return cluster_step_stop(x, CLUSTER_STOP_VMX);
    if (result == CLUSTER_VMX_SUCCEED)
        *cluster_gpr(x->regs, insn->dst.reg) = value;
    set_vmx_flags(x->regs, result);
    return CLUSTER_STEP_NEXT;
}

/*
 * The order is that of Xen's handler: the destination's address is checked, the
 * field is read, and only then is the destination translated.  A successful read
 * leaves no trace, so the stock path can still do it all again.
 */
static enum cluster_step vmread_to_memory(struct cluster_exec *x,
                                          const struct cluster_insn *insn)
{
    uint64_t address = cluster_linear(x, &insn->mem, insn->mem.disp), value = 0;
    struct cluster_place at;
    enum cluster_vmx result;

    if (!cluster_tlb_accessible(address, 8))
        return cluster_step_stop(x, CLUSTER_STOP_MEMORY);
    result = x->ops->vmread(x->ctx, *cluster_gpr(x->regs, insn->src.reg), &value);
    if (result == CLUSTER_VMX_DECLINE)
        return cluster_step_stop(x, CLUSTER_STOP_VMX);
    if (result == CLUSTER_VMX_SUCCEED) {
        if (!cluster_reach(x, address, 8, CLUSTER_WRITE, &at))
            return CLUSTER_STEP_STOP;
        cluster_place_store(&at, 8, value);
    }
    set_vmx_flags(x->regs, result);
    return CLUSTER_STEP_NEXT;
}

enum cluster_step cluster_step_vmread(struct cluster_exec *x, const struct cluster_insn *insn)
{
    return insn->dst.kind == CLUSTER_OPERAND_MEM ? vmread_to_memory(x, insn)
                                                 : vmread_to_register(x, insn);
}

enum cluster_step cluster_step_vmwrite(struct cluster_exec *x, const struct cluster_insn *insn,
                                       const struct cluster_place *at)
{
    uint64_t value = cluster_read_operand(x, insn, insn->src, 8, at);
    enum cluster_vmx result = x->ops->vmwrite(x->ctx, *cluster_gpr(x->regs, insn->dst.reg),
                                              value);

    if (result == CLUSTER_VMX_DECLINE)
        return cluster_step_stop(x, CLUSTER_STOP_VMX);
    set_vmx_flags(x->regs, result);
    return CLUSTER_STEP_NEXT;
}

static bool sets_vmx_flags(const struct cluster_insn *insn)
{
    return insn->op == CLUSTER_OP_VMPTRLD || insn->op == CLUSTER_OP_INVEPT ||
           insn->op == CLUSTER_OP_INVVPID;
}

/* The 16 bytes of INVEPT's and INVVPID's memory operand. */
static bool read_descriptor(struct cluster_exec *x, const struct cluster_insn *insn,
                            uint64_t memory[2])
{
    uint64_t address = cluster_linear(x, &insn->mem, insn->mem.disp);
    struct cluster_place low, high;

    if (!cluster_reach(x, address, 8, CLUSTER_READ, &low) ||
        !cluster_reach(x, address + 8, 8, CLUSTER_READ, &high))
        return false;
    memory[0] = cluster_place_load(&low, 8);
    memory[1] = cluster_place_load(&high, 8);
    return true;
}

static bool fetch_operands(struct cluster_exec *x, const struct cluster_insn *insn,
                           const struct cluster_place *at, struct cluster_operands *operands)
{
    switch (insn->op) {
    case CLUSTER_OP_VERW:
        operands->memory[0] = cluster_read_operand(x, insn, insn->src, 2, at);
        return true;
    case CLUSTER_OP_VMPTRLD:
        operands->memory[0] = cluster_place_load(at, 8);
        return true;
    case CLUSTER_OP_INVEPT:
    case CLUSTER_OP_INVVPID:
        operands->reg = *cluster_gpr(x->regs, insn->dst.reg);
        return read_descriptor(x, insn, operands->memory);
    default:                    /* all its operands are in the registers */
        return true;
    }
}

enum cluster_step cluster_step_emulate(struct cluster_exec *x, const struct cluster_insn *insn,
                                       const struct cluster_place *at)
{
    struct cluster_operands operands = { .vmx = CLUSTER_VMX_SUCCEED };
    enum cluster_emulated result;

    if (!fetch_operands(x, insn, at, &operands))
        return CLUSTER_STEP_STOP;
    result = x->ops->emulate(x->ctx, insn->op, x->regs, &operands);
    if (result == CLUSTER_EMULATE_DECLINE)
        return cluster_step_stop(x, CLUSTER_STOP_VMX);
    if (insn->op == CLUSTER_OP_VERW)
        set_zf(x->regs, operands.result);
    if (sets_vmx_flags(insn))
        set_vmx_flags(x->regs, operands.vmx);
    if (result == CLUSTER_EMULATED)
        return CLUSTER_STEP_NEXT;
    x->stop = CLUSTER_STOP_WORLD;
    return CLUSTER_STEP_LAST;
}

/* Its page is RAM, or it is not to be had: a MOV like others, by which L1 does not exit. */
static enum cluster_step mov_of_ram(struct cluster_exec *x, const struct cluster_insn *insn,
                                    const struct cluster_operands *operands)
{
    enum cluster_access access = operands->write ? CLUSTER_WRITE : CLUSTER_READ;
    struct cluster_place at;

    if (!cluster_reach(x, operands->address, operands->width, access, &at))
        return CLUSTER_STEP_STOP;
    if (operands->write)
        cluster_place_store(&at, operands->width, operands->reg);
    else
        cluster_write_operand(x, insn, insn->dst, cluster_place_load(&at, operands->width), &at);
    if (x->world.silent)
        ++*x->world.silent;
    return CLUSTER_STEP_NEXT;
}

/* The world is asked first: what exited before will do so again, mostly. */
enum cluster_step cluster_step_weak_mov(struct cluster_exec *x, const struct cluster_insn *insn)
{
    bool write = insn->dst.kind == CLUSTER_OPERAND_MEM;
    struct cluster_operands operands = {
        .address = cluster_linear(x, &insn->mem, insn->mem.disp), .write = write,
        .width = write ? insn->width : insn->src_width,
    };
    enum cluster_emulated result;

    if (!cluster_tlb_accessible(operands.address, operands.width))
        return cluster_step_stop(x, CLUSTER_STOP_MEMORY);
    if (write)
        operands.reg = cluster_read_operand(x, insn, insn->src, operands.width, NULL);
    result = x->ops->emulate(x->ctx, insn->op, x->regs, &operands);
    if (result == CLUSTER_EMULATE_DECLINE)
        return mov_of_ram(x, insn, &operands);
    if (!write)
        cluster_write_operand(x, insn, insn->dst, operands.result, NULL);
    if (result == CLUSTER_EMULATED)
        return CLUSTER_STEP_NEXT;
    x->stop = CLUSTER_STOP_WORLD;
    return CLUSTER_STEP_LAST;
}
