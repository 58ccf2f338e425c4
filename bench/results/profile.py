#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Where the cycles of a boot's runs went, by the parts of L0 that were counted apart, as Markdown.

OUTDIR is what a boot with LAB_PARTS=bench/l0-profile has left (bench/profile makes one). A run
that says how many operations it made has a table with a column for each, in model cycles of one;
of the others all of the workload is a column, in millions.

exit codes: 0 done; 2 usage; 3 something is missing
"""

import argparse
import os
import re
import sys

import cycles
import model


def described(path):
    """{part: (functions, what it is)}, in the order of the file."""
    found = {}
    with open(path) as file:
        for line in file:
            match = re.match(r"(\w+)\s+(\w+)(?:\s+#\s*(.*))?$", line)
            if match and match[1] != "reflect":
                functions, what = found.get(match[1], ((), ""))
                found[match[1]] = functions + (match[2],), what or (match[3] or "").strip()
    return found


def column(window, parts, unit):
    """{row: cycles, in units} of one window; they add up to its model cycles but for L2's."""
    cost = window["exit_cycles"]
    exits = cycles.exits_in_all(window["exits"])
    levels = window["instructions"]
    counted = {part: window["l0_parts"].get(part, {}).get("instructions", 0) for part in parts}
    rows = {
        **counted,
        "rest": levels["l0"] - sum(counted.values()),
        "l1": levels["l1"],
        "hardware": exits * cost,
        "all": cycles.model_cycles(window, cost, cycles.weights("")) - levels["l2"],
        "exits": exits,
    }
    return {row: value / unit for row, value in rows.items()}


def of_operations(number, one, windows, parts):
    """[(heading, column)]: one operation each of the run."""
    return [(f"`{name}`", column(model.window(windows, f"op-{number}-{name}"), parts, operation["count"]))
            for name, operation in one["operations"].items()]


def tables(result, windows, parts):
    """[(title, [(heading, column)])]: the workloads side by side, then a run with operations each."""
    workloads, found = [], []
    for number, one in enumerate(result["runs"], start=1):
        mode = model.mode_of(one)
        if one["operations"]:
            found.append((f"`{one['workload']}`, {mode}: one operation, model cycles",
                          of_operations(number, one, windows, parts)))
        else:
            window = model.window(windows, f"workload-{number}")
            workloads.append((f"{one['workload']}, {mode}", column(window, parts, 1e6)))
    title = "A workload: million model cycles, million exits"
    return ([(title, workloads)] if workloads else []) + found


def number(value):
    return f"{value:,.0f}" if value >= 99.5 else f"{value:.3g}"


def table(found, parts, exit_cycles):
    """The lines of a Markdown table, a row for each part."""
    names = {
        **{part: f"{part}: {what}" for part, (_, what) in parts.items()},
        "rest": "rest of L0", "l1": "L1's own", "hardware": f"hardware exits, at {exit_cycles}",
        "all": "**in all**", "exits": "hardware exits",
    }
    yield "| | " + " | ".join(heading for heading, _ in found) + " |"
    yield "|---" + "|--:" * len(found) + "|"
    for row, name in names.items():
        values = [one[row] for _, one in found]
        if any(values):
            yield f"| {name} | " + " | ".join(map(number, values)) + " |"


def document(result, windows, parts):
    """The whole text."""
    machine, runs = result["machine"], result["runs"]
    yield "<!-- SPDX-License-Identifier: GPL-2.0-only -->"
    yield "# Where the cycles go"
    yield ""
    yield (f"Written by `bench/profile` on project version {result['versions'].get('project', 'unknown')}: "
           f"{machine['cpu_model']}, L1 {runs[0]['l1_kernel']}"
           f"{'' if runs[0]['l1_ept'] else ', ept=0'}.")
    yield (f"Model cycles: an instruction is one, a hardware exit {machine['exit_cycles']}. "
           "The parts are those of")
    yield "[`bench/l0-profile`](../bench/l0-profile): what a function calls belongs to it, but for other parts."
    for title, found in tables(result, windows, parts):
        yield from ["", f"## {title}", ""]
        yield from table(found, parts, machine["exit_cycles"])


def main():
    here = os.path.dirname(__file__)
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", help="output directory of the boot")
    parser.add_argument("--parts", default=os.path.join(here, "..", "l0-profile"),
                        help="the file that LAB_PARTS named (default: bench/l0-profile)")
    asked = parser.parse_args()
    try:
        result = model.read_json(os.path.join(asked.outdir, "results.json"),
                                 "the boot did not get that far")
        windows = model.read_json_lines(os.path.join(asked.outdir, "windows.jsonl"))
        parts = described(asked.parts)
        for line in document(result, windows, parts):
            print(line)
    except model.Missing as error:
        print(f"profile: {error}", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
