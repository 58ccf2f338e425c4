/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_paths.h - records what L1 executes from a reflected exit of L2 until L2
 * runs again, instruction by instruction.
 *
 * NVMX_LAB_PATHS=N in the environment records, for each kind of L2 exit, the
 * first N reflected ones and after them those whose number is a power of two.
 * The file paths.txt in NVMX_LAB_OUT receives them (format: bench/README.md).
 *
 * While a path is being recorded the processor leaves its loop behind every instruction
 * (BX_ASYNC_EVENT_STOP_TRACE), so that the clock and interrupts are looked at
 * there: interrupts may come earlier than they would in the same run without.
 * When none is recorded it costs a test for each memory access and for each
 * stay in the processor loop, and nothing changes.
 */
#ifndef BX_LAB_PATHS_H
#define BX_LAB_PATHS_H

#include <string>

class BX_CPU_C;
class bxInstruction_c;

/* A general register each, RFLAGS, the bases of FS and GS. */
enum { LAB_PATH_RFLAGS = 16, LAB_PATH_FS, LAB_PATH_GS, LAB_PATH_REGISTERS };

class bx_lab_path_c {
public:
    bool active = false;    /* L1 is being recorded: single steps, memory accesses */

    /* L2 has exited. */
    void l2_exit(unsigned kind);

    /* VM entry has succeeded, into L2 or L1; what it injects is not delivered yet. */
    void entry(BX_CPU_C *cpu, bool l2);

    /* Before each instruction of L1, while active. */
    void instruction(BX_CPU_C *cpu, const bxInstruction_c *i);

    /* Reads are told of after the load, writes before the store; both only if they do not fault. */
    void access(Bit64u linear, unsigned width, unsigned rw, const Bit8u *data);

    /* An exception is about to be delivered in L1, or to exit. */
    void exception(BX_CPU_C *cpu, unsigned vector);

    /*
     * L1 has exited; its registers are still in place, but for RIP and RSP of an
     * instruction that did not complete.  between: not by an instruction.
     */
    void l1_exit(BX_CPU_C *cpu, unsigned kind, bool between);

private:
    bool pending = false;   /* L2 has exited, L1 is not entered yet */
    bool open = false;      /* a path has begun and not ended */
    bool executing = false; /* an instruction has been told of, what it changed has not */
    bool fresh = false;     /* L1 was entered: all registers are to be told */
    unsigned kind = 0;
    unsigned instructions = 0;
    const bxInstruction_c *insn = NULL;
    Bit64u rip = 0;         /* of the instruction executing */
    Bit64u known[LAB_PATH_REGISTERS] = {};
    /* A locked or other read-modify-write access, of which the value is known later. */
    unsigned rmw_count = 0;
    Bit64u rmw_linear[4];
    unsigned rmw_width[4];
    /* The memory operand of a VMX instruction that has exited. */
    Bit64u operand = 0;
    unsigned operand_width = 0;
    std::string text;

    void append(const char *format, ...) __attribute__((format(printf, 2, 3)));
    void begin(Bit64u number);
    void end(const char *how);
    void completed(BX_CPU_C *cpu);
    void changed_registers(BX_CPU_C *cpu);
    void all_registers(BX_CPU_C *cpu);
    void memory(BX_CPU_C *cpu, char what, Bit64u linear, unsigned width);
    void operand_of_vmx(BX_CPU_C *cpu, unsigned kind);
};

/* N of NVMX_LAB_PATHS.  A mistake in it ends the emulation. */
Bit64u bx_lab_first_paths();

#endif
