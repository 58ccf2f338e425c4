# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# Xen as Debian trixie ships it; the version that xen-patches/ are for.
pattern='xen_4.20.3*.orig.tar.*'

step_inputs()
{
    echo "var pattern=$pattern"
    echo "var refresh=$(cat "$CACHE/refresh" 2>/dev/null)"
}

step_build()
{
    fetch_source xen "$pattern" XEN_SRC
}
