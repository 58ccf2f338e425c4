# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# Linux 6.1 of Debian 12, small: one kernel for dom0, L2 and, on request, L1.
# Leaves bzImage, vmlinux (stripped), System.map, and in tree/ the source tree
# prepared for compiling single objects, which the L2 image takes.

readonly linux_package=/usr/src/linux-source-6.1.tar.xz

step_inputs()
{
    if [[ -n ${LINUX_SRC:-} ]]; then
        source_inputs LINUX_SRC -
    else
        echo "var linux-source-6.1=$(dpkg-query -W -f '${Version}' linux-source-6.1 2>/dev/null)"
    fi
    echo "file $TOP/bench/kernel/lab.config"
    echo "file $TOP/bench/kernel/l2-tree.sh"
}

step_disk()
{
    echo 2500
}

# Kconfig drops what it does not know or cannot have, without a word.
check_config()
{
    local line
    grep '^CONFIG_.*[^n]$' "$TOP/bench/kernel/lab.config" | while read -r line; do
        grep -qx "$line" .config || explain "$EX_BUILD" "this Linux does not take $line" \
            "mend bench/kernel/lab.config for the version at hand"
    done
}

step_build()
{
    local out=$1
    export KBUILD_BUILD_TIMESTAMP=2024-01-01 KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab ARCH=x86_64
    LINUX_SRC=${LINUX_SRC:-$linux_package} source_unpack LINUX_SRC - src
    cd src || exit
    make -s tinyconfig
    ./scripts/kconfig/merge_config.sh -m .config "$TOP/bench/kernel/lab.config"
    make -s olddefconfig
    check_config
    make -j"$JOBS" bzImage
    install -m 644 arch/x86/boot/bzImage System.map .config "$out"
    objcopy --strip-debug --strip-unneeded vmlinux "$out/vmlinux"
    "$TOP/bench/kernel/l2-tree.sh" "$out/tree"
    cd "$out" || exit
    rm -rf src
}
