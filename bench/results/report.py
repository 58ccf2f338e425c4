#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Write the report of bench.json: RESULTS.md with its figures, PROFILE.md; print what is reached.

usage: report.py BENCH.json DIRECTORY

DIRECTORY receives RESULTS.md, figures/*.svg and PROFILE.md. They depend on bench.json alone.

exit codes: 0 all is reached; 2 usage; 3 a file cannot be read, or gnuplot fails; 4 a figure
is missed, or was not measured with all that it takes, or there is none
"""

import os
import sys

import bench
import charts
import document
import figures
import headline
import machines
import model
import plots
import profile


def write_drawings(found, directory):
    """[(name, title)] of those that there are; one that there is no longer goes."""
    drawn = []
    os.makedirs(directory, exist_ok=True)
    for chart in charts.charts(found):
        path = os.path.join(directory, f"{chart.name}.svg")
        script = plots.script(chart, found, machines.LEGEND)
        if script is not None:
            model.write_atomically(path, plots.draw(script))
            drawn.append((chart.name, chart.title))
        elif os.path.exists(path):
            os.remove(path)
    return drawn


def write(merged, directory):
    """All of it; returns how many of each verdict the headline has."""
    found = machines.machines(merged)
    drawn = write_drawings(found, os.path.join(directory, "figures"))
    model.write_atomically(os.path.join(directory, "RESULTS.md"), document.document(merged, drawn))
    model.write_atomically(os.path.join(directory, "PROFILE.md"), profile.profile(merged))
    return headline.summary(headline.rows(found))


def main(arguments):
    if len(arguments) != 2 or arguments[0] in ("-h", "--help"):
        asked = arguments and arguments[0] in ("-h", "--help")
        print(__doc__, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    try:
        merged = model.read_json(arguments[0], "bench/matrix writes it")
        if merged["schema"] != bench.SCHEMA:
            raise model.Missing(f"{arguments[0]} has another schema: bench/matrix --report")
        verdicts = write(merged, arguments[1])
    except (model.Missing, plots.Missing, OSError) as error:
        print(f"report: {error}", file=sys.stderr)
        return 3
    lines = list(figures.lines([boot["result"] for boot in merged["boots"]]))
    print("\n".join(lines))
    print(f"\nHeadline: {document.sentence(verdicts)}. All numbers are in "
          f"{os.path.join(arguments[1], 'RESULTS.md')}.")
    missed = any(line.endswith(("MISSED", "measured")) for line in lines)
    return 4 if not lines or missed or verdicts["MISSED"] or verdicts["not measured"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
