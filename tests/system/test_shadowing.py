# SPDX-License-Identifier: GPL-2.0-only
"""The bare L1's tests of VMCSs on a processor with VMCS shadowing, where L1 reads and writes
most fields without an exit, and Xen keeps the vvmcs in its memory: the same to the letter as
by the stock path, which has the shadow VMCS current for each field."""

from lab_output import BATCH, COMPARED, SHADOWING, WITHOUT_L1, WRONG, perf_counters
from texts import TextTest, exits_of, fields_told, read_text

STOCK = "off-nb"
TESTS = {
    "vmcs-{}": ("off", "on", "verify"),
    "late-{}": ("off", "on"),
    "seq-{}1": ("off", "on", "on-nb", "verify"),
}


class Shadowing(TextTest):
    def test_everyMode_saysWhatTheStockPathSays(self):
        for test, modes in TESTS.items():
            stock = read_text(test.format(STOCK), SHADOWING)
            self.assertTrue(stock.endswith("\ndone\n"), stock[-200:])
            for mode in modes:
                name = test.format(mode)
                with self.subTest(name):
                    self.assertSameText(name, stock, read_text(name, SHADOWING))

    def test_fieldsThatTheProcessorLacks_wereWrittenInVain(self):
        text = read_text("seq-off-nb1", SHADOWING)
        self.assertIn(" PML_ADDRESS", text.split("\n", 1)[0])
        self.assertRegex(text, r" PML_ADDRESS=[0-9a-f]+ flags 40")

    def test_batch_entersWhereItIsOn_nowhereElse(self):
        for test, modes in TESTS.items():
            for mode in (STOCK, *modes):
                entries = perf_counters(test.format(mode), SHADOWING)[BATCH[0]]
                with self.subTest(test.format(mode)):
                    if mode.endswith("-nb"):
                        self.assertEqual(entries, 0)
                    else:
                        self.assertGreater(entries, 500)

    def test_vmcs01_wasNotAlwaysLoaded(self):
        self.assertIn("\ncase reflected a field that the processor lacks\n",
                      read_text("vmcs-off-nb", SHADOWING))
        self.assertEqual(perf_counters("vmcs-off", SHADOWING)[WITHOUT_L1], 0)
        self.assertGreater(perf_counters("vmcs-on", SHADOWING)[WITHOUT_L1], 50)

    def test_noPrediction_isWrong(self):
        for test in ("seq-verify1", "vmcs-verify"):
            counters = perf_counters(test, SHADOWING)
            print(f"\n* with VMCS shadowing, {test}: {counters[COMPARED]:,} predictions, "
                  f"{counters[WRONG]} wrong")
            with self.subTest(test):
                self.assertGreater(counters[COMPARED], 50)
                self.assertEqual(counters[WRONG], 0)

    def test_enoughHappened(self):
        text = read_text("seq-off-nb1", SHADOWING)
        exits = exits_of(text)
        self.assertGreater(len(exits), 500)
        self.assertGreater(len(set(exits)), 15)
        self.assertGreater(len(fields_told(text)), 100)
