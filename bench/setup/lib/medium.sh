# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# medium.sh - a boot medium that GRUB starts from. An input of the steps that make one.

# make_medium GRUB-CFG COMMAND NAME=FILE...: lab.iso, with these files in /boot, and GRUB with
# the command that loads them.
make_medium()
{
    local menu=$1 entry
    local modules="$2 serial terminal iso9660 biosdisk normal configfile part_msdos"
    shift 2
    mkdir -p image/boot/grub
    cp "$menu" image/boot/grub/grub.cfg
    for entry in "$@"; do
        cp "${entry#*=}" "image/boot/${entry%%=*}"
    done
    grub-mkrescue -o lab.iso --compress=no --fonts= --locales= --themes= \
        --install-modules="$modules" image -- -volume_date all_file_dates '=1704067200'
    rm -rf image
}
