/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_insn.h - the decoded form of one instruction (the IR).
 * Included by cluster_types.h; not to be included alone.
 *
 * Filled in by decode.c, completed (offset, target) by form.c, only read by
 * interp.c.  Everything that can be known from the bytes and their address is
 * resolved here: RIP-relative addresses and branch targets are absolute, and
 * immediates are sign-extended to 64 bits.
 */
#ifndef CLUSTER_INSN_H
#define CLUSTER_INSN_H

/* What an instruction does. */
enum cluster_op {
    CLUSTER_OP_NOP,             /* also ENDBR64: L0 enters no code by an indirect branch */
    CLUSTER_OP_MOV,             /* MOV and MOVZX: src_width bytes, zero-extended to width */
    CLUSTER_OP_MOVSX,           /* MOVSX, MOVSXD */
    CLUSTER_OP_LEA,
    CLUSTER_OP_ADD, CLUSTER_OP_ADC, CLUSTER_OP_SUB, CLUSTER_OP_SBB,
    CLUSTER_OP_AND, CLUSTER_OP_OR,  CLUSTER_OP_XOR,
    CLUSTER_OP_CMP, CLUSTER_OP_TEST,
    CLUSTER_OP_INC, CLUSTER_OP_DEC, CLUSTER_OP_NEG, CLUSTER_OP_NOT,
    CLUSTER_OP_PUSH, CLUSTER_OP_POP,
    CLUSTER_OP_SETCC, CLUSTER_OP_CMOVCC, CLUSTER_OP_JCC,
    /* The exiting ones come last. */
    CLUSTER_OP_VMREAD,          /* dst: value, src: field number */
    CLUSTER_OP_VMWRITE,         /* dst: field number, src: value */
    CLUSTER_NR_OPS
};

enum cluster_operand_kind {
    CLUSTER_OPERAND_NONE,
    CLUSTER_OPERAND_REG,        /* the low bytes of a general register */
    CLUSTER_OPERAND_REG_HIGH,   /* bits 15..8 of RAX, RCX, RDX or RBX */
    CLUSTER_OPERAND_IMM,        /* insn.imm */
    CLUSTER_OPERAND_MEM,        /* insn.mem; at most one operand is of this kind */
};

struct cluster_operand {
    uint8_t kind;               /* enum cluster_operand_kind */
    uint8_t reg;                /* enum cluster_gpr, for the two register kinds */
};

/* In base and index: there is none. */
#define CLUSTER_REG_NONE 0xff

/*
 * Address of a memory operand: segment base + offset, where the offset is
 * base + (index << shift) + disp, cut to the address size.
 */
struct cluster_mem {
    uint8_t base;               /* enum cluster_gpr or CLUSTER_REG_NONE */
    uint8_t index;              /* enum cluster_gpr or CLUSTER_REG_NONE */
    uint8_t shift;              /* 0..3 */
    uint8_t segment;            /* enum cluster_segment */
    bool    addr32;             /* the offset is cut to 32 bits before the base is added */
    bool    rip_relative;       /* for printing: disp already is the absolute address */
    int64_t disp;
};

/*
 * How the interpreter resolves the memory operand before it computes anything.
 * A read-modify-write is one access, a WRITE: on x86 a page that can be written
 * can be read.
 */
enum cluster_touch {
    CLUSTER_TOUCH_NONE,         /* no memory operand, or its address only (LEA, NOP) */
    CLUSTER_TOUCH_LATE,         /* written, but resolved on the way: VMREAD and POP to memory */
    CLUSTER_TOUCH_READ,         /* READ and WRITE are resolved first */
    CLUSTER_TOUCH_WRITE,
};

/* In insn.target: a taken branch leaves the cluster. */
#define CLUSTER_TARGET_OUTSIDE 0xff

struct cluster_insn {
    uint8_t op;                 /* enum cluster_op */
    uint8_t length;             /* bytes, 1..15 */
    uint8_t offset;             /* of its first byte from the site */
    uint8_t width;              /* bytes of the destination: 1, 2, 4 or 8 */
    uint8_t src_width;          /* bytes of the source; differs for MOVZX and MOVSX only */
    uint8_t cond;               /* 0..15, the low four bits of the opcode; SETcc, CMOVcc, Jcc */
    uint8_t target;             /* Jcc: index of the instruction at imm, or TARGET_OUTSIDE */
    uint8_t touch;              /* enum cluster_touch */
    uint8_t accesses;           /* memory accesses, those of the stack included */
    struct cluster_operand dst, src;
    int64_t imm;                /* immediate, or where a Jcc goes */
    struct cluster_mem mem;
};

static inline bool cluster_insn_exits(const struct cluster_insn *insn)
{
    return insn->op >= CLUSTER_OP_VMREAD;
}

/*
 * An address of 48-bit linear address space (SDM vol. 1, 3.3.7.1).  L0 offers
 * no LA57 to its guests.
 */
static inline bool cluster_canonical(uint64_t address)
{
    return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

#endif /* CLUSTER_INSN_H */
