# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# L2: kernel and root file system (a read-only ext2 disk) with Debian 12's
# compiler, a prepared kernel tree, and two tools that measure. Leaves kernel, root.img.

readonly packages=(gcc-12 cpp-12 binutils-x86-64-linux-gnu make dash bc busybox-static
    sockperf ioping libelf1 libstdc++6 libc6)
readonly programs=(gcc-12 as ld nm objcopy objdump ar strip readelf make dash bc sockperf ioping)

step_inputs()
{
    echo "step linux"
    echo "file $TOP/bench/guest/l2-init"
    echo "file $TOP/bench/guest/l2-io"
    guest_inputs
    echo "file $SETUP/lib/disk.sh"
    echo "var packages=$(dpkg-query -W -f '${Package}=${Version} ' "${packages[@]}" 2>/dev/null)"
}

step_disk()
{
    echo 500
}

# In the image itself, an object is compiled and nothing else is made: a host
# program or Kconfig's product that L2 would have to make anew fails here, not there.
check_tree()
{
    local made
    cp -a image check
    cp -a "$(step_out linux)/tree/." check/linux
    mknod -m 666 check/dev/null c 1 3
    chroot check /usr/bin/sh -c 'cd /linux && export KBUILD_BUILD_TIMESTAMP=2024-01-01 \
        KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab && make lib/bsearch.o lib/sort.o' >made.txt 2>&1 ||
        {
            cat made.txt
            explain "$EX_BUILD" "the L2 image cannot compile" \
                "see the log; bench/kernel/l2-tree.sh prepares the tree"
        }
    cat made.txt
    made=$(grep -cE '^  (CC|HOSTCC|UPD|GEN|HOSTLD)' made.txt) || true
    [[ $made == 2 ]] ||
        explain "$EX_BUILD" "make in the L2 image makes more than the two objects asked for" \
            "see the log; bench/kernel/l2-tree.sh prepares the tree"
    rm -rf check made.txt
}

make_disk()
{
    find image -exec touch -h -d "$IMAGE_DATE" {} +
    # Kbuild compares dates inside the tree: those stay as they were made.
    cp -a "$(step_out linux)/tree/." image/linux
    make_ext2 image root.img
}

step_build()
{
    local program gcc_dir=usr/lib/gcc/x86_64-linux-gnu/12
    mkdir image
    image_skeleton image
    for program in "${programs[@]}"; do
        rm -f "image/usr/bin/$program"
        install_elf / image "usr/bin/$program"
    done
    ln -sf dash image/usr/bin/sh
    ln -s gcc-12 image/usr/bin/gcc
    ln -s gcc-12 image/usr/bin/x86_64-linux-gnu-gcc-12
    # libelf is what the tree's objtool is linked against.
    install_elf / image "$gcc_dir/cc1" "$gcc_dir/collect2" usr/lib/x86_64-linux-gnu/libelf.so.1
    cp -r "/$gcc_dir/include" "image/$gcc_dir"
    install -m 755 "$TOP/bench/guest/l2-init" image/init
    install -m 755 "$TOP/bench/guest/l2-io" image/usr/bin
    mkdir image/linux
    check_tree
    make_disk
    cp "$(step_out linux)/vmlinux" kernel
    rm -rf image
}
