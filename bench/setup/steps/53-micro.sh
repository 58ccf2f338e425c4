# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The bare L2 of the workload micro. Leaves micro.

step_inputs()
{
    local file
    for file in "$TOP"/bench/guest/micro/{Makefile,*.lds,*.[chS]}; do
        echo "file $file"
    done
    echo "file $TOP/bench/guest/lab_abi.h"
    echo "file $TOP/bench/guest/lab_call.h"
    echo "var gcc=$(gcc -dumpfullversion 2>/dev/null)"
}

step_disk()
{
    echo 1
}

step_build()
{
    make -C "$TOP/bench/guest/micro" BUILD="$1"
    rm -f "$1"/*.o
}
