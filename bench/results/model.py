# SPDX-License-Identifier: GPL-2.0-only
"""The measurement of one boot of the lab, from what the guests and the emulator
left in the output directory to the structure of results.json.

What the emulator counted is in windows.jsonl (bench/bochs/README.md); what L2
says of run N is in l2-N.json (bench/guest/l2-init); what it built, in
objects-N.sha256; what Xen's engine says of its own work, in perf-N.txt.
docs/RESULTS-FORMAT.md says what every key of the result means.

Nothing here computes a figure that the emulator can count.  The only
arithmetic is the cost model, model_cycles() and overhead() below, and engine(),
which divides what the emulator counted by what the engine did.
"""

import hashlib
import json
import os
import re

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


def perf_counters(path):
    """Xen's perf counters of nested VMX, as xenperf printed them: {name: total}."""
    counters = {}
    try:
        with open(path) as file:
            for line in file:
                found = re.match(r"nvmx: (.*\S)\s+T=\s*(\d+)", line)
                if found:
                    counters[found.group(1)] = int(found.group(2))
    except FileNotFoundError:
        raise Missing(f"{path} is not there: dom0 did not hand it over") from None
    return counters


def ratio(part, whole):
    return part / whole if part is not None and whole else None


def spent(parts, *names):
    """Instructions that L0 executed in those parts; None where none of them was counted."""
    found = [parts[name]["instructions"] for name in names if name in parts]
    return sum(found) if found else None


def engine(perf, parts):
    """What the engine did, by its own perf counters, and what that cost L0, by the emulator.

    An execution handles one exiting instruction that had exited and the others,
    which it avoided; VMRESUME, counted among the exits avoided, is not among its
    instructions.  What is left of its instructions is bridged.
    """
    executions = perf.get("clusters executed", 0)
    instructions = perf.get("instructions in clusters", 0)
    resumed = perf.get("VMRESUME within a cluster", 0)
    avoided = perf.get("exits avoided by clusters", 0)
    recorded = perf.get("instructions recorded", 0)
    bridged = max(instructions - (avoided - resumed) - executions, 0)
    return {
        "executions": executions,
        "cached": perf.get("clusters executed from cache", 0),
        "instructions": instructions,
        "bridged": bridged,
        "exits_avoided": avoided,
        "resumed": resumed,
        "recorded": recorded,
        "predictions": perf.get("predictions compared", 0),
        "mismatches": perf.get("predictions that were wrong", 0),
        "l0_parts": parts,
        "l0_per_bridged": ratio(spent(parts, "execute"), bridged),
        "l0_per_execution": ratio(spent(parts, "glue", "engine"), executions),
        "l0_per_recorded": ratio(spent(parts, "record", "translate"), recorded),
        "cached_share": ratio(perf.get("clusters executed from cache"), executions),
    }


def steady_share(parts):
    """Of the executions in the window, those that recorded nothing, by the emulator's calls.

    A lower bound: an execution that ends in recording one more path of its region is
    taken for two, of which one recorded.
    """
    if "execute" not in parts or "record" not in parts:
        return None
    executed = parts["execute"]["calls"]
    return ratio(executed, executed + parts["record"]["calls"])


def fields(word):
    """A word of RUNS: mode, workload or None, traced or not."""
    mode, workload, trace = (word.split(":") + ["", ""])[:3]
    return mode, workload or None, trace == "trace"


def run(number, word, settings, windows, outdir):
    """One entry of results.json's "runs": the number-th run, made as the word says."""
    cluster, _, traced = fields(word)
    counted = window(windows, f"workload-{number}")
    around = window(windows, f"run-{number}")
    told = read_json(os.path.join(outdir, f"l2-{number}.json"))
    cost = counted["exit_cycles"]
    return {
        "name": f"{cluster}-{number}",
        **settings,
        "cluster": cluster,
        "traced": traced,
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
        "output_sha256": output(told["workload"], number, outdir),
        "engine": {
            **engine(perf_counters(os.path.join(outdir, f"perf-{number}.txt")),
                     around.get("l0_parts", {})),
            "steady_share": steady_share(counted.get("l0_parts", {})),
        },
        "around": {"exits": around["exits"], "instructions": around["instructions"]},
    }


def output(workload, number, outdir):
    """Names what the workload built; None where it builds nothing."""
    if workload != "kernel-compile":
        return None
    return sha256_file(os.path.join(outdir, f"objects-{number}.sha256"))


def results(machine, versions, words, settings, outdir):
    """All of results.json. Raises Missing when the boot left something out.

    words: RUNS, one word for each run; settings: "l0", "l1_kernel" and "l1_ept", the
    same for all of them.
    """
    windows = read_json_lines(os.path.join(outdir, "windows.jsonl"))
    return {
        "schema": SCHEMA,
        "machine": machine,
        "versions": versions,
        "runs": [run(number, word, settings, windows, outdir)
                 for number, word in enumerate(words, start=1)],
    }


def objects_agree(result):
    """True when every run that builds something produced the same bytes."""
    return len({one["output_sha256"] for one in result["runs"]} - {None}) <= 1
