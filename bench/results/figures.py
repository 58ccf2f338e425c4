# SPDX-License-Identifier: GPL-2.0-only
"""The figures by which this Xen is judged, each with what is to be reached: those of
regions, mode on against stock Xen, those of batched synchronisation, mode off against
stock Xen, and those of reflected exits that Xen goes on with by itself, mode on
against stock Xen.  Of the latter the headline is made, several boots in one table.

All come from one boot: counts of the emulator, and for what the engine itself has
to say (how much it executed, recorded, predicted), Xen's perf counters of the same
run.  Traced runs are left out, as tracing makes every exit longer, but where only
mismatches are looked for.
"""

import operator

import model


# ---- values, of the runs of one workload in a mode; None: not measured ----

def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) / len(values) if values else None


def of_kind(table, kind, number):
    """table: reflected or l0_handled; number: of a sample of it."""
    def value(runs, mode):
        return mean(number(one[table][kind]) for one in model.of_mode(runs, mode)
                    if kind in one[table])
    return value


def cpuid(key):
    return of_kind("reflected", "CPUID", lambda sample: sample.get(key))


def cpuid_ops(*names):
    """L0's VMCS instructions: medians, added up."""
    return of_kind("reflected", "CPUID",
                   lambda sample: sum(sample["vmcs_ops"][name] for name in names))


def l1_exits_left(runs, mode):
    """In % of the runs that all are compared with."""
    def exits(one_mode):
        return mean(sum(one["exits"]["l1"].values()) for one in model.of_mode(runs, one_mode))
    base, now = exits(model.baseline(runs)), exits(mode)
    return 100 * now / base if base and now is not None else None


def of_engine(key, factor=1):
    def value(runs, mode):
        found = mean(one["engine"][key] for one in model.of_mode(runs, mode))
        return None if found is None else factor * found
    return value


def mean_of(runs, mode, key):
    return mean(one[key] for one in model.of_mode(runs, mode))


def relative_overhead(runs, mode):
    """To stock Xen's."""
    now, stock = mean_of(runs, mode, "overhead"), mean_of(runs, "stock", "overhead")
    return now / stock if now is not None and stock else None


def speed_up(runs, mode):
    """How many times as fast as on stock Xen L2 is, by its own clock."""
    now, stock = mean_of(runs, mode, "l2_seconds"), mean_of(runs, "stock", "l2_seconds")
    return stock / now if now and stock is not None else None


def overhead_percent(runs, mode):
    found = mean_of(runs, mode, "overhead")
    return None if found is None else 100 * found


def of_operation(name):
    """Model cycles of one of the operations that L2 was measured at."""
    def value(runs, mode):
        return mean(one["operations"][name]["model_cycles"] for one in model.of_mode(runs, mode)
                    if name in one.get("operations", {}))
    return value


def verified(runs):
    return [one["engine"] for one in runs if one["cluster"] == "verify"]


def mismatches(runs, mode):
    """Over every run in mode verify; None without a prediction that was compared."""
    predicted = verified(runs)
    if mode == model.baseline(runs) or not sum(one["predictions"] for one in predicted):
        return None
    return sum(one["mismatches"] for one in predicted)


round_trip = of_operation("round_trip")
read_4k = of_operation("read_4k")
ept_violation = of_kind("l0_handled", "EPT_VIOLATION", operator.itemgetter("instructions_median"))


# ---- what is to be reached, on a machine by runs of one workload; None: nothing ----

def always(target):
    return lambda machine, runs: target


def without_shadowing(target):
    return lambda machine, runs: None if machine["vmcs_shadowing"] else target


def asked_for_exits(target):
    """The kernel compile with either kernel as L1, and forks with ept=0; without VMCS shadowing."""
    def aim(machine, runs):
        asked = "kernel-compile" if runs[0]["l1_ept"] else "forks"
        return without_shadowing(target)(machine, runs) if runs[0]["workload"] == asked else None
    return aim


def with_cpuid(target, shadowing):
    """Two targets: on machines without and with VMCS shadowing, where L2 executed CPUID."""
    def aim(machine, runs):
        if not any("CPUID" in one["reflected"] for one in runs):
            return None
        return shadowing if machine["vmcs_shadowing"] else target
    return aim


def with_small_kernel(with_ept, without_ept):
    """Two targets, for the kernel compile with the small kernel as L1."""
    def aim(machine, runs):
        first = runs[0]
        if (first["workload"], first["l1_kernel"]) != ("kernel-compile", "small"):
            return None
        return with_ept if first["l1_ept"] else without_ept
    return aim


def for_whole_workloads(target):
    """Single operations hardly leave L2 anything to do of its own: their overhead says nothing."""
    return lambda machine, runs: None if runs[0].get("operations") else target


def no_worse_than_stock(value_of):
    return share_of_stock(1, value_of)


def share_of_stock(share, value_of):
    """None where stock was not measured."""
    def aim(machine, runs):
        stock = value_of(runs, "stock")
        return None if stock is None else share * stock
    return aim


# Label; value; how it is compared with what is to be reached; that.
REGIONS = [
    ("hardware exits, reflected CPUID until L2 runs again", cpuid("exits_median"),
     operator.le, without_shadowing(3)),
    ("instructions in L0 + L1 for that", cpuid("instructions_median"),
     operator.le, without_shadowing(19000)),
    ("L1 exits left, % of the runs compared with", l1_exits_left,
     operator.le, asked_for_exits(33)),
    ("L0 instructions per bridged instruction", of_engine("l0_per_bridged"),
     operator.le, always(6)),
    ("L0 instructions to form and translate, per recorded one", of_engine("l0_per_recorded"),
     operator.le, always(5000)),
    ("executions of a cached region, %", of_engine("steady_share", 100),
     operator.ge, always(99)),
    ("mismatches in mode verify", mismatches, operator.eq, always(0)),
]

BATCH = [
    ("L0 instructions, L2's CPUID exit until L1 runs", cpuid("l0_until_l1_median"),
     operator.le, with_cpuid(1800, 1800)),
    ("L0 instructions, L1's VMRESUME exit after it until L2 runs", cpuid("l0_to_l2_median"),
     operator.le, with_cpuid(2000, 2000)),
    ("instructions in L0 + L1, all of that CPUID exit", cpuid("instructions_median"),
     operator.le, with_cpuid(12500, 6500)),
    ("VMREAD + VMWRITE in L0 for that", cpuid_ops("VMREAD", "VMWRITE"),
     operator.le, with_cpuid(100, 90)),
    ("VMPTRLD in L0 for that", cpuid_ops("VMPTRLD"), operator.le, with_cpuid(2, 4)),
    ("VMCLEAR in L0 for that", cpuid_ops("VMCLEAR"), operator.le, with_cpuid(0, 1)),
    ("L0 instructions, L2's EPT violation that ends in L0", ept_violation,
     operator.le, no_worse_than_stock(ept_violation)),
]

REFLECTED = [
    ("model cycles of a reflected CPUID exit", cpuid("model_cycles_median"),
     operator.le, with_cpuid(8000, 7000)),
    ("hardware exits of a reflected CPUID exit", cpuid("exits_median"),
     operator.le, with_cpuid(2, 2)),
    ("L1 exits left, % of stock", l1_exits_left, operator.le, asked_for_exits(20)),
    ("overhead relative to stock", relative_overhead, operator.le, for_whole_workloads(0.4)),
    ("speed-up in L2's own time, stock / this", speed_up,
     operator.ge, with_small_kernel(1.18, 1.55)),
    ("model cycles of a network round trip", round_trip,
     operator.le, share_of_stock(0.5, round_trip)),
    ("model cycles of a read of 4 KiB from a disk", read_4k,
     operator.le, share_of_stock(0.5, read_4k)),
]

# Title; figures; the mode that is compared; only where stock Xen ran, too?
GROUPS = [
    ("Regions", REGIONS, "on", False),
    ("Batched synchronisation", BATCH, "off", True),
    ("Reflected exits", REFLECTED, "on", True),
]

# What the issues ask of the whole, and where: of which workload, on which L1. In the headline.

CONFIGURATIONS = {("debian", True), ("small", True), ("debian", False), ("small", False)}
WITH_EPT = {(kernel, ept) for kernel, ept in CONFIGURATIONS if ept}
ONLY_SMALL = {(kernel, ept) for kernel, ept in CONFIGURATIONS if kernel == "small"}

# Label; workload; kernels of L1, with EPT or not; value; comparison; what is to be reached.
HEADLINE = [
    ("CPUID in L2, model cycles", "kernel-compile", WITH_EPT,
     cpuid("model_cycles_median"), operator.le, with_cpuid(8000, 7000)),
    ("hardware exits of a reflected CPUID exit", "kernel-compile", WITH_EPT,
     cpuid("exits_median"), operator.le, with_cpuid(2, 2)),
    ("L1 exits left, % of stock", "kernel-compile", WITH_EPT,
     l1_exits_left, operator.le, asked_for_exits(20)),
    ("L1 exits left, % of stock", "forks", CONFIGURATIONS - WITH_EPT,
     l1_exits_left, operator.le, asked_for_exits(20)),
    ("overhead, %", "kernel-compile", WITH_EPT | ONLY_SMALL,
     overhead_percent, operator.le, share_of_stock(0.4, overhead_percent)),
    ("overhead, %", "forks", ONLY_SMALL - WITH_EPT,
     overhead_percent, operator.le, share_of_stock(0.4, overhead_percent)),
    ("speed-up in L2's own time, stock / this", "kernel-compile", ONLY_SMALL,
     speed_up, operator.ge, with_small_kernel(1.18, 1.55)),
    ("network round trip, model cycles", "network", WITH_EPT,
     round_trip, operator.le, share_of_stock(0.5, round_trip)),
    ("read of 4 KiB from a disk, model cycles", "block", WITH_EPT,
     read_4k, operator.le, share_of_stock(0.5, read_4k)),
]

# The workloads that all figures of a boot were set for, and the figures that are judged in others,
# too. Of L2's boot, which has no window of its own, there are no figures.
JUDGED = ("kernel-compile", "kernel-full", "forks")
OF_ANY_WORKLOAD = (mismatches, round_trip, read_4k)

SIGNS = {operator.le: "<=", operator.ge: ">=", operator.eq: "="}


def text(value):
    if value is None:
        return "-"
    if value == int(value):
        return f"{int(value):,}"
    digits = 3 if abs(value) < 2 else 2 if abs(value) < 100 else 0
    return f"{value:,.{digits}f}"


def verdict(value, compare, target):
    if target is None:
        return ""
    if value is None:
        return "not measured"
    return "reached" if compare(value, target) else "MISSED"


def by_workload(result):
    """[(title, runs)]"""
    first = result["runs"][0]
    boot = (f"{first['l1_kernel']}{'' if first['l1_ept'] else ', ept=0'}, "
            f"{result['machine']['cpu_model']}")
    workloads = list(dict.fromkeys(one["workload"] for one in result["runs"]))
    return [(f"{workload} ({boot})", [one for one in result["runs"] if one["workload"] == workload])
            for workload in workloads]


def was_run(runs, value_of, mode):
    """Were there runs that the value is about?"""
    if value_of is mismatches:
        return bool(verified(runs))
    return bool(model.of_mode(runs, mode))


def figure_lines(machine, runs, figures, mode):
    base = model.baseline(runs)
    for label, value_of, compare, aim in figures:
        if runs[0]["workload"] == "none" and value_of is not mismatches:
            continue
        judged = runs[0]["workload"] in JUDGED or value_of in OF_ANY_WORKLOAD
        value, target = value_of(runs, mode), aim(machine, runs) if judged else None
        if not was_run(runs, value_of, mode) or value is None and target is None:
            continue
        to_reach = "" if target is None else f"{SIGNS[compare]} {text(target)}"
        yield (f"  {label:<58}{text(value_of(runs, base)):>10}{text(value):>10}{to_reach:>12}"
               f"  {verdict(value, compare, target)}").rstrip()


def group_lines(results, figures, mode, against_stock):
    for result in results:
        for title, runs in by_workload(result):
            if against_stock and not model.of_mode(runs, "stock"):
                continue
            found = list(figure_lines(result["machine"], runs, figures, mode))
            if found:
                yield f"{title:<60}{model.baseline(runs):>10}{mode:>10}{'to reach':>12}"
                yield from found


def lines(results):
    """All figures of one or several boots; nothing of a group for which no run was made."""
    for title, figures, mode, against_stock in GROUPS:
        found = list(group_lines(results, figures, mode, against_stock))
        if found:
            yield from ["", f"{title}, mode {mode}"] + found
