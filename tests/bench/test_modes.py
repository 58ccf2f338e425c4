# SPDX-License-Identifier: GPL-2.0-only
"""How a mode of RUNS comes to Xen (set_mode of bench/guest/dom0-job), and which runs make."""

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
                  + function("bench/guest/dom0-job", "set_mode") + 'set_mode "$1"\n')
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
