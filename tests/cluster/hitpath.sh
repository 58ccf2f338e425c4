#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# hitpath.sh PROGRAM OUTPUT - instructions per execution of a found cluster,
# counted by callgrind, without those of the ops that stand in for the world.

set -e
runs=$("$1" | sed -n 's/ runs$//p')
valgrind -q --tool=callgrind --callgrind-out-file="$2" --toggle-collect=cluster_run "$1" >/dev/null
callgrind_annotate --threshold=100 --auto=no "$2" | awk -v runs="$runs" '
    $1 !~ /^[0-9,]+$/ { next }
    { n = $1; gsub(",", "", n); n /= runs }
    /PROGRAM TOTALS/ { total = n; next }
    / [^ ]*:op_[a-z_]* / { total -= n; next }
    / [^ ]*:[a-z_]/ && n >= 1 {
        name = $0; sub(/^[^:]*:/, "", name); sub(/[ .].*/, "", name)
        self[name] += n
    }
    END {
        for (name in self) printf "%7.1f  %s\n", self[name], name
        printf "%7.1f  instructions per execution\n", total
    }'
