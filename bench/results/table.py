# SPDX-License-Identifier: GPL-2.0-only
"""The result of a boot as tables for people, one a workload: one column a run, and
the ratio of each to the mean of the stock runs, or of those with clusters off."""

import cycles
import model

# Rows of exit reasons below this share of all L1 exits go into "others".
SMALL = 0.005


def number(value):
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}"


def ratio(columns, index, baseline):
    """Value of column index relative to the mean of the baseline columns."""
    base = [columns[i] for i in baseline if columns[i] is not None]
    if not base or columns[index] is None or sum(base) == 0:
        return "-"
    return f"{columns[index] * len(base) / sum(base):.3f}"


def exit_rows(runs, level):
    """(label, values): the reasons that count, then the others, then the sum."""
    totals = [sum(one["exits"][level].values()) for one in runs]
    reasons = sorted({reason for one in runs for reason in one["exits"][level]},
                     key=lambda reason: -max(one["exits"][level].get(reason, 0) for one in runs))
    large = [reason for reason in reasons
             if max(one["exits"][level].get(reason, 0) for one in runs) >= SMALL * max(totals)]
    rows = [(f"  {reason}", [one["exits"][level].get(reason, 0) for one in runs])
            for reason in large]
    rest = [total - sum(values[i] for _, values in rows) for i, total in enumerate(totals)]
    if any(rest):
        rows.append(("  others", rest))
    return [(f"exits of {level.upper()}", totals)] + rows


def reflected_rows(runs, kind):
    def values(key):
        return [one["reflected"].get(kind, {}).get(key) for one in runs]

    def vmcs_ops(name):
        return [one["reflected"].get(kind, {}).get("vmcs_ops", {}).get(name) for one in runs]

    return [
        (f"per reflected {kind} exit of L2", None),
        ("  hardware exits (median)", values("exits_median")),
        ("  instructions in L0 and L1", values("instructions_median")),
        ("  model cycles", values("model_cycles_median")),
        *((f"  {name} in L0", vmcs_ops(name)) for name in cycles.VMCS_OPS),
        ("  how many", values("count")),
        ("  entered L1", values("l1_entered")),
    ]


def operation_rows(runs):
    """A block for each operation that L2 says to have executed by itself."""
    names = dict.fromkeys(name for one in runs for name in one["operations"])

    def values(name, key):
        return [one["operations"].get(name, {}).get(key) for one in runs]

    return [row for name in names for row in (
        (f"per {name}", None),
        ("  model cycles", values(name, "model_cycles")),
        ("  hardware exits", values(name, "exits")),
        *((f"  instructions in {level.upper()}", values(name, level))
          for level in ("l0", "l1", "l2")))]


def millions(values):
    return [value / 1e6 for value in values]


def rows(runs, cost):
    exits = [cycles.exits_in_all(one["exits"]) for one in runs]
    return (
        operation_rows(runs) +
        exit_rows(runs, "l1") + exit_rows(runs, "l2") + reflected_rows(runs, "CPUID") +
        [("in all", None),
         ("  hardware exits", exits)] +
        [(f"  million instructions in {level.upper()}",
          millions(one["instructions"][level] for one in runs))
         for level in ("l0", "l1", "l2")] +
        [(f"  million model cycles ({cost} an exit)",
          millions(one["model_cycles"] for one in runs)),
         ("  overhead", [one["overhead"] for one in runs]),
         ("  L2's own time, s", [one["l2_seconds"] for one in runs])]
    )


def table_rows(workload, runs, cost):
    """[(label, cells)], the heads first; no cells where the label is a heading."""
    base = model.baseline(runs)
    modes = [model.mode_of(one) for one in runs]
    baseline = [i for i, mode in enumerate(modes) if mode == base]
    compared = [i for i, mode in enumerate(modes) if mode != base] if baseline else []
    yield workload, [one["name"] for one in runs] + [f"{modes[i]}/{base}" for i in compared]
    for label, values in rows(runs, cost):
        cells = [] if values is None else (
            [number(value) for value in values] +
            [ratio(values, i, baseline) for i in compared])
        yield label, cells


def block(workload, runs, cost):
    all_rows = list(table_rows(workload, runs, cost))
    first = max(len(label) for label, _ in all_rows)
    widths = [2 + max(map(len, column))
              for column in zip(*(cells for _, cells in all_rows if cells))]
    for label, cells in all_rows:
        yield label.ljust(first) + "".join(map(str.rjust, cells, widths))


def assumed(weights):
    """The line that says what VMCS instructions are taken to cost, where anything."""
    named = [f"{name} {cost}" for name, cost in weights.items() if cost]
    return [f"Model cycles include L0's VMCS instructions: {', '.join(named)}."] if named else []


def lines(result):
    """Traced runs are left out: tracing makes every exit longer."""
    runs = [one for one in result["runs"] if not one["traced"]]
    workloads = list(dict.fromkeys(one["workload"] for one in runs))
    for number_of_block, workload in enumerate(workloads):
        if number_of_block:
            yield ""
        yield from block(workload, [one for one in runs if one["workload"] == workload],
                         result["machine"]["exit_cycles"])
    yield from assumed(result["machine"]["vmcs_cycles"])
