# SPDX-License-Identifier: GPL-2.0-only
"""The measurement of one boot of the lab, from what the guests and the emulator
left in the output directory to the structure of results.json.

What the emulator counted is in windows.jsonl (bench/bochs/README.md); what L2
says of run N is in l2-N.json (bench/guest/l2-init); what it built, in
objects-N.sha256.  docs/RESULTS-FORMAT.md says what every key of the result
means.

Nothing here computes a figure that the emulator can count.  The only
arithmetic is the cost model, model_cycles() and overhead() below.
"""

import hashlib
import json
import os

SCHEMA = 1


class Missing(Exception):
    """Something that a whole boot must have left behind is not there."""


def read_json_lines(path):
    try:
        with open(path) as file:
            return [json.loads(line) for line in file if line.strip()]
    except FileNotFoundError:
        raise Missing(f"{path} is not there: the boot did not get that far") from None
    except json.JSONDecodeError as error:
        raise Missing(f"{path} is damaged: {error}") from None


def window(windows, name):
    """The one window of that name."""
    found = [one for one in windows if one["window"] == name]
    if len(found) != 1:
        raise Missing(f"window {name}: {len(found)} of them in windows.jsonl, not one")
    return found[0]


def exits_in_all(exits):
    """Hardware exits of a window: both levels, every reason."""
    return sum(sum(by_reason.values()) for by_reason in exits.values())


def model_cycles(counted, exit_cycles):
    """One cycle per instruction in L0, L1 and L2, and exit_cycles per hardware exit.

    Counted: instructions and exits.  Assumed: that an instruction takes one
    cycle, and what a hardware exit with its resume costs.
    """
    instructions = counted["instructions"]
    return (instructions["l0"] + instructions["l1"] + instructions["l2"]
            + exit_cycles * exits_in_all(counted["exits"]))


def overhead(counted, exit_cycles):
    """What virtualization added, per instruction of L2."""
    l2 = counted["instructions"]["l2"]
    return (model_cycles(counted, exit_cycles) - l2) / l2 if l2 else 0.0


def sha256_file(path):
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        raise Missing(f"{path} is not there: L2 did not finish its workload") from None


def read_json(path):
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        raise Missing(f"{path} is not there: L2 did not finish its workload") from None
    except json.JSONDecodeError as error:
        raise Missing(f"{path} is damaged: {error}") from None


def run(number, cluster, settings, windows, outdir):
    """One entry of results.json's "runs": the number-th run, made in that mode."""
    counted = window(windows, f"workload-{number}")
    around = window(windows, f"run-{number}")
    told = read_json(os.path.join(outdir, f"l2-{number}.json"))
    cost = counted["exit_cycles"]
    return {
        "name": f"{cluster}-{number}",
        **settings,
        "cluster": cluster,
        "batch": "off",
        "workload": told["workload"],
        "l2_seconds": told["l2_seconds"],
        "instructions": counted["instructions"],
        "exits": counted["exits"],
        "exceptions": counted["exceptions"],
        "reflected": counted["reflected"],
        "l0_handled": counted["l0_handled"],
        "l0_per_exit": counted["l0_per_exit"],
        "ticks": counted["ticks"],
        "charged_cycles": counted["charged_cycles"],
        "model_cycles": model_cycles(counted, cost),
        "overhead": round(overhead(counted, cost), 6),
        "output_sha256": sha256_file(os.path.join(outdir, f"objects-{number}.sha256")),
        "around": {"exits": around["exits"], "instructions": around["instructions"]},
    }


def results(machine, versions, modes, settings, outdir):
    """All of results.json. Raises Missing when the boot left something out.

    modes: the mode of each run, in order; settings: "l0" and "l1_ept", the same
    for all of them.
    """
    windows = read_json_lines(os.path.join(outdir, "windows.jsonl"))
    return {
        "schema": SCHEMA,
        "machine": machine,
        "versions": versions,
        "runs": [run(number, cluster, settings, windows, outdir)
                 for number, cluster in enumerate(modes, start=1)],
    }


def objects_agree(result):
    """True when every run produced the same bytes."""
    return len({one["output_sha256"] for one in result["runs"]}) == 1
