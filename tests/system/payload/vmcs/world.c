/* SPDX-License-Identifier: GPL-2.0-only */
#include "world.h"

enum {
    ENTRY_PRESENT = 1, ENTRY_WRITE = 2, ENTRY_USER = 4, ENTRY_LARGE = 0x80,
    ENTRY_ALL = ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER,
    EPT_ALL = 7, EPT_WRITE_BACK = 6 << 3, EPT_WALK_4 = 3 << 3,
    LARGE_PAGE = 0x200000, LARGE_PAGE_32 = 0x400000,
    NR_ENTRIES = PAGE_SIZE / 8, DIRECTORIES_32 = 256,
};

struct world world;

static void init_page_tables(void)
{
    uint32_t *entries_32 = (uint32_t *)world.directory_32.word;
    unsigned int i;

    for (i = 0; i < NR_ENTRIES; i++)
        world.directory.word[i] = (uint64_t)i * LARGE_PAGE | ENTRY_ALL | ENTRY_LARGE;
    for (i = 0; i < DIRECTORIES_32; i++)
        entries_32[i] = i * LARGE_PAGE_32 | ENTRY_ALL | ENTRY_LARGE;
    for (i = 0; i < 2; i++) {
        world.pml4[i].word[0] = address_of(&world.pdpt[i]) | ENTRY_ALL;
        world.pdpt[i].word[0] = address_of(&world.directory) | ENTRY_ALL;
    }
    world.pae_pdpt.word[0] = address_of(&world.directory) | ENTRY_PRESENT;
}

static void init_ept(unsigned int ept)
{
    uint64_t large = address_of(&world.data) / LARGE_PAGE;
    unsigned int i;

    for (i = 0; i < NR_ENTRIES; i++) {
        world.ept_directory[ept].word[i] =
            (uint64_t)i * LARGE_PAGE | EPT_ALL | EPT_WRITE_BACK | ENTRY_LARGE;
        world.ept_table[ept].word[i] =
            (large * LARGE_PAGE + i * PAGE_SIZE) | EPT_ALL | EPT_WRITE_BACK;
    }
    world.ept_directory[ept].word[large] = address_of(&world.ept_table[ept]) | EPT_ALL;
    world.ept_pdpt[ept].word[0] = address_of(&world.ept_directory[ept]) | EPT_ALL;
    world.ept_pml4[ept].word[0] = address_of(&world.ept_pdpt[ept]) | EPT_ALL;
}

static void init_system_descriptor(uint64_t *low, uint64_t base, uint32_t limit, uint64_t type)
{
    low[0] = limit | (base & 0xffffff) << 16 | type << 40 | (base >> 24 & 0xff) << 56;
    low[1] = base >> 32;
}

/* Limits of segments fit both granularities, as L1 may choose the other one. */
static void init_gdt(uint64_t *gdt)
{
    gdt[L2_CODE / 8] = 0x00a09b00000000ff;
    gdt[L2_DATA / 8] = 0x00c09300000000ff;
    gdt[L2_USER_DATA / 8] = 0x00c0f300000000ff;
    gdt[L2_USER_CODE / 8] = 0x00a0fb00000000ff;
    init_system_descriptor(&gdt[L2_TSS / 8], address_of(&world.tss[0]), TSS_LIMIT, 0x89);
    init_system_descriptor(&gdt[L2_OTHER_TSS / 8], address_of(&world.tss[1]), TSS_LIMIT, 0x89);
    init_system_descriptor(&gdt[L2_LDT / 8], address_of(&world.ldt), LDT_LIMIT, 0x82);
    gdt[L2_CODE_32 / 8] = 0x00c09b00000000ff;
    gdt[L2_DATA_32 / 8] = 0x0040930010000fff;   /* byte granular, not at 0 */
}

static void init_idt(uint64_t *idt)
{
    unsigned int vector;

    for (vector = 0; vector < L2_VECTORS; vector++) {
        uint64_t entry = address_of(l2_trap_entries + L2_TRAP_ENTRY * vector);
        uint64_t access = vector == L2_USER_VECTOR ? 0xee : 0x8e;

        idt[2 * vector] = (entry & 0xffff) | L2_CODE << 16 | access << 40 |
                          (entry >> 16 & 0xffff) << 48;
        idt[2 * vector + 1] = entry >> 32;
    }
}

/* RSP0 is at 4, the I/O permission bitmap's offset at 0x66. */
static void init_tss(struct vmcs_page *tss)
{
    uint64_t rsp0 = address_of(&world.trap_stack + 1);
    uint8_t *bytes = (uint8_t *)tss->word;
    unsigned int i;

    for (i = 0; i < 8; i++)
        bytes[4 + i] = rsp0 >> (8 * i);
    bytes[0x67] = (TSS_LIMIT + 1) >> 8;
}

static void fill_page(struct vmcs_page *page, uint64_t value)
{
    unsigned int i;

    for (i = 0; i < PAGE_SIZE / 8; i++)
        page->word[i] = value;
}

void world_init(void)
{
    unsigned int i;

    init_page_tables();
    for (i = 0; i < 2; i++) {
        init_ept(i);
        init_gdt(world.gdt[i].word);
        init_idt(world.idt[i].word);
        init_tss(&world.tss[i]);
    }
    fill_page(&world.msr_bitmap[1], ~0ull);
    fill_page(&world.io_bitmap[1][0], ~0ull);
    fill_page(&world.io_bitmap[1][1], ~0ull);
    fill_page(&world.data, 0x6461746164617461);
    fill_page(&world.other_data, 0x6f746865726f7468);
}

void world_free_tss(void)
{
    unsigned int i;

    for (i = 0; i < 2; i++) {
        world.gdt[i].word[L2_TSS / 8] &= ~(2ull << 40);
        world.gdt[i].word[L2_OTHER_TSS / 8] &= ~(2ull << 40);
    }
}

uint64_t world_eptp(unsigned int ept)
{
    return address_of(&world.ept_pml4[ept]) | EPT_WALK_4 | EPT_WRITE_BACK >> 3;
}

void world_map_data(unsigned int ept, const struct vmcs_page *target, unsigned int rights)
{
    unsigned int i = address_of(&world.data) / PAGE_SIZE % NR_ENTRIES;

    world.ept_table[ept].word[i] =
        rights ? address_of(target) | rights | EPT_WRITE_BACK : 0;
}

/* Four parts of 1 KiB: reads of low MSRs, of high ones, writes of low ones, of high ones. */
void world_intercept_msr(struct vmcs_page *bitmap, uint32_t msr, bool write, bool intercept)
{
    unsigned int bit = (msr & 0x1fff) + (msr >= 0xc0000000 ? 0x2000 : 0) + (write ? 0x4000 : 0);
    uint64_t mask = 1ull << (bit % 64);

    if (intercept)
        bitmap->word[bit / 64] |= mask;
    else
        bitmap->word[bit / 64] &= ~mask;
}

void world_intercept_port(struct vmcs_page *bitmaps, uint16_t port, bool intercept)
{
    uint64_t *word = &bitmaps[port >> 15].word[(port & 0x7fff) / 64], mask = 1ull << (port % 64);

    if (intercept)
        *word |= mask;
    else
        *word &= ~mask;
}
