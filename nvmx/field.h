/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * field.h - the VMCS fields that Xen 4.20 knows, and how each goes between a vvmcs,
 * L1's, and vmcs02, the hardware's.  One table; sets, policies and tests come of it.
 *
 * A field's POSITION is the index of its 8 bytes in the page in which Xen keeps a vvmcs
 * (vvmcs_offset() in vvmx.c; also the layout of what L1 finds there): 0 to 511.  Both
 * halves of a 64-bit field share one.  No two fields of the table do.
 *
 * How a field is merged or vetted on its way is Xen's business; the table says what
 * has to be done again when it changes, as the stock path (virtual_vmentry() and
 * virtual_vmexit() in vvmx.c) does at every entry.
 */
#ifndef NVMX_FIELD_H
#define NVMX_FIELD_H

#include "cluster_env.h"        /* fixed-width types, bool, memcpy, memset */

enum { NVMX_POSITIONS = 512, NVMX_SET_WORDS = NVMX_POSITIONS / 64 };

/* Position p is bit p % 64 of word[p / 64]. */
struct nvmx_set {
    uint64_t word[NVMX_SET_WORDS];
};

/* From the vvmcs to vmcs02, at a virtual VM entry. */
enum nvmx_entry {
    NVMX_ENTRY_NOTHING,         /* stock Xen does not look at it there */
    NVMX_ENTRY_COPY,            /* VMWRITE of the value as it is */
    NVMX_ENTRY_INPUT,           /* something is computed from it: see @inputs */
    NVMX_ENTRY_REGISTER,        /* RIP, RSP: to Xen's struct cpu_user_regs */
    NVMX_ENTRY_EVENT,           /* what is injected: the processor takes it, so at every entry */
};

/* From vmcs02 to the vvmcs, at a virtual VM exit. */
enum nvmx_exit {
    NVMX_EXIT_NOTHING,          /* the vvmcs has it */
    NVMX_EXIT_HARDWARE,         /* the processor may have changed it: VMREAD when L1 asks */
    NVMX_EXIT_XEN,              /* Xen stores it in the vvmcs, PDPTEs and CR4 not at every exit */
    NVMX_EXIT_CR3,              /* HARDWARE where L1 does not intercept MOV to CR3, else NOTHING */
};

/* What is computed anew when one of its inputs has been written.  Bits. */
enum nvmx_input {
    NVMX_INPUT_PIN = 1,         /* pin-based controls */
    NVMX_INPUT_CPU = 2,         /* processor-based controls, the bitmaps' addresses */
    NVMX_INPUT_SECONDARY = 4,
    NVMX_INPUT_EXIT = 8,        /* VM-exit controls */
    NVMX_INPUT_ENTRY = 0x10,    /* VM-entry controls; also EFER.LMA, PAT, PERF_GLOBAL_CTRL */
    NVMX_INPUT_EXCEPTION = 0x20,    /* exception bitmap */
    NVMX_INPUT_APIC_ACCESS = 0x40,  /* APIC-access address */
    NVMX_INPUT_VIRTUAL_APIC = 0x80, /* virtual-APIC address */
    NVMX_INPUT_TPR = 0x100,     /* TPR threshold */
    NVMX_INPUT_CR = 0x200,      /* CR0, CR3, CR4, their masks and read shadows */
    NVMX_INPUT_TSC = 0x400,     /* TSC offset */
    NVMX_INPUT_EPT = 0x800,     /* which nested p2m */
    NVMX_INPUT_VPID = 0x1000,
    NVMX_INPUT_PDPTE = 0x2000,
    NVMX_INPUT_PF = 0x4000,     /* page-fault error-code mask and match */
    NVMX_INPUT_ALL = 0x7fff,
};

struct nvmx_field {
    uint16_t encoding;          /* of the whole field: bit 0 clear */
    uint8_t  entry;             /* enum nvmx_entry */
    uint8_t  exit;              /* enum nvmx_exit */
    uint16_t inputs;            /* enum nvmx_input; of ENTRY_INPUT, and of COPY that is one, too */
};

extern const struct nvmx_field nvmx_fields[];
extern const unsigned int nvmx_nr_fields;

/*
 * The position of @encoding, well-formed or not; of both halves.  Width, type and five
 * bits of the index; VPID, whose encoding is 0, does not lie at the page's beginning,
 * where the header is.
 */
static inline unsigned int nvmx_position(uint32_t encoding)
{
    unsigned int width = encoding >> 13 & 3, type = encoding >> 10 & 3, index = encoding >> 1 & 31;
    unsigned int position = width << 7 | type << 5 | index;

    return position ? position : 0x3f;
}

/* Bytes: 2, 4 or 8 (natural width: 8; the high half of a 64-bit field: 4). */
unsigned int nvmx_field_width(uint32_t encoding);

/* May VMWRITE change it (SDM vol. 3, appendix B)?  Stock Xen lets it change all. */
bool nvmx_field_writable(uint32_t encoding);

/* The table, by position. */
struct nvmx_table {
    struct nvmx_set known;      /* in the table */
    struct nvmx_set copy;       /* ENTRY_COPY */
    struct nvmx_set input;      /* @inputs is not 0 */
    struct nvmx_set hardware;   /* EXIT_HARDWARE */
    uint16_t encoding[NVMX_POSITIONS];  /* 0 where not known (VPID's is 0, too) */
    uint16_t inputs[NVMX_POSITIONS];
};

/* @table is the caller's, written by this only. */
void nvmx_table_init(struct nvmx_table *table);

static inline bool nvmx_set_has(const struct nvmx_set *set, unsigned int position)
{
    return set->word[position / 64] >> (position % 64) & 1;
}

static inline void nvmx_set_add(struct nvmx_set *set, unsigned int position)
{
    set->word[position / 64] |= 1ull << (position % 64);
}

static inline void nvmx_set_remove(struct nvmx_set *set, unsigned int position)
{
    set->word[position / 64] &= ~(1ull << (position % 64));
}

static inline bool nvmx_set_is_empty(const struct nvmx_set *set)
{
    uint64_t any = 0;
    unsigned int i;

    for (i = 0; i < NVMX_SET_WORDS; i++)
        any |= set->word[i];
    return any == 0;
}

/* (Sets are small, and the compiler's own count of bits may be a call of a library.) */
static inline unsigned int nvmx_set_size(const struct nvmx_set *set)
{
    unsigned int i, n = 0;
    uint64_t word;

    for (i = 0; i < NVMX_SET_WORDS; i++)
        for (word = set->word[i]; word; word &= word - 1)
            n++;
    return n;
}

#endif /* NVMX_FIELD_H */
