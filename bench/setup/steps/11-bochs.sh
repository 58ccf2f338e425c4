# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The emulator: Bochs 3.0, our patches and files of bench/bochs/, optimised for this CPU.
# Leaves bin/bochs, the BIOS images in share/, version.

step_inputs()
{
    source_inputs BOCHS_SRC bochs-source
    echo "tree $TOP/bench/bochs/src"
    echo "tree $TOP/bench/bochs/patches"
    echo "file $TOP/bench/bochs/configure-flags"
    echo "file $TOP/bench/guest/lab_abi.h"
    # -march=native: a cache that is carried to another CPU is not for that one.
    echo "var cpu=$(sed -n '/^flags/ { p; q }' /proc/cpuinfo | sha256sum | cut -c1-16)"
    echo "var gcc=$(gcc -dumpfullversion 2>/dev/null)"
}

step_disk()
{
    echo 400
}

# The configuration that was compiled in is the one asked for.
check_features()
{
    local feature
    for feature in SUPPORT_VMX=2 SUPPORT_X86_64=1 SUPPORT_AVX=1 SUPPORT_PCI=1 SUPPORT_APIC=1; do
        grep -q "define BX_${feature%=*} ${feature#*=}" src/config.h ||
            explain "$EX_FEATURE" "Bochs was built without BX_$feature" \
                "check bench/bochs/configure-flags against this version's ./configure --help"
    done
    bin/bochs --help cpu >cpus.txt 2>&1 || true
    for feature in corei7_sandy_bridge_2600k corei7_haswell_4770; do
        grep -q "$feature" cpus.txt ||
            explain "$EX_FEATURE" "Bochs does not know the CPU model $feature" \
                "use the Bochs version that bench/bochs/patches are for"
    done
    rm cpus.txt
}

step_build()
{
    local flags
    source_unpack BOCHS_SRC bochs-source src
    shopt -s nullglob
    apply_patches src "$TOP"/bench/bochs/patches/*.patch
    cp -r "$TOP/bench/bochs/src/." src
    cp "$TOP/bench/guest/lab_abi.h" src/cpu
    mapfile -t flags < <(grep -v '^#' "$TOP/bench/bochs/configure-flags" | xargs -n1)
    (
        cd src || exit
        CFLAGS='-O3 -march=native -w' CXXFLAGS='-O3 -march=native -w' ./configure "${flags[@]}"
        make -j"$JOBS" bochs
    )
    install -D -s src/bochs bin/bochs
    check_features
    install -D -m 644 /usr/share/bochs/BIOS-bochs-latest share/BIOS-bochs-latest
    install -D -m 644 /usr/share/vgabios/vgabios.bin share/vgabios.bin
    sed -n 's/^VERSION="\(.*\)"/Bochs \1/p' src/configure >version
    rm -rf src
}
