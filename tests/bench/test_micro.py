# SPDX-License-Identifier: GPL-2.0-only
"""bench/guest/micro: what can be told of it without the lab."""

import ctypes
import os
import re
import subprocess
import tempfile
import unittest

from boot import TOP

MICRO = os.path.join(TOP, "bench", "guest", "micro")
LAB_NAME_SIZE = 24


def found(name, pattern):
    """In one of its files."""
    with open(os.path.join(MICRO, name)) as file:
        return re.findall(pattern, file.read(), re.M)


class Operations(unittest.TestCase):
    NAMES = found("operations.c", r'^    { "(\w+)", do_\w+ },$')

    def test_everyOperation_isDescribed(self):
        self.assertEqual(self.NAMES, found("README.md", r"^\| `(\w+)` \|"))
        self.assertEqual(found("operations.h", r"NR_OPERATIONS = (\d+)"), [str(len(self.NAMES))])

    def test_windowsOf999Runs_haveNamesThatTheEmulatorTakes(self):
        for name in self.NAMES:
            self.assertLessEqual(len(f"op-999-{name}"), LAB_NAME_SIZE)


class CText(ctypes.Structure):
    _fields_ = [("buffer", ctypes.c_char_p), ("size", ctypes.c_uint), ("length", ctypes.c_uint)]


class Text(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = tempfile.TemporaryDirectory()
        library = os.path.join(cls.dir.name, "text.so")
        subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, os.path.join(MICRO, "text.c")],
                       check=True)
        cls.c = ctypes.CDLL(library)

    @classmethod
    def tearDownClass(cls):
        cls.dir.cleanup()

    def text(self, size, *calls):
        """What is in a buffer of that size after these calls: a function, then its arguments."""
        buffer = ctypes.create_string_buffer(size)
        text = CText(ctypes.cast(buffer, ctypes.c_char_p), size, 0)
        for function, *arguments in calls:
            getattr(self.c, f"text_{function}")(ctypes.byref(text), *arguments)
        self.assertEqual(text.length, len(buffer.value))
        return buffer.value.decode()

    def test_decimals_haveAsManyDigitsAsAskedFor_andMoreWhereTheyNeedThem(self):
        for value, digits, expected in ((0, 1, "0"), (7, 1, "7"), (10, 1, "10"), (42, 6, "000042"),
                                        (123456, 6, "123456"), (1234567, 6, "1234567"),
                                        (2**64 - 1, 1, "18446744073709551615")):
            self.assertEqual(
                self.text(30, ("add_decimal", ctypes.c_uint64(value), digits)), expected)

    def test_hexadecimals_haveNoZerosInFront(self):
        for value, expected in ((0, "0"), (0xa0, "a0"), (2**64 - 1, "f" * 16)):
            self.assertEqual(self.text(30, ("add_hex", ctypes.c_uint64(value))), expected)

    def test_whatDoesNotFit_isLeftOut_andTheLastByteStaysZero(self):
        calls = ("add", b"op-"), ("add_decimal", ctypes.c_uint64(123), 1), ("add", b"-cpuid")
        self.assertEqual(self.text(13, *calls), "op-123-cpuid")
        self.assertEqual(self.text(12, *calls), "op-123-cpui")
        self.assertEqual(self.text(5, *calls), "op-1")
