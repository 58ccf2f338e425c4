# SPDX-License-Identifier: GPL-2.0-only
"""The bare L1 of payload/, run with clusters off and static in one boot: what its cases did
to registers, flags, memory and traps must be the same to the letter, and the emulator, Xen's
perf counters and the trace must agree on the exits avoided to the unit, case by case."""

import json
import os
import re
import subprocess
import unittest

from test_counts import OUT, perf_counters, vmread_vmwrite

REPORTER = os.path.join(os.path.dirname(__file__), "..", "..", "tools", "xentrace-cluster",
                        "build", "xentrace-cluster")
AVOIDED = "nvmx: exits avoided by clusters"
NOT_TRIED = "nvmx: clusters not tried"
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


def read_windows():
    with open(os.path.join(OUT, "windows.jsonl")) as file:
        return {window["window"]: window for window in map(json.loads, file)}


def read_trace():
    report = subprocess.run([REPORTER, "report", "--json", "--top", "0",
                             os.path.join(OUT, "trace-payload-static.bin")],
                            check=True, stdout=subprocess.PIPE)
    return json.loads(report.stdout)


class PayloadTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.off_text, cls.static_text = read_text("off"), read_text("static")
        cls.cases = cases_of(cls.off_text)
        cls.windows = read_windows()
        cls.trace = read_trace()
        cls.perf_off, cls.perf = perf_counters("payload-off"), perf_counters("payload-static")

    def exits(self, mode, case):
        window = self.windows[f"{mode}-{case.number:02}"]
        return vmread_vmwrite({"around": window})

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
