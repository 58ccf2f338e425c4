# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# build.sh - what the steps share: explaining a failure, sources, patches. Not an
# input of the steps' keys: it decides how things get there, not what they are.

# explain CODE WHY TO-DO: end a step with a reason that its user can act on.
explain()
{
    printf '%s\n' "$@" >"$STEP_EXPLAIN"
    exit "$1"
}

# note TEXT: said to the user when the step is done.
note()
{
    echo "$*" >>"$STEP_NOTE"
}

# source_inputs VARIABLE STEP: the input line of a source: the user's own tree
# or archive where the variable names one, the step that downloads it otherwise.
source_inputs()
{
    local own=${!1:-}
    if [[ -z $own ]]; then
        echo "step $2"
    elif [[ -d $own ]]; then
        echo "tree $own"
    else
        echo "file $own"
    fi
}

# source_unpack VARIABLE STEP DIR: that source, unpacked or copied into DIR.
source_unpack()
{
    local own=${!1:-} dir=$3
    mkdir -p "$dir"
    if [[ -d $own ]]; then
        cp -a "$own/." "$dir"
    elif [[ -n $own ]]; then
        tar -xf "$own" -C "$dir" --strip-components=1
    else
        tar -xf "$(step_out "$2")"/*.orig.tar.* -C "$dir" --strip-components=1
    fi
}

# apply_patches DIR PATCH...: in order, as `git am` would, without an identity.
apply_patches()
{
    local dir=$1 patch file
    shift
    for patch in "$@"; do
        echo "applying ${patch##*/}"
        if ! patch -d "$dir" -p1 --batch --forward --fuzz=0 --no-backup-if-mismatch \
            <"$patch" >apply.log 2>&1; then
            cat apply.log
            file=$(awk '/^(checking|patching) file/ { f = $3 }
                /FAILED|ignored|can.t find/ { print f; exit }' apply.log)
            explain 6 "patch ${patch##*/} does not apply to ${file:-this source}" \
                "use the source version that the patches are written for, or rework the patch"
        fi
        cat apply.log
    done
    rm -f apply.log
}
