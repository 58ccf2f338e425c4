/* SPDX-License-Identifier: GPL-2.0-only */
#include "paths_world.h"

#include <err.h>
#include <stdlib.h>

#include "decode.h"

static bool is_string(const struct cluster_insn *insn)
{
    return insn->op >= CLUSTER_OP_MOVS && insn->op <= CLUSTER_OP_SCAS;
}

bool path_asks(const struct path_code *code, unsigned int i)
{
    const struct cluster_insn *insn = &code->insn[i];

    return insn->op == CLUSTER_OP_VMREAD || insn->op == CLUSTER_OP_VMWRITE ||
           cluster_insn_is_emulated(insn);
}

/* Was instruction @i executed from beginning to end, as the engine would? */
static bool executable(const struct path_code *code, unsigned int i)
{
    const struct path_insn *insn = &code->path->insn[i];

    if (code->insn[i].op == CLUSTER_NR_OPS || insn->faulted || path_is_entry(&code->insn[i]))
        return false;
    if (insn->exit != PATH_NO_EXIT && !path_asks(code, i))
        return false;
    /* A string instruction that an interrupt broke off. */
    return !(is_string(&code->insn[i]) && i + 1 < code->path->nr_insns &&
             insn[1].before.regs.rip == insn->before.regs.rip);
}

/*
 * Where L0 entered L1 other than behind the instruction that had exited, it has injected an event;
 * after an exit between two instructions it may have.
 */
static bool follows(const struct path *path, unsigned int i)
{
    const struct path_insn *before = &path->insn[i - 1];

    return !path->insn[i].entered ||
           (before->exit != PATH_NO_EXIT &&
            path->insn[i].before.regs.rip == before->before.regs.rip + before->length);
}

void path_decode(struct path_code *code, const struct path *path)
{
    unsigned int i;

    code->path = path;
    code->insn = calloc(path->nr_insns, sizeof(*code->insn));
    code->joins = calloc(path->nr_insns, sizeof(*code->joins));
    if (!code->insn || !code->joins)
        err(2, "calloc");
    for (i = 0; i < path->nr_insns; i++) {
        const struct path_insn *insn = &path->insn[i];

        if (cluster_decode(&code->insn[i], insn->byte, insn->length, insn->before.regs.rip) !=
            CLUSTER_DECODE_OK)
            code->insn[i].op = CLUSTER_NR_OPS;
    }
    for (i = 1; i < path->nr_insns; i++)
        code->joins[i] = executable(code, i - 1) && follows(path, i);
}

void path_code_free(struct path_code *code)
{
    free(code->insn);
    free(code->joins);
}

uint64_t path_operand(const struct path_code *code, unsigned int i,
                              const struct cluster_operand *operand, char what)
{
    const struct path *path = code->path;
    const struct path_access *a = path->access + path->insn[i].first_access;
    const struct path_access *end = a + path->insn[i].nr_accesses;
    uint64_t value = 0;

    if (operand->kind == CLUSTER_OPERAND_REG)
        return path->insn[what == 'q' ? i + 1 : i].before.regs.gpr[operand->reg];
    for (; a < end; a++)
        if (a->what == what)
            memcpy(&value, a->byte, sizeof(value));
    return value;
}

uint64_t path_field_number(const struct path_code *code, unsigned int i)
{
    const struct cluster_insn *insn = &code->insn[i];

    return path_operand(code, i, insn->op == CLUSTER_OP_VMREAD ? &insn->src : &insn->dst, 'p');
}

uint64_t path_value(const struct path_code *code, unsigned int i)
{
    const struct cluster_insn *insn = &code->insn[i];

    if (insn->op == CLUSTER_OP_VMREAD)
        return path_operand(code, i, &insn->dst, 'q');
    return path_operand(code, i, &insn->src, 'p');
}

enum cluster_vmx path_vmx_result(const struct path_code *code, unsigned int i)
{
    uint64_t rflags = code->path->insn[i + 1].before.regs.rflags;

    if (rflags & FLAG_CF)
        return CLUSTER_VMX_FAIL_INVALID;
    return rflags & FLAG_ZF ? CLUSTER_VMX_FAIL_VALID : CLUSTER_VMX_SUCCEED;
}
