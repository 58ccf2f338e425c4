# SPDX-License-Identifier: GPL-2.0-only
"""bench/results: what is printed of a boot, the tables, the figures, the constants."""

import os
import unittest

from boot import IDLE, PERF, TOP, Boot

import costs
import figures
import table

COST_H = os.path.join(TOP, "cluster", "cost.h")


def line_of(lines, label):
    return next(line for line in lines if label in line)


class FigureTest(unittest.TestCase):
    def result(self, words, perf=None, change=None, shadowing="false"):
        boot = Boot(words, perf, change)
        done = boot.run(shadowing=shadowing)
        self.assertEqual(done.returncode, 0, done.stderr)
        return boot.results()

    def lines(self, *args, **named):
        return list(figures.lines([self.result(*args, **named)]))

    def verdict(self, lines, label):
        return line_of(lines, label).split()[-1]


class Regions(FigureTest):
    def test_everyFigure_saysWhetherItIsReached(self):
        lines = self.lines(["off", "on", "off"])
        self.assertEqual(self.verdict(lines, "hardware exits"), "MISSED")
        self.assertEqual(self.verdict(lines, "L0 + L1"), "reached")
        self.assertEqual(self.verdict(lines, "L1 exits left"), "MISSED")
        self.assertEqual(self.verdict(lines, "per bridged"), "reached")
        self.assertEqual(self.verdict(lines, "per recorded"), "reached")
        self.assertEqual(self.verdict(lines, "cached"), "MISSED")

    def test_exitsLeft_areInPercentOfTheMeanOfTheBaseline(self):
        def more_exits(number, window):
            if number == 1:
                window["exits"]["l1"]["VMREAD"] = 30

        for words, expected in ((["off", "on", "off"], ["off", "on", "100", "20"]),
                                (["stock", "off", "on", "stock"], ["stock", "on", "100", "20"]),
                                (["off", "stock", "on"], ["stock", "on", "100", "40"])):
            lines = self.lines(words, change=more_exits)
            self.assertEqual(line_of(lines, "to reach").split()[-4:-2], expected[:2])
            self.assertEqual(line_of(lines, "exits left").split("with")[1].split()[:2],
                             expected[2:])

    def test_otherModes_andTracedRuns_doNotCount(self):
        self.assertEqual(self.lines(["off", "on:kernel-compile:trace", "static"]), [])
        self.assertEqual(self.lines(["stock", "on,batch=off"]), [])

    def test_aFigureThatWasNotMeasured_isNotReached(self):
        boot = Boot(["off", "on"])
        boot.write("perf-2.txt", PERF.format(**IDLE))
        boot.run()
        lines = list(figures.lines([boot.results()]))
        self.assertEqual(self.verdict(lines, "per bridged"), "measured")

    def test_mismatches_areAddedUp_andNoneIsReached(self):
        for wrong, verdict in ((0, "reached"), (1, "MISSED")):
            lines = self.lines(["verify", "verify,batch=off"],
                               {**IDLE, "compared": 5, "wrong": wrong})
            self.assertEqual(self.verdict(lines, "mismatches"), verdict)
            self.assertEqual(line_of(lines, "mismatches").split()[4:6], ["-", str(2 * wrong)])
            self.assertEqual(len(lines), 4, "only what was run")

    def test_verifyThatComparedNothing_isNotMeasured(self):
        lines = self.lines(["off", "verify"], IDLE)
        self.assertEqual(self.verdict(lines, "mismatches"), "measured")

    def test_withForks_theExitsLeftBindOnlyWithoutEpt(self):
        result = self.result(["off:forks", "on:forks"])
        self.assertNotIn("33", line_of(figures.lines([result]), "exits left"))
        for one in result["runs"]:
            one["l1_ept"] = False
        self.assertEqual(self.verdict(figures.lines([result]), "exits left"), "MISSED")


class Batch(FigureTest):
    """As boot.py has it: what a CPUID takes, in mode off and in stock Xen."""

    def test_everyFigure_saysWhetherItIsReached_withoutShadowing(self):
        lines = self.lines(["stock", "off", "stock"])
        self.assertEqual(line_of(lines, "to reach").split()[-4:-2], ["stock", "off"])
        for label, values in (("CPUID exit until L1", ["5,000", "1,800", "<=", "1,800", "reached"]),
                              ("until L2 runs", ["6,000", "2,001", "<=", "2,000", "MISSED"]),
                              ("L0 + L1", ["50", "50", "<=", "12,500", "reached"]),
                              ("VMREAD + VMWRITE", ["240", "100", "<=", "100", "reached"]),
                              ("VMPTRLD", ["6", "2", "<=", "2", "reached"]),
                              ("VMCLEAR", ["4", "1", "<=", "0", "MISSED"]),
                              ("EPT violation", ["700", "700", "<=", "700", "reached"])):
            self.assertEqual(line_of(lines, label).split()[-5:], values)

    def test_withShadowing_otherTargetsBind(self):
        lines = self.lines(["stock", "off"], shadowing="true")
        for label, values in (("L0 + L1", ["6,500", "reached"]),
                              ("VMREAD + VMWRITE", ["90", "MISSED"]),
                              ("VMPTRLD", ["4", "reached"]), ("VMCLEAR", ["1", "reached"])):
            self.assertEqual(line_of(lines, label).split()[-2:], values)

    def test_theEptViolation_isComparedWithTheMeanOfStock(self):
        def slower(number, window):
            window["l0_handled"]["EPT_VIOLATION"]["instructions_median"] = (0, 700, 751, 800)[number]

        lines = self.lines(["stock", "off", "stock"], change=slower)
        self.assertEqual(line_of(lines, "EPT violation").split()[-5:],
                         ["750", "751", "<=", "750", "MISSED"])

    def test_kindsOfExitsThatWereNotSeen_areLeftOut(self):
        def none(_number, window):
            window["reflected"] = window["l0_handled"] = {}

        self.assertEqual(self.lines(["stock", "off"], change=none), [])

    def test_kindsSeenInStockOnly_areNotMeasured(self):
        def only_stock(number, window):
            if number == 2:
                window["reflected"] = window["l0_handled"] = {}

        lines = self.lines(["stock", "off"], change=only_stock)
        self.assertEqual({line.split()[-1] for line in lines[3:]}, {"measured"})
        self.assertEqual(len(lines), 3 + len(figures.BATCH))

    def test_anEmulatorThatDoesNotTellThem_measuresNotHowLongL0Takes(self):
        def old(_number, window):
            del window["reflected"]["CPUID"]["l0_to_l2_median"]

        self.assertEqual(self.verdict(self.lines(["stock", "off"], change=old), "until L2"),
                         "measured")

    def test_withoutStock_thereIsNothingToCompareWith(self):
        self.assertEqual(self.lines(["off", "off"]), [])

    def test_theGroups_areOneAfterTheOther_eachWithBothWorkloads(self):
        words = [f"{mode}:{workload}" for workload in ("kernel-compile", "forks")
                 for mode in ("stock", "off", "on")]
        heads = [line.split()[0] for line in self.lines(words)
                 if line and not line.startswith(" ")]
        self.assertEqual(heads, ["Regions,", "kernel-compile", "forks",
                                 "Batched", "kernel-compile", "forks",
                                 "Reflected", "kernel-compile", "forks"])


class Reflected(FigureTest):
    """What a reflected exit takes where L0 acts for L1, and what comes of it for L2."""

    def lines(self, *args, kernel="small", ept=True, **named):
        result = self.result(*args, **named)
        for one in result["runs"]:
            one["l1_kernel"], one["l1_ept"] = kernel, ept
        lines = list(figures.lines([result]))
        heads = [n for n, line in enumerate(lines) if line.startswith("Reflected exits")]
        return lines[heads[0]:] if heads else []

    @staticmethod
    def acting_for_l1(number, window):
        """The second run, in mode on, has an overhead of 1.15; those of stock have 1.35."""
        if number == 2:
            window["reflected"]["CPUID"].update(model_cycles_median=7500, exits_median=1)
            window["instructions"]["l0"] = 1200

    def test_everyFigure_standsBesideStock_andSaysWhetherItIsReached(self):
        lines = self.lines(["stock", "on", "stock"], change=self.acting_for_l1)
        self.assertEqual(line_of(lines, "to reach").split()[-4:-2], ["stock", "on"])
        for label, values in (("model cycles", ["550", "7,500", "<=", "8,000", "reached"]),
                              ("hardware exits", ["5", "1", "<=", "2", "reached"]),
                              ("L1 exits left", ["100", "40", "<=", "20", "MISSED"]),
                              ("overhead", ["1", "0.852", "<=", "0.400", "MISSED"]),
                              ("speed-up", ["1", "1", ">=", "1.180", "MISSED"])):
            self.assertEqual(line_of(lines, label).split()[-5:], values)

    def test_withShadowing_fewerModelCyclesAreAsked_andNoShareOfExits(self):
        lines = self.lines(["stock", "on"], change=self.acting_for_l1, shadowing="true")
        self.assertEqual(line_of(lines, "model cycles").split()[-2:], ["7,000", "MISSED"])
        self.assertEqual(line_of(lines, "exits left").split()[-2:], ["100", "40"])

    def test_whichSpeedUpIsAsked_dependsOnL1_andBindsForTheSmallKernelsCompile(self):
        for ept, target in ((True, "1.180"), (False, "1.550")):
            lines = self.lines(["stock", "on"], ept=ept)
            self.assertEqual(line_of(lines, "speed-up").split()[-3:], [">=", target, "MISSED"])
        for words, kernel in ((["stock", "on"], "debian"), (["stock:forks", "on:forks"], "small")):
            self.assertEqual(line_of(self.lines(words, kernel=kernel), "speed-up").split()[-2:],
                             ["1", "1"])

    def test_speedUp_isTheMeanTimeOfStock_overThatOfMode(self):
        result = self.result(["stock", "on", "stock"])
        for one, seconds in zip(result["runs"], (2.0, 1.25, 1.0)):
            one["l2_seconds"] = seconds
        self.assertEqual(figures.speed_up(result["runs"], "on"), 1.2)

    def test_withoutStock_thereIsNothingToCompareWith(self):
        self.assertEqual(self.lines(["off", "on", "off"]), [])

    def test_theOverheadOfSingleOperations_isNotAsked(self):
        boot = Boot(["stock:micro", "on:micro"], operations={"cpuid": 2})
        boot.run()
        lines = figures.lines([boot.results()])
        self.assertEqual(line_of(lines, "relative to stock").split()[-2:], ["1", "0.778"])

    def test_withoutOn_thereIsNothingToCompare(self):
        self.assertEqual(self.lines(["stock", "off", "interp", "on,batch=off"]), [])


class Costs(unittest.TestCase):
    def setUp(self):
        boot = Boot(["stock", "off", "on", "on:forks:trace", "on,batch=off"])
        boot.run()
        self.result = boot.results()
        for one, vmread in zip(self.result["runs"], (100, 900)):
            one["l0_per_exit"] = {"VMREAD": {"count": 3, "instructions_median": vmread},
                                  "VMWRITE": {"count": 1, "instructions_median": vmread + 40}}

    def constants(self):
        return {name: value for name, value, _ in costs.measured(self.result) if name}

    def test_theConstants_areMeasured(self):
        self.assertEqual(self.constants(), {
            "CLUSTER_COST_EXIT": 910 + 100, "CLUSTER_COST_REGION": 300,
            "CLUSTER_COST_BRIDGED": 5, "CLUSTER_COST_RECORD": 2000})

    def test_withoutRunsInModeOff_anExitIsThatOfStock(self):
        del self.result["runs"][1]
        self.assertEqual(self.constants()["CLUSTER_COST_EXIT"], 110 + 100)

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


class Operations(FigureTest):
    """Round trips over the network and reads of a disk: half of stock Xen's cycles are asked for."""

    def lines(self, cycles, workload, name):
        result = self.result([f"{mode}:{workload}" for mode in cycles])
        for one, value in zip(result["runs"], cycles.values()):
            one["operations"] = {name: {"count": 9, "model_cycles": value, "exits": 2}}
        return list(figures.lines([result]))

    def test_half_ofTheMeanOfStock_isReached(self):
        for workload, name, label in (("network", "round_trip", "round trip"),
                                      ("block", "read_4k", "4 KiB")):
            for on, verdict in ((50.0, "reached"), (50.5, "MISSED")):
                lines = self.lines({"stock": 100.0, "on": on}, workload, name)
                self.assertEqual(line_of(lines, label).split()[-5:],
                                 ["100", figures.text(on), "<=", "50", verdict])

    def test_workloadsOfOperations_areJudgedByThemOnly(self):
        lines = self.lines({"stock": 100.0, "on": 50.0}, "network", "round_trip")
        self.assertEqual([line for line in lines if "<=" in line or ">=" in line],
                         [line_of(lines, "round trip")])
        self.assertEqual(line_of(lines, "overhead").split()[-1], "0.778")

    def test_ofL2sBoot_onlyMismatchesAreJudged(self):
        self.assertEqual(list(figures.lines([self.result(["stock:none", "on:none"])])), [])
        result = self.result(["verify:none"], {**IDLE, "compared": 5})
        self.assertEqual(self.verdict(figures.lines([result]), "mismatches"), "reached")


class Table(unittest.TestCase):
    def lines(self, words, *arguments, operations=None):
        boot = Boot(words, operations=operations)
        self.assertEqual(boot.run(*arguments).returncode, 0)
        return list(table.lines(boot.results()))

    def test_workloads_haveATableEach_withoutTracedRuns(self):
        heads = [line.split() for line in self.lines(
            ["off:forks", "on:forks", "off", "on", "on:forks:trace"])
            if line.startswith(("forks", "kernel-compile"))]
        self.assertEqual(heads, [["forks", "off-1", "on-2", "on/off"],
                                 ["kernel-compile", "off-3", "on-4", "on/off"]])

    def test_ratios_areToStock_whereItRan(self):
        lines = self.lines(["stock", "off", "on,batch=off", "stock"])
        self.assertEqual(lines[0].split(),
                         ["kernel-compile", "stock-1", "off-2", "on,batch=off-3", "stock-4",
                          "off/stock", "on,batch=off/stock"])
        self.assertEqual(line_of(lines, "  VMREAD  ").split()[1:],
                         ["10", "10", "4", "10", "1.000", "0.400"])

    def test_ratio_isToTheMeanOfTheBaseline(self):
        self.assertEqual(table.ratio([10, 6, 20], 1, [0, 2]), "0.400")

    def test_ratio_withoutBaseline_isADash(self):
        self.assertEqual(table.ratio([10, 6], 1, []), "-")

    def test_ofAReflectedCpuid_eachVmcsInstructionOfL0HasARow(self):
        lines = self.lines(["stock", "off"])
        for name, row in (("VMREAD", ["150", "60", "0.400"]), ("VMWRITE", ["90", "40", "0.444"]),
                          ("VMPTRLD", ["6", "2", "0.333"]), ("VMCLEAR", ["4", "1", "0.250"])):
            self.assertEqual(line_of(lines, f"  {name} in L0").split()[3:], row)

    def test_ofReflectedCpuids_itIsSaidHowManyEnteredL1(self):
        self.assertEqual(line_of(self.lines(["stock", "on"]), "entered L1").split()[2:],
                         ["2", "0", "0.000"])

    def test_anEmulatorThatDoesNotTell_isADash(self):
        boot = Boot(["stock"], change=lambda _, window: window["reflected"]["CPUID"].pop("l1_entered"))
        boot.run()
        self.assertEqual(line_of(table.lines(boot.results()), "entered L1").split()[2:], ["-"])

    def test_everyOperation_hasABlock_inTheOrderInWhichTheyWereExecuted(self):
        lines = self.lines(["stock:micro", "on:micro"], operations={"rdmsr": 4, "cpuid": 2})
        heads = [n for n, line in enumerate(lines) if line.startswith("per ")]
        self.assertEqual([lines[n].split() for n in heads[:2]], [["per", "rdmsr"], ["per", "cpuid"]])
        self.assertEqual([line.split()[-3:] for line in lines[heads[0] + 1:heads[1]]],
                         [["1,175", "1,025", "0.872"], ["3.000", "1.500", "0.500"],
                          ["250.000", "250.000", "1.000"], ["125.000", "125.000", "1.000"],
                          ["500.000", "500.000", "1.000"]])

    def test_anOperationThatARunDidNotExecute_isADash(self):
        boot = Boot(["stock:micro", "off:micro"], operations={"cpuid": 2})
        boot.run()
        result = boot.results()
        del result["runs"][1]["operations"]["cpuid"]
        lines = list(table.lines(result))
        self.assertEqual(lines[lines.index(line_of(lines, "per cpuid")) + 1].split()[2:],
                         ["2,350", "-", "-"])

    def test_weights_areSaid_andInTheModelCycles(self):
        lines = self.lines(["stock"], "--vmcs-cycles", "VMWRITE=1000,VMCLEAR=0")
        self.assertIn("VMWRITE 1000.", lines[-1])
        self.assertEqual(line_of(lines, "million model cycles").split()[-1], "0.305")
        self.assertFalse(any("VMCS instructions" in line for line in self.lines(["stock"])))

    def test_lines_areAsWideAsEachOther(self):
        full = [line for line in self.lines(["off", "on,batch=off", "off"])
                if "per reflected" not in line and "in all" not in line]
        self.assertEqual(len({len(line) for line in full}), 1)
        self.assertTrue(any("VMREAD" in line and "0.400" in line for line in full))
