# SPDX-License-Identifier: GPL-2.0-only
"""What the bare L1's tests of VMCSs have said, and where two of them differ."""

import os
import re
import unittest

from lab_output import OUT

CONTEXT = 12


def read_text(name, out=OUT):
    with open(os.path.join(out, f"payload-{name}.txt")) as file:
        return file.read()


def first_difference(left, right):
    """Index of the first line in which the two lists differ; None: they do not."""
    for i, (a, b) in enumerate(zip(left, right)):
        if a != b:
            return i
    return None if len(left) == len(right) else min(len(left), len(right))


def around(lines, index):
    """From the case or step that the line belongs to, but not too far, to some lines behind."""
    start = index
    while start > max(0, index - 8 * CONTEXT) and not re.match(r"case |\d+ ", lines[start]):
        start -= 1
    return "\n".join(lines[start:index + CONTEXT]) + "\n"


def exits_of(text):
    return [int(reason) for reason in re.findall(r"\bexit (\d+)$|\bexit (\d+) ", text, re.M)
            for reason in reason if reason]


def fields_told(text):
    lines = re.findall(r"^  fields (.*)$", text, re.M)
    return {item.split("=")[0] for line in lines for item in line.split()}


class TextTest(unittest.TestCase):
    def assertSameText(self, name, stock, text):
        left, right = stock.split("\n"), text.split("\n")
        index = first_difference(left, right)
        if index is not None:
            self.assertMultiLineEqual(around(left, index), around(right, index),
                                      f"\n{name}, from line {index + 1} on")
