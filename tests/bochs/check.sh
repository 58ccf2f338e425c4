#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# check.sh - does the lab's Bochs count, charge and move files as it says?
#
# In the environment: BOCHS (the binary), BIOS_DIR (with BIOS-bochs-latest), VGABIOS_DIR
# (with vgabios.bin; default: /usr/share/vgabios).  In the current directory: the
# images that the Makefile builds.  Every expected number is derived in the .S file.
set -u

: "${BOCHS:?set BOCHS to the binary of the lab}" "${BIOS_DIR:?set BIOS_DIR}"
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
vgabios_dir=${VGABIOS_DIR:-/usr/share/vgabios}
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# verdict NAME STATUS: count a test whose condition has just been evaluated.
verdict() {
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok   $1"
    else
        failed=$((failed + 1))
        echo "FAIL $1"
    fi
}

same() {    # same NAME EXPECTED ACTUAL
    [ "$2" = "$3" ]
    verdict "$1" $?
    [ "$2" = "$3" ] || printf '     expected %s\n     got      %s\n' "$2" "$3"
}

# run NAME IMAGE CPUS [VARIABLE=VALUE...]: results in $work/NAME/, exit code in $code.
# No terminal, no display; a machine that hangs is ended after a minute.  The image is
# copied: a Bochs that was killed leaves a lock beside it.
run() {
    dir=$work/$1 image=$2 cpus=$3
    shift 3
    mkdir -p "$dir/in" "$dir/out"
    cp "$work/in.bin" "$dir/in/in.bin"
    cp "$image" "$dir/disk.img"
    sed -e "s|@CPU_MODEL@|corei7_sandy_bridge_2600k|; s|@CPU_COUNT@|$cpus|; s|@IPS@|1000000000|" \
        -e "s|@MEGS@|64|; s|@HOST_MEGS@|64|; s|@SERIAL@|$dir/serial|" \
        -e "s|@BIOS@|$BIOS_DIR/BIOS-bochs-latest|; s|@VGABIOS@|$vgabios_dir/vgabios.bin|" \
        -e "s|^ata0-master:.*|ata0-master: type=disk, mode=flat, path=\"$dir/disk.img\"|" \
        -e "s|^boot:.*|boot: disk|" "$here/../../bench/bochs/bochsrc.in" >"$dir/bochsrc"
    env -u DISPLAY -u NVMX_LAB_EXIT_CYCLES -u NVMX_LAB_COST_CYCLES \
        -u NVMX_LAB_PARTS -u NVMX_LAB_PATHS \
        NVMX_LAB_IN="$dir/in" NVMX_LAB_OUT="$dir/out" "$@" \
        timeout 60 setsid -w "$BOCHS" -q -f "$dir/bochsrc" \
        </dev/null >"$dir/stdout" 2>"$dir/stderr"
    code=$?
}

window() {  # window RUN NAME: the line of its counts
    grep "^{\"window\":\"$2\"," "$work/$1/out/windows.jsonl" 2>/dev/null
}

# field RUN WINDOW KEY: the value behind the first "KEY": up to the next , or }
field() {
    window "$1" "$2" | sed -n "s/.*\"$3\":\([^,}]*\)[,}].*/\1/p"
}

# Sizes of levels: "l0 dom0 l1 l2"
instructions() {
    window "$1" "$2" |
        sed 's/.*"instructions":{"l0":\([0-9]*\),"dom0":\([0-9]*\),"l1":\([0-9]*\),"l2":\([0-9]*\).*/\1 \2 \3 \4/'
}

contains() {    # contains NAME RUN WINDOW TEXT
    window "$2" "$3" | grep -qF -- "$4"
    verdict "$1" $?
}

results() {     # results RUN: the table of results, one number per line
    od -An -v -t d8 -w8 "$work/$1/out/results" 2>/dev/null | tr -d ' '
}

result() {      # result RUN INDEX
    results "$1" | sed -n "$(($2 + 1))p"
}

ticks_between() {   # ticks_between RUN: the TSC's way over window "cpuid"
    minus "$(result "$1" 1)" "$(result "$1" 0)"
}

minus() {   # minus A B: A - B; what a failed run did not deliver is 0
    echo $((${1:-0} - ${2:-0}))
}

same_windows() {    # same_windows NAME RUN RUN
    [ -s "$work/$2/out/windows.jsonl" ] &&
        cmp -s "$work/$2/out/windows.jsonl" "$work/$3/out/windows.jsonl"
    verdict "$1" $?
}

marks() {
    run marks marks.img 1
    same "the guest's exit code is the emulator's" 42 "$code"
    [ "$code" -eq 42 ] || return
    results marks >"$work/actual"
    while read -r index what expected; do
        same "mark: $what" "$expected" "$(sed -n "$((index + 1))p" "$work/actual")"
    done <"$here/marks.expected"
    same "no result more than expected" "$(wc -l <"$here/marks.expected")" "$(wc -l <"$work/actual")"

    same "window: nothing but what closes it" "6 0 0 0" "$(instructions marks exact | head -n 1)"
    same "window: a loop" "2005 0 0 0" "$(instructions marks loop)"
    same "window: overlapping, first" "23 0 0 0" "$(instructions marks outer)"
    same "window: overlapping, second" "23 0 0 0" "$(instructions marks inner)"

    cmp -s "$work/in.bin" "$work/marks/out/copy.bin"
    verdict "a file through GET and PUT is the same" $?
    head -c 256 "$work/in.bin" | cmp -s - "$work/marks/out/fault.bin"
    verdict "GET and PUT across a page fault" $?
    same "offset 0 empties the file" 3 "$(wc -c <"$work/marks/out/short")"
    same "a PUT of nothing makes an empty file" 0 "$(wc -c <"$work/marks/out/nothing")"
    same "nothing else was written" "copy.bin fault.bin nothing results short windows.jsonl" \
        "$(ls -A "$work/marks/out" | tr '\n' ' ' | sed 's/ $//')"
    grep -q 'window outer was never closed' "$work/marks/stderr"
    verdict "a window left open is reported" $?

    grep -q '^the last words$' "$work/marks/serial"
    verdict "what is in the serial port at the end is written" $?

    run marks2 marks.img 1
    same_windows "two runs, the same counts" marks marks2
    run marks_smp marks.img 2
    same "two processors: the same exit code" 42 "$code"
    same "two processors: the same count" "2005 0 0 0" "$(instructions marks_smp loop)"

    run nowhere marks.img 1 NVMX_LAB_OUT= NVMX_LAB_IN=
    same "without directories the emulation goes on" 42 "$code"
}

vmx() {
    run vmx vmx.img 1
    same "vmx: ended well" 0 "$code"
    same "cpuid: instructions" "909 0 302 0" "$(instructions vmx cpuid)"
    contains "cpuid: exits" vmx cpuid '"exits":{"l1":{"CPUID":100,"HLT":1},"l2":{}}'
    contains "cpuid: VMCS instructions" vmx cpuid \
        '"vmcs_ops":{"VMREAD":201,"VMWRITE":100,"VMPTRLD":0,"VMCLEAR":0}'
    contains "cpuid: L0 per exit" vmx cpuid \
        '"l0_per_exit":{"CPUID":{"count":100,"instructions_median":9}}'
    same "a window opened and closed by the guest" "9 0 5 0" "$(instructions vmx guest)"

    same "nested: instructions" "2677 0 251 202" "$(instructions vmx nested)"
    contains "nested: exits" vmx nested \
        '"exits":{"l1":{"VMLAUNCH":1,"VMREAD":50,"VMRESUME":50},"l2":{"CPUID":50,"HLT":1,"VMCALL":50}}'
    contains "nested: reflected" vmx nested \
        '"reflected":{"CPUID":{"count":50,"l1_entered":50,"instructions_median":41,"exits_median":3,"model_cycles_median":2393,"l0_until_l1_median":19,"l0_to_l2_median":8,"vmcs_ops":{"VMREAD":5,"VMWRITE":3,"VMPTRLD":2,"VMCLEAR":0}}}'
    contains "nested: ended in L0" vmx nested \
        '"l0_handled":{"VMCALL":{"count":50,"instructions_median":17,"exits_median":1,"model_cycles_median":801,"vmcs_ops":{"VMREAD":2,"VMWRITE":1,"VMPTRLD":0,"VMCLEAR":0}}}'
    contains "nested: L0 per exit" vmx nested \
        '"VMREAD":{"count":50,"instructions_median":9},"VMRESUME":{"count":50,"instructions_median":8}'

    same "mixed: instructions" "277 0 10 22" "$(instructions vmx mixed)"
    contains "mixed: without a mark, reflected is what enters L1" vmx mixed \
        '"reflected":{"CPUID":{"count":2,"l1_entered":2,"instructions_median":45,"exits_median":3,"model_cycles_median":2397,"l0_until_l1_median":23,"l0_to_l2_median":8,"vmcs_ops":{"VMREAD":5,"VMWRITE":3,"VMPTRLD":2,"VMCLEAR":0}}}'
    contains "mixed: and all else ended in L0" vmx mixed '"l0_handled":{"CPUID":{"count":2,"instructions_median":24,'

    same "a guest with interrupts off exits for the timer" 1 "$(result vmx 3)"
    contains "spinning: one exit" vmx spinning '"exits":{"l1":{"EXTERNAL_INTERRUPT":1},"l2":{}}'
    exact_rounds spinning 2 "5 0 L 0" 3
    same "user: instructions" "0 14 0 0" "$(instructions vmx user)"
    same "dom0: instructions" "10 2022 0 0" "$(instructions vmx dom0)"
    exact_rounds timer 4 "10 L 0 0" 2

    run vmx2 vmx.img 1
    same_windows "vmx: two runs, the same counts" vmx vmx2
}

parts() {
    printf 'first %s\nsecond %s\n' "$(symbol part_outer)" "$(symbol part_inner)" >"$work/parts.txt"
    run parts vmx.img 1 NVMX_LAB_PARTS="$work/parts.txt"
    contains "parts: what functions of L0 execute" parts parts \
        '"l0_parts":{"first":{"calls":3,"instructions":15},"second":{"calls":3,"instructions":6}}'
    contains "parts: nothing where they are not called" parts nested \
        '"l0_parts":{"first":{"calls":0,"instructions":0},"second":{"calls":0,"instructions":0}}'
    same "parts: the same instructions" "$(instructions vmx nested)" "$(instructions parts nested)"
    same "parts: not named, not counted" "" "$(field vmx parts l0_parts)"
    echo 'first xyz' >"$work/parts.txt"
    run badparts vmx.img 1 NVMX_LAB_PARTS="$work/parts.txt"
    [ "$code" -eq 1 ] && grep -q 'NVMX_LAB_PARTS' "$work/badparts/stderr"
    verdict "parts: a file that is wrong is refused" $?
    run noparts vmx.img 1 NVMX_LAB_PARTS="$work/missing"
    same "parts: a file that is missing is refused" 1 "$code"
}

# What L0 does for L1 is reflected: once it says so by calling a function that is named.
reflect() {
    printf 'around %s\nreflect %s\n' "$(symbol acting_for_l1)" "$(symbol reflected)" \
        >"$work/parts.txt"
    run reflect vmx.img 1 NVMX_LAB_PARTS="$work/parts.txt"
    same "reflect: ended well" 0 "$code"
    contains "reflect: with L1, without, and both" reflect mixed \
        '"reflected":{"CPUID":{"count":4,"l1_entered":2,"instructions_median":24,"exits_median":1,"model_cycles_median":808,"l0_until_l1_median":23,"l0_to_l2_median":8,"vmcs_ops":{"VMREAD":2,"VMWRITE":1,"VMPTRLD":0,"VMCLEAR":0}},"INVD":{"count":4,"l1_entered":0,"instructions_median":20,"exits_median":1,"model_cycles_median":804,"vmcs_ops":{"VMREAD":2,"VMWRITE":1,"VMPTRLD":0,"VMCLEAR":0}}}'
    contains "reflect: without either, ended in L0" reflect mixed \
        '"l0_handled":{"VMCALL":{"count":4,"instructions_median":13,"exits_median":1,"model_cycles_median":797,"vmcs_ops":{"VMREAD":2,"VMWRITE":1,"VMPTRLD":0,"VMCLEAR":0}}}'
    contains "reflect: the call takes no instructions from the part around it" reflect mixed \
        '"l0_parts":{"around":{"calls":6,"instructions":24}}'
    same "reflect: the same instructions" "$(instructions vmx mixed)" "$(instructions reflect mixed)"
    same "reflect: all else is as without" "$(window vmx nested)" \
        "$(window reflect nested | sed 's/"l0_parts":{[^}]*}},//')"
    echo "reflect $(symbol reflected)" >"$work/parts.txt"
    run marked vmx.img 1 NVMX_LAB_PARTS="$work/parts.txt"
    same "reflect: needs no part beside it" "$(window reflect mixed | sed 's/"around":{[^}]*}//')" \
        "$(window marked mixed)"
}

symbol() {  # symbol NAME: its address in vmx.img
    nm vmx.elf | sed -n "s/ [A-Za-z] $1\$//p"
}

# relative ADDRESS: code addresses of a path less that; of all registers the number, and RSP.
relative() {
    while read -r what first second third rest; do
        case $what in
        i) echo "i $((0x$first - $1)) $second" ;;
        x) echo "x $first $second $((0x$third - $1))" ;;
        R)
            # shellcheck disable=SC2086
            set -- "$1" "$first" "$second" "$third" $rest
            echo "R $(($# - 1)) ${6}"
            ;;
        *) echo "$what $first${second:+ $second}${third:+ $third}" ;;
        esac
    done
}

# What L1 executed in each round, and that looking at it changes nothing.
paths() {
    run paths vmx.img 1 NVMX_LAB_PATHS=2
    same "paths: ended well" 0 "$code"
    same_windows "paths: the same counts as without" vmx paths
    sed '/^E/q' "$work/paths/out/paths.txt" | relative "0x$(symbol guest_l1_handler)" >"$work/path"
    cmp -s "$here/paths.expected" "$work/path"
    verdict "paths: the first is as expected" $?
    diff "$here/paths.expected" "$work/path"
    same "paths: the first two, then powers of two" "1 2 4 8 16 32" \
        "$(sed -n 's/^P 10 0 //p' "$work/paths/out/paths.txt" | tr '\n' ' ' | sed 's/ $//')"
    run paths2 vmx.img 1 NVMX_LAB_PATHS=2
    cmp -s "$work/paths/out/paths.txt" "$work/paths2/out/paths.txt"
    verdict "paths: two runs, the same file" $?
    [ ! -e "$work/vmx/out/paths.txt" ]
    verdict "no paths unless asked for" $?
}

# exact_rounds WINDOW RESULT EXPECTED COLUMN: an asynchronous end after RESULT rounds of two
# instructions, perhaps one more; L in EXPECTED stands for that number.
exact_rounds() {
    rounds=$(result vmx "$2")
    actual=$(instructions vmx "$1" | cut -d ' ' -f "$4")
    more=$(minus "$actual" $((2 * ${rounds:-0})))
    [ "${rounds:-0}" -gt 1000 ] && [ "$more" -ge 0 ] && [ "$more" -le 1 ]
    verdict "$1: instructions up to the interrupt" $?
    same "$1: the other levels" "$(echo "$3" | sed "s/L/$actual/")" "$(instructions vmx "$1")"
}

charging() {
    run charged vmx.img 1 NVMX_LAB_EXIT_CYCLES=1000
    same "charged: ended well" 0 "$code"
    same "charged: the same instructions" "$(instructions vmx nested)" \
        "$(instructions charged nested)"
    same "charged: 101 exits, in ticks" 101000 \
        "$(minus "$(field charged cpuid ticks)" "$(field vmx cpuid ticks)")"
    same "charged: 101 exits, as the TSC shows them" 101000 \
        "$(minus "$(ticks_between charged)" "$(ticks_between vmx)")"
    contains "charged: said in the result" charged cpuid \
        '"exit_cycles":1000,"charged":true,"charged_cycles":101000,'
    contains "not charged: said in the result" vmx cpuid \
        '"exit_cycles":784,"charged":false,"charged_cycles":0,'

    run cost vmx.img 1 NVMX_LAB_COST_CYCLES=100
    contains "a cost of its own: model cycles" cost nested '"model_cycles_median":341,'
    same "a cost of its own charges nothing" "$(field vmx cpuid ticks)" \
        "$(field cost cpuid ticks)"

    # The clock moves by the average of both processors; the counts do not care.
    run charged_smp vmx.img 2 NVMX_LAB_EXIT_CYCLES=1000
    same "charged, two processors: the same instructions" "$(instructions vmx nested)" \
        "$(instructions charged_smp nested)"
    run smp vmx.img 2
    same "charged, two processors: half of it in the TSC" 50500 \
        "$(minus "$(ticks_between charged_smp)" "$(ticks_between smp)")"
}

endings() {
    run triple triple.img 1
    same "a triple fault ends the emulator with 1" 1 "$code"
    grep -q '3rd (.*) exception' "$work/triple/stderr"
    verdict "and with a message on stderr" $?
    for value in abc -1 1000001 7x; do
        run "bad$value" marks.img 1 "NVMX_LAB_EXIT_CYCLES=$value"
        [ "$code" -eq 1 ] && grep -q 'NVMX_LAB_EXIT_CYCLES' "$work/bad$value/stderr"
        verdict "NVMX_LAB_EXIT_CYCLES=$value is refused" $?
    done
    run badpaths marks.img 1 NVMX_LAB_PATHS=1001
    [ "$code" -eq 1 ] && grep -q 'NVMX_LAB_PATHS' "$work/badpaths/stderr"
    verdict "NVMX_LAB_PATHS=1001 is refused" $?
}

head -c 5000 "$BOCHS" >"$work/in.bin"
marks
if [ "$code" -eq 42 ]; then
    vmx
    parts
    reflect
    paths
    charging
    endings
else
    echo "FAIL $BOCHS does not know the lab mark; it said:"
    cat "$work/marks/stderr"
fi
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
