/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * layout.h - addresses, numbers and structures that C and assembly share.
 *
 * Linear memory: [0, 1 GiB) is mapped to itself by 2 MiB pages, readable, writable,
 * executable.  From LIN_BASE on there are 4 KiB pages, which machine.c maps anew before each
 * case; what is not named here is a hole.  User mode has LIN_USER and LIN_LATE.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#define LIN_BASE        0x40000000
#define LIN_DATA        0x40000000      /* two pages: what cases load and store */
#define LIN_HOLE        0x40002000      /* never present, right behind the data */
#define LIN_READ_ONLY   0x40003000
#define LIN_LATE        0x40004000      /* not present until a trap handler maps it */
#define LIN_STACK       0x40008000      /* the case's stack; holes below and above */
#define LIN_STACK_END   0x40009000
#define LIN_CODE        0x40010000      /* where cases that ask for it see crossing_pages: */
#define LIN_CODE_ABSENT 0x40014000      /* each of these is two pages */
#define LIN_CODE_NX     0x40018000
#define LIN_ALIAS       0x4001c000      /* second mapping of alias_page */
#define LIN_USER        0x4001d000      /* second mapping of user_page */

#define LIN_APIC        0x40020000      /* the local APIC's registers; a hole behind them */

#define LIN_IO_APIC     0x40022000      /* the I/O APIC's, and the HPET's; domains may lack them */
#define LIN_HPET        0x40023000

#define APIC_PHYSICAL   0xfee00000
#define IO_APIC_PHYSICAL 0xfec00000
#define HPET_PHYSICAL   0xfed00000

#define PTE_PRESENT     0x001
#define PTE_WRITE       0x002
#define PTE_USER        0x004
#define PTE_ACCESSED    0x020
#define PTE_DIRTY       0x040
#define PTE_NX          (1 << 63)

/* Selectors. */
#define KERNEL_CS       0x08
#define KERNEL_DS       0x10
#define USER_DS         (0x18 | 3)
#define USER_CS         (0x20 | 3)
#define TSS_SELECTOR    0x28

/* What the handler does about a trap of the running case, once it is written down. */
#define TRAP_END        0       /* the case ends */
#define TRAP_CONTINUE   1       /* go on where it happened: #DB, interrupt */
#define TRAP_MAP        2       /* make the page of CR2 present, writable, executable; try again */
#define TRAP_SKIP       3       /* go on at the case's label resume_NAME */

#define IPI_VECTOR      0x40
#define NR_VECTORS      (IPI_VECTOR + 1)

/* VMCS encodings (SDM vol. 3, appendix B). */
#define VPID                    0x0000
#define GUEST_ES_SELECTOR       0x0800
#define TSC_OFFSET              0x2010
#define TSC_OFFSET_HIGH         0x2011
#define EXCEPTION_BITMAP        0x4004
#define VM_INSTRUCTION_ERROR    0x4400
#define VM_EXIT_REASON          0x4402
#define GUEST_RSP               0x681c
#define GUEST_RIP               0x681e
#define GUEST_RFLAGS            0x6820
#define HOST_RIP                0x6c16

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the order of the SDM's encodings. */
enum gpr { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NR_GPRS };

struct registers {
    uint64_t gpr[NR_GPRS];
    uint64_t rflags;
};

/* An entry of the table that cases.h's CASE makes. */
struct test_case {
    const char *name;
    uint64_t start, end;        /* as linked */
    uint64_t runs_at;           /* LIN_CODE...: in this mapping of crossing_pages; 0: in place */
    uint64_t avoids;            /* exits that static clusters save if no event stops one */
    uint64_t gated;             /* exits that the engine is not given */
    uint64_t on_trap;           /* TRAP_... */
    uint64_t resume;            /* TRAP_SKIP: where, as linked */
    uint64_t second_page;       /* PTE flags of the second page at runs_at */
};
#endif

#endif /* LAYOUT_H */
