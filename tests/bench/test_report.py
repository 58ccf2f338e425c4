# SPDX-License-Identifier: GPL-2.0-only
"""bench/results: several boots in bench.json, and the report and the charts of it."""

import copy
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

from boot import IDLE, RESULTS, Boot

import bench
import charts
import cycles
import document
import headline
import machines
import plots
import report

SVG = "{http://www.w3.org/2000/svg}"


def result_of(words, kernel="debian", ept=True, l0="xen", **named):
    """The results.json of a boot."""
    boot = Boot(words, **named)
    done = boot.run("--l1-kernel", kernel, "--l0", l0, *([] if ept else ["--no-l1-ept"]))
    assert done.returncode == 0, done.stderr
    return boot.results()


def merged(*results, missing=()):
    return {"schema": 1, "missing": list(missing),
            "boots": [{"name": f"boot-{n}", "made": "2026-11-27", "result": result}
                      for n, result in enumerate(results)]}


def with_operations(result, costs):
    """costs: {mode of a run: {operation: model cycles}}"""
    for one in result["runs"]:
        one["operations"] = {name: {"count": 10, "model_cycles": value, "exits": value / 1000,
                                    "l0": 0, "l1": 0, "l2": 0}
                             for name, value in costs.get(one["name"].split("-")[0], {}).items()}
    return result


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def text_of(*results, **named):
    return document.document(merged(*results, **named), [])


def row_of(text, *begin):
    """The row of a table whose cells begin so."""
    return next(found for found in map(cells, text.splitlines()) if found[:len(begin)] == list(begin))


class Merge(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(RESULTS, "bench.py"), *arguments],
                              capture_output=True, text=True)

    def test_boots_keepNameAndDay_andTheMissingAreNamed(self):
        boot = Boot(["stock", "on"])
        boot.run()
        boot.write("job", "")
        os.utime(boot.path("job"), (86400 * 365, 86400 * 365))
        done = self.run_it(boot.path("bench.json"), boot.dir.name + "/", "--missing", "a", "--missing", "b")
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(boot.path("bench.json")) as file:
            found = json.load(file)
        self.assertEqual((found["schema"], found["missing"]), (bench.SCHEMA, ["a", "b"]))
        self.assertEqual(found["boots"], [{"name": os.path.basename(boot.dir.name), "made": "1971-01-01",
                                           "result": boot.results()}])

    def test_whatIsNoBoot_isNamed_withExitCode3(self):
        boot = Boot(["stock"])
        done = self.run_it(boot.path("bench.json"), boot.dir.name)
        self.assertEqual(done.returncode, 3)
        self.assertIn(boot.dir.name, done.stderr)
        self.assertFalse(os.path.exists(boot.path("bench.json")))


class Machines(unittest.TestCase):
    def test_bootsOfOneMachine_areOneMachine_byCpuAndL1(self):
        found = machines.machines(merged(
            result_of(["stock", "on"]), result_of(["kvm"], l0="kvm"), result_of(["stock"], ept=False),
            result_of(["stock"], kernel="small")))
        self.assertEqual([machine.name for machine in found],
                         ["test, debian, EPT", "test, debian, ept=0", "test, small, EPT"])
        self.assertEqual([one["name"] for one in found[0].runs], ["stock-1", "on-2", "kvm-1"])

    def test_numbers_areMeansOfTheUntracedRunsOfAMode(self):
        def exits(number, window):
            window["exits"]["l1"]["VMREAD"] = (0, 10, 30, 1000)[number]

        machine, = machines.machines(merged(result_of(["stock", "stock", "stock::trace"], change=exits)))
        numbers = machine.numbers("kernel-compile", "stock")
        self.assertEqual((numbers["l1_exits"], numbers["l2_exits"]), (20, 2))
        self.assertEqual(numbers["exits_per_l2_exit"], (12 / 2 + 32 / 2) / 2)
        self.assertIsNone(machine.numbers("kernel-compile", "kvm"))
        self.assertIsNone(machine.numbers("forks", "stock"))

    def test_theBootOfL2_isCountedByTheRun_notByTheWorkload(self):
        result = result_of(["stock:none"])
        result["runs"][0]["exits"] = {"l1": {}, "l2": {}}
        result["runs"][0]["around"]["instructions"]["l0"] = 2000
        machine, = machines.machines(merged(result))
        numbers = machine.numbers("none", "stock")
        self.assertEqual((numbers["l1_exits"], numbers["model_cycles"]), (10, 2000 + 500 + 2000 + 1200))
        self.assertIsNone(numbers["l2_seconds"])

    def test_withoutExitsOfL2_nothingIsDivided(self):
        def none(_number, window):
            window["exits"]["l2"] = {}

        machine, = machines.machines(merged(result_of(["stock"], change=none)))
        self.assertIsNone(machine.numbers("kernel-compile", "stock")["exits_per_l2_exit"])


class Headline(unittest.TestCase):
    def rows(self, *results):
        """{(label, workload, machine): row}"""
        return {(label, workload, machine.name): row for label, workload, machine, row in
                headline.rows(machines.machines(merged(*results)))}

    def test_kvmIsOfAnotherBoot_andOnIsJudged(self):
        def slow(_number, window):
            window["reflected"]["CPUID"]["model_cycles_median"] = 9000

        rows = self.rows(result_of(["stock", "off", "on"]), result_of(["kvm"], l0="kvm", change=slow))
        values, _, target, verdict = rows["CPUID in L2, model cycles", "kernel compile", "test, debian, EPT"]
        self.assertEqual((values, target, verdict), ([550, 9000, 550, 550], 8000, "reached"))

    def test_overhead_isAskedToBeTwoFifthsOfStocks_whereTheIssueSaysSo(self):
        def one(mode_words, **named):
            return self.rows(result_of(mode_words, **named)).get(
                ("overhead, %", "kernel compile" if ":" not in mode_words[0] else "forks",
                 f"test, {named.get('kernel', 'debian')}, {'EPT' if named.get('ept', True) else 'ept=0'}"))

        def by_on(number, window):
            window["instructions"]["l0"] = (0, 4000, 800)[number]

        values, _, target, verdict = one(["stock", "on"], change=by_on)
        self.assertEqual(values, [285.0, None, None, 95.0])
        self.assertEqual((target, verdict), (0.4 * 285, "reached"))
        self.assertIsNotNone(one(["stock", "on"], kernel="small", ept=False))
        self.assertIsNotNone(one(["stock:forks", "on:forks"], kernel="small", ept=False))
        self.assertIsNone(one(["stock", "on"], ept=False))
        self.assertIsNone(one(["stock:forks", "on:forks"]))

    def test_operations_areAskedForHalfOfStocks(self):
        result = with_operations(result_of(["stock:network", "on:network"]),
                                 {"stock": {"round_trip": 9000}, "on": {"round_trip": 5000}})
        values, _, target, verdict = self.rows(result)[
            "network round trip, model cycles", "network", "test, debian, EPT"]
        self.assertEqual((values, target, verdict), ([9000, None, None, 5000], 4500, "MISSED"))

    def test_whatWasNotMeasured_isNotReached(self):
        label = "overhead, %", "kernel compile", "test, debian, EPT"
        self.assertEqual(self.rows(result_of(["stock", "off"]))[label][3], "not measured")
        self.assertEqual(self.rows(result_of(["on"]))[label][3], "not measured")
        self.assertNotIn(label, self.rows(result_of(["stock:forks", "on:forks"])))

    def test_verdicts_areAddedUp(self):
        found = headline.rows(machines.machines(merged(result_of(["stock", "on"]))))
        self.assertEqual(headline.summary(found), {"reached": 1, "MISSED": 3, "not measured": 0})


class Report(unittest.TestCase):
    def test_theSameInput_givesTheSameText(self):
        result = result_of(["stock", "on"])
        self.assertEqual(text_of(result), text_of(copy.deepcopy(result)))

    def test_itSaysHowItWasMade(self):
        text = text_of(result_of(["stock"]), result_of(["kvm"], l0="kvm"), missing=["that-boot"])
        for words in ("2 boots, made 2026-11-27, of project version abc", "that-boot"):
            self.assertIn(words, text)

    def test_whatL2sKernelWasTold_isSaid_andKeptWithoutANewBoot(self):
        boot = Boot(["stock"])
        self.assertEqual(boot.run("--l2-cmdline", "nopti").returncode, 0)
        told = "L2's kernel was started with `nopti`."
        self.assertIn(told, text_of(boot.results()))
        self.assertNotIn("started with", text_of(result_of(["stock"])))
        self.assertEqual(boot.results_py("--vmcs-cycles", "VMREAD=5").returncode, 0)
        self.assertIn(told, text_of(boot.results()))

    def test_withoutAnyFigureOfTheHeadline_thatIsSaid(self):
        text = text_of(result_of(["stock:micro", "on:micro"]))
        self.assertIn("Nothing of it was measured.", text)
        self.assertNotIn("to reach |", text)

    def test_aWorkload_hasARowForEachL0_andADashForWhatIsNotKnown(self):
        booted = result_of(["kvm:none"], l0="kvm")
        booted["runs"][0]["around"]["exits"] = {"l1": {"VMREAD": 6}, "l2": {"CPUID": 2}}
        text = text_of(result_of(["stock:forks", "on:forks"]), booted)
        self.assertEqual(row_of(text, "boot"), ["boot", "KVM", "2", "6", "4", "0.0043", "-", "115", "-"])
        self.assertEqual(row_of(text, "forks"),
                         ["forks", "stock Xen", "2", "10", "6", "0.0047", "1", "135", "1.5"])
        self.assertEqual(row_of(text, "", "on")[-3:], ["0.872", "105", "1.5"])

    def test_whatWasNotMeasured_isNamed(self):
        text = text_of(result_of(["stock:forks", "off:forks", "on:forks", "stock:micro"]))
        self.assertIn("Not measured: boot (every L0); micro (KVM, off, on); forks (KVM); ", text)

    def test_micro_hasNoOverhead(self):
        self.assertEqual(row_of(text_of(result_of(["stock:micro"])), "micro")[-2], "-")

    def test_operations_haveCyclesAndExits_andTheShareOfStock(self):
        result = with_operations(result_of(["stock:micro", "on:micro"]),
                                 {"stock": {"cpuid": 8000, "ipi": 50000}, "on": {"cpuid": 2000}})
        text = text_of(result)
        self.assertEqual(row_of(text, "`cpuid`"),
                         ["`cpuid`", "8,000", "-", "-", "2,000", "0.25", "8", "-", "-", "2"])
        self.assertEqual(row_of(text, "`ipi`"),
                         ["`ipi`", "50,000", "-", "-", "-", "-", "50", "-", "-", "-"])

    def test_operations_asABootLeavesThem_areMeans(self):
        result = result_of(["stock:micro", "on:micro", "on:micro"], operations={"cpuid": 2})
        self.assertIn("region", result["runs"][1]["operations"]["cpuid"]["l0_parts"])
        self.assertEqual(row_of(text_of(result), "`cpuid`")[1:6], ["2,350", "-", "-", "2,050", "0.872"])

    def test_theCostModel_isThatOfTheBoots(self):
        weighted = result_of(["stock"])
        weighted["machine"]["vmcs_cycles"] = cycles.weights("VMREAD=50")
        self.assertIn("instruction of L0 besides VMREAD 50.", text_of(weighted))
        text = text_of(result_of(["stock"]))
        self.assertIn("a hardware exit with its resume 100, and", text)
        self.assertIn("instruction of L0 besides nothing.", text)

    def test_mismatches_areSaid_whereVerifyWasRun(self):
        perf = {**IDLE, "compared": 1234, "wrong": 1}
        self.assertIn("compared 1,234 predictions; 1 were wrong", text_of(result_of(["verify"], perf=perf)))
        self.assertNotIn("predictions", text_of(result_of(["on"])))

    def test_objects_areComparedOverAllBoots(self):
        one, other = result_of(["stock", "on"]), result_of(["kvm"], l0="kvm")
        self.assertIn("all 3 runs of kernel compile built is byte-identical", text_of(one, other))
        other["runs"][0]["output_sha256"] = "bb"
        self.assertIn("the 3 runs of kernel compile built differs", text_of(one, other))
        other["runs"][0]["workload"] = "kernel-full"
        self.assertNotIn("differs", text_of(one, other))

    def test_everyRowOfATable_hasAsManyCellsAsItsHead(self):
        result = with_operations(result_of(["stock:micro", "off", "stock", "on"]), {"stock": {"cpuid": 8}})
        for block in re.findall(r"(?:^\|.*\n)+", text_of(result), re.M):
            self.assertEqual(len({line.count("|") for line in block.splitlines()}), 1, block)


class Charts(unittest.TestCase):
    """One operation, on a machine with stock Xen and on."""

    def setUp(self):
        self.result = with_operations(result_of(["stock:micro", "on:micro"]),
                                      {"stock": {"cpuid": 31000, "ipi": 60000}, "on": {"cpuid": 8000}})
        self.found = machines.machines(merged(self.result))

    def script(self, name):
        chart = next(chart for chart in charts.charts(self.found) if chart.name == name)
        return plots.script(chart, self.found, machines.LEGEND)

    @staticmethod
    def bars(script):
        """{block: [last two words of each line]}"""
        return {block: [line.split()[1:] for line in text.splitlines()] for block, text in
                re.findall(r"^\$(\w+) << END\n(.*?)^END$", script, re.M | re.S)}

    def test_onlyWhatWasMeasured_hasABar(self):
        self.assertEqual(self.bars(self.script("operations")),
                         {"p0_stock": [["31000", "31k"], ["60000", "60k"]], "p0_on": [["8000", "8000"]]})

    def test_anOperation_hasItsPlace_andBarsOfOneAreApart(self):
        places = re.findall(r"^(-?[0-9.]+) \d+ \S+$", self.script("operations"), re.M)
        self.assertEqual(len(set(places)), 3)
        self.assertEqual(sorted(places), ["-0.1667", "0.1667", "0.8333"])

    def test_nothingMeasured_isNoFigure_andAnOldOneGoes(self):
        with tempfile.TemporaryDirectory() as directory:
            report.write(merged(self.result), directory)
            self.assertEqual(sorted(os.listdir(directory + "/figures")), ["exits.svg", "operations.svg"])
            report.write(merged(result_of(["stock:forks"])), directory)
            self.assertEqual(sorted(os.listdir(directory + "/figures")), ["exits.svg", "overhead.svg"])
            with open(directory + "/RESULTS.md") as file:
                text = file.read()
            self.assertEqual(re.findall(r"figures/(\w+)\.svg", text), ["exits", "overhead"])

    def test_theDrawing_isWholeAndTheSame_withLegendUnitsAndNames(self):
        first = plots.draw(self.script("operations"))
        self.assertEqual(first, plots.draw(self.script("operations")))
        words = {"".join(node.itertext()).strip()
                 for node in xml.etree.ElementTree.fromstring(first).iter(SVG + "text")}
        for word in ("stock Xen", "this Xen, on", "model cycles", "cpuid", "ipi", "31k", "8000",
                     self.found[0].title):
            self.assertIn(word, words)
        self.assertNotIn("KVM as L0", words)

    def test_whatGnuplotRefuses_isSaid(self):
        with self.assertRaisesRegex(plots.Missing, "nonsense"):
            plots.draw("nonsense\n")

    def test_shortNumbers(self):
        for value, text in ((0.5, "0.5"), (9.954, "9.95"), (99.96, "100"), (123.4, "123"), (9999, "9999"),
                            (12345, "12.3k"), (1234567, "1.23M")):
            self.assertEqual(plots.short(value), text)


class Command(unittest.TestCase):
    def run_it(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(RESULTS, "report.py"), *arguments],
                              capture_output=True, text=True)

    def code(self, content):
        return self.done(content).returncode

    def done(self, content):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "bench.json")
            with open(path, "w") as file:
                json.dump(content, file)
            return self.run_it(path, directory)

    def test_theFiguresOfAllBoots_arePrinted_inTheirGroups(self):
        lines = self.done(merged(result_of(["stock", "on"]), result_of(["stock:forks", "on:forks"])))
        heads = [line.split()[0] for line in lines.stdout.splitlines() if line and line[0] != " "]
        self.assertEqual(heads, ["Regions,", "kernel-compile", "forks",
                                 "Reflected", "kernel-compile", "forks", "Headline:"])

    def test_missedFigures_areCode4_andAllReached0(self):
        self.assertEqual(self.code(merged(result_of(["stock", "on"]))), 4)
        self.assertEqual(self.code(merged(result_of(["verify"], perf={**IDLE, "compared": 5}))), 0)

    def test_nothingMeasured_isCode4(self):
        self.assertEqual(self.code(merged(result_of(["off"]))), 4)
        self.assertEqual(self.code(merged(result_of(["verify"], perf=IDLE))), 4)

    def test_whatIsNoBenchJson_isCode3(self):
        self.assertEqual(self.code({"schema": 99, "boots": [], "missing": []}), 3)
        done = self.run_it("/nonexistent/bench.json", "/nonexistent")
        self.assertEqual(done.returncode, 3)
        self.assertIn("/nonexistent/bench.json", done.stderr)

    def test_wrongUse_isUsage(self):
        self.assertEqual(self.run_it().returncode, 2)
        self.assertEqual(self.run_it("--help").returncode, 0)
