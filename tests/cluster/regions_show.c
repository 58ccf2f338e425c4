/* SPDX-License-Identifier: GPL-2.0-only */
#include "regions_show.h"

#include <Zydis/Zydis.h>
#include <inttypes.h>
#include <stdio.h>

#include "insn_text.h"

static const char *const gpr_name[CLUSTER_NR_GPRS] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8 ", "r9 ", "r10", "r11", "r12", "r13", "r14", "r15",
};

void show_program(const struct program *p, struct l1 *l)
{
    unsigned int i;

    printf("program of seed %" PRIu64 ":\n", p->seed);
    for (i = 0; i < p->nr_insns; i++) {
        ZydisDisassembledInstruction text;
        const uint8_t *at = l1_at(l, p->insn[i]);
        uint64_t left = L1_PAGE - p->insn[i] % L1_PAGE;

        /* The code's pages are adjacent in memory. */
        ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, p->insn[i], at,
                              p->insn[i] >= L1_FAR && left < 15 ? left : 15, &text);
        printf("%s  0x%" PRIx64 "  %s\n", p->insn[i] == p->entry ? "entry:\n" : "", p->insn[i],
               text.text);
    }
}

static void show_edges(const struct cluster_vcpu *vcpu, uint32_t edge)
{
    for (; edge != CLUSTER_NO_INDEX; edge = vcpu->edge[edge].next) {
        const struct cluster_edge *e = &vcpu->edge[edge];

        printf("        edge %u to 0x%" PRIx64, edge, e->rip);
        if (e->node == CLUSTER_NO_INDEX)
            printf(", out of the region, %u times\n", e->exits);
        else
            printf(", node %u\n", e->node);
    }
}

static void show_node(const struct cluster_vcpu *vcpu, uint32_t n)
{
    const struct cluster_node *node = &vcpu->node[n];

    printf("    %5u 0x%" PRIx64 " rsp%+d depth %u%s%s  ", n, node->rip, node->rsp, node->depth,
           node->header ? " HEADER" : "", node->last ? " LAST" : "");
    insn_text(stdout, &node->insn);
    show_edges(vcpu, node->edge);
}

static void show_segment(const struct cluster_vcpu *vcpu, uint32_t s)
{
    const struct cluster_segment *segment = &vcpu->segment[s];
    unsigned int i;

    printf("  segment %u, code at 0x%x\n", s, segment->code);
    for (i = 0; i < segment->nr_nodes; i++)
        show_node(vcpu, segment->first_node + i);
}

void show_regions(const struct cluster_vcpu *vcpu)
{
    unsigned int r;
    uint32_t s;

    for (r = 0; r < vcpu->nr_regions; r++) {
        const struct cluster_region *region = &vcpu->region[r];

        printf("region %u at 0x%" PRIx64 ", rsp %% 4096 = 0x%x\n", r, region->rip,
               cluster_variant_rsp(region->variant));
        for (s = region->first_segment; s != CLUSTER_NO_INDEX; s = vcpu->segment[s].next)
            show_segment(vcpu, s);
    }
}

static void show_value(const char *name, uint64_t before, uint64_t a, uint64_t b)
{
    printf("  %-8s %016" PRIx64 "  %016" PRIx64 "  %016" PRIx64 "%s\n", name, before, a, b,
           a == b ? "" : "  <-- differs");
}

static void show_memory(const struct party *a, const struct party *b)
{
    unsigned int i, shown = 0;

    for (i = 0; i < L1_NR_PAGES * L1_PAGE && shown < 16; i++) {
        if (a->l->memory[i] == b->l->memory[i])
            continue;
        printf("  page %u, offset 0x%x: %02x, %02x\n", i / L1_PAGE, i % L1_PAGE,
               a->l->memory[i], b->l->memory[i]);
        shown++;
    }
}

void show_difference(const struct party *a, const struct party *b, const struct l1_state *before)
{
    const struct l1_state *s = &a->l->state, *t = &b->l->state;
    unsigned int i;

    printf("  %-8s %-16s  %-16s  %-16s\n", "", "before", a->name, b->name);
    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        show_value(gpr_name[i], before->regs.gpr[i], s->regs.gpr[i], t->regs.gpr[i]);
    show_value("rip", before->regs.rip, s->regs.rip, t->regs.rip);
    show_value("rflags", before->regs.rflags, s->regs.rflags, t->regs.rflags);
    show_value("shadow", before->regs.sti_shadow, s->regs.sti_shadow, t->regs.sti_shadow);
    show_value("gs base", before->gs_base, s->gs_base, t->gs_base);
    show_value("cr2", before->cr2, s->cr2, t->cr2);
    show_value("advanced", before->advanced, s->advanced, t->advanced);
    for (i = 0; i < L1_VMCS_FIELDS; i++)
        if (s->vmcs[i] != t->vmcs[i])
            show_value("field", before->vmcs[i], s->vmcs[i], t->vmcs[i]);
    show_memory(a, b);
}

void show_calls(const struct party *p)
{
    unsigned int i;

    printf("calls of %s:\n", p->name);
    for (i = 0; i < p->l->nr_calls; i++) {
        const struct l1_call *c = &p->l->call[i];

        printf("  %3u op %u (%" PRIx64 ", %" PRIx64 ", %" PRIx64 ") result %u\n", i, c->op,
               c->argument[0], c->argument[1], c->argument[2], c->result);
    }
}
