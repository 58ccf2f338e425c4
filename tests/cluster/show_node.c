/* SPDX-License-Identifier: GPL-2.0-only */
/* show_node.c - a node as text: on the left L1's, on the right the host's. */
#define _GNU_SOURCE
#include <Zydis/Zydis.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "alu.h"
#include "insn_text.h"
#include "show.h"

enum { LINES = 96, LINE = 160, LEFT = 62 };

struct column {
    char line[LINES][LINE];
    unsigned int nr;
};

/* Append a line; one too many takes the place of the last. */
static void __attribute__((format(printf, 2, 3))) put(struct column *c, const char *format, ...)
{
    va_list arguments;

    if (c->nr == LINES)
        c->nr--;
    va_start(arguments, format);
    vsnprintf(c->line[c->nr++], LINE, format, arguments);
    va_end(arguments);
}

static void put_l1(struct column *c, const struct cluster_vcpu *vcpu, uint32_t n)
{
    const struct cluster_node *node = &vcpu->node[n];
    uint8_t bytes[CLUSTER_MAX_INSN_BYTES];
    ZydisDisassembledInstruction text = { .text = "(not in the snapshot)" };
    char *at;

    ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, node->rip, bytes, show_bytes(vcpu, n, bytes),
                          &text);
    for (at = text.text; *at; at++)     /* numbers, too */
        *at = tolower((unsigned char)*at);
    put(c, "%016" PRIx64 "  %s", node->rip, text.text);
}

static void put_ir(struct column *c, const struct cluster_insn *insn)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    insn_text(out, insn);
    fclose(out);
    text[strcspn(text, "\n")] = '\0';
    if (insn->op == CLUSTER_OP_JCC)     /* a static cluster's target; regions have edges */
        *strstr(text, " ->") = '\0';
    put(c, "  ir  %s", text);
    free(text);
}

/* The node in its place: only what is not as before is said. */
static void put_place(struct column *c, const struct cluster_vcpu *vcpu, uint32_t n)
{
    const struct cluster_node *node = &vcpu->node[n];

    if (node->header)
        put(c, "  header: other edges lead here, nothing is known");
    if (node->call != CLUSTER_NO_INDEX && node->insn.op == CLUSTER_OP_RET)
        put(c, "  returns to the caller of node %u", node->call);
}

static void put_how(struct column *c, const struct cluster_insn *insn,
                    const struct cluster_plan *plan)
{
    switch (plan->how) {
    case PLAN_STEP:
        put(c, "  left to the interpreter");
        break;
    case PLAN_OPERAND:
        put(c, "  its operand is fetched, the rest is left to C");
        break;
    case PLAN_NOTHING:
        if (insn->op != CLUSTER_OP_NOP && insn->op != CLUSTER_OP_CLD)
            put(c, "  nothing to do: RSP is a known distance from the entry's");
        break;
    case PLAN_RSP:
        put(c, "  RSP is a known distance from the entry's: flags only");
        break;
    case PLAN_VMREAD:
        put(c, "  field %04" PRIx64 "%s: %u bytes at vvmcs + 0x%x, a load", plan->address,
            plan->guarded ? " expected" : " known", plan->field_width, plan->offset);
        break;
    case PLAN_VMWRITE:
        put(c, "  field known: %u bytes at vvmcs + 0x%x, a store", plan->field_width,
            plan->offset);
        break;
    case PLAN_LEAVE:
        put(c, "  L0 carries it out behind the engine");
        break;
    case PLAN_SHADOW:
        put(c, "  nothing to do, but STI's shadow ends");
        break;
    }
}

static void put_operand(struct column *c, const struct show_note *note)
{
    const struct cluster_plan *plan = &note->plan;

    if (plan->how != PLAN_NATIVE && plan->how != PLAN_OPERAND)
        return;
    if (plan->place == PLAN_PLACE_STACK)
        put(c, "  operand on the stack: entry's RSP %+d", plan->offset);
    else if (plan->place == PLAN_PLACE_CONSTANT)
        put(c, "  address known, 0x%" PRIx64 ": constant slot %u", plan->address,
            note->first_slot);
    else if (plan->place == PLAN_PLACE_SLOT && plan->span)
        put(c, "  operand by slot %u, for %u bytes from it %+d", note->first_slot, plan->span,
            plan->offset);
    else if (plan->place == PLAN_PLACE_SLOT)
        put(c, "  operand by slot %u", note->first_slot);
    else if (plan->place == PLAN_PLACE_SPAN)
        put(c, "  operand checked before, with others");
}

static bool sets_flags(const struct cluster_insn *insn)
{
    return (insn->op >= CLUSTER_OP_ADD && insn->op <= CLUSTER_OP_NEG) ||
           (insn->op >= CLUSTER_OP_ROL && insn->op <= CLUSTER_OP_POPCNT);
}

static void put_flags(struct column *c, const struct cluster_vcpu *vcpu, uint32_t n,
                      const struct show_note *note)
{
    const struct cluster_node *node = &vcpu->node[n];
    const struct show_note *next = node->last ? NULL : show_note(n + 1);

    if (node->insn.op == CLUSTER_OP_JCC && (note->flags.where & FLAGS_KNOWN))
        put(c, "  flags known to be %s: %s",
            note->flags.known & CLUSTER_FLAGS_ARITHMETIC ? "constants" : "clear",
            cluster_condition(node->insn.cond, note->flags.known) ? "always taken"
                                                                  : "never taken");
    else if (node->insn.op == CLUSTER_OP_JCC && !(note->flags.where & FLAGS_HOST))
        put(c, "  flags made again: %s",
            note->flags.where & FLAGS_FRAME ? "from the frame" : "from their operands");
    if (next && sets_flags(&node->insn) && !next->plan.observed)
        put(c, "  nobody sees its flags");
}

static void put_edges(struct column *c, const struct cluster_vcpu *vcpu, uint32_t edge)
{
    for (; edge != CLUSTER_NO_INDEX; edge = vcpu->edge[edge].next) {
        const struct cluster_edge *e = &vcpu->edge[edge];

        if (e->node == CLUSTER_NO_INDEX)
            put(c, "  edge to 0x%" PRIx64 ", out of the region", e->rip);
        else
            put(c, "  edge to 0x%" PRIx64 ", node %u", e->rip, e->node);
    }
}

static void put_host(struct column *c, const struct cluster_vcpu *vcpu,
                     const struct show_note *note)
{
    uint32_t at = note->start;
    char text[128];

    while (at < note->end) {
        uint32_t before = at;

        show_host_insn(vcpu, &at, text, sizeof(text));
        if (at == before)
            break;
        put(c, "%s", text);
    }
    if (note->start == note->end)
        put(c, "(no code)");
}

static const char *const exit_name[] = {
    [CLUSTER_EXIT_END] = "END, the region ends here",
    [CLUSTER_EXIT_EDGE] = "EDGE, L1 goes by another way",
    [CLUSTER_EXIT_TARGET] = "TARGET, L1 goes elsewhere: C executes the branch",
    [CLUSTER_EXIT_STEP] = "STEP, the interpreter executes it",
    [CLUSTER_EXIT_MISS] = "MISS",
    [CLUSTER_EXIT_POKE] = "POKE, stop before it: event, or budget",
    [CLUSTER_EXIT_LEAVE] = "LEAVE, stop before it: L0 carries it out",
    [CLUSTER_EXIT_INTERPRET] = "INTERPRET, from here on",
};

static void show_exit(FILE *out, const struct cluster_vcpu *vcpu, uint32_t i)
{
    const struct cluster_exit *e = &vcpu->exit[i];

    fprintf(out, "    exit %u: %s", i, exit_name[e->kind]);
    if (e->kind == CLUSTER_EXIT_EDGE)
        fprintf(out, ", to 0x%" PRIx64, vcpu->edge[e->edge].rip);
    if (e->kind == CLUSTER_EXIT_MISS)
        fprintf(out, ", slot %u is filled for %u byte%s %s, and it is tried again", e->slot,
                e->width, e->width == 1 ? "" : "s", e->write ? "to write" : "to read");
    fprintf(out, "; RSP %+d", e->rsp);
    if (e->flags_known)
        fprintf(out, ", flags 0x%x", e->flags);
    fprintf(out, "\n");
}

static void show_exits(FILE *out, const struct cluster_vcpu *vcpu, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < vcpu->nr_exits; i++)
        if (vcpu->exit[i].node == n)
            show_exit(out, vcpu, i);
}

void show_node(FILE *out, const struct cluster_vcpu *vcpu, uint32_t n, bool host)
{
    static struct column left, right;
    const struct cluster_node *node = &vcpu->node[n];
    const struct show_note *note = show_note(n);
    unsigned int i;

    left.nr = right.nr = 0;
    put_l1(&left, vcpu, n);
    put_ir(&left, &node->insn);
    put_place(&left, vcpu, n);
    if (note) {
        put_how(&left, &node->insn, &note->plan);
        put_operand(&left, note);
        put_flags(&left, vcpu, n, note);
    }
    put_edges(&left, vcpu, node->edge);
    if (note && host)
        put_host(&right, vcpu, note);
    fprintf(out, "node %u, depth %u, RSP %+d%s%s\n", n, node->depth, node->rsp,
            cluster_insn_exits(&node->insn) ? ", exiting" : "", node->last ? ", last" : "");
    for (i = 0; i < left.nr || i < right.nr; i++) {
        const char *a = i < left.nr ? left.line[i] : "", *b = i < right.nr ? right.line[i] : "";

        if (*b)
            fprintf(out, "  %-*s | %s\n", LEFT, a, b);
        else
            fprintf(out, "  %s\n", a);
    }
    if (host)
        show_exits(out, vcpu, n);
}

static bool complain(FILE *out, uint32_t n, const char *what)
{
    fprintf(out, "node %u: %s\n", n, what);
    return false;
}

bool show_check_node(FILE *out, const struct cluster_vcpu *vcpu, uint32_t n)
{
    const struct cluster_node *node = &vcpu->node[n];
    const struct show_note *note = show_note(n), *next = node->last ? NULL : show_note(n + 1);
    uint8_t bytes[CLUSTER_MAX_INSN_BYTES];
    ZydisDisassembledInstruction z;
    char text[128];
    uint32_t at;

    if (show_bytes(vcpu, n, bytes) != node->insn.length ||
        !ZYAN_SUCCESS(ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, node->rip, bytes,
                                            node->insn.length, &z)) ||
        z.info.length != node->insn.length)
        return complain(out, n, "L1's bytes are not one instruction of its length");
    if (!note || (!node->last && !next))
        return complain(out, n, "nothing is known of its translation");
    if (next && next->start != note->end)
        return complain(out, n, "the next node's code does not follow its own");
    for (at = note->start; at < note->end; )
        if (!show_host_insn(vcpu, &at, text, sizeof(text)))
            return complain(out, n, "code, or where it jumps to, that is not understood");
    return at == note->end || complain(out, n, "its code does not end with an instruction");
}
