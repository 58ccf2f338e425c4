# SPDX-License-Identifier: GPL-2.0-only
"""README's headline is that of RESULTS.md, to the letter."""

import os
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FIRST = "| figure | workload | machine |"


def headline(path):
    """The lines of the first table that begins so."""
    with open(os.path.join(TOP, path)) as file:
        lines = file.read().split("\n")
    start = next(i for i, line in enumerate(lines) if line.startswith(FIRST))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return lines[start:end]


class Headline(unittest.TestCase):
    def test_readmeHasTheTableOfResults(self):
        table = headline("docs/RESULTS.md")
        self.assertGreater(len(table), 3)
        self.assertEqual(headline("README.md"), table)


if __name__ == "__main__":
    unittest.main()
