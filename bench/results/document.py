# SPDX-License-Identifier: GPL-2.0-only
"""RESULTS.md: a function of bench.json. The same input gives the same text."""

import figures
import headline
import machines

NAMES = dict(machines.L0S)

WORDS = """\
`stock Xen`: all of this project switched off (`off,batch=off`), which leaves what Xen 4.20 does
and some tests that find it off; `off`: VMCSs synchronised by batch; `on`: regions, too, and
reflected exits that Xen goes on with by itself; `KVM`: Linux with KVM as L0 in the place of Xen,
on the same machine in a boot of its own. A dash is what was not measured. What each number is made
of: [`PROFILE.md`](PROFILE.md)."""

COST_MODEL = """\
## What is counted, and what assumed

Counted, by the emulator: instructions of every level, hardware exits, and Xen's own VMCS
instructions. dom0 is left out. The same boot gives the same counts, to the unit.

Assumed: an instruction takes one cycle, a hardware exit with its resume {exit_cycles}, and each
VMCS instruction of L0 besides {weights}. Cache and TLB misses cost nothing. *Model cycles* are the
sum of this over L0, L1 and L2; *overhead* is what is not L2's own instructions, for each of those.

L2's own time is by its clock, which has {ips} instructions a second and {charged}
what an exit is assumed to take. It ends in hundredths of a second.

*boot* is all of L2 from the start of QEMU to its end, without a workload; the other workloads
are counted alone. *micro* does little but exit: its overhead would say nothing. Forming regions
is in all counts.
"""


def number(value):
    """For a cell. What was not measured is a dash, never 0."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def table(heads, rows, texts=1):
    """The first so many columns are text, the others numbers."""
    yield "| " + " | ".join(heads) + " |"
    yield "|" + "---|" * texts + "--:|" * (len(heads) - texts)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def several(values):
    return ", ".join(sorted({str(value).strip() for value in values}))


def sentence(verdicts):
    words = [f"{count} {verdict}" for verdict, count in verdicts.items() if count]
    return ", ".join(words) or "nothing of it was measured"


def made_of(merged):
    """How this was made, by what the boots say."""
    boots = merged["boots"]
    versions = [boot["result"]["versions"] for boot in boots]
    yield "Written by `bench/matrix --report` from `bench.json` ([format](RESULTS-FORMAT.md))."
    yield ""
    yield (f"- {len(boots)} boot{'s' if len(boots) > 1 else ''}, made "
           f"{several(boot['made'] for boot in boots)}, of project version "
           f"{several(one.get('project', 'unknown') for one in versions)}")
    for part, what in (("xen", "Xen"), ("kvm", "KVM as L0: Linux"), ("l1", "L1: Linux"),
                       ("l2", "L2: Linux")):
        found = {one.get(part) for one in versions} - {None, ""}
        if found:
            yield f"- {what} {several(found)}"
    emulators = several(boot["result"]["machine"].get("emulator", "unknown") for boot in boots)
    yield f"- emulator: {emulators}"
    if merged["missing"]:
        yield f"- asked for and not made: {', '.join(merged['missing'])}"


def headline_part(rows):
    yield "## What is to be reached"
    yield ""
    if not rows:
        yield "Nothing of it was measured."
        return
    yield (f"{sentence(headline.summary(rows))}. Compared is `on`, with the runs on stock Xen of "
           "the same boot.")
    yield ""
    cells, before = [], None
    for label, workload, machine, (values, compare, target, verdict) in rows:
        to_reach = "-" if target is None else f"{figures.SIGNS[compare]} {number(target)}"
        cells.append([label if label != before else "", workload, machine.name,
                      *map(number, values), to_reach,
                      verdict if verdict == "reached" else f"**{verdict}**"])
        before = label
    yield from table(["figure", "workload", "machine", *NAMES.values(), "to reach", ""], cells,
                     texts=3)


def drawings(charts):
    for name, title in charts:
        yield f"![{title}](figures/{name}.svg)"
        yield ""


def workload_rows(machine):
    for workload in machine.workloads():
        stock = machine.numbers(workload, "stock")
        name = machines.called(workload)
        for mode, called in machines.L0S:
            found = machine.numbers(workload, mode)
            if found is None:
                continue
            overhead = found["overhead"]
            of_stock = found["model_cycles"] / stock["model_cycles"] if stock else None
            yield [name, called, number(found["l2_exits"]), number(found["l1_exits"]),
                   number(found["exits_per_l2_exit"]), number(found["model_cycles"] / 1e6),
                   number(of_stock), number(None if overhead is None else 100 * overhead),
                   number(found["l2_seconds"])]
            name = ""


def operation_rows(machine):
    for name, by_mode in machine.operations().items():
        def of(key):
            return [by_mode[mode][key] if mode in by_mode else None for mode in NAMES]
        cycles = of("model_cycles")
        stock, on = cycles[0], cycles[-1]
        ratio = on / stock if stock and on is not None else None
        yield [f"`{name}`", *map(number, cycles), number(ratio), *map(number, of("exits"))]


def verify_lines(machine):
    engines = figures.verified(machine.runs)
    predictions = sum(one["predictions"] for one in engines)
    if predictions:
        wrong = sum(one["mismatches"] for one in engines)
        yield f"Verify mode compared {predictions:,} predictions; {wrong:,} were wrong."
        yield ""


def missing_lines(machine):
    missing = [f"{workload} ({'every L0' if len(lacking) == len(NAMES) else ', '.join(lacking)})"
               for workload, lacking in machines.not_measured(machine)]
    if missing:
        yield f"Not measured: {'; '.join(missing)}."
        yield ""


def machine_part(machine):
    yield f"## {machine.title}"
    yield ""
    told = f" L2's kernel was started with `{machine.l2_cmdline}`." if machine.l2_cmdline else ""
    yield f"Emulated CPU: {machine.cpu}. Linux of L1: {machine.version or 'unknown'}.{told}"
    yield ""
    yield from table(["workload", "L0", "exits of L2", "exits of L1", "hardware exits per L2 exit",
                      "million model cycles", "of stock's", "overhead, %", "L2's own time, s"],
                     workload_rows(machine), texts=2)
    yield ""
    operations = list(operation_rows(machine))
    if operations:
        yield "Model cycles, then hardware exits, of one operation of L2:"
        yield ""
        yield from table(["operation", *NAMES.values(), "on / stock",
                          *(f"{name}, exits" for name in NAMES.values())], operations)
        yield ""
    yield from verify_lines(machine)
    yield from missing_lines(machine)


def objects_lines(bench_machines):
    """What is built in verify mode, or traced, counts here, too."""
    by_workload = {}
    for machine in bench_machines:
        for one in machine.runs:
            if one["output_sha256"]:
                by_workload.setdefault(one["workload"], []).append(one["output_sha256"])
    for workload, built in by_workload.items():
        runs = f"{len(built)} runs of {machines.called(workload)}"
        if len(set(built)) == 1:
            yield f"What all {runs} built is byte-identical."
        else:
            yield f"**What the {runs} built differs:** {len(set(built))} different ones."
    if not by_workload:
        yield "Nothing was compiled."


def cost_model(merged):
    found = [boot["result"]["machine"] for boot in merged["boots"]]
    weights = sorted({f"{name} {cost}" for one in found
                      for name, cost in one["vmcs_cycles"].items() if cost})
    yield COST_MODEL.format(
        exit_cycles=several(one["exit_cycles"] for one in found),
        weights=", ".join(weights) or "nothing", ips=several(f"{one['ips']:,}" for one in found),
        charged=several("charges" if one["charged"] else "does not charge" for one in found))


def document(merged, charts):
    """charts: (name, title) of the drawings that there are."""
    found = machines.machines(merged)
    lines = ["<!-- SPDX-License-Identifier: GPL-2.0-only -->", "# Results", ""]
    parts = [made_of(merged), [WORDS], headline_part(headline.rows(found)), drawings(charts),
             objects_lines(found), *map(machine_part, found), cost_model(merged)]
    for part in parts:
        lines += [*part]
        if lines[-1]:
            lines.append("")
    return "\n".join(lines).rstrip("\n") + "\n"
