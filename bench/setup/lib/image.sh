# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# image.sh - what goes into every guest's file system, and packing it. It is an
# input of each image (guest_inputs).

# One date for every file in every image: an image depends on its inputs only.
readonly IMAGE_DATE='@1704067200'

# cpio_pack DIR FILE: an uncompressed initramfs, the same bytes for the same content.
cpio_pack()
{
    local dir=$1 file=$2
    find "$dir" -exec touch -h -d "$IMAGE_DATE" {} +
    (cd "$dir" && find . -print0 | LC_ALL=C sort -z |
        cpio -0 --quiet -o -H newc -R 0:0 --reproducible) >"$file"
}

# guest_program NAME FILE: a program of bench/guest/ for the guests.
guest_program()
{
    gcc -O2 -Wall -Werror -static -s -o "$2" "$TOP/bench/guest/$1.c"
}

guest_inputs()
{
    echo "file $SETUP/lib/image.sh"
    echo "file $TOP/bench/guest/lab.c"
    echo "file $TOP/bench/guest/lab_abi.h"
    echo "file $TOP/bench/guest/lab_call.h"
    echo "file $TOP/bench/guest/seed.c"
    echo "var busybox=$(dpkg-query -W -f '${Version}' busybox-static 2>/dev/null)"
}

# image_skeleton DIR: directories, busybox with its applets, `lab`, `seed`, merged /usr.
image_skeleton()
{
    local dir=$1 applet
    mkdir -p "$dir"/{dev,proc,sys,tmp,run,root,etc,mnt,usr/{bin,lib,lib64},var/{log,lib,lock}}
    ln -s usr/bin "$dir/bin"
    ln -s usr/bin "$dir/sbin"
    ln -s bin "$dir/usr/sbin"
    ln -s usr/lib "$dir/lib"
    ln -s usr/lib64 "$dir/lib64"
    install -m 755 /bin/busybox "$dir/usr/bin/busybox"
    for applet in $(/bin/busybox --list); do
        [[ $applet == busybox ]] || ln -s busybox "$dir/usr/bin/$applet"
    done
    guest_program lab "$dir/usr/bin/lab"
    guest_program seed "$dir/usr/bin/seed"
}

# elf_needed FILE: the libraries that it is linked against.
elf_needed()
{
    readelf -d "$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# install_elf ROOT IMAGE PATH...: copies programs or libraries (paths below ROOT)
# into IMAGE at the same place, with every library they need, and the loader.
install_elf()
{
    local root=$1 image=$2 path lib found
    shift 2
    local -a pending=("$@")
    while ((${#pending[@]})); do
        path=${pending[0]}
        pending=("${pending[@]:1}")
        [[ -e $image/$path ]] && continue
        install -D -m 755 "$root/$path" "$image/$path"
        for lib in $(elf_needed "$root/$path"); do
            found=
            for dir in usr/lib/x86_64-linux-gnu usr/lib usr/lib64; do
                [[ -e $root/$dir/$lib ]] && { found=$dir/$lib; break; }
            done
            [[ -n $found ]] || explain 4 "library $lib, needed by $path, is in no package" \
                "the packages of the suite have changed; name the missing one in bench/setup/steps"
            pending+=("$found")
        done
    done
    lib=usr/lib64/ld-linux-x86-64.so.2
    [[ -e $image/$lib ]] || install -D -m 755 "$root/$lib" "$image/$lib"
}
