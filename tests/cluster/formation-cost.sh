#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# formation-cost.sh PROGRAM OUTPUT FILE... - for each golden path, host instructions to
# form its regions, per instruction of L1 in them: recording, decoding being part of it,
# and translation.  Counted by callgrind; recordings of which nothing was kept count, and
# so do the ops that stand in for the world.

set -e
program=$1 output=$2
shift 2
printf '%-36s %6s %10s %10s %10s %8s\n' path L1 recording '(decoding)' translating sum
for path; do
    formed=$(valgrind -q --tool=callgrind --callgrind-out-file="$output" \
        --toggle-collect=cluster_record --toggle-collect=cluster_translate \
        "$program" --formation "$path" | sed -n 's/^formed: \([0-9]*\).*/\1/p')
    callgrind_annotate --inclusive=yes --threshold=100 --auto=no "$output" |
        awk -v formed="$formed" -v name="$(basename "$path" .path.gz)" '
        $1 !~ /^[0-9,]+$/ { next }
        { n = $1; gsub(",", "", n) }
        /PROGRAM TOTALS/ { total = n }
        /:cluster_decode \[/ { decode = n }
        /:cluster_translate \[/ { translate = n }
        END {
            printf "%-36s %6d %10d %10d %10d %8d\n", name, formed, (total - translate) / formed,
                decode / formed, translate / formed, total / formed
        }'
done
