/* SPDX-License-Identifier: GPL-2.0-only */
#include "interp_step.h"

static enum cluster_step step_mov(struct cluster_exec *x, const struct cluster_insn *insn,
                                  const struct cluster_place *at)
{
    uint64_t value = cluster_read_operand(x, insn, insn->src, insn->src_width, at);

    cluster_write_operand(x, insn, insn->dst, value, at);
    return CLUSTER_STEP_NEXT;
}

static enum cluster_step step_movsx(struct cluster_exec *x, const struct cluster_insn *insn,
                                    const struct cluster_place *at)
{
    uint64_t value = cluster_read_operand(x, insn, insn->src, insn->src_width, at);

    cluster_write_operand(x, insn, insn->dst, cluster_sign_extend(value, insn->src_width), at);
    return CLUSTER_STEP_NEXT;
}

/* An offset: segments have no part in it. */
static enum cluster_step step_lea(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint64_t offset = cluster_effective(x->regs, &insn->mem, insn->mem.disp);

    cluster_write_register(cluster_gpr(x->regs, insn->dst.reg), insn->width, offset);
    return CLUSTER_STEP_NEXT;
}

static enum cluster_step step_alu(struct cluster_exec *x, const struct cluster_insn *insn,
                                  const struct cluster_place *at)
{
    uint64_t a = cluster_read_operand(x, insn, insn->dst, insn->width, at);
    uint64_t b = cluster_read_operand(x, insn, insn->src, insn->width, at);
    uint64_t result = cluster_alu(insn->op, insn->width, a, b, &x->regs->rflags);

    if (insn->op != CLUSTER_OP_CMP && insn->op != CLUSTER_OP_TEST)
        cluster_write_operand(x, insn, insn->dst, result, at);
    return CLUSTER_STEP_NEXT;
}

static enum cluster_step step_setcc(struct cluster_exec *x, const struct cluster_insn *insn,
                                    const struct cluster_place *at)
{
    cluster_write_operand(x, insn, insn->dst, cluster_condition(insn->cond, x->regs->rflags), at);
    return CLUSTER_STEP_NEXT;
}

/* Reads its source, and zero-extends a 32-bit destination, whether or not it moves. */
static enum cluster_step step_cmovcc(struct cluster_exec *x, const struct cluster_insn *insn,
                                     const struct cluster_place *at)
{
    uint64_t moved = cluster_read_operand(x, insn, insn->src, insn->width, at);
    uint64_t kept = cluster_read_operand(x, insn, insn->dst, insn->width, at);
    bool moves = cluster_condition(insn->cond, x->regs->rflags);

    cluster_write_operand(x, insn, insn->dst, moves ? moved : kept, at);
    return CLUSTER_STEP_NEXT;
}

static enum cluster_step set_flags(struct cluster_exec *x, uint64_t clear, uint64_t set,
                                   uint64_t toggle)
{
    x->regs->rflags = ((x->regs->rflags & ~clear) | set) ^ toggle;
    return CLUSTER_STEP_NEXT;
}

static enum cluster_step step_fence(const struct cluster_insn *insn)
{
    switch (insn->cond) {
    case 5:  __asm__ volatile("lfence" : : : "memory"); break;
    case 6:  __asm__ volatile("mfence" : : : "memory"); break;
    default: __asm__ volatile("sfence" : : : "memory"); break;
    }
    return CLUSTER_STEP_NEXT;
}

static enum cluster_step step_pause(void)
{
    __asm__ volatile("pause");
    return CLUSTER_STEP_NEXT;
}

/* What static clusters are made of, but for the most frequent. */
static enum cluster_step step_static(struct cluster_exec *x, const struct cluster_insn *insn,
                                     const struct cluster_place *at)
{
    switch (insn->op) {
    case CLUSTER_OP_NOP:     return CLUSTER_STEP_NEXT;
    case CLUSTER_OP_MOVSX:   return step_movsx(x, insn, at);
    case CLUSTER_OP_LEA:     return step_lea(x, insn);
    case CLUSTER_OP_PUSH:    return cluster_step_push(x, insn, at);
    case CLUSTER_OP_POP:     return cluster_step_pop(x, insn);
    case CLUSTER_OP_SETCC:   return step_setcc(x, insn, at);
    case CLUSTER_OP_CMOVCC:  return step_cmovcc(x, insn, at);
    case CLUSTER_OP_JCC:     return cluster_step_jcc(x, insn);
    default:                 return step_alu(x, insn, at);
    }
}

static enum cluster_step step_arithmetic(struct cluster_exec *x, const struct cluster_insn *insn,
                                         const struct cluster_place *at)
{
    switch (insn->op) {
    case CLUSTER_OP_SHLD: case CLUSTER_OP_SHRD:
        return cluster_step_double_shift(x, insn, at);
    case CLUSTER_OP_MUL: case CLUSTER_OP_IMUL1:
        return cluster_step_multiply(x, insn, at);
    case CLUSTER_OP_DIV: case CLUSTER_OP_IDIV:
        return cluster_step_divide(x, insn, at);
    case CLUSTER_OP_IMUL2: case CLUSTER_OP_IMUL3:
        return cluster_step_signed_product(x, insn, at);
    case CLUSTER_OP_BT: case CLUSTER_OP_BTS: case CLUSTER_OP_BTR: case CLUSTER_OP_BTC:
        return cluster_step_bit_test(x, insn, at);
    case CLUSTER_OP_BSF: case CLUSTER_OP_BSR: case CLUSTER_OP_TZCNT: case CLUSTER_OP_LZCNT:
    case CLUSTER_OP_POPCNT:
        return cluster_step_bit_scan(x, insn, at);
    case CLUSTER_OP_BSWAP:
        return cluster_step_bswap(x, insn);
    case CLUSTER_OP_CBW: case CLUSTER_OP_CWD:
        return cluster_step_widen(x, insn);
    case CLUSTER_OP_XCHG: case CLUSTER_OP_XADD:
        return cluster_step_exchange(x, insn, at);
    case CLUSTER_OP_CMPXCHG:
        return cluster_step_compare_exchange(x, insn, at);
    default:
        return cluster_step_shift(x, insn, at);
    }
}

static enum cluster_step step_flags(struct cluster_exec *x, const struct cluster_insn *insn)
{
    switch (insn->op) {
    case CLUSTER_OP_PUSHF: return cluster_step_pushf(x);
    case CLUSTER_OP_POPF:  return cluster_step_popf(x);
    case CLUSTER_OP_CLI:   return set_flags(x, CLUSTER_FLAG_IF, 0, 0);
    case CLUSTER_OP_STI:   return cluster_step_sti(x);
    case CLUSTER_OP_CLC:   return set_flags(x, CLUSTER_FLAG_CF, 0, 0);
    case CLUSTER_OP_STC:   return set_flags(x, 0, CLUSTER_FLAG_CF, 0);
    case CLUSTER_OP_CMC:   return set_flags(x, 0, 0, CLUSTER_FLAG_CF);
    default:               return CLUSTER_STEP_NEXT;    /* CLD: DF is clear */
    }
}

static enum cluster_step step_region(struct cluster_exec *x, const struct cluster_insn *insn,
                                     const struct cluster_place *at)
{
    switch (insn->op) {
    case CLUSTER_OP_JMP:   return cluster_step_jmp(x, insn, at);
    case CLUSTER_OP_CALL:  return cluster_step_call(x, insn, at);
    case CLUSTER_OP_RET:   return cluster_step_ret(x, insn);
    case CLUSTER_OP_LEAVE: return cluster_step_leave(x);
    case CLUSTER_OP_FENCE: return step_fence(insn);
    case CLUSTER_OP_PAUSE: return step_pause();
    case CLUSTER_OP_READ_CR2:
        *cluster_gpr(x->regs, insn->dst.reg) = *x->world.cr2;
        return CLUSTER_STEP_NEXT;
    case CLUSTER_OP_WRITE_CR2:
        *x->world.cr2 = *cluster_gpr(x->regs, insn->src.reg);
        return CLUSTER_STEP_NEXT;
    default:
        break;
    }
    if (insn->op <= CLUSTER_OP_CMPXCHG)
        return step_arithmetic(x, insn, at);
    if (insn->op <= CLUSTER_OP_SCAS)
        return cluster_step_string(x, insn);
    return step_flags(x, insn);
}

/* Where the memory operand is, when that is to be known first. */
static bool reach_operand(struct cluster_exec *x, const struct cluster_insn *insn,
                          struct cluster_place *at)
{
    bool write = insn->touch == CLUSTER_TOUCH_WRITE;

    x->operand = cluster_linear(x, &insn->mem, insn->mem.disp);
    return cluster_reach(x, x->operand,
                         write ? insn->width : insn->src_width,
                         write ? CLUSTER_WRITE : CLUSTER_READ, at);
}

static bool is_bit_test(const struct cluster_insn *insn)
{
    return insn->op >= CLUSTER_OP_BT && insn->op <= CLUSTER_OP_BTC;
}

/* What the world does for the engine, and what is its alone. */
static enum cluster_step step_outside(struct cluster_exec *x, const struct cluster_insn *insn,
                                      const struct cluster_place *at)
{
    switch (insn->op) {
    case CLUSTER_OP_VMREAD:
        return cluster_step_vmread(x, insn);
    case CLUSTER_OP_VMWRITE:
        return cluster_step_vmwrite(x, insn, at);
    case CLUSTER_OP_WEAK_MOV:
        return cluster_step_weak_mov(x, insn);
    case CLUSTER_OP_VMRESUME:
    case CLUSTER_OP_VMLAUNCH:
        return cluster_step_stop(x, CLUSTER_STOP_RESUME);
    default:
        return cluster_step_emulate(x, insn, at);
    }
}

static enum cluster_step execute(struct cluster_exec *x, const struct cluster_insn *insn)
{
    struct cluster_place at;

    if (insn->touch >= CLUSTER_TOUCH_READ && !reach_operand(x, insn, &at))
        return CLUSTER_STEP_STOP;
    /* The most frequent ones, before the switches: L0 compiles them to comparisons. */
    if (insn->op == CLUSTER_OP_MOV)
        return step_mov(x, insn, &at);
    if (insn->op >= CLUSTER_OP_RDTSC)
        return step_outside(x, insn, &at);
    if (insn->lock && !is_bit_test(insn))
        return cluster_step_locked(x, insn, &at);
    return insn->op <= CLUSTER_OP_JCC ? step_static(x, insn, &at) : step_region(x, insn, &at);
}

enum cluster_step cluster_step(struct cluster_exec *x, const struct cluster_insn *insn)
{
    uint64_t next = x->regs->rip + insn->length;
    enum cluster_step did;

    /* Behind it, or at its return, RIP would have to be what RIP cannot hold. */
    if (!cluster_canonical(next))
        return cluster_step_stop(x, CLUSTER_STOP_FAULT);
    did = execute(x, insn);
    if (did == CLUSTER_STEP_STOP)
        return did;
    if (did != CLUSTER_STEP_TAKEN)
        x->regs->rip = next;
    if (insn->op != CLUSTER_OP_STI)
        x->regs->sti_shadow = false;
    return did;
}

/* One instruction of the cluster, and the look for events that may come before it. */
static enum cluster_step advance(struct cluster_exec *x, const struct cluster_insn *insn,
                                 bool first, struct cluster_outcome *out)
{
    bool exits = cluster_insn_exits(insn);
    enum cluster_step did;

    if (exits && !first && x->ops->event_pending(x->ctx, x->regs->rflags))
        return cluster_step_stop(x, CLUSTER_STOP_EVENT);
    did = cluster_step(x, insn);
    if (did != CLUSTER_STEP_STOP) {
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
    /* Forwards only: a taken branch goes to a later instruction or leaves. */
    while (insn < end) {
        enum cluster_step did = advance(x, insn, insn == c->insn, out);

        if (did == CLUSTER_STEP_STOP)
            break;
        if (did == CLUSTER_STEP_NEXT) {
            insn++;
        } else if (insn->target == CLUSTER_TARGET_OUTSIDE) {
            x->stop = CLUSTER_STOP_BRANCH;
            break;
        } else {
            insn = c->insn + insn->target;
        }
    }
    out->stop = x->stop;
}

void cluster_discount(struct cluster_exec *x, struct cluster_outcome *out)
{
    unsigned int *silent = x->world.silent;

    if (!silent)
        return;
    out->exiting -= *silent < out->exiting ? *silent : out->exiting;
    *silent = 0;
}
