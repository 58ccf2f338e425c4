# SPDX-License-Identifier: GPL-2.0-only
"""What a boot leaves behind, for the tests of this directory."""

import json
import os
import re
import subprocess

OUT = os.environ["SYSTEM_TEST_OUT"]
SHADOWING = os.environ["SYSTEM_TEST_SHADOWING"]     # of the boot with VMCS shadowing
REPORTER = os.path.join(os.path.dirname(__file__), "..", "..", "tools", "xentrace-cluster",
                        "build", "xentrace-cluster")

EXECUTED = "nvmx: clusters executed"
CACHED = "nvmx: clusters executed from cache"
INSTRUCTIONS = "nvmx: instructions in clusters"
AVOIDED = "nvmx: exits avoided by clusters"
RESUMED = "nvmx: VMRESUME within a cluster"
WEAK = "nvmx: weakly exiting instructions carried out"
NOT_TRIED = "nvmx: clusters not tried"
WITHOUT_L1 = "nvmx: virtual exits without vmcs01"
SAME_TLB = "nvmx: executions with L1's TLB as it was"
COMPARED = "nvmx: predictions compared"
WRONG = "nvmx: predictions that were wrong"

# Counted whether clusters run or not.
BATCH = ("nvmx: virtual entries by batch", "nvmx: fields written by batch",
         "nvmx: fields fetched by batch", "nvmx: fetches outside of exits")

# Exits of L1 that a region may avoid.
IN_REGIONS = ("VMREAD", "VMWRITE", "VMPTRLD", "VMRESUME", "VMLAUNCH", "INVEPT", "INVVPID",
              "MSR_READ", "MSR_WRITE", "CPUID", "APIC_ACCESS")


def load(name):
    with open(os.path.join(OUT, name)) as file:
        return json.load(file)


def perf_counters(name, out=OUT):
    """xenperf's output as {name: total}."""
    counters = {}
    with open(os.path.join(out, f"perf-{name}.txt")) as file:
        for line in file:
            found = re.match(r"(.*\S)\s+T=\s*(\d+)", line)
            if found:
                counters[found.group(1)] = int(found.group(2))
    return counters


def trace_report(name):
    report = subprocess.run([REPORTER, "report", "--json", "--top", "0",
                             os.path.join(OUT, f"trace-{name}.bin")],
                            check=True, stdout=subprocess.PIPE)
    return json.loads(report.stdout)


def exits(counted, reasons):
    return sum(counted["exits"]["l1"].get(reason, 0) for reason in reasons)


def vmread_vmwrite(counted):
    return exits(counted, ("VMREAD", "VMWRITE"))


def windows():
    """{name: the window}, those of one name added up as far as the tests need them."""
    added = {}
    with open(os.path.join(OUT, "windows.jsonl")) as file:
        for window in map(json.loads, file):
            known = added.setdefault(window["window"], window)
            if known is window:
                continue
            for reason, count in window["exits"]["l1"].items():
                known["exits"]["l1"][reason] = known["exits"]["l1"].get(reason, 0) + count
            for level, count in window["instructions"].items():
                known["instructions"][level] += count
    return added
