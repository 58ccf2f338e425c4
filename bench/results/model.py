# SPDX-License-Identifier: GPL-2.0-only
"""The measurement of one boot of the lab, from what the guests and the emulator
left in the output directory to the structure of results.json.

What the emulator counted is in windows.jsonl (bench/bochs/README.md); what L2
says of run N is in l2-N.json (bench/guest/l2-init, bench/guest/micro); what it built, in
objects-N.sha256; what Xen's engine says of its own work, in perf-N.txt, which KVM
as L0 does not have.
docs/RESULTS-FORMAT.md says what every key of the result means.

Nothing here computes a figure that the emulator can count.  The only
arithmetic is the cost model (cycles.py); engine(), which divides what the emulator
counted by what the engine did; and operations(), which divides it by what L2 did.
"""

import hashlib
import json
import os
import re

import cycles

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


def sha256_file(path):
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except FileNotFoundError:
        raise Missing(f"{path} is not there: L2 did not finish its workload") from None


def read_json(path, otherwise="L2 did not finish its workload"):
    """otherwise: what it means that it is not there."""
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        raise Missing(f"{path} is not there: {otherwise}") from None
    except json.JSONDecodeError as error:
        raise Missing(f"{path} is damaged: {error}") from None


def write_atomically(path, text):
    with open(path + ".part", "w") as file:
        file.write(text)
    os.replace(path + ".part", path)


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


# Parts of L0 (bench/l0-parts) that are one for the engine's figures.
EXECUTE = ("region", "bytes")
AROUND = ("gate", "find", "epoch")
RECORD = ("record", "translate")


def ratio(part, whole):
    return part / whole if part is not None and whole else None


def spent(parts, *names):
    """Instructions that L0 executed in those parts; None where none of them was counted."""
    found = [parts[name]["instructions"] for name in names if name in parts]
    return sum(found) if found else None


def engine(perf, parts):
    """What the engine did, by its own perf counters, and what that cost L0, by the emulator.

    An execution handles one exiting instruction that had exited and the others,
    which it avoided; one that began at a virtual exit avoided all of them.  VMRESUME,
    counted among the exits avoided, is not among its instructions.  What is left of
    its instructions is bridged.
    """
    executions = perf.get("clusters executed", 0)
    instructions = perf.get("instructions in clusters", 0)
    resumed = perf.get("VMRESUME within a cluster", 0)
    avoided = perf.get("exits avoided by clusters", 0)
    recorded = perf.get("instructions recorded", 0)
    entered = perf.get("virtual exits gone on from in L0", 0)
    bridged = max(instructions - (avoided - resumed) - (executions - entered), 0)
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
        "l0_per_bridged": ratio(spent(parts, *EXECUTE), bridged),
        "l0_per_execution": ratio(spent(parts, *AROUND), executions),
        "l0_per_recorded": ratio(spent(parts, *RECORD), recorded),
        "cached_share": ratio(perf.get("clusters executed from cache"), executions),
    }


def steady_share(parts):
    """Of the executions in the window, those that recorded nothing, by the emulator's calls.

    A lower bound: an execution that ends in recording one more path of its region is
    taken for two, of which one recorded.
    """
    if "region" not in parts or "record" not in parts:
        return None
    executed = parts["region"]["calls"]
    return ratio(executed, executed + parts["record"]["calls"])


def parts_of(counted):
    """{part: instructions of L0} of a window."""
    return {name: part["instructions"] for name, part in counted.get("l0_parts", {}).items()}


def operation(counted, count, weights):
    """One of count operations that were executed in the window counted, on average."""
    instructions = counted["instructions"]
    return {
        "count": count,
        "model_cycles": cycles.model_cycles(counted, counted["exit_cycles"], weights) / count,
        "exits": cycles.exits_in_all(counted["exits"]) / count,
        **{level: instructions[level] / count for level in ("l0", "l1", "l2")},
        "l0_parts": {name: spent / count for name, spent in parts_of(counted).items()},
    }


def operations(number, counts, weights, windows):
    """{name: operation()}; counts: how many of each L2 says to have executed in their windows."""
    for name, count in counts.items():
        if not isinstance(count, int) or count < 1:
            raise Missing(f"run {number} executed '{name}' {count} times: nothing to be measured")
    return {name: operation(window(windows, f"op-{number}-{name}"), count, weights)
            for name, count in counts.items()}


def fields(word):
    """A word of RUNS: mode, workload or None, traced or not."""
    mode, workload, trace = (word.split(":") + ["", ""])[:3]
    return mode, workload or None, trace == "trace"


def switches(mode):
    """(cluster, batch) that a mode of RUNS stands for: `stock`, or a value of nvmx-cluster=;
    `kvm`, the only mode of KVM as L0, has no such switches."""
    if mode == "kvm":
        return None, None
    cluster, batch = "off", "on"
    for part in ("off,batch=off" if mode == "stock" else mode).split(","):
        name, _, value = part.partition("=")
        if name == "batch":
            batch = value
        else:
            cluster = part
    return cluster, batch


def mode_of(one):
    """The mode that a run was made in; each has one name only."""
    if one["l0"] == "kvm":
        return "kvm"
    if one["batch"] == "on":
        return one["cluster"]
    return "stock" if one["cluster"] == "off" else f"{one['cluster']},batch={one['batch']}"


def of_mode(runs, mode):
    """Those to be compared: not traced, as tracing makes every exit longer."""
    return [one for one in runs if mode_of(one) == mode and not one["traced"]]


def baseline(runs):
    """The mode that the others are compared with: stock, or where it did not run, off."""
    return "stock" if of_mode(runs, "stock") else "off"


def perf_of(number, mode, outdir):
    """What the run's engine counted itself; KVM has none."""
    return {} if mode == "kvm" else perf_counters(os.path.join(outdir, f"perf-{number}.txt"))


def run(number, word, settings, weights, windows, outdir):
    """One entry of results.json's "runs": the number-th run, made as the word says."""
    mode, _, traced = fields(word)
    cluster, batch = switches(mode)
    counted = window(windows, f"workload-{number}")
    around = window(windows, f"run-{number}")
    told = read_json(os.path.join(outdir, f"l2-{number}.json"))
    cost = counted["exit_cycles"]
    return {
        "name": f"{mode_of({**settings, 'cluster': cluster, 'batch': batch})}-{number}",
        **settings,
        "cluster": cluster,
        "traced": traced,
        "batch": batch,
        "workload": told["workload"],
        "l2_seconds": told["l2_seconds"],
        "instructions": counted["instructions"],
        "l0_parts": parts_of(counted),
        "exits": counted["exits"],
        "exceptions": counted["exceptions"],
        "vmcs_ops": counted["vmcs_ops"],
        "reflected": cycles.weighted(counted["reflected"], weights),
        "l0_handled": cycles.weighted(counted["l0_handled"], weights),
        "l0_per_exit": counted["l0_per_exit"],
        "ticks": counted["ticks"],
        "charged_cycles": counted["charged_cycles"],
        "model_cycles": cycles.model_cycles(counted, cost, weights),
        "overhead": round(cycles.overhead(counted, cost, weights), 6),
        "operations": operations(number, told.get("operations", {}), weights, windows),
        "output_sha256": output(told["workload"], number, outdir),
        "engine": {
            **engine(perf_of(number, mode, outdir), around.get("l0_parts", {})),
            "steady_share": steady_share(counted.get("l0_parts", {})),
        },
        "around": {key: around[key] for key in ("exits", "instructions", "vmcs_ops")},
    }


def output(workload, number, outdir):
    """Names what the workload built; None where it builds nothing."""
    if not workload.startswith("kernel-"):
        return None
    return sha256_file(os.path.join(outdir, f"objects-{number}.sha256"))


def results(boot, weights, outdir):
    """All of results.json. Raises Missing when the boot left something out.

    boot: what the counts do not tell, "machine", "versions", "words" (RUNS, one word
    for each run) and "settings" ("l0", "l1_kernel", "l1_ept" and "l2_cmdline", the same for
    all of them); weights: as cycles.weights() makes them.
    """
    windows = read_json_lines(os.path.join(outdir, "windows.jsonl"))
    return {
        "schema": SCHEMA,
        "machine": {**boot["machine"], "l0": boot["settings"]["l0"], "vmcs_cycles": weights},
        "versions": boot["versions"],
        "runs": [run(number, word, boot["settings"], weights, windows, outdir)
                 for number, word in enumerate(boot["words"], start=1)],
    }


def boot_of(former):
    """The same, out of an earlier results.json of the boot."""
    runs = former["runs"]
    return {
        "machine": former["machine"],
        "versions": former["versions"],
        "words": [mode_of(one) + ("::trace" if one["traced"] else "") for one in runs],
        "settings": {**{key: runs[0][key] for key in ("l0", "l1_kernel", "l1_ept")},
                     "l2_cmdline": runs[0].get("l2_cmdline", "")},
    }


def objects_agree(result):
    """True when all runs of a workload that builds something produced the same bytes."""
    built = {(one["workload"], one["output_sha256"])
             for one in result["runs"] if one["output_sha256"]}
    return len(built) == len({workload for workload, _ in built})
