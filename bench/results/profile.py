# SPDX-License-Identifier: GPL-2.0-only
"""PROFILE.md: where the cycles went, by the parts of L0 that the emulator counts apart. A function
of bench.json and of bench/l0-parts, which says what the parts are."""

import os
import re

import cycles
import document
import figures
import machines
import model

PARTS = os.path.join(os.path.dirname(__file__), "..", "l0-parts")

WORDS = """\
What a workload, and one operation of L2, is made of besides L2's own instructions. The parts are
those of [`bench/l0-parts`](../bench/l0-parts): what a function calls belongs to it, but for other
parts. Model cycles: an instruction is one, a hardware exit {exit_cycles}. KVM has no parts.
[`RESULTS.md`](RESULTS.md) has the sums."""


def described(path=PARTS):
    """{part: what it is}, in the order of the file."""
    found = {}
    with open(path) as file:
        for line in file:
            match = re.match(r"(\w+)\s+\w+(?:\s+#\s*(.*))?$", line)
            if match and match[1] != "reflect":
                found[match[1]] = found.get(match[1]) or (match[2] or "").strip()
    return found


# Rows that are no parts; none of these can be a part's name.
REST, L1, HARDWARE, VMCS = "rest of L0", "L1's own", "hardware exits' own", "VMCS instructions, besides one"
ALL, EXITS = "**in all**", "hardware exits"


def column(one, parts, exit_cycles):
    """{row: cycles} of a run or an operation; they add up to its model cycles but for L2's."""
    levels = one.get("instructions", one)
    exits = one["exits"] if "count" in one else cycles.exits_in_all(one["exits"])
    counted = {part: one.get("l0_parts", {}).get(part, 0) for part in parts}
    rows = {**counted, REST: levels["l0"] - sum(counted.values()), L1: levels["l1"],
            HARDWARE: exits * exit_cycles}
    total = one["model_cycles"] - levels["l2"]
    return {**rows, VMCS: total - sum(rows.values()), ALL: total, EXITS: exits}


def averages(columns):
    return {row: figures.mean(one[row] for one in columns) for row in columns[0]}


def table(found, parts, exit_cycles, unit=1):
    """The lines of a Markdown table; found: [(heading, column)]."""
    names = {**{part: f"{part}: {what}" for part, what in parts.items()},
             **{row: row for row in (REST, L1, HARDWARE, VMCS, ALL, EXITS)},
             HARDWARE: f"hardware exits, at {exit_cycles}"}
    values = {name: [one[row] / unit for _, one in found] for row, name in names.items()}
    yield from document.table(["", *(heading for heading, _ in found)],
                              [[name, *map(document.number, several)]
                               for name, several in values.items()
                               if any(abs(value) > 1e-9 for value in several)])
    yield ""


def by_mode(runs, parts, exit_cycles):
    """[(what the mode is called, column)]: means where there are several such runs."""
    found = [(name, model.of_mode(runs, mode)) for mode, name in machines.L0S]
    return [(name, averages([column(one, parts, exit_cycles) for one in several]))
            for name, several in found if several]


def workload_parts(machine, parts, exit_cycles):
    """L2's boot has no window of its own, and of micro each operation has one."""
    for workload in machine.workloads():
        found = by_mode(machine.of_workload(workload), parts, exit_cycles)
        if workload not in ("none", "micro") and found:
            yield f"### {machines.called(workload)}: million model cycles, million exits"
            yield ""
            yield from table(found, parts, exit_cycles, 1e6)


def operation_parts(machine, parts, exit_cycles):
    for mode, called in machines.L0S:
        found = [(f"`{name}`", averages([column(one, parts, exit_cycles) for one in several]))
                 for name, several in machine.operations_of(mode).items()]
        if found:
            yield f"### One operation of L2, {called}: model cycles"
            yield ""
            yield from table(found, parts, exit_cycles)


def profile(merged, parts=None):
    parts = described() if parts is None else parts
    found = machines.machines(merged)
    costs = sorted({machine.machine["exit_cycles"] for machine in found})
    lines = ["<!-- SPDX-License-Identifier: GPL-2.0-only -->", "# Where the cycles go", "",
             *WORDS.format(exit_cycles=", ".join(map(str, costs))).split("\n"), ""]
    for machine in found:
        exit_cycles = machine.machine["exit_cycles"]
        lines += [f"## {machine.title}", "", *workload_parts(machine, parts, exit_cycles),
                  *operation_parts(machine, parts, exit_cycles)]
    return "\n".join(lines).rstrip("\n") + "\n"
