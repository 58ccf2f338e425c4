# SPDX-License-Identifier: GPL-2.0-only
"""bench/results: the cost model's arithmetic, and what is said of a boot that is not whole."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

TOP = os.path.join(os.path.dirname(__file__), "..", "..")
RESULTS = os.path.join(TOP, "bench", "results")
COST_H = os.path.join(TOP, "cluster", "cost.h")
sys.path.insert(0, RESULTS)

import costs  # noqa: E402
import figures  # noqa: E402
import model  # noqa: E402
import table  # noqa: E402

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
PARTS = {"glue": {"calls": 100, "instructions": 20000},
         "engine": {"calls": 100, "instructions": 10000},
         "execute": {"calls": 99, "instructions": 47750},
         "record": {"calls": 2, "instructions": 300000},
         "translate": {"calls": 2, "instructions": 100000}}


def counted(name, vmreads=10, parts=None):
    return {
        "window": name, "exit_cycles": 100, "ticks": 5000, "charged_cycles": 1200,
        "instructions": {"l0": 1000, "dom0": 77777, "l1": 500, "l2": 2000},
        "exits": {"l1": {"VMREAD": vmreads}, "l2": {"CPUID": 2}},
        "exceptions": {"l1": {}, "l2": {}},
        "reflected": {"CPUID": {"count": 2, "instructions_median": 50, "exits_median": 5,
                                "model_cycles_median": 550}},
        "l0_handled": {}, "l0_per_exit": {}, "l0_parts": parts or {},
    }


class Boot:
    """An output directory as a boot with these modes leaves it."""

    def __init__(self, words, perf=None):
        self.words = words
        self.dir = tempfile.TemporaryDirectory()
        lines = []
        for number, word in enumerate(words, start=1):
            mode, workload, _ = model.fields(word)
            lines += [counted(f"workload-{number}", 10 if mode == "off" else 4,
                              None if mode == "off" else PARTS),
                      counted(f"run-{number}", parts=None if mode == "off" else PARTS)]
            self.write(f"l2-{number}.json", json.dumps(
                {"workload": workload or "kernel-compile", "l2_seconds": 1.5}))
            self.write(f"objects-{number}.sha256", "aa  lib/sort.o\n")
            values = IDLE if mode == "off" else perf or BUSY
            self.write(f"perf-{number}.txt", PERF.format(**values))
        self.write("windows.jsonl", "".join(json.dumps(line) + "\n" for line in lines))

    def write(self, name, text):
        with open(os.path.join(self.dir.name, name), "w") as file:
            file.write(text)

    def run(self):
        return subprocess.run(
            [sys.executable, os.path.join(RESULTS, "results.py"), self.dir.name,
             "--runs", " ".join(self.words), "--machine", "exit_cycles=100",
             "--machine", "charged=true", "--machine", "vmcs_shadowing=false",
             "--machine", "cpu_model=test"],
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
        for name in ("windows.jsonl", "l2-2.json", "objects-2.sha256", "perf-2.txt"):
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


class Engine(unittest.TestCase):
    def test_bridged_isWhatDoesNotExit(self):
        perf = {"clusters executed": 100, "instructions in clusters": 10000,
                "exits avoided by clusters": 400, "VMRESUME within a cluster": 50}
        self.assertEqual(model.engine(perf, {})["bridged"], 10000 - 100 - 350)

    def test_costs_areWhatL0ExecutedInTheParts(self):
        boot = Boot(["off", "on"])
        self.assertEqual(boot.run().returncode, 0)
        engine = boot.results()["runs"][1]["engine"]
        self.assertEqual(engine["l0_per_bridged"], 47750 / 9550)
        self.assertEqual(engine["l0_per_recorded"], 400000 / 200)
        self.assertEqual(engine["l0_per_execution"], 300)
        self.assertEqual(engine["cached_share"], 0.98)

    def test_steadyShare_isTheCallsThatDidNotRecord(self):
        self.assertEqual(model.steady_share(PARTS), 99 / 101)
        self.assertIsNone(model.steady_share({}))

    def test_withoutExecutions_nothingIsDivided(self):
        engine = model.engine({}, {})
        for key in ("l0_per_bridged", "l0_per_execution", "l0_per_recorded", "cached_share"):
            self.assertIsNone(engine[key])

    def test_withoutPartsOfTheEmulator_thereIsNoCost(self):
        self.assertIsNone(model.engine({"clusters executed": 1,
                                        "instructions in clusters": 10}, {})["l0_per_bridged"])


class Figures(unittest.TestCase):
    def lines(self, words, perf=None):
        boot = Boot(words, perf)
        self.assertEqual(boot.run().returncode, 0)
        return list(figures.lines([boot.results()]))

    def verdict(self, lines, label):
        line = next(line for line in lines if label in line)
        return line.split()[-1]

    def test_everyFigure_saysWhetherItIsReached(self):
        lines = self.lines(["off", "on", "off"])
        self.assertEqual(self.verdict(lines, "hardware exits"), "MISSED")
        self.assertEqual(self.verdict(lines, "L0 + L1"), "reached")
        self.assertEqual(self.verdict(lines, "L1 exits left"), "MISSED")
        self.assertEqual(self.verdict(lines, "per bridged"), "reached")
        self.assertEqual(self.verdict(lines, "per recorded"), "reached")
        self.assertEqual(self.verdict(lines, "cached"), "MISSED")

    def test_exitsLeft_areInPercentOfTheMeanOfTheOffRuns(self):
        line = next(line for line in self.lines(["off", "on", "off"]) if "exits left" in line)
        self.assertEqual(line.split("clusters off")[1].split()[:2], ["100", "40"])

    def test_tracedRuns_doNotCount(self):
        self.assertEqual(self.lines(["off", "on:kernel-compile:trace"]), [])

    def test_aFigureThatWasNotMeasured_isNotReached(self):
        boot = Boot(["off", "on"])
        boot.write("perf-2.txt", PERF.format(**IDLE))
        boot.run()
        lines = list(figures.lines([boot.results()]))
        self.assertEqual(self.verdict(lines, "per bridged"), "measured")

    def test_mismatches_areAddedUp_andNoneIsReached(self):
        for wrong, verdict in ((0, "reached"), (1, "MISSED")):
            lines = self.lines(["verify"], {**IDLE, "compared": 5, "wrong": wrong})
            self.assertEqual(self.verdict(lines, "mismatches"), verdict)

    def test_verifyThatComparedNothing_isNotReached(self):
        self.assertFalse([line for line in self.lines(["off", "verify"], IDLE)
                          if "reached" in line])

    def test_withForks_theExitsLeftBindOnlyWithoutEpt(self):
        boot = Boot(["off:forks", "on:forks"])
        boot.run()
        result = boot.results()
        line = next(line for line in figures.lines([result]) if "exits left" in line)
        self.assertNotIn("33", line)
        for one in result["runs"]:
            one["l1_ept"] = False
        line = next(line for line in figures.lines([result]) if "exits left" in line)
        self.assertEqual(line.split()[-1], "MISSED")


class Costs(unittest.TestCase):
    def setUp(self):
        boot = Boot(["off", "on", "on:forks:trace"])
        boot.run()
        self.result = boot.results()
        self.result["runs"][0]["l0_per_exit"] = {
            "VMREAD": {"count": 3, "instructions_median": 900},
            "VMWRITE": {"count": 1, "instructions_median": 940}}

    def test_theConstants_areMeasured(self):
        values = {name: value for name, value, _ in costs.measured(self.result) if name}
        self.assertEqual(values, {"CLUSTER_COST_EXIT": 910 + 100, "CLUSTER_COST_REGION": 300,
                                  "CLUSTER_COST_BRIDGED": 5, "CLUSTER_COST_RECORD": 2000})

    def test_everyMeasuredConstant_isInCostH(self):
        constants = costs.compiled_in(COST_H)
        for name, _, _ in costs.measured(self.result):
            if name:
                self.assertIn(name, constants)
        self.assertGreater(constants["CLUSTER_COST_EXIT"], 784)

    def test_whatWasNotCounted_isADash(self):
        self.result["runs"] = []
        lines = list(costs.lines(self.result, {"CLUSTER_COST_EXIT": 5}))
        self.assertEqual(lines[1].split()[:3], ["CLUSTER_COST_EXIT", "5", "-"])


class Matrix(unittest.TestCase):
    def code(self, words):
        boot = Boot(words)
        boot.run()
        path = os.path.join(boot.dir.name, "results.json")
        return subprocess.run([sys.executable, os.path.join(RESULTS, "matrix.py"), path],
                              capture_output=True).returncode

    def test_aFigureThatIsMissed_failsIt(self):
        self.assertEqual(self.code(["off", "on"]), 1)

    def test_nothingMeasured_failsIt(self):
        self.assertEqual(self.code(["off"]), 1)


class Table(unittest.TestCase):
    def test_workloads_haveATableEach_withoutTracedRuns(self):
        boot = Boot(["off:forks", "on:forks", "off", "on", "on:forks:trace"])
        boot.run()
        heads = [line.split() for line in table.lines(boot.results())
                 if line.startswith(("forks", "kernel-compile"))]
        self.assertEqual(heads, [["forks", "off-1", "on-2", "on/off"],
                                 ["kernel-compile", "off-3", "on-4", "on/off"]])

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
