/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_paths.cc - see lab_paths.h; the format is described in bench/README.md.
 *
 * A path is kept in memory until it ends and appended to the file in one write.
 * Looking at memory here never has an effect on the guest: no fault, no accessed
 * bit, no device.
 */
#define NEED_CPU_REG_SHORTCUTS 1
#include "bochs.h"
#include "cpu.h"
#include "memory/memory-bochs.h"
#include "lab_file.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#define LOG_THIS genlog->

#define PATHS_FILE "paths.txt"

/* Of one path; where L1 does something else altogether before it comes back. */
#define MAX_INSTRUCTIONS 20000

#define MAX_FIRST 1000

/* N of the environment: how many of each kind are recorded in any case; 0: no paths at all. */
static Bit64u first_from_environment()
{
    const char *text = getenv("NVMX_LAB_PATHS");
    unsigned long value;
    char *end;

    if (text == NULL || *text == 0)
        return 0;
    errno = 0;
    value = strtoul(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || value > MAX_FIRST)
        BX_FATAL(("NVMX_LAB_PATHS=%s: not a number from 0 to %u", text, MAX_FIRST));
    return value;
}

Bit64u bx_lab_first_paths()
{
    static Bit64u first = first_from_environment();

    return first;
}

/* Is the reflected exit with this number, from 1 on, one of those to record? */
static bool wanted(Bit64u number)
{
    Bit64u first = bx_lab_first_paths();

    return first != 0 && (number <= first || (number & (number - 1)) == 0);
}

static Bit64u register_value(BX_CPU_C *cpu, unsigned n)
{
    switch (n) {
    case LAB_PATH_RFLAGS: return cpu->read_eflags();
    case LAB_PATH_FS: return cpu->get_segment_base(BX_SEG_REG_FS);
    case LAB_PATH_GS: return cpu->get_segment_base(BX_SEG_REG_GS);
    default: return cpu->get_reg64(n);
    }
}

/* Bytes of guest memory, as many as can be had without a fault. */
static unsigned peek(BX_CPU_C *cpu, Bit64u linear, unsigned width, Bit8u *bytes)
{
    bx_phy_address physical;
    unsigned n;

    for (n = 0; n < width; n++) {
        if (!cpu->dbg_xlate_linear2phy(linear + n, &physical) ||
            !BX_MEM(0)->dbg_fetch_mem(cpu, physical, 1, &bytes[n]))
            break;
    }
    return n;
}

void bx_lab_path_c::append(const char *format, ...)
{
    char line[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text += line;
}

/* Hexadecimal, the first byte first. */
static std::string hexadecimal(const Bit8u *bytes, unsigned count)
{
    std::string result;
    char digits[3];

    for (unsigned n = 0; n < count; n++) {
        snprintf(digits, sizeof(digits), "%02x", bytes[n]);
        result += digits;
    }
    return result;
}

void bx_lab_path_c::begin(Bit64u number)
{
    text.clear();
    open = true;
    instructions = 0;
    append("P %u %u " FMT_LL "u\n", kind < LAB_REASONS ? kind : 0,
           kind < LAB_REASONS ? 0 : kind - LAB_REASONS, number);
}

void bx_lab_path_c::end(const char *how)
{
    append("E %s\n", how);
    open = active = executing = false;
    if (bx_lab_append_path(PATHS_FILE, text.data(), text.size()) != 0)
        BX_FATAL(("cannot write %s to the directory NVMX_LAB_OUT", PATHS_FILE));
    text.clear();
}

void bx_lab_path_c::l2_exit(unsigned exit_kind)
{
    pending = true;
    kind = exit_kind;
}

void bx_lab_path_c::entry(BX_CPU_C *cpu, bool l2)
{
    static Bit64u seen[LAB_KINDS];

    if (l2) {
        if (open)
            end("resumed");
        pending = false;
        return;
    }
    if (pending && wanted(++seen[kind]))
        begin(seen[kind]);
    pending = false;
    if (!open)
        return;
    if (operand_width != 0)
        memory(cpu, 'p', operand, operand_width);
    operand_width = 0;
    active = fresh = true;
    executing = false;
    /* The processor loop is to look here before the first instruction. */
    cpu->async_event |= BX_ASYNC_EVENT_STOP_TRACE;
}

void bx_lab_path_c::all_registers(BX_CPU_C *cpu)
{
    text += "R";
    for (unsigned n = 0; n < LAB_PATH_REGISTERS; n++) {
        known[n] = register_value(cpu, n);
        append(" " FMT_LL "x", known[n]);
    }
    text += "\n";
}

void bx_lab_path_c::changed_registers(BX_CPU_C *cpu)
{
    for (unsigned n = 0; n < LAB_PATH_REGISTERS; n++) {
        Bit64u value = register_value(cpu, n);

        if (value != known[n])
            append("g %u " FMT_LL "x\n", n, value);
        known[n] = value;
    }
}

void bx_lab_path_c::memory(BX_CPU_C *cpu, char what, Bit64u linear, unsigned width)
{
    Bit8u bytes[16];
    unsigned count = peek(cpu, linear, width, bytes);

    if (count != 0)
        append("%c " FMT_LL "x %s\n", what, linear, hexadecimal(bytes, count).c_str());
}

/* The instruction that was told of has been executed. */
void bx_lab_path_c::completed(BX_CPU_C *cpu)
{
    if (!executing)
        return;
    executing = false;
    for (unsigned n = 0; n < rmw_count; n++)
        memory(cpu, 'w', rmw_linear[n], rmw_width[n]);
    changed_registers(cpu);
}

void bx_lab_path_c::instruction(BX_CPU_C *cpu, const bxInstruction_c *i)
{
    Bit8u bytes[16];
    unsigned count;

    completed(cpu);
    if (cpu->user_pl || !cpu->long64_mode()) {
        end("user");
        return;
    }
    if (++instructions > MAX_INSTRUCTIONS) {
        end("limit");
        return;
    }
    if (fresh)
        all_registers(cpu);
    else
        changed_registers(cpu);     /* by an exception that was delivered since */
    fresh = false;
    rip = cpu->get_instruction_pointer();
    insn = i;
    executing = true;
    rmw_count = 0;
    count = peek(cpu, rip, i->ilen(), bytes);
    append("i " FMT_LL "x %s\n", rip, hexadecimal(bytes, count).c_str());
    /* One instruction at a time. */
    cpu->async_event |= BX_ASYNC_EVENT_STOP_TRACE;
}

void bx_lab_path_c::access(Bit64u linear, unsigned width, unsigned rw, const Bit8u *data)
{
    if (!executing)
        return;
    append("%c " FMT_LL "x %s\n", rw == BX_WRITE ? 'w' : 'r', linear,
           hexadecimal(data, width).c_str());
    if (rw == BX_RW && rmw_count < 4) {
        rmw_linear[rmw_count] = linear;
        rmw_width[rmw_count++] = width;
    }
}

void bx_lab_path_c::exception(BX_CPU_C *cpu, unsigned vector)
{
    if (executing && cpu->prev_rip != rip)
        completed(cpu);     /* it was the fetch of the next one that faulted */
    append("t %u\n", vector);
}

/* VMX instructions read and write their memory operand through L0. */
void bx_lab_path_c::operand_of_vmx(BX_CPU_C *cpu, unsigned reason)
{
    bool vmx = (reason >= VMX_VMEXIT_VMCLEAR && reason <= VMX_VMEXIT_VMXON) ||
               reason == VMX_VMEXIT_INVEPT || reason == VMX_VMEXIT_INVVPID;

    if (!vmx || insn->modC0())
        return;
    operand = cpu->get_laddr64(insn->seg(), cpu->BxResolve64((bxInstruction_c *)insn));
    operand_width = reason == VMX_VMEXIT_INVEPT || reason == VMX_VMEXIT_INVVPID ? 16 : 8;
    memory(cpu, 'p', operand, operand_width);
}

void bx_lab_path_c::l1_exit(BX_CPU_C *cpu, unsigned reason, bool between)
{
    if (executing && (between || cpu->prev_rip != rip)) {
        completed(cpu);
        between = true;
    }
    if (executing && insn != NULL)
        operand_of_vmx(cpu, reason);
    append("x %u %u " FMT_LL "x\n", reason, between || !executing ? 1 : 0, cpu->prev_rip);
    active = executing = false;
}
