#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# mutants.sh - field.c, sync.c, hot.c and l1.h with one fault at a time; ../mutants.sh has the rest.
#
# Takes two minutes.  An argument selects mutants by a part of their names.

# shellcheck source=tests/mutants.sh
. "$(dirname "$0")/../mutants.sh"
mutants_start "$1" nvmx nvmx CFLAGS=-O1 COUNT=200000

# The table.
mutant 'a guest field is not copied' field.c '/GUEST_SYSENTER_CS/s/COPY,    /NOTHING, /'
mutant 'the activity state is copied' field.c '/GUEST_ACTIVITY_STATE/s/NOTHING,  NOTHING, /COPY,     HARDWARE,/'
mutant 'a guest field is not fetched' field.c '/GUEST_RFLAGS/s/HARDWARE,/NOTHING, /'
mutant 'an exit field is not fetched' field.c '/IDT_VECTORING_INFO/s/HARDWARE,/NOTHING, /'
mutant 'CR3 is always L1s' field.c '/GUEST_CR3/s/ CR3,    / NOTHING,/'
mutant 'the TPR threshold without the TPR shadow' field.c '/OF_PRIMARY =/s/TPR | //'
mutant 'the APIC-access address without its control' field.c '/OF_SECONDARY =/s/APIC_ACCESS | //'
mutant 'a field is left out' field.c '/GUEST_PENDING_DBG_EXCEPTIONS/d'
mutant 'a field that is another' field.c '/APIC_ACCESS_ADDR/s/0x2014/0x2015/'
mutant 'inputs are not known by position' field.c 's/table->inputs\[position\] = field->inputs;/;/'
mutant 'inputs are not in their set' field.c 's/if (field->inputs)/if (field->inputs == 0xffff)/'
mutant 'all that is loaded is copied' field.c 's/if (field->entry == NVMX_ENTRY_COPY)/if (field->entry != NVMX_ENTRY_NOTHING)/'
mutant 'CR3 is as other fields' field.c 's/if (field->exit == NVMX_EXIT_HARDWARE)/if (field->exit \& 1)/'
mutant 'what was in the table stays' field.c 's/memset(table, 0, sizeof(\*table));/;/'
mutant 'a high half of eight bytes' field.c 's/HIGH_HALF ? 4 : 8/HIGH_HALF ? 8 : 8/'
mutant '32-bit fields of eight bytes' field.c '/case WIDTH_32:/,/return/s/return 4/return 8/'
mutant 'host state is read-only' field.c 's/TYPE_READ_ONLY = 1/TYPE_READ_ONLY = 3/'

# A vvmcs and vmcs02.
mutant 'a vvmcs that becomes current is not DIRTY' sync.c 's/sync->dirty = table->known;/sync->dirty = table->copy;/'
mutant 'what was STALE is so of the next vvmcs' sync.c '/^void nvmx_sync_start/,/^}/s/memset(&sync->stale.*/;/'
mutant 'what is written is not DIRTY' sync.c '/^void nvmx_sync_written/,/^}/s/nvmx_set_add(.*/;/'
mutant 'what is written is STALE still' sync.c '/^void nvmx_sync_written/,/^}/s/nvmx_set_remove(.*/;/'
mutant 'all inputs are of the first word' sync.c 's/table->inputs\[first + /table->inputs[first * 0 + /'
mutant 'one input a word' sync.c '/^static uint32_t inputs_of/,/^}/s/word &= word - 1/word = 0/'
mutant 'all is copied' sync.c 's/plan->copy.word\[i\] = dirty & /plan->copy.word[i] = /'
mutant 'what is DIRTY is copied' sync.c 's/plan->copy.word\[i\] = dirty & table->copy.word\[i\];/plan->copy.word[i] = dirty;/'
mutant 'the last word is not copied' sync.c '/^void nvmx_plan_entry/,/^}/s/i < NVMX_SET_WORDS/i < NVMX_SET_WORDS - 1/'
mutant 'what was copied is DIRTY still' sync.c '/^void nvmx_sync_entered/,/^}/s/memset(.*/(void)sync;/'
mutant 'CR3 is never STALE' sync.c 's/if (cr3)/if (cr3 \&\& !table)/'
mutant 'CR3 is always STALE' sync.c 's/if (cr3)/if (cr3 || table)/'
mutant 'all that is STALE is fetched' sync.c 's/plan->word\[i\] = sync->stale.word\[i\] & wanted->word\[i\];/plan->word[i] = sync->stale.word[i] | (wanted->word[i] \& 0);/'
mutant 'all that is wanted is fetched' sync.c 's/plan->word\[i\] = sync->stale.word\[i\] & /plan->word[i] = (sync->stale.word[i] | ~0ull) \& /'
mutant 'only what is eager is completed' sync.c 's/\*plan = sync->stale;/*plan = sync->eager;/'
mutant 'what was fetched is STALE still' sync.c 's/sync->stale.word\[i\] &= ~plan->word\[i\];/(void)sync, (void)plan;/'
mutant 'fetching one fetches all' sync.c 's/sync->stale.word\[i\] &= ~plan->word\[i\];/sync->stale.word[i] \&= plan->word[i] \& 0;/'
mutant 'eager one read late' sync.c 's/== NVMX_EAGER_AFTER/== NVMX_EAGER_AFTER + 1/'
mutant 'every read finds it STALE' sync.c '/^bool nvmx_sync_asked/,/^}/s/if (!nvmx_set_has(.*/if (position >= NVMX_POSITIONS)/'
mutant 'nothing becomes eager by being read' sync.c '/^bool nvmx_sync_asked/,/^}/s/add_eager(sync,/nvmx_set_remove(\&sync->eager,/'
mutant 'nothing is pinned' sync.c '/^void nvmx_sync_pin/,/^}/s/nvmx_set_add(.*/(void)sync, (void)position;/'
mutant 'what was STALE before L2 ran is forgotten' sync.c 's/cr3 = cr3 || nvmx_set_has(.*/;/'
mutant 'what becomes eager is lazy, too' sync.c '/^static void add_eager/,/^}/s/sync->lazy_known = false;/;/'
mutant 'what is no longer eager is not lazy' sync.c '/^static void find_eager_anew/,/^}/s/sync->lazy_known = false;/;/'
mutant 'eager fields are never found anew' sync.c 's/== NVMX_EAGER_EXITS/== 0/'

# The shadow VMCS.
mutant 'what was ahead is so of the next shadow VMCS' hot.c '/^void nvmx_hot_start/,/^}/s/memset(.*/;/'
mutant 'a VMCS that is dumped is hot' hot.c 's/if (\*last == now)/if (!last)/'
mutant 'a VMCS that is dumped later is hot' hot.c 's/\*last = now;/*last = 1;/'
mutant 'hot one exit early' hot.c 's/< NVMX_HOT_AFTER)/< NVMX_HOT_AFTER - 1)/'
mutant 'hot one exit late' hot.c 's/< NVMX_HOT_AFTER)/< NVMX_HOT_AFTER + 1)/'
mutant 'what is hot is so for reads' hot.c 's/nvmx_set_add(&hot->pass\[access\], position);/nvmx_set_add(\&hot->pass[NVMX_READ], position);/'
mutant 'reads and writes count together' hot.c 's/++hot->exits\[access\]/++hot->exits[NVMX_READ]/'
mutant 'what becomes hot is not looked at' hot.c 's/hot->changed = true;.*/;/'
mutant 'a window that its counters do not hold' hot.c 's/NVMX_HOT_WINDOW - 1/NVMX_HOT_WINDOW/'
mutant 'windows do not end' hot.c '/^void nvmx_hot_entered/,/^}/s/memset(hot->exits.*/;/'
mutant 'a gap is taken for one of the window before' hot.c '/^void nvmx_hot_entered/,/^}/s/memset(hot->last.*/;/'
mutant 'what L1 writes is not written back' hot.c 's/ | hot->pass\[NVMX_WRITE\].word\[i\]//'
mutant 'what L1 reads is not written back' hot.c 's/hot->pass\[NVMX_READ\].word\[i\] | //'
mutant 'all that is ahead is written back' hot.c '/^bool nvmx_plan_hot/,/^}/s/word &= hot/word |= hot/'
mutant 'nothing is written back' hot.c '/^bool nvmx_plan_hot/,/^}/s/return any != 0;/return any == 0;/'
mutant 'others see what L1 sees' hot.c '/^bool nvmx_plan_ahead/,/^}/s/\*plan = hot->ahead;/*plan = hot->pass[NVMX_READ];/'
mutant 'what was written is ahead still' hot.h 's/hot->ahead.word\[i\] &= ~plan->word\[i\];/(void)hot, (void)plan;/'
mutant 'writing one writes all' hot.h 's/hot->ahead.word\[i\] &= ~plan->word\[i\];/hot->ahead.word[i] \&= plan->word[i] \& 0;/'

# L1's state while vmcs01 is not loaded.
mutant 'a base is loaded from another' l1.h '/NVMX_L1_GS_BASE\]/s/0x6c08/0x6c06/'
mutant 'a base is another' l1.h '/NVMX_L1_GDTR_BASE\]/s/0x6816/0x6818/'
mutant 'the task register is the local descriptor table' l1.h '/NVMX_L1_TR_SELECTOR\]/s/0x080e/0x080c/'
mutant 'a limit is loaded' l1.h '/NVMX_L1_GDTR_LIMIT\]/s/0 }/0x6c0c }/'
mutant 'the shadow of another world' l1.h '/NVMX_L1_INTERRUPTIBILITY_INFO\]/s/0x4824/0x4826/'
mutant 'FS and GS are one' l1.c '/IA32_GS_BASE/,/return/s/NVMX_L1_GS_BASE/NVMX_L1_FS_BASE/'
mutant 'an MSR whose field is narrower' l1.c '/return false;/s/return false;/*field = NVMX_L1_SYSENTER_CS; return msr == 0x174;/'
mutant 'SYSENTER_EIP is known' l1.c '/return false;/s/return false;/*field = NVMX_L1_SYSENTER_EIP; return msr == 0x176;/'

mutants_end
