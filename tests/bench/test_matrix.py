# SPDX-License-Identifier: GPL-2.0-only
"""bench/matrix: which boots, with what, side by side, kept, stopped. The boots are a script's."""

import json
import os
import select
import signal
import subprocess
import tempfile
import unittest

from boot import RESULTS, TOP, Boot
from test_modes import function

# What bench/run leaves; and as it begins, in a fifo, its name. FAIL and HOLD: names of boots.
RUN = '''#!/bin/bash
name=$(basename "$OUT" .part)
mkdir -p "$OUT" running/$name
ls running | wc -l >>most
echo "$name $L0 $LAB_CPU_MODEL $L1_KERNEL $L1_EPT" >>booted
printf '%s\n' "RUNS='$RUNS'" "L1_CMDLINE='${L2_CMDLINE:+L2_CMDLINE=$L2_CMDLINE}'" >"$OUT/job"
echo "${LAB_IPS:-default} ${LAB_LIMIT:-default}" >"$OUT/clock"
echo "${L2_CMDLINE-default}" >"$OUT/cmdline"
[[ $name != $HOLD ]] || trap 'echo $name >>stopped; exit 143' TERM
[[ ! -p begun ]] || echo "$name" >begun
[[ $name != $HOLD ]] || read -r _ <>never
[[ ! -p meet ]] || case $name in *-xen) echo >meet ;; *) read -r _ <meet ;; esac
rmdir running/$name
[[ $name != $FAIL ]] || { echo "the console of $name"; exit 1; }
cp results.json "$OUT"
'''
SETUP = '''#!/bin/bash
echo "set-up $L0 $L1_KERNEL" >>booted
[[ -z $NO_SETUP ]]
'''


def hear_interrupts():
    """As in a terminal: who runs tests in the background has SIGINT ignored, and so all they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class FreshOutput(unittest.TestCase):
    """bench/run, where a matrix has left its boots."""

    def left(self, *names):
        """What is there afterwards, or None where it refused."""
        with tempfile.TemporaryDirectory() as directory:
            for name in names:
                os.mkdir(os.path.join(directory, name))
            done = subprocess.run(["bash", "-c", "set -e\n" + function("bench/run", "fresh_output") +
                                   "fresh_output"], env={**os.environ, "OUT": directory},
                                  capture_output=True)
            return None if done.returncode else sorted(os.listdir(directory))

    def test_boots_stay_andAnEarlierResultGoes(self):
        self.assertEqual(self.left("bench", "bench.json", "job", "console.log"), ["bench", "bench.json"])
        self.assertEqual(self.left("bench"), ["bench"])
        self.assertEqual(self.left(), [])

    def test_whatIsNoResult_isNotTouched(self):
        self.assertIsNone(self.left("bench", "my-files"))


class Matrix(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        for directory in ("bench/setup", "tools/xentrace-cluster"):
            os.makedirs(self.path(directory))
        os.symlink(os.path.abspath(os.path.join(TOP, "bench", "matrix")), self.path("bench/matrix"))
        os.symlink(os.path.abspath(RESULTS), self.path("bench/results"))
        self.script("bench/run", RUN)
        self.script("bench/setup/setup", SETUP)
        self.write("tools/xentrace-cluster/Makefile", "all:\n")
        boot = Boot(["stock:forks", "on:forks"])
        boot.run()
        self.write("results.json", json.dumps(boot.results()))
        os.mkfifo(self.path("never"))

    def path(self, name):
        return os.path.join(self.dir.name, name)

    def write(self, name, text):
        with open(self.path(name), "w") as file:
            file.write(text)

    def script(self, name, text):
        self.write(name, text)
        os.chmod(self.path(name), 0o755)

    def lines(self, name):
        if not os.path.exists(self.path(name)):
            return []
        with open(self.path(name)) as file:
            return file.read().splitlines()

    def start(self, *arguments, **environment):
        process = subprocess.Popen(
            [self.path("bench/matrix"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True, preexec_fn=hear_interrupts,
            env={"PATH": os.environ["PATH"], "AT_ONCE": "2", "WORKLOAD": "forks", **environment})
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        """Of a test that failed: nothing of it stays."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def matrix(self, *arguments, **environment):
        """Both streams and the exit code, when it has ended."""
        process = self.start(*arguments, **environment)
        process.out, process.err = process.communicate(timeout=60)
        return process

    def list(self, **environment):
        return [line.split(maxsplit=1) for line in self.matrix("--list", **environment).out.splitlines()]

    def test_theList_isOfEveryMachineWithXenAndKvm(self):
        names = [name for name, _ in self.list()]
        self.assertEqual(len(set(names)), 16)
        self.assertEqual(names[:3], ["sandy_bridge-debian-ept1-xen", "sandy_bridge-debian-ept1-kvm",
                                     "sandy_bridge-debian-ept0-xen"])
        self.assertEqual(names[-1], "haswell-small-ept0-kvm")

    def test_bench_namesBootsOrPatterns_eachBootOnce(self):
        names = [name for name, _ in self.list(BENCH="haswell-small-* haswell-*-ept1-verify *-verify",
                                               KERNELS="small", L1_EPTS="1")]
        self.assertEqual(names, ["sandy_bridge-small-ept1-verify", "haswell-small-ept1-xen",
                                 "haswell-small-ept1-kvm", "haswell-small-ept1-verify"])

    def test_aNameThatIsNone_isUsage(self):
        done = self.matrix(BENCH="haswell-* nonsense")
        self.assertEqual(done.returncode, 2)
        self.assertIn("nonsense", done.err)
        self.assertEqual(self.lines("booted"), [])

    def test_eachBoot_hasItsMachine_andTheSetUpIsBefore_oncePerKernelAndL0(self):
        self.matrix(BENCH="haswell-*-ept0-*", AT_ONCE="1")
        self.assertEqual(self.lines("booted"), [
            *(f"set-up {l0} {kernel}" for kernel in ("debian", "small") for l0 in ("xen", "kvm")),
            *(f"haswell-{kernel}-ept0-{kind} {l0} corei7_haswell_4770 {kernel} 0"
              for kernel in ("debian", "small")
              for kind, l0 in (("xen", "xen"), ("kvm", "kvm"), ("verify", "xen")))])

    def test_theKind_saysWhatIsInABoot(self):
        self.matrix(BENCH="haswell-small-ept1-*", WORKLOAD="none forks")
        for kind, runs in (("xen", "stock:none off:none on:none stock:forks off:forks on:forks"),
                           ("kvm", "kvm:none kvm:forks"), ("verify", "verify:none verify:forks")):
            self.assertEqual(self.lines(f"out/bench/haswell-small-ept1-{kind}/job"),
                             [f"RUNS='{runs}'", "L1_CMDLINE=''"])

    def test_verify_hasMoreTime(self):
        self.matrix(BENCH="haswell-small-ept1-xen haswell-small-ept1-verify")
        self.assertEqual(self.lines("out/bench/haswell-small-ept1-xen/clock"), ["default 10800"])
        self.assertEqual(self.lines("out/bench/haswell-small-ept1-verify/clock"), ["4000000000 14400"])

    def test_verify_hasAsMuchTime_asIsAskedFor(self):
        self.matrix(BENCH="haswell-small-ept1-verify", LAB_IPS="5", LAB_LIMIT="6")
        self.assertEqual(self.lines("out/bench/haswell-small-ept1-verify/clock"), ["5 6"])

    def test_withoutEpt_noPageTableIsolationInL2_butForWhatIsAskedFor(self):
        for asked, found in (({}, "nopti"), ({"L2_CMDLINE": ""}, ""), ({"L2_CMDLINE": "pti=on"}, "pti=on")):
            with self.subTest(found), tempfile.TemporaryDirectory() as out:
                self.matrix(BENCH="haswell-small-ept*-xen", OUT=out, **asked)
                for ept, cmdline in ((0, found), (1, asked.get("L2_CMDLINE", ""))):
                    self.assertEqual(self.lines(os.path.join(out, f"bench/haswell-small-ept{ept}-xen/cmdline")),
                                     [cmdline])

    def test_aBootWhoseL2WasToldSomethingElse_isMadeAnew(self):
        self.matrix(BENCH="haswell-small-ept*-xen", L2_CMDLINE="pti=on")
        states = {name: state for name, state in self.list(BENCH="haswell-small-ept*-xen")}
        self.assertEqual(set(states.values()), {"other runs"})
        self.matrix(BENCH="haswell-small-ept0-xen")
        states = {name: state for name, state in self.list(BENCH="haswell-small-ept*-xen")}
        self.assertEqual(states, {"haswell-small-ept1-xen": "other runs", "haswell-small-ept0-xen": "done"})

    def test_twoRunSideBySide(self):
        os.mkfifo(self.path("meet"))
        done = self.matrix(BENCH="haswell-small-ept1-xen haswell-small-ept1-kvm")
        self.assertEqual(len(self.list(BENCH="haswell-small-ept1-*")), 3, done.err)
        self.assertEqual([state for _, state in self.list(BENCH="*-small-ept1-xen")], ["to do", "done"])

    def test_neverAreThereMoreThanAtOnce(self):
        self.matrix(AT_ONCE="3")
        self.assertEqual(len(self.lines("most")), 16)
        self.assertLessEqual(max(map(int, self.lines("most"))), 3)

    def test_whatIsDone_isKept(self):
        self.matrix(BENCH="haswell-small-*-kvm")
        before = len(self.lines("booted"))
        done = self.matrix(BENCH="haswell-small-*-kvm")
        self.assertEqual(len(self.lines("booted")), before)
        self.assertIn("0 of 2 boots", done.out)
        self.matrix(BENCH="haswell-*-kvm")
        self.assertEqual({line.split()[0] for line in self.lines("booted")[before:]},
                         {"set-up", "haswell-debian-ept1-kvm", "haswell-debian-ept0-kvm"})

    def test_otherRuns_areMadeAnew(self):
        chosen = "haswell-small-ept1-xen"
        self.matrix(BENCH=chosen)
        self.assertEqual(self.list(BENCH=chosen, MODES="stock on"), [[chosen, "other runs"]])
        self.matrix(BENCH=chosen, MODES="stock on")
        self.assertEqual(self.lines(f"out/bench/{chosen}/job"),
                         ["RUNS='stock:forks on:forks'", "L1_CMDLINE=''"])

    def test_aBootThatFails_stopsNoOther_andIsShown(self):
        bad = "haswell-small-ept1-xen"
        done = self.matrix(BENCH="haswell-small-*", FAIL=bad)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"the console of {bad}", done.err)
        self.assertEqual([name for name, state in self.list(BENCH="haswell-small-*") if state != "done"],
                         [bad])
        with open(self.path("out/bench.json")) as file:
            self.assertEqual(json.load(file)["missing"], [bad])

    def test_aSetUpThatFails_isToldApart(self):
        done = self.matrix(NO_SETUP="1")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(self.lines("booted"), ["set-up xen debian"])

    def test_interrupted_itStopsBoth_andKeepsNothingHalf(self):
        os.mkfifo(self.path("begun"))
        # Open for both, and open throughout: what a boot writes while nobody else has the fifo
        # open is lost when the last end is closed, and this would wait for it for ever.
        begun = os.open(self.path("begun"), os.O_RDWR)
        self.addCleanup(os.close, begun)
        process = self.start(BENCH="haswell-small-ept1-*", HOLD="*")
        told = b""
        while told.count(b"\n") < 2:
            self.assertTrue(select.select([begun], [], [], 60)[0], "no second boot began")
            told += os.read(begun, 4096)
        names = set(told.decode().split())
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertEqual(set(self.lines("stopped")), names)
        self.assertEqual([state for _, state in self.list(BENCH="haswell-small-ept1-*")], ["to do"] * 3)

    def test_theReport_isOfAllThatIsKept_andBootsNothing(self):
        self.matrix(BENCH="haswell-small-ept1-*")
        before = self.lines("booted")
        done = self.matrix("--report", BENCH="haswell-small-ept1-xen haswell-small-ept0-xen", DOCS="there")
        self.assertEqual(self.lines("booted"), before)
        self.assertIn(done.returncode, (0, 4), done.err)
        with open(self.path("out/bench.json")) as file:
            merged = json.load(file)
        self.assertEqual([boot["name"].split("-")[-1] for boot in merged["boots"]],
                         ["xen", "kvm", "verify"])
        self.assertEqual(merged["missing"], ["haswell-small-ept0-xen"])
        self.assertTrue(os.path.exists(self.path("there/RESULTS.md")))

    def test_withoutAnyBoot_thereIsNoReport(self):
        done = self.matrix("--report")
        self.assertEqual(done.returncode, 1)
        self.assertFalse(os.path.exists(self.path("docs/RESULTS.md")))

    def test_wrongUse_isUsage(self):
        for arguments, environment in ((["--nonsense"], {}), (["--list", "more"], {}),
                                       ([], {"AT_ONCE": "0"})):
            self.assertEqual(self.matrix(*arguments, **environment).returncode, 2)
