/* SPDX-License-Identifier: GPL-2.0-only */
#include "report.h"
#include "lab_call.h"

static char buffer[3 * 1024 * 1024];
static size_t length, handed_over;

static const char *const gpr_names[NR_GPRS] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

static void report_char(char c)
{
    if (length < sizeof(buffer))
        buffer[length++] = c;
}

void report_text(const char *text)
{
    while (*text)
        report_char(*text++);
}

void report_hex(uint64_t value, unsigned int digits)
{
    while (digits--)
        report_char("0123456789abcdef"[(value >> (4 * digits)) & 15]);
}

void report_decimal(uint64_t value)
{
    if (value >= 10)
        report_decimal(value / 10);
    report_char('0' + value % 10);
}

void report_number(uint64_t value)
{
    unsigned int digits = 1;

    while (digits < 16 && value >> (4 * digits))
        digits++;
    report_hex(value, digits);
}

static void report_register(const char *name, uint64_t value)
{
    report_text(" ");
    report_text(name);
    report_text(" ");
    report_hex(value, 16);
}

void report_registers(const struct registers *r)
{
    unsigned int i;

    for (i = 0; i < NR_GPRS; i++) {
        report_text(i % 4 == 0 ? " " : "");
        report_register(gpr_names[i], r->gpr[i]);
        report_text(i % 4 == 3 ? "\n" : "");
    }
    report_text(" ");
    report_register("rflags", r->rflags);
    report_text("\n");
}

void report_changed_registers(const struct registers *r, const struct registers *before)
{
    unsigned int i;

    report_register("rflags", r->rflags);
    for (i = 0; i < NR_GPRS; i++)
        if (r->gpr[i] != before->gpr[i])
            report_register(gpr_names[i], r->gpr[i]);
    report_text("\n");
}

size_t report_length(void)
{
    return length;
}

bool report_fold(const struct report_part *part, size_t start)
{
    size_t i;

    if (length - start != part->size)
        return false;
    for (i = 0; i < part->size; i++)
        if (buffer[part->start + i] != buffer[start + i])
            return false;
    length = start;
    return true;
}

static unsigned int append(union lab_name *name, unsigned int used, const char *text)
{
    while (*text && used < LAB_NAME_SIZE)
        name->text[used++] = *text++;
    return used;
}

static union lab_name window_name(const char *mode, unsigned int number)
{
    union lab_name name = { .words = { 0 } };
    char digits[4] = { '0' + number / 100, '0' + number / 10 % 10, '0' + number % 10, 0 };
    unsigned int used = append(&name, 0, mode);

    used = append(&name, used, "-");
    append(&name, used, number < 100 ? digits + 1 : digits);
    return name;
}

bool lab_present(void)
{
    union lab_name none = { .words = { 0 } };

    return lab_call(LAB_PRESENT, &none, NULL, 0, 0) == LAB_VERSION;
}

void lab_open_window(const char *mode, unsigned int number)
{
    union lab_name name = window_name(mode, number);

    lab_call(LAB_OPEN, &name, NULL, 0, 0);
}

void lab_close_window(const char *mode, unsigned int number)
{
    union lab_name name = window_name(mode, number);

    lab_call(LAB_CLOSE, &name, NULL, 0, 0);
}

void report_put(const char *mode)
{
    union lab_name name = { .words = { 0 } };
    unsigned int used = append(&name, 0, "payload-");
    size_t size;

    used = append(&name, used, mode);
    append(&name, used, ".txt");
    while (handed_over < length) {
        size = length - handed_over < LAB_MAX_IO ? length - handed_over : LAB_MAX_IO;
        lab_call(LAB_PUT, &name, buffer + handed_over, size, handed_over);
        handed_over += size;
    }
}
