#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run the unittest files below a directory; the last line is `N passed, N failed`.

usage: tests/run_unittests.py DIRECTORY
exit codes: 0 all passed; 1 some failed, there were none, or one hung (it says where); 2 usage
"""

import faulthandler
import sys
import unittest

HUNG_AFTER = 900  # seconds without the suite's end; it takes half a minute


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if "--help" in sys.argv or "-h" in sys.argv else 2
    faulthandler.dump_traceback_later(HUNG_AFTER, exit=True, file=sys.stdout)
    tests = unittest.defaultTestLoader.discover(sys.argv[1])
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed - len(result.skipped)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
