/* SPDX-License-Identifier: GPL-2.0-only */
#include <string.h>

#include "symbols.h"
#include "tests.h"

static struct symbols_read load(struct symbols *symbols, const char *text)
{
    FILE *file = fmemopen((void *)text, strlen(text), "r");
    struct symbols_read read = symbols_read(symbols, file);

    fclose(file);
    symbols_sort(symbols);
    return read;
}

static const char *name(const struct symbols *symbols, uint64_t address)
{
    static char text[64];
    const struct symbol *symbol = symbols_find_text(symbols, address);

    return symbol ? symbols_format(symbol, address, text, sizeof(text)) : "-";
}

static void kallsyms_and_system_map_are_read_together(void **state)
{
    struct symbols symbols = { 0 };
    struct symbols_read read;

    (void)state;
    read = load(&symbols, "ffffffffc0a41200 t vmx_vcpu_run\t[kvm_intel]\n"
                          "ffffffffc0a41300 T vmx_exit [kvm_intel]\n");
    assert_int_equal(read.taken, 2);
    assert_int_equal(read.text, 2);
    assert_int_equal(read.bad, 0);
    load(&symbols, "ffffffff81000000 T _text\nffffffff81000100 W weak");
    assert_string_equal(name(&symbols, 0xffffffffc0a41224), "vmx_vcpu_run+0x24 [kvm_intel]");
    assert_string_equal(name(&symbols, 0xffffffffc0a412ff), "vmx_vcpu_run+0xff [kvm_intel]");
    assert_string_equal(name(&symbols, 0xffffffffc0a41300), "vmx_exit+0x0 [kvm_intel]");
    assert_string_equal(name(&symbols, 0xffffffff81000000), "_text+0x0");
    assert_string_equal(name(&symbols, 0xffffffff81000101), "weak+0x1");
    symbols_free(&symbols);
}

static void addresses_outside_of_the_code_have_no_name(void **state)
{
    struct symbols symbols = { 0 };

    (void)state;
    assert_string_equal(name(&symbols, 5), "-");
    load(&symbols, "ffffffff81000000 T _text\nffffffff81100000 D data\n");
    assert_string_equal(name(&symbols, 0xffffffff80ffffff), "-");
    assert_string_equal(name(&symbols, 0xffffffff810fffff), "_text+0xfffff");
    assert_string_equal(name(&symbols, 0xffffffff81100000), "-");
    assert_string_equal(name(&symbols, 0xffffffffc0000000), "-");
    assert_non_null(symbols_find(&symbols, 0xffffffff81100000));
    assert_null(symbols_find(&symbols, 0xffffffff81200000));
    symbols_free(&symbols);
}

static void code_and_the_first_name_win_at_one_address(void **state)
{
    struct symbols symbols = { 0 };

    (void)state;
    load(&symbols, "ffffffff81000000 T beta\nffffffff81000000 T alpha\n"
                   "ffffffff81000000 D aaa\nffffffff81000000 T gamma\n");
    assert_string_equal(name(&symbols, 0xffffffff81000000), "alpha+0x0");
    symbols_free(&symbols);
}

static void hidden_addresses_are_noticed(void **state)
{
    struct symbols symbols = { 0 };
    struct symbols_read read = load(&symbols, "0000000000000000 T _text\n"
                                              "0000000000000000 t f\t[kvm]\n");

    (void)state;
    assert_int_equal(read.zero, 2);
    assert_int_equal(read.text, 0);
    assert_int_equal(symbols.nr, 0);
    symbols_free(&symbols);
}

static void lines_of_another_format_are_counted(void **state)
{
    static const char text[] =
        "ffffffff81000000 T good\n"
        "\n"
        "not a symbol\n"
        "ffffffff81000000\n"
        "ffffffff81000000 T\n"
        "ffffffff81000000 TT name\n"
        "fff81 T name\n"
        "ffffffff8100000000 T name\n"
        "ffffffff81000010 T \x1b[31mred\n"
        "ffffffff81000020 T caf\xc3\xa9\n"
        "ffffffff81000030 5 name\n";
    struct symbols symbols = { 0 };
    struct symbols_read read = load(&symbols, text);

    (void)state;
    assert_int_equal(read.taken, 1);
    assert_int_equal(read.bad, 10);
    symbols_free(&symbols);
}

static void long_names_are_cut_not_overrun(void **state)
{
    struct symbols symbols = { 0 };
    char line[400] = "ffffffff81000000 T ";
    char text[32];

    (void)state;
    memset(line + strlen(line), 'x', 300);
    load(&symbols, line);
    symbols_format(symbols_find(&symbols, 0xffffffff81000000), 0xffffffff81000000, text,
                   sizeof(text));
    assert_int_equal(strlen(text), sizeof(text) - 1);
    symbols_free(&symbols);
}

int symbols_tests(unsigned int *total)
{
    static const struct CMUnitTest symbols[] = {
        cmocka_unit_test(kallsyms_and_system_map_are_read_together),
        cmocka_unit_test(addresses_outside_of_the_code_have_no_name),
        cmocka_unit_test(code_and_the_first_name_win_at_one_address),
        cmocka_unit_test(hidden_addresses_are_noticed),
        cmocka_unit_test(lines_of_another_format_are_counted),
        cmocka_unit_test(long_names_are_cut_not_overrun),
    };

    return RUN_GROUP(symbols, total);
}
