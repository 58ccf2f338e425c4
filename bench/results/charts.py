# SPDX-License-Identifier: GPL-2.0-only
"""Which figures the report has, and what their bars stand for."""

import machines
import plots


def of_workload(key, factor=1):
    """A cell of a chart whose categories are the names of workloads."""
    words = {name: word for word, name in machines.WORKLOADS}

    def cell(machine, name, mode):
        numbers = machine.numbers(words[name], mode)
        value = numbers and numbers[key]
        return None if value is None else factor * value
    return cell


def cycles_of_operation(machine, name, mode):
    numbers = machine.operations().get(name, {}).get(mode)
    return numbers and numbers["model_cycles"]


def charts(found):
    """found: the machines."""
    names = [name for _, name in machines.WORKLOADS]
    operations = list(dict.fromkeys(name for machine in found for name in machine.operations()))
    return [
        plots.Chart("exits", "Hardware exits for each exit of L2", "hardware exits", names,
                    of_workload("exits_per_l2_exit")),
        plots.Chart("operations", "One operation of L2, model cycles (logarithmic)",
                    "model cycles", operations, cycles_of_operation, log=True),
        plots.Chart("overhead", "Overhead: cycles other than L2's own, in % of those (logarithmic)",
                    "overhead, %", names, of_workload("overhead", 100), log=True),
    ]
