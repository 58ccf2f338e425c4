#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# l2-tree.sh DEST - out of the built kernel tree in the current directory, takes
# what `make lib/OBJECT.o` needs, so that in L2 make goes straight to compiling:
# no Kconfig, no host programs to build.
set -euo pipefail

dest=$1
mkdir -p "$dest"

# Built by hand what a single object's make would check and find built.
make -s prepare

tar -cf - --exclude='lib/**.o' --exclude='lib/**.a' --exclude='lib/**.cmd' --exclude='include/dt-bindings' \
    --exclude='include/drm' --exclude='include/sound' \
    --exclude='scripts/kconfig' --exclude='scripts/coccinelle' --exclude='scripts/gdb' \
    .config Makefile Kbuild include scripts lib \
    arch/x86/Makefile* arch/x86/Kbuild arch/x86/include arch/x86/entry/syscalls arch/x86/tools \
    tools/objtool/objtool kernel/bounds.c kernel/bounds.s kernel/.bounds.s.cmd \
    arch/x86/kernel/asm-offsets.c arch/x86/kernel/asm-offsets.s arch/x86/kernel/.asm-offsets.s.cmd \
    kernel/time/timeconst.bc init/Makefile | tar -xf - -C "$dest"

cd "$dest"
# Kbuild builds objtool by tools/Makefile; ours is built.
printf 'objtool:\n\t@:\n' >tools/Makefile

# Recorded prerequisites (this machine's headers, Kconfig files) are not in L2,
# and an absent one makes its target stale: only the command lines are kept.
: >include/config/auto.conf.cmd
find . -name '.*.cmd' -exec sed -i '/^\(source_\|deps_\|\$(deps_\|[^ ]*: \$(deps_\)/,$d' {} +

# A warning about missing system calls that costs one run of the compiler.
printf '#!/bin/sh\n' >scripts/checksyscalls.sh

# Make compares dates, and L2's clock starts in 2024: each product is newer than what it is made from, in the
# order .config, bounds.s, generated headers, asm-offsets.s, asm-offsets.h.
stamp()
{
    local seconds=$1
    shift
    find "$@" -exec touch -h -d "@$((1672531200 + seconds))" {} +
}
stamp 0 .
stamp 5 kernel/bounds.s
stamp 10 include/config include/generated arch/x86/include/generated
stamp 15 arch/x86/kernel/asm-offsets.s
stamp 20 include/generated/asm-offsets.h
