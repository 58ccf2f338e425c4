# SPDX-License-Identifier: GPL-2.0-only
"""bench/results/profile.py: where the cycles went, by parts."""

import json
import os
import re
import tempfile
import unittest

from boot import TOP, Boot

import profile  # noqa: E402  (bench/results comes first in the path)

FILE = '''# A remark.
exit   vmx_vmexit_handler      # Xen's handler
bytes  cluster_hosts_compare   # is L1's code as it was?
bytes  compare_more
reflect nvmx_batch_vmexit
'''
PARTS = {"exit": "Xen's handler", "bytes": "is L1's code as it was?"}


def result_of(words, parts, *arguments, **more):
    """results.json of a boot whose L0 executed 1000 instructions in each window, so many in parts."""
    boot = Boot(words, **more)
    with open(boot.path("windows.jsonl")) as file:
        windows = [json.loads(line) for line in file]
    for window in windows:
        window["l0_parts"] = {name: {"calls": 1, "instructions": count} for name, count in parts.items()}
    boot.write("windows.jsonl", "".join(json.dumps(window) + "\n" for window in windows))
    done = boot.run(*arguments)
    assert done.returncode == 0, done.stderr
    return boot.results()


def text_of(*results):
    return profile.profile({"boots": [{"name": "boot", "made": "2026-11-27", "result": result}
                                       for result in results]}, PARTS)


def rows_of(text, title):
    """{first cell: other cells} of the table below that heading."""
    table = text.split(f"### {title}\n\n", 1)[1].split("\n\n", 1)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {row[0]: row[1:] for row in cells}


class Parts(unittest.TestCase):
    def test_theFile_saysWhatThePartsAre(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(FILE)
            file.flush()
            self.assertEqual(profile.described(file.name), PARTS)

    def test_theProjectsOwnFile_describesEachPart(self):
        with open(os.path.join(TOP, "bench", "bochs", "src", "cpu", "lab_parts.h")) as file:
            most = int(re.search(r"LAB_MAX_PARTS = (\d+)", file.read())[1])
        found = profile.described()
        self.assertLessEqual(len(found), most)
        self.assertTrue(all(found.values()), found)

    def test_theEnginesFigures_areOfPartsThatThereAre(self):
        import model
        wanted = {*model.EXECUTE, *model.AROUND, *model.RECORD, "handlers", "resume"}
        self.assertEqual(wanted - set(profile.described()), set())


class Profile(unittest.TestCase):
    def test_operations_areAverages_thatAddUp(self):
        result = result_of(["on:micro"], {"exit": 400, "bytes": 100}, operations={"cpuid": 2})
        self.assertEqual(rows_of(text_of(result), "One operation of L2, on: model cycles"), {
            "": ["`cpuid`"], "---": ["--:"],
            "exit: Xen's handler": ["200"],
            "bytes: is L1's code as it was?": ["50"],
            "rest of L0": ["250"],
            "L1's own": ["250"],
            "hardware exits, at 100": ["300"],
            "**in all**": ["1,050"],
            "hardware exits": ["3"]})

    def test_aPartMayBeCalledAsALevel(self):
        result = result_of(["on:micro"], {"l1": 400}, operations={"cpuid": 2})
        text = profile.profile({"boots": [{"name": "boot", "result": result}]}, {"l1": "L1 is loaded"})
        rows = rows_of(text, "One operation of L2, on: model cycles")
        self.assertEqual((rows["l1: L1 is loaded"], rows["L1's own"], rows["rest of L0"]),
                         (["200"], ["250"], ["300"]))
        self.assertNotIn("VMCS instructions, besides one", rows)

    def test_modesOfAWorkload_areSideBySide_inMillions(self):
        rows = rows_of(text_of(result_of(["stock:forks", "on:forks"], {"exit": 400000})),
                       "forks: million model cycles, million exits")
        self.assertEqual(rows[""], ["stock Xen", "on"])
        self.assertEqual(rows["exit: Xen's handler"], ["0.4", "0.4"])

    def test_kvmAsL0_standsBesideXen_withoutParts(self):
        rows = rows_of(text_of(result_of(["stock:forks"], {"exit": 400}),
                               result_of(["kvm:forks"], {}, "--l0", "kvm")),
                       "forks: million model cycles, million exits")
        self.assertEqual(rows[""], ["stock Xen", "KVM"])
        self.assertEqual(rows["exit: Xen's handler"], ["0.0004", "0"])
        self.assertEqual(rows["rest of L0"], ["0.0006", "0.001"])

    def test_severalRunsOfAMode_areTheirMean(self):
        def twice(number, window):
            window["instructions"]["l1"] = 500000 * number
        rows = rows_of(text_of(result_of(["on:forks", "on:forks"], {}, change=twice)),
                       "forks: million model cycles, million exits")
        self.assertEqual(rows["L1's own"], ["0.75"])

    def test_weightsOfVmcsInstructions_areARow(self):
        result = result_of(["on:forks"], {}, "--vmcs-cycles", "VMREAD=50")
        rows = rows_of(text_of(result), "forks: million model cycles, million exits")
        self.assertEqual(rows["VMCS instructions, besides one"], ["0.02"])

    def test_whatNobodyDid_hasNoRow_andL2sBootNoTable(self):
        text = text_of(result_of(["on:none", "on:forks", "static:block"], {"exit": 400}))
        self.assertNotIn("### block", text)
        self.assertNotIn("is L1's code", text)
        self.assertNotIn("### boot", text)

    def test_eachMachine_hasAPart(self):
        text = text_of(result_of(["on:forks"], {}), result_of(["on:forks"], {}, "--l1-kernel", "small"))
        self.assertEqual(text.count("\n## "), 2)
        self.assertEqual(text.count("\n### "), 2)


if __name__ == "__main__":
    unittest.main()
