/* SPDX-License-Identifier: GPL-2.0-only */
#include "segment.h"
#include "selfcheck.h"
#include "unit.h"

#include <stdlib.h>

static struct guest *start(struct code code)
{
    struct guest *g = guest_start();
    unsigned int i;

    guest_map(g, GUEST_STACK - GUEST_PAGE, calloc(1, GUEST_PAGE), "rw");
    guest_map(g, GUEST_STACK + GUEST_PAGE, calloc(1, GUEST_PAGE), "rw");
    guest_put_code(g, GUEST_CODE, code);
    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        if (i != CLUSTER_RSP)
            g->regs.gpr[i] = 0x1111111111111111ULL * i;
    for (i = 0; i < 2 * GUEST_PAGE; i++)
        guest_at(g, GUEST_DATA)[i] = 3 + 7 * i;
    g->regs.gpr[CLUSTER_RDI] = GUEST_DATA + 0x100;
    g->regs.gpr[CLUSTER_RSI] = GUEST_DATA2 + 0x80;
    g->gs = GUEST_DATA + 0x200;
    return g;
}

static void end(struct guest *g)
{
    free(g->page[5].host);
    free(g->page[6].host);
    guest_end(g);
}

/* Record, translate, run and compare, twice: with empty slots and with filled ones. */
static struct segment_end check(struct guest *g, unsigned int insns)
{
    uint32_t segment = segment_record(g, insns);
    struct cluster_regs regs = g->regs;
    struct segment_end ended;
    const char *wrong;
    uint32_t where;

    assert_true(segment_translate(g, segment));
    wrong = selfcheck_arena(g->vcpu, &where);
    if (wrong)
        fail_msg("%s at 0x%x", wrong, where);
    segment_compare(g, segment);
    g->regs = regs;
    ended = segment_compare(g, segment);
    return ended;
}

static void moves_keep_values(void **state)
{
    struct guest *g = start(CODE("mov rax, rbx; mov ecx, edx; mov r8, r15; mov r13w, ax;"
                                 "mov r14b, cl; mov ah, bl; movzx ebp, ah; movsx r9, r10b;"
                                 "mov r11, -5; mov r12d, 0x80000000; mov r15, 0x123456789abc"));
    struct segment_end ended = check(g, 11);

    (void)state;
    assert_int_equal(ended.kind, CLUSTER_EXIT_END);
    assert_int_equal(ended.insns, 11);
    assert_int_equal(ended.exits, 1);
    end(g);
}

static void memory_goes_through_slots(void **state)
{
    struct guest *g = start(CODE("mov rax, [rdi+8]; add [rdi+16], rax; cmp byte ptr [rsi], 3;"
                                 "mov r15, [rsi+rcx*8-0x88]; xor r14, [rsi];"
                                 "mov rdx, gs:[0x10]; inc qword ptr gs:[0x20]; mov [rdi], r13w;"
                                 "lock or dword ptr [rdi+0x20], 5; xchg rax, [rdi+0x28]"));
    struct segment_end ended;

    (void)state;
    g->regs.gpr[CLUSTER_RCX] = 0x12;
    ended = check(g, 10);
    assert_int_equal(ended.insns, 10);
    assert_int_equal(ended.exits, 1);
    end(g);
}

static void stack_needs_no_slots(void **state)
{
    struct guest *g = start(CODE("push rbx; push r15; push -7; sub rsp, 0x20; mov [rsp+8], rax;"
                                 "call 1f; add rsp, 0x20; pop rax; pop r14; pop rcx; jmp 2f;"
                                 "1: push rbp; mov rbp, rsp; mov [rbp-0x10], rdx;"
                                 "add rdx, [rbp-0x10];"
                                 "leave; ret; 2: push rsp; pop rax; mov rcx, rsp; pushf; pop r10"));
    struct segment_end ended = check(g, 22);

    (void)state;
    assert_int_equal(ended.insns, 22);
    assert_int_equal(ended.exits, 1);
    assert_int_equal(ended.stepped, 0);
    assert_int_equal(g->vcpu->nr_slots, 0);
    end(g);
}

/* An empty slot is an address, too, to those who can form any number. */
static void no_address_hits_an_empty_slot(void **state)
{
    struct guest *g = start(CODE("mov rax, [rdi]; nop"));
    uint32_t segment = segment_record(g, 2);
    struct segment_end ended;
    uint64_t low;

    (void)state;
    assert_true(segment_translate(g, segment));
    for (low = 0; low < 0x1000; low += 8) {
        g->regs.gpr[CLUSTER_RDI] = CLUSTER_SLOT_EMPTY + low;
        ended = segment_run(g, segment);
        assert_int_equal(ended.kind, CLUSTER_EXIT_MISS);
        assert_int_equal(ended.insns, 0);
    }
    end(g);
}

/* Either page may be the one that is there. */
static void accesses_across_pages_are_interpreted(void **state)
{
    struct guest *g = start(CODE("mov rax, [rdi]; add [rdi+1], ecx; mov dx, gs:[0]; nop"));
    struct segment_end ended;
    unsigned int i;

    (void)state;
    for (i = 1; i < 8; i++) {
        g->regs.gpr[CLUSTER_RDI] = g->gs = GUEST_DATA2 - i;
        ended = check(g, 4);
        assert_int_equal(ended.kind, CLUSTER_EXIT_END);
        assert_int_equal(ended.insns, 4);
        assert_int_equal(ended.stepped, 1 + (i > 1 && i < 5) + (i == 1));
    }
    end(g);
}

static struct code flag_rows(unsigned int row)
{
    switch (row) {
    case 0:  return CODE("add rax, rbx; mov rdx, [rdi]; mov rbx, [rsi]; mov rax, [rdi+8]; nop");
    case 1:  return CODE("sub eax, 5; mov rdx, [rdi]; mov rax, [rsi]; mov r8, [rdi+8]; setb cl");
    case 2:  return CODE("cmp al, bl; mov rax, [rdi]; mov rbx, [rsi]; adc rdx, [rdi]; nop");
    case 3:  return CODE("test rax, rax; mov rax, [rdi]; mov rax, [rsi]; cmovs rdx, [rdi]; nop");
    case 4:  return CODE("and r15d, eax; mov r15, [rdi]; mov rdx, [rsi]; sbb r15, rdx; nop");
    case 5:  return CODE("xor eax, eax; mov rdx, [rdi]; sete al; adc rdx, [rsi]; nop");
    case 6:  return CODE("sub rsp, 0x18; mov rdx, [rdi]; setp al; lea rsp, [rsp+0x18]; nop");
    case 7:  return CODE("and rsp, -16; mov rdx, [rdi]; seta al; mov rdx, [rsi]; nop");
    case 8:  return CODE("cmp [rdi], rax; mov rdx, [rsi]; mov rax, [rsi]; setg r14b; nop");
    case 9:  return CODE("cmp rax, rbx; mov rdx, [rdi]; inc rbx; mov rdx, [rdi]; bt rax, rcx");
    case 10: return CODE("shl rax, 3; mov rdx, [rdi]; ror rbx, cl; mov rdx, [rsi]; rcl rax, 1");
    case 11: return CODE("bts [rdi], rcx; setc al; lock btr [rsi], ecx; bt [rdi+8], rax; cmc");
    case 12: return CODE("shld rax, rbx, 7; mov rdx, [rdi]; shrd ebx, eax, cl; stc; adc rax, rbx");
    case 13: return CODE("add rax, rax; mov rdx, [rdi]; pushf; pop rbx; neg rbx");
    case 14: return CODE("or r13w, ax; mov r13, [rdi]; test [rsi], rax; mov rdx, [rsi]; nop");
    case 15: return CODE("sub bl, al; mov rdx, [rdi]; seta cl; mov rbx, [rsi]; mov rax, [rdi]");
    case 16: return CODE("add ebx, eax; mov rdx, [rdi]; mov rbx, [rdi]; mov rax, [rsi]; nop");
    default: return CODE("add r14, r13; mov r13, [rdi]; mov r14, [rsi]; jbe 1f; nop; 1: nop; nop");
    }
}

/* Every row leaves flags that later ones, or the end, must find. */
static void flags_outlast_our_comparisons(void **state)
{
    struct guest *g;
    unsigned int row;

    (void)state;
    for (row = 0; row < 18; row++) {
        struct code code = flag_rows(row);
        unsigned int seed, insns;

        for (seed = 0; seed < 8; seed++) {
            g = start(code);
            g->regs.gpr[CLUSTER_RAX] = seed * 0x2492492492492492ULL;
            g->regs.gpr[CLUSTER_RBX] = seed & 1 ? g->regs.gpr[CLUSTER_RAX] : 0x80000000 + seed;
            g->regs.gpr[CLUSTER_RCX] = seed;
            for (insns = 1; insns < 6; insns++)
                check(g, insns);
            end(g);
        }
    }
}

static void vmread_of_a_plain_field_is_a_load(void **state)
{
    struct guest *g = start(CODE("mov eax, 0x4400; mov rcx, [rdi]; vmread rbx, rax; jbe 1f;"
                                 "setne al; 1: mov edx, 0x6800; vmread r15, rdx; nop"));
    struct segment_end ended = check(g, 8);

    (void)state;
    assert_int_equal(ended.kind, CLUSTER_EXIT_END);
    assert_int_equal(ended.stepped, 0);
    assert_true(ended.known);
    end(g);
}

static void vmwrite_of_a_plain_field_is_a_store(void **state)
{
    struct guest *g = start(CODE("mov eax, 0x6800; mov ecx, 0x681e; vmwrite rax, r15;"
                                 "jbe 1f; setne dl; 1: vmwrite rcx, rbx; nop"));
    struct segment_end ended;

    (void)state;
    g->stores = true;
    ended = check(g, 7);
    assert_int_equal(ended.kind, CLUSTER_EXIT_END);
    assert_int_equal(ended.stepped, 0);
    assert_int_equal(g->vmcs[0], 0xffffffffffffffff);
    assert_int_equal(g->vmcs[1], 0x3333333333333333);
    end(g);
}

static uint64_t host_tsc(void)
{
    return __builtin_ia32_rdtsc();
}

/* The world's, once it does not count. */
static void rdtsc_counts_from_the_offset(void **state)
{
    struct guest *g = start(CODE("stc; rdtsc; setc bl; nop"));
    uint32_t segment = segment_record(g, 4);
    struct segment_end ended;
    uint64_t before;

    (void)state;
    assert_true(segment_translate(g, segment));
    g->tsc_counts = true;
    g->tsc_offset = 0x123456789abcdef0;
    before = host_tsc();
    ended = segment_run(g, segment);
    assert_int_equal(ended.stepped, 0);
    assert_in_range(g->regs.gpr[CLUSTER_RDX] << 32 | g->regs.gpr[CLUSTER_RAX],
                    before + g->tsc_offset, host_tsc() + g->tsc_offset);
    assert_int_equal(g->regs.gpr[CLUSTER_RAX] >> 32, 0);
    assert_int_equal(g->regs.gpr[CLUSTER_RBX] & 0xff, 1);
    g->tsc_counts = false;
    g->regs.rip = GUEST_CODE;
    assert_int_equal(segment_run(g, segment).stepped, 1);
    end(g);
}

static void check_poke(struct code code)
{
    struct guest *g = start(code);
    uint32_t segment = segment_record(g, 4);
    struct segment_end ended;

    g->stores = true;
    assert_true(segment_translate(g, segment));
    g->poke = 1;
    ended = segment_compare(g, segment);
    assert_int_equal(ended.kind, CLUSTER_EXIT_POKE);
    assert_int_equal(ended.insns, 2);
    end(g);
}

static void a_poke_stops_before_what_exits(void **state)
{
    (void)state;
    check_poke(CODE("mov eax, 0x4400; cmp rcx, rdx; vmread rbx, rax; nop"));
    check_poke(CODE("mov eax, 0x4400; cmp rcx, rdx; vmwrite rax, rbx; nop"));
}

/* Three turns are recorded as one, which any number can go round. */
static struct guest *start_loop(uint32_t *segment)
{
    struct guest *g = start(CODE("push rbx; 1: add rax, [rdi]; mov rdx, rax; inc rbx;"
                                 "dec qword ptr [rsp]; sub rcx, 1; jnz 1b; pop rbx; nop"));

    g->regs.gpr[CLUSTER_RCX] = 3;
    *segment = segment_record(g, 9);
    assert_true(segment_translate(g, *segment));
    return g;
}

static void loops_close_inside(void **state)
{
    struct segment_end ended;
    unsigned int turns;
    uint32_t segment;

    (void)state;
    for (turns = 1; turns < 20; turns++) {
        struct guest *g = start_loop(&segment);

        g->regs.gpr[CLUSTER_RCX] = turns;
        ended = segment_compare(g, segment);
        assert_int_equal(ended.kind, CLUSTER_EXIT_EDGE);
        assert_int_equal(ended.insns, 1 + 6 * turns);
        assert_int_equal(ended.exits, 2);       /* the first miss, and the end */
        end(g);
    }
}

static void loops_end_by_budget_and_poke(void **state)
{
    struct segment_end ended;
    uint32_t segment;
    struct guest *g = start_loop(&segment);

    (void)state;
    g->regs.gpr[CLUSTER_RCX] = 1000000;
    ended = segment_compare(g, segment);
    assert_int_equal(ended.kind, CLUSTER_EXIT_POKE);
    assert_in_range(ended.insns, SEGMENT_BUDGET, SEGMENT_BUDGET + 7);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
    g->poke = 1;
    ended = segment_compare(g, segment);
    assert_int_equal(ended.kind, CLUSTER_EXIT_POKE);
    assert_int_equal(ended.insns, 7);
    end(g);
}

static void branches_go_where_the_registers_say(void **state)
{
    struct guest *g = start(CODE("cmp rax, rbx; jmp r10; nop; nop; push r11; mov rax, [rdi]; ret"));
    struct segment_end ended;
    uint32_t segment;

    (void)state;
    g->regs.gpr[CLUSTER_R10] = GUEST_CODE + 8;          /* push r11 */
    g->regs.gpr[CLUSTER_R11] = GUEST_CODE + 6;          /* nop */
    segment = segment_record(g, 6);
    assert_true(segment_translate(g, segment));
    ended = segment_compare(g, segment);
    assert_int_equal(ended.insns, 6);
    assert_int_equal(ended.stepped, 0);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
    g->regs.gpr[CLUSTER_R11] = GUEST_CODE + 7;
    ended = segment_compare(g, segment);
    assert_int_equal(ended.kind, CLUSTER_EXIT_TARGET);
    assert_int_equal(ended.insns, 5);
    g->regs.gpr[CLUSTER_RSP] = GUEST_RSP;
    g->regs.gpr[CLUSTER_R10] = GUEST_CODE + 7;
    ended = segment_compare(g, segment);
    assert_int_equal(ended.kind, CLUSTER_EXIT_TARGET);
    assert_int_equal(ended.insns, 2);
    end(g);
}

/* Both sides of a Jcc, of which one was recorded; flags that only the exit sees. */
static void the_other_side_of_a_branch_leaves(void **state)
{
    struct guest *g = start(CODE("sub rax, rbx; mov rbx, [rdi]; mov rax, rcx; ja 1f; nop; 1: nop"));
    struct segment_end ended;
    uint32_t segment;

    (void)state;
    g->regs.gpr[CLUSTER_RAX] = 5;
    g->regs.gpr[CLUSTER_RBX] = 3;
    segment = segment_record(g, 5);
    assert_true(segment_translate(g, segment));
    ended = segment_compare(g, segment);
    assert_int_equal(ended.kind, CLUSTER_EXIT_END);
    g->regs.gpr[CLUSTER_RAX] = 3;
    g->regs.gpr[CLUSTER_RBX] = 5;
    ended = segment_compare(g, segment);
    assert_int_equal(ended.kind, CLUSTER_EXIT_EDGE);
    assert_int_equal(ended.insns, 4);
    end(g);
}

/* A bus lock across cache lines is none that L0 wants to take by accident. */
static void locked_operands_are_aligned_or_interpreted(void **state)
{
    struct guest *g = start(CODE("lock add dword ptr [rdi], 1; xchg [rsi], rax; nop"));
    struct segment_end ended;
    uint64_t line;

    (void)state;
    ended = check(g, 3);
    assert_int_equal(ended.stepped, 0);
    for (line = 1; line < 4; line++) {
        uint32_t segment = segment_record(g, 3);

        g->regs.gpr[CLUSTER_RDI] = GUEST_DATA + 64 - line;
        assert_true(segment_translate(g, segment));
        ended = segment_run(g, segment);
        assert_true(ended.exits > 0 && (ended.stepped == 1 || ended.insns == 0));
    }
    end(g);
}

static void no_room_leaves_the_arena_alone(void **state)
{
    struct guest *g = start(CODE("mov rax, [rdi]; mov rbx, [rsi]; mov rcx, [rdi+8]; nop"));
    uint32_t segment = segment_record(g, 4), used, cold, exits, slots;
    uint8_t *before;
    bool fits;

    (void)state;
    assert_true(segment_translate(g, segment));
    used = g->vcpu->arena_used;
    cold = g->vcpu->arena_cold;
    exits = g->vcpu->nr_exits;
    slots = g->vcpu->nr_slots;
    before = malloc(GUEST_ARENA);
    memcpy(before, g->arena.execute, GUEST_ARENA);
    for (fits = false; !fits; g->vcpu->arena.size += 64) {
        g->vcpu->arena_used = used;
        g->vcpu->arena_cold = cold;
        if (g->vcpu->arena.size == GUEST_ARENA)
            g->vcpu->arena.size = 1024;
        fits = segment_translate(g, segment);
        if (!fits) {
            assert_int_equal(g->vcpu->arena_used, used);
            assert_int_equal(g->vcpu->nr_exits, exits);
            assert_int_equal(g->vcpu->nr_slots, slots);
            assert_int_equal(g->vcpu->segment[segment].code, CLUSTER_NO_INDEX);
        }
        /* Nothing beyond the size that it was told of. */
        assert_memory_equal(g->arena.execute + g->vcpu->arena.size,
                            before + g->vcpu->arena.size, GUEST_ARENA - g->vcpu->arena.size);
    }
    assert_true(g->vcpu->arena_used > used);
    free(before);
    end(g);
}

static void full_pools_are_no_room(void **state)
{
    struct guest *g = start(CODE("mov rax, [rdi]; nop"));
    uint32_t segment = segment_record(g, 2);

    (void)state;
    g->vcpu->nr_exits = CLUSTER_MAX_EXITS - 1;
    assert_false(segment_translate(g, segment));
    assert_int_equal(g->vcpu->nr_exits, CLUSTER_MAX_EXITS - 1);
    g->vcpu->nr_exits = 0;
    g->vcpu->nr_slots = CLUSTER_MAX_SLOTS - 1;
    assert_false(segment_translate(g, segment));
    assert_int_equal(g->vcpu->nr_slots, CLUSTER_MAX_SLOTS - 1);
    g->vcpu->nr_slots = 0;
    assert_true(segment_translate(g, segment));
    end(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_keep_values),
        cmocka_unit_test(memory_goes_through_slots),
        cmocka_unit_test(stack_needs_no_slots),
        cmocka_unit_test(flags_outlast_our_comparisons),
        cmocka_unit_test(no_address_hits_an_empty_slot),
        cmocka_unit_test(accesses_across_pages_are_interpreted),
        cmocka_unit_test(vmread_of_a_plain_field_is_a_load),
        cmocka_unit_test(vmwrite_of_a_plain_field_is_a_store),
        cmocka_unit_test(rdtsc_counts_from_the_offset),
        cmocka_unit_test(a_poke_stops_before_what_exits),
        cmocka_unit_test(loops_close_inside),
        cmocka_unit_test(loops_end_by_budget_and_poke),
        cmocka_unit_test(branches_go_where_the_registers_say),
        cmocka_unit_test(the_other_side_of_a_branch_leaves),
        cmocka_unit_test(locked_operands_are_aligned_or_interpreted),
        cmocka_unit_test(no_room_leaves_the_arena_alone),
        cmocka_unit_test(full_pools_are_no_room),
    };

    return unit_report("translate", sizeof(tests) / sizeof(tests[0]),
                       cmocka_run_group_tests(tests, NULL, NULL));
}
