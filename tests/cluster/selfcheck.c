/* SPDX-License-Identifier: GPL-2.0-only */
#include "selfcheck.h"

#include <stdlib.h>

/* What an offset of the arena is. */
enum { NOT_CODE, INSIDE, BEGINS, BEGINS_ENDBR };

struct walk {
    const struct cluster_vcpu *vcpu;
    uint8_t *mark;              /* for each byte of the arena */
    uint32_t at;
    struct selfcheck_insn now;
};

bool selfcheck_decode(const uint8_t *code, unsigned int size, struct selfcheck_insn *out)
{
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, size, &out->insn, out->operand));
}

/* Of general registers only, and none that may fault, trap or leave by a way of its own. */
static bool may_be_emitted(ZydisMnemonic mnemonic)
{
    static const ZydisMnemonic allowed[] = {
        ZYDIS_MNEMONIC_MOV, ZYDIS_MNEMONIC_MOVZX, ZYDIS_MNEMONIC_MOVSX, ZYDIS_MNEMONIC_MOVSXD,
        ZYDIS_MNEMONIC_LEA, ZYDIS_MNEMONIC_ADD, ZYDIS_MNEMONIC_ADC, ZYDIS_MNEMONIC_SUB,
        ZYDIS_MNEMONIC_SBB, ZYDIS_MNEMONIC_AND, ZYDIS_MNEMONIC_OR, ZYDIS_MNEMONIC_XOR,
        ZYDIS_MNEMONIC_CMP, ZYDIS_MNEMONIC_TEST, ZYDIS_MNEMONIC_INC, ZYDIS_MNEMONIC_DEC,
        ZYDIS_MNEMONIC_NEG, ZYDIS_MNEMONIC_NOT, ZYDIS_MNEMONIC_ROL, ZYDIS_MNEMONIC_ROR,
        ZYDIS_MNEMONIC_RCL, ZYDIS_MNEMONIC_RCR, ZYDIS_MNEMONIC_SHL, ZYDIS_MNEMONIC_SHR,
        ZYDIS_MNEMONIC_SAR, ZYDIS_MNEMONIC_SHLD, ZYDIS_MNEMONIC_SHRD, ZYDIS_MNEMONIC_MUL,
        ZYDIS_MNEMONIC_IMUL, ZYDIS_MNEMONIC_BT, ZYDIS_MNEMONIC_BTS, ZYDIS_MNEMONIC_BTR,
        ZYDIS_MNEMONIC_BTC, ZYDIS_MNEMONIC_BSF, ZYDIS_MNEMONIC_BSR, ZYDIS_MNEMONIC_TZCNT,
        ZYDIS_MNEMONIC_LZCNT, ZYDIS_MNEMONIC_BSWAP, ZYDIS_MNEMONIC_CBW, ZYDIS_MNEMONIC_CWDE,
        ZYDIS_MNEMONIC_CDQE, ZYDIS_MNEMONIC_CWD, ZYDIS_MNEMONIC_CDQ, ZYDIS_MNEMONIC_CQO,
        ZYDIS_MNEMONIC_XCHG, ZYDIS_MNEMONIC_XADD, ZYDIS_MNEMONIC_CMPXCHG, ZYDIS_MNEMONIC_CLC,
        ZYDIS_MNEMONIC_STC, ZYDIS_MNEMONIC_CMC, ZYDIS_MNEMONIC_LFENCE, ZYDIS_MNEMONIC_MFENCE,
        ZYDIS_MNEMONIC_SFENCE, ZYDIS_MNEMONIC_PAUSE, ZYDIS_MNEMONIC_PUSH, ZYDIS_MNEMONIC_POP,
        ZYDIS_MNEMONIC_PUSHFQ, ZYDIS_MNEMONIC_POPFQ, ZYDIS_MNEMONIC_ENDBR64, ZYDIS_MNEMONIC_RET,
        ZYDIS_MNEMONIC_JMP, ZYDIS_MNEMONIC_INT3, ZYDIS_MNEMONIC_RDTSC,
    };
    unsigned int i;

    for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
        if (mnemonic == allowed[i])
            return true;
    return false;
}

static bool is_family(ZydisInstructionCategory category)
{
    return category == ZYDIS_CATEGORY_COND_BR || category == ZYDIS_CATEGORY_SETCC ||
           category == ZYDIS_CATEGORY_CMOV;
}

static const ZydisDecodedOperand *memory_of(const struct selfcheck_insn *now)
{
    unsigned int i;

    for (i = 0; i < now->insn.operand_count_visible; i++)
        if (now->operand[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
            return &now->operand[i];
    return NULL;
}

static bool in_frame(const struct walk *w, const ZydisDecodedOperand *memory)
{
    const struct cluster_arena *arena = &w->vcpu->arena;
    uint64_t address = (uintptr_t)arena->execute + w->at + w->now.insn.length +
                       memory->mem.disp.value;
    uint64_t frame = (uintptr_t)arena->frame;

    return address >= frame && address + memory->size / 8 <= frame + sizeof(*arena->frame);
}

/* RIP-relative, by a register that was checked, or an address only. */
static const char *check_memory(const struct walk *w)
{
    const ZydisDecodedOperand *memory = memory_of(&w->now);

    if (!memory)
        return NULL;
    if (memory->mem.segment != ZYDIS_REGISTER_DS && memory->mem.segment != ZYDIS_REGISTER_SS)
        return "a segment prefix";
    if (memory->mem.base == ZYDIS_REGISTER_RIP)
        return in_frame(w, memory) ? NULL : "an operand outside the frame";
    if (w->now.insn.mnemonic == ZYDIS_MNEMONIC_LEA)
        return NULL;
    if (memory->mem.index != ZYDIS_REGISTER_NONE)
        return "an index in an access";
    if (memory->mem.base != ZYDIS_REGISTER_R13 && memory->mem.base != ZYDIS_REGISTER_R14)
        return "an access by a register of L1";
    return NULL;
}

static bool writes_stack_pointer(const struct selfcheck_insn *now)
{
    unsigned int i;

    for (i = 0; i < now->insn.operand_count_visible; i++)
        if (now->operand[i].type == ZYDIS_OPERAND_TYPE_REGISTER &&
            ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64,
                                             now->operand[i].reg.value) == ZYDIS_REGISTER_RSP)
            return true;
    return false;
}

static const char *check_insn(const struct walk *w)
{
    const ZydisDecodedInstruction *insn = &w->now.insn;

    if (!may_be_emitted(insn->mnemonic) && !is_family(insn->meta.category))
        return "an instruction that is not allowed";
    if (insn->mnemonic == ZYDIS_MNEMONIC_JMP &&
        w->now.operand[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return "an indirect jump";
    if (insn->mnemonic == ZYDIS_MNEMONIC_RET &&
        ((uintptr_t)w->vcpu->arena.execute + w->at) % 64 < 32)
        return "a RET in the first half of a cache line";
    if (writes_stack_pointer(&w->now))
        return "RSP by name";
    return check_memory(w);
}

/* Mark the instructions of [from, end). */
static const char *walk_part(struct walk *w, uint32_t from, uint32_t end)
{
    const char *wrong;

    for (w->at = from; w->at < end; w->at += w->now.insn.length) {
        if (!selfcheck_decode(w->vcpu->arena.execute + w->at, end - w->at, &w->now))
            return "not an instruction";
        wrong = check_insn(w);
        if (wrong)
            return wrong;
        memset(w->mark + w->at, INSIDE, w->now.insn.length);
        w->mark[w->at] = w->now.insn.mnemonic == ZYDIS_MNEMONIC_ENDBR64 ? BEGINS_ENDBR : BEGINS;
    }
    return w->at == end ? NULL : "an instruction across the end";
}

/* After both parts are marked: do jumps go where an instruction begins? */
static const char *check_jumps(struct walk *w, uint32_t from, uint32_t end)
{
    for (w->at = from; w->at < end; w->at += w->now.insn.length) {
        uint64_t to;

        selfcheck_decode(w->vcpu->arena.execute + w->at, end - w->at, &w->now);
        if (w->now.operand[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE ||
            !w->now.operand[0].imm.is_relative)
            continue;
        to = w->at + w->now.insn.length + w->now.operand[0].imm.value.s;
        if (to >= w->vcpu->arena.size || w->mark[to] < BEGINS)
            return "a jump to no instruction";
    }
    return NULL;
}

static bool is_entry(const struct walk *w, uint32_t offset)
{
    return offset == CLUSTER_NO_INDEX ||
           (offset < w->vcpu->arena.size && w->mark[offset] == BEGINS_ENDBR);
}

static const char *check_entries(struct walk *w)
{
    const struct cluster_vcpu *vcpu = w->vcpu;
    uint32_t i;

    for (i = 0; i < vcpu->nr_segments; i++)
        if (!is_entry(w, w->at = vcpu->segment[i].code))
            return "a segment without an entry";
    for (i = 0; i < vcpu->nr_nodes; i++)
        if (!is_entry(w, w->at = vcpu->node[i].code))
            return "a header without an entry";
    for (i = 0; i < vcpu->nr_exits; i++)
        if (!is_entry(w, w->at = vcpu->exit[i].resume) ||
            !is_entry(w, w->at = vcpu->exit[i].resume_next))
            return "no entry to resume at";
    return NULL;
}

const char *selfcheck_arena(const struct cluster_vcpu *vcpu, uint32_t *where)
{
    struct walk w = { .vcpu = vcpu, .mark = calloc(1, vcpu->arena.size + 1) };
    uint32_t cold = vcpu->arena.size / 4;
    const char *wrong = walk_part(&w, 0, vcpu->arena_used);

    if (!wrong)
        wrong = walk_part(&w, cold, cold + vcpu->arena_cold);
    if (!wrong)
        wrong = check_jumps(&w, 0, vcpu->arena_used);
    if (!wrong)
        wrong = check_jumps(&w, cold, cold + vcpu->arena_cold);
    if (!wrong)
        wrong = check_entries(&w);
    *where = w.at;
    free(w.mark);
    return wrong;
}

const char *selfcheck_edges(const struct cluster_vcpu *vcpu, uint32_t *where)
{
    uint32_t n, e;

    for (n = 0; n < vcpu->nr_nodes; n++) {
        *where = n;
        for (e = vcpu->node[n].edge; e != CLUSTER_NO_INDEX; e = vcpu->edge[e].next) {
            if (e >= vcpu->nr_edges)
                return "an edge that is not in use";
            if (vcpu->edge[e].from != n)
                return "another branch's edge";
        }
    }
    return NULL;
}
