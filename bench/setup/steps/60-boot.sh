# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The boot medium: GRUB, Xen, dom0's kernel and its small initramfs. Leaves lab.iso.

step_inputs()
{
    echo "step xen"
    echo "step linux"
    echo "step dom0"
    echo "file $TOP/bench/guest/grub.cfg"
}

step_build()
{
    local modules='multiboot2 serial terminal iso9660 biosdisk normal configfile part_msdos'
    mkdir -p image/boot/grub
    cp "$(step_out xen)/xen" image/boot/xen
    cp "$(step_out linux)/bzImage" image/boot/dom0
    cp "$(step_out dom0)/initrd" image/boot/initrd
    cp "$TOP/bench/guest/grub.cfg" image/boot/grub/grub.cfg
    grub-mkrescue -o lab.iso --compress=no --fonts= --locales= --themes= \
        --install-modules="$modules" image -- -volume_date all_file_dates '=1704067200'
    rm -rf image
}
