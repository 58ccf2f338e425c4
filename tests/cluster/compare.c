/* SPDX-License-Identifier: GPL-2.0-only */
#include "compare.h"

#include <Zydis/Zydis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>

#include "alu.h"
#include "insn_text.h"

enum { PAGE = 4096 };

static const char *const gpr_name[CLUSTER_NR_GPRS] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8 ", "r9 ", "r10", "r11", "r12", "r13", "r14", "r15",
};

static const char *const ending_name[MODEL_NR_ENDINGS] = {
    "behind the last instruction", "before a fault", "before an access", "nowhere",
    "before an unknown instruction", "endless",
};

/*
 * Intel's processors take the flags back when a repeated comparison faults (SDM vol. 2, REP), and
 * so does the interpreter; AMD's leave those of the last element.
 */
static bool vendors_differ(struct model *m)
{
    const struct cluster_insn *insn = model_insn(m, m->regs.rip);

    return m->ending == MODEL_MEMORY && insn && insn->rep &&
           (insn->op == CLUSTER_OP_CMPS || insn->op == CLUSTER_OP_SCAS);
}

static uint64_t compared_flags(struct model *m)
{
    if (vendors_differ(m))
        return 0;
    return CLUSTER_FLAGS_ARITHMETIC & ~(m->flags_defined ? 0 : CLUSTER_FLAG_AF);
}

/* Where the CPU's execution ended. */
static uint64_t native_rip(const struct model *m)
{
    return native_state()->signal ? native_state()->signal_rip : NATIVE_CODE + m->s.size;
}

static bool segment_fault(void)
{
    /* #SS is SIGBUS. */
    return native_state()->signal == SIGSEGV || native_state()->signal == SIGBUS;
}

/* For the same reason; @refused: of the page that the CPU, too, could not reach. */
static bool same_ending(const struct model *m)
{
    switch (m->ending) {
    case MODEL_END:     return native_state()->signal == 0;
    case MODEL_FAULT:   return native_state()->signal == SIGFPE || segment_fault();
    case MODEL_MEMORY:  return segment_fault();
    case MODEL_NOWHERE: return segment_fault();
    default:            return false;
    }
}

static bool page_equal(const struct model *m, unsigned int page)
{
    return page == NATIVE_HOLE ||
           memcmp(native_data() + page * PAGE, model_page(m, page), PAGE) == 0;
}

static bool memory_equal(const struct model *m)
{
    unsigned int i;

    for (i = 0; i < NATIVE_DATA_PAGES; i++)
        if (!page_equal(m, i))
            return false;
    return true;
}

bool compare_equal(struct model *m)
{
    return same_ending(m) && native_rip(m) == m->regs.rip &&
           ((native_state()->rflags_out ^ m->regs.rflags) & compared_flags(m)) == 0 &&
           memcmp(native_state()->gpr_out, m->regs.gpr, sizeof(m->regs.gpr)) == 0 &&
           memory_equal(m);
}

/* ---- telling ---- */

static void show_insn(struct model *m, unsigned int i)
{
    const struct sequence *s = &m->s;
    uint64_t rip = NATIVE_CODE + s->offset[i];
    const struct cluster_insn *insn = model_insn(m, rip);
    ZydisDisassembledInstruction text;
    unsigned int j;

    ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, rip, s->code + s->offset[i],
                          s->offset[i + 1] - s->offset[i], &text);
    printf("  0x%" PRIx64 " ", rip);
    for (j = s->offset[i]; j < s->offset[i] + 15u; j++)
        printf(j < s->offset[i + 1] ? " %02x" : "   ", s->code[j % SEQUENCE_BYTES]);
    printf("  %-44s | ", text.text);
    if (insn)
        insn_text(stdout, insn);
    else
        printf("\n");
}

static void show_value(const char *name, uint64_t before, uint64_t native, uint64_t interpreted)
{
    printf("  %-6s %016" PRIx64 "  %016" PRIx64 "  %016" PRIx64 "%s\n", name, before, native,
           interpreted, native == interpreted ? "" : "  <-- differs");
}

static void show_page(const struct model *m, unsigned int page)
{
    const uint8_t *native = native_data() + page * PAGE, *ours = model_page(m, page);
    unsigned int i, shown = 0;

    for (i = 0; i < PAGE && shown < 16; i++) {
        if (native[i] == ours[i])
            continue;
        printf("  memory at 0x%x: CPU %02x, interpreter %02x\n", NATIVE_DATA + page * PAGE + i,
               native[i], ours[i]);
        shown++;
    }
}

void compare_show(struct model *m, uint64_t number)
{
    uint64_t flags = compared_flags(m);
    unsigned int i;

    printf("\nsequence %" PRIu64 " DIFFERS:\n", number);
    for (i = 0; i < m->s.nr_insns; i++)
        show_insn(m, i);
    printf("  %-6s %-16s  %-16s  %-16s\n", "", "before", "CPU", "interpreter");
    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        show_value(gpr_name[i], m->s.gpr[i], native_state()->gpr_out[i], m->regs.gpr[i]);
    show_value("flags", m->s.rflags & flags, native_state()->rflags_out & flags,
               m->regs.rflags & flags);
    show_value("rip", NATIVE_CODE, native_rip(m), m->regs.rip);
    printf("  fs base %" PRIx64 ", gs base %" PRIx64 "; the CPU: signal %d for 0x%" PRIx64
           "; the interpreter: %s after %u, page refused 0x%" PRIx64 "\n", m->s.fs, m->s.gs,
           (int)native_state()->signal, native_state()->signal_address, ending_name[m->ending],
           m->insns, m->refused);
    for (i = 0; i < NATIVE_DATA_PAGES; i++)
        if (!page_equal(m, i))
            show_page(m, i);
}
