# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# ui.sh - what the set-up tells its user, and its exit codes.
#
# Contract: source once. Progress goes to stdout, everything that went wrong to
# stderr. Elapsed time is redrawn only on a terminal.

# Exit codes, in `setup --help` too. 130 is Ctrl-C.
# shellcheck disable=SC2034 # read by the files that source this one
readonly EX_BUILD=1 EX_USAGE=2 EX_MACHINE=3 EX_NETWORK=4 EX_CHECKSUM=5 EX_PATCH=6 EX_FEATURE=7

if [[ -t 1 ]]; then UI_TTY=1; else UI_TTY=; fi

warn()
{
    printf 'setup: warning: %s\n' "$*" >&2
}

# die CODE WHAT WHY TO-DO: the four things that every failure owes.
die()
{
    local code=$1 what=$2 why=$3 advice=$4
    {
        printf '\nsetup: error: %s\n' "$what"
        printf '  why:        %s\n' "$why"
        printf '  what to do: %s\n' "$advice"
    } >&2
    exit "$code"
}

# ui_line NUMBER TOTAL NAME TEXT: one step's line; replaces the ticking one.
ui_line()
{
    printf '%s[%2d/%d] %-16s %s%s\n' "${UI_TTY:+$'\r'}" "$1" "$2" "$3" "$4" \
        "${UI_TTY:+$'\e[K'}"
}

# ui_tick NUMBER TOTAL NAME: redraw the elapsed time until killed.
ui_tick()
{
    local start=$SECONDS
    while true; do
        printf '\r[%2d/%d] %-16s building, %d s \e[K' "$1" "$2" "$3" $((SECONDS - start))
        sleep 1
    done
}
