/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest.h - a pretended L1 for tests: pages, fields, events, and a record of
 * what the engine asked for.
 *
 * After guest_start() there are, at the linear addresses below, one page of
 * code (readable, executable), its successor likewise, two adjacent pages of
 * data and one of stack.  Registers are zero, but for RSP, in the middle of the
 * stack, and RFLAGS, with its fixed bit.  All vmreads succeed and give
 * guest_field(field); all vmwrites succeed and are recorded; what is emulated
 * does as guest_emulate.c says.  Pages are accessed and dirty from the first
 * translation on that makes them so.
 *
 * The engine is used in its static mode unless a test sets @mode.  An op that is
 * called outside begin() .. end(), or against the contract of cluster_ops in
 * another way, ends the program.
 */
#ifndef GUEST_H
#define GUEST_H

#include "cluster.h"

#define GUEST_PAGE   4096u
#define GUEST_CODE   0xffffffff81000000ull
#define GUEST_CODE2  (GUEST_CODE + GUEST_PAGE)
#define GUEST_DATA   0xffff888000010000ull
#define GUEST_DATA2  (GUEST_DATA + GUEST_PAGE)
#define GUEST_STACK  0xffffc90000004000ull
#define GUEST_RSP    (GUEST_STACK + 0x800)

enum {
    GUEST_MAX_PAGES = 64,
    GUEST_MAX_CALLS = 128,
    GUEST_ARENA = 4 * 1024 * 1024,
};

struct guest_page {
    uint64_t linear;
    uint8_t *host;              /* not owned: pages may share it */
    bool readable, writable, executable;
    bool accessed, dirty;
};

/*
 * One call of an op: what ('t' translate, 'r' vmread, 'w' vmwrite, 'm' emulate,
 * 'e' event_pending, 'x' end) and its argument.
 */
struct guest_call {
    char what;
    uint64_t argument;
};

/*
 * A page of L0's: reading has an effect (each read gives another number), as has writing.  Only
 * what lies in it takes part in regions.
 */
struct guest_device {
    uint64_t linear;            /* the page, when it is not mapped as RAM; 0: there is none */
    unsigned int reads, writes;
    uint64_t written_at, written;
    unsigned int written_width;
    bool raises_event;          /* by a write */
};

struct guest {
    struct cluster_vcpu *vcpu;
    struct cluster_arena arena;
    enum cluster_mode mode;
    struct cluster_regs regs;
    struct cluster_outcome out;
    uint64_t fs, gs;
    uint64_t tsc_offset;        /* of RDTSC, where it tsc_counts */
    bool tsc_counts;
    unsigned int kind;          /* cluster_run()'s */
    bool silent_rdmsr;          /* L1 does not exit by RDMSR */
    uint64_t silent_field;      /* nor by VMREAD and VMWRITE of this field; 0: none */
    unsigned int silent;
    bool stores;                /* VMWRITEs of plain fields are stores */
    uint64_t epoch;             /* another one after each guest_map() and guest_unmap() */
    uint32_t poke;
    bool refuse;                /* begin() says no */
    bool hide_vmcs;             /* begin() gives no vmcs, so no VMREAD is a plain load */
    /* What becomes of vmreads and vmwrites, and the number of the first to which it applies. */
    enum cluster_vmx vmx_result;
    unsigned int vmx_from;
    /* The first event check that says yes, as do all after it, counted from 1; 0 for none. */
    unsigned int event_at;
    /* The emulate() that says STOP, and that which says DECLINE, counted so too. */
    unsigned int emulate_stop_at, emulate_decline_at;
    bool pending;               /* of struct cluster_world */
    uint64_t tsc, cr2, msr;     /* what there is to be emulated; one MSR for all */
    struct guest_device device;
    /* cluster_ops.adjoin(); NULL: nowhere. */
    uint8_t *(*adjoin)(struct guest *g, uint8_t *const page[2]);
    void *adjoin_ctx;
    /* The record. */
    unsigned int vmx_count, event_count, translate_count, emulate_count;
    unsigned int begin_count, end_count;
    uint64_t written_field, written_value;      /* by the last vmwrite that succeeded */
    enum cluster_op emulated_op;                /* by the last emulate() */
    struct cluster_operands operands;           /* as it found them */
    struct guest_call call[GUEST_MAX_CALLS];
    unsigned int nr_calls;
    struct guest_page page[GUEST_MAX_PAGES];
    unsigned int nr_pages;
    bool begun;                 /* between begin() and end() */
    uint8_t *memory;            /* what the initial pages are made of */
    uint64_t *vmcs;             /* one page of fields, by the order in which they were asked for */
    uint64_t *vmcs_name;        /* the fields' numbers */
    unsigned int nr_vmcs;
};

/* Machine code, as made by CODE(). */
struct code {
    const uint8_t *bytes;
    unsigned int size;
};

/* Assembles @text, a string of Intel-syntax instructions, where it is used. */
#define CODE(text)                                                      \
    __extension__ ({                                                    \
        const uint8_t *code_start, *code_end;                           \
        __asm__(".pushsection .rodata\n.intel_syntax noprefix\n"        \
                "991:\n" text "\n992:\n"                                \
                ".att_syntax prefix\n.popsection\n"                     \
                "lea 991b(%%rip), %0\n\tlea 992b(%%rip), %1"            \
                : "=r"(code_start), "=r"(code_end));                    \
        (struct code){ code_start, code_end - code_start };             \
    })

/* A new guest, to be ended by guest_end(). */
struct guest *guest_start(void);
void guest_end(struct guest *g);

/*
 * Map @linear to @host, or change how it is mapped, neither accessed nor dirty;
 * @rights as in "rwx", in any selection.
 */
void guest_map(struct guest *g, uint64_t linear, uint8_t *host, const char *rights);
void guest_unmap(struct guest *g, uint64_t linear);

/* Where the byte at @linear lies; the page must be mapped, with whatever rights. */
uint8_t *guest_at(struct guest *g, uint64_t linear);

uint64_t guest_read64(struct guest *g, uint64_t linear);
void guest_write64(struct guest *g, uint64_t linear, uint64_t value);

/* Put @code at @linear, across a page end if need be. */
void guest_put_code(struct guest *g, uint64_t linear, struct code code);

/* What a vmread of @field gives. */
uint64_t guest_field(uint64_t field);

/* What a CPUID of @leaf and @subleaf gives in register @reg, RAX to RBX. */
uint32_t guest_cpuid(uint32_t leaf, uint32_t subleaf, enum cluster_gpr reg);

/* What the device gives at its @read-th read, from 1 on, in so many bytes. */
uint64_t guest_device_value(unsigned int read, unsigned int width);

/* Is RAM or anything else mapped at @linear? */
bool guest_is_mapped(struct guest *g, uint64_t linear);

/* May a vmread of @field be a plain load?  Not of fields with an odd number (high halves). */
bool guest_field_is_plain(uint64_t field);

/* The record starts anew. */
void guest_forget_calls(struct guest *g);

/* Exit at @rip: cluster_run() in the guest's mode with its registers.  The record starts anew. */
bool guest_exit_at(struct guest *g, uint64_t rip);

/* Put @code at GUEST_CODE and exit there. */
bool guest_run(struct guest *g, struct code code);

extern const struct cluster_ops guest_ops;

/* cluster_ops.emulate, for guest_ops. */
enum cluster_emulated guest_emulate(void *ctx, enum cluster_op op, struct cluster_regs *regs,
                                    struct cluster_operands *operands);

#endif /* GUEST_H */
