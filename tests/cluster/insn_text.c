/* SPDX-License-Identifier: GPL-2.0-only */
#include "insn_text.h"

#include <inttypes.h>

static const char *const op_name[CLUSTER_NR_OPS] = {
    [CLUSTER_OP_NOP] = "nop", [CLUSTER_OP_MOV] = "mov", [CLUSTER_OP_MOVSX] = "movsx",
    [CLUSTER_OP_LEA] = "lea", [CLUSTER_OP_ADD] = "add", [CLUSTER_OP_ADC] = "adc",
    [CLUSTER_OP_SUB] = "sub", [CLUSTER_OP_SBB] = "sbb", [CLUSTER_OP_AND] = "and",
    [CLUSTER_OP_OR] = "or", [CLUSTER_OP_XOR] = "xor", [CLUSTER_OP_CMP] = "cmp",
    [CLUSTER_OP_TEST] = "test", [CLUSTER_OP_INC] = "inc", [CLUSTER_OP_DEC] = "dec",
    [CLUSTER_OP_NEG] = "neg", [CLUSTER_OP_NOT] = "not", [CLUSTER_OP_PUSH] = "push",
    [CLUSTER_OP_POP] = "pop", [CLUSTER_OP_SETCC] = "set", [CLUSTER_OP_CMOVCC] = "cmov",
    [CLUSTER_OP_JCC] = "j", [CLUSTER_OP_JMP] = "jmp", [CLUSTER_OP_CALL] = "call",
    [CLUSTER_OP_RET] = "ret", [CLUSTER_OP_LEAVE] = "leave", [CLUSTER_OP_ROL] = "rol",
    [CLUSTER_OP_ROR] = "ror", [CLUSTER_OP_RCL] = "rcl", [CLUSTER_OP_RCR] = "rcr",
    [CLUSTER_OP_SHL] = "shl", [CLUSTER_OP_SHR] = "shr", [CLUSTER_OP_SAR] = "sar",
    [CLUSTER_OP_SHLD] = "shld", [CLUSTER_OP_SHRD] = "shrd", [CLUSTER_OP_MUL] = "mul",
    [CLUSTER_OP_IMUL1] = "imul1", [CLUSTER_OP_DIV] = "div", [CLUSTER_OP_IDIV] = "idiv",
    [CLUSTER_OP_IMUL2] = "imul2", [CLUSTER_OP_IMUL3] = "imul3", [CLUSTER_OP_BT] = "bt",
    [CLUSTER_OP_BTS] = "bts", [CLUSTER_OP_BTR] = "btr", [CLUSTER_OP_BTC] = "btc",
    [CLUSTER_OP_BSF] = "bsf", [CLUSTER_OP_BSR] = "bsr", [CLUSTER_OP_TZCNT] = "tzcnt",
    [CLUSTER_OP_LZCNT] = "lzcnt", [CLUSTER_OP_POPCNT] = "popcnt", [CLUSTER_OP_BSWAP] = "bswap",
    [CLUSTER_OP_CBW] = "cbw", [CLUSTER_OP_CWD] = "cwd", [CLUSTER_OP_XCHG] = "xchg",
    [CLUSTER_OP_XADD] = "xadd", [CLUSTER_OP_CMPXCHG] = "cmpxchg", [CLUSTER_OP_MOVS] = "movs",
    [CLUSTER_OP_STOS] = "stos", [CLUSTER_OP_LODS] = "lods", [CLUSTER_OP_CMPS] = "cmps",
    [CLUSTER_OP_SCAS] = "scas", [CLUSTER_OP_PUSHF] = "pushf", [CLUSTER_OP_POPF] = "popf",
    [CLUSTER_OP_CLI] = "cli", [CLUSTER_OP_STI] = "sti", [CLUSTER_OP_CLC] = "clc",
    [CLUSTER_OP_STC] = "stc", [CLUSTER_OP_CMC] = "cmc", [CLUSTER_OP_CLD] = "cld",
    [CLUSTER_OP_FENCE] = "fence", [CLUSTER_OP_PAUSE] = "pause", [CLUSTER_OP_RDTSC] = "rdtsc",
    [CLUSTER_OP_RDTSCP] = "rdtscp", [CLUSTER_OP_READ_CR2] = "mov-from-cr2",
    [CLUSTER_OP_WRITE_CR2] = "mov-to-cr2", [CLUSTER_OP_VERW] = "verw",
    [CLUSTER_OP_VMREAD] = "vmread",
    [CLUSTER_OP_VMWRITE] = "vmwrite", [CLUSTER_OP_VMPTRLD] = "vmptrld",
    [CLUSTER_OP_INVEPT] = "invept", [CLUSTER_OP_INVVPID] = "invvpid", [CLUSTER_OP_RDMSR] = "rdmsr",
    [CLUSTER_OP_WRMSR] = "wrmsr", [CLUSTER_OP_CPUID] = "cpuid", [CLUSTER_OP_WEAK_MOV] = "weak-mov",
    [CLUSTER_OP_VMRESUME] = "vmresume", [CLUSTER_OP_VMLAUNCH] = "vmlaunch",
};

static const char *const cond_name[16] = {
    "o", "no", "b", "nb", "z", "nz", "be", "nbe", "s", "ns", "p", "np", "l", "nl", "le", "nle",
};

static const char *const cut_name[CLUSTER_NR_CUTS] = {
    [CLUSTER_CUT_LENGTH] = "limit of instructions",
    [CLUSTER_CUT_ACCESSES] = "limit of memory accesses",
    [CLUSTER_CUT_UNSUPPORTED] = "unsupported instruction",
    [CLUSTER_CUT_INVALID] = "invalid instruction",
    [CLUSTER_CUT_BYTES] = "end of the bytes",
    [CLUSTER_CUT_ADDRESS] = "end of the canonical addresses",
};

static const char *const reg_name[CLUSTER_NR_GPRS] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

static bool conditional(const struct cluster_insn *insn)
{
    return insn->op == CLUSTER_OP_SETCC || insn->op == CLUSTER_OP_CMOVCC ||
           insn->op == CLUSTER_OP_JCC;
}

static void mem_text(FILE *out, const struct cluster_mem *mem)
{
    static const char *const segment[] = { "", "fs:", "gs:" };
    const char *plus = "";

    fprintf(out, "%s%s[", mem->addr32 ? "addr32 " : "", segment[mem->segment]);
    if (mem->rip_relative)
        fprintf(out, "rip -> ");
    if (mem->base != CLUSTER_REG_NONE) {
        fprintf(out, "%s", reg_name[mem->base]);
        plus = " + ";
    }
    if (mem->index != CLUSTER_REG_NONE) {
        fprintf(out, "%s%s*%d", plus, reg_name[mem->index], 1 << mem->shift);
        plus = " + ";
    }
    fprintf(out, "%s0x%" PRIx64 "]", plus, (uint64_t)mem->disp);
}

/* Registers carry their width in bits, so that AX and RAX differ: rax.16, rax.64. */
static void operand_text(FILE *out, const struct cluster_insn *insn, struct cluster_operand o,
                         unsigned int width)
{
    switch (o.kind) {
    case CLUSTER_OPERAND_REG:
        fprintf(out, "%s.%u", reg_name[o.reg], 8 * width);
        break;
    case CLUSTER_OPERAND_REG_HIGH:
        fprintf(out, "%s.high", reg_name[o.reg]);
        break;
    case CLUSTER_OPERAND_IMM:
        fprintf(out, "0x%" PRIx64, (uint64_t)insn->imm);
        break;
    case CLUSTER_OPERAND_MEM:
        fprintf(out, "%u-bit ", 8 * width);
        mem_text(out, &insn->mem);
        break;
    }
}

static const char *prefix_text(const struct cluster_insn *insn)
{
    return insn->lock ? "lock " : insn->rep == 0xf3 ? "rep " : insn->rep == 0xf2 ? "repne " : "";
}

/* Besides the operands, where there is one. */
static bool has_immediate(const struct cluster_insn *insn)
{
    return insn->op == CLUSTER_OP_SHLD || insn->op == CLUSTER_OP_SHRD ||
           insn->op == CLUSTER_OP_IMUL3 || (insn->op == CLUSTER_OP_RET && insn->imm);
}

static void target_text(FILE *out, const struct cluster_insn *insn)
{
    if (insn->target == CLUSTER_TARGET_OUTSIDE)
        fprintf(out, " -> outside");
    else
        fprintf(out, " -> %u", insn->target);
}

void insn_text(FILE *out, const struct cluster_insn *insn)
{
    fprintf(out, "%s%s%s", prefix_text(insn), op_name[insn->op],
            conditional(insn) ? cond_name[insn->cond] : "");
    if (insn->dst.kind != CLUSTER_OPERAND_NONE) {
        fprintf(out, " ");
        operand_text(out, insn, insn->dst, insn->width);
    }
    if (insn->src.kind != CLUSTER_OPERAND_NONE) {
        fprintf(out, insn->dst.kind != CLUSTER_OPERAND_NONE ? ", " : " ");
        operand_text(out, insn, insn->src, insn->src_width);
    }
    if (has_immediate(insn))
        fprintf(out, ", 0x%" PRIx64, (uint64_t)insn->imm);
    if (insn->op == CLUSTER_OP_JCC)
        target_text(out, insn);
    if (insn->accesses)
        fprintf(out, "  {%u}", insn->accesses);
    fprintf(out, "\n");
}

void cluster_text(FILE *out, const struct cluster *c, bool formed)
{
    unsigned int i;

    fprintf(out, "%s at 0x%" PRIx64 ": %u instructions, %u exiting, %u bytes\n",
            formed ? "cluster" : "no cluster", c->rip, c->nr_insns, c->nr_exiting, c->bytes);
    fprintf(out, "cut by: %s\n", cut_name[c->cut]);
    for (i = 0; i < c->nr_insns; i++) {
        const struct cluster_insn *insn = &c->insn[i];

        fprintf(out, "%2u +%-3u %2u %s ", i, insn->offset, insn->length,
                cluster_insn_exits(insn) ? "EXIT" : "gap ");
        insn_text(out, insn);
    }
}
