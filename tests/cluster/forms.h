/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forms.h - the encodings that the engine supports and a program in user mode
 * can execute, as a table that generate.c draws from.
 */
#ifndef FORMS_H
#define FORMS_H

#include <stdint.h>

/* Z: at most 32 bits; V: to 64. */
enum immediate { IMM_NONE, IMM_8, IMM_16, IMM_Z, IMM_V, IMM_MOFFS };

enum modrm { MODRM_NONE, MODRM_REG, MODRM_EXT };

/* What is particular about a form. */
enum {
    FORM_BYTE    = 1 << 0,      /* operates on bytes whatever the prefixes */
    FORM_MEMORY  = 1 << 1,      /* memory operands only */
    FORM_NOWHERE = 1 << 2,      /* the memory operand is not accessed */
    FORM_STACK   = 1 << 3,      /* uses the stack: 64 bits only */
    FORM_BRANCH  = 1 << 4,      /* the immediate is a displacement */
    FORM_BARE    = 1 << 5,      /* takes no prefix */
    FORM_NO_16   = 1 << 6,      /* takes no operand-size prefix */
    FORM_LOCK    = 1 << 7,      /* a memory operand may be LOCKed */
    FORM_BITS    = 1 << 8,      /* the register operand is an offset in bits */
    FORM_DIVIDES = 1 << 9,      /* faults unless RDX is small */
    FORM_STRING  = 1 << 10,     /* RSI, RDI, RCX */
    FORM_REPNE   = 1 << 11,     /* a string operation that looks at ZF */
    FORM_FLAGS   = 1 << 12,     /* POPF: takes flags from the stack */
    FORM_INDIRECT = 1 << 13,    /* a branch by register or memory */
    FORM_RETURN  = 1 << 14,
    FORM_LEAVE   = 1 << 15,
    FORM_PUSHES_FLAGS = 1 << 16,
    FORM_NO_ADDR32 = 1 << 17,
};

struct form {
    const char *name;
    uint8_t mandatory;          /* a prefix that is part of the opcode, or 0 */
    uint8_t escape;             /* 0x0f or 0 */
    uint8_t opcode;
    uint8_t span;               /* consecutive opcodes: registers or conditions */
    uint8_t modrm, ext;
    uint8_t imm;
    uint32_t flags;
};

extern const struct form forms[];

/* How many. */
unsigned int nr_forms(void);

#endif /* FORMS_H */
