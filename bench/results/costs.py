# SPDX-License-Identifier: GPL-2.0-only
"""The constants of cluster/cost.h, as the runs of a boot show them.

One cycle an instruction is assumed, as everywhere (docs/RESULTS-FORMAT.md).  Each
constant is a quotient of counts added up over the untraced runs of one mode.
"""

import re

import model


def compiled_in(path):
    """{name: value} of the constants in cost.h that are sums of numbers."""
    with open(path) as file:
        found = re.findall(r"^\s*(CLUSTER_\w+) = ([0-9 +]+),", file.read(), re.M)
    return {name: sum(int(term) for term in value.split("+")) for name, value in found}


def quotient(runs, above, below):
    """Of two functions of a run's engine, added up; None where nothing was counted."""
    total = [0, 0]
    for one in runs:
        values = above(one["engine"]), below(one["engine"])
        if None not in values:
            total = [total[0] + values[0], total[1] + values[1]]
    return total[0] / total[1] if total[1] and total[0] else None


def instructions_in(*parts):
    def value(engine):
        found = [engine["l0_parts"][part]["instructions"]
                 for part in parts if part in engine["l0_parts"]]
        return sum(found) if found else None
    return value


def calls_of(part):
    return lambda engine: engine["l0_parts"].get(part, {}).get("calls")


def number_of(key):
    return lambda engine: engine[key]


def per_exit(runs, reasons):
    """L0 instructions for an exit of L1: the mean of the medians, weighted by their counts."""
    samples = [one["l0_per_exit"][reason] for one in runs
               for reason in reasons if reason in one["l0_per_exit"]]
    count = sum(sample["count"] for sample in samples)
    return sum(sample["instructions_median"] * sample["count"]
               for sample in samples) / count if count else None


def measured(result):
    """[(constant or None, value or None, what was divided by what)]"""
    runs = result["runs"]
    # Both with batched synchronisation, where such runs were made: only the clusters differ.
    off = model.of_mode(runs, "off") or model.of_mode(runs, "stock")
    on = model.of_mode(runs, "on")
    exit_l0 = per_exit(off, ("VMREAD", "VMWRITE"))
    cost = result["machine"]["exit_cycles"]
    rows = [
        ("CLUSTER_COST_EXIT", None if exit_l0 is None else exit_l0 + cost,
         f"off: L0 for an L1 exit by VMREAD or VMWRITE, + {cost} for the hardware"),
        ("CLUSTER_COST_REGION",
         quotient(on, instructions_in(*model.AROUND), number_of("executions")),
         "on: L0 around the execution of a region / executions"),
        ("CLUSTER_COST_BRIDGED",
         quotient(on, instructions_in(*model.EXECUTE), number_of("bridged")),
         "on: L0 in the execution of regions, memory included, handlers not / bridged"),
        ("CLUSTER_COST_RECORD",
         quotient(on, instructions_in(*model.RECORD), number_of("recorded")),
         "on: L0 recording and translating / instructions recorded"),
        (None, quotient(on, instructions_in("handlers"), calls_of("handlers")),
         "on: L0 in a handler of an exiting instruction / calls"),
        (None, quotient(on, instructions_in("resume"), calls_of("resume")),
         "on: L0 in a VMRESUME out of a region / calls"),
        (None, quotient(model.of_mode(runs, "interp"), instructions_in(*model.EXECUTE),
                        number_of("bridged")),
         "interp: L0 in the execution of regions / bridged"),
        (None, quotient(model.of_mode(runs, "static"),
                        instructions_in(*model.AROUND, "handlers"), number_of("executions")),
         "static: L0 in the engine, handlers included / executions"),
        (None, quotient(model.of_mode(runs, "static"), number_of("instructions"),
                        number_of("executions")),
         "static: instructions / executions"),
    ]
    return rows + [(None, per_exit(off, (reason,)), f"off: L0 for an L1 exit by {reason}")
                   for reason in sorted({reason for one in off for reason in one["l0_per_exit"]})]


def lines(result, constants):
    yield f"{'constant of cluster/cost.h':<28}{'compiled in':>12}{'measured':>12}  what is measured"
    for name, value, what in measured(result):
        now = constants.get(name)
        yield (f"{name or '':<28}{'' if now is None else f'{now:,}':>12}"
               f"{'-' if value is None else f'{value:,.1f}':>12}  {what}")
