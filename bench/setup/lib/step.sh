# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# step.sh - the step engine: run what is not cached, under a name that its
# inputs decide, and let nobody see a half-made output.
#
# A step is a file steps/NN-NAME.sh. It is sourced in a subshell and defines
#
#   step_inputs    prints what its output depends on, one per line:
#                    var NAME=VALUE     a version, a switch
#                    file PATH          a file, by its content
#                    tree PATH          a directory, by its files' names and contents
#                    step NAME          another step, by that step's key
#   step_build     fills the directory $1 (empty, and the current directory);
#                  everything it prints goes to the step's log
#   step_disk      optional: prints the MiB that building takes at its peak
#
# SHA-256 over these lines and the step's own code is the key. The output is
# $CACHE/NAME/KEY, built as $CACHE/NAME/.making.* and renamed when complete. A
# step that fails calls explain (lib/build.sh) to say why; note is for a warning.

readonly STEP_KEEP=2    # outputs kept per step: this one and the one before it

step_names()
{
    local f
    for f in "$SETUP"/steps/*.sh; do
        f=${f##*/[0-9][0-9]-}
        echo "${f%.sh}"
    done
}

step_file()
{
    local f
    for f in "$SETUP"/steps/[0-9][0-9]-"$1".sh; do
        [[ -e $f ]] || return 1
        echo "$f"
    done
}

# hash_tree DIR: one SHA-256 for the names and contents below DIR. Git's own
# files and a Makefile's products do not count.
hash_tree()
{
    (
        cd "$1" || exit
        find . -name .git -prune -o -type f ! -name '*.o' -print0 | LC_ALL=C sort -z |
            xargs -0r sha256sum | sha256sum | cut -c1-64
    )
}

# Replaces file, tree and step lines by what they stand for.
hash_inputs()
{
    local kind value
    while read -r kind value; do
        case $kind in
        var) echo "var $value" ;;
        code) echo "code $(grep -v '^ *#' "$value" | sha256sum | cut -c1-64)" ;;
        file) echo "file ${value##*/} $(sha256sum <"$value" | cut -c1-64)" ;;
        tree) echo "tree ${value##*/} $(hash_tree "$value")" ;;
        step) echo "step $value $(step_key "$value")" ;;
        *) echo "setup: bad input line: $kind $value" >&2; return 1 ;;
        esac
    done
}

# step_key NAME: the key of that step's output. Computed once per run of the
# set-up, in a file because callers are subshells.
step_key()
{
    local file=$KEY_DIR/$1
    if [[ ! -e $file ]]; then
        step_compute_key "$1" >"$file.new"
        mv "$file.new" "$file"
    fi
    cat "$file"
}

step_compute_key()
{
    local file
    file=$(step_file "$1")
    (
        # shellcheck source=/dev/null
        source "$file"
        { step_inputs; echo "code $file"; } | hash_inputs | sha256sum | cut -c1-24
    )
}

# step_out NAME: the directory of that step's output, whether or not it exists.
step_out()
{
    echo "$CACHE/$1/$(step_key "$1")"
}

step_cached()
{
    [[ -d $(step_out "$1") ]]
}

# Keeps the newest outputs of a step; a cached one is touched when it is used.
step_prune()
{
    local dir
    find "$CACHE/$1" -mindepth 1 -maxdepth 1 -type d ! -name '.*' -printf '%T@ %p\n' |
        sort -rn | tail -n "+$((STEP_KEEP + 1))" | cut -d' ' -f2- |
        while read -r dir; do rm -rf "$dir"; done
}

# In a process group of its own, so that one signal ends make and all it started.
step_start()
{
    local name=$1 work=$2 log=$3
    set -m
    (
        exec </dev/null >"$log" 2>&1 {LOCK_FD}>&-
        # shellcheck source=/dev/null
        source "$(step_file "$name")"
        # shellcheck disable=SC2034 # explain reads it
        STEP_EXPLAIN=$work.why STEP_NOTE=$work.note
        cd "$work" || exit
        set -x
        step_build "$work"
    ) &
    STEP_PID=$!
    set +m
}

# Ends a process group and returns when it is gone: nobody writes below the work
# directory any more. Its members are not our children, so there is nothing to wait for.
kill_group()
{
    kill -KILL -- "-$1" 2>/dev/null || return 0
    while kill -0 -- "-$1" 2>/dev/null; do
        sleep 0.1
    done
}

step_stop()
{
    [[ -z ${TICK_PID:-} ]] || kill "$TICK_PID" 2>/dev/null || true
    # Quietly: bash would report the job that it finds killed.
    [[ -z ${STEP_PID:-} ]] || kill_group "$STEP_PID" 2>/dev/null
    [[ -z ${STEP_WORK:-} ]] || rm -rf "$STEP_WORK" "$STEP_WORK.why" "$STEP_WORK.note"
    STEP_PID='' TICK_PID='' STEP_WORK=''
}

# step_failed NAME LOG WORK CODE: says why and ends.
step_failed()
{
    local name=$1 log=$2 work=$3 code=$4 why advice
    why=$(grep -m1 -E '(error|Error|ERROR)[: ]|: not found|No such file' "$log") ||
        why="its last command ended with exit code $code"
    advice="read the log: $log"
    if [[ -s $work.why ]]; then
        { read -r code; read -r why; read -r advice; } <"$work.why"
    fi
    printf -- '--- last 20 lines of %s\n' "$log" >&2
    grep -v '^+' "$log" | tail -n 20 >&2
    rm -rf "$work" "$work.why" "$work.note"
    STEP_WORK=
    die "$code" "step '$name' failed" "$why" "$advice"
}

# step_run NUMBER TOTAL NAME: build the step if it is not there.
step_run()
{
    local number=$1 total=$2 name=$3 out log code=0 start=$SECONDS
    out=$(step_out "$name")
    if [[ -d $out ]]; then
        touch "$out"
        ui_line "$number" "$total" "$name" cached
        return
    fi
    log=$CACHE/log/$name.log
    mkdir -p "${out%/*}"
    # Left by a run that was killed; what it started may still be writing there.
    rm -rf "${out%/*}"/.making.* 2>/dev/null || true
    STEP_WORK=${out%/*}/.making.$$
    mkdir "$STEP_WORK"

    if [[ -n $UI_TTY ]]; then
        ui_tick "$number" "$total" "$name" {LOCK_FD}>&- &
        TICK_PID=$!
    else
        ui_line "$number" "$total" "$name" building
    fi
    step_start "$name" "$STEP_WORK" "$log"
    wait "$STEP_PID" || code=$?
    STEP_PID=
    if [[ -n ${TICK_PID:-} ]]; then
        kill "$TICK_PID"
        wait "$TICK_PID" 2>/dev/null || true
        TICK_PID=
    fi
    if ((code)); then
        ui_line "$number" "$total" "$name" "failed after $((SECONDS - start)) s"
        step_failed "$name" "$log" "$STEP_WORK" "$code"
    fi
    [[ ! -s $STEP_WORK.note ]] || warn "$(cat "$STEP_WORK.note")"
    rm -f "$STEP_WORK.why" "$STEP_WORK.note"
    mv -T "$STEP_WORK" "$out"
    STEP_WORK=
    step_prune "$name"
    ui_line "$number" "$total" "$name" "done in $((SECONDS - start)) s"
}
