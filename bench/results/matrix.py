#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The figures of several boots (results.json of each), one after the other.

exit codes: 0 all that was asked for is reached; 1 something is not; 2 usage; 3 a file
cannot be read
"""

import json
import sys

import figures


def main(paths):
    results = []
    if not paths:
        print("usage: matrix.py RESULTS.json...", file=sys.stderr)
        return 2
    for path in paths:
        try:
            with open(path) as file:
                results.append(json.load(file))
        except (OSError, json.JSONDecodeError) as error:
            print(f"matrix: {path}: {error}", file=sys.stderr)
            return 3
    lines = list(figures.lines(results))
    print("\n".join(lines))
    return 0 if lines and not any(line.endswith(("MISSED", "measured")) for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
