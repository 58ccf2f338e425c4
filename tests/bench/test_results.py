# SPDX-License-Identifier: GPL-2.0-only
"""bench/results: the cost model's arithmetic, and what is said of a boot that is not whole."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

RESULTS = os.path.join(os.path.dirname(__file__), "..", "..", "bench", "results")
sys.path.insert(0, RESULTS)

import model  # noqa: E402
import table  # noqa: E402


def counted(name, vmreads=10):
    return {
        "window": name, "exit_cycles": 100, "ticks": 5000, "charged_cycles": 1200,
        "instructions": {"l0": 1000, "dom0": 77777, "l1": 500, "l2": 2000},
        "exits": {"l1": {"VMREAD": vmreads}, "l2": {"CPUID": 2}},
        "exceptions": {"l1": {}, "l2": {}},
        "reflected": {"CPUID": {"count": 2, "instructions_median": 50, "exits_median": 5,
                                "model_cycles_median": 550}},
        "l0_handled": {}, "l0_per_exit": {},
    }


class Boot:
    """An output directory as a boot with these modes leaves it."""

    def __init__(self, modes):
        self.modes = modes
        self.dir = tempfile.TemporaryDirectory()
        lines = []
        for number, mode in enumerate(modes, start=1):
            lines += [counted(f"workload-{number}", 10 if mode == "off" else 4),
                      counted(f"run-{number}")]
            self.write(f"l2-{number}.json", json.dumps({"workload": "test", "l2_seconds": 1.5}))
            self.write(f"objects-{number}.sha256", "aa  lib/sort.o\n")
        self.write("windows.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    def write(self, name, text):
        with open(os.path.join(self.dir.name, name), "w") as file:
            file.write(text)

    def run(self):
        return subprocess.run(
            [sys.executable, os.path.join(RESULTS, "results.py"), self.dir.name,
             "--runs", " ".join(self.modes), "--machine", "exit_cycles=100",
             "--machine", "charged=true"],
            capture_output=True, text=True)

    def results(self):
        with open(os.path.join(self.dir.name, "results.json")) as file:
            return json.load(file)


class CostModel(unittest.TestCase):
    def test_modelCycles_areInstructionsAndCharges_withoutDom0(self):
        self.assertEqual(model.model_cycles(counted("w"), 100), 1000 + 500 + 2000 + 100 * 12)

    def test_overhead_isWhatL2DidNotExecute_perInstructionOfL2(self):
        self.assertAlmostEqual(model.overhead(counted("w"), 100), (1000 + 500 + 1200) / 2000)

    def test_overhead_ofAWindowWithoutL2_isZero(self):
        window = counted("w")
        window["instructions"]["l2"] = 0
        self.assertEqual(model.overhead(window, 100), 0.0)


class Results(unittest.TestCase):
    def test_aWholeBoot_givesOneEntryARun(self):
        boot = Boot(["off", "static", "off"])
        done = boot.run()
        self.assertEqual(done.returncode, 0, done.stderr)
        result = boot.results()
        self.assertEqual([one["name"] for one in result["runs"]], ["off-1", "static-2", "off-3"])
        self.assertIs(result["machine"]["charged"], True)
        self.assertEqual(result["runs"][1]["exits"]["l1"]["VMREAD"], 4)

    def test_differentObjects_failWithExitCode1(self):
        boot = Boot(["off", "static"])
        boot.write("objects-2.sha256", "bb  lib/sort.o\n")
        done = boot.run()
        self.assertEqual(done.returncode, 1)
        self.assertIn("differ", done.stderr)

    def test_aMissingFile_isNamed_withExitCode3(self):
        for name in ("windows.jsonl", "l2-2.json", "objects-2.sha256"):
            boot = Boot(["off", "static"])
            os.remove(os.path.join(boot.dir.name, name))
            done = boot.run()
            self.assertEqual(done.returncode, 3)
            self.assertIn(name, done.stderr)
            self.assertFalse(os.path.exists(os.path.join(boot.dir.name, "results.json")))

    def test_aWindowThatWasNotClosed_isMissing(self):
        boot = Boot(["off", "static"])
        boot.write("windows.jsonl", json.dumps(counted("workload-1")) + "\n")
        self.assertEqual(boot.run().returncode, 3)

    def test_aDamagedFile_isMissing(self):
        boot = Boot(["off"])
        boot.write("windows.jsonl", '{"window": ')
        self.assertEqual(boot.run().returncode, 3)


class Table(unittest.TestCase):
    def test_ratio_isToTheMeanOfTheOffRuns(self):
        self.assertEqual(table.ratio([10, 6, 20], 1, [0, 2]), "0.400")

    def test_ratio_withoutBaseline_isADash(self):
        self.assertEqual(table.ratio([10, 6], 1, []), "-")

    def test_lines_areAsWideAsEachOther(self):
        boot = Boot(["off", "static", "off"])
        boot.run()
        lines = list(table.lines(boot.results()))
        full = [line for line in lines if "per reflected" not in line and "in all" not in line]
        self.assertEqual(len({len(line) for line in full}), 1)
        self.assertTrue(any("VMREAD" in line and "0.400" in line for line in lines))
