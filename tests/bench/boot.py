# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of bench/results work on: an output directory as a boot leaves it."""

import copy
import json
import os
import subprocess
import sys
import tempfile

TOP = os.path.join(os.path.dirname(__file__), "..", "..")
RESULTS = os.path.join(TOP, "bench", "results")
sys.path.insert(0, RESULTS)

import model  # noqa: E402

# xenperf's own layout: a total, then one column a processor or element.
PERF = '''exceptions                          T=      1018           0          0
nvmx: clusters executed             T=       {executed}         {executed}
nvmx: clusters executed from cache  T=       {cached}         {cached}
nvmx: instructions in clusters      T=      {instructions}        {instructions}
nvmx: exits avoided by clusters     T=       {avoided}         {avoided}
nvmx: VMRESUME within a cluster     T=        {resumed}         {resumed}
nvmx: instructions recorded         T=       {recorded}        {recorded}
nvmx: predictions compared          T=       {compared}        {compared}
nvmx: predictions that were wrong   T=       {wrong}        {wrong}
'''
IDLE = dict.fromkeys(("executed", "cached", "instructions", "avoided", "resumed", "recorded",
                      "compared", "wrong"), 0)
BUSY = {**IDLE, "executed": 100, "cached": 98, "instructions": 10000, "avoided": 400,
        "resumed": 50, "recorded": 200}
PARTS = {"gate": {"calls": 100, "instructions": 20000},
         "find": {"calls": 100, "instructions": 8000},
         "epoch": {"calls": 100, "instructions": 2000},
         "region": {"calls": 99, "instructions": 40000},
         "bytes": {"calls": 99, "instructions": 7750},
         "record": {"calls": 2, "instructions": 300000},
         "translate": {"calls": 2, "instructions": 100000}}


# What L0 does for a CPUID of L2: stock Xen, and with batched synchronisation.
CPUID = {"off": {"l0_until_l1_median": 5000, "l0_to_l2_median": 6000,
                 "vmcs_ops": {"VMREAD": 150, "VMWRITE": 90, "VMPTRLD": 6, "VMCLEAR": 4}},
         "on": {"l0_until_l1_median": 1800, "l0_to_l2_median": 2001,
                "vmcs_ops": {"VMREAD": 60, "VMWRITE": 40, "VMPTRLD": 2, "VMCLEAR": 1}}}
EPT_VIOLATION = {"count": 3, "exits_median": 1, "instructions_median": 700,
                 "model_cycles_median": 800,
                 "vmcs_ops": {"VMREAD": 9, "VMWRITE": 3, "VMPTRLD": 0, "VMCLEAR": 0}}


def counted(name, mode="stock"):
    """A line of windows.jsonl."""
    cluster, batch = model.switches(mode) if mode != "kvm" else ("off", "off")
    return {
        "window": name, "exit_cycles": 100, "ticks": 5000, "charged_cycles": 1200,
        "instructions": {"l0": 1000, "dom0": 77777, "l1": 500, "l2": 2000},
        "exits": {"l1": {"VMREAD": 10 if cluster == "off" else 4}, "l2": {"CPUID": 2}},
        "exceptions": {"l1": {}, "l2": {}},
        "vmcs_ops": {"VMREAD": 400, "VMWRITE": 300, "VMPTRLD": 20, "VMCLEAR": 10},
        "reflected": {"CPUID": {"count": 2, "l1_entered": 2 if cluster == "off" else 0,
                                "instructions_median": 50, "exits_median": 5,
                                "model_cycles_median": 550, **copy.deepcopy(CPUID[batch])}},
        "l0_handled": {"EPT_VIOLATION": copy.deepcopy(EPT_VIOLATION)},
        "l0_per_exit": {}, "l0_parts": {} if cluster == "off" else PARTS,
    }


class Boot:
    """An output directory as a boot with these modes leaves it.

    change(number, window): what is different in the window of that run's workload.
    operations: {name: count}, what L2 says to have executed in each run.
    """

    def __init__(self, words, perf=None, change=None, operations=None):
        self.words = words
        self.dir = tempfile.TemporaryDirectory()
        lines = []
        for number, word in enumerate(words, start=1):
            mode, workload, _ = model.fields(word)
            lines += [counted(f"workload-{number}", mode), counted(f"run-{number}", mode)]
            if change:
                change(number, lines[-2])
            told = {"workload": workload or "kernel-compile", "l2_seconds": 1.5}
            if operations:
                told["operations"] = operations
                lines += [counted(f"op-{number}-{name}", mode) for name in operations]
            self.write(f"l2-{number}.json", json.dumps(told))
            self.write(f"objects-{number}.sha256", "aa  lib/sort.o\n")
            if mode != "kvm":
                values = IDLE if model.switches(mode)[0] == "off" else perf or BUSY
                self.write(f"perf-{number}.txt", PERF.format(**values))
        self.write("windows.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def results_py(self, *arguments):
        return subprocess.run(
            [sys.executable, os.path.join(RESULTS, "results.py"), self.dir.name, *arguments],
            capture_output=True, text=True)

    def run(self, *arguments, shadowing="false"):
        """What bench/run does after a boot."""
        l0 = "kvm" if "kvm" in (model.fields(word)[0] for word in self.words) else "xen"
        return self.results_py(
            "--runs", " ".join(self.words), "--l0", l0, "--machine", "exit_cycles=100",
            "--machine", "charged=true", "--machine", f"vmcs_shadowing={shadowing}",
            "--machine", "cpu_model=test", "--machine", "ips=1000000000", "--version-of", "project=abc", *arguments)

    def results(self):
        with open(self.path("results.json")) as file:
            return json.load(file)
