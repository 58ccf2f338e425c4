# SPDX-License-Identifier: GPL-2.0-only
"""What bench/run makes of L0, MODES and RUNS, and how a mode comes to L0 (bench/guest/l0-*)."""

import os
import re
import subprocess
import tempfile
import unittest

from boot import TOP

# hypfs: a file VALUE, which is there if Xen has the parameter; REFUSED: what it does not take.
XENHYPFS = '''#!/bin/sh
case $1 in
cat) cat "$VALUE" ;;
write) [ -e "$VALUE" ] && case " $REFUSED " in *" $3 "*) false ;; *) echo "$3" >"$VALUE" ;; esac ;;
esac
'''


def function(path, name):
    """The text of a function of a shell script."""
    with open(os.path.join(TOP, path)) as file:
        return re.search(rf"^{name}\(\)\n{{\n.*?^}}\n", file.read(), re.M | re.S).group(0)


class SetMode(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.value = os.path.join(self.dir.name, "value")
        fake = os.path.join(self.dir.name, "xenhypfs")
        with open(fake, "w") as file:
            file.write(XENHYPFS)
        os.chmod(fake, 0o755)

    def set_mode(self, mode, patched=True, refused=""):
        """(exit code, what Xen's parameter is then)"""
        if patched:
            with open(self.value, "w") as file:
                file.write("off\n")
        script = ("HYPFS=/params/nvmx-cluster\nfail() { echo \"$*\"; exit 1; }\n"
                  + function("bench/guest/l0-xen", "set_mode") + 'set_mode "$1"\n')
        done = subprocess.run(
            ["sh", "-c", script, "sh", mode], stdout=subprocess.DEVNULL,
            env={"PATH": f"{self.dir.name}:{os.environ['PATH']}", "VALUE": self.value,
                 "REFUSED": refused})
        if not os.path.exists(self.value):
            return done.returncode, None
        with open(self.value) as file:
            return done.returncode, file.read().strip()

    def test_stock_isAllOff_andOthersAreTheParametersOwn(self):
        self.assertEqual(self.set_mode("stock"), (0, "off,batch=off"))
        for mode in ("off", "on", "on,batch=off"):
            self.assertEqual(self.set_mode(mode), (0, mode))

    def test_aXenWithoutTheParameter_isStock(self):
        self.assertEqual(self.set_mode("stock", patched=False), (0, None))
        self.assertEqual(self.set_mode("off", patched=False), (0, None))
        for mode in ("on", "off,batch=off", "interp"):
            self.assertEqual(self.set_mode(mode, patched=False), (1, None), mode)

    def test_whatAXenWithTheParameterRefuses_fails(self):
        for mode in ("stock", "off", "onn"):
            code, _ = self.set_mode(mode, refused="off off,batch=off onn")
            self.assertEqual(code, 1, mode)


class FilesOfL0(unittest.TestCase):
    """bench/guest/l0-xen and l0-kvm, which dom0-job calls alike."""

    def test_eachDefines_whatDom0JobNames(self):
        with open(os.path.join(TOP, "bench/guest/dom0-job")) as file:
            named = re.search(r"^# What depends on L0 .*?\n\n", file.read(), re.M | re.S).group(0)
        names = re.findall(r"^#   (\w+)", named, re.M)
        self.assertEqual(len(names), 7)
        for l0 in ("xen", "kvm"):
            for name in names:
                self.assertTrue(function(f"bench/guest/l0-{l0}", name), (l0, name))

    def kvm(self, name, *arguments):
        script = ("fail() { echo \"$*\"; exit 1; }\n" + function("bench/guest/l0-kvm", name)
                  + f'{name} "$@"\n')
        return subprocess.run(["sh", "-c", script, "sh", *arguments],
                              stdout=subprocess.DEVNULL).returncode

    def test_kvm_hasOneMode_andNoTrace(self):
        self.assertEqual(self.kvm("set_mode", "kvm"), 0)
        for mode in ("stock", "off", "on", ""):
            self.assertEqual(self.kvm("set_mode", mode), 1, mode)
        self.assertEqual(self.kvm("begin_record", ""), 0)
        self.assertEqual(self.kvm("begin_record", "trace"), 1)

    def test_whereKvmIsL0_nothingOfXenIsBuilt(self):
        def steps(l0):
            script = ("step_names() { printf '%s\\n' xen-source zydis xen dom0 boot boot-kvm; }\n"
                      + function("bench/setup/setup", "final_steps") + "final_steps")
            return subprocess.run(["bash", "-c", script], env={**os.environ, "L0": l0},
                                  capture_output=True, text=True).stdout.split()

        self.assertEqual(steps("xen"), ["zydis", "xen", "dom0", "boot", "boot-kvm"])
        self.assertEqual(steps("kvm"), ["dom0", "boot-kvm"])


class RunsOfL0(unittest.TestCase):
    def code(self, l0, runs):
        script = function("bench/run", "check_runs") + "check_runs"
        return subprocess.run(["bash", "-c", script], env={**os.environ, "L0": l0, "RUNS": runs},
                              stderr=subprocess.DEVNULL).returncode

    def test_whatL0CannotRun_isRefusedBeforeTheBoot(self):
        for l0, runs in (("xen", "stock:forks on,batch=off on:forks:trace"), ("xen", ""),
                         ("kvm", "kvm kvm:forks kvm:kernel-compile")):
            self.assertEqual(self.code(l0, runs), 0, runs)
        for l0, runs in (("xen", "stock kvm:forks"), ("kvm", "kvm:forks stock"), ("kvm", "off"),
                         ("kvm", "kvm:forks:trace"), ("kvmm", "kvm"), ("", "stock")):
            self.assertEqual(self.code(l0, runs), 2, runs)


class DefaultRuns(unittest.TestCase):
    def runs(self, modes, workload):
        done = subprocess.run(
            ["bash", "-c", function("bench/run", "default_runs") + "default_runs"],
            env={**os.environ, "MODES": modes, "WORKLOAD": workload}, capture_output=True, text=True)
        return done.stdout.split()

    def test_everyMode_runsEveryWorkload_andOnIsTracedOnce(self):
        self.assertEqual(self.runs("stock on,batch=off on", "a b"),
                         ["stock:a", "on,batch=off:a", "on:a", "stock:b", "on,batch=off:b", "on:b",
                          "on:b:trace"])

    def test_withoutOn_nothingIsTraced(self):
        self.assertEqual(self.runs("stock on,batch=off", "a"), ["stock:a", "on,batch=off:a"])


class VmcsCycles(unittest.TestCase):
    def code(self, text):
        script = function("bench/run", "check_vmcs_cycles") + "check_vmcs_cycles"
        return subprocess.run(["bash", "-c", script], env={**os.environ, "VMCS_CYCLES": text},
                              stderr=subprocess.DEVNULL).returncode

    def test_whatIsNoWeight_isRefusedBeforeTheBoot(self):
        for text in ("", "VMREAD=50", "VMREAD=50,VMWRITE=60,VMPTRLD=0,VMCLEAR=1"):
            self.assertEqual(self.code(text), 0, text)
        for text in ("50", "VMREAD", "VMREAD=x", "VMREAD=1,", "VMLAUNCH=1", "VMREAD=1 VMWRITE=2"):
            self.assertEqual(self.code(text), 2, text)


class L2Cmdline(unittest.TestCase):
    def test_onlyOneWord_isTaken(self):
        script = function("bench/run", "check_l2_cmdline") + "check_l2_cmdline"
        for text, code in (("", 0), ("nopti", 0), ("mitigations=auto,nosmt", 0), ("a b", 2),
                           ("a'b", 2), ("a\nb", 2)):
            done = subprocess.run(["bash", "-c", script], stderr=subprocess.DEVNULL,
                                  env={**os.environ, "L2_CMDLINE": text})
            self.assertEqual(done.returncode, code, text)
