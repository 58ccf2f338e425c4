# SPDX-License-Identifier: GPL-2.0-only
"""Single operations by a bare L2 (bench/guest/micro): the emulator must have seen each as often
as L2 says, and the exits that it is about, all of them reflected."""

import unittest

from lab_output import load, windows

# The exits of L2 that an operation consists of, with EPT in L1.
EXITS = {
    "cpuid": {"CPUID": 1},
    "rdmsr": {"MSR_READ": 1},
    "wrmsr": {"MSR_WRITE": 1},
    "portio": {"IO_INSTRUCTION": 1},
    "mmio": {"EPT_VIOLATION": 1},
    "hypercall": {"VMCALL": 1},
    "pagefault": {},
    "ipi": {"MSR_WRITE": 2},    # and EOI
    "timer": {"MSR_WRITE": 2},
}

# They come when they come.
EVENTS = ("EXTERNAL_INTERRUPT", "INTERRUPT_WINDOW", "PREEMPTION_TIMER")


class Operations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        runs = load("results.json")["runs"]
        number, cls.run_of_l2 = next((number, one) for number, one in enumerate(runs, start=1)
                                     if one["workload"] == "micro")
        seen = windows()
        cls.windows = {name: seen[f"op-{number}-{name}"] for name in EXITS}

    def test_theResults_haveThemAll(self):
        self.assertEqual(list(self.run_of_l2["operations"]), list(EXITS))

    def test_exitsOfL2_areThoseOfTheOperation_toTheUnit(self):
        for name, kinds in EXITS.items():
            count = self.run_of_l2["operations"][name]["count"]
            seen = {kind: exits for kind, exits in self.windows[name]["exits"]["l2"].items()
                    if kind not in EVENTS}
            self.assertEqual(seen, {kind: count * each for kind, each in kinds.items()}, name)

    def test_allOfThem_areReflected(self):
        for name, kinds in EXITS.items():
            count = self.run_of_l2["operations"][name]["count"]
            for kind, each in kinds.items():
                self.assertEqual(self.windows[name]["reflected"][kind]["count"], count * each, name)

    def test_aPageFault_isNoExit(self):
        fault = self.run_of_l2["operations"]["pagefault"]
        self.assertLess(fault["exits"], 0.1)
        self.assertGreater(fault["l2"], 10)

    def test_aCpuid_takesAsManyExits_asOneOfALinuxL2(self):
        cpuid = self.run_of_l2["operations"]["cpuid"]
        linux = next(one for one in load("results.json")["runs"]
                     if one["cluster"] == "off" and one["workload"] != "micro")
        print(f"\n* a CPUID: {cpuid['exits']:.2f} hardware exits on average, "
              f"{cpuid['model_cycles']:,.0f} model cycles")
        self.assertAlmostEqual(cpuid["exits"], linux["reflected"]["CPUID"]["exits_median"], delta=0.5)
