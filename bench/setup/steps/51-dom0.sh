# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# dom0: a small initramfs for the boot medium; and dom0-job with the tools of L0, Xen's or
# QEMU, in an archive that it takes from the host. Leaves initrd, tools-xen.tar, tools-kvm.tar.

readonly xen_bin=usr/lib/xen-4.20/bin
readonly xen_tools=(xl xenstored xenconsoled xenconsole xen-init-dom0 xentrace xenperf)

step_inputs()
{
    echo "step debian"
    echo "file $TOP/bench/guest/dom0-init"
    echo "file $TOP/bench/guest/dom0-job"
    echo "file $TOP/bench/guest/dom0-l1"
    echo "file $TOP/bench/guest/l0-xen"
    echo "file $TOP/bench/guest/l0-kvm"
    guest_inputs
}

# pack_tools L0 PATH...: the archive for it, with these of Debian's files.
pack_tools()
{
    local l0=$1
    shift
    # In the image sbin is bin; the archive must not bring a directory of that name.
    mkdir -p tools/usr/bin
    ln -s bin tools/usr/sbin
    install_elf "$(step_out debian)/root" tools "$@"
    install -m 755 "$TOP/bench/guest/dom0-job" "$TOP/bench/guest/dom0-l1" \
        "$TOP/bench/guest/l0-$l0" tools/usr/bin
    find tools -exec touch -h -d "$IMAGE_DATE" {} +
    tar --sort=name --owner=0 --group=0 --numeric-owner --exclude=usr/sbin \
        -C tools -cf "tools-$l0.tar" usr
    rm -rf tools
}

step_build()
{
    local qboot=usr/share/qemu/qboot.rom
    mkdir image
    image_skeleton image
    install -m 755 "$TOP/bench/guest/dom0-init" image/init
    cpio_pack image initrd
    rm -rf image

    pack_tools xen "${xen_tools[@]/#/$xen_bin/}" \
        usr/sbin/xenhypfs usr/bin/xenstore-read usr/bin/xenstore-ls \
        usr/lib/x86_64-linux-gnu/libgcc_s.so.1    # by dlopen, when a thread ends
    install -D -m 644 "$(step_out debian)/root/$qboot" "tools/$qboot"
    pack_tools kvm usr/bin/qemu-system-x86_64-microvm
}
