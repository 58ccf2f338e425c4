/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_window.cc - windows of measurement and their results in JSON.
 *
 * Totals only grow: a window keeps what they were when it was opened and reports the
 * differences.  Samples lie in one table per kind, in the order in which they
 * were begun; a window keeps how long each table was.  The tables are emptied when
 * no window is open, which bounds their memory by the length of the windows:
 * 48 bytes for each L2 exit, 4 for each L1 exit.
 *
 * A median is the lower one of the two middle values: always one that occurred.
 */
#define NEED_CPU_REG_SHORTCUTS 1
#include "bochs.h"
#include "cpu.h"
#include "pc_system.h"
#include "gui/siminterface.h"
#include "param_names.h"
#include "lab_abi.h"
#include "lab_file.h"
#include "lab_json.h"
#include "lab_parts.h"
#include "lab_window.h"

#include <algorithm>
#include <stdarg.h>
#include <string>
#include <vector>

/* A guest must not make the emulator's memory grow without bound. */
#define MAX_WINDOWS 64

/* Everything a window takes differences of. */
struct lab_snapshot {
    Bit64u instructions[LAB_LEVELS];
    Bit64u vmcs_ops[LAB_VMCS_OPS];
    Bit64u exits[LAB_LEVELS][LAB_KINDS];
    struct bx_lab_part_counts parts;
    Bit64u charged;
    Bit64u ticks;
};

struct lab_window {
    std::string name;
    struct lab_snapshot start;
    size_t first_reflection[LAB_KINDS];
    size_t first_l1_exit[LAB_KINDS];
};

static std::vector<struct lab_window *> windows;
static std::vector<struct bx_lab_reflection> reflections[LAB_KINDS];
static std::vector<Bit32u> l1_exits[LAB_KINDS];
static Bit64u exit_counts[LAB_LEVELS][LAB_KINDS];
static Bit64u charged_total;

static const char *const level_names[LAB_LEVELS] = { "l0", "dom0", "l1", "l2" };
static const char *const op_names[LAB_VMCS_OPS] = { "VMREAD", "VMWRITE", "VMPTRLD", "VMCLEAR" };

/* SDM vol. 3, appendix C; NULL: reserved. */
static const char *const reason_names[] = {
    "EXCEPTION_NMI", "EXTERNAL_INTERRUPT", "TRIPLE_FAULT", "INIT",              /*  0 */
    "SIPI", "IO_SMI", "OTHER_SMI", "INTERRUPT_WINDOW",                          /*  4 */
    "NMI_WINDOW", "TASK_SWITCH", "CPUID", "GETSEC",                             /*  8 */
    "HLT", "INVD", "INVLPG", "RDPMC",                                           /* 12 */
    "RDTSC", "RSM", "VMCALL", "VMCLEAR",                                        /* 16 */
    "VMLAUNCH", "VMPTRLD", "VMPTRST", "VMREAD",                                 /* 20 */
    "VMRESUME", "VMWRITE", "VMXOFF", "VMXON",                                   /* 24 */
    "CR_ACCESS", "DR_ACCESS", "IO_INSTRUCTION", "MSR_READ",                     /* 28 */
    "MSR_WRITE", "INVALID_GUEST_STATE", "MSR_LOADING", NULL,                    /* 32 */
    "MWAIT", "MONITOR_TRAP_FLAG", NULL, "MONITOR",                              /* 36 */
    "PAUSE", "MACHINE_CHECK", NULL, "TPR_BELOW_THRESHOLD",                      /* 40 */
    "APIC_ACCESS", "VIRTUALIZED_EOI", "ACCESS_GDTR_OR_IDTR", "ACCESS_LDTR_OR_TR", /* 44 */
    "EPT_VIOLATION", "EPT_MISCONFIG", "INVEPT", "RDTSCP",                       /* 48 */
    "PREEMPTION_TIMER", "INVVPID", "WBINVD", "XSETBV",                          /* 52 */
    "APIC_WRITE", "RDRAND", "INVPCID", "VMFUNC",                                /* 56 */
    "ENCLS", "RDSEED", "PML_FULL", "XSAVES",                                    /* 60 */
    "XRSTORS", "PCONFIG", "SPP", "UMWAIT",                                      /* 64 */
    "TPAUSE", "LOADIWKEY", "ENCLV", NULL,                                       /* 68 */
    "ENQCMD_PASID", "ENQCMDS_PASID", "BUS_LOCK", "NOTIFY",                      /* 72 */
    "SEAMCALL", "TDCALL", "RDMSRLIST", "WRMSRLIST",                             /* 76 */
    "URDMSR", "UWRMSR",                                                         /* 80 */
};

static std::string reason_name(unsigned reason)
{
    if (reason < sizeof(reason_names) / sizeof(reason_names[0]) && reason_names[reason])
        return reason_names[reason];
    return "REASON_" + std::to_string(reason);
}

static std::string kind_name(unsigned kind)
{
    if (kind < LAB_REASONS)
        return reason_name(kind);
    return reason_name(VMX_VMEXIT_EXCEPTION_NMI) + "/" + std::to_string(kind - LAB_REASONS);
}

/* ---- totals and samples ---- */

bool bx_lab_recording()
{
    return !windows.empty();
}

size_t bx_lab_new_reflection(unsigned kind)
{
    struct bx_lab_reflection r = {};

    r.outcome = LAB_UNFINISHED;
    reflections[kind].push_back(r);
    return reflections[kind].size() - 1;
}

void bx_lab_set_reflection(unsigned kind, size_t index, const struct bx_lab_reflection &r)
{
    reflections[kind][index] = r;
}

size_t bx_lab_new_l1_exit(unsigned kind)
{
    l1_exits[kind].push_back(LAB_NO_VALUE);
    return l1_exits[kind].size() - 1;
}

void bx_lab_set_l1_exit(unsigned kind, size_t index, Bit64u l0_instructions)
{
    l1_exits[kind][index] = std::min(l0_instructions, (Bit64u)LAB_NO_VALUE - 1);
}

void bx_lab_exit(unsigned level, unsigned kind, Bit32u charged)
{
    exit_counts[level][kind]++;
    charged_total += charged;
}

static void forget_samples()
{
    for (int cpu = 0; cpu < BX_SMP_PROCESSORS; cpu++)
        BX_CPU(cpu)->lab.forget_pending();
    for (unsigned kind = 0; kind < LAB_KINDS; kind++) {
        std::vector<struct bx_lab_reflection>().swap(reflections[kind]);
        std::vector<Bit32u>().swap(l1_exits[kind]);
    }
}

/* ---- snapshots ---- */

/*
 * With one processor the clock stands where the last trace ended: add what has been
 * executed (and charged) since.  With more, Bochs moves it once per round.
 */
static Bit64u ticks_at(const BX_CPU_C *cpu, Bit64u icount)
{
    Bit64u ticks = bx_pc_system.time_ticks();

    return BX_SMP_PROCESSORS == 1 ? ticks + (icount - cpu->icount_last_sync) : ticks;
}

/* Fill in everything; the processor that executes the mark stands at icount. */
static void take_snapshot(struct lab_snapshot *s, const BX_CPU_C *marking, Bit64u icount)
{
    memset(s, 0, sizeof(*s));
    for (int n = 0; n < BX_SMP_PROCESSORS; n++) {
        BX_CPU_C *cpu = BX_CPU(n);

        cpu->lab.count_to(cpu == marking ? icount : cpu->icount);
        for (unsigned level = 0; level < LAB_LEVELS; level++)
            s->instructions[level] += cpu->lab.totals().instructions[level];
        for (unsigned op = 0; op < LAB_VMCS_OPS; op++)
            s->vmcs_ops[op] += cpu->lab.totals().vmcs_ops[op];
    }
    memcpy(s->exits, exit_counts, sizeof(s->exits));
    bx_lab_part_totals(&s->parts);
    s->charged = charged_total;
    s->ticks = ticks_at(marking, icount);
}

static void subtract(struct lab_snapshot *s, const struct lab_snapshot &start)
{
    for (unsigned level = 0; level < LAB_LEVELS; level++) {
        s->instructions[level] -= start.instructions[level];
        for (unsigned kind = 0; kind < LAB_KINDS; kind++)
            s->exits[level][kind] -= start.exits[level][kind];
    }
    for (unsigned op = 0; op < LAB_VMCS_OPS; op++)
        s->vmcs_ops[op] -= start.vmcs_ops[op];
    for (unsigned part = 0; part < LAB_MAX_PARTS; part++) {
        s->parts.instructions[part] -= start.parts.instructions[part];
        s->parts.calls[part] -= start.parts.calls[part];
    }
    s->charged -= start.charged;
    s->ticks -= start.ticks;
}

/* ---- results ---- */

static Bit64u median(std::vector<Bit64u> &values)
{
    size_t middle = (values.size() - 1) / 2;

    std::nth_element(values.begin(), values.begin() + middle, values.end());
    return values[middle];
}

/* What has been asked of each sample of a kind, as a function to be mapped. */
typedef Bit64u (*reflection_value)(const struct bx_lab_reflection &r, unsigned argument);

static Bit64u instructions_of(const struct bx_lab_reflection &r, unsigned)
{
    return r.instructions;
}

static Bit64u l0_until_l1_of(const struct bx_lab_reflection &r, unsigned)
{
    return r.l0_until_l1;
}

static Bit64u l0_to_l2_of(const struct bx_lab_reflection &r, unsigned)
{
    return r.l0_to_l2;
}

static Bit64u exits_of(const struct bx_lab_reflection &r, unsigned)
{
    return r.exits;
}

static Bit64u model_cycles_of(const struct bx_lab_reflection &r, unsigned)
{
    return r.instructions + (Bit64u)bx_lab_cost() * r.exits;
}

static Bit64u vmcs_ops_of(const struct bx_lab_reflection &r, unsigned op)
{
    return r.vmcs_ops[op];
}

static Bit64u median_of(const std::vector<struct bx_lab_reflection> &samples,
                        reflection_value value, unsigned argument = 0)
{
    std::vector<Bit64u> values;

    for (const struct bx_lab_reflection &r : samples)
        values.push_back(value(r, argument));
    return median(values);
}

static std::vector<struct bx_lab_reflection> samples_of(const struct lab_window &w, unsigned kind,
                                                        enum bx_lab_outcome outcome)
{
    std::vector<struct bx_lab_reflection> found;

    for (size_t n = w.first_reflection[kind]; n < reflections[kind].size(); n++)
        if (reflections[kind][n].outcome == outcome)
            found.push_back(reflections[kind][n]);
    return found;
}

static std::vector<struct bx_lab_reflection> with_l1(
    const std::vector<struct bx_lab_reflection> &samples)
{
    std::vector<struct bx_lab_reflection> found;

    for (const struct bx_lab_reflection &r : samples)
        if (r.l1_entered)
            found.push_back(r);
    return found;
}

/* Where L1 was entered, L2 is so by an exit of L1's: both parts are of the same samples. */
static void put_parts_of_l0(lab_json &json, const std::vector<struct bx_lab_reflection> &entered)
{
    if (entered.empty())
        return;
    json.number("l0_until_l1_median", median_of(entered, l0_until_l1_of));
    json.number("l0_to_l2_median", median_of(entered, l0_to_l2_of));
}

/* The samples are of one kind and one outcome. */
static void put_reflection_kind(lab_json &json, unsigned kind,
                                const std::vector<struct bx_lab_reflection> &samples)
{
    std::vector<struct bx_lab_reflection> entered = with_l1(samples);

    json.open(kind_name(kind));
    json.number("count", samples.size());
    if (samples[0].outcome == LAB_REFLECTED)
        json.number("l1_entered", entered.size());
    json.number("instructions_median", median_of(samples, instructions_of));
    json.number("exits_median", median_of(samples, exits_of));
    json.number("model_cycles_median", median_of(samples, model_cycles_of));
    put_parts_of_l0(json, entered);
    json.open("vmcs_ops");
    for (unsigned op = 0; op < LAB_VMCS_OPS; op++)
        json.number(op_names[op], median_of(samples, vmcs_ops_of, op));
    json.close();
    json.close();
}

static void put_reflections(lab_json &json, const char *name, const struct lab_window &w,
                            enum bx_lab_outcome outcome)
{
    json.open(name);
    for (unsigned kind = 0; kind < LAB_KINDS; kind++) {
        std::vector<struct bx_lab_reflection> samples = samples_of(w, kind, outcome);

        if (!samples.empty())
            put_reflection_kind(json, kind, samples);
    }
    json.close();
}

static void put_l0_per_exit(lab_json &json, const struct lab_window &w)
{
    json.open("l0_per_exit");
    for (unsigned kind = 0; kind < LAB_KINDS; kind++) {
        std::vector<Bit64u> values;

        for (size_t n = w.first_l1_exit[kind]; n < l1_exits[kind].size(); n++)
            if (l1_exits[kind][n] != LAB_NO_VALUE)
                values.push_back(l1_exits[kind][n]);
        if (values.empty())
            continue;
        json.open(kind_name(kind));
        json.number("count", values.size());
        json.number("instructions_median", median(values));
        json.close();
    }
    json.close();
}

/* Exits by basic reason: these add up to all exits of the level. */
static void put_exits(lab_json &json, const Bit64u *exits)
{
    Bit64u exceptions = 0;

    for (unsigned kind = LAB_REASONS; kind < LAB_KINDS; kind++)
        exceptions += exits[kind];
    if (exceptions)
        json.number(reason_name(VMX_VMEXIT_EXCEPTION_NMI), exceptions);
    for (unsigned reason = 1; reason < LAB_REASONS; reason++)
        if (exits[reason])
            json.number(reason_name(reason), exits[reason]);
}

static void put_exceptions(lab_json &json, const Bit64u *exits)
{
    for (unsigned kind = LAB_REASONS; kind < LAB_KINDS; kind++)
        if (exits[kind])
            json.number(kind_name(kind), exits[kind]);
}

static void put_exits_of_guests(lab_json &json, const char *name, const struct lab_snapshot &d,
                                void (*put)(lab_json &json, const Bit64u *exits))
{
    json.open(name);
    for (unsigned level = LAB_L1; level <= LAB_L2; level++) {
        json.open(level_names[level]);
        put(json, d.exits[level]);
        json.close();
    }
    json.close();
}

static void put_totals(lab_json &json, const struct lab_snapshot &d)
{
    json.open("instructions");
    for (unsigned level = 0; level < LAB_LEVELS; level++)
        json.number(level_names[level], d.instructions[level]);
    json.close();
    put_exits_of_guests(json, "exits", d, put_exits);
    put_exits_of_guests(json, "exceptions", d, put_exceptions);
    json.open("vmcs_ops");
    for (unsigned op = 0; op < LAB_VMCS_OPS; op++)
        json.number(op_names[op], d.vmcs_ops[op]);
    json.close();
}

/* Only where parts were asked for. */
static void put_parts(lab_json &json, const struct lab_snapshot &d)
{
    if (!bx_lab_parts)
        return;
    json.open("l0_parts");
    for (unsigned part = 0; part < bx_lab_nr_parts(); part++) {
        json.open(bx_lab_part_name(part));
        json.number("calls", d.parts.calls[part]);
        json.number("instructions", d.parts.instructions[part]);
        json.close();
    }
    json.close();
}

static void put_time(lab_json &json, const struct lab_snapshot &d)
{
    double ips = SIM->get_param_num(BXPN_IPS)->get();

    json.number("exit_cycles", bx_lab_cost());
    json.boolean("charged", bx_lab_charge() != 0);
    json.number("charged_cycles", d.charged);
    json.number("ticks", d.ticks);
    json.seconds("guest_seconds", d.ticks / ips);
}

static Bit64s write_result(const struct lab_window &w, const struct lab_snapshot &d)
{
    lab_json json;

    json.string("window", w.name);
    put_totals(json, d);
    put_reflections(json, "reflected", w, LAB_REFLECTED);
    put_reflections(json, "l0_handled", w, LAB_L0_HANDLED);
    put_l0_per_exit(json, w);
    put_parts(json, d);
    put_time(json, d);
    const std::string &line = json.line();
    return bx_lab_append_result(line.data(), line.size());
}

/* ---- windows ---- */

static size_t find_window(const char *name)
{
    size_t n = 0;

    while (n < windows.size() && windows[n]->name != name)
        n++;
    return n;
}

Bit64s bx_lab_window_open(const char *name, BX_CPU_C *cpu)
{
    struct lab_window *w;

    if (find_window(name) < windows.size())
        return LAB_EEXIST;
    if (windows.size() == MAX_WINDOWS)
        return LAB_EINVAL;
    w = new struct lab_window;
    w->name = name;
    for (unsigned kind = 0; kind < LAB_KINDS; kind++) {
        w->first_reflection[kind] = reflections[kind].size();
        w->first_l1_exit[kind] = l1_exits[kind].size();
    }
    take_snapshot(&w->start, cpu, cpu->icount + 1);
    windows.push_back(w);
    return 0;
}

Bit64s bx_lab_window_close(const char *name, BX_CPU_C *cpu)
{
    size_t n = find_window(name);
    struct lab_snapshot now;
    Bit64s result;

    if (n == windows.size())
        return LAB_ENOENT;
    take_snapshot(&now, cpu, cpu->icount);
    subtract(&now, windows[n]->start);
    result = write_result(*windows[n], now);
    delete windows[n];
    windows.erase(windows.begin() + n);
    if (windows.empty())
        forget_samples();
    return result;
}

void bx_lab_report_open_windows()
{
    for (const struct lab_window *w : windows)
        fprintf(stderr, "lab: window %s was never closed, its counts are lost\n", w->name.c_str());
}
