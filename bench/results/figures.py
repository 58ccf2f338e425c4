# SPDX-License-Identifier: GPL-2.0-only
"""The figures by which regions are judged, each with what is to be reached.

All come from one boot: counts of the emulator, and for what the engine itself has
to say (how much it executed, recorded, predicted), Xen's perf counters of the same
run.  Traced runs are left out, as tracing makes every exit longer, but where only
mismatches are looked for.
"""

import operator


def mean(values):
    values = [value for value in values if value is not None]
    return sum(values) / len(values) if values else None


def of_mode(runs, mode):
    return [one for one in runs if one["cluster"] == mode and not one["traced"]]


def cpuid(key):
    def value(runs, mode):
        return mean(one["reflected"].get("CPUID", {}).get(key) for one in of_mode(runs, mode))
    return value


def l1_exits_left(runs, mode):
    """In % of the runs with clusters off."""
    def exits(one_mode):
        return mean(sum(one["exits"]["l1"].values()) for one in of_mode(runs, one_mode))
    off, now = exits("off"), exits(mode)
    return 100 * now / off if off and now is not None else None


def of_engine(key, factor=1):
    def value(runs, mode):
        found = mean(one["engine"][key] for one in of_mode(runs, mode))
        return None if found is None else factor * found
    return value


def mismatches(runs, _mode):
    """Over every run in mode verify; None without a prediction that was compared."""
    predicted = [one["engine"] for one in runs if one["cluster"] == "verify"]
    if not sum(one["predictions"] for one in predicted):
        return None
    return sum(one["mismatches"] for one in predicted)


def no_shadowing(machine, _run):
    return not machine["vmcs_shadowing"]


def asked_for_exits(machine, run):
    """The kernel compile with either kernel as L1, and forks with ept=0."""
    return no_shadowing(machine, run) and (
        run["workload"] == "forks" if not run["l1_ept"] else run["workload"] == "kernel-compile")


def always(_machine, _run):
    return True


# Label; value of (runs of one workload, mode); the target and how to compare; where it binds.
FIGURES = [
    ("hardware exits, reflected CPUID until L2 runs again", cpuid("exits_median"),
     operator.le, 3, no_shadowing),
    ("instructions in L0 + L1 for that", cpuid("instructions_median"),
     operator.le, 19000, no_shadowing),
    ("L1 exits left, % of the runs with clusters off", l1_exits_left,
     operator.le, 33, asked_for_exits),
    ("L0 instructions per bridged instruction", of_engine("l0_per_bridged"),
     operator.le, 6, always),
    ("L0 instructions to form and translate, per recorded one", of_engine("l0_per_recorded"),
     operator.le, 5000, always),
    ("executions of a cached region, %", of_engine("steady_share", 100),
     operator.ge, 99, always),
    ("mismatches in mode verify", mismatches, operator.eq, 0, always),
]

SIGNS = {operator.le: "<=", operator.ge: ">=", operator.eq: "="}


def text(value):
    if value is None:
        return "-"
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"


def verdict(value, compare, target, binds):
    if not binds:
        return ""
    if value is None:
        return "not measured"
    return "reached" if compare(value, target) else "MISSED"


def groups(result):
    """[(title, runs)] by workload."""
    first = result["runs"][0]
    boot = (f"{first['l1_kernel']}{'' if first['l1_ept'] else ', ept=0'}, "
            f"{result['machine']['cpu_model']}")
    workloads = list(dict.fromkeys(one["workload"] for one in result["runs"]))
    return [(f"{workload} ({boot})", [one for one in result["runs"] if one["workload"] == workload])
            for workload in workloads]


def figure_lines(machine, runs, mode):
    for label, value_of, compare, target, binds in FIGURES:
        value = value_of(runs, mode)
        bound = binds(machine, runs[0])
        if value is None and (not bound or value_of is mismatches):
            continue
        aim = f"{SIGNS[compare]} {target:,}" if bound else ""
        yield (f"  {label:<56}{text(value_of(runs, 'off')) if mode != 'off' else '':>10}"
               f"{text(value):>10}{aim:>12}  {verdict(value, compare, target, bound)}").rstrip()


def lines(results, mode="on"):
    """The figures of mode, of one or several boots."""
    for result in results:
        for title, runs in groups(result):
            if not of_mode(runs, mode) and mismatches(runs, mode) is None:
                continue
            yield f"{title:<58}{'off':>10}{mode:>10}{'to reach':>12}"
            yield from figure_lines(result["machine"], runs, mode)
