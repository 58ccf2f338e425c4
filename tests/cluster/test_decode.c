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

static void exitingOnes_areVmreadAndVmwriteOnly(void **state)
{
    struct cluster_insn insn;

    (void)state;
    insn = insn_of(CODE("vmread rax, rbx"));
    assert_true(cluster_insn_exits(&insn));
    insn = insn_of(CODE("vmwrite rax, [rbx]"));
    assert_true(cluster_insn_exits(&insn));
    insn = insn_of(CODE("jz ."));
    assert_false(cluster_insn_exits(&insn));
    insn = insn_of(CODE("nop"));
    assert_false(cluster_insn_exits(&insn));
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

static void everyLockedForm_isRefused(void **state)
{
    struct cluster_insn insn;

    (void)state;
    assert_int_not_equal(decode(&insn, CODE("lock inc dword ptr [rax]")), CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE("lock or [rax], rbx")), CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE("lock not byte ptr [rax]")), CLUSTER_DECODE_OK);
    assert_int_not_equal(decode(&insn, CODE(".byte 0xf0, 0x0f, 0x78, 0x00")), CLUSTER_DECODE_OK);
}

/* Instructions that share an opcode byte, a mnemonic or a name with supported ones. */
static void lookalikes_areUnsupported(void **state)
{
    struct cluster_insn insn;

    (void)state;
    assert_int_equal(decode(&insn, CODE("mov ds, eax")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("mov eax, ds")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("mov cr8, rax")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("mov rax, dr7")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("push fs")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("pop gs")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("popw [rax]")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("pushfq")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("pause")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("xchg eax, ebx")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("movbe rax, [rbx]")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("movnti [rbx], rax")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("kmovw k1, eax")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("adcx rax, rbx")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("andn rax, rbx, rcx")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("loop .")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("xadd [rax], rbx")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("imul rax, rbx")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("rep movsb")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("vmptrld [rax]")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("vmlaunch")), CLUSTER_DECODE_UNSUPPORTED);
    assert_int_equal(decode(&insn, CODE("invept rax, [rbx]")), CLUSTER_DECODE_UNSUPPORTED);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(exitingOnes_areVmreadAndVmwriteOnly),
        cmocka_unit_test(touch_tellsWhatHappensToMemory),
        cmocka_unit_test(shortBytes_areTruncatedNotInvalid),
        cmocka_unit_test(fifteenBytes_areTheLimit),
        cmocka_unit_test(everyLockedForm_isRefused),
        cmocka_unit_test(lookalikes_areUnsupported),
    };

    return unit_report("decoder", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("decoder", tests, NULL, NULL));
}
