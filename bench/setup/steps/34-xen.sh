# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The hypervisor: Xen 4.20.3, the series of xen-patches/ and, laid into its tree,
# cluster/, nvmx/ and Zydis' decoder. Leaves xen, xen-syms, config, version.

readonly beside=xen/arch/x86/hvm/vmx/nvmx-cluster

step_inputs()
{
    source_inputs XEN_SRC xen-source
    echo "step zydis"
    echo "tree $TOP/xen-patches"
    echo "tree $TOP/cluster"
    echo "tree $TOP/nvmx"
    echo "file $TOP/bench/xen.config"
    [[ -z ${XEN_DEBUG:-} ]] || echo "var debug"
    echo "var gcc=$(gcc -dumpfullversion 2>/dev/null)"
}

step_disk()
{
    echo 700
}

# Debian's 4.20.3+... is the stable branch after 4.20.3 and calls itself 4.20.4-pre.
check_version()
{
    local version
    version=$(awk '/^export XEN_(VERSION|SUBVERSION) / { v = v $NF "." }
        /^export XEN_EXTRAVERSION/ { sub(/.*= */, ""); sub(/\$.*/, ""); print v $0 }' src/xen/Makefile |
        sed 's/\.\././')
    echo "$version" >version
    [[ $version == 4.20.[34]* ]] ||
        note "this Xen calls itself $version; xen-patches/ are for 4.20.3 and what follows it"
}

step_build()
{
    source_unpack XEN_SRC xen-source src
    check_version
    shopt -s nullglob
    apply_patches src "$TOP"/xen-patches/*.patch
    # Without the series, which is stock Xen, there is no place for the engine.
    [[ ! -e src/$beside/Makefile ]] ||
        "$TOP/xen-patches/lay-engine" src "$(step_out zydis)/zydis" "$(step_out zydis)/zycore"
    export XEN_BUILD_DATE='Mon Jan  1 00:00:00 UTC 2024' XEN_BUILD_TIME=00:00:00
    export XEN_BUILD_HOST=lab XEN_WHOAMI=lab XEN_DOMAIN=
    make -C src/xen defconfig
    cat "$TOP/bench/xen.config" >>src/xen/.config
    [[ -z ${XEN_DEBUG:-} ]] || printf 'CONFIG_%s=y\n' DEBUG DEBUG_LOCKS >>src/xen/.config
    make -C src/xen olddefconfig
    make -C src/xen -j"$JOBS"
    install -m 644 src/xen/xen src/xen/xen-syms .
    install -m 644 src/xen/.config config
    rm -rf src
}
