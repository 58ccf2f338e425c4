# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# Zycore, the headers that Zydis stands on.
pattern='zycore-c_1.5.*.orig.tar.*'

step_inputs()
{
    echo "var pattern=$pattern"
    echo "var refresh=$(cat "$CACHE/refresh" 2>/dev/null)"
}

step_build()
{
    fetch_source zycore-c "$pattern" ZYCORE_SRC
}
