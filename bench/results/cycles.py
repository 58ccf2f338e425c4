# SPDX-License-Identifier: GPL-2.0-only
"""The cost model: model cycles out of what the emulator counted.

Counted: instructions, hardware exits, L0's own VMCS instructions.  Assumed: that an
instruction takes one cycle, what a hardware exit with its resume costs, and what
each VMCS instruction costs besides, its weight.
"""

VMCS_OPS = ("VMREAD", "VMWRITE", "VMPTRLD", "VMCLEAR")


def weights(text):
    """{operation: cycles} out of VMREAD=50,VMWRITE=60; what is not named costs nothing."""
    found = dict.fromkeys(VMCS_OPS, 0)
    for part in filter(None, text.split(",")):
        name, _, value = part.partition("=")
        if name not in found or not value.isdecimal():
            raise ValueError(f"{part}: not OPERATION=CYCLES, with one of {', '.join(VMCS_OPS)}")
        found[name] = int(value)
    return found


def of_vmcs_ops(counts, weight):
    return sum(weight[name] * counts[name] for name in VMCS_OPS)


def exits_in_all(exits):
    """Hardware exits of a window: both levels, every reason."""
    return sum(sum(by_reason.values()) for by_reason in exits.values())


def model_cycles(counted, exit_cycles, weight):
    """Of a window, without dom0."""
    instructions = counted["instructions"]
    return (instructions["l0"] + instructions["l1"] + instructions["l2"]
            + exit_cycles * exits_in_all(counted["exits"])
            + of_vmcs_ops(counted["vmcs_ops"], weight))


def overhead(counted, exit_cycles, weight):
    """What virtualization added, per instruction of L2."""
    l2 = counted["instructions"]["l2"]
    return (model_cycles(counted, exit_cycles, weight) - l2) / l2 if l2 else 0.0


def weighted(by_kind, weight):
    """reflected or l0_handled of a window, its medians of model cycles with the weights in.

    The emulator gives a median of each count, not the counts of each exit: medians are
    added here, which is exact where exits of a kind are much alike.
    """
    return {kind: {**sample, "model_cycles_median":
                   sample["model_cycles_median"] + of_vmcs_ops(sample["vmcs_ops"], weight)}
            for kind, sample in by_kind.items()}
