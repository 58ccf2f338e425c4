# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# dom0: a small initramfs for the boot medium, and Xen's tools and
# dom0-job in an archive that it takes from the host. Leaves initrd, tools.tar.

readonly xen_bin=usr/lib/xen-4.20/bin
readonly tools=(xl xenstored xenconsoled xenconsole xen-init-dom0 xentrace xenperf)

step_inputs()
{
    echo "step debian"
    echo "file $TOP/bench/guest/dom0-init"
    echo "file $TOP/bench/guest/dom0-job"
    echo "file $TOP/bench/guest/dom0-l1"
    guest_inputs
}

step_build()
{
    local root tool
    root=$(step_out debian)/root
    mkdir image tools
    image_skeleton image
    install -m 755 "$TOP/bench/guest/dom0-init" image/init
    cpio_pack image initrd

    # In the image sbin is bin; the archive must not bring a directory of that name.
    mkdir -p tools/usr/bin
    ln -s bin tools/usr/sbin
    for tool in "${tools[@]}"; do
        install_elf "$root" tools "$xen_bin/$tool"
    done
    install_elf "$root" tools usr/sbin/xenhypfs usr/bin/xenstore-read usr/bin/xenstore-ls \
        usr/lib/x86_64-linux-gnu/libgcc_s.so.1    # by dlopen, when a thread ends
    install -m 755 "$TOP/bench/guest/dom0-job" "$TOP/bench/guest/dom0-l1" tools/usr/bin
    find tools -exec touch -h -d "$IMAGE_DATE" {} +
    tar --sort=name --owner=0 --group=0 --numeric-owner --exclude=usr/sbin \
        -C tools -cf tools.tar usr
    rm -rf image tools
}
