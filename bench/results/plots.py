# SPDX-License-Identifier: GPL-2.0-only
"""Bar charts of several machines, a panel each, one below the other, drawn by gnuplot as SVG.

Only what was measured has a bar. The text for gnuplot, its data included, depends on the
numbers alone, and so does what it draws.
"""

import subprocess

# Apart from each other for colour-blind eyes as well, and in grey.
COLOURS = {"stock": "#8c8c8c", "kvm": "#56b4e9", "off": "#f0a030", "on": "#00805c"}

# In pixels. Bars keep their width, and names of categories theirs: a figure is as wide as it
# has them, so that it is read where it stands, without being enlarged.
PANEL_HEIGHT, HEAD, BAR, LETTER, LEFT, RIGHT, TOP, BOTTOM = 215, 62, 15, 7, 84, 16, 34, 36


class Missing(Exception):
    """gnuplot is not there, or draws nothing."""


def short(value):
    """For the top of a bar: three digits or so."""
    if value >= 1e6:
        return f"{value / 1e6:.3g}M"
    if value >= 10000:
        return f"{value / 1e3:.3g}k"
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


class Chart:
    """One figure. cell(machine, category, mode): the value of a bar, or None."""

    def __init__(self, name, title, unit, categories, cell, log=False):
        self.name, self.title, self.unit = name, title, unit
        self.categories, self.cell, self.log = categories, cell, log

    def values(self, machine, modes):
        """{mode: [(category, value)]} of the bars that there are; a logarithm has none for 0."""
        return {mode: [(category, value) for category in self.categories
                       if (value := self.cell(machine, category, mode)) is not None
                       and (value > 0 or not self.log)]
                for mode in modes}


def used_categories(chart, machines, modes):
    """Those of which any machine has a bar."""
    with_bar = {category for machine in machines
                for bars in chart.values(machine, modes).values() for category, _ in bars}
    return [category for category in chart.categories if category in with_bar]


def bounds(chart, values):
    """Of the axis: room for the numbers above the bars."""
    low, high = min(values), max(values)
    if chart.log:
        low = 10 ** (len(str(int(low))) - 1) if low >= 1 else low / 2
        return low, high * (high / low) ** 0.3
    return 0, high * 1.45


def position(categories, modes, category, mode):
    """Bars of a category stand side by side, with room of one bar between categories."""
    width = 1 / (len(modes) + 1)
    return (categories.index(category)
            + (modes.index(mode) - (len(modes) - 1) / 2) * width), width


def panel(chart, machine, categories, modes, limits, number):
    """gnuplot's text for one machine; its data is called $panelN_MODE."""
    values = chart.values(machine, modes)
    drawn = [mode for mode in modes if values[mode]]
    for mode in drawn:
        yield f"$p{number}_{mode} << END"
        for category, value in values[mode]:
            at, _ = position(categories, modes, category, mode)
            yield f"{at:.4f} {value:.6g} {short(value)}"
        yield "END"
    yield f"set title {quoted(machine.title)} offset 0,-0.6"
    yield f"set boxwidth {1 / (len(modes) + 1) * 0.9:.4f}"
    yield f"set xrange [-0.6:{len(categories) - 0.4:.1f}]"
    yield f"set yrange [{limits[0]:.6g}:{limits[1]:.6g}]"
    yield "set xtics ({}) nomirror scale 0".format(
        ", ".join(f"{quoted(category)} {n}" for n, category in enumerate(categories)))
    parts = []
    for mode in drawn:
        parts.append(f"$p{number}_{mode} using 1:2 with boxes fs solid 1 noborder "
                     f"lc rgb '{COLOURS[mode]}' notitle")
        parts.append(f"$p{number}_{mode} using 1:2:3 with labels rotate left offset 0,0.3 "
                     "font ',9' notitle")
    yield "plot " + ", \\\n     ".join(parts)


def legend(title, names, modes, height):
    """The title, and a row of its own for the legend: it covers no bar."""
    yield f"set label 1 {quoted(title)} at screen 0.5,{1 - 18 / height:.5f} center font ',15'"
    yield "unset xtics; unset ytics; unset border; set xrange [0:1]; set yrange [0:1]"
    yield f"set tmargin at screen 0.999; set bmargin at screen {1 - HEAD / height:.5f}"
    yield "set lmargin at screen 0; set rmargin at screen 1"
    yield f"set key at screen 0.5,{1 - 34 / height:.5f} center top horizontal samplen 1.5 width -2"
    yield "plot " + ", ".join(
        f"NaN with boxes fs solid 1 noborder lc rgb '{COLOURS[mode]}' title {quoted(names[mode])}"
        for mode in modes)
    yield "unset label 1; unset key; set border 3 lc rgb '#404040'"


def script(chart, machines, names):
    """All of a figure, for gnuplot; None where no machine has a bar."""
    every = list(names)
    machines = [machine for machine in machines if any(chart.values(machine, every).values())]
    if not machines:
        return None
    modes = [mode for mode in every if any(chart.values(machine, every)[mode]
                                           for machine in machines)]
    categories = used_categories(chart, machines, modes)
    width = LEFT + RIGHT + max(480, len(categories) * max(
        BAR * (len(modes) + 1), LETTER * (1 + max(map(len, categories)))))
    height = HEAD + len(machines) * PANEL_HEIGHT
    limits = bounds(chart, [value for machine in machines
                            for bars in chart.values(machine, modes).values()
                            for _, value in bars])
    text = [f"set terminal svg size {width},{height} noenhanced font 'sans-serif,12' "
            f"background '#ffffff' name {quoted(chart.name)}",
            "set encoding utf8",
            "set multiplot"]
    text += legend(chart.title, names, modes, height)
    text += ["set ytics nomirror", "set grid ytics lc rgb '#d8d8d8' lw 0.6",
             f"set ylabel {quoted(chart.unit)} offset 0.5,0"]
    if chart.log:
        text += ["set logscale y", "set format y '%.0s%c'"]
    for number, machine in enumerate(machines):
        top = HEAD + number * PANEL_HEIGHT
        text += [f"set lmargin at screen {LEFT / width:.5f}",
                 f"set rmargin at screen {1 - RIGHT / width:.5f}",
                 f"set tmargin at screen {1 - (top + TOP) / height:.5f}",
                 f"set bmargin at screen {1 - (top + PANEL_HEIGHT - BOTTOM) / height:.5f}"]
        text += panel(chart, machine, categories, modes, limits, number)
    return "\n".join(text + ["unset multiplot", ""])


def draw(text):
    """The SVG that gnuplot makes of a script."""
    try:
        done = subprocess.run(["gnuplot"], input=text, capture_output=True, text=True)
    except FileNotFoundError:
        raise Missing("gnuplot is not installed (package gnuplot-nox; make setup)") from None
    if done.returncode or not done.stdout.rstrip().endswith("</svg>"):
        raise Missing(f"gnuplot failed: {done.stderr.strip()}")
    head, rest = done.stdout.split("\n", 1)
    return f"{head}\n<!-- SPDX-License-Identifier: GPL-2.0-only -->\n{rest}"
