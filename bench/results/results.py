#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Turn what one boot of the lab left behind into results.json and a table.

Without --runs, what the counts do not tell (RUNS, machine, versions) is taken from the
results.json that is there: the same boot, with other weights.

exit codes: 0 done; 1 the runs' objects differ; 2 usage; 3 something is missing
"""

import argparse
import json
import os
import sys

import cycles
import figures
import model
import table


def typed(text):
    """A value as JSON would have it: true, false, a number, or a string."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def pair(text):
    key, sep, value = text.partition("=")
    if not sep:
        raise argparse.ArgumentTypeError(f"{text}: not KEY=VALUE")
    return key, value


def weights(text):
    try:
        return cycles.weights(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(error) from None


def arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("outdir", help="output directory of the boot; results.json goes there")
    parser.add_argument("--runs", type=str.split, metavar="'WORD ...'",
                        help="MODE, MODE:WORKLOAD or MODE:WORKLOAD:trace of each run, in order")
    parser.add_argument("--vmcs-cycles", type=weights, default="", metavar="OPERATION=CYCLES,...",
                        help="what each VMCS instruction of L0 costs in the cost model, of "
                             f"{', '.join(cycles.VMCS_OPS)} (default: 0)")
    parser.add_argument("--l0", default="xen", choices=("xen", "kvm"),
                        help="what ran as L0 (default: xen)")
    parser.add_argument("--l1-kernel", default="debian", help="which kernel L1 ran")
    parser.add_argument("--no-l1-ept", action="store_true", help="L1 ran with ept=0")
    parser.add_argument("--l2-cmdline", default="", metavar="WORD",
                        help="what L2's kernel was told besides the usual")
    parser.add_argument("--machine", action="append", type=pair, default=[], metavar="KEY=VALUE",
                        help='an entry of "machine"; the value is read as JSON where it is')
    parser.add_argument("--version-of", action="append", type=pair, default=[],
                        metavar="PART=VERSION", help='an entry of "versions"')
    parser.add_argument("--quiet", action="store_true", help="no table")
    return parser.parse_args()


def boot_of(args):
    """What the counts do not tell, for model.results()."""
    if args.runs is None:
        return model.boot_of(model.read_json(os.path.join(args.outdir, "results.json"),
                                             "name --runs, or make the boot anew"))
    return {
        "machine": {key: typed(value) for key, value in args.machine},
        "versions": dict(args.version_of),
        "words": args.runs,
        "settings": {"l0": args.l0, "l1_kernel": args.l1_kernel, "l1_ept": not args.no_l1_ept,
                     "l2_cmdline": args.l2_cmdline},
    }


def main():
    args = arguments()
    try:
        result = model.results(boot_of(args), args.vmcs_cycles, args.outdir)
    except model.Missing as missing:
        print(f"results: {missing}", file=sys.stderr)
        return 3
    model.write_atomically(os.path.join(args.outdir, "results.json"),
                           json.dumps(result, indent=2) + "\n")
    if not args.quiet:
        print("\n".join([*table.lines(result), *figures.lines([result])]))
    if not model.objects_agree(result):
        print("results: the objects that L2 built differ between the runs:", file=sys.stderr)
        for one in result["runs"]:
            print(f"  {one['name']}: {one['output_sha256']}", file=sys.stderr)
        return 1
    built = [one for one in result["runs"] if one["output_sha256"]]
    if built:
        print(f"\nThe objects of all {len(built)} runs that compile are byte-identical.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
