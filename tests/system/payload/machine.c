/* SPDX-License-Identifier: GPL-2.0-only */
#include "machine.h"
#include "report.h"
#include "trap.h"

enum {
    MSR_APIC_BASE = 0x1b,
    MSR_FEATURE_CONTROL = 0x3a,
    MSR_VMX_BASIC = 0x480,
    MSR_X2APIC_EOI = 0x80b,
    MSR_X2APIC_SPURIOUS = 0x80f,
    XAPIC_EOI = 0xb0,
};

#define MSR_FS_BASE     0xc0000100
#define MSR_GS_BASE     0xc0000101

#define APIC_BASE_X2APIC        (1u << 10)
#define APIC_SPURIOUS_ENABLE    0x1ff
#define FEATURE_CONTROL_LOCK    (1u << 0)
#define FEATURE_CONTROL_VMXON   (1u << 2)
#define CPUID_1_ECX_VMX         (1u << 5)
#define CR4_VMXE                (1u << 13)

/* Xen's hypercall: number 29, operation 2 and what SHUTDOWN_... call the reasons. */
enum { HYPERCALL_SCHED_OP = 29, SCHEDOP_SHUTDOWN = 2, SHUTDOWN_POWEROFF = 0, SHUTDOWN_CRASH = 3 };

struct page {
    uint64_t word[PAGE_SIZE / 8];
} __attribute__((aligned(4096)));

struct tss {
    uint32_t reserved;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

struct gate {
    uint64_t low, high;
};

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

/* start.S, run.S */
extern uint64_t gdt[], other_table[512];
extern const char trap_entries[];

/* cases/: pages of code that are mapped a second time; what RIP-relative operands name */
extern struct page crossing_pages[2], alias_page, user_page, rip_page;
extern uint64_t frame_to_remove_gfn;

/* What cases need for VMCLEAR, VMPTRLD and VMXON; there is one that stores into the VMCS. */
uint64_t vmcs_address, vmxon_address;
struct page vmcs_page;

/* A case gives it back to Xen; nothing else may use it. */
struct page gone_page;

static struct page vmxon_page, data_pages[2], read_only_page, late_page, stack_page;
static struct tss tss;
static struct gate idt[NR_VECTORS];
static uint8_t trap_stack[16384] __attribute__((aligned(16)));

/* Memory that is filled with a pattern before each case and compared with it after it. */
static const struct {
    const char *name;
    struct page *page;
    uint32_t linear;            /* 0: at its own address only */
    uint32_t flags;
} pages[] = {
    { "data", &data_pages[0], LIN_DATA, PTE_PRESENT | PTE_WRITE },
    { "data", &data_pages[1], LIN_DATA + PAGE_SIZE, PTE_PRESENT | PTE_WRITE },
    { "read-only", &read_only_page, LIN_READ_ONLY, PTE_PRESENT },
    { "late", &late_page, LIN_LATE, PTE_USER },
    { "stack", &stack_page, LIN_STACK, PTE_PRESENT | PTE_WRITE },
    { "rip", &rip_page, 0, 0 },
};

/* Fields that every case finds set, and that are read after it. */
static const struct {
    const char *name;
    uint64_t field, value;
} fields[] = {
    { "GUEST_ES_SELECTOR", GUEST_ES_SELECTOR, 0xe5e5 },
    { "TSC_OFFSET", TSC_OFFSET, 0x0123456789abcdef },
    { "EXCEPTION_BITMAP", EXCEPTION_BITMAP, 0x89abcdef },
    { "VM_INSTRUCTION_ERROR", VM_INSTRUCTION_ERROR, 0 },
    { "VM_EXIT_REASON", VM_EXIT_REASON, 0x80000021 },
    { "GUEST_RSP", GUEST_RSP, 0x1111222233334444 },
    { "GUEST_RIP", GUEST_RIP, 0x5555666677778888 },
    { "GUEST_RFLAGS", GUEST_RFLAGS, 0x9999aaaabbbbcccc },
    { "HOST_RIP", HOST_RIP, 0xddddeeeeffff0001 },
};

enum {
    NR_PAGES = sizeof(pages) / sizeof(pages[0]),
    NR_FIELDS = sizeof(fields) / sizeof(fields[0]),
};

/*
 * Not inlined: a CALL and a RET between two of them keep them out of clusters, so that
 * clusters run inside the windows of the cases only.
 */
static void __attribute__((noinline)) vmwrite(uint64_t field, uint64_t value)
{
    __asm__ volatile("vmwrite %1, %0" : : "r"(field), "r"(value) : "cc", "memory");
}

static uint64_t __attribute__((noinline)) vmread(uint64_t field)
{
    uint64_t value;

    __asm__ volatile("vmread %1, %0" : "=r"(value) : "r"(field) : "cc", "memory");
    return value;
}

static void init_tss(void)
{
    uint64_t base = (uintptr_t)&tss;

    tss.ist[0] = (uintptr_t)(trap_stack + sizeof(trap_stack));
    tss.io_map = sizeof(tss);
    gdt[TSS_SELECTOR / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 |
                            (base >> 24 & 0xff) << 56;
    gdt[TSS_SELECTOR / 8 + 1] = base >> 32;
    __asm__ volatile("ltr %w0" : : "r"(TSS_SELECTOR));
}

/* All vectors by interrupt gates and on a stack of their own: cases keep theirs as they left it. */
static void init_idt(void)
{
    struct table_pointer pointer = { sizeof(idt) - 1, (uintptr_t)idt };
    unsigned int vector;

    for (vector = 0; vector < NR_VECTORS; vector++) {
        uint64_t entry = (uintptr_t)(trap_entries + 16 * vector);

        idt[vector].low = (entry & 0xffff) | KERNEL_CS << 16 | 1ull << 32 | 0x8eull << 40 |
                          (entry >> 16 & 0xffff) << 48;
        idt[vector].high = entry >> 32;
    }
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static bool has_vmx(void)
{
    uint32_t eax = 1, ebx, ecx = 0, edx;

    __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return ecx & CPUID_1_ECX_VMX;
}

static bool allow_vmxon(void)
{
    uint64_t control = read_msr(MSR_FEATURE_CONTROL);

    if (!(control & FEATURE_CONTROL_LOCK)) {
        control |= FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMXON;
        write_msr(MSR_FEATURE_CONTROL, control);
    }
    return control & FEATURE_CONTROL_VMXON;
}

static bool vmxon(void)
{
    uint64_t cr4;
    bool failed;

    __asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
    __asm__ volatile("mov %0, %%cr4" : : "r"(cr4 | CR4_VMXE));
    vmxon_page.word[0] = read_msr(MSR_VMX_BASIC) & 0x7fffffff;
    __asm__ volatile("vmxon %1" : "=@ccbe"(failed) : "m"(vmxon_address) : "memory");
    return !failed;
}

bool machine_init(void)
{
    init_tss();
    init_idt();
    write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
    write_msr(MSR_X2APIC_SPURIOUS, APIC_SPURIOUS_ENABLE);
    write_msr(MSR_FS_BASE, LIN_DATA + 0x200);
    write_msr(MSR_GS_BASE, LIN_DATA + 0x100);
    vmcs_address = (uintptr_t)&vmcs_page;
    vmxon_address = (uintptr_t)&vmxon_page;
    frame_to_remove_gfn = (uintptr_t)&gone_page / PAGE_SIZE;
    return has_vmx() && allow_vmxon() && vmxon();
}

/* No two words of the pages are the same, and none is an address. */
static uint64_t pattern(unsigned int page, unsigned int word)
{
    return (page * 512 + word + 1) * 0x9e3779b97f4a7c15;
}

static uint64_t *test_entry(uint64_t linear)
{
    return &test_table[(linear - LIN_BASE) / PAGE_SIZE];
}

static void map(uint64_t linear, const struct page *page, uint64_t flags)
{
    *test_entry(linear) = (uintptr_t)page | flags;
}

void machine_flush_tlb(void)
{
    uint64_t cr3;

    __asm__ volatile("mov %%cr3, %0; mov %0, %%cr3" : "=r"(cr3) : : "memory");
}

static void fill_pages(void)
{
    unsigned int i, word;

    for (i = 0; i < NR_PAGES; i++)
        for (word = 0; word < PAGE_SIZE / 8; word++)
            pages[i].page->word[word] = pattern(i, word);
}

/*
 * The emulator keeps the decoded form of an instruction that crosses pages, whatever becomes
 * of the second page's mapping; a store into its bytes makes it forget.
 */
static void map_crossing_pages(const struct test_case *c)
{
    volatile uint64_t *end_of_first = &crossing_pages[0].word[PAGE_SIZE / 8 - 1];
    volatile uint64_t *start_of_second = &crossing_pages[1].word[0];

    *end_of_first = *end_of_first;
    *start_of_second = *start_of_second;
    map(c->runs_at, &crossing_pages[0], PTE_PRESENT);
    map(c->runs_at + PAGE_SIZE, &crossing_pages[1], c->second_page);
}

/* As the first one, but for the two data pages, which have changed places. */
static void map_other_address_space(void)
{
    unsigned int i;

    for (i = 0; i < 512; i++)
        other_table[i] = test_table[i];
    other_table[0] = test_table[1];
    other_table[1] = test_table[0];
}

static void map_pages(const struct test_case *c)
{
    unsigned int i;

    for (i = 0; i < 512; i++)
        test_table[i] = 0;
    for (i = 0; i < NR_PAGES; i++)
        if (pages[i].linear)
            map(pages[i].linear, pages[i].page, pages[i].flags);
    if (c->runs_at)
        map_crossing_pages(c);
    map(LIN_ALIAS, &alias_page, PTE_PRESENT | PTE_WRITE);
    map(LIN_USER, &user_page, PTE_PRESENT | PTE_USER);
    *test_entry(LIN_APIC) = APIC_PHYSICAL | PTE_PRESENT | PTE_WRITE;
    *test_entry(LIN_IO_APIC) = IO_APIC_PHYSICAL | PTE_PRESENT | PTE_WRITE;
    *test_entry(LIN_HPET) = HPET_PHYSICAL | PTE_PRESENT | PTE_WRITE;
    map_other_address_space();
    machine_flush_tlb();
}

static void make_vmcs_current(void)
{
    __asm__ volatile("vmptrld %0" : : "m"(vmcs_address) : "cc", "memory");
}

static void fresh_vmcs(void)
{
    unsigned int i;

    __asm__ volatile("vmclear %0" : : "m"(vmcs_address) : "cc", "memory");
    for (i = 0; i < PAGE_SIZE / 8; i++)
        vmcs_page.word[i] = 0;
    vmcs_page.word[0] = vmxon_page.word[0];
    make_vmcs_current();
    for (i = 0; i < NR_FIELDS; i++)
        vmwrite(fields[i].field, fields[i].value);
}

void machine_prepare(const struct test_case *c)
{
    fill_pages();
    map_pages(c);
    fresh_vmcs();
}

uint64_t machine_distance(const struct test_case *c)
{
    return c->runs_at ? c->runs_at - (uintptr_t)crossing_pages : 0;
}

static bool is_x2apic(void)
{
    return read_msr(MSR_APIC_BASE) & APIC_BASE_X2APIC;
}

void machine_break_at(uint64_t rip)
{
    __asm__ volatile("mov %0, %%dr0; mov %1, %%dr7" : : "r"(rip), "r"(0x402ul));
}

void machine_restore(void)
{
    __asm__ volatile("mov %0, %%dr7" : : "r"(0x400ul));
    if (!is_x2apic())
        write_msr(MSR_APIC_BASE, read_msr(MSR_APIC_BASE) | APIC_BASE_X2APIC);
}

void machine_grant(uint64_t linear)
{
    uint64_t *entry = test_entry(linear);

    *entry = (*entry | PTE_PRESENT | PTE_WRITE) & ~(1ull << 63);
    __asm__ volatile("invlpg (%0)" : : "r"(linear) : "memory");
}

void machine_end_interrupt(void)
{
    if (is_x2apic())
        write_msr(MSR_X2APIC_EOI, 0);
    else
        *(volatile uint32_t *)(LIN_APIC + XAPIC_EOI) = 0;
}

/* Four words from @word on, if one of them is no longer what it was. */
static void report_words(unsigned int page, unsigned int word)
{
    unsigned int i;
    bool changed = false;

    for (i = 0; i < 4; i++)
        changed |= pages[page].page->word[word + i] != pattern(page, word + i);
    if (!changed)
        return;
    report_text("  memory ");
    report_text(pages[page].name);
    report_text(" +");
    report_hex((pages[page].linear & PAGE_SIZE) + word * 8, 4);
    for (i = 0; i < 4; i++) {
        report_text(" ");
        report_hex(pages[page].page->word[word + i], 16);
    }
    report_text("\n");
}

static void report_memory(void)
{
    unsigned int i, word;

    for (i = 0; i < NR_PAGES; i++)
        for (word = 0; word < PAGE_SIZE / 8; word += 4)
            report_words(i, word);
}

/* Accessed and dirty bits among them. */
static void report_entries(void)
{
    unsigned int i;

    report_text("  entries");
    for (i = 0; i < 512; i++) {
        if (!test_table[i])
            continue;
        report_text(" ");
        report_hex(LIN_BASE + i * PAGE_SIZE, 8);
        report_text(test_table[i] >> 63 ? "=nx" : "=");
        report_hex(test_table[i] & 0xfff, 3);
    }
    report_text("\n");
}

static void report_fields(void)
{
    unsigned int i;

    make_vmcs_current();
    for (i = 0; i < NR_FIELDS; i++) {
        uint64_t value = vmread(fields[i].field);

        if (value == fields[i].value)
            continue;
        report_text("  vmcs ");
        report_text(fields[i].name);
        report_text(" ");
        report_hex(value, 16);
        report_text("\n");
    }
}

void machine_report(void)
{
    report_memory();
    report_entries();
    report_fields();
}

static void shut_down(uint32_t reason)
{
    uint64_t rax = HYPERCALL_SCHED_OP;

    __asm__ volatile("vmcall" : "+a"(rax) : "D"(SCHEDOP_SHUTDOWN), "S"(&reason) : "memory");
}

void machine_shutdown(bool failed)
{
    shut_down(failed ? SHUTDOWN_CRASH : SHUTDOWN_POWEROFF);
    for (;;)
        __asm__ volatile("hlt");
}
