# SPDX-License-Identifier: GPL-2.0-only
"""bench/results/profile.py: where the cycles went, by parts."""

import json
import os
import re
import subprocess
import sys
import unittest

from boot import RESULTS, TOP, Boot

import profile  # noqa: E402  (bench/results comes first in the path)

PARTS = '''# A remark.
exit   vmx_vmexit_handler      # Xen's handler
bytes  cluster_hosts_compare   # is L1's code as it was?
bytes  compare_more
reflect nvmx_batch_vmexit
'''


class Profile(unittest.TestCase):
    def boot(self, words, parts, **more):
        """A boot whose L0 executed 1000 instructions in each window, of which so many in parts."""
        boot = Boot(words, **more)
        with open(boot.path("windows.jsonl")) as file:
            windows = [json.loads(line) for line in file]
        for window in windows:
            window["l0_parts"] = {name: {"calls": 1, "instructions": count}
                                  for name, count in parts.items()}
        boot.write("windows.jsonl", "".join(json.dumps(window) + "\n" for window in windows))
        self.assertEqual(boot.run().returncode, 0)
        boot.write("parts-file", PARTS)
        return boot

    def profile(self, boot):
        return subprocess.run([sys.executable, os.path.join(RESULTS, "profile.py"), boot.dir.name,
                               "--parts", boot.path("parts-file")], capture_output=True, text=True)

    def rows(self, boot):
        """{first cell: other cells} of all tables."""
        done = self.profile(boot)
        self.assertEqual(done.returncode, 0, done.stderr)
        cells = [[cell.strip() for cell in line.strip("|").split("|")]
                 for line in done.stdout.splitlines() if line.startswith("|")]
        return {row[0]: row[1:] for row in cells}

    def test_theFile_saysWhatThePartsAre(self):
        boot = self.boot(["on:forks"], {})
        self.assertEqual(profile.described(boot.path("parts-file")), {
            "exit": (("vmx_vmexit_handler",), "Xen's handler"),
            "bytes": (("cluster_hosts_compare", "compare_more"), "is L1's code as it was?")})

    def test_theProjectsOwnFile_describesEachPart(self):
        with open(os.path.join(TOP, "bench", "bochs", "src", "cpu", "lab_parts.h")) as file:
            most = int(re.search(r"LAB_MAX_PARTS = (\d+)", file.read())[1])
        found = profile.described(os.path.join(TOP, "bench", "l0-profile"))
        self.assertLessEqual(len(found), most)
        for functions, what in found.values():
            self.assertTrue(functions and what)

    def test_operations_areAverages_thatAddUp(self):
        rows = self.rows(self.boot(["on:micro"], {"exit": 400, "bytes": 100}, operations={"cpuid": 2}))
        self.assertEqual(rows, {
            "": ["`cpuid`"], "---": ["--:"],
            "exit: Xen's handler": ["200"],
            "bytes: is L1's code as it was?": ["50"],
            "rest of L0": ["250"],
            "L1's own": ["250"],
            "hardware exits, at 100": ["300"],
            "**in all**": ["1,050"],
            "hardware exits": ["3"]})

    def test_workloads_areSideBySide_inMillions(self):
        rows = self.rows(self.boot(["stock:forks", "on:forks"], {"exit": 400000}))
        self.assertEqual(rows[""], ["forks, stock", "forks, on"])
        self.assertEqual(rows["exit: Xen's handler"], ["0.4", "0.4"])

    def test_whatNobodyDid_hasNoRow(self):
        rows = self.rows(self.boot(["on:forks"], {"exit": 400}))
        self.assertNotIn("bytes: is L1's code as it was?", rows)

    def test_aBootThatDidNotEnd_isMissing(self):
        boot = self.boot(["on:forks"], {})
        os.remove(boot.path("results.json"))
        done = self.profile(boot)
        self.assertEqual(done.returncode, 3)
        self.assertIn("results.json", done.stderr)


if __name__ == "__main__":
    unittest.main()
