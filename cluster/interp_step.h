/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * interp_step.h - what the interpreter's files (interp*.c) share.
 *
 * Each cluster_step_...() executes one kind of instruction, which lies at
 * x->regs->rip, and obeys interp.h: all that can fail comes before the first
 * change.  They leave RIP alone unless they return TAKEN.
 *
 * @at is where the memory operand is, when insn->touch says that it is resolved
 * first; else it is not to be looked at.
 */
#ifndef CLUSTER_INTERP_STEP_H
#define CLUSTER_INTERP_STEP_H

#include "interp.h"
#include "alu.h"

/* Where an access goes: @first bytes (1 to 8) to @host, the others to the page of @rest. */
struct cluster_place {
    uint8_t *host;
    uint8_t *rest;
    unsigned int first;
};

static inline enum cluster_step cluster_step_stop(struct cluster_exec *x, enum cluster_stop why)
{
    x->stop = why;
    return CLUSTER_STEP_STOP;
}

/*
 * Register numbers are 0 to 15 wherever this is called; the mask is for a
 * mispredicted branch that comes here with CLUSTER_REG_NONE.
 */
static inline uint64_t *cluster_gpr(struct cluster_regs *regs, uint8_t reg)
{
    return &regs->gpr[reg & (CLUSTER_NR_GPRS - 1)];
}

static inline uint64_t cluster_sign_extend(uint64_t value, unsigned int width)
{
    unsigned int unused = 64 - 8 * width;

    return (int64_t)(value << unused) >> unused;
}

/* ---- interp_memory.c ---- */

/* Effective address with @disp in place of the operand's own displacement. */
uint64_t cluster_effective(struct cluster_regs *regs, const struct cluster_mem *mem,
                           uint64_t disp);

/* The same as a linear address. */
uint64_t cluster_linear(struct cluster_exec *x, const struct cluster_mem *mem, uint64_t disp);

uint64_t cluster_segment_base(const struct cluster_exec *x, uint8_t segment);

/*
 * Find the @width bytes at linear address @address, for READ or WRITE, in one
 * page or in two.  Returns false, with x->stop set, where that cannot be done.
 */
bool cluster_reach(struct cluster_exec *x, uint64_t address, unsigned int width,
                   enum cluster_access access, struct cluster_place *at);

uint64_t cluster_place_load_parts(const struct cluster_place *at, unsigned int width);
void cluster_place_store_parts(const struct cluster_place *at, unsigned int width,
                               uint64_t value);

static inline uint64_t cluster_place_load(const struct cluster_place *at, unsigned int width)
{
    return at->first == width ? cluster_load(at->host, width)
                              : cluster_place_load_parts(at, width);
}

static inline void cluster_place_store(const struct cluster_place *at, unsigned int width,
                                       uint64_t value)
{
    if (at->first == width)
        cluster_store(at->host, width, value);
    else
        cluster_place_store_parts(at, width, value);
}

/* The low @width bytes of operand @o, zero above; 0 where there is no operand. */
uint64_t cluster_read_operand(struct cluster_exec *x, const struct cluster_insn *insn,
                              struct cluster_operand o, unsigned int width,
                              const struct cluster_place *at);

/* 32-bit results clear the upper half, narrower ones leave the rest (SDM vol. 1, 3.4.1.1). */
void cluster_write_register(uint64_t *reg, unsigned int width, uint64_t value);

/* Writes a register or memory operand of insn->width bytes: the point of no return. */
void cluster_write_operand(struct cluster_exec *x, const struct cluster_insn *insn,
                           struct cluster_operand o, uint64_t value,
                           const struct cluster_place *at);

/* ---- interp_stack.c ---- */

enum cluster_step cluster_step_push(struct cluster_exec *x, const struct cluster_insn *insn,
                                    const struct cluster_place *at);
enum cluster_step cluster_step_pop(struct cluster_exec *x, const struct cluster_insn *insn);
enum cluster_step cluster_step_leave(struct cluster_exec *x);
enum cluster_step cluster_step_jcc(struct cluster_exec *x, const struct cluster_insn *insn);
enum cluster_step cluster_step_jmp(struct cluster_exec *x, const struct cluster_insn *insn,
                                   const struct cluster_place *at);
enum cluster_step cluster_step_call(struct cluster_exec *x, const struct cluster_insn *insn,
                                    const struct cluster_place *at);
enum cluster_step cluster_step_ret(struct cluster_exec *x, const struct cluster_insn *insn);
enum cluster_step cluster_step_pushf(struct cluster_exec *x);
enum cluster_step cluster_step_popf(struct cluster_exec *x);
enum cluster_step cluster_step_sti(struct cluster_exec *x);

/* ---- interp_arithmetic.c ---- */

enum cluster_step cluster_step_shift(struct cluster_exec *x, const struct cluster_insn *insn,
                                     const struct cluster_place *at);
enum cluster_step cluster_step_double_shift(struct cluster_exec *x,
                                            const struct cluster_insn *insn,
                                            const struct cluster_place *at);
enum cluster_step cluster_step_multiply(struct cluster_exec *x, const struct cluster_insn *insn,
                                        const struct cluster_place *at);
enum cluster_step cluster_step_divide(struct cluster_exec *x, const struct cluster_insn *insn,
                                      const struct cluster_place *at);
enum cluster_step cluster_step_signed_product(struct cluster_exec *x,
                                              const struct cluster_insn *insn,
                                              const struct cluster_place *at);
enum cluster_step cluster_step_bit_scan(struct cluster_exec *x, const struct cluster_insn *insn,
                                        const struct cluster_place *at);
enum cluster_step cluster_step_bswap(struct cluster_exec *x, const struct cluster_insn *insn);
enum cluster_step cluster_step_widen(struct cluster_exec *x, const struct cluster_insn *insn);

/* ---- interp_exchange.c: those that are locked, and those that may be ---- */

enum cluster_step cluster_step_locked(struct cluster_exec *x, const struct cluster_insn *insn,
                                      const struct cluster_place *at);
enum cluster_step cluster_step_bit_test(struct cluster_exec *x, const struct cluster_insn *insn,
                                        const struct cluster_place *at);
enum cluster_step cluster_step_exchange(struct cluster_exec *x, const struct cluster_insn *insn,
                                        const struct cluster_place *at);
enum cluster_step cluster_step_compare_exchange(struct cluster_exec *x,
                                                const struct cluster_insn *insn,
                                                const struct cluster_place *at);

/* ---- interp_string.c ---- */

enum cluster_step cluster_step_string(struct cluster_exec *x, const struct cluster_insn *insn);

/* ---- interp_vmx.c ---- */

enum cluster_step cluster_step_vmread(struct cluster_exec *x, const struct cluster_insn *insn);
enum cluster_step cluster_step_vmwrite(struct cluster_exec *x, const struct cluster_insn *insn,
                                       const struct cluster_place *at);
enum cluster_step cluster_step_emulate(struct cluster_exec *x, const struct cluster_insn *insn,
                                       const struct cluster_place *at);
enum cluster_step cluster_step_weak_mov(struct cluster_exec *x, const struct cluster_insn *insn);

#endif /* CLUSTER_INTERP_STEP_H */
