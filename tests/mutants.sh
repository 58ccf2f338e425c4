# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# mutants.sh - what the mutants.sh of the suites share; they source it.
#
# Do the tests bite?  Each mutant is a copy of what is tested with one fault put in by sed;
# "make check" must fail on it.  A pattern that no longer matches anything is an error,
# too: the mutant has to follow the code.
#
#   mutants_start ONLY SUITE SOURCES SETTING...   a part of the names of those mutants that
#                                   are wanted; the folders tests/SUITE and SOURCES; what
#                                   "make check" is given
#   mutant NAME FILE SED-EXPRESSION
#   mutants_end                     the last line is "N passed, N failed"; a mutant that
#                                   survives is a failure

mutants_start() {
    only=$1
    suite=$2
    sources=$3
    shift 3
    settings=$*
    top=$(cd "$(dirname "$0")/../.." && pwd)
    passed=0
    failed=0
    work=$(mktemp -d) || exit 2
    trap 'rm -rf "$work"' EXIT
    mkdir "$work/tests"
    cp -r "$top/cluster" "$top/nvmx" "$work"
    # cluster has what the others share.
    for folder in cluster "$suite"; do
        [ -d "$work/tests/$folder" ] || cp -r "$top/tests/$folder" "$work/tests"
        rm -rf "$work/tests/$folder/build/"*
    done
    if ! check; then
        echo "$sources as it is fails:"
        tail -n 3 "$work/log"
        exit 1
    fi
}

check() {
    # Several settings are several words.
    # shellcheck disable=SC2086
    make --no-print-directory -C "$work/tests/$suite" check $settings >"$work/log" 2>&1
}

# Only the file that is changed, and then changed back, is compiled again.
restore() {
    cp "$top/$sources/$1" "$work/$sources/$1"
}

mutant() {
    case $1 in *"$only"*) ;; *) return ;; esac
    sed -i "$3" "$work/$sources/$2"
    if cmp -s "$top/$sources/$2" "$work/$sources/$2"; then
        echo "NOT MADE  $1: the pattern matches nothing in $2"
        failed=$((failed + 1))
        return
    fi
    if check; then
        echo "SURVIVED  $1"
        failed=$((failed + 1))
    elif ! grep -q ' passed, [0-9]* failed$' "$work/log"; then
        echo "NOT BUILT $1"
        tail -n 5 "$work/log"
        failed=$((failed + 1))
    else
        echo "killed    $1, by: $(killers)"
        passed=$((passed + 1))
    fi
    restore "$2"
}

# The programs with failures.
killers() {
    sed -n -e 's/^\(.*\): [0-9]* passed, [1-9][0-9]* failed$/\1/p' \
        -e 's/^ended without a result.*/a crash/p' "$work/log" | paste -s -d ';' | sed 's/;/; /g'
}

mutants_end() {
    echo
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
