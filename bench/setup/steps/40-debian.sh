# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# Binary packages of Debian trixie, unpacked: Xen's tools, QEMU and sockperf with all
# that they need in root/, the cloud kernel in kernel/; the versions in versions.

readonly root_packages=(xen-utils-4.20 xenstore-utils qemu-system-x86 sockperf)

step_inputs()
{
    echo "var packages=${root_packages[*]} linux-image-cloud-amd64"
    echo "var refresh=$(cat "$CACHE/refresh" 2>/dev/null)"
}

step_disk()
{
    echo 800
}

# The package that the meta package linux-image-cloud-amd64 stands for today.
kernel_package()
{
    apt-cache depends linux-image-cloud-amd64 | awk '/Depends: linux-image-/ { print $2; exit }'
}

# Programs that run only when a package is installed, never in the images.
unneeded()
{
    grep -Ev '/(python3|libpython3|perl|systemd|udev|dpkg|coreutils|passwd|libnss3)[^/]*$'
}

step_build()
{
    local kernel deb
    suite_open_or_explain
    kernel=$(kernel_package)
    apt-get clean
    apt-get install -y --download-only "${root_packages[@]}" ||
        explain "$EX_NETWORK" "suite $SUITE has no complete ${root_packages[*]}" \
            "try again with --refresh, or name another mirror with NVMX_MIRROR="
    mkdir debs root kernel
    find "$CACHE/apt/cache/archives" -maxdepth 1 -name '*.deb' | unneeded | xargs mv -t debs
    for deb in debs/*.deb; do
        dpkg-deb -x "$deb" root
        dpkg-deb -W --showformat '${Package} ${Version}\n' "$deb" >>versions
    done
    (cd debs && apt-get download "$kernel") ||
        explain "$EX_NETWORK" "the mirror does not have $kernel" \
            "try again with --refresh, or name another mirror with NVMX_MIRROR="
    deb=$(echo debs/"$kernel"_*.deb)
    dpkg-deb -W --showformat '${Package} ${Version}\n' "$deb" >>versions
    dpkg-deb -x "$deb" kernel
    rm -rf debs
    apt-get clean
}
