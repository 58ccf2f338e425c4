# SPDX-License-Identifier: GPL-2.0-only
"""What bench.json says, by machine, workload and L0: the numbers of tables and figures.

A machine is a CPU model and an L1. Xen and KVM as its L0 are two boots of it.
"""

import cycles
import figures
import model

# In this order everywhere: the word for a mode, and what it is called.
L0S = [("stock", "stock Xen"), ("kvm", "KVM"), ("off", "off"), ("on", "on")]

# For those who see a figure without the text.
LEGEND = {"stock": "stock Xen", "kvm": "KVM as L0", "off": "this Xen, off", "on": "this Xen, on"}

# Word of RUNS, and what it is called.
WORKLOADS = [("none", "boot"), ("micro", "micro"), ("forks", "forks"),
             ("kernel-compile", "kernel compile"), ("kernel-full", "whole kernel"),
             ("network", "network"), ("block", "block")]

# That of bench-full is not missed where it has not been made.
EXPECTED = [word for word, _ in WORKLOADS if word != "kernel-full"]


def told(machine, one):
    """What a run counted. L2's boot has no window of its own: all of the run is taken."""
    booted = one["workload"] == "none"
    window = one["around"] if booted else one
    cost, weights = machine["exit_cycles"], machine["vmcs_cycles"]
    l1, l2 = (sum(window["exits"][level].values()) for level in ("l1", "l2"))
    return {
        "l1_exits": l1,
        "l2_exits": l2,
        "exits_per_l2_exit": (l1 + l2) / l2 if l2 else None,
        "model_cycles": cycles.model_cycles(window, cost, weights),
        # What only exits has an overhead that says nothing.
        "overhead": None if one["workload"] == "micro" else cycles.overhead(window, cost, weights),
        "l2_seconds": None if booted else one["l2_seconds"],
    }


class Machine:
    """Runs of all boots of a machine, those of verify mode and of any other mode included."""

    def __init__(self, result):
        first = result["runs"][0]
        self.machine = result["machine"]
        self.cpu = self.machine["cpu_model"]
        self.shadowing = self.machine["vmcs_shadowing"]
        self.kernel, self.ept = first["l1_kernel"], first["l1_ept"]
        self.l2_cmdline = first.get("l2_cmdline", "")
        self.version = result["versions"].get("l1", "")
        self.runs = []

    @property
    def name(self):
        ept = "EPT" if self.ept else "ept=0"
        return f"{self.cpu.removeprefix('corei7_')}, {self.kernel}, {ept}"

    @property
    def title(self):
        """For those who do not know that processor."""
        cpu, rest = self.name.split(", ", 1)
        return f"{cpu} ({'' if self.shadowing else 'no '}VMCS shadowing), L1: {rest}"

    def of_workload(self, workload):
        return [one for one in self.runs if one["workload"] == workload]

    def workloads(self):
        """In the order of WORKLOADS; those that are not known here last."""
        found = list(dict.fromkeys(one["workload"] for one in self.runs if not one["traced"]))
        known = [word for word, _ in WORKLOADS if word in found]
        return known + [word for word in found if word not in known]

    def numbers(self, workload, mode):
        """As told() has them, means where there are several such runs; None without one."""
        found = [told(self.machine, one) for one in model.of_mode(self.of_workload(workload), mode)]
        return {key: figures.mean(one[key] for one in found) for key in found[0]} if found else None

    def operations_of(self, mode):
        """{name: [such an operation of each run in that mode]}"""
        found = {}
        for one in model.of_mode(self.runs, mode):
            for name, operation in one.get("operations", {}).items():
                found.setdefault(name, []).append(operation)
        return found

    def operations(self):
        """{name: {mode: mean of each number of such an operation}}; profile.py has its parts."""
        found = {}
        for mode, _ in L0S:
            for name, several in self.operations_of(mode).items():
                found.setdefault(name, {})[mode] = {key: figures.mean(each[key] for each in several)
                                                    for key in several[0] if key != "l0_parts"}
        return found


def machines(bench):
    """In the order of their first boots."""
    found = {}
    for boot in bench["boots"]:
        one = Machine(boot["result"])
        one = found.setdefault((one.cpu, one.kernel, one.ept), one)
        one.runs += boot["result"]["runs"]
    return list(found.values())


def called(workload):
    return dict(WORKLOADS).get(workload, workload)


def not_measured(machine):
    """[(workload, L0s)]: what is expected of every machine and is not there."""
    missing = []
    for workload in EXPECTED:
        lacking = [name for mode, name in L0S
                   if not model.of_mode(machine.of_workload(workload), mode)]
        if lacking:
            missing.append((called(workload), lacking))
    return missing
