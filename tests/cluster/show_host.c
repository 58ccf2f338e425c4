/* SPDX-License-Identifier: GPL-2.0-only */
/* show_host.c - translated code as text, with names for the places that it knows. */
#define _GNU_SOURCE
#include <Zydis/Zydis.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "show.h"

/* What is addressed relative to RIP. */
static const struct member {
    size_t offset, size;
    const char *name;
} members[] = {
#define MEMBER(m) { offsetof(struct cluster_frame, m), sizeof(((struct cluster_frame *)0)->m), #m }
    MEMBER(regs), MEMBER(flags), MEMBER(address), MEMBER(entry_rsp), MEMBER(lazy),
    MEMBER(segment_base), MEMBER(vmcs), MEMBER(vmcs_dirty), MEMBER(poke), MEMBER(cr2), MEMBER(stack), MEMBER(exit),
    MEMBER(budget), MEMBER(exiting), MEMBER(silent), MEMBER(interrupts), MEMBER(pending), MEMBER(sti_shadow),
    MEMBER(tsc_offset), MEMBER(tsc_counts),
#undef MEMBER
};

static void name_slot(char *text, size_t size, size_t offset)
{
    static const char *const part[] = { "page", "host", "limit", "value", "at" };

    snprintf(text, size, "slot[%zu].%s", offset / sizeof(struct cluster_slot),
             part[offset % sizeof(struct cluster_slot) / 8]);
}

static void name_gpr(char *text, size_t size, size_t gpr)
{
    static const char *const name[CLUSTER_NR_GPRS] = {
        "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
        "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
    };

    snprintf(text, size, "l1.%s", gpr < CLUSTER_NR_GPRS ? name[gpr] : "rflags");
}

/* Byte @offset of the frame. */
static bool name_frame(char *text, size_t size, size_t offset)
{
    unsigned int i;

    if (offset >= sizeof(struct cluster_frame))
        return false;
    if (offset >= offsetof(struct cluster_frame, slot)) {
        name_slot(text, size, offset - offsetof(struct cluster_frame, slot));
        return true;
    }
    for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const struct member *m = &members[i];

        if (offset - m->offset >= m->size)
            continue;
        if (i == 0)
            name_gpr(text, size, offset / 8);
        else if (offset == m->offset)
            snprintf(text, size, "%s", m->name);
        else
            snprintf(text, size, "%s+%zu", m->name, offset - m->offset);
        return true;
    }
    return false;
}

/* Decode what is at @at.  RIP counts from the beginning of the arena. */
static bool decode(const struct cluster_vcpu *vcpu, uint32_t at, ZydisDecodedInstruction *z,
                   ZydisDecodedOperand *operands)
{
    ZydisDecoder decoder;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    return at < vcpu->arena.size &&
           ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, vcpu->arena.execute + at,
                                               vcpu->arena.size - at, z, operands));
}

/* The address that the instruction at @at names relative to RIP.  False: it names none. */
static bool named_address(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands,
                          uint32_t at, uint64_t *address, bool *jump)
{
    unsigned int i;

    for (i = 0; i < z->operand_count_visible; i++) {
        *jump = operands[i].type == ZYDIS_OPERAND_TYPE_IMMEDIATE && operands[i].imm.is_relative;
        if (*jump || (operands[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
                      operands[i].mem.base == ZYDIS_REGISTER_RIP))
            return ZYAN_SUCCESS(ZydisCalcAbsoluteAddress(z, &operands[i], at, address));
    }
    return false;
}

static uint64_t frame_offset(const struct cluster_vcpu *vcpu, uint64_t address)
{
    return address - ((uintptr_t)vcpu->arena.frame - (uintptr_t)vcpu->arena.execute);
}

/* The number that the code of an exit at @at stores to frame->exit. */
static bool exit_at(const struct cluster_vcpu *vcpu, uint64_t at, uint32_t *exit)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction z;
    uint64_t address;
    bool jump;

    for (; at < vcpu->arena.size && decode(vcpu, at, &z, operands); at += z.length) {
        if (z.mnemonic == ZYDIS_MNEMONIC_JMP || z.mnemonic == ZYDIS_MNEMONIC_RET)
            return false;
        if (!named_address(&z, operands, at, &address, &jump) || jump ||
            frame_offset(vcpu, address) != offsetof(struct cluster_frame, exit))
            continue;
        *exit = operands[1].imm.value.u;
        return *exit < vcpu->nr_exits;
    }
    return false;
}

/* A node whose code begins there. */
static bool node_at(const struct cluster_vcpu *vcpu, uint64_t at, uint32_t *n)
{
    for (*n = 0; *n < vcpu->nr_nodes; ++*n) {
        const struct show_note *note = show_note(*n);

        if (note && (note->start == at || note->plan.label == at))
            return true;
    }
    return false;
}

/* The common end of exits: it stores registers, and returns. */
static bool is_leave(const struct cluster_vcpu *vcpu, uint64_t at)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction z;

    for (; at < vcpu->arena.size && decode(vcpu, at, &z, operands); at += z.length) {
        if (z.mnemonic == ZYDIS_MNEMONIC_RET)
            return true;
        if (z.meta.category == ZYDIS_CATEGORY_COND_BR || z.mnemonic == ZYDIS_MNEMONIC_JMP)
            return false;
    }
    return false;
}

/* The look for a page that another slot was filled with: where there is none, an exit. */
static bool shared_page_at(const struct cluster_vcpu *vcpu, uint64_t at, uint32_t *exit)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction z;
    uint64_t address;
    bool jump;

    for (; at < vcpu->arena.size && decode(vcpu, at, &z, operands); at += z.length) {
        if (z.mnemonic == ZYDIS_MNEMONIC_RET)
            return false;
        if (z.meta.category == ZYDIS_CATEGORY_COND_BR || z.mnemonic == ZYDIS_MNEMONIC_JMP)
            return named_address(&z, operands, at, &address, &jump) && jump &&
                   exit_at(vcpu, address, exit) &&
                   vcpu->exit[*exit].kind == CLUSTER_EXIT_MISS;
    }
    return false;
}

/* A slot has another key: the slot's page, or a look for a shared one. */
static bool other_key_at(const struct cluster_vcpu *vcpu, uint64_t at, uint32_t *exit)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction z;
    uint64_t address;
    bool jump;

    for (; at < vcpu->arena.size && decode(vcpu, at, &z, operands); at += z.length)
        if (z.meta.category == ZYDIS_CATEGORY_COND_BR || z.mnemonic == ZYDIS_MNEMONIC_JMP)
            return named_address(&z, operands, at, &address, &jump) && jump &&
                   shared_page_at(vcpu, address, exit);
    return false;
}

/* A way back to a header counts, looks at the poke word, and jumps to it. */
static bool way_back_at(const struct cluster_vcpu *vcpu, uint64_t at, uint32_t *n)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction z;
    uint64_t address;
    bool jump;

    for (; at < vcpu->arena.size && decode(vcpu, at, &z, operands); at += z.length)
        if (z.mnemonic == ZYDIS_MNEMONIC_JMP)
            return named_address(&z, operands, at, &address, &jump) && jump &&
                   node_at(vcpu, address, n);
    return false;
}

static bool name_target(const struct cluster_vcpu *vcpu, char *text, size_t size, uint64_t at)
{
    uint32_t n;

    if (exit_at(vcpu, at, &n))
        snprintf(text, size, "exit %u", n);
    else if (node_at(vcpu, at, &n))
        snprintf(text, size, "node %u", n);
    else if (shared_page_at(vcpu, at, &n))
        snprintf(text, size, "shared page or exit %u", n);
    else if (other_key_at(vcpu, at, &n))
        snprintf(text, size, "other key or exit %u", n);
    else if (way_back_at(vcpu, at, &n))
        snprintf(text, size, "back to node %u", n);
    else if (is_leave(vcpu, at))
        snprintf(text, size, "leave");
    else
        return false;
    return true;
}

/* Put @name for the address, which the formatter writes in one way only. */
static void replace(char *text, size_t size, uint64_t address, const char *name)
{
    char number[24], rest[128], *at;

    snprintf(number, sizeof(number), "0x%" PRIx64, address);
    at = strcasestr(text, number);
    if (!at)
        return;
    snprintf(rest, sizeof(rest), "%s", at + strlen(number));
    snprintf(at, size - (at - text), "%s%s", name, rest);
}

static void format(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *operands,
                   uint32_t at, char *text, size_t size)
{
    ZydisFormatter formatter;

    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE,
                              ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
    ZydisFormatterFormatInstruction(&formatter, z, operands, z->operand_count_visible, text,
                                    size, at, ZYAN_NULL);
}

bool show_host_insn(const struct cluster_vcpu *vcpu, uint32_t *at, char *text, size_t size)
{
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecodedInstruction z;
    char name[64];
    uint64_t address;
    bool jump, known = true;

    if (!decode(vcpu, *at, &z, operands))
        return false;
    format(&z, operands, *at, text, size);
    if (named_address(&z, operands, *at, &address, &jump)) {
        known = jump ? name_target(vcpu, name, sizeof(name), address)
                     : name_frame(name, sizeof(name), frame_offset(vcpu, address));
        if (known)
            replace(text, size, address, name);
    }
    *at += z.length;
    return known;
}
