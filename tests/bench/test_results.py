# SPDX-License-Identifier: GPL-2.0-only
"""bench/results: the cost model's arithmetic, and what is said of a boot that is not whole."""

import json
import os
import unittest

from boot import PARTS, Boot, counted

import cycles
import model

FREE = cycles.weights("")


class CostModel(unittest.TestCase):
    def test_modelCycles_areInstructionsAndCharges_withoutDom0(self):
        self.assertEqual(cycles.model_cycles(counted("w"), 100, FREE),
                         1000 + 500 + 2000 + 100 * 12)

    def test_modelCycles_includeEachVmcsInstruction_byItsWeight(self):
        weights = {"VMREAD": 50, "VMWRITE": 60, "VMPTRLD": 200, "VMCLEAR": 0}
        self.assertEqual(cycles.model_cycles(counted("w"), 100, weights),
                         4700 + 50 * 400 + 60 * 300 + 200 * 20)

    def test_overhead_isWhatL2DidNotExecute_perInstructionOfL2(self):
        self.assertAlmostEqual(cycles.overhead(counted("w"), 100, FREE),
                               (1000 + 500 + 1200) / 2000)
        self.assertAlmostEqual(cycles.overhead(counted("w"), 100, cycles.weights("VMCLEAR=7")),
                               (1000 + 500 + 1200 + 70) / 2000)

    def test_overhead_ofAWindowWithoutL2_isZero(self):
        window = counted("w")
        window["instructions"]["l2"] = 0
        self.assertEqual(cycles.overhead(window, 100, FREE), 0.0)

    def test_medians_areAdded_andTheWindowStaysAsItWas(self):
        window = counted("w", "off")
        weighted = cycles.weighted(window["reflected"], cycles.weights("VMREAD=2,VMPTRLD=10"))
        self.assertEqual(weighted["CPUID"]["model_cycles_median"], 550 + 2 * 60 + 10 * 2)
        self.assertEqual(weighted["CPUID"]["instructions_median"], 50)
        self.assertEqual(window["reflected"]["CPUID"]["model_cycles_median"], 550)

    def test_weights_areZeroUnlessNamed(self):
        self.assertEqual(cycles.weights("VMWRITE=60"),
                         {"VMREAD": 0, "VMWRITE": 60, "VMPTRLD": 0, "VMCLEAR": 0})

    def test_weights_thatAreNone_areRefused(self):
        for text in ("VMREAD", "VMREAD=", "VMREAD=-1", "VMREAD=1.5", "VMLAUNCH=3", "=3", "50"):
            with self.assertRaises(ValueError, msg=text):
                cycles.weights(text)


class Modes(unittest.TestCase):
    def test_aMode_isTheTwoSwitchesOfTheParameter(self):
        for mode, switches in (("stock", ("off", "off")), ("off", ("off", "on")),
                               ("on", ("on", "on")), ("on,batch=off", ("on", "off")),
                               ("batch=off,verify", ("verify", "off")),
                               ("batch=off", ("off", "off")), ("static,batch=on", ("static", "on"))):
            self.assertEqual(model.switches(mode), switches, mode)

    def test_runs_areNamedByTheirMode_inOneWayOnly(self):
        words = ["stock", "off", "on,batch=off", "off,batch=off", "on,batch=on:forks:trace"]
        boot = Boot(words)
        self.assertEqual(boot.run().returncode, 0)
        runs = boot.results()["runs"]
        self.assertEqual([one["name"] for one in runs],
                         ["stock-1", "off-2", "on,batch=off-3", "stock-4", "on-5"])
        self.assertEqual([one["cluster"] for one in runs], ["off", "off", "on", "off", "on"])
        self.assertEqual([one["batch"] for one in runs], ["off", "on", "off", "off", "on"])
        self.assertEqual([one["traced"] for one in runs], [False] * 4 + [True])

    def test_theBaseline_isStock_orElseOff(self):
        def baseline(*words):
            boot = Boot(words)
            boot.run()
            return model.baseline(boot.results()["runs"])

        self.assertEqual(baseline("stock", "off", "on"), "stock")
        self.assertEqual(baseline("off", "on", "off"), "off")
        self.assertEqual(baseline("stock:forks:trace", "off"), "off")


class KvmAsL0(unittest.TestCase):
    """Its boots have no switches of Xen's, no perf counters and nothing of an engine."""

    def setUp(self):
        self.boot = Boot(["kvm:forks", "kvm"])
        self.done = self.boot.run()
        self.assertEqual(self.done.returncode, 0, self.done.stderr)
        self.result = self.boot.results()

    def test_machineAndRuns_sayWhichL0_andTheModeIsKvm(self):
        self.assertEqual(self.result["machine"]["l0"], "kvm")
        for one, name in zip(self.result["runs"], ("kvm-1", "kvm-2")):
            self.assertEqual((one["l0"], one["name"], model.mode_of(one)), ("kvm", name, "kvm"))
            self.assertEqual((one["cluster"], one["batch"], one["traced"]), (None, None, False))
        self.assertEqual(len(model.of_mode(self.result["runs"], "kvm")), 2)

    def test_theCounts_areTheEmulators(self):
        one = self.result["runs"][0]
        self.assertEqual(one["exits"]["l1"], {"VMREAD": 10})
        self.assertEqual(one["reflected"]["CPUID"]["l1_entered"], 2)
        self.assertEqual(one["model_cycles"], 1000 + 500 + 2000 + 100 * 12)

    def test_anEngine_didNothing(self):
        engine = self.result["runs"][0]["engine"]
        self.assertEqual({value for value in engine.values() if value}, set())
        self.assertEqual(engine["l0_parts"], {})
        for key in ("l0_per_bridged", "cached_share", "steady_share"):
            self.assertIsNone(engine[key])

    def test_theTable_hasNoRatios_andThereAreNoFigures(self):
        self.assertNotIn("kvm/", self.done.stdout)
        self.assertIn("kvm-2", self.done.stdout)
        self.assertNotIn("to reach", self.done.stdout)

    def test_otherWeights_findTheSameRuns(self):
        self.assertEqual(self.boot.results_py().returncode, 0)
        self.assertEqual(self.boot.results(), self.result)

    def test_aBootOfXen_saysSo_andNeedsItsPerfCounters(self):
        boot = Boot(["stock"])
        boot.run()
        self.assertEqual(boot.results()["machine"]["l0"], "xen")
        os.remove(boot.path("perf-1.txt"))
        self.assertEqual(boot.run().returncode, 3)


class Results(unittest.TestCase):
    def test_aWholeBoot_givesOneEntryARun(self):
        boot = Boot(["off", "static", "off"])
        done = boot.run()
        self.assertEqual(done.returncode, 0, done.stderr)
        result = boot.results()
        self.assertEqual([one["name"] for one in result["runs"]], ["off-1", "static-2", "off-3"])
        self.assertIs(result["machine"]["charged"], True)
        self.assertEqual(result["runs"][1]["exits"]["l1"]["VMREAD"], 4)
        self.assertEqual(result["runs"][1]["vmcs_ops"]["VMWRITE"], 300)
        self.assertEqual(result["machine"]["vmcs_cycles"], FREE)

    def test_whatIsReflected_isAsTheEmulatorTellsIt(self):
        def never_entered(_number, window):
            del window["reflected"]["CPUID"]["l0_until_l1_median"]

        boot = Boot(["off", "on"], change=never_entered)
        boot.run()
        off, on = (one["reflected"]["CPUID"] for one in boot.results()["runs"])
        self.assertEqual((off["l1_entered"], on["l1_entered"]), (2, 0))
        self.assertNotIn("l0_until_l1_median", on)

    def test_differentObjects_failWithExitCode1(self):
        boot = Boot(["off", "static"])
        boot.write("objects-2.sha256", "bb  lib/sort.o\n")
        done = boot.run()
        self.assertEqual(done.returncode, 1)
        self.assertIn("differ", done.stderr)

    def test_whatDifferentWorkloadsBuild_mayDiffer(self):
        boot = Boot(["off", "off:kernel-full", "static"])
        boot.write("objects-2.sha256", "bb  vmlinux\n")
        self.assertEqual(boot.run().returncode, 0)
        self.assertEqual(len({one["output_sha256"] for one in boot.results()["runs"]}), 2)

    def test_aMissingFile_isNamed_withExitCode3(self):
        for name in ("windows.jsonl", "l2-2.json", "objects-2.sha256", "perf-2.txt"):
            boot = Boot(["off", "static"])
            os.remove(boot.path(name))
            done = boot.run()
            self.assertEqual(done.returncode, 3)
            self.assertIn(name, done.stderr)
            self.assertFalse(os.path.exists(boot.path("results.json")))

    def test_aWindowThatWasNotClosed_isMissing(self):
        boot = Boot(["off", "static"])
        boot.write("windows.jsonl", json.dumps(counted("workload-1")) + "\n")
        self.assertEqual(boot.run().returncode, 3)

    def test_aDamagedFile_isMissing(self):
        boot = Boot(["off"])
        boot.write("windows.jsonl", '{"window": ')
        self.assertEqual(boot.run().returncode, 3)


class Operations(unittest.TestCase):
    def operations(self, words, counts, *arguments):
        boot = Boot(words, operations=counts)
        done = boot.run(*arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [one["operations"] for one in boot.results()["runs"]]

    def test_anOperation_isItsWindow_dividedByHowMany(self):
        stock, on = self.operations(["stock:micro", "on:micro"], {"cpuid": 4, "ipi": 1})
        self.assertEqual(stock["cpuid"], {"count": 4, "model_cycles": (3500 + 12 * 100) / 4,
                                          "exits": 3, "l0": 250, "l1": 125, "l2": 500, "l0_parts": {}})
        self.assertEqual(stock["ipi"]["model_cycles"], 4700)
        self.assertEqual(on["cpuid"]["exits"], 6 / 4)
        self.assertEqual(on["cpuid"]["l0_parts"]["region"], 40000 / 4)

    def test_itsModelCycles_haveTheWeightsIn(self):
        one, = self.operations(["stock:micro"], {"cpuid": 4}, "--vmcs-cycles", "VMREAD=50")
        self.assertEqual(one["cpuid"]["model_cycles"], (4700 + 400 * 50) / 4)

    def test_otherWorkloads_haveNone(self):
        self.assertEqual(self.operations(["stock:forks"], None), [{}])

    def test_anOperationWithoutItsWindow_isMissing(self):
        boot = Boot(["stock:micro"], operations={"cpuid": 4})
        boot.write("l2-1.json", json.dumps({"workload": "micro", "l2_seconds": 1,
                                            "operations": {"rdmsr": 4}}))
        done = boot.run()
        self.assertEqual(done.returncode, 3)
        self.assertIn("op-1-rdmsr", done.stderr)

    def test_anOperationThatWasNotExecuted_isMissing(self):
        for count in (0, -1, None, "4", 0.5):
            done = Boot(["stock:micro"], operations={"cpuid": count}).run()
            self.assertEqual(done.returncode, 3, count)
            self.assertIn("cpuid", done.stderr)


class OtherWeights(unittest.TestCase):
    """results.py again, on what a boot has left behind."""

    WORDS = ["stock", "on,batch=off:forks", "on:forks:trace"]

    def setUp(self):
        self.boot = Boot(self.WORDS)
        self.boot.run("--no-l1-ept", "--l1-kernel", "small")
        self.first = self.boot.results()

    def test_nothingButTheWeightsChanges(self):
        done = self.boot.results_py("--vmcs-cycles", "VMREAD=50,VMWRITE=60")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("VMREAD 50, VMWRITE 60", done.stdout)
        result = self.boot.results()
        self.assertEqual(result["machine"].pop("vmcs_cycles"),
                         {"VMREAD": 50, "VMWRITE": 60, "VMPTRLD": 0, "VMCLEAR": 0})
        added = 50 * 400 + 60 * 300
        for one, before in zip(result["runs"], self.first["runs"]):
            ops = one["reflected"]["CPUID"]["vmcs_ops"]
            self.assertEqual(one.pop("model_cycles"), before.pop("model_cycles") + added)
            self.assertAlmostEqual(one.pop("overhead"), before.pop("overhead") + added / 2000)
            self.assertEqual(one["reflected"]["CPUID"].pop("model_cycles_median"),
                             before["reflected"]["CPUID"].pop("model_cycles_median")
                             + 50 * ops["VMREAD"] + 60 * ops["VMWRITE"])
            self.assertEqual(one["l0_handled"]["EPT_VIOLATION"].pop("model_cycles_median"),
                             before["l0_handled"]["EPT_VIOLATION"].pop("model_cycles_median")
                             + 50 * 9 + 60 * 3)
        del self.first["machine"]["vmcs_cycles"]
        self.assertEqual(result, self.first)

    def test_withoutWeights_theyAreZeroAgain(self):
        self.boot.results_py("--vmcs-cycles", "VMREAD=50")
        self.assertEqual(self.boot.results_py().returncode, 0)
        self.assertEqual(self.boot.results(), self.first)

    def test_wrongWeights_areUsage(self):
        done = self.boot.results_py("--vmcs-cycles", "VMREAD=x")
        self.assertEqual(done.returncode, 2)
        self.assertIn("VMREAD=x", done.stderr)
        self.assertEqual(self.boot.results(), self.first)

    def test_withoutAnEarlierResult_runsMustBeNamed(self):
        os.remove(self.boot.path("results.json"))
        done = self.boot.results_py("--vmcs-cycles", "VMREAD=50")
        self.assertEqual(done.returncode, 3)
        self.assertIn("--runs", done.stderr)


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
