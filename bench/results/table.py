# SPDX-License-Identifier: GPL-2.0-only
"""The result of a boot as tables for people, one a workload: one column a run, and
the ratio of each clustered run to the mean of the runs with clusters off."""

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

    return [
        (f"per reflected {kind} exit of L2", None),
        ("  hardware exits (median)", values("exits_median")),
        ("  instructions in L0 and L1", values("instructions_median")),
        ("  model cycles", values("model_cycles_median")),
        ("  how many", values("count")),
    ]


def millions(values):
    return [value / 1e6 for value in values]


def rows(runs, cost):
    exits = [sum(sum(level.values()) for level in one["exits"].values()) for one in runs]
    return (
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


def block(workload, runs, cost):
    baseline = [i for i, one in enumerate(runs) if one["cluster"] == "off"]
    compared = [i for i, one in enumerate(runs) if one["cluster"] != "off"] if baseline else []
    heads = [one["name"] for one in runs] + [f"{runs[i]['cluster']}/off" for i in compared]
    body = []
    for label, values in rows(runs, cost):
        cells = [] if values is None else (
            [number(value) for value in values] +
            [ratio(values, i, baseline) for i in compared])
        body.append((label, cells))
    first = max(len(label) for label, _ in body)
    width = max([len(cell) for _, cells in body for cell in cells] + [len(h) for h in heads]) + 2
    yield workload.ljust(first) + "".join(head.rjust(width) for head in heads)
    for label, cells in body:
        yield label.ljust(first) + "".join(cell.rjust(width) for cell in cells)


def lines(result):
    """Traced runs are left out: tracing makes every exit longer."""
    runs = [one for one in result["runs"] if not one["traced"]]
    workloads = list(dict.fromkeys(one["workload"] for one in runs))
    for number_of_block, workload in enumerate(workloads):
        if number_of_block:
            yield ""
        yield from block(workload, [one for one in runs if one["workload"] == workload],
                         result["machine"]["exit_cycles"])
