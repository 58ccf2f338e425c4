/* SPDX-License-Identifier: GPL-2.0-only */
#include <Zycore/Format.h>
#include <Zydis/Zydis.h>

#include "disasm.h"

struct decoded {
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
};

/*
 * Exits that a hypervisor can expect of its guest hypervisor: those that are
 * unconditional (SDM vol. 3, 26.1.2), and those that nested VMX intercepts.
 */
static bool is_exiting(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_VMREAD:
    case ZYDIS_MNEMONIC_VMWRITE:
    case ZYDIS_MNEMONIC_VMRESUME:
    case ZYDIS_MNEMONIC_VMLAUNCH:
    case ZYDIS_MNEMONIC_VMPTRLD:
    case ZYDIS_MNEMONIC_VMPTRST:
    case ZYDIS_MNEMONIC_VMCLEAR:
    case ZYDIS_MNEMONIC_VMXON:
    case ZYDIS_MNEMONIC_VMXOFF:
    case ZYDIS_MNEMONIC_VMCALL:
    case ZYDIS_MNEMONIC_INVEPT:
    case ZYDIS_MNEMONIC_INVVPID:
    case ZYDIS_MNEMONIC_CPUID:
    case ZYDIS_MNEMONIC_XSETBV:
    case ZYDIS_MNEMONIC_INVD:
    case ZYDIS_MNEMONIC_HLT:
    case ZYDIS_MNEMONIC_IN:
    case ZYDIS_MNEMONIC_OUT:
    case ZYDIS_MNEMONIC_RDMSR:
    case ZYDIS_MNEMONIC_WRMSR:
        return true;
    default:
        return false;
    }
}

/* In place of Zydis' own printing of absolute addresses. */
static ZyanStatus print_address(const ZydisFormatter *formatter, ZydisFormatterBuffer *buffer,
                                ZydisFormatterContext *context)
{
    const struct symbols *symbols = context->user_data;
    const struct symbol *symbol;
    ZyanString *string;
    char name[80];
    ZyanU64 address;

    (void)formatter;
    ZYAN_CHECK(ZydisCalcAbsoluteAddress(context->instruction, context->operand,
                                        context->runtime_address, &address));
    ZYAN_CHECK(ZydisFormatterBufferAppend(buffer, ZYDIS_TOKEN_SYMBOL));
    ZYAN_CHECK(ZydisFormatterBufferGetString(buffer, &string));
    symbol = symbols_find(symbols, address);
    if (!symbol)
        return ZyanStringAppendFormat(string, "0x%llx", (unsigned long long)address);
    return ZyanStringAppendFormat(string, "%s",
                                  symbols_format(symbol, address, name, sizeof(name)));
}

static bool format(const struct decoded *decoded, uint64_t rip, const struct symbols *symbols,
                   char *text, size_t size)
{
    ZydisFormatterFunc address_printer = (ZydisFormatterFunc)&print_address;
    ZydisFormatter formatter;

    return ZYAN_SUCCESS(ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL)) &&
           ZYAN_SUCCESS(ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE,
                                                  ZYAN_FALSE)) &&
           ZYAN_SUCCESS(ZydisFormatterSetHook(&formatter, ZYDIS_FORMATTER_FUNC_PRINT_ADDRESS_ABS,
                                              (const void **)&address_printer)) &&
           ZYAN_SUCCESS(ZydisFormatterFormatInstruction(
               &formatter, &decoded->insn, decoded->operands,
               decoded->insn.operand_count_visible, text, size, rip, (void *)symbols));
}

static bool decode(const uint8_t *code, unsigned int left, struct decoded *decoded)
{
    ZydisDecoder decoder;

    return ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64,
                                         ZYDIS_STACK_WIDTH_64)) &&
           ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, left, &decoded->insn,
                                               decoded->operands));
}

void disasm(const uint8_t *code, unsigned int left, uint64_t rip, const struct symbols *symbols,
            struct disasm_insn *insn)
{
    struct decoded decoded;

    if (decode(code, left, &decoded) &&
        format(&decoded, rip, symbols, insn->text, sizeof(insn->text))) {
        insn->length = decoded.insn.length;
        insn->exiting = is_exiting(decoded.insn.mnemonic);
        return;
    }
    insn->length = 1;
    insn->exiting = false;
    snprintf(insn->text, sizeof(insn->text), "db 0x%02x", code[0]);
}
