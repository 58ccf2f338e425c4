# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# Bochs as Debian trixie ships it; the version that bench/bochs/patches are for.
pattern='bochs_3.0+dfsg.orig.tar.*'

step_inputs()
{
    echo "var pattern=$pattern"
    echo "var refresh=$(cat "$CACHE/refresh" 2>/dev/null)"
}

step_build()
{
    fetch_source bochs "$pattern" BOCHS_SRC
}
