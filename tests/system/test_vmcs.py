# SPDX-License-Identifier: GPL-2.0-only
"""The bare L1's tests of VMCSs (payload/vmcs/): what L1 and L2 find in each field, in memory and
in registers must be the same to the letter whether virtual entries and exits go by batch or
not, with clusters and without.  What the stock path (batch=off) says is what is right.
test_shadowing.py has what was run on a processor with VMCS shadowing."""

import os
import re
import unittest

from lab_output import BATCH, SAME_TLB, WITHOUT_L1, perf_counters
from texts import TextTest, exits_of, fields_told, read_text

HERE = os.path.dirname(__file__)
FIELDS_OF_PAYLOAD = os.path.join(HERE, "payload", "vmcs", "fields.c")
FIELDS_OF_XEN = os.path.join(HERE, "..", "..", "nvmx", "field.c")
ENTRIES = BATCH[0]

# What system/check has had run: names of tests with the stock path, and each mode of them.
STOCK = "off-nb"
TESTS = {
    "vmcs-{}": ("off", "on", "on-nb"),
    "late-{}": ("off", "on"),
    "seq-{}1": ("off", "on", "on-nb"),
    "seq-{}2": ("off", "on", "verify"),
    "seq-{}3": ("off",),
}

# Error numbers of VMfailValid (SDM vol. 3, 31.4) that the table of failures brings about.
ERRORS = {2, 3, 4, 5, 7, 9, 10, 15, 26, 28}

# Of test_reflected.c: the reason that the last of a run's 60 rounds ends with, for each of two
# runs; and L1's traps, for NMIs of both runs.  (By the SDM, vol. 3, 28.5.1, an exit sets DR7 to
# 400H, and a breakpoint of L1's would be gone; stock Xen leaves it, so it is hit in each round.)
REASONS_ASKED_FOR = {"interrupt window": 7, "nmi window": 8, "preemption timer": 52}
TRAPS_OF_L1 = {"nmis": 120, "seldom nmis": 30, "breakpoint": 60}


class Modes(TextTest):
    def test_everyMode_saysWhatTheStockPathSays(self):
        for test, modes in TESTS.items():
            stock = read_text(test.format(STOCK))
            for mode in modes:
                name = test.format(mode)
                with self.subTest(name):
                    self.assertSameText(name, stock, read_text(name))

    def test_stockPath_saysTheSameAgain(self):
        self.assertSameText("vmcs-off-nb2", read_text("vmcs-off-nb"), read_text("vmcs-off-nb2"))

    def test_everyText_isWhole(self):
        for test, modes in TESTS.items():
            for mode in (STOCK, *modes):
                name = test.format(mode)
                with self.subTest(name):
                    self.assertTrue(read_text(name).endswith("\ndone\n"), read_text(name)[-200:])

    def test_batch_entersWhereItIsOn_nowhereElse(self):
        for test, modes in TESTS.items():
            for mode in (STOCK, *modes):
                entries = perf_counters(test.format(mode))[ENTRIES]
                with self.subTest(test.format(mode)):
                    if mode.endswith("-nb"):
                        self.assertEqual(entries, 0)
                    else:
                        self.assertGreater(entries, 500)


class WithoutL1(unittest.TestCase):
    """Virtual exits for which vmcs01 was not loaded: what test_reflected.c is for."""

    def test_regionsOn_manyWere(self):
        self.assertGreater(perf_counters("vmcs-on")[WITHOUT_L1], 2000)

    def test_withoutRegions_orBatch_noneWas(self):
        for name in ("vmcs-off", "vmcs-off-nb", "vmcs-on-nb"):
            with self.subTest(name):
                self.assertEqual(perf_counters(name)[WITHOUT_L1], 0)

    def test_pageTableEntries_wereNotLookedAt(self):
        self.assertGreater(perf_counters("vmcs-on")[SAME_TLB], 1000)

    def test_l1_looksAtItself_behindThem(self):
        text = read_text("vmcs-off-nb")
        for ept in ("", ", ept"):
            self.assertGreater(text.count(f"\ncase reflected{ept} "), 25)
        self.assertGreater(text.count("  rounds left n=0 sum="), 100)

    def test_windowsTimersAndTraps_happenOnTheStockPath(self):
        text = read_text("vmcs-off-nb")
        cases = dict(re.findall(r"^case reflected((?:, ept)? [a-z -]+)$\n((?:  .*\n)*)", text, re.M))
        for ept in ("", ", ept"):
            for name, reason in REASONS_ASKED_FOR.items():
                with self.subTest(ept + name):
                    self.assertEqual(exits_of(cases[f"{ept} {name}"]), [reason] * 2)
            for name, number in TRAPS_OF_L1.items():
                with self.subTest(ept + name):
                    self.assertIn(f"  traps of l1 n={number:x} ", cases[f"{ept} {name}"])


class Fields(unittest.TestCase):
    """Enough happened: what compares nothing proves nothing."""

    @classmethod
    def setUpClass(cls):
        cls.text = read_text("vmcs-off-nb")
        cls.cases = re.findall(r"^case (.*)$", cls.text, re.M)

    def test_everyFieldOfXen_isAField(self):
        with open(FIELDS_OF_PAYLOAD) as payload, open(FIELDS_OF_XEN) as xen:
            known = set(re.findall(r"\{ (0x[0-9a-f]{4}),", payload.read()))
            wanted = set(re.findall(r"\{ (0x[0-9a-f]{4}),", xen.read()))
        self.assertGreater(len(wanted), 100)
        self.assertEqual(wanted - known, set())

    def test_everyFieldThatTheProcessorHas_wasWritten(self):
        with open(FIELDS_OF_PAYLOAD) as file:
            rows = re.findall(r'\{ 0x[0-9a-f]{4}, FIELD_(\w+), "(\w+)" \}', file.read())
        missing = re.match(r"not readable(.*)\n", self.text).group(1).split()
        names = {name for kind, name in rows if kind != "FIXED"} - set(missing)
        self.assertGreater(len(names), 100)
        self.assertEqual(names - {case[6:] for case in self.cases if case.startswith("write ")},
                         set())

    def test_manyFields_wereSeenToChange(self):
        changed = fields_told(self.text.split("\ncase write ", 1)[1])
        print(f"\n* {len(exits_of(self.text)):,} entries of L2 field by field, "
              f"{len(set(exits_of(self.text)))} exit reasons, {len(changed)} fields changed")
        self.assertGreater(len(changed), 100)

    def test_changesByL2_wereRead(self):
        told = "".join(part for part in re.split(r"^case ", self.text, flags=re.M)
                       if part.startswith("change "))
        self.assertGreater(len(fields_told(told)), 30)

    def test_manyExits_ofManyReasons(self):
        exits = exits_of(self.text)
        self.assertGreater(len(exits), 700)
        self.assertGreater(len(set(exits)), 30)

    def test_failures_areTheArchitectures(self):
        errors = {int(error, 16) for error in re.findall(r" flags=40 error=([0-9a-f]+)$",
                                                         self.text, re.M)}
        self.assertEqual(ERRORS - errors, set())
        flags = set(re.findall(r" flags=([0-9a-f]+) error=", self.text))
        self.assertEqual(flags, {"0", "1", "40"})

    def test_bitmaps_decideBothWays(self):
        for what in ("msr 174 read", "msr c0000101 write", "msr 277 read", "port 80 write",
                     "port ed write"):
            for bit in (0, 1):
                with self.subTest(what):
                    self.assertIn(f"  {what} bit {bit} exits {bit}\n", self.text)


class Sequences(unittest.TestCase):
    def test_sequences_entered_andFailed(self):
        for test in TESTS:
            if not test.startswith("seq-"):
                continue
            text = read_text(test.format(STOCK))
            exits, errors = exits_of(text), re.findall(r" flags 40 error (\d+)", text)
            print(f"\n* {test.format(STOCK)}: {len(exits):,} entries of L2, {len(set(exits))} exit "
                  f"reasons, {len(errors):,} VMfailValid")
            with self.subTest(test):
                self.assertGreater(len(exits), 500)
                self.assertGreater(len(set(exits)), 15)
                self.assertGreater(len(set(errors)), 5)
                self.assertGreater(len(fields_told(text)), 100)
