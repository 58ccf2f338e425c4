#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""extract-vmlinux.py KERNEL OUT - the ELF kernel inside a bzImage (or the ELF
itself), byte for byte. The setup header says where the compressed payload lies
(x86 boot protocol: "HdrS" at 0x202, setup_sects at 0x1f1, payload_offset and
payload_length at 0x248); the payload's magic says how it is compressed."""

import struct
import subprocess
import sys

DECOMPRESSORS = {
    b"\x1f\x8b": ["gzip", "-dc"],
    b"\xfd7": ["xz", "-dc", "--single-stream"],
    b"\x28\xb5": ["zstd", "-dc"],
    b"\x02\x21": ["lz4", "-dc"],
}


def payload(image):
    if image[0x202:0x206] != b"HdrS":
        raise ValueError("neither an ELF file nor a bzImage")
    setup_sectors = image[0x1F1] or 4
    offset, length = struct.unpack_from("<II", image, 0x248)
    start = (setup_sectors + 1) * 512 + offset
    return image[start:start + length]


def decompress(data):
    command = DECOMPRESSORS.get(data[:2])
    if command is None:
        raise ValueError("unknown compression, magic " + data[:4].hex())
    # The payload ends with its unpacked size, which the tools take for garbage
    # and complain about: what they wrote before that is what counts.
    done = subprocess.run(command, input=data[:-4], stdout=subprocess.PIPE, check=False)
    return done.stdout


def main():
    with open(sys.argv[1], "rb") as file:
        image = file.read()
    try:
        kernel = image if image[:4] == b"\x7fELF" else decompress(payload(image))
    except ValueError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    if kernel[:4] != b"\x7fELF":
        sys.exit(f"{sys.argv[1]}: its payload is not an ELF kernel")
    with open(sys.argv[2], "wb") as file:
        file.write(kernel)


if __name__ == "__main__":
    main()
