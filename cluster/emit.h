/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * emit.h - encoding of host instructions (SDM vol. 2, chapter 2 and appendix B)
 * into the arena.
 *
 * An emitter writes from @at on and never at or beyond @end; an instruction that
 * does not fit sets @full and nothing more is written.  Positions are offsets
 * in the arena.  Bytes go through the arena's write alias; displacements are
 * computed for the address at which they will be executed.
 *
 * Registers are numbered as in enum cluster_gpr.
 */
#ifndef CLUSTER_EMIT_H
#define CLUSTER_EMIT_H

#include "cluster.h"

/* With a register number 0 to 3: AH, CH, DH, BH.  Not in an instruction that needs a REX prefix. */
#define EMIT_HIGH 0x10
#define EMIT_NO_INDEX 0xff
#define EMIT_NO_BASE 0xff

/* Condition codes, as encoded. */
enum emit_cond {
    EMIT_NOT_BELOW = 3, EMIT_EQUAL = 4, EMIT_NOT_EQUAL = 5, EMIT_SIGN = 8,
};

struct emitter {
    uint8_t *write;             /* the arena */
    uint64_t execute;           /* its address when it is executed */
    uint64_t frame;             /* address of the struct cluster_frame */
    uint32_t at, end;
    bool     full;
};

enum emit_rm_kind { EMIT_RM_REG, EMIT_RM_MEM, EMIT_RM_FRAME };

/* What a ModRM byte's r/m field and what follows it name. */
struct emit_rm {
    uint8_t kind;               /* enum emit_rm_kind */
    /* REG: the register, or with EMIT_HIGH; MEM: the base, or with an index EMIT_NO_BASE */
    uint8_t reg;
    uint8_t index;              /* MEM: or EMIT_NO_INDEX; not RSP */
    uint8_t shift;              /* MEM: 0..3 */
    int32_t disp;               /* MEM; FRAME: offset in struct cluster_frame */
};

struct emit_insn {
    uint8_t prefix;             /* 0, 0xf0 LOCK, or 0xf3 */
    bool    two_byte;           /* the opcode follows 0F */
    uint8_t opcode;
    uint8_t width;              /* 1, 2, 4 or 8: the operand-size prefix and REX.W come of it */
    bool    byte_reg, byte_rm;  /* the register in reg, in rm, is one of 8 bits */
    uint8_t reg;                /* a register or the opcode's extension */
    struct emit_rm rm;
    uint8_t imm_bytes;          /* 0, 1, 2 or 4 */
    int64_t imm;
};

static inline struct emit_rm emit_reg(uint8_t reg)
{
    return (struct emit_rm){ EMIT_RM_REG, reg, EMIT_NO_INDEX, 0, 0 };
}

static inline struct emit_rm emit_mem(uint8_t base, int32_t disp)
{
    return (struct emit_rm){ EMIT_RM_MEM, base, EMIT_NO_INDEX, 0, disp };
}

static inline struct emit_rm emit_indexed(uint8_t base, uint8_t index, uint8_t shift, int32_t disp)
{
    return (struct emit_rm){ EMIT_RM_MEM, base, index, shift, disp };
}

/* A member of the frame: its offset there, relative to RIP. */
static inline struct emit_rm emit_frame(uint32_t offset)
{
    return (struct emit_rm){ EMIT_RM_FRAME, 0, EMIT_NO_INDEX, 0, (int32_t)offset };
}

/* Any instruction with a ModRM byte. */
void emit(struct emitter *e, const struct emit_insn *insn);

/* An instruction of @count bytes without operands to encode. */
void emit_bytes(struct emitter *e, const uint8_t *bytes, unsigned int count);
void emit_byte(struct emitter *e, uint8_t byte);

/* Once more the @count bytes emitted at @from, which depend neither on place nor on frame. */
void emit_again(struct emitter *e, uint32_t from, uint32_t count);

/*
 * MOV and LEA change no flags.  A load or a move to a register, and a store.
 */
void emit_load(struct emitter *e, unsigned int width, uint8_t reg, struct emit_rm from);
void emit_store(struct emitter *e, unsigned int width, struct emit_rm to, uint8_t reg);
void emit_lea(struct emitter *e, unsigned int width, uint8_t reg, struct emit_rm address);
/* @imm: sign-extended from 32 bits to the width, if that is 8. */
void emit_store_imm(struct emitter *e, unsigned int width, struct emit_rm to, int64_t imm);
/* Any 64-bit value, in the shortest form. */
void emit_constant(struct emitter *e, uint8_t reg, uint64_t value);

/*
 * ADD, OR, ADC, SBB, AND, SUB, XOR, CMP, TEST (@op: enum cluster_op):
 * reg OP= rm, rm OP= reg, rm OP= imm (32 bits at most).
 */
void emit_alu_load(struct emitter *e, unsigned int op, unsigned int width, uint8_t reg,
                   struct emit_rm rm);
void emit_alu(struct emitter *e, uint8_t prefix, unsigned int op, unsigned int width,
              struct emit_rm rm, uint8_t reg);
void emit_alu_imm(struct emitter *e, uint8_t prefix, unsigned int op, unsigned int width,
                  struct emit_rm rm, int64_t imm);

/* Jumps with 32-bit displacements to offset @to of the arena. */
void emit_jump(struct emitter *e, uint32_t to);
void emit_jump_if(struct emitter *e, unsigned int cond, uint32_t to);

void emit_push(struct emitter *e, struct emit_rm rm);   /* MEM or FRAME */
void emit_pop(struct emitter *e, struct emit_rm rm);

static inline void emit_endbr64(struct emitter *e)
{
    static const uint8_t bytes[] = { 0xf3, 0x0f, 0x1e, 0xfa };

    emit_bytes(e, bytes, sizeof(bytes));
}

static inline void emit_pushfq(struct emitter *e) { emit_byte(e, 0x9c); }
static inline void emit_popfq(struct emitter *e)  { emit_byte(e, 0x9d); }
static inline void emit_ret(struct emitter *e)    { emit_byte(e, 0xc3); }
static inline void emit_int3(struct emitter *e)   { emit_byte(e, 0xcc); }

/*
 * Not in the first half of a cache line: there its target may be predicted by what another
 * branch did (Indirect Target Selection, XSA-469; Xen's place_ret()).
 */
static inline bool emit_may_ret_at(uint32_t at)
{
    return at % 64 >= 32;
}

#endif /* CLUSTER_EMIT_H */
