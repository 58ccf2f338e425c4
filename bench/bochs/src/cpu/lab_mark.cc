/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_mark.cc - the instruction 0F 1D C0 (lab_abi.h).
 *
 * Guest memory is read before anything is done and written after
 * everything is known, by Bochs' own accessors: a page fault or an EPT violation
 * leaves this file by longjmp and the guest executes the instruction again.
 * Nothing that has a destructor may be alive across such an access.
 */
#define NEED_CPU_REG_SHORTCUTS 1
#include "bochs.h"
#include "cpu.h"
#include "gui/siminterface.h"
#include "param_names.h"
#include "pc_system.h"
#include "lab_abi.h"
#include "lab_file.h"
#include "lab_window.h"

#define LOG_THIS BX_CPU_THIS_PTR

#define FUNCTION_MASK 0xffffffffffull   /* LAB_MAGIC is in the bytes above */
#define NAME_SIZE 24

static bool allowed_in_name(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || c == '-';
}

/* Unpack and check a name of the guest's; name: NAME_SIZE + 1 bytes. */
static bool unpack_name(char *name, Bit64u low, Bit64u middle, Bit64u high)
{
    const Bit64u parts[] = { low, middle, high };
    unsigned len = 0;

    for (unsigned n = 0; n < NAME_SIZE; n++)
        name[n] = (char)(parts[n / 8] >> (n % 8 * 8));
    name[NAME_SIZE] = 0;
    while (allowed_in_name(name[len]))
        len++;
    for (unsigned n = len; n < NAME_SIZE; n++)
        if (name[n] != 0)
            return false;
    return len > 0 && name[0] != '.';
}

/* The linear accessors below check the page tables only. */
void BX_CPU_C::lab_check_buffer(bx_address laddr, unsigned len)
{
    if (len > 0 && long64_mode() && (!IsCanonical(laddr) || !IsCanonical(laddr + len - 1)))
        exception(BX_GP_EXCEPTION, 0);
}

bx_address BX_CPU_C::lab_buffer_byte(unsigned n)
{
    bx_address laddr = RDX + n;

    return long64_mode() ? laddr : (bx_address)(Bit32u)laddr;
}

Bit64s BX_CPU_C::lab_put(const char *name)
{
    Bit8u data[LAB_MAX_IO];
    unsigned len = (unsigned)R9;

    lab_check_buffer(RDX, len);
    for (unsigned n = 0; n < len; n++)
        data[n] = read_linear_byte(BX_SEG_REG_DS, lab_buffer_byte(n));
    return bx_lab_file_put(name, data, len, R10);
}

Bit64s BX_CPU_C::lab_get(const char *name)
{
    Bit8u data[LAB_MAX_IO];
    Bit64s len;

    lab_check_buffer(RDX, (unsigned)R9);
    len = bx_lab_file_get(name, data, (unsigned)R9, R10);
    for (Bit64s n = 0; n < len; n++)
        write_linear_byte(BX_SEG_REG_DS, lab_buffer_byte(n), data[n]);
    return len;
}

/*
 * The guest's last words may still be in the serial port: let the devices run for 1/16 s,
 * enough for a full FIFO at 9600 baud.  What the guest itself still buffers is lost.
 */
static void drain_devices()
{
    for (unsigned step = 0; step < 64; step++)
        BX_TICKN(SIM->get_param_num(BXPN_IPS)->get() / 1024);
}

/* Does not return: closes Bochs' files and devices and leaves by its own way out. */
static Bit64s end_emulation(unsigned code)
{
    bx_lab_report_open_windows();
    drain_devices();
    BX_EXIT(code);
    return LAB_EINVAL;
}

Bit64s BX_CPU_C::lab_call(Bit64u function)
{
    char name[NAME_SIZE + 1];

    if (function == LAB_PRESENT)
        return LAB_VERSION;
    if (function == LAB_EXIT)
        return R9 <= 255 ? end_emulation(R9) : LAB_EINVAL;
    if (!unpack_name(name, RDI, RSI, R8))
        return LAB_EINVAL;
    if (function == LAB_OPEN)
        return bx_lab_window_open(name, BX_CPU_THIS);
    if (function == LAB_CLOSE)
        return bx_lab_window_close(name, BX_CPU_THIS);
    if (R9 > LAB_MAX_IO || (Bit64s)R10 < 0)
        return LAB_EINVAL;
    if (function == LAB_PUT)
        return lab_put(name);
    if (function == LAB_GET)
        return lab_get(name);
    return LAB_EINVAL;
}

void BX_CPP_AttrRegparmN(1) BX_CPU_C::LAB_MARK(bxInstruction_c *i)
{
    if ((RAX & ~FUNCTION_MASK) == LAB_MAGIC)
        RAX = lab_call(RAX & FUNCTION_MASK);

    BX_NEXT_TRACE(i);
}
