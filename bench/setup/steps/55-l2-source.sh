# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# L2's disk with the source of a whole kernel, tinyconfig, in /linux-full: for the workload
# kernel-full (make bench-full) only, so nothing but `setup --only l2-source` makes it. Leaves
# root.img.

readonly linux_package=/usr/src/linux-source-6.1.tar.xz

step_inputs()
{
    if [[ -n ${LINUX_SRC:-} ]]; then
        source_inputs LINUX_SRC -
    else
        echo "var linux-source-6.1=$(dpkg-query -W -f '${Version}' linux-source-6.1 2>/dev/null)"
    fi
    echo "step l2"
    echo "file $TOP/bench/kernel/full-tree.sh"
    echo "file $TOP/bench/kernel/l2-tree.sh"
    echo "file $SETUP/lib/disk.sh"
}

step_disk()
{
    echo 2500
}

# In the image itself the whole kernel is made: what is missing, or would be made there
# beside it, is found here and not after hours in L2.
check_tree()
{
    cp -a image check
    mknod -m 666 check/dev/null c 1 3
    chroot check /usr/bin/sh -c "cd /linux-full && export KBUILD_BUILD_TIMESTAMP=2024-01-01 \
        KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab && make -j$JOBS vmlinux" >made.txt 2>&1 ||
        {
            cat made.txt
            explain "$EX_BUILD" "the L2 image cannot compile a whole kernel" \
                "see the log; bench/kernel/full-tree.sh prepares the tree"
        }
    cat made.txt
    ! grep -E '^  (HOSTCC|HOSTLD|SYNC) ' made.txt ||
        explain "$EX_BUILD" "make in the L2 image makes host programs, or configures the kernel" \
            "see the log; bench/kernel/full-tree.sh prepares the tree"
    echo "compiled: $(grep -cE '^  (CC|AS) ' made.txt)"
    rm -rf check made.txt
}

step_build()
{
    local out=$1
    export KBUILD_BUILD_TIMESTAMP=2024-01-01 KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab ARCH=x86_64
    LINUX_SRC=${LINUX_SRC:-$linux_package} source_unpack LINUX_SRC - src
    cd src || exit
    make -s tinyconfig
    make -j"$JOBS" vmlinux
    mkdir "$out/image"
    debugfs -R "rdump / $out/image" "$(step_out l2)/root.img"
    "$TOP/bench/kernel/full-tree.sh" "$out/image/linux-full"
    cd "$out" || exit
    rm -rf src
    check_tree
    make_ext2 image root.img
    rm -rf image
}
