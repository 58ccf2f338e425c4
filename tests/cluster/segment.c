/* SPDX-License-Identifier: GPL-2.0-only */
#include "segment.h"
#include "alu.h"
#include "decode.h"
#include "interp.h"
#include "translate.h"

#include <Zydis/Decoder.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_BYTES = 15, IF_SHIFT = 9 };

static void fail(const char *what, uint64_t value)
{
    fprintf(stderr, "segment: %s (0x%llx)\n", what, (unsigned long long)value);
    abort();
}

/* Registers and the contents of all pages. */
struct snapshot {
    struct cluster_regs regs;
    uint8_t (*page)[GUEST_PAGE];
};

static struct snapshot snapshot_take(const struct guest *g)
{
    struct snapshot s = { g->regs, malloc(g->nr_pages * sizeof(*s.page)) };
    unsigned int i;

    for (i = 0; i < g->nr_pages; i++)
        memcpy(s.page[i], g->page[i].host, GUEST_PAGE);
    return s;
}

static void snapshot_restore(struct guest *g, const struct snapshot *s)
{
    unsigned int i;

    g->regs = s->regs;
    for (i = 0; i < g->nr_pages; i++)
        memcpy(g->page[i].host, s->page[i], GUEST_PAGE);
}

static struct cluster_exec exec_begin(struct guest *g, const struct cluster_region *region)
{
    struct cluster_exec x = { .ops = &guest_ops, .ctx = g, .regs = &g->regs, .region = region };

    if (!guest_ops.begin(g, &x.world, NULL))
        fail("begin", 0);
    cluster_tlb_start(&x.tlb);
    return x;
}

static void decode_at(struct guest *g, uint64_t rip, struct cluster_insn *insn)
{
    uint8_t bytes[MAX_BYTES];
    unsigned int i;

    for (i = 0; i < MAX_BYTES; i++)
        bytes[i] = *guest_at(g, rip + i);
    if (cluster_decode(insn, bytes, MAX_BYTES, rip) != CLUSTER_DECODE_OK)
        fail("not decoded", rip);
}

static uint32_t add_edge(struct cluster_vcpu *v, uint64_t rip, uint32_t from)
{
    v->edge[v->nr_edges] = (struct cluster_edge){
        .rip = rip, .node = CLUSTER_NO_INDEX, .next = CLUSTER_NO_INDEX, .from = from,
    };
    return v->nr_edges++;
}

/* The node's edges; of them that which goes to @rip leads to node @to. */
static void add_edges(struct cluster_vcpu *v, uint32_t n, uint64_t rip, uint32_t to)
{
    struct cluster_node *node = &v->node[n];
    uint32_t e;

    if (!cluster_insn_branches(&node->insn))
        return;
    if (node->insn.op == CLUSTER_OP_JCC) {
        node->edge = add_edge(v, node->rip + node->insn.length, n);
        v->edge[node->edge].next = add_edge(v, node->insn.imm, n);
    } else {
        node->edge = add_edge(v, rip, n);
    }
    for (e = node->edge; e != CLUSTER_NO_INDEX; e = v->edge[e].next)
        if (v->edge[e].rip == rip)
            v->edge[e].node = to;
}

static uint32_t find(const struct cluster_vcpu *v, uint32_t first, uint64_t rip, int32_t rsp)
{
    for (; first < v->nr_nodes; first++)
        if (v->node[first].rip == rip && v->node[first].rsp == rsp)
            return first;
    return CLUSTER_NO_INDEX;
}

static struct cluster_segment *new_segment(struct guest *g)
{
    struct cluster_vcpu *v = g->vcpu;
    struct cluster_region *region = &v->region[v->nr_regions];
    struct cluster_segment *segment = &v->segment[v->nr_segments];

    memset(region, 0, sizeof(*region));
    memset(segment, 0, sizeof(*segment));
    region->rip = g->regs.rip;
    region->variant = cluster_variant(g->regs.gpr[CLUSTER_RSP], 0);
    segment->region = v->nr_regions++;
    segment->first_node = v->nr_nodes;
    segment->code = segment->next = CLUSTER_NO_INDEX;
    v->nr_segments++;
    return segment;
}

static void add_node(struct guest *g, struct cluster_segment *segment, uint64_t entry_rsp,
                     unsigned int *exiting)
{
    struct cluster_vcpu *v = g->vcpu;
    struct cluster_node *node = &v->node[v->nr_nodes++];

    memset(node, 0, sizeof(*node));
    decode_at(g, g->regs.rip, &node->insn);
    node->rip = g->regs.rip;
    node->edge = node->code = CLUSTER_NO_INDEX;
    node->rsp = (int32_t)(g->regs.gpr[CLUSTER_RSP] - entry_rsp);
    node->depth = segment->nr_nodes++;
    node->exiting = *exiting;
    node->segment = segment - v->segment;
    *exiting += cluster_insn_exits(&node->insn);
}

/* All that a path may use. */
static void set_extent(struct cluster_segment *segment)
{
    segment->rsp_low = -CLUSTER_STACK_REACH;
    segment->rsp_high = CLUSTER_STACK_REACH;
}

static bool ends(const struct cluster_node *node)
{
    return node->insn.op == CLUSTER_OP_VMRESUME || node->insn.op == CLUSTER_OP_VMLAUNCH;
}

uint32_t segment_record(struct guest *g, unsigned int insns)
{
    struct cluster_vcpu *v = g->vcpu;
    struct snapshot before = snapshot_take(g);
    struct cluster_segment *segment;
    uint64_t entry_rsp = g->regs.gpr[CLUSTER_RSP];
    uint32_t n, to = CLUSTER_NO_INDEX;
    struct cluster_exec x;
    unsigned int exiting = 0;
    enum cluster_step did = CLUSTER_STEP_NEXT;

    g->regs.rip = GUEST_CODE;
    segment = new_segment(g);
    x = exec_begin(g, NULL);
    while (segment->nr_nodes < insns && did != CLUSTER_STEP_STOP) {
        n = v->nr_nodes;
        add_node(g, segment, entry_rsp, &exiting);
        if (ends(&v->node[n]))
            break;
        did = cluster_step(&x, &v->node[n].insn);
        if (v->node[n].insn.touch >= CLUSTER_TOUCH_READ)
            v->node[n].operand = 1 + x.operand % GUEST_PAGE;
        to = find(v, segment->first_node, g->regs.rip,
                  (int32_t)(g->regs.gpr[CLUSTER_RSP] - entry_rsp));
        if (to == CLUSTER_NO_INDEX && segment->nr_nodes < insns)
            add_edges(v, n, g->regs.rip, n + 1);
        else
            add_edges(v, n, g->regs.rip, to);
        if (to != CLUSTER_NO_INDEX) {
            v->node[to].header = true;
            break;
        }
    }
    guest_ops.end(g);
    v->node[v->nr_nodes - 1].last = true;
    set_extent(segment);
    snapshot_restore(g, &before);
    free(before.page);
    return segment - v->segment;
}

bool segment_translate(struct guest *g, uint32_t segment)
{
    return cluster_translate(g->vcpu, segment, &guest_ops, g);
}

/* ---- execution of the translation ---- */

static uint64_t host_flags(void)
{
    uint64_t flags;

    __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
    return flags & ~CLUSTER_FLAGS_ARITHMETIC;
}

static void to_frame(struct guest *g)
{
    struct cluster_frame *f = g->arena.frame;

    f->regs = g->regs;
    f->flags = host_flags() | (g->regs.rflags & CLUSTER_FLAGS_ARITHMETIC);
    f->interrupts = (g->regs.rflags >> IF_SHIFT) & 1;
}

static void from_frame(struct guest *g, const struct cluster_exit *exit, uint64_t entry_rsp)
{
    const struct cluster_frame *f = g->arena.frame;
    uint64_t flags = exit->flags_known ? exit->flags : f->flags & CLUSTER_FLAGS_ARITHMETIC;
    uint64_t steady = g->regs.rflags & ~(CLUSTER_FLAGS_ARITHMETIC | 1ULL << IF_SHIFT);

    memcpy(g->regs.gpr, f->regs.gpr, sizeof(g->regs.gpr));
    g->regs.gpr[CLUSTER_RSP] = entry_rsp + exit->rsp;
    g->regs.rflags = steady | flags | (uint64_t)f->interrupts << IF_SHIFT;
    g->regs.rip = g->vcpu->node[exit->node].rip;
    if (exit->kind == CLUSTER_EXIT_END)
        g->regs.rip += g->vcpu->node[exit->node].insn.length;
    else if (exit->kind == CLUSTER_EXIT_EDGE)
        g->regs.rip = g->vcpu->edge[exit->edge].rip;
}

/* The pages of the stack lie side by side in the host's memory as well. */
static uint8_t *stack_at(struct guest *g, uint64_t rsp)
{
    uint64_t page = rsp & ~(uint64_t)(GUEST_PAGE - 1);
    uint8_t *host = guest_ops.translate(g, page, CLUSTER_WRITE);

    return host ? host + rsp % GUEST_PAGE : NULL;
}

/* As hosts.c does: new ones, and with other segment bases all. */
static void prime_slots(struct guest *g, struct cluster_frame *f, bool all)
{
    uint64_t page = f->entry_rsp & ~(uint64_t)(GUEST_PAGE - 1);
    uint32_t n;

    for (n = 0; n < g->vcpu->nr_slots; n++)
        if (all || f->slot[n].at == 0)
            cluster_slot_prime(&f->slot[n], f->segment_base[f->slot[n].segment], page,
                               (uintptr_t)f->stack - f->entry_rsp % GUEST_PAGE);
}

static void start_frame(struct guest *g, const struct cluster_exec *x)
{
    struct cluster_frame *f = g->arena.frame;
    uint64_t rsp = g->regs.gpr[CLUSTER_RSP];
    bool same = f->segment_base[CLUSTER_SEG_FS] == x->world.fs_base &&
                f->segment_base[CLUSTER_SEG_GS] == x->world.gs_base;

    to_frame(g);
    f->entry_rsp = rsp;
    f->segment_base[CLUSTER_SEG_FLAT] = 0;
    f->segment_base[CLUSTER_SEG_FS] = x->world.fs_base;
    f->segment_base[CLUSTER_SEG_GS] = x->world.gs_base;
    f->tsc_offset = x->world.tsc_offset;
    f->tsc_counts = x->world.tsc_counts;
    f->vmcs = x->world.vmcs;
    f->poke = x->world.poke;
    f->tag = 1;
    f->budget = SEGMENT_BUDGET;
    f->exiting = 0;
    f->stack = stack_at(g, rsp);
    prime_slots(g, f, !same);
}

/* False: the access is to be made by the interpreter, or cannot be made. */
static bool fill_slot(struct guest *g, const struct cluster_exit *exit)
{
    struct cluster_frame *f = g->arena.frame;
    uint64_t address = f->address, page = address & ~(uint64_t)(GUEST_PAGE - 1);
    uint8_t *host;

    if (address % GUEST_PAGE + exit->width > GUEST_PAGE || !cluster_canonical(address))
        return false;
    host = guest_ops.translate(g, page, exit->write ? CLUSTER_WRITE : CLUSTER_READ);
    if (!host)
        return false;
    cluster_slot_fill(&f->slot[exit->slot], page,
                      (uintptr_t)host + (exit->constant ? address - page : 0), exit->width);
    return true;
}

/* Where to enter next, or NO_INDEX.  Interprets what the exit asks for. */
static uint32_t after_exit(struct guest *g, struct cluster_exec *x, const struct cluster_exit *exit,
                           struct segment_end *end)
{
    const struct cluster_node *node = &g->vcpu->node[exit->node];
    bool miss = exit->kind == CLUSTER_EXIT_MISS;

    if (!miss && exit->kind != CLUSTER_EXIT_STEP && exit->kind != CLUSTER_EXIT_TARGET)
        return CLUSTER_NO_INDEX;
    if (miss && fill_slot(g, exit))
        return exit->resume;
    if (cluster_step(x, &node->insn) == CLUSTER_STEP_STOP)
        return CLUSTER_NO_INDEX;
    end->stepped++;
    end->insns++;
    to_frame(g);
    if (node->last || g->regs.rip != node[1].rip ||
        g->regs.gpr[CLUSTER_RSP] - g->arena.frame->entry_rsp != (uint64_t)(int64_t)node[1].rsp)
        return CLUSTER_NO_INDEX;
    end->insns--;
    return miss ? exit->resume_next : exit->resume;
}

struct segment_end segment_run(struct guest *g, uint32_t segment)
{
    struct cluster_vcpu *v = g->vcpu;
    struct cluster_exec x = exec_begin(g, NULL);
    struct cluster_frame *f = g->arena.frame;
    struct segment_end end = { 0 };
    uint32_t at = v->segment[segment].code;
    const struct cluster_exit *exit;

    g->regs.rip = GUEST_CODE;
    start_frame(g, &x);
    do {
        cluster_enter(g->arena.execute + at);
        if (f->exit >= v->nr_exits)
            fail("no such exit", f->exit);
        exit = &v->exit[f->exit];
        from_frame(g, exit, f->entry_rsp);
        end.exits++;
        end.kind = exit->kind;
        end.known = exit->flags_known;
        if (end.exits > 10 * SEGMENT_BUDGET)
            fail("no end", f->exit);
        at = after_exit(g, &x, exit, &end);
    } while (at != CLUSTER_NO_INDEX);
    end.insns += v->node[exit->node].depth + (SEGMENT_BUDGET - f->budget) +
                 (end.kind == CLUSTER_EXIT_END || end.kind == CLUSTER_EXIT_EDGE);
    guest_ops.end(g);
    return end;
}

/* ---- the interpreter, and the comparison ---- */

void segment_interpret(struct guest *g, unsigned int insns)
{
    struct cluster_exec x = exec_begin(g, NULL);
    struct cluster_insn insn;

    for (g->regs.rip = GUEST_CODE; insns != 0; insns--) {
        decode_at(g, g->regs.rip, &insn);
        if (cluster_step(&x, &insn) == CLUSTER_STEP_STOP)
            fail("the interpreter stopped", g->regs.rip);
    }
    guest_ops.end(g);
}

static void compare(const struct guest *g, const struct snapshot *translated)
{
    const struct cluster_regs *is = &translated->regs, *should = &g->regs;
    unsigned int i;

    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        if (is->gpr[i] != should->gpr[i]) {
            fprintf(stderr, "register %u: 0x%llx, should be 0x%llx\n", i,
                    (unsigned long long)is->gpr[i], (unsigned long long)should->gpr[i]);
            fail("registers differ", i);
        }
    if (is->rip != should->rip)
        fail("RIP differs", is->rip);
    if (is->rflags != should->rflags) {
        fprintf(stderr, "should be 0x%llx\n", (unsigned long long)should->rflags);
        fail("flags differ", is->rflags);
    }
    for (i = 0; i < g->nr_pages; i++)
        if (memcmp(translated->page[i], g->page[i].host, GUEST_PAGE) != 0)
            fail("memory differs", g->page[i].linear);
}

struct segment_end segment_compare(struct guest *g, uint32_t segment)
{
    struct snapshot before = snapshot_take(g), translated;
    struct segment_end end = segment_run(g, segment);

    translated = snapshot_take(g);
    snapshot_restore(g, &before);
    segment_interpret(g, end.insns);
    if (end.insns == 0)
        g->regs.rip = GUEST_CODE;
    compare(g, &translated);
    free(before.page);
    free(translated.page);
    return end;
}

unsigned int segment_host_insns(struct guest *g, uint32_t segment)
{
    const uint8_t *code = g->arena.execute;
    uint32_t at = g->vcpu->segment[segment].code, end = g->vcpu->arena_used;
    ZydisDecodedInstruction insn;
    ZydisDecoder decoder;
    unsigned int count = 0;

    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (; at < end; at += insn.length, count++)
        if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, code + at, end - at,
                                                        &insn)))
            fail("not an instruction", at);
    return count;
}
