/* SPDX-License-Identifier: GPL-2.0-only */
#include "decode_op.h"

static bool is_opcode(const ZydisDecodedInstruction *z, ZydisOpcodeMap map,
                      unsigned int first, unsigned int last)
{
    return z->opcode_map == map && z->opcode >= first && z->opcode <= last;
}

bool cluster_decode_has_prefix(const ZydisDecodedInstruction *z, uint8_t byte)
{
    unsigned int i;

    for (i = 0; i < z->raw.prefix_count; i++)
        if (z->raw.prefixes[i].value == byte)
            return true;
    return false;
}

static bool is_nop(const ZydisDecodedInstruction *z)
{
    /* The library also calls 0F 18..1E by this name, which are hints of several kinds. */
    return z->mnemonic == ZYDIS_MNEMONIC_NOP &&
           (is_opcode(z, ZYDIS_OPCODE_MAP_DEFAULT, 0x90, 0x90) ||
            is_opcode(z, ZYDIS_OPCODE_MAP_0F, 0x1f, 0x1f));
}

/* Operations whose mnemonics are theirs alone. */
static int operation_by_mnemonic(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_MOV: case ZYDIS_MNEMONIC_MOVZX:
        return CLUSTER_OP_MOV;
    case ZYDIS_MNEMONIC_MOVSX: case ZYDIS_MNEMONIC_MOVSXD:
        return CLUSTER_OP_MOVSX;
    case ZYDIS_MNEMONIC_LEA:         return CLUSTER_OP_LEA;
    case ZYDIS_MNEMONIC_ADD:         return CLUSTER_OP_ADD;
    case ZYDIS_MNEMONIC_ADC:         return CLUSTER_OP_ADC;
    case ZYDIS_MNEMONIC_SUB:         return CLUSTER_OP_SUB;
    case ZYDIS_MNEMONIC_SBB:         return CLUSTER_OP_SBB;
    case ZYDIS_MNEMONIC_AND:         return CLUSTER_OP_AND;
    case ZYDIS_MNEMONIC_OR:          return CLUSTER_OP_OR;
    case ZYDIS_MNEMONIC_XOR:         return CLUSTER_OP_XOR;
    case ZYDIS_MNEMONIC_CMP:         return CLUSTER_OP_CMP;
    case ZYDIS_MNEMONIC_TEST:        return CLUSTER_OP_TEST;
    case ZYDIS_MNEMONIC_INC:         return CLUSTER_OP_INC;
    case ZYDIS_MNEMONIC_DEC:         return CLUSTER_OP_DEC;
    case ZYDIS_MNEMONIC_NEG:         return CLUSTER_OP_NEG;
    case ZYDIS_MNEMONIC_NOT:         return CLUSTER_OP_NOT;
    case ZYDIS_MNEMONIC_PUSH:        return CLUSTER_OP_PUSH;
    case ZYDIS_MNEMONIC_POP:         return CLUSTER_OP_POP;
    case ZYDIS_MNEMONIC_JMP:         return CLUSTER_OP_JMP;
    case ZYDIS_MNEMONIC_CALL:        return CLUSTER_OP_CALL;
    case ZYDIS_MNEMONIC_RET:         return CLUSTER_OP_RET;
    case ZYDIS_MNEMONIC_LEAVE:       return CLUSTER_OP_LEAVE;
    case ZYDIS_MNEMONIC_ROL:         return CLUSTER_OP_ROL;
    case ZYDIS_MNEMONIC_ROR:         return CLUSTER_OP_ROR;
    case ZYDIS_MNEMONIC_RCL:         return CLUSTER_OP_RCL;
    case ZYDIS_MNEMONIC_RCR:         return CLUSTER_OP_RCR;
    case ZYDIS_MNEMONIC_SHL:         return CLUSTER_OP_SHL;
    case ZYDIS_MNEMONIC_SHR:         return CLUSTER_OP_SHR;
    case ZYDIS_MNEMONIC_SAR:         return CLUSTER_OP_SAR;
    case ZYDIS_MNEMONIC_SHLD:        return CLUSTER_OP_SHLD;
    case ZYDIS_MNEMONIC_SHRD:        return CLUSTER_OP_SHRD;
    case ZYDIS_MNEMONIC_MUL:         return CLUSTER_OP_MUL;
    case ZYDIS_MNEMONIC_DIV:         return CLUSTER_OP_DIV;
    case ZYDIS_MNEMONIC_IDIV:        return CLUSTER_OP_IDIV;
    case ZYDIS_MNEMONIC_BT:          return CLUSTER_OP_BT;
    case ZYDIS_MNEMONIC_BTS:         return CLUSTER_OP_BTS;
    case ZYDIS_MNEMONIC_BTR:         return CLUSTER_OP_BTR;
    case ZYDIS_MNEMONIC_BTC:         return CLUSTER_OP_BTC;
    case ZYDIS_MNEMONIC_BSWAP:       return CLUSTER_OP_BSWAP;
    case ZYDIS_MNEMONIC_XCHG:        return CLUSTER_OP_XCHG;
    case ZYDIS_MNEMONIC_CBW: case ZYDIS_MNEMONIC_CWDE: case ZYDIS_MNEMONIC_CDQE:
        return CLUSTER_OP_CBW;
    case ZYDIS_MNEMONIC_CWD: case ZYDIS_MNEMONIC_CDQ: case ZYDIS_MNEMONIC_CQO:
        return CLUSTER_OP_CWD;
    case ZYDIS_MNEMONIC_XADD:        return CLUSTER_OP_XADD;
    case ZYDIS_MNEMONIC_CMPXCHG:     return CLUSTER_OP_CMPXCHG;
    case ZYDIS_MNEMONIC_PUSHFQ:      return CLUSTER_OP_PUSHF;
    case ZYDIS_MNEMONIC_POPFQ:       return CLUSTER_OP_POPF;
    case ZYDIS_MNEMONIC_CLI:         return CLUSTER_OP_CLI;
    case ZYDIS_MNEMONIC_STI:         return CLUSTER_OP_STI;
    case ZYDIS_MNEMONIC_CLC:         return CLUSTER_OP_CLC;
    case ZYDIS_MNEMONIC_STC:         return CLUSTER_OP_STC;
    case ZYDIS_MNEMONIC_CMC:         return CLUSTER_OP_CMC;
    case ZYDIS_MNEMONIC_CLD:         return CLUSTER_OP_CLD;
    case ZYDIS_MNEMONIC_LFENCE: case ZYDIS_MNEMONIC_MFENCE: case ZYDIS_MNEMONIC_SFENCE:
        return CLUSTER_OP_FENCE;
    case ZYDIS_MNEMONIC_PAUSE:       return CLUSTER_OP_PAUSE;
    case ZYDIS_MNEMONIC_RDTSC:       return CLUSTER_OP_RDTSC;
    case ZYDIS_MNEMONIC_RDTSCP:      return CLUSTER_OP_RDTSCP;
    case ZYDIS_MNEMONIC_VERW:        return CLUSTER_OP_VERW;
    case ZYDIS_MNEMONIC_VMREAD:      return CLUSTER_OP_VMREAD;
    case ZYDIS_MNEMONIC_VMWRITE:     return CLUSTER_OP_VMWRITE;
    case ZYDIS_MNEMONIC_VMPTRLD:     return CLUSTER_OP_VMPTRLD;
    case ZYDIS_MNEMONIC_INVEPT:      return CLUSTER_OP_INVEPT;
    case ZYDIS_MNEMONIC_INVVPID:     return CLUSTER_OP_INVVPID;
    case ZYDIS_MNEMONIC_RDMSR:       return CLUSTER_OP_RDMSR;
    case ZYDIS_MNEMONIC_WRMSR:       return CLUSTER_OP_WRMSR;
    case ZYDIS_MNEMONIC_CPUID:       return CLUSTER_OP_CPUID;
    case ZYDIS_MNEMONIC_VMRESUME:    return CLUSTER_OP_VMRESUME;
    case ZYDIS_MNEMONIC_VMLAUNCH:    return CLUSTER_OP_VMLAUNCH;
    /* Hints, of which L1 sees nothing. */
    case ZYDIS_MNEMONIC_ENDBR64: case ZYDIS_MNEMONIC_PREFETCH: case ZYDIS_MNEMONIC_PREFETCHW:
    case ZYDIS_MNEMONIC_PREFETCHWT1: case ZYDIS_MNEMONIC_PREFETCHNTA:
    case ZYDIS_MNEMONIC_PREFETCHT0: case ZYDIS_MNEMONIC_PREFETCHT1:
    case ZYDIS_MNEMONIC_PREFETCHT2:
        return CLUSTER_OP_NOP;
    default:
        return -1;
    }
}

/* MOVSD and CMPSD are names of SSE instructions as well. */
static int string_operation(uint8_t opcode)
{
    switch (opcode >> 1) {
    case 0xa4 >> 1: return CLUSTER_OP_MOVS;
    case 0xa6 >> 1: return CLUSTER_OP_CMPS;
    case 0xaa >> 1: return CLUSTER_OP_STOS;
    case 0xac >> 1: return CLUSTER_OP_LODS;
    case 0xae >> 1: return CLUSTER_OP_SCAS;
    default:        return -1;
    }
}

/*
 * By opcode: a processor without TZCNT or LZCNT executes them as BSF and BSR.
 * The interpreter leaves that to the processor, which must get what L1 wrote.
 */
static int bit_scan(const ZydisDecodedInstruction *z)
{
    bool counts = cluster_decode_has_prefix(z, 0xf3);

    switch (z->opcode) {
    case 0xb8: return counts ? CLUSTER_OP_POPCNT : -1;
    case 0xbc: return counts ? CLUSTER_OP_TZCNT : CLUSTER_OP_BSF;
    default:   return counts ? CLUSTER_OP_LZCNT : CLUSTER_OP_BSR;
    }
}

static int multiplication(const ZydisDecodedInstruction *z)
{
    switch (z->operand_count_visible) {
    case 1:  return CLUSTER_OP_IMUL1;
    case 2:  return CLUSTER_OP_IMUL2;
    default: return CLUSTER_OP_IMUL3;
    }
}

/* MOV from (0F 20) and to (0F 22) a control register. */
static int control_register(const ZydisDecodedInstruction *z)
{
    if ((z->raw.modrm.reg | z->raw.rex.R << 3) != 2)
        return -1;
    return z->opcode == 0x20 ? CLUSTER_OP_READ_CR2 : CLUSTER_OP_WRITE_CR2;
}

/* By opcode in map 0F, or -2: not told by opcode. */
static int operation_0f(const ZydisDecodedInstruction *z)
{
    switch (z->opcode >> 4) {
    case 0x4: return CLUSTER_OP_CMOVCC;
    case 0x8: return CLUSTER_OP_JCC;
    case 0x9: return CLUSTER_OP_SETCC;
    default:  break;
    }
    if (z->opcode == 0x20 || z->opcode == 0x22)
        return control_register(z);
    if (z->opcode == 0xb8 || z->opcode == 0xbc || z->opcode == 0xbd)
        return bit_scan(z);
    return -2;
}

/* Likewise in the map of one-byte opcodes. */
static int operation_default(const ZydisDecodedInstruction *z)
{
    if (z->opcode >> 4 == 0x7)
        return CLUSTER_OP_JCC;
    if (z->opcode >= 0xa4 && z->opcode <= 0xaf && z->opcode != 0xa8 && z->opcode != 0xa9)
        return string_operation(z->opcode);
    return -2;
}

int cluster_decode_operation(const ZydisDecodedInstruction *z)
{
    int op = -2;

    if (z->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY ||
        z->meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
        return -1;
    if (is_nop(z))
        return CLUSTER_OP_NOP;
    if (z->opcode_map == ZYDIS_OPCODE_MAP_0F)
        op = operation_0f(z);
    else if (z->opcode_map == ZYDIS_OPCODE_MAP_DEFAULT)
        op = operation_default(z);
    if (op != -2)
        return op;
    if (z->mnemonic == ZYDIS_MNEMONIC_IMUL)
        return multiplication(z);
    return operation_by_mnemonic(z->mnemonic);
}

static bool is_segment_prefix(uint8_t byte)
{
    return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
           byte == 0x64 || byte == 0x65;
}

/* May F2 or F3 stand before it? */
static bool repeat_supported(const ZydisDecodedInstruction *z, unsigned int op, uint8_t byte)
{
    if (cluster_decode_is_string(op))     /* F2 before the others is not laid down */
        return byte == 0xf3 || op == CLUSTER_OP_CMPS || op == CLUSTER_OP_SCAS;
    if (byte == 0xf2)
        return false;
    /* Part of the opcode.  With REX.B, F3 90 is XCHG to some, PAUSE to others. */
    return z->mnemonic == ZYDIS_MNEMONIC_ENDBR64 ||
           (op == CLUSTER_OP_PAUSE && !z->raw.rex.B) ||
           op == CLUSTER_OP_TZCNT || op == CLUSTER_OP_LZCNT || op == CLUSTER_OP_POPCNT;
}

/*
 * Which of several segment prefixes counts is not laid down.  It does not matter
 * where none of them names a segment that has a base; compilers and kernels pad
 * instructions with CS.
 */
static bool segments_supported(const ZydisDecodedInstruction *z)
{
    unsigned int i, segments = 0;

    for (i = 0; i < z->raw.prefix_count; i++)
        segments += is_segment_prefix(z->raw.prefixes[i].value);
    return segments <= 1 || !(cluster_decode_has_prefix(z, 0x64) ||
                              cluster_decode_has_prefix(z, 0x65));
}

bool cluster_decode_prefixes_supported(const ZydisDecodedInstruction *z, unsigned int op)
{
    unsigned int i, repeats = 0;

    for (i = 0; i < z->raw.prefix_count; i++) {
        uint8_t byte = z->raw.prefixes[i].value;

        if (byte == 0xf2 || byte == 0xf3) {
            if (!repeat_supported(z, op, byte))
                return false;
            repeats++;
        }
        /* Intel ignores it, AMD cuts RIP to 16 bits. */
        if (byte == 0x66 && op >= CLUSTER_OP_JCC && op <= CLUSTER_OP_RET)
            return false;
    }
    return repeats <= 1 && segments_supported(z);
}

bool cluster_decode_is_lockable(unsigned int op)
{
    return (op >= CLUSTER_OP_ADD && op <= CLUSTER_OP_XOR) ||
           (op >= CLUSTER_OP_INC && op <= CLUSTER_OP_NOT) ||
           (op >= CLUSTER_OP_BTS && op <= CLUSTER_OP_BTC) ||
           (op >= CLUSTER_OP_XCHG && op <= CLUSTER_OP_CMPXCHG);
}
