#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# full-tree.sh DEST - out of the built kernel tree in the current directory, takes what
# `make vmlinux` needs, without what the build has made of it: in L2 everything is compiled
# anew, but no host program and no Kconfig.
set -euo pipefail

dest=$1

# What the kernel's own objects were made from, as the build has recorded it.
sources()
{
    find . -name '.*.cmd' -print0 | xargs -0 cat |
        sed -n -e 's/^source_[^ ]* := //p' -e 's/^  \([^ $/][^ ]*\) \\$/\1/p' | sort -u |
        while read -r file; do
            [[ ! -f $file ]] || printf '%s\0' "$file"
        done | xargs -0 realpath -s --relative-to=. | sed 's|^|./|'
}

# Makefiles of directories in which nothing is compiled are read as well.
makefiles()
{
    find . \( -path ./tools -o -path ./Documentation -o -path ./samples \
        -o -path './arch/[!x]*' \) -prune -o -type f \( -name 'Makefile*' -o -name 'Kbuild*' \) -print
}

# Scripts, tables and host programs beside the sources, with the command lines by which Kbuild
# finds that they are made.
beside()
{
    find arch/x86 usr init kernel lib certs -type f \
        ! -name '*.c' ! -name '*.S' ! -name '*.h' ! -name '*.o' ! -name '*.a' \
        ! -name '.*.o.cmd' ! -name '.*.a.cmd' -printf './%p\n'
}

mkdir -p "$dest"
{ sources; makefiles; beside; } | grep -v '\.o$' | sort -u >"$dest.files"
tar -cf - -T "$dest.files" | tar -xf - -C "$dest"
rm "$dest.files"

# What it needs for any object, and the dates.
"$(dirname "${BASH_SOURCE[0]}")/l2-tree.sh" "$dest"
