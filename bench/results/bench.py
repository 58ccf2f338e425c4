#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Put the results of several boots into one file, bench.json (docs/RESULTS-FORMAT.md).

usage: bench.py BENCH.json DIRECTORY... [--missing NAME]...

DIRECTORY: output of a boot, whose name is the boot's; --missing: a boot that was asked for
and not made.

exit codes: 0 done; 2 usage; 3 a file cannot be read
"""

import argparse
import datetime
import json
import os
import sys

import model

SCHEMA = 1


def day(path):
    """The date of a file, by universal time."""
    when = datetime.datetime.fromtimestamp(os.path.getmtime(path), datetime.timezone.utc)
    return when.strftime("%Y-%m-%d")


def boot(directory):
    """bench/run writes the job when it begins, and nobody does later."""
    otherwise = "not the directory of a boot that has finished"
    result = model.read_json(os.path.join(directory, "results.json"), otherwise)
    if result["schema"] != model.SCHEMA:
        raise model.Missing(f"{directory}: results.json of another schema; remove that boot")
    try:
        made = day(os.path.join(directory, "job"))
    except OSError as error:
        raise model.Missing(f"{directory}: {error}") from None
    return {"name": os.path.basename(os.path.normpath(directory)), "made": made, "result": result}


def bench(directories, missing):
    return {"schema": SCHEMA, "boots": [boot(directory) for directory in directories],
            "missing": missing}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", metavar="BENCH.json")
    parser.add_argument("directories", nargs="+", metavar="DIRECTORY")
    parser.add_argument("--missing", action="append", default=[], metavar="NAME")
    args = parser.parse_args()
    try:
        merged = bench(args.directories, args.missing)
    except model.Missing as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 3
    model.write_atomically(args.output, json.dumps(merged, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
