# SPDX-License-Identifier: GPL-2.0-only
"""The bare L1 of payload/, run in all modes in one boot: what its cases did to registers,
flags, memory and traps must be the same to the letter, and the emulator, Xen's perf counters
and the trace must agree on the exits avoided to the unit.

Static clusters are compared case by case, each run once.  Regions need to see a path three
times: for them every case is run ROUNDS times, also with clusters off, and what is compared
is the whole life of the domain."""

import os
import re
import unittest

from lab_output import (AVOIDED, CACHED, COMPARED, EXECUTED, INSTRUCTIONS, IN_REGIONS, NOT_TRIED,
                        OUT, RESUMED, WEAK, WRONG, exits, perf_counters, trace_report,
                        vmread_vmwrite, windows)

ROUNDS = 16
HEADER = re.compile(r"case (\d+) (\w+) at ([0-9a-f]+) ([0-9a-f]+) avoids (\d+) gated (\d+)\n")

# Some of the traps, by the SDM: a payload that takes none compares nothing.
TRAPS = {
    "vmread_registers": [],
    "skip_load_from_hole": [14],
    "skip_vmread_to_read_only": [14],
    "fault_after_stores": [14],
    "not_canonical_load": [13],
    "not_canonical_push": [12],
    "code_into_absent_page": [14],
    "code_into_nx_page": [14],
    "single_step": [1] * 7,
    "breakpoint_on_vmread": [1],
    "interrupt_behind_sti": [64],
    "user_mode": [13],
    "after_vmxoff": [6],
}


class Case:
    def __init__(self, text):
        number, self.name, start, end, avoids, gated = HEADER.match(text).groups()
        self.number, self.avoids, self.gated = int(number), int(avoids), int(gated)
        self.range = int(start, 16), int(end, 16)
        self.text = text
        self.traps = [int(vector) for vector in re.findall(r"^  trap (\d+) ", text, re.M)]


def read_text(mode):
    with open(os.path.join(OUT, f"payload-{mode}.txt")) as file:
        return file.read()


def cases_of(text):
    return [Case(part) for part in re.split(r"^(?=case |done )", text, flags=re.M)
            if part.startswith("case ")]


class StaticClusters(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.off_text, cls.static_text = read_text("off"), read_text("static")
        cls.cases = cases_of(cls.off_text)
        cls.windows = windows()
        cls.trace = trace_report("static")
        cls.perf_off, cls.perf = perf_counters("off"), perf_counters("static")

    def exits(self, mode, case):
        window = self.windows[f"{mode}-{case.number:02}"]
        return vmread_vmwrite(window)

    def drop(self, case):
        return self.exits("off", case) - self.exits("static", case)

    def clusters_in(self, code_range):
        start, end = code_range
        return [c for c in self.trace["clusters"] if start <= int(c["rip"], 16) < end]

    def event_stops(self, case):
        return sum(c["stops"].get("event", 0) for c in self.clusters_in(case.range))

    def gated_by_events(self):
        return self.perf[NOT_TRIED] - sum(case.gated for case in self.cases)

    def say(self, case):
        """What became of a case, as a line that tests/check shows."""
        l0 = [self.windows[f"{mode}-{case.number:02}"]["instructions"]["l0"]
              for mode in ("off", "static")]
        print(f"\n* {case.name}: VMREAD and VMWRITE exits {self.exits('off', case):,} off, "
              f"{self.exits('static', case):,} static; instructions in L0 "
              f"{l0[0]:,} off, {l0[1]:,} static")

    def test_allCasesRan(self):
        self.assertGreater(len(self.cases), 100)
        self.assertEqual([case.number for case in self.cases],
                         list(range(1, len(self.cases) + 1)))
        for text in (self.off_text, self.static_text):
            self.assertTrue(text.endswith(f"\ndone {len(self.cases)} cases\n"), text[-200:])

    def test_everyCase_endsInTheSameState(self):
        for off, static in zip(self.cases, cases_of(self.static_text)):
            with self.subTest(off.name):
                self.assertMultiLineEqual(off.text, static.text)
        self.assertTrue(self.off_text == self.static_text, "payload-off.txt and "
                        "payload-static.txt differ")

    def test_traps_areTheArchitectures(self):
        traps = {case.name: case.traps for case in self.cases}
        self.assertEqual({name: traps.get(name) for name in TRAPS}, TRAPS)

    def test_off_runsNoCluster(self):
        self.assertEqual(self.perf_off[AVOIDED], 0)
        self.assertEqual(self.perf_off[NOT_TRIED], 0)

    def test_exitsAvoided_agreeToTheUnit(self):
        dropped = sum(self.drop(case) for case in self.cases)
        self.assertEqual(self.trace["totals"]["lost_records"], 0)
        self.assertEqual(dropped, self.perf[AVOIDED])
        self.assertEqual(dropped, self.trace["totals"]["exits_avoided"])

    def test_everyCase_dropsWhatTheTraceSaysOfItsCode(self):
        # Some cases are the same code in the same place, run again.
        for code_range in sorted({case.range for case in self.cases}):
            cases = [case for case in self.cases if case.range == code_range]
            avoided = sum(c["exits_avoided"] for c in self.clusters_in(code_range))
            with self.subTest(" ".join(case.name for case in cases)):
                self.assertEqual(sum(map(self.drop, cases)), avoided)

    def test_everyCase_clustersAsItSays_butForEvents(self):
        # An event costs the cluster that it stops, or keeps from starting, one exit.
        spare = self.gated_by_events()
        self.assertGreaterEqual(spare, 0)
        for case in self.cases:
            missing = abs(case.avoids - self.drop(case))
            with self.subTest(case.name):
                excess = missing - self.event_stops(case)
                self.assertLessEqual(excess, spare)
                spare -= max(excess, 0)

    def test_loop_exitsOncePerRound_butForEvents(self):
        loop = next(case for case in self.cases if case.name == "loop_1000")
        self.say(loop)
        self.assertEqual(self.exits("off", loop), 4000)
        events = self.event_stops(loop) + self.gated_by_events()
        self.assertLess(events, 300)
        self.assertLessEqual(self.exits("static", loop), 1000 + events)


class Regions:
    """Tests of one mode; @mode is set by those that inherit."""

    @classmethod
    def setUpClass(cls):
        cls.name = f"{cls.mode}{ROUNDS}"
        cls.off_text, cls.text = read_text(f"off{ROUNDS}"), read_text(cls.name)
        cls.cases = cases_of(cls.off_text)
        cls.perf = perf_counters(cls.name)

    def test_everyCase_endsInTheSameState_inEveryRound(self):
        self.assertEqual(len(cases_of(self.text)), len(self.cases))
        for off, case in zip(self.cases, cases_of(self.text)):
            with self.subTest(off.name):
                self.assertMultiLineEqual(off.text, case.text)
        self.assertTrue(self.off_text == self.text,
                        f"payload-off{ROUNDS}.txt and payload-{self.name}.txt differ")

    def test_allCasesRan_allRounds(self):
        self.assertGreater(len(self.cases), 100)
        self.assertTrue(self.text.endswith(f"\ndone {len(self.cases)} cases\n"),
                        self.text[-200:])
        last = sum(f"in round {ROUNDS}\n" in case.text for case in cases_of(self.text))
        self.assertEqual(last, len(self.cases))


class Executed(Regions):
    """Modes in which regions are executed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.trace = trace_report(cls.name)

    def test_regionsRan_mostlyCached(self):
        self.assertGreater(self.perf[EXECUTED], len(self.cases))
        self.assertGreater(self.perf[CACHED], self.perf[EXECUTED] / 2)

    def test_exitsAvoided_agreeToTheUnit(self):
        around = windows()
        drop = (exits(around[f"payload-off{ROUNDS}"], IN_REGIONS)
                - exits(around[f"payload-{self.name}"], IN_REGIONS))
        print(f"\n* the bare L1's {len(self.cases)} cases {ROUNDS} times, mode {self.mode}: "
              f"{self.perf[AVOIDED]:,} exits avoided, {drop:,} fewer")
        self.assertEqual(drop, self.perf[AVOIDED])

    def test_accessesToTheApic_areAvoided_whereTheyExit(self):
        around = windows()
        left = {case.name: [exits(around[f"{name}-{case.number:02}"], ["APIC_ACCESS"])
                            for name in (f"off{ROUNDS}", self.name)]
                for case in self.cases if case.name.startswith("apic_")}
        off, now = map(sum, zip(*left.values()))
        print(f"\n* the bare L1's local APIC in xAPIC mode, mode {self.mode}: {off:,} exits by "
              f"accesses to it off, {now:,} left; {self.perf[WEAK]:,} carried out in regions")
        # The others have what is left to hardware in each round, or do not exit.
        for name in ("apic_loop_reads", "apic_loop_writes", "apic_loop_alone", "apic_timer"):
            with self.subTest(name):
                self.assertLess(left[name][1] * 20, left[name][0])
        # One that begins a region has exited itself.
        self.assertGreaterEqual(self.perf[WEAK], off - now)

    def test_traceAndPerfCounters_agreeToTheUnit(self):
        totals = self.trace["totals"]
        self.assertEqual(totals["lost_records"], 0)
        self.assertEqual(totals["executions"], self.perf[EXECUTED])
        self.assertEqual(totals["cached"], self.perf[CACHED])
        self.assertEqual(totals["instructions"], self.perf[INSTRUCTIONS])
        self.assertEqual(totals["exits_avoided"], self.perf[AVOIDED] - self.perf[RESUMED])
        self.assertEqual(totals["modes"][self.mode], totals["executions"])


class Interpreted(Executed, unittest.TestCase):
    mode = "interp"


class Translated(Executed, unittest.TestCase):
    mode = "on"


class Verified(Regions, unittest.TestCase):
    mode = "verify"

    def test_predictionsWereCompared_andNoneWasWrong(self):
        print(f"\n* the bare L1 in verify mode: {self.perf[COMPARED]:,} predictions compared, "
              f"{self.perf[WRONG]:,} wrong")
        self.assertGreater(self.perf[COMPARED], len(self.cases))
        self.assertEqual(self.perf[WRONG], 0)

    def test_nothingWasExecuted(self):
        self.assertEqual(self.perf[AVOIDED], 0)
