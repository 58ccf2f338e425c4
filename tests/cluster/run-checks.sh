#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Runs each argument as a command, adds up the lines "...: N passed, N failed"
# with which they end, and prints the total alone on the last line.  A command
# that ends without such a line has crashed and counts as one failure.
# cmocka's lines about tests that pass are left out, unless VERBOSE=1.

passed=0
failed=0
output=$(mktemp) || exit 2
trap 'rm -f "$output"' EXIT

show() {
    if [ "$VERBOSE" = 1 ]; then cat "$output"; else grep -v -e '^\[ RUN ' -e '^\[       OK ' "$output"; fi
}

for command in "$@"; do
    case $command in
    *' golden '*) echo "== ${command%% *}" ;;
    *) echo "== $command" ;;
    esac
    sh -c "$command" >"$output" 2>&1
    status=$?
    show
    last=$(tail -n 1 "$output")
    counts=$(echo "$last" | sed -n 's/^.*: \([0-9]*\) passed, \([0-9]*\) failed$/\1 \2/p')
    if [ -z "$counts" ]; then
        echo "ended without a result, exit status $status"
        failed=$((failed + 1))
        continue
    fi
    passed=$((passed + ${counts% *}))
    failed=$((failed + ${counts#* }))
    if [ "$status" -ne 0 ] && [ "${counts#* }" -eq 0 ]; then
        echo "all passed, but the exit status is $status"
        failed=$((failed + 1))
    fi
done

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
