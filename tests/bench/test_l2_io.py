# SPDX-License-Identifier: GPL-2.0-only
"""bench/guest/l2-io: what it makes of what sockperf and ioping say."""

import os
import subprocess
import tempfile
import unittest

from boot import TOP

# What the guest has besides: the tools say what the test wants them to.
PRELUDE = """
lab() { echo "$@" >>calls; }
operation() { echo operation "$@" >>calls; }
ip() { [ "$LINK" != missing ]; }
sockperf() { cat sockperf; return $EXIT; }
ioping() { cat ioping; return $EXIT; }
. "$L2_IO"
REPORT=report RUN=7
"""

NETWORK = """\
sockperf: Warmup stage (sending a few dummy messages)...
sockperf: Starting test...
sockperf: Test end (interrupted by timer)
sockperf: Test ended
sockperf: [Total Run] RunTime=1.0 sec; Warm up time=400 msec; SentMessages=5132; ReceivedMessages=5131
sockperf: # dropped messages = 0; # duplicated messages = 0; # out-of-order messages = 0
"""
BLOCK = "4000 503361253 7947 32549188 32231 125840 16409191 537675 4000 509391858\n"


class L2Io(unittest.TestCase):
    def run_workload(self, workload, says, **environment):
        """(its exit code, what it asked of the emulator and told of operations)"""
        with tempfile.TemporaryDirectory() as here:
            for tool in ("sockperf", "ioping"):
                with open(os.path.join(here, tool), "w") as file:
                    file.write(says)
            done = subprocess.run(
                ["busybox", "sh", "-c", PRELUDE + workload], cwd=here, capture_output=True,
                env={"PATH": os.environ["PATH"], "EXIT": "0", "LINK": "there",
                     "L2_IO": os.path.join(TOP, "bench/guest/l2-io"), **environment})
            try:
                with open(os.path.join(here, "calls")) as file:
                    return done.returncode, file.read().splitlines()
            except FileNotFoundError:
                return done.returncode, []

    def assert_fails(self, workload, says, **environment):
        code, calls = self.run_workload(workload, says, **environment)
        self.assertNotEqual(code, 0)
        self.assertFalse([call for call in calls if call.startswith("operation")], calls)

    def test_network_countsTheMessagesOfItsSecondRun_inOneWindow(self):
        self.assertEqual(self.run_workload("network", NETWORK), (0, [
            "open op-7-round_trip", "close op-7-round_trip", "operation round_trip 5131"]))

    def test_theLastMessage_mayHaveComeBackOrNot(self):
        both = NETWORK.replace("Sent", "").replace("Messages=5132; ", "SentMessages=5131; ")
        self.assertEqual(self.run_workload("network", both)[0], 0)

    def test_lostMessages_areAFailure(self):
        self.assert_fails("network", NETWORK.replace("5131", "5130"))
        self.assert_fails("network", NETWORK.replace("dropped messages = 0", "dropped messages = 1"))
        self.assert_fails("network", NETWORK.replace("order messages = 0", "order messages = 3"))

    def test_aSockperfThatDoesNotGetThere_isAFailure(self):
        self.assert_fails("network", NETWORK, EXIT="1")
        self.assert_fails("network", NETWORK.split("sockperf: [Total")[0])
        self.assert_fails("network", "")

    def test_noNetwork_isAFailure(self):
        self.assert_fails("network", NETWORK, LINK="missing")

    def test_block_countsTheReads_andWhatStartingTakesApart(self):
        self.assertEqual(self.run_workload("block", BLOCK), (0, [
            "open start-7-read_4k", "close start-7-read_4k",
            "open op-7-read_4k", "close op-7-read_4k", "operation read_4k 4000"]))

    def test_failedOrMissingReads_areAFailure(self):
        self.assert_fails("block", BLOCK, EXIT="3")
        self.assert_fails("block", BLOCK.replace("4000 5033", "3999 5033"))
        self.assert_fails("block", "")

    def test_windowsOf999Runs_haveNamesThatTheEmulatorTakes(self):
        for workload, says in (("network", NETWORK), ("block", BLOCK)):
            for call in self.run_workload("RUN=999 && " + workload, says)[1]:
                self.assertLessEqual(len(call.split()[1]), 24)
