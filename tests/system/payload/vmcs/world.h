/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * world.h - memory of L2 and of its VMCSs: descriptor tables, page tables, EPT, bitmaps.
 *
 * Of most there are two that differ in nothing L2 notices but where they are.  Linear memory
 * is physical memory, [0, 1 GiB), for supervisor and user; L2's physical memory is L1's.
 */
#ifndef VMCS_WORLD_H
#define VMCS_WORLD_H

#include "l2.h"
#include "machine.h"

/* Not mapped in any of L2's page tables. */
#define LIN_ABSENT      0x40000000ull

struct vmcs_page {
    uint64_t word[PAGE_SIZE / 8];
} __attribute__((aligned(4096)));

/* What LGDT and LIDT load. */
struct pseudo_descriptor {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

enum {
    GDT_WORDS = 13, GDT_LIMIT = GDT_WORDS * 8 - 1, IDT_LIMIT = L2_VECTORS * 16 - 1,
    TSS_LIMIT = 0xfff, LDT_LIMIT = 0xfff,
};

struct world {
    struct vmcs_page pml4[2], pdpt[2], directory;       /* 64-bit mode */
    struct vmcs_page pae_pdpt, directory_32;            /* 32-bit modes */
    struct vmcs_page ept_pml4[2], ept_pdpt[2], ept_directory[2], ept_table[2];
    struct vmcs_page gdt[2], idt[2], tss[2], ldt;
    struct vmcs_page msr_bitmap[3];             /* nothing exits; all does; what a test says */
    struct vmcs_page io_bitmap[3][2];           /* likewise */
    struct vmcs_page virtual_apic[2];
    struct vmcs_page data, other_data;          /* for L2's loads and stores */
    struct vmcs_page trap_stack;                /* of traps from CPL 3 */
};

extern struct world world;

void world_init(void);

/* TSSs that LTR has made busy are available again. */
void world_free_tss(void);

static inline uint64_t address_of(const void *memory)
{
    return (uintptr_t)memory;
}

/* EPT pointer number @ept, 0 or 1. */
uint64_t world_eptp(unsigned int ept);

/*
 * In EPT number @ept L2's page world.data is at @target with @rights (1 read, 2 write, 4
 * execute).  Before L2 may be sure of it L1 has to say INVEPT.
 */
void world_map_data(unsigned int ept, const struct vmcs_page *target, unsigned int rights);

/* Of MSR @msr in @bitmap, which is an MSR bitmap as the SDM has it. */
void world_intercept_msr(struct vmcs_page *bitmap, uint32_t msr, bool write, bool intercept);

/* Of @port in a pair of I/O bitmaps. */
void world_intercept_port(struct vmcs_page *bitmaps, uint16_t port, bool intercept);

#endif /* VMCS_WORLD_H */
