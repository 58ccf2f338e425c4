/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest.h - a pretended L1 for tests: pages, fields, events, and a record of
 * what the engine asked for.
 *
 * After guest_start() there are, at the linear addresses below, one page of
 * code (readable, executable), its successor likewise, two adjacent pages of
 * data and one of stack.  Registers are zero, but for RSP, in the middle of the
 * stack, and RFLAGS, with its fixed bit.  All vmreads succeed and give
 * guest_field(field); all vmwrites succeed and are recorded.
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

enum { GUEST_MAX_PAGES = 32, GUEST_MAX_CALLS = 128 };

struct guest_page {
    uint64_t linear;
    uint8_t *host;              /* not owned: pages may share it */
    bool readable, writable, executable;
};

/* One call of an op: what ('t', 'r', 'w', 'e', 's', 'x' for release) and its argument. */
struct guest_call {
    char what;
    uint64_t argument;
};

struct guest {
    struct cluster_vcpu *vcpu;
    struct cluster_regs regs;
    struct cluster_outcome out;
    uint64_t fs, gs;
    /* What becomes of vmreads and vmwrites, and the number of the first to which it applies. */
    enum cluster_vmx vmx_result;
    unsigned int vmx_from;
    /* The event check that says yes, counted from 1; 0 for none. */
    unsigned int event_at;
    /* The record. */
    unsigned int vmx_count, event_count, translate_count, release_count;
    uint64_t written_field, written_value;      /* by the last vmwrite that succeeded */
    struct guest_call call[GUEST_MAX_CALLS];
    unsigned int nr_calls;
    struct guest_page page[GUEST_MAX_PAGES];
    unsigned int nr_pages;
    uint8_t *memory;            /* what the initial pages are made of */
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

/* Map @linear to @host, or change how it is mapped; @rights as in "rwx", in any selection. */
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

/* Exit at @rip: cluster_run() with the guest's registers.  The record starts anew. */
bool guest_exit_at(struct guest *g, uint64_t rip);

/* Put @code at GUEST_CODE and exit there. */
bool guest_run(struct guest *g, struct code code);

extern const struct cluster_ops guest_ops;

#endif /* GUEST_H */
