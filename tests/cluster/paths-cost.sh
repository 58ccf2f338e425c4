#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# paths-cost.sh PROGRAM OUTPUT FILE... - for each golden path, host instructions per
# instruction of L1 that its regions execute, translated, everything warm: counted by
# callgrind, without the ops that stand in for the world.

set -e
program=$1 output=$2
shift 2
runs=500
printf '%-36s %8s %8s %10s\n' path executed exiting 'host/L1'
for path; do
    measured=$(valgrind -q --tool=callgrind --callgrind-out-file="$output" \
        --toggle-collect=measured_run "$program" --measure $runs "$path" |
        sed -n 's/^measured: //p')
    callgrind_annotate --inclusive=yes --threshold=100 --auto=no "$output" |
        awk -v runs=$runs -v measured="$measured" -v name="$(basename "$path" .path.gz)" '
        $1 !~ /^[0-9,]+$/ { next }
        { n = $1; gsub(",", "", n) }
        /PROGRAM TOTALS/ { total = n }
        /:op_[a-z_]* \[/ { total -= n }       # each is listed a second time without its program
        END {
            split(measured, word, " ")
            printf "%-36s %8d %8d %10.2f\n", name, word[1] / runs, word[3] / runs, total / word[1]
        }'
done
