#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""strip-signature.py MODULE... - cuts the signature that the kernel's build
appends to a module. The layout (include/linux/module_signature.h): module,
signature, 12 bytes that end with the signature's length (big endian), marker."""

import struct
import sys

MARKER = b"~Module signature appended~\n"
INFO_SIZE = 12


def stripped(data):
    if not data.endswith(MARKER):
        return data
    info_at = len(data) - len(MARKER) - INFO_SIZE
    (signature_size,) = struct.unpack(">I", data[info_at + 8:info_at + INFO_SIZE])
    return data[:info_at - signature_size]


for path in sys.argv[1:]:
    with open(path, "rb") as file:
        module = stripped(file.read())
    with open(path, "wb") as file:
        file.write(module)
