#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# show-check.sh SHOW PATHS FILE... - is what the program show says the truth?
#
# Of each file: every node's code is understood, and L1's bytes are those of the path
# (show --check); and as many exits and instructions are bridged as the program paths counts
# for the file's first path.  Of one file: L1's side of the first nodes is as golden/show.txt
# has it (UPDATE=1 writes it anew), which does not depend on the translator.  And twice the
# same command prints the same.

show=$1 paths=$2
shift 2
passed=0
failed=0
golden=golden/show.txt
shown="--l1 --nodes 13 golden/paths/linux-6.12-cpuid.path.gz"

judge() {
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$2"
    fi
}

totals() {
    grep -m 1 'on, plain fields'
}

for path; do
    output=$("$show" --check "$path")
    judge $? "$path: show --check: $output"
    counted=$("$paths" "$path" | totals)
    test -n "$counted" && test "$(echo "$output" | totals)" = "$counted"
    judge $? "$path: show says $(echo "$output" | totals), paths $counted"
done

text=$("$show" $shown)
[ "$UPDATE" != 1 ] || echo "$text" >"$golden"
echo "$text" | diff "$golden" -
judge $? "show $shown: not as $golden"

[ -n "$("$show" --from 0 --nodes 1000 "$1")" ] &&
    [ "$("$show" --from 0 --nodes 1000 "$1")" = "$("$show" --from 0 --nodes 1000 "$1")" ]
judge $? "show: not the same twice"

echo "show: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
