/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_decode.c - the decoder wrapper: what it answers at the edges, and that
 * each instruction is put in the right class.  Operands are the golden files'.
 */
#include "decode.h"
#include "guest.h"
#include "unit.h"

static const uint64_t rip = 0xffffffff81000000;

static enum cluster_decode decode(struct cluster_insn *insn, struct code code)
{
    return cluster_decode(insn, code.bytes, code.size, rip);
}

/* @code, decoded; it must be supported, and one instruction. */
static struct cluster_insn insn_of(struct code code)
{
    struct cluster_insn insn;

    assert_int_equal(decode(&insn, code), CLUSTER_DECODE_OK);
    assert_int_equal(insn.length, code.size);
    return insn;
}

static void check_op(struct code code, enum cluster_op op, unsigned int width)
{
    struct cluster_insn insn = insn_of(code);

    assert_int_equal(insn.op, op);
    assert_int_equal(insn.width, width);
}

static void check_unsupported(struct code code)
{
    struct cluster_insn insn;

    assert_int_equal(decode(&insn, code), CLUSTER_DECODE_UNSUPPORTED);
}

static void exitingOnes_areMarked(void **state)
{
    struct cluster_insn insn;

    (void)state;
    insn = insn_of(CODE("vmread rax, rbx"));
    assert_true(cluster_insn_exits(&insn) && cluster_insn_is_static(&insn));
    insn = insn_of(CODE("vmwrite rax, [rbx]"));
    assert_true(cluster_insn_exits(&insn) && cluster_insn_is_static(&insn));
    insn = insn_of(CODE("vmresume"));
    assert_true(cluster_insn_exits(&insn) && !cluster_insn_is_emulated(&insn));
    insn = insn_of(CODE("rdmsr"));
    assert_true(cluster_insn_exits(&insn) && cluster_insn_is_emulated(&insn));
    insn = insn_of(CODE("rdtsc"));
    assert_true(!cluster_insn_exits(&insn) && cluster_insn_is_emulated(&insn));
    insn = insn_of(CODE("jz ."));
    assert_false(cluster_insn_exits(&insn));
    insn = insn_of(CODE("nop"));
    assert_false(cluster_insn_exits(&insn));
}

/* What static clusters are made of may not grow: their golden files say where they end. */
static void staticOnes_areTheOldOnes(void **state)
{
    struct cluster_insn insn;

    (void)state;
    insn = insn_of(CODE("inc dword ptr [rax]"));
    assert_true(cluster_insn_is_static(&insn));
    insn = insn_of(CODE("lock inc dword ptr [rax]"));
    assert_false(cluster_insn_is_static(&insn));
    insn = insn_of(CODE("nop dword ptr [rax]"));
    assert_true(cluster_insn_is_static(&insn));
    insn = insn_of(CODE("prefetcht0 [rax]"));
    assert_false(cluster_insn_is_static(&insn));
    insn = insn_of(CODE("shl eax, 1"));
    assert_false(cluster_insn_is_static(&insn));
    insn = insn_of(CODE("jmp ."));
    assert_false(cluster_insn_is_static(&insn));
}

static void touch_tellsWhatHappensToMemory(void **state)
{
    (void)state;
    assert_int_equal(insn_of(CODE("mov rax, [rbx]")).touch, CLUSTER_TOUCH_READ);
    assert_int_equal(insn_of(CODE("cmp [rbx], rax")).touch, CLUSTER_TOUCH_READ);
    assert_int_equal(insn_of(CODE("test [rbx], rax")).touch, CLUSTER_TOUCH_READ);
    assert_int_equal(insn_of(CODE("push [rbx]")).touch, CLUSTER_TOUCH_READ);
    assert_int_equal(insn_of(CODE("vmwrite rax, [rbx]")).touch, CLUSTER_TOUCH_READ);
    assert_int_equal(insn_of(CODE("mov [rbx], rax")).touch, CLUSTER_TOUCH_WRITE);
    assert_int_equal(insn_of(CODE("add [rbx], rax")).touch, CLUSTER_TOUCH_WRITE);
    assert_int_equal(insn_of(CODE("setz [rbx]")).touch, CLUSTER_TOUCH_WRITE);
    assert_int_equal(insn_of(CODE("pop [rbx]")).touch, CLUSTER_TOUCH_LATE);
    assert_int_equal(insn_of(CODE("vmread [rbx], rax")).touch, CLUSTER_TOUCH_LATE);
    assert_int_equal(insn_of(CODE("lea rax, [rbx]")).touch, CLUSTER_TOUCH_NONE);
    assert_int_equal(insn_of(CODE("nop dword ptr [rbx]")).touch, CLUSTER_TOUCH_NONE);
    assert_int_equal(insn_of(CODE("push rbx")).touch, CLUSTER_TOUCH_NONE);
}

static void shortBytes_areTruncatedNotInvalid(void **state)
{
    struct code code = CODE("cmp dword ptr fs:[rax+rbx*4+0x12345678], 0x12345678");
    struct cluster_insn insn;
    unsigned int size;

    (void)state;
    for (size = 1; size < code.size; size++)
        assert_int_equal(cluster_decode(&insn, code.bytes, size, rip),
                         CLUSTER_DECODE_TRUNCATED);
    assert_int_equal(cluster_decode(&insn, code.bytes, size, rip), CLUSTER_DECODE_OK);
}

static void fifteenBytes_areTheLimit(void **state)
{
    uint8_t bytes[16];
    struct cluster_insn insn;

    (void)state;
    memset(bytes, 0x66, sizeof(bytes));
    bytes[14] = 0x90;
    assert_int_equal(cluster_decode(&insn, bytes, sizeof(bytes), rip), CLUSTER_DECODE_OK);
    assert_int_equal(insn.length, 15);
    bytes[14] = 0x66;
    bytes[15] = 0x90;
    assert_int_equal(cluster_decode(&insn, bytes, sizeof(bytes), rip), CLUSTER_DECODE_INVALID);
}

static void lock_isTakenWhereItIsLegal(void **state)
{
    struct cluster_insn insn;

    (void)state;
    assert_true(insn_of(CODE("lock inc dword ptr [rax]")).lock);
    assert_true(insn_of(CODE("lock or [rax], rbx")).lock);
    assert_true(insn_of(CODE("lock not byte ptr [rax]")).lock);
    assert_true(insn_of(CODE("lock cmpxchg [rax], bl")).lock);
    assert_true(insn_of(CODE("lock xadd [rax], bx")).lock);
    assert_true(insn_of(CODE("lock btr [rax], rbx")).lock);
    assert_true(insn_of(CODE("lock bts dword ptr [rax], 3")).lock);
    assert_true(insn_of(CODE("xchg [rax], rbx")).lock);
    assert_false(insn_of(CODE("xchg rax, rbx")).lock);
    assert_false(insn_of(CODE("cmpxchg [rax], bl")).lock);
    assert_int_not_equal(decode(&insn, CODE(".byte 0xf0; cmp [rax], ebx")), CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE(".byte 0xf0; bt [rax], ebx")), CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE(".byte 0xf0; add eax, ebx")), CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE(".byte 0xf0; add eax, [rbx]")), CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE(".byte 0xf0; mov [rax], ebx")), CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE(".byte 0xf0; shl dword ptr [rax], 1")),
                         CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE(".byte 0xf0; nop")), CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE(".byte 0xf0, 0x0f, 0x78, 0x00")), CLUSTER_DECODE_OK);
    /* XACQUIRE and XRELEASE. */
    check_unsupported(CODE(".byte 0xf2, 0xf0, 0x01, 0x18"));
    check_unsupported(CODE(".byte 0xf3, 0x87, 0x18"));
}

static void branches_haveTheirTargetAsSource(void **state)
{
    struct cluster_insn insn;

    (void)state;
    insn = insn_of(CODE("jmp .+0x12"));
    assert_int_equal(insn.op, CLUSTER_OP_JMP);
    assert_int_equal(insn.src.kind, CLUSTER_OPERAND_IMM);
    assert_int_equal(insn.imm, rip + 0x12);
    insn = insn_of(CODE("call .-0x1000"));
    assert_int_equal(insn.op, CLUSTER_OP_CALL);
    assert_int_equal(insn.imm, rip - 0x1000);
    assert_int_equal(insn.accesses, 1);
    insn = insn_of(CODE("call [rax+8]"));
    assert_int_equal(insn.src.kind, CLUSTER_OPERAND_MEM);
    assert_int_equal(insn.touch, CLUSTER_TOUCH_READ);
    assert_int_equal(insn.src_width, 8);
    assert_int_equal(insn.accesses, 2);
    insn = insn_of(CODE("notrack jmp r11"));
    assert_int_equal(insn.src.reg, CLUSTER_R11);
    insn = insn_of(CODE(".byte 0x2e; call .+6"));       /* as retpolines pad it */
    assert_int_equal(insn.op, CLUSTER_OP_CALL);
    insn = insn_of(CODE("ret"));
    assert_int_equal(insn.imm, 0);
    insn = insn_of(CODE("ret 0xfff0"));
    assert_int_equal(insn.imm, 0xfff0);
    check_op(CODE("leave"), CLUSTER_OP_LEAVE, 8);
}

static void shifts_countByClOrByNumber(void **state)
{
    struct cluster_insn insn;

    (void)state;
    insn = insn_of(CODE("shl eax, cl"));
    assert_int_equal(insn.src.kind, CLUSTER_OPERAND_REG);
    assert_int_equal(insn.src.reg, CLUSTER_RCX);
    assert_int_equal(insn.src_width, 1);
    insn = insn_of(CODE(".byte 0xd1, 0xe0"));   /* shl eax */
    assert_int_equal(insn.imm, 1);
    insn = insn_of(CODE(".byte 0x48, 0xc1, 0x38, 0xff"));
    assert_int_equal(insn.op, CLUSTER_OP_SAR);
    assert_int_equal(insn.imm, 0xff);
    assert_int_equal(insn.touch, CLUSTER_TOUCH_WRITE);
    check_op(CODE(".byte 0xd0, 0xf3"), CLUSTER_OP_SHL, 1);      /* its other encoding */
    check_op(CODE("rcr word ptr [rax], cl"), CLUSTER_OP_RCR, 2);
    insn = insn_of(CODE("shld rax, rbx, cl"));
    assert_int_equal(insn.imm, -1);
    insn = insn_of(CODE(".byte 0x48, 0x0f, 0xac, 0x18, 0xff")); /* shrd [rax], rbx, 255 */
    assert_int_equal(insn.imm, 0xff);
    assert_int_equal(insn.src.reg, CLUSTER_RBX);
}

static void multiplications_areToldApart(void **state)
{
    struct cluster_insn insn;

    (void)state;
    insn = insn_of(CODE("imul bh"));
    assert_int_equal(insn.op, CLUSTER_OP_IMUL1);
    assert_int_equal(insn.src.kind, CLUSTER_OPERAND_REG_HIGH);
    insn = insn_of(CODE("imul eax, [rbx]"));
    assert_int_equal(insn.op, CLUSTER_OP_IMUL2);
    insn = insn_of(CODE("imul rax, [rbx], -2"));
    assert_int_equal(insn.op, CLUSTER_OP_IMUL3);
    assert_int_equal(insn.imm, -2);
    assert_int_equal(insn.src.kind, CLUSTER_OPERAND_MEM);
    insn = insn_of(CODE("div word ptr [rbx]"));
    assert_int_equal(insn.op, CLUSTER_OP_DIV);
    assert_int_equal(insn.width, 2);
    assert_int_equal(insn.touch, CLUSTER_TOUCH_READ);
    check_op(CODE("mul r9"), CLUSTER_OP_MUL, 8);
    check_op(CODE("idiv sil"), CLUSTER_OP_IDIV, 1);
}

static void bitOperations_areToldByTheirPrefix(void **state)
{
    (void)state;
    check_op(CODE("bsf rax, rbx"), CLUSTER_OP_BSF, 8);
    check_op(CODE("bsr ax, bx"), CLUSTER_OP_BSR, 2);
    check_op(CODE("tzcnt eax, [rbx]"), CLUSTER_OP_TZCNT, 4);
    check_op(CODE("tzcnt ax, bx"), CLUSTER_OP_TZCNT, 2);
    check_op(CODE("lzcnt rax, rbx"), CLUSTER_OP_LZCNT, 8);
    check_op(CODE("popcnt rax, rbx"), CLUSTER_OP_POPCNT, 8);
    check_unsupported(CODE(".byte 0xf2; bsf eax, ebx"));
    check_op(CODE("bswap r8"), CLUSTER_OP_BSWAP, 8);
    check_unsupported(CODE(".byte 0x66, 0x0f, 0xc8"));  /* bswap ax */
}

static void bitTests_areLateWithAnOffsetInARegister(void **state)
{
    (void)state;
    assert_int_equal(insn_of(CODE("bt [rax], ebx")).touch, CLUSTER_TOUCH_LATE);
    assert_int_equal(insn_of(CODE("btc [rax], bx")).touch, CLUSTER_TOUCH_LATE);
    assert_int_equal(insn_of(CODE("bt dword ptr [rax], 5")).touch, CLUSTER_TOUCH_READ);
    assert_int_equal(insn_of(CODE("bts dword ptr [rax], 5")).touch, CLUSTER_TOUCH_WRITE);
    assert_int_equal(insn_of(CODE("bts dword ptr [rax], 0xff")).imm, 0xff);
    assert_int_equal(insn_of(CODE("btr eax, ebx")).touch, CLUSTER_TOUCH_NONE);
}

static void widenings_haveTheirWidth(void **state)
{
    (void)state;
    check_op(CODE("cbw"), CLUSTER_OP_CBW, 2);
    check_op(CODE("cwde"), CLUSTER_OP_CBW, 4);
    check_op(CODE("cdqe"), CLUSTER_OP_CBW, 8);
    check_op(CODE("cwd"), CLUSTER_OP_CWD, 2);
    check_op(CODE("cdq"), CLUSTER_OP_CWD, 4);
    check_op(CODE("cqo"), CLUSTER_OP_CWD, 8);
}

static void strings_haveWidthRepetitionAndSegment(void **state)
{
    struct cluster_insn insn;

    (void)state;
    check_op(CODE("movsb"), CLUSTER_OP_MOVS, 1);
    check_op(CODE("movsw"), CLUSTER_OP_MOVS, 2);
    check_op(CODE("stosd"), CLUSTER_OP_STOS, 4);
    check_op(CODE("lodsq"), CLUSTER_OP_LODS, 8);
    check_op(CODE("cmpsd"), CLUSTER_OP_CMPS, 4);
    insn = insn_of(CODE("repne scasb"));
    assert_int_equal(insn.op, CLUSTER_OP_SCAS);
    assert_int_equal(insn.rep, 0xf2);
    insn = insn_of(CODE("rep movsq"));
    assert_int_equal(insn.rep, 0xf3);
    assert_int_equal(insn.accesses, 2);
    assert_int_equal(insn.touch, CLUSTER_TOUCH_NONE);
    insn = insn_of(CODE("rep movsb byte ptr es:[rdi], byte ptr gs:[rsi]"));
    assert_int_equal(insn.mem.segment, CLUSTER_SEG_GS);
    insn = insn_of(CODE("lodsb al, byte ptr fs:[rsi]"));
    assert_int_equal(insn.mem.segment, CLUSTER_SEG_FS);
    check_unsupported(CODE(".byte 0xf2; movsb"));
    check_unsupported(CODE(".byte 0xf2; stosq"));
    check_unsupported(CODE(".byte 0xf2, 0xf3; cmpsb"));
    check_unsupported(CODE(".byte 0x67; movsb"));
    check_unsupported(CODE(".byte 0x67; rep stosq"));
    check_unsupported(CODE("insb"));
    check_unsupported(CODE("rep outsd"));
    check_unsupported(CODE("movsd xmm0, xmm1"));
    check_unsupported(CODE("cmpsd xmm0, xmm1, 1"));
}

/* As kernels pad instructions. */
static void segmentPrefixesWithoutABase_mayBeMany(void **state)
{
    struct cluster_insn insn;

    (void)state;
    check_op(CODE(".byte 0x2e, 0x2e, 0x2e; xor eax, eax"), CLUSTER_OP_XOR, 4);
    insn = insn_of(CODE(".byte 0x2e, 0x3e, 0x36; mov rax, [rbx]"));
    assert_int_equal(insn.mem.segment, CLUSTER_SEG_FLAT);
    assert_int_equal(decode(&insn, CODE(".byte 0x65, 0x2e; mov rax, [rbx]")),
                     CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE(".byte 0x2e, 0x64; xor eax, eax")),
                     CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE(".byte 0x64, 0x64; mov rax, [rbx]")),
                     CLUSTER_DECODE_UNSUPPORTED);
}

static void systemOnes_areChosen(void **state)
{
    struct cluster_insn insn;

    (void)state;
    check_op(CODE("pushfq"), CLUSTER_OP_PUSHF, 8);
    check_op(CODE("popfq"), CLUSTER_OP_POPF, 8);
    check_unsupported(CODE("pushfw"));
    check_unsupported(CODE("popfw"));
    check_op(CODE("pause"), CLUSTER_OP_PAUSE, 8);
    check_unsupported(CODE("std"));
    check_op(CODE("cld"), CLUSTER_OP_CLD, 8);
    assert_int_equal(insn_of(CODE("lfence")).cond, 5);
    assert_int_equal(insn_of(CODE("mfence")).cond, 6);
    assert_int_equal(insn_of(CODE("sfence")).cond, 7);
    insn = insn_of(CODE("mov r10, cr2"));
    assert_int_equal(insn.op, CLUSTER_OP_READ_CR2);
    assert_int_equal(insn.dst.reg, CLUSTER_R10);
    assert_int_equal(insn.src.kind, CLUSTER_OPERAND_NONE);
    insn = insn_of(CODE("mov cr2, rbx"));
    assert_int_equal(insn.op, CLUSTER_OP_WRITE_CR2);
    assert_int_equal(insn.src.reg, CLUSTER_RBX);
    insn = insn_of(CODE(".byte 0x48; verw [rbx]"));
    assert_int_equal(insn.op, CLUSTER_OP_VERW);
    assert_int_equal(insn.touch, CLUSTER_TOUCH_READ);
    assert_int_equal(insn.src_width, 2);
    insn = insn_of(CODE("vmptrld [rbx]"));
    assert_int_equal(insn.touch, CLUSTER_TOUCH_READ);
    assert_int_equal(insn.src_width, 8);
    insn = insn_of(CODE("invvpid r9, [rbx]"));
    assert_int_equal(insn.dst.reg, CLUSTER_R9);
    assert_int_equal(insn.src_width, 16);
    assert_int_equal(insn.touch, CLUSTER_TOUCH_LATE);
    check_unsupported(CODE("vmptrld [ebx]"));
    check_unsupported(CODE("invept rax, [ebx]"));
    check_unsupported(CODE("vmclear [rbx]"));
    check_unsupported(CODE("vmptrst [rbx]"));
    check_unsupported(CODE("vmxoff"));
    check_unsupported(CODE("vmcall"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(exitingOnes_areMarked),
        cmocka_unit_test(staticOnes_areTheOldOnes),
        cmocka_unit_test(touch_tellsWhatHappensToMemory),
        cmocka_unit_test(shortBytes_areTruncatedNotInvalid),
        cmocka_unit_test(fifteenBytes_areTheLimit),
        cmocka_unit_test(lock_isTakenWhereItIsLegal),
        cmocka_unit_test(branches_haveTheirTargetAsSource),
        cmocka_unit_test(shifts_countByClOrByNumber),
        cmocka_unit_test(multiplications_areToldApart),
        cmocka_unit_test(bitOperations_areToldByTheirPrefix),
        cmocka_unit_test(bitTests_areLateWithAnOffsetInARegister),
        cmocka_unit_test(widenings_haveTheirWidth),
        cmocka_unit_test(strings_haveWidthRepetitionAndSegment),
        cmocka_unit_test(segmentPrefixesWithoutABase_mayBeMany),
        cmocka_unit_test(systemOnes_areChosen),
    };

    return unit_report("decoder", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("decoder", tests, NULL, NULL));
}
