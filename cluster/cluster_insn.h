/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cluster_insn.h - the decoded form of one instruction (the IR).
 * Included by cluster.h; not to be included alone.
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
    CLUSTER_OP_NOP,             /* also ENDBR64: L0 enters no code by an indirect branch; and
                                   prefetches, whose address is src */
    CLUSTER_OP_MOV,             /* MOV and MOVZX: src_width bytes, zero-extended to width */
    CLUSTER_OP_MOVSX,           /* MOVSX, MOVSXD */
    CLUSTER_OP_LEA,
    CLUSTER_OP_ADD, CLUSTER_OP_ADC, CLUSTER_OP_SUB, CLUSTER_OP_SBB,
    CLUSTER_OP_AND, CLUSTER_OP_OR,  CLUSTER_OP_XOR,
    CLUSTER_OP_CMP, CLUSTER_OP_TEST,
    CLUSTER_OP_INC, CLUSTER_OP_DEC, CLUSTER_OP_NEG, CLUSTER_OP_NOT,
    CLUSTER_OP_PUSH, CLUSTER_OP_POP,
    CLUSTER_OP_SETCC, CLUSTER_OP_CMOVCC, CLUSTER_OP_JCC,

    /* From here on in regions only; static clusters end before them. */
    CLUSTER_OP_JMP, CLUSTER_OP_CALL,    /* src: IMM (where it goes), REG or MEM */
    CLUSTER_OP_RET,             /* imm: bytes that it pops beyond the address */
    CLUSTER_OP_LEAVE,
    /* Shifts. src: IMM, or REG RCX for a count in CL (src_width 1). */
    CLUSTER_OP_ROL, CLUSTER_OP_ROR, CLUSTER_OP_RCL, CLUSTER_OP_RCR,
    CLUSTER_OP_SHL, CLUSTER_OP_SHR, CLUSTER_OP_SAR,
    CLUSTER_OP_SHLD, CLUSTER_OP_SHRD,   /* dst, src; count: imm, or CL where imm is -1 */
    /* One operand, src; the others are RAX and RDX of width bytes (AX alone, for a byte). */
    CLUSTER_OP_MUL, CLUSTER_OP_IMUL1, CLUSTER_OP_DIV, CLUSTER_OP_IDIV,
    CLUSTER_OP_IMUL2,           /* dst *= src */
    CLUSTER_OP_IMUL3,           /* dst = src * imm */
    CLUSTER_OP_BT, CLUSTER_OP_BTS, CLUSTER_OP_BTR, CLUSTER_OP_BTC, /* src: REG or IMM, a bit offset */
    CLUSTER_OP_BSF, CLUSTER_OP_BSR, CLUSTER_OP_TZCNT, CLUSTER_OP_LZCNT, CLUSTER_OP_POPCNT,
    CLUSTER_OP_BSWAP,           /* dst */
    CLUSTER_OP_CBW,             /* RAX: its low half, sign-extended to width (CBW, CWDE, CDQE) */
    CLUSTER_OP_CWD,             /* RDX: the sign of RAX, width bytes (CWD, CDQ, CQO) */
    CLUSTER_OP_XCHG, CLUSTER_OP_XADD,   /* dst, src: a register; XCHG with memory is locked */
    CLUSTER_OP_CMPXCHG,         /* dst, src: a register; and RAX */
    /* String operations on elements of width bytes, DF clear; see rep. */
    CLUSTER_OP_MOVS, CLUSTER_OP_STOS, CLUSTER_OP_LODS, CLUSTER_OP_CMPS, CLUSTER_OP_SCAS,
    CLUSTER_OP_PUSHF, CLUSTER_OP_POPF, CLUSTER_OP_CLI, CLUSTER_OP_STI,
    CLUSTER_OP_CLC, CLUSTER_OP_STC, CLUSTER_OP_CMC, CLUSTER_OP_CLD,
    CLUSTER_OP_FENCE,           /* cond: 5 LFENCE, 6 MFENCE, 7 SFENCE (the ModRM reg field) */
    CLUSTER_OP_PAUSE,
    CLUSTER_OP_READ_CR2,        /* dst */
    CLUSTER_OP_WRITE_CR2,       /* src */
    /* By ops->emulate(), though L1 does not always exit by them. */
    CLUSTER_OP_RDTSC, CLUSTER_OP_RDTSCP,
    CLUSTER_OP_VERW,            /* src: 16 bits; sets or clears ZF */

    /* The exiting ones come last. */
    CLUSTER_OP_VMREAD,          /* dst: value, src: field number */
    CLUSTER_OP_VMWRITE,         /* dst: field number, src: value */
    /* These, by ops->emulate(), in regions only. */
    CLUSTER_OP_VMPTRLD,         /* src: MEM, 8 bytes */
    CLUSTER_OP_INVEPT, CLUSTER_OP_INVVPID,  /* dst: REG, the type; src: MEM, 16 bytes */
    CLUSTER_OP_RDMSR, CLUSTER_OP_CPUID,
    /* These may cause an event: see step.h. */
    CLUSTER_OP_WRMSR,
    /*
     * A MOV from or to memory by which L1 was seen to exit: weakly exiting, for its page may be RAM
     * another time.  Made of a MOV by the recorder alone; touch is LATE.
     */
    CLUSTER_OP_WEAK_MOV,
    /* The region's last; never executed here: cluster_run() stops before them. */
    CLUSTER_OP_VMRESUME, CLUSTER_OP_VMLAUNCH,
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
    uint8_t segment;            /* enum cluster_seg */
    bool    addr32;             /* the offset is cut to 32 bits before the base is added */
    bool    rip_relative;       /* for printing: disp already is the absolute address */
    int64_t disp;
};

/*
 * How the interpreter resolves the memory operand before it computes anything.
 * A read-modify-write is one access, a WRITE: on x86 a page that can be written
 * can be read.  What the stack pointer, RSI or RDI points to is no operand.
 */
enum cluster_touch {
    CLUSTER_TOUCH_NONE,         /* no memory operand, or its address only (LEA, NOP) */
    /*
     * Resolved on the way: VMREAD and POP to memory (written); the descriptor of
     * INVEPT and INVVPID (16 bytes, read); BT, BTS, BTR and BTC of memory with the
     * bit offset in a register, which has a part in the address; WEAK_MOV.
     */
    CLUSTER_TOUCH_LATE,
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
    uint8_t src_width;          /* bytes of the source; see MOV, MOVSX, shifts, INVEPT */
    uint8_t cond;               /* 0..15, the low four bits of the opcode; SETcc, CMOVcc, Jcc */
    uint8_t target;             /* Jcc: index of the instruction at imm, or TARGET_OUTSIDE */
    uint8_t touch;              /* enum cluster_touch */
    uint8_t accesses;           /* memory accesses, those of the stack included */
    bool    lock;               /* LOCK, or XCHG with memory: the read-modify-write is atomic */
    uint8_t rep;                /* string operations: 0, 0xf3 (REP, REPE) or 0xf2 (REPNE) */
    struct cluster_operand dst, src;
    int64_t imm;                /* immediate, or where a Jcc goes */
    struct cluster_mem mem;
};

static inline bool cluster_insn_exits(const struct cluster_insn *insn)
{
    return insn->op >= CLUSTER_OP_VMREAD;
}

/* Of the kind that static clusters are made of. */
static inline bool cluster_insn_is_static(const struct cluster_insn *insn)
{
    bool prefetch = insn->op == CLUSTER_OP_NOP && insn->src.kind == CLUSTER_OPERAND_MEM;

    if (insn->lock || prefetch)
        return false;
    return insn->op <= CLUSTER_OP_JCC || insn->op == CLUSTER_OP_VMREAD ||
           insn->op == CLUSTER_OP_VMWRITE;
}

/* Does RIP go anywhere but to the next instruction? */
static inline bool cluster_insn_branches(const struct cluster_insn *insn)
{
    return insn->op >= CLUSTER_OP_JCC && insn->op <= CLUSTER_OP_RET;
}

/* Executed by ops->emulate(). */
static inline bool cluster_insn_is_emulated(const struct cluster_insn *insn)
{
    return (insn->op >= CLUSTER_OP_RDTSC && insn->op <= CLUSTER_OP_VERW) ||
           (insn->op >= CLUSTER_OP_VMPTRLD && insn->op <= CLUSTER_OP_WEAK_MOV);
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
