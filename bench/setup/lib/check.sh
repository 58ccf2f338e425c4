# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# check.sh - is this machine able to do it? Asked before anything is changed.

readonly NEED_MEMORY_MB=3584    # the emulator's 2.2 GiB, and a compiler beside it

check_root()
{
    [[ $(id -u) == 0 ]] || die "$EX_MACHINE" "the set-up must run as root" \
        "it installs packages with apt" "run it again as root, for example with sudo"
}

check_debian()
{
    local id='' version=''
    # shellcheck source=/dev/null
    [[ -r /etc/os-release ]] && id=$(. /etc/os-release; echo "${ID:-}") &&
        version=$(. /etc/os-release; echo "${VERSION_ID:-}")
    [[ $id == debian && $version == 12 ]] ||
        warn "written for Debian 12; this is ${id:-unknown} ${version:-}. Expect surprises."
    [[ $(uname -m) == x86_64 ]] || die "$EX_MACHINE" "this machine is not x86-64" \
        "the emulator is built for the machine's own CPU" "use an x86-64 machine"
}

check_memory()
{
    local have
    have=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    ((have >= NEED_MEMORY_MB)) || die "$EX_MACHINE" "memory is short" \
        "the lab needs $NEED_MEMORY_MB MiB, $have MiB are available" \
        "end other programs, or use a larger machine"
}

# check_disk MIB: room for what is to be built.
check_disk()
{
    local have
    have=$(df -Pm "$CACHE" | awk 'NR == 2 { print $4 }')
    ((have >= $1)) || die "$EX_MACHINE" "disk space is short in $CACHE" \
        "the steps still to do need $1 MiB, $have MiB are free" \
        "make room, or set NVMX_CACHE= to a directory on a larger disk"
}
