# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# disk.sh - a read-only disk of L2. An input of the steps that make one.

# make_ext2 DIR FILE: the file system's own identifiers and dates would differ at every build.
make_ext2()
{
    local mb
    mb=$(du -sm "$1" | cut -f1)
    E2FSPROGS_FAKE_TIME=${IMAGE_DATE#@} mke2fs -q -t ext2 -d "$1" -b 4096 -m 0 -r 1 \
        -N 16384 -L l2 -U 6c326c32-0000-4000-8000-000000000000 \
        -E hash_seed=6c326c32-0000-4000-8000-000000000001,root_owner=0:0 \
        "$2" $((mb + 16))M
}
