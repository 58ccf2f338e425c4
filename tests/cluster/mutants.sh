#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# mutants.sh - do the tests bite?  Each mutant is a copy of the engine with one
# fault put in by sed; "make check" must fail on it.  A pattern that no longer
# matches anything is an error, too: the mutant has to follow the code.
#
# Takes some minutes.  An argument selects mutants by a part of their names.
# The last line is "N passed, N failed"; a mutant that survives is a failure.

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
mkdir "$work/tests" && cp -r "$here" "$work/tests/cluster" && rm -rf "$work/tests/cluster/build/"*
only=$1
passed=0
failed=0

# mutant NAME FILE SED-EXPRESSION
mutant() {
    case $1 in *"$only"*) ;; *) return ;; esac
    rm -rf "$work/cluster"
    cp -r "$here/../../cluster" "$work/cluster"
    sed -i "$3" "$work/cluster/$2"
    if cmp -s "$here/../../cluster/$2" "$work/cluster/$2"; then
        echo "NOT MADE  $1: the pattern matches nothing in $2"
        failed=$((failed + 1))
        return
    fi
    if make --no-print-directory -C "$work/tests/cluster" check CFLAGS=-O1 COUNT=20000 \
            >"$work/log" 2>&1; then
        echo "SURVIVED  $1"
        failed=$((failed + 1))
        return
    fi
    if ! grep -q ' passed, [0-9]* failed$' "$work/log"; then
        echo "NOT BUILT $1"
        tail -n 5 "$work/log"
        failed=$((failed + 1))
        return
    fi
    echo "killed    $1, by: $(killers)"
    passed=$((passed + 1))
}

# The programs with failures.
killers() {
    sed -n -e 's/^\(.*\): [0-9]* passed, [1-9][0-9]* failed$/\1/p' \
        -e 's/^ended without a result.*/a crash/p' "$work/log" | paste -s -d ';' | sed 's/;/; /g'
}

mutant 'SBB ignores the borrow' alu.c 's/result = sub(a, b, carry, width/result = sub(a, b, 0, width/'
mutant 'OF of a subtraction' alu.c 's/(a ^ b) & (a ^ difference)/(a ^ b) \& (b ^ difference)/'
mutant 'AF from the wrong bit' alu.c 's/carries >> 3/carries >> 4/'
mutant 'NEG: CF as for addition' alu.c 's/result = sub(0, a, 0, width/result = add(0, -a, 0, width/'
mutant 'INC changes CF' alu.c '/add(a, 1, 0/,/break/s/changes &= .*/;/'
mutant 'PF of the whole value' alu.c 's/value ^ (value >> 4)/value ^ (value >> 4) ^ (value >> 8)/'
mutant '32-bit writes keep the upper half' interp.c 's/\*reg = (uint32_t)value/*reg = (*reg \& ~0xffffffffULL) | (uint32_t)value/'
mutant 'AH is taken for SPL' interp.c 's/return (\*gpr(x->regs, o.reg) >> 8)/return (*gpr(x->regs, o.reg + 4) >> 0)/'
mutant 'no cut to 32-bit addresses' interp.c 's/return mem->addr32 ? (uint32_t)address/return mem->addr32 ? address/'
mutant 'no page-crossing check' tlb.h 's/(linear & CLUSTER_PAGE_OFFSET) + width <= CLUSTER_PAGE_SIZE/width != 0/'
mutant 'page-crossing check one byte late' tlb.h 's/+ width <= CLUSTER_PAGE_SIZE/+ width <= CLUSTER_PAGE_SIZE + 1/'
mutant 'no check for canonical addresses' tlb.h 's/return cluster_canonical(linear) &&/return/'
mutant 'a store into own code goes ahead' interp.c 's/return page == x->code.page\[0\] ||.*/return page == NULL \&\& x;/'
mutant 'the second code page is not watched' interp.c 's/ || page == x->code.page\[1\]//'
mutant 'the first bytes are not compared' code.c 's/for (; size >= 8; size -= 8)/for (guest += size \& ~7u, ours += size \& ~7u, size \&= 7; size >= 8; size -= 8)/'
mutant 'the last byte is not compared' code.c 's/!(size & 1) ||/!(size \& 1) || guest ||/'
mutant 'the second page is not compared' code.c 's/same_bytes(code->page\[1\].*/true;/'
mutant 'reads allow writes' tlb.c 's/ && (entry->access == CLUSTER_WRITE || access == CLUSTER_READ)//'
mutant 'no look for events' interp.c 's/if (exits && !first && /if (false \&\& exits \&\& !first \&\& /'
mutant 'VMfail valid sets CF' interp.c 's/regs->rflags |= CLUSTER_FLAG_ZF/regs->rflags |= CLUSTER_FLAG_CF/'
mutant 'POP computes its address too early' interp.c 's/disp += 8;/disp += 0;/'
mutant 'PUSH pushes the new RSP' interp.c '/^static enum step step_push/,/^}/{s/uint64_t value = .*/uint64_t value;/;s/cluster_store(stack/x->regs->gpr[CLUSTER_RSP] = rsp; value = read_operand(x, insn, insn->src, 8, host); cluster_store(stack/}'
mutant 'CMOV keeps the upper half if not moved' interp.c '/^static enum step step_cmovcc/,/^}/s/    write_operand(.*/    if ((void)kept, cluster_condition(insn->cond, x->regs->rflags)) write_operand(x, insn, moved, host);/'
mutant 'TF and RF do not refuse' run.c 's/CLUSTER_FLAG_TF | CLUSTER_FLAG_RF/0/'
mutant 'barren sites for ever' cache.c 's/barren->exits_left--;/;/'
mutant 'nothing is ever useless' run.c 's/!cluster_pays(/false \&\& cluster_pays(/'
mutant 'fifteen instructions' form.c 's/p.decoded < CLUSTER_MAX_INSNS/p.decoded < CLUSTER_MAX_INSNS - 1/'
mutant 'five accesses' form.c 's/p->gap_accesses > CLUSTER_MAX_GAP_ACCESSES/p->gap_accesses > CLUSTER_MAX_GAP_ACCESSES + 1/'
mutant 'LOCK is overlooked' decode.c "s/byte == 0xf0 || byte == 0xf2/byte == 0xf2/"
mutant "Zydis' base of R13D" decode.c 's/if (sib_without_base(z))/if (sib_without_base(z) \&\& !mem->base \&\& z->length == 0)/'

echo
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
