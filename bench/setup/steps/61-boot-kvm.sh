# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The boot medium with KVM as L0: GRUB, dom0's kernel, which is L0 here, and dom0's small
# initramfs. Leaves lab.iso.

step_inputs()
{
    echo "step linux"
    echo "step dom0"
    echo "file $TOP/bench/guest/grub-kvm.cfg"
    echo "file $SETUP/lib/medium.sh"
}

step_build()
{
    make_medium "$TOP/bench/guest/grub-kvm.cfg" linux \
        l0="$(step_out linux)/bzImage" initrd="$(step_out dom0)/initrd"
}
