# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# Zydis, the instruction decoder that is compiled into Xen.
pattern='zydis_4.1.*.orig.tar.*'

step_inputs()
{
    echo "var pattern=$pattern"
    echo "var refresh=$(cat "$CACHE/refresh" 2>/dev/null)"
}

step_build()
{
    fetch_source zydis "$pattern" ZYDIS_SRC
}
