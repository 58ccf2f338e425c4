/* SPDX-License-Identifier: GPL-2.0-only */
#include "look.h"
#include "report.h"
#include "vm.h"
#include "vmx.h"
#include "world.h"

/* An alias of VM_INSTRUCTION_ERROR, for who takes it for one. */
#define NO_FIELD        (VM_INSTRUCTION_ERROR | 0x40)
#define EVENT_WITH_ERROR_CODE   (1u << 31 | 1u << 11)   /* valid, and so is its error code */
#define MSR_SYSENTER    0x174
#define MSR_PAT         0x277
#define MSR_EFER        0xc0000080
#define MSR_FS_BASE     0xc0000100
#define MSR_GS_BASE     0xc0000101

bool look_late, look_is_strict;

/* Those that can be read: indexes in fields, encodings. */
static unsigned int nr_readable, readable[NR_FIELDS];
static uint32_t encodings[NR_FIELDS];

static const char *const l1_names[L1_WORDS] = {
    "rflags", "cr0", "cr3", "cr4", "es", "cs", "ss", "ds", "fs", "gs", "tr", "gdtr", "gdtr_limit",
    "idtr", "idtr_limit", "fs_base", "gs_base", "sysenter_cs", "sysenter_esp", "sysenter_eip", "pat",
    "efer",
};

/* The words of struct l2. */
static const char *const l2_names[L2_ORDERS / 8] = {
    "resume_rip", "resume_rsp", "rflags", "rsp", "result", "result_1", "traps", "vector", "error",
    "trap_rip", "trap_rflags",
    "es", "cs", "ss", "ds", "fs", "gs", "ldtr", "tr", "gdtr_limit", "gdtr", "idtr_limit", "idtr",
    "cr0", "cr3", "cr4", "msw", "dr7", "fs_base", "gs_base", "shadow_gs_base", "sysenter_cs",
    "sysenter_esp", "sysenter_eip", "efer", "pat", "debugctl", "star", "lstar", "by_fs", "by_gs",
    "lsl", "lar",
};

static const char *const register_names[NR_GPRS] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

bool look_can_read(unsigned int index)
{
    unsigned int i;

    for (i = 0; i < nr_readable && readable[i] < index; i++)
        ;
    return i < nr_readable && readable[i] == index;
}

void look_init(void)
{
    unsigned int i;
    uint64_t value;

    report_text("not readable");
    for (i = 0; i < nr_fields; i++) {
        if (!vmx_read(fields[i].encoding, &value)) {
            readable[nr_readable] = i;
            encodings[nr_readable++] = fields[i].encoding;
            continue;
        }
        report_text(" ");
        report_text(fields[i].name);
    }
    report_text("\n");
    look_is_strict = vmx_read(NO_FIELD, &value);
}

void look_say(const char *name, uint64_t value)
{
    report_text(" ");
    report_text(name);
    report_text("=");
    report_number(value);
}

/* A line that begins with its first word. */
struct line {
    const char *title;
    bool begun;
};

static void say_new(struct line *line, const char *name, uint64_t value, uint64_t *known)
{
    if (value == *known)
        return;
    *known = value;
    if (!line->begun)
        report_text(line->title);
    line->begun = true;
    look_say(name, value);
}

static void end_line(const struct line *line)
{
    if (line->begun)
        report_text("\n");
}

/* The value of field @encoding. */
static uint64_t *value_of(uint64_t *values, uint32_t encoding)
{
    unsigned int i;

    for (i = 0; i < nr_readable; i++)
        if (encodings[i] == encoding)
            return &values[i];
    return NULL;
}

/*
 * An error code is undefined but where the field beside it describes an event with one (SDM
 * vol. 3, 28.2.2 and 28.2.4): an exit that L0 kept for itself, whenever it was, may have left any.
 */
static void blank_error_code(uint64_t *values, uint32_t info, uint32_t error_code)
{
    const uint64_t *event = value_of(values, info);
    uint64_t *error = value_of(values, error_code);

    if (event && error && (*event & EVENT_WITH_ERROR_CODE) != EVENT_WITH_ERROR_CODE)
        *error = 0;
}

/* All of them, of @vm's VMCS, which is current. */
static void read_fields(const struct vm *vm, uint64_t *values)
{
    if (look_late) {
        vmx_ptrld(address_of(&vm_spare_region));
        vm_load(vm);
    }
    vmx_values(encodings, nr_readable, values);
    blank_error_code(values, VM_EXIT_INTR_INFO, VM_EXIT_INTR_ERROR_CODE);
    blank_error_code(values, IDT_VECTORING_INFO, IDT_VECTORING_ERROR_CODE);
}

void look_at_fields(struct vm *vm)
{
    struct line line = { "  fields", false };
    uint64_t values[NR_FIELDS];
    unsigned int i;

    read_fields(vm, values);
    for (i = 0; i < nr_readable; i++)
        say_new(&line, fields[readable[i]].name, values[i], &vm->look.field[i]);
    end_line(&line);
}

static void read_tables(uint64_t *words)
{
    struct pseudo_descriptor table;

    __asm__ volatile("sgdt %0" : "=m"(table));
    words[L1_GDTR] = table.base;
    words[L1_GDTR_LIMIT] = table.limit;
    __asm__ volatile("sidt %0" : "=m"(table));
    words[L1_IDTR] = table.base;
    words[L1_IDTR_LIMIT] = table.limit;
}

static void read_selectors(uint64_t *words)
{
    __asm__ volatile("mov %%es, %0" : "=r"(words[L1_ES]));
    __asm__ volatile("mov %%cs, %0" : "=r"(words[L1_CS]));
    __asm__ volatile("mov %%ss, %0" : "=r"(words[L1_SS]));
    __asm__ volatile("mov %%ds, %0" : "=r"(words[L1_DS]));
    __asm__ volatile("mov %%fs, %0" : "=r"(words[L1_FS]));
    __asm__ volatile("mov %%gs, %0" : "=r"(words[L1_GS]));
    __asm__ volatile("str %0" : "=r"(words[L1_TR]));
}

static void read_l1(uint64_t *words)
{
    words[L1_RFLAGS] = vmx_rflags_at_exit;
    __asm__ volatile("mov %%cr0, %0" : "=r"(words[L1_CR0]));
    __asm__ volatile("mov %%cr3, %0" : "=r"(words[L1_CR3]));
    __asm__ volatile("mov %%cr4, %0" : "=r"(words[L1_CR4]));
    read_selectors(words);
    read_tables(words);
    words[L1_FS_BASE] = read_msr(MSR_FS_BASE);
    words[L1_GS_BASE] = read_msr(MSR_GS_BASE);
    words[L1_SYSENTER_CS] = read_msr(MSR_SYSENTER);
    words[L1_SYSENTER_ESP] = read_msr(MSR_SYSENTER + 1);
    words[L1_SYSENTER_EIP] = read_msr(MSR_SYSENTER + 2);
    words[L1_PAT] = read_msr(MSR_PAT);
    words[L1_EFER] = read_msr(MSR_EFER);
}

void look_at_l1(struct vm *vm)
{
    struct line line = { "  l1", false };
    uint64_t words[L1_WORDS];
    unsigned int i;

    read_l1(words);
    for (i = 0; i < L1_WORDS; i++)
        say_new(&line, l1_names[i], words[i], &vm->look.l1[i]);
    end_line(&line);
}

void look_at_l2(struct vm *vm)
{
    const uint64_t *words = (const uint64_t *)&vm->l2;
    struct line line = { "  l2", false };
    unsigned int i;

    for (i = 0; i < L2_ORDERS / 8; i++)
        say_new(&line, l2_names[i], words[i], &vm->look.l2[i]);
    for (i = 0; i < NR_GPRS; i++)
        say_new(&line, register_names[i], vm->registers.gpr[i], &vm->look.registers.gpr[i]);
    end_line(&line);
}

uint64_t look_sum_of_fields(const struct vm *vm)
{
    uint64_t sum = LOOK_SUM_START, values[NR_FIELDS];
    unsigned int i;

    read_fields(vm, values);
    for (i = 0; i < nr_readable; i++)
        sum = look_add(sum, values[i]);
    return sum;
}

uint64_t look_sum_of_registers(const struct vm *vm)
{
    const uint64_t *l2 = (const uint64_t *)&vm->l2;
    uint64_t sum = LOOK_SUM_START, words[L1_WORDS];
    unsigned int i;

    read_l1(words);
    for (i = 0; i < L1_WORDS; i++)
        sum = look_add(sum, words[i]);
    for (i = 0; i < L2_ORDERS / 8; i++)
        sum = look_add(sum, l2[i]);
    for (i = 0; i < NR_GPRS; i++)
        sum = look_add(sum, vm->registers.gpr[i]);
    return sum;
}
