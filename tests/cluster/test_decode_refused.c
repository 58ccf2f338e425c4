/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * test_decode_refused.c - instructions that the decoder must leave to hardware.
 */
#include "decode.h"
#include "guest.h"
#include "unit.h"

static void check_unsupported(struct code code)
{
    struct cluster_insn insn;

    assert_int_equal(cluster_decode(&insn, code.bytes, code.size, 0xffffffff81000000),
                     CLUSTER_DECODE_UNSUPPORTED);
}

static void branchesThatDifferBetweenVendors_areUnsupported(void **state)
{
    (void)state;
    check_unsupported(CODE(".byte 0x66; jmp .+6"));
    check_unsupported(CODE(".byte 0x66; call .+6"));
    check_unsupported(CODE(".byte 0x66; call rax"));
    check_unsupported(CODE(".byte 0x66; ret"));
    check_unsupported(CODE(".byte 0x66; jz ."));
    check_unsupported(CODE("jrcxz ."));
    check_unsupported(CODE("loop ."));
    check_unsupported(CODE("rex.w jmp fword ptr [rax]"));
    check_unsupported(CODE("call fword ptr [rax]"));
    check_unsupported(CODE("retfq"));
    check_unsupported(CODE("retfq 8"));
    check_unsupported(CODE("iretq"));
    check_unsupported(CODE("syscall"));
    check_unsupported(CODE("sysretq"));
    check_unsupported(CODE("int3"));
    check_unsupported(CODE("int 0x80"));
}

/* They share an opcode byte, a mnemonic or a name with supported ones, or none of these. */
static void lookalikes_areUnsupported(void **state)
{
    (void)state;
    check_unsupported(CODE("mov ds, eax"));
    check_unsupported(CODE("mov eax, ds"));
    check_unsupported(CODE("mov cr8, rax"));
    check_unsupported(CODE("mov rax, cr0"));
    check_unsupported(CODE("mov rax, cr3"));
    check_unsupported(CODE("mov cr4, rax"));
    check_unsupported(CODE("mov rax, dr7"));
    check_unsupported(CODE("push fs"));
    check_unsupported(CODE("pop gs"));
    check_unsupported(CODE("popw [rax]"));
    check_unsupported(CODE("movbe rax, [rbx]"));
    check_unsupported(CODE("movnti [rbx], rax"));
    check_unsupported(CODE("kmovw k1, eax"));
    check_unsupported(CODE("adcx rax, rbx"));
    check_unsupported(CODE("andn rax, rbx, rcx"));
    check_unsupported(CODE("shlx rax, rbx, rcx"));
    check_unsupported(CODE("cmpxchg16b [rax]"));
    check_unsupported(CODE("clac"));
    check_unsupported(CODE("stac"));
    check_unsupported(CODE("swapgs"));
    check_unsupported(CODE("hlt"));
    check_unsupported(CODE("ud2"));
    check_unsupported(CODE("in al, dx"));
    check_unsupported(CODE("out 0x80, al"));
    check_unsupported(CODE("invlpg [rax]"));
    check_unsupported(CODE("wbinvd"));
    check_unsupported(CODE("xsave [rax]"));
    check_unsupported(CODE("clflush [rax]"));
    check_unsupported(CODE("rdpmc"));
    check_unsupported(CODE("enter 16, 0"));
    check_unsupported(CODE("xlatb"));
    check_unsupported(CODE("lahf"));
    check_unsupported(CODE("fld1"));
    check_unsupported(CODE("movaps xmm0, xmm1"));
    check_unsupported(CODE(".byte 0xf3, 0x41, 0x90"));
    check_unsupported(CODE(".byte 0xf3, 0x0f, 0x1e, 0xc8"));    /* rdsspd eax */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(branchesThatDifferBetweenVendors_areUnsupported),
        cmocka_unit_test(lookalikes_areUnsupported),
    };

    return unit_report("decoder: refused", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests_name("decoder: refused", tests, NULL, NULL));
}
