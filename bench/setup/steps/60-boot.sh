# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The boot medium: GRUB, Xen, dom0's kernel and its small initramfs. Leaves lab.iso.

step_inputs()
{
    echo "step xen"
    echo "step linux"
    echo "step dom0"
    echo "file $TOP/bench/guest/grub.cfg"
    echo "file $SETUP/lib/medium.sh"
}

step_build()
{
    make_medium "$TOP/bench/guest/grub.cfg" multiboot2 xen="$(step_out xen)/xen" \
        dom0="$(step_out linux)/bzImage" initrd="$(step_out dom0)/initrd"
}
