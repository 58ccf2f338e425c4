# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# apt.sh - Debian's packages: this machine's, and suite trixie's through an apt
# state of our own, which leaves the machine's alone.
#
# Trust: apt checks the suite's InRelease against Debian's archive keyring, the
# indexes against InRelease, and packages and sources against the indexes.

readonly SUITE=trixie
readonly KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
readonly INDEX_MAX_AGE=1440     # minutes; an older index is fetched again when it is needed

packages_missing()
{
    local status
    # shellcheck disable=SC2016 # dpkg's own variables
    # dpkg-query fails for a name that it has never heard of: that is the answer.
    status=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null) || true
    local name
    for name in "$@"; do
        grep -qx "$name installed" <<<"$status" || echo "$name"
    done
}

# The address of Debian's main archive, as this machine's apt is set up.
mirror()
{
    local url=${NVMX_MIRROR:-}
    if [[ -z $url ]]; then
        # shellcheck disable=SC2016 # apt's own variables
        url=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' \
            'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
            awk '$2 !~ /-/ { print $1; exit }')
    fi
    [[ -n $url ]] || explain "$EX_NETWORK" "this machine's apt knows no Debian main archive" \
        "set NVMX_MIRROR= to the address of a Debian mirror"
    echo "${url%/}"
}

# The private apt state, ready for `apt-get`; its index no older than a day.
suite_open()
{
    local dir=$CACHE/apt url type
    url=$(mirror)
    mkdir -p "$dir"/etc/{apt.conf.d,preferences.d,sources.list.d} \
        "$dir"/state/lists/partial "$dir"/cache/archives/partial
    : >"$dir/state/status"
    for type in deb deb-src; do
        echo "$type [signed-by=$KEYRING] $url $SUITE main"
    done >"$dir/etc/sources.list"
    {
        echo "Dir::Etc \"$dir/etc\"; Dir::State \"$dir/state\";"
        echo "Dir::State::status \"$dir/state/status\"; Dir::Cache \"$dir/cache\";"
        echo 'APT::Architecture "amd64"; APT::Architectures { "amd64"; };'
        echo 'APT::Install-Recommends "false"; Acquire::Languages "none"; Acquire::Retries "2";'
        echo 'APT::Sandbox::User "root";'
    } >"$dir/apt.conf"
    export APT_CONFIG=$dir/apt.conf
    [[ -n $(find "$dir/fetched" -mmin -$INDEX_MAX_AGE 2>/dev/null) ]] && return
    apt-get update --error-on=any || return 1
    touch "$dir/fetched"
}

suite_open_or_explain()
{
    suite_open || explain "$EX_NETWORK" \
        "apt cannot fetch the index of suite $SUITE from $(mirror)" \
        "check the network and the mirror, or name another with NVMX_MIRROR="
}

# index_source PACKAGE: lines "SHA256 POOL-PATH" of its .orig archives, newest
# version last. Needs suite_open.
index_source()
{
    local lists
    # shellcheck disable=SC2016 # apt's own variable
    lists=$(apt-get indextargets --format '$(FILENAME)' 'Created-By: Sources')
    /usr/lib/apt/apt-helper cat-file "$lists" | awk -v want="$1" '
        /^Package: /   { on = ($2 == want) }
        /^Directory: / { dir = $2 }
        /^[A-Z]/       { sums = /^Checksums-Sha256:/ }
        on && sums && /^ / && $3 ~ /\.orig\.tar\./ && $3 !~ /\.asc$/ { hold[++n] = $1 " " $3 }
        /^$/           { flush_held() }
        END            { flush_held() }
        function flush_held(  i, part) {
            for (i = 1; i <= n; i++) { split(hold[i], part, " "); print part[1], dir "/" part[2] }
            n = 0; on = 0; sums = 0
        }' | sort -k2 -V
}

# local_source PATTERN: that archive out of NVMX_SOURCES, into the current
# directory, if the directory's SHA256SUMS agrees. Fails when there is none.
local_source()
{
    local file
    [[ -n ${NVMX_SOURCES:-} ]] || return 1
    for file in "$NVMX_SOURCES"/$1; do
        [[ -f $file ]] || continue
        cp "$file" .
        grep " [ *]\?${file##*/}\$" "$NVMX_SOURCES/SHA256SUMS" | sha256sum -c - ||
            explain "$EX_CHECKSUM" "the SHA-256 of $file is not the one in its SHA256SUMS" \
                "get that archive again; this one is damaged or was changed"
        return 0
    done
    return 1
}

# fetch_source PACKAGE PATTERN VARIABLE: the .orig archive of PACKAGE whose file
# name matches PATTERN, into the current directory, checked against the index.
fetch_source()
{
    local package=$1 pattern=$2 variable=$3 sum path
    if ! suite_open; then
        local_source "$pattern" && return
        explain "$EX_NETWORK" "apt cannot fetch the index of suite $SUITE from $(mirror)" \
            "check the network, or set $variable= to a local source tree or archive"
    fi
    while read -r sum path; do
        # shellcheck disable=SC2053 # a pattern is wanted
        [[ ${path##*/} == $pattern ]] && break
        echo "not a version for the patches: ${path##*/}"
        sum=
    done < <(index_source "$package")
    if [[ -z ${sum:-} ]]; then
        local_source "$pattern" && return
        explain "$EX_NETWORK" \
            "suite $SUITE no longer has $package as $pattern, which the patches are for" \
            "set $variable= to a source tree or archive of that version"
    fi
    if /usr/lib/apt/apt-helper download-file "$(mirror)/$path" "${path##*/}"; then
        echo "$sum  ${path##*/}" | sha256sum -c - ||
            explain "$EX_CHECKSUM" \
                "the SHA-256 of ${path##*/} is not the one in the suite's signed index" \
                "try again; if it stays, the mirror is broken: name another with NVMX_MIRROR="
    else
        local_source "${path##*/}" ||
            explain "$EX_NETWORK" "the mirror does not have $path, which its index lists" \
                "name another mirror with NVMX_MIRROR=, or set $variable= to a local archive"
    fi
}
