/* SPDX-License-Identifier: GPL-2.0-only */
#include "forms.h"

#define B FORM_BYTE
#define L FORM_LOCK

/* OP rm, r and OP r, rm and so on: all but CMP can be LOCKed where rm is the destination. */
#define ALU(name, base, ext, lock)                                              \
    { name " rm8, r8", 0, 0, base + 0, 1, MODRM_REG, 0, IMM_NONE, B | lock },   \
    { name " rm, r", 0, 0, base + 1, 1, MODRM_REG, 0, IMM_NONE, lock },         \
    { name " r8, rm8", 0, 0, base + 2, 1, MODRM_REG, 0, IMM_NONE, B },          \
    { name " r, rm", 0, 0, base + 3, 1, MODRM_REG, 0, IMM_NONE, 0 },            \
    { name " al, imm8", 0, 0, base + 4, 1, MODRM_NONE, 0, IMM_8, B },           \
    { name " eax, imm", 0, 0, base + 5, 1, MODRM_NONE, 0, IMM_Z, 0 },           \
    { name " rm8, imm8", 0, 0, 0x80, 1, MODRM_EXT, ext, IMM_8, B | lock },      \
    { name " rm, imm", 0, 0, 0x81, 1, MODRM_EXT, ext, IMM_Z, lock },            \
    { name " rm, imm8", 0, 0, 0x83, 1, MODRM_EXT, ext, IMM_8, lock }

#define UNARY(name, opcode, ext, flags)                                         \
    { name " rm8", 0, 0, opcode, 1, MODRM_EXT, ext, IMM_NONE, B | (flags) },    \
    { name " rm", 0, 0, (opcode) + 1, 1, MODRM_EXT, ext, IMM_NONE, flags }

#define SHIFT(name, ext)                                                        \
    { name " rm8, imm8", 0, 0, 0xc0, 1, MODRM_EXT, ext, IMM_8, B },             \
    { name " rm, imm8", 0, 0, 0xc1, 1, MODRM_EXT, ext, IMM_8, 0 },              \
    { name " rm8, 1", 0, 0, 0xd0, 1, MODRM_EXT, ext, IMM_NONE, B },             \
    { name " rm, 1", 0, 0, 0xd1, 1, MODRM_EXT, ext, IMM_NONE, 0 },              \
    { name " rm8, cl", 0, 0, 0xd2, 1, MODRM_EXT, ext, IMM_NONE, B },            \
    { name " rm, cl", 0, 0, 0xd3, 1, MODRM_EXT, ext, IMM_NONE, 0 }

#define BIT(name, opcode, ext, lock)                                            \
    { name " rm, r", 0, 0x0f, opcode, 1, MODRM_REG, 0, IMM_NONE, FORM_BITS | lock }, \
    { name " rm, imm8", 0, 0x0f, 0xba, 1, MODRM_EXT, ext, IMM_8, lock }

/* With and without REP (0xf3) and REPNE (0xf2), as far as they mean anything. */
#define STRING(name, opcode)                                                    \
    { name "b", 0, 0, opcode, 1, MODRM_NONE, 0, IMM_NONE, B | FORM_STRING },    \
    { name, 0, 0, (opcode) + 1, 1, MODRM_NONE, 0, IMM_NONE, FORM_STRING },      \
    { "rep " name "b", 0xf3, 0, opcode, 1, MODRM_NONE, 0, IMM_NONE, B | FORM_STRING }, \
    { "rep " name, 0xf3, 0, (opcode) + 1, 1, MODRM_NONE, 0, IMM_NONE, FORM_STRING }
#define REPNE(name, opcode)                                                     \
    { "repne " name "b", 0xf2, 0, opcode, 1, MODRM_NONE, 0, IMM_NONE, B | FORM_STRING }, \
    { "repne " name, 0xf2, 0, (opcode) + 1, 1, MODRM_NONE, 0, IMM_NONE, FORM_STRING }

const struct form forms[] = {
    ALU("add", 0x00, 0, L), ALU("or", 0x08, 1, L), ALU("adc", 0x10, 2, L),
    ALU("sbb", 0x18, 3, L), ALU("and", 0x20, 4, L), ALU("sub", 0x28, 5, L),
    ALU("xor", 0x30, 6, L), ALU("cmp", 0x38, 7, 0),
    { "test rm8, r8", 0, 0, 0x84, 1, MODRM_REG, 0, IMM_NONE, B },
    { "test rm, r", 0, 0, 0x85, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "test al, imm8", 0, 0, 0xa8, 1, MODRM_NONE, 0, IMM_8, B },
    { "test eax, imm", 0, 0, 0xa9, 1, MODRM_NONE, 0, IMM_Z, 0 },
    { "test rm8, imm8", 0, 0, 0xf6, 1, MODRM_EXT, 0, IMM_8, B },
    { "test rm, imm", 0, 0, 0xf7, 1, MODRM_EXT, 0, IMM_Z, 0 },
    UNARY("not", 0xf6, 2, L), UNARY("neg", 0xf6, 3, L),
    UNARY("inc", 0xfe, 0, L), UNARY("dec", 0xfe, 1, L),
    { "mov rm8, r8", 0, 0, 0x88, 1, MODRM_REG, 0, IMM_NONE, B },
    { "mov rm, r", 0, 0, 0x89, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "mov r8, rm8", 0, 0, 0x8a, 1, MODRM_REG, 0, IMM_NONE, B },
    { "mov r, rm", 0, 0, 0x8b, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "mov al, moffs", 0, 0, 0xa0, 1, MODRM_NONE, 0, IMM_MOFFS, B },
    { "mov eax, moffs", 0, 0, 0xa1, 1, MODRM_NONE, 0, IMM_MOFFS, 0 },
    { "mov moffs, al", 0, 0, 0xa2, 1, MODRM_NONE, 0, IMM_MOFFS, B },
    { "mov moffs, eax", 0, 0, 0xa3, 1, MODRM_NONE, 0, IMM_MOFFS, 0 },
    { "mov r8, imm8", 0, 0, 0xb0, 8, MODRM_NONE, 0, IMM_8, B },
    { "mov r, imm", 0, 0, 0xb8, 8, MODRM_NONE, 0, IMM_V, 0 },
    { "mov rm8, imm8", 0, 0, 0xc6, 1, MODRM_EXT, 0, IMM_8, B },
    { "mov rm, imm", 0, 0, 0xc7, 1, MODRM_EXT, 0, IMM_Z, 0 },
    { "movzx r, rm8", 0, 0x0f, 0xb6, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "movzx r, rm16", 0, 0x0f, 0xb7, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "movsx r, rm8", 0, 0x0f, 0xbe, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "movsx r, rm16", 0, 0x0f, 0xbf, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "movsxd r, rm32", 0, 0, 0x63, 1, MODRM_REG, 0, IMM_NONE, FORM_NO_16 },
    { "lea r, m", 0, 0, 0x8d, 1, MODRM_REG, 0, IMM_NONE, FORM_MEMORY | FORM_NOWHERE },
    { "push r", 0, 0, 0x50, 8, MODRM_NONE, 0, IMM_NONE, FORM_STACK | FORM_NO_16 },
    { "push imm8", 0, 0, 0x6a, 1, MODRM_NONE, 0, IMM_8, FORM_STACK | FORM_NO_16 },
    { "push imm32", 0, 0, 0x68, 1, MODRM_NONE, 0, IMM_Z, FORM_STACK | FORM_NO_16 },
    { "push rm", 0, 0, 0xff, 1, MODRM_EXT, 6, IMM_NONE, FORM_STACK | FORM_NO_16 },
    { "pop r", 0, 0, 0x58, 8, MODRM_NONE, 0, IMM_NONE, FORM_STACK | FORM_NO_16 },
    { "pop rm", 0, 0, 0x8f, 1, MODRM_EXT, 0, IMM_NONE, FORM_STACK | FORM_NO_16 },
    { "setcc rm8", 0, 0x0f, 0x90, 16, MODRM_REG, 0, IMM_NONE, B },
    { "cmovcc r, rm", 0, 0x0f, 0x40, 16, MODRM_REG, 0, IMM_NONE, 0 },
    { "jcc rel8", 0, 0, 0x70, 16, MODRM_NONE, 0, IMM_8, FORM_BRANCH | FORM_NO_16 },
    { "jcc rel32", 0, 0x0f, 0x80, 16, MODRM_NONE, 0, IMM_Z, FORM_BRANCH | FORM_NO_16 },
    { "nop", 0, 0, 0x90, 1, MODRM_NONE, 0, IMM_NONE, FORM_BARE },
    { "nop rm", 0, 0x0f, 0x1f, 1, MODRM_EXT, 0, IMM_NONE, FORM_NOWHERE },
    { "endbr64", 0xf3, 0x0f, 0x1e, 1, MODRM_NONE, 0xfa, IMM_NONE, FORM_BARE },

    { "jmp rel8", 0, 0, 0xeb, 1, MODRM_NONE, 0, IMM_8, FORM_BRANCH | FORM_BARE },
    { "jmp rel32", 0, 0, 0xe9, 1, MODRM_NONE, 0, IMM_Z, FORM_BRANCH | FORM_BARE },
    { "call rel32", 0, 0, 0xe8, 1, MODRM_NONE, 0, IMM_Z,
      FORM_BRANCH | FORM_BARE | FORM_STACK },
    { "jmp rm", 0, 0, 0xff, 1, MODRM_EXT, 4, IMM_NONE, FORM_INDIRECT | FORM_NO_16 },
    { "call rm", 0, 0, 0xff, 1, MODRM_EXT, 2, IMM_NONE,
      FORM_INDIRECT | FORM_STACK | FORM_NO_16 },
    { "ret", 0, 0, 0xc3, 1, MODRM_NONE, 0, IMM_NONE, FORM_RETURN | FORM_STACK | FORM_BARE },
    { "ret imm16", 0, 0, 0xc2, 1, MODRM_NONE, 0, IMM_16, FORM_RETURN | FORM_STACK | FORM_BARE },
    { "leave", 0, 0, 0xc9, 1, MODRM_NONE, 0, IMM_NONE, FORM_LEAVE | FORM_STACK | FORM_BARE },
    SHIFT("rol", 0), SHIFT("ror", 1), SHIFT("rcl", 2), SHIFT("rcr", 3),
    SHIFT("shl", 4), SHIFT("shr", 5), SHIFT("sar", 7),
    { "shld rm, r, imm8", 0, 0x0f, 0xa4, 1, MODRM_REG, 0, IMM_8, 0 },
    { "shld rm, r, cl", 0, 0x0f, 0xa5, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "shrd rm, r, imm8", 0, 0x0f, 0xac, 1, MODRM_REG, 0, IMM_8, 0 },
    { "shrd rm, r, cl", 0, 0x0f, 0xad, 1, MODRM_REG, 0, IMM_NONE, 0 },
    UNARY("mul", 0xf6, 4, 0), UNARY("imul", 0xf6, 5, 0),
    UNARY("div", 0xf6, 6, FORM_DIVIDES), UNARY("idiv", 0xf6, 7, FORM_DIVIDES),
    { "imul r, rm", 0, 0x0f, 0xaf, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "imul r, rm, imm", 0, 0, 0x69, 1, MODRM_REG, 0, IMM_Z, 0 },
    { "imul r, rm, imm8", 0, 0, 0x6b, 1, MODRM_REG, 0, IMM_8, 0 },
    BIT("bt", 0xa3, 4, 0), BIT("bts", 0xab, 5, L), BIT("btr", 0xb3, 6, L), BIT("btc", 0xbb, 7, L),
    { "bsf r, rm", 0, 0x0f, 0xbc, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "bsr r, rm", 0, 0x0f, 0xbd, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "tzcnt r, rm", 0xf3, 0x0f, 0xbc, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "lzcnt r, rm", 0xf3, 0x0f, 0xbd, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "popcnt r, rm", 0xf3, 0x0f, 0xb8, 1, MODRM_REG, 0, IMM_NONE, 0 },
    { "bswap r", 0, 0x0f, 0xc8, 8, MODRM_NONE, 0, IMM_NONE, FORM_NO_16 },
    { "cbw", 0, 0, 0x98, 1, MODRM_NONE, 0, IMM_NONE, 0 },
    { "cwd", 0, 0, 0x99, 1, MODRM_NONE, 0, IMM_NONE, 0 },
    { "xchg rm8, r8", 0, 0, 0x86, 1, MODRM_REG, 0, IMM_NONE, B | L },
    { "xchg rm, r", 0, 0, 0x87, 1, MODRM_REG, 0, IMM_NONE, L },
    { "xchg r, eax", 0, 0, 0x91, 7, MODRM_NONE, 0, IMM_NONE, 0 },
    { "xadd rm8, r8", 0, 0x0f, 0xc0, 1, MODRM_REG, 0, IMM_NONE, B | L },
    { "xadd rm, r", 0, 0x0f, 0xc1, 1, MODRM_REG, 0, IMM_NONE, L },
    { "cmpxchg rm8, r8", 0, 0x0f, 0xb0, 1, MODRM_REG, 0, IMM_NONE, B | L },
    { "cmpxchg rm, r", 0, 0x0f, 0xb1, 1, MODRM_REG, 0, IMM_NONE, L },
    STRING("movs", 0xa4), STRING("stos", 0xaa), STRING("lods", 0xac),
    STRING("cmps", 0xa6), REPNE("cmps", 0xa6), STRING("scas", 0xae), REPNE("scas", 0xae),
    { "pushf", 0, 0, 0x9c, 1, MODRM_NONE, 0, IMM_NONE,
      FORM_STACK | FORM_BARE | FORM_PUSHES_FLAGS },
    { "popf", 0, 0, 0x9d, 1, MODRM_NONE, 0, IMM_NONE, FORM_STACK | FORM_BARE | FORM_FLAGS },
    { "clc", 0, 0, 0xf8, 1, MODRM_NONE, 0, IMM_NONE, FORM_BARE },
    { "stc", 0, 0, 0xf9, 1, MODRM_NONE, 0, IMM_NONE, FORM_BARE },
    { "cmc", 0, 0, 0xf5, 1, MODRM_NONE, 0, IMM_NONE, FORM_BARE },
    { "cld", 0, 0, 0xfc, 1, MODRM_NONE, 0, IMM_NONE, FORM_BARE },
    { "pause", 0xf3, 0, 0x90, 1, MODRM_NONE, 0, IMM_NONE, FORM_BARE },
    { "lfence", 0, 0x0f, 0xae, 1, MODRM_NONE, 0xe8, IMM_NONE, FORM_BARE },
    { "mfence", 0, 0x0f, 0xae, 1, MODRM_NONE, 0xf0, IMM_NONE, FORM_BARE },
    { "sfence", 0, 0x0f, 0xae, 1, MODRM_NONE, 0xf8, IMM_NONE, FORM_BARE },
};

unsigned int nr_forms(void)
{
    return sizeof(forms) / sizeof(forms[0]);
}
