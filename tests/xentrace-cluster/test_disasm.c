/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "disasm.h"
#include "tests.h"

static struct disasm_insn at(uint64_t rip, const uint8_t *code, unsigned int left,
                             const struct symbols *symbols)
{
    struct disasm_insn insn;

    disasm(code, left, rip, symbols, &insn);
    return insn;
}

static void exiting_instructions_are_marked(void **state)
{
    static const struct {
        uint8_t code[4];
        unsigned int length;
        bool exiting;
        const char *text;
    } cases[] = {
        { { 0x0f, 0x78, 0xc3 }, 3, true, "vmread rbx, rax" },
        { { 0x0f, 0x79, 0xc3 }, 3, true, "vmwrite rax, rbx" },
        { { 0x0f, 0x01, 0xc3 }, 3, true, "vmresume" },
        { { 0x0f, 0xa2 }, 2, true, "cpuid" },
        { { 0x0f, 0x32 }, 2, true, "rdmsr" },
        { { 0x90 }, 1, false, "nop" },
        { { 0x48, 0x89, 0xd8 }, 3, false, "mov rax, rbx" },
    };
    struct symbols none = { 0 };
    unsigned int i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct disasm_insn insn = at(0x1000, cases[i].code, 4, &none);

        assert_int_equal(insn.length, cases[i].length);
        assert_int_equal(insn.exiting, cases[i].exiting);
        assert_string_equal(insn.text, cases[i].text);
    }
}

static void targets_are_named(void **state)
{
    static const char text[] = "ffffffff81000000 T target\nffffffff82000000 D datum\n";
    static const uint8_t jz[] = { 0x74, 0x0e };
    static const uint8_t load[] = { 0x48, 0x8b, 0x05, 0x00, 0x00, 0x00, 0x01 };
    struct symbols symbols = { 0 }, none = { 0 };
    FILE *file = fmemopen((void *)text, sizeof(text) - 1, "r");

    (void)state;
    symbols_read(&symbols, file);
    fclose(file);
    symbols_sort(&symbols);
    assert_string_equal(at(0xffffffff81000000, jz, 2, &none).text, "jz 0xffffffff81000010");
    assert_string_equal(at(0xffffffff81000000, jz, 2, &symbols).text, "jz target+0x10");
    assert_string_equal(at(0xffffffff81000000, load, 7, &symbols).text,
                        "mov rax, [datum+0x7]");
    symbols_free(&symbols);
}

static void what_is_no_instruction_comes_byte_by_byte(void **state)
{
    static const uint8_t code[] = { 0x06, 0x0f, 0x78 };
    struct symbols none = { 0 };

    (void)state;
    assert_string_equal(at(0, code, 3, &none).text, "db 0x06");
    assert_int_equal(at(0, code, 3, &none).length, 1);
    assert_string_equal(at(1, code + 1, 2, &none).text, "db 0x0f");
    assert_false(at(1, code + 1, 2, &none).exiting);
}

int disasm_tests(unsigned int *total)
{
    static const struct CMUnitTest disassembly[] = {
        cmocka_unit_test(exiting_instructions_are_marked),
        cmocka_unit_test(targets_are_named),
        cmocka_unit_test(what_is_no_instruction_comes_byte_by_byte),
    };

    return RUN_GROUP(disassembly, total);
}
