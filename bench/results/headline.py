# SPDX-License-Identifier: GPL-2.0-only
"""The headline: what is asked of the whole, figure by figure, on each machine that was measured."""

import figures
import machines


def row(figure, machine):
    """(values by L0, comparison, target, verdict); None where nothing is asked or known."""
    _, workload, configurations, value_of, compare, aim = figure
    runs = machine.of_workload(workload)
    if (machine.kernel, machine.ept) not in configurations or not runs:
        return None
    values = [value_of(runs, mode) for mode, _ in machines.L0S]
    if all(value is None for value in values):
        return None
    target = aim(machine.machine, runs)
    if target is None and values[0] is not None:
        return None
    return values, compare, target, judged(values[-1], compare, target)


def judged(value, compare, target):
    """Without stock Xen's value there may be no target, which is then as little known."""
    return "not measured" if target is None else figures.verdict(value, compare, target)


def rows(bench_machines):
    """[(figure's label, workload, machine, row)]"""
    found = []
    for figure in figures.HEADLINE:
        for machine in bench_machines:
            one = row(figure, machine)
            if one:
                found.append((figure[0], machines.called(figure[1]), machine, one))
    return found


def summary(found):
    """How many of each verdict: {verdict: number}"""
    verdicts = [one[3] for _, _, _, one in found]
    return {verdict: verdicts.count(verdict) for verdict in ("reached", "MISSED", "not measured")}
