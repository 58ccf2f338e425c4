#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# mutants.sh - the engine with one fault at a time; ../mutants.sh has the rest.
#
# Takes half an hour.  An argument selects mutants by a part of their names.

# shellcheck source=tests/mutants.sh
. "$(dirname "$0")/../mutants.sh"
mutants_start "$1" cluster cluster CFLAGS=-O1 COUNT=20000

# Arithmetic.
mutant 'SBB ignores the borrow' alu.c 's/result = sub(a, b, carry, width/result = sub(a, b, 0, width/'
mutant 'OF of a subtraction' alu.c 's/(a ^ b) & (a ^ difference)/(a ^ b) \& (b ^ difference)/'
mutant 'AF from the wrong bit' alu.c 's/carries >> 3/carries >> 4/'
mutant 'NEG: CF as for addition' alu.c 's/result = sub(0, a, 0, width/result = add(0, -a, 0, width/'
mutant 'INC changes CF' alu.c '/add(a, 1, 0/,/break/s/changes &= .*/;/'
mutant 'PF of the whole value' alu.c 's/value ^ (value >> 4)/value ^ (value >> 4) ^ (value >> 8)/'
mutant 'RCL is ROL' alu_shift.c 's/EXECUTE("rcl")/EXECUTE("rol")/'
mutant 'SHRD is SHLD' alu_shift.c 's/EXECUTE_DOUBLE("shrd")/EXECUTE_DOUBLE("shld")/'
mutant '8-bit shifts are 16-bit ones' alu_shift.c 's/case 1:  result = shift_uint8_t(op/case 1:  result = width == 2 ? shift_uint8_t(op, value, count, \&flags) : shift_uint16_t(op/'
mutant 'IMUL is MUL' alu_multiply.c 's/case CLUSTER_OP_IMUL1: EXECUTE("imul")/case CLUSTER_OP_IMUL1: EXECUTE("mul")/'
mutant 'a quotient too large by one bit' alu_multiply.c 's/return value.low >> (8 \* width) < divisor;/return value.low >> (8 * width) <= divisor;/'
mutant 'the least quotient faults' alu_multiply.c 's/greatest + negative/greatest + (negative \&\& !greatest)/'
mutant 'TZCNT is BSF' alu_bits.c 's/EXECUTE_SCAN("tzcnt", size)/EXECUTE_SCAN("bsf", size)/'

# The interpreter.
mutant '32-bit writes keep the upper half' interp_memory.c 's/\*reg = (uint32_t)value/*reg = (*reg \& ~0xffffffffULL) | (uint32_t)value/'
mutant 'AH is taken for SPL' interp_memory.c 's/return (\*cluster_gpr(x->regs, o.reg) >> 8)/return (*cluster_gpr(x->regs, o.reg + 4) >> 0)/'
mutant 'no cut to 32-bit addresses' interp_memory.c 's/return mem->addr32 ? (uint32_t)address/return mem->addr32 ? address/'
mutant 'the second page is the first' interp_memory.c 's/at->rest = reach_page(x, address + in_page, access);/at->rest = at->host;/'
mutant 'an access across a page end one byte late' interp_memory.c 's/CLUSTER_PAGE_SIZE - (address & CLUSTER_PAGE_OFFSET);/CLUSTER_PAGE_SIZE + 1 - (address \& CLUSTER_PAGE_OFFSET);/'
mutant 'no check for canonical addresses' tlb.h 's/return cluster_canonical(linear) && cluster_canonical(last) && last >= linear/return last != linear - 1/'
mutant 'GS is FS' interp_memory.c 's/case CLUSTER_SEG_GS: return x->world.gs_base/case CLUSTER_SEG_GS: return x->world.fs_base/'
mutant 'a store into own code goes ahead' interp_memory.c 's/page == x->code.page\[0\] ||.*/page == NULL)/'
mutant 'a store into the code of the region goes ahead' interp_memory.c 's/if (page == region->page\[i\].host)/if (page == NULL)/'
mutant 'the second code page is not watched' interp_memory.c 's/ || page == x->code.page\[1\]//'
mutant 'reads allow writes' tlb.c 's/ && (entry->access == CLUSTER_WRITE || access == CLUSTER_READ)//'
mutant 'VMfail valid sets CF' interp_vmx.c 's/regs->rflags |= CLUSTER_FLAG_ZF/regs->rflags |= CLUSTER_FLAG_CF/'
mutant 'POP computes its address too early' interp_stack.c 's/disp += 8;/disp += 0;/'
mutant 'CALL pushes its own address' interp_stack.c 's/push(x, x->regs->rip + insn->length)/push(x, x->regs->rip)/'
mutant 'RET pops nothing beyond' interp_stack.c 's/+= 8 + insn->imm;/+= insn->imm < 0 ? 0 : 8;/'
mutant 'LEAVE keeps RBP' interp_stack.c 's/x->regs->gpr\[CLUSTER_RBP\] = value;/;/'
mutant 'RET to anywhere' interp_stack.c '/^enum cluster_step cluster_step_ret/,/^}/s/if (!cluster_canonical(target))/if (target == 1)/'
mutant 'POPF does not load IF' interp_stack.c 's/loaded = CLUSTER_FLAGS_ARITHMETIC | CLUSTER_FLAG_IF/loaded = CLUSTER_FLAGS_ARITHMETIC/'
mutant 'POPF loads anything' interp_stack.c 's/if ((value ^ rflags) & DELICATE_FLAGS)/if (value == rflags + 1)/'
mutant 'STI has no shadow' interp_stack.c 's/x->regs->sti_shadow = !.*/x->regs->sti_shadow = false;/'
mutant 'STI before a pending event' interp_stack.c '/^enum cluster_step cluster_step_sti/,/^}/s/if (event_waits_for_if(x))/if (!x)/'
mutant 'bit offsets without a sign' interp_exchange.c 's/int64_t offset,$/uint32_t offset,/'
mutant 'XADD stores the old value' interp_exchange.c 's/cluster_write_operand(x, insn, insn->dst, b, at);/cluster_write_operand(x, insn, insn->dst, a, at);/'
mutant 'locked across a cache line' interp_exchange.c 's/+ width <= CACHE_LINE/+ width <= 2 * CACHE_LINE/'
mutant 'MOVS does not move RSI' interp_string.c 's|RSI\] += has_source(insn) ? bytes : 0|RSI] += has_source(insn) ? 0 : 0|'
mutant 'REPE ends as REPNE' interp_string.c 's/equal == (insn->rep == REPNE)/equal != (insn->rep == REPNE)/'
mutant 'REP one time too few' interp_string.c 's/while (\*count != 0)/while (*count > 1)/'
mutant 'no bound on REP' interp_string.c 's/if (\*count > CLUSTER_MAX_REP)/if (*count == 0x123456789)/'

# Static clusters.
mutant 'the first bytes are not compared' code.c 's/for (; size >= 8; size -= 8)/for (guest += size \& ~7u, ours += size \& ~7u, size \&= 7; size >= 8; size -= 8)/'
mutant 'the last byte is not compared' code.c 's/!(size & 1) ||/!(size \& 1) || guest ||/'
mutant 'TF and RF do not refuse' run.c 's/CLUSTER_FLAG_TF | CLUSTER_FLAG_RF/0/'
mutant 'barren sites for ever' cache.c 's/barren->exits_left--;/;/'
mutant 'nothing is ever useless' run.c 's/!cluster_pays(/false \&\& cluster_pays(/'
mutant 'fifteen instructions' form.c 's/p.decoded < CLUSTER_MAX_INSNS/p.decoded < CLUSTER_MAX_INSNS - 1/'
mutant 'five accesses' form.c 's/p->gap_accesses > CLUSTER_MAX_GAP_ACCESSES/p->gap_accesses > CLUSTER_MAX_GAP_ACCESSES + 1/'
mutant "Zydis' base of R13D" decode.c 's/if (sib_without_base(z))/if (sib_without_base(z) \&\& !mem->base \&\& z->length == 0)/'

# Growth of regions.
mutant 'what leads nowhere is kept' regions.c 's/cluster_store_take_back(r->vcpu, region, &mark);/;/'
mutant 'the edge goes on leading there' regions.c 's/way->node = CLUSTER_NO_INDEX;/;/'
mutant 'an edge remembers tries of another' graph.c 's/exits = vcpu->edge\[e\].tries = 0/exits = 0/'
mutant 'a gap begins at the edge' record.c 's/r->gap = cluster_node_gap_behind(node);/;/'
mutant 'nothing is bridged in vain' judge.c 's/ ? 0 : out->gap;/ || out ? 0 : 0;/'
mutant 'gaps are not narrowed' judge.c 's/++\*narrowed;/;/'

# Execution of regions.
mutant 'no look for a poke on an edge' execute.c 's/if (\*e->x->world.poke)$/if (e->x == NULL)/'
mutant 'no look for a poke before an exiting instruction' execute.c 's/else if (\*e->x->world.poke && !is_entry(e, n))/else if (e->x == NULL)/'
mutant 'no budget' execute.c 's/if (\*e->budget < 0)/if (*e->budget < -2000000000)/'
mutant 'bytes of later segments are not compared' execute.c 's/if (vcpu->segment\[to->segment\].compared != vcpu->executions \&\&/if (!e \&\&/'
mutant 'edges do not count' execute.c 's/\*e->exiting += from->exiting + cluster_insn_exits(&from->insn) - to->exiting;/;/'
mutant 'any stack will do' execute.c 's/if (way->node != CLUSTER_NO_INDEX && !is_stack_right(.*/if (!e)/'
mutant 'IF is not brought back' dispatch.c 's/(frame->interrupts ? CLUSTER_FLAG_IF : 0)/(rflags \& CLUSTER_FLAG_IF)/'
mutant 'RSP is that of the entry' dispatch.c 's/= e->entry_rsp + exit->rsp;/= e->entry_rsp;/'
mutant 'known flags are not used' dispatch.c 's/exit->flags_known ? exit->flags : frame->flags/frame->flags/'

# Weakly exiting instructions.
mutant 'all MOVs that find no RAM exit' record.c 's/!cluster_tracker_knows(r->vcpu, regs->rip,/(false \&\& !cluster_tracker_knows(r->vcpu, regs->rip,/; s/cluster_variant(regs->gpr\[CLUSTER_RSP\], 0)))/cluster_variant(regs->gpr[CLUSTER_RSP], 0))))/'
mutant 'what finds RAM exits' interp_vmx.c 's/++\*x->world.silent;/(void)x;/'
mutant 'a device is read twice' interp_vmx.c '/^enum cluster_step cluster_step_weak_mov/,/^}/s/    if (!write)$/    if (!write \&\& x->ops->emulate(x->ctx, insn->op, x->regs, \&operands) != CLUSTER_EMULATE_DECLINE)/'
mutant 'no look for an event behind a device' step.h 's/if (insn->op < CLUSTER_OP_WRMSR)/if (insn->op != CLUSTER_OP_WRMSR)/'
mutant 'a device that is gone stays one' interp_vmx.c 's/return mov_of_ram(x, insn, &operands);/return x->regs->rip == 1 ? mov_of_ram(x, insn, \&operands) : cluster_step_stop(x, CLUSTER_STOP_MEMORY);/'
mutant 'the same world behind a device' interp_vmx.c '/^enum cluster_step cluster_step_weak_mov/,/^}/s/if (result == CLUSTER_EMULATED)/if (x)/'

# Translation.
mutant 'the stack one slot off' xlate_memory.c 's/return emit_mem(HOST_STACK, offset);/return emit_mem(HOST_STACK, offset + 8);/'
mutant 'no check of the slot' xlate_memory.c '/^static void check_slot/,/^}/s/EMIT_NOT_BELOW/EMIT_SIGN/'
mutant 'a stack across the end of addresses' hosts.c 's/first - known < size \&\& last - known < size/first >= known \&\& last < known + size/'
mutant 'a span goes on though its register changes' plan_span.c 's/if (cluster_registers_written(&node\[n - 1\].insn) & registers)/if (!registers)/'
mutant 'a span goes on beyond a header' plan_span.c 's/n < count \&\& !node\[n\].header/n < count/'
mutant 'a span goes on though its pointer is used' plan_span.c 's/!is_transparent(&node\[n\], &plan\[n\])/is_transparent(\&node[n], \&plan[n]) \&\& !node/'
mutant 'a span is checked for its first access only' xlate_memory.c 's/return x->plan->span ? x->plan->span : /return /'
mutant 'a span is checked for reading only' xlate_memory.c 's/return x->plan->probes || /return /'
mutant 'the rest of a span that was missed is translated code' xlate_exit.c 's/ \&\& !exit->span)/)/'
mutant 'a probe makes its page dirty' hosts.c 's/if (miss->probes)/if (!miss)/'
mutant 'slots of constant addresses are not checked' xlate_memory.c 's/no_page_if(x, EMIT_EQUAL, slot);/no_page_if(x, EMIT_SIGN, slot);/'
mutant 'flags are not saved before an address' xlate_memory.c '/^struct emit_rm xlate_memory/,/^}/s/xlate_flags_spare(x);/;/'
mutant 'a read slot serves writes' xlate_memory.c 's/exit->write = checked_write(x);/exit->write = false;/'
mutant 'another key is not looked at' xlate_memory.c '/^static void check_key/,/^}/s/EMIT_NOT_EQUAL/EMIT_SIGN/'
mutant 'another key of another page' xlate_memory.c '/^static void other_key/,/^}/s/EMIT_NOT_BELOW/EMIT_SIGN/'
mutant 'flags that are needed are given up' xlate_flags.c '/^void xlate_flags_spare/,/^}/s/save(&x->hot);/;/'
mutant 'logical flags of another width' xlate_flags.c '/^static bool lazy_of_result/,/^}/s/insn->width, operand/8, operand/'
mutant 'VMREAD leaves CF' xlate_flags.c '/^void xlate_flags_cleared/,/^}/s/known = 0/known = CLUSTER_FLAG_CF/'
mutant 'sums are not undone' xlate_flags.c 's/lazy->op == CLUSTER_OP_ADD ? CLUSTER_OP_SUB : CLUSTER_OP_ADD/lazy->op/'
mutant 'back-edges do not look for a poke' xlate_branch.c '/^static uint32_t emit_back_edge/,/^}/s/emit_jump_if(&x->cold, EMIT_NOT_EQUAL, poke);/;/'
mutant 'back-edges do not look at the budget' xlate_branch.c '/^static uint32_t emit_back_edge/,/^}/s/emit_jump_if(&x->cold, EMIT_SIGN, poke);/;/'
mutant 'back-edges do not count' xlate_branch.c 's/int32_t insns = x->node->depth + 1 - header->depth;/int32_t insns = x->node->depth - header->depth;/'
mutant 'an exit with the RSP of before' xlate_branch.c 's/exit->rsp = cluster_rsp_after(x->node);/exit->rsp = x->node->rsp;/'
mutant 'fields of another width' xlate_system.c 's/two = x->plan->field_width == 2/two = x->plan->field_width == 8/'
mutant 'no look for a poke before a translated VMREAD' xlate_system.c 's/xlate_exit_if(x, EMIT_NOT_EQUAL, CLUSTER_EXIT_POKE);/;/'
mutant 'no look for a poke before a translated VMWRITE' xlate_system.c '/^void xlate_vmwrite/,/^}/s/check_poke(x);/;/'
mutant 'a field is stored with its neighbour' xlate_system.c '/^void xlate_vmwrite/,/^}/s/x->plan->field_width, emit_mem/8, emit_mem/'
mutant 'fields that do more are stored as well' plan.c '/^static enum plan_how plan_vmwrite/,/^}/s/!field.store || //'
mutant 'RDTSC without the offset' xlate_system.c '/^static void rdtsc/,/^}/s/offsetof(struct cluster_frame, tsc_offset)/offsetof(struct cluster_frame, lazy)/'
mutant 'RDTSC counts always' xlate_system.c '/^static void rdtsc/,/^}/s/xlate_exit_if(x, EMIT_EQUAL, CLUSTER_EXIT_STEP);/;/'
mutant 'what does not exit counts as avoided' interp.c '/^void cluster_discount/,/^}/s/out->exiting -=/(void)/'
mutant 'the log of VMWRITEs is not compared' predict_compare.c 's/|| !same_logs(expected, actual, m)/|| false/'
mutant 'VMWRITEs without a log are not compared' predict_compare.c 's/if (!same_stores(expected, actual, m) ||/if (/; s/written\[i\] \&\&/written[i] \&\& i \&\&/'
mutant 'code words are compared from the beginning for each piece' hosts.c 's/(piece->host, &ours, piece->words)/(piece->host, \&(const uint64_t *){ ours }, piece->words)/'
mutant 'the shadow of STI stays' translate.c 's/offsetof(struct cluster_frame, sti_shadow)), 0);/offsetof(struct cluster_frame, sti_shadow)), 1);/'
mutant 'a register is not stored on the way out' xlate_exit.c '/^static const uint8_t kept/,/^}/s/CLUSTER_RSI, //'

mutants_end
