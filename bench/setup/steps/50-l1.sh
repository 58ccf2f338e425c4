# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# L1: its kernel, taken out of its compressed shell (the same code, without the
# minutes that decompressing costs in the emulator), and its initramfs with QEMU and
# the server of L2's workload `network`.
# Leaves kernel, initrd, version.

step_inputs()
{
    echo "step debian"
    echo "var L1_KERNEL=${L1_KERNEL:-debian}"
    case ${L1_KERNEL:-debian} in
    debian) ;;
    small) echo "step linux" ;;
    *)
        echo "file $L1_KERNEL"
        [[ -z ${L1_MODULES:-} ]] || echo "tree $L1_MODULES"
        ;;
    esac
    echo "file $TOP/bench/guest/l1-init"
    echo "file $TOP/bench/guest/l1-network"
    echo "file $SETUP/lib/extract-vmlinux.py"
    echo "file $SETUP/lib/strip-signature.py"
    guest_inputs
}

# take_modules DIR: what KVM consists of, and tap devices, from anywhere below DIR, decompressed and
# without the appended signatures: checking those costs L1 a billion instructions.
take_modules()
{
    local name file
    mkdir -p image/modules
    for name in irqbypass kvm kvm-intel tun; do
        file=$(find "$1" -name "$name.ko*" | head -n 1)
        case $file in
        *.xz) xz -dc "$file" >"image/modules/$name.ko" ;;
        *.zst) zstd -dc "$file" >"image/modules/$name.ko" ;;
        *.ko) cp "$file" image/modules ;;
        *) echo "no module $name below $1" ;;
        esac
    done
    python3 "$SETUP/lib/strip-signature.py" image/modules/*.ko
}

take_kernel()
{
    local debian kernel
    debian=$(step_out debian)
    case ${L1_KERNEL:-debian} in
    debian)
        kernel=$(echo "$debian"/kernel/boot/vmlinuz-*)
        take_modules "$debian/kernel"
        ;;
    small) kernel=$(step_out linux)/bzImage ;;
    *)
        kernel=$L1_KERNEL
        [[ -z ${L1_MODULES:-} ]] || take_modules "$L1_MODULES"
        ;;
    esac
    python3 "$SETUP/lib/extract-vmlinux.py" "$kernel" kernel ||
        explain "$EX_BUILD" "$kernel is not a Linux kernel that can be unpacked" \
            "give an x86-64 bzImage or ELF kernel with the PVH note in L1_KERNEL="
    file=${kernel##*/}
    echo "${file#vmlinuz-}" >version
}

step_build()
{
    local debian
    debian=$(step_out debian)
    mkdir image
    image_skeleton image
    install -m 755 "$TOP/bench/guest/l1-init" image/init
    install -m 755 "$TOP/bench/guest/l1-network" image/usr/bin
    take_kernel
    install_elf "$debian/root" image usr/bin/qemu-system-x86_64-microvm usr/bin/sockperf
    install -D -m 644 "$debian/root/usr/share/qemu/qboot.rom" image/usr/share/qemu/qboot.rom
    cpio_pack image initrd
    rm -rf image
}
