/* SPDX-License-Identifier: GPL-2.0-only */
#include "party.h"

#include <stdlib.h>

#include "guest_arena.h"

enum { ARENA = 2 * 1024 * 1024, MEMORY = L1_NR_PAGES * L1_PAGE };

void party_start(struct party *p, const char *name, enum cluster_mode mode, bool engine,
                 const struct l1_script *script)
{
    memset(p, 0, sizeof(*p));
    p->name = name;
    p->mode = mode;
    p->l = l1_start(script);
    if (!engine)
        return;
    p->vcpu = calloc(1, sizeof(*p->vcpu));
    if (!p->vcpu)
        abort();
    p->arena = guest_arena_map(ARENA);
    cluster_init(p->vcpu, &p->arena);
}

void party_end(struct party *p)
{
    l1_end(p->l);
    if (!p->vcpu)
        return;
    guest_arena_unmap(&p->arena);
    free(p->vcpu);
}

/* The tracker as well, or what is recorded would depend on the programs before. */
void party_forget(struct party *p)
{
    if (!p->vcpu)
        return;
    cluster_flush(p->vcpu);
    memset(p->vcpu->tracker, 0, sizeof(p->vcpu->tracker));
    memset(p->vcpu->barren, 0, sizeof(p->vcpu->barren));
}

void party_run(struct party *p, unsigned int kind)
{
    l1_begin_execution(p->l);
    memset(&p->out, 0xaa, sizeof(p->out));      /* every member is to be filled in */
    p->ran = cluster_run(p->vcpu, p->mode, &l1_ops, p->l, &p->l->state.regs, kind,
                         &p->out);
}

static bool same_regs(const struct cluster_regs *a, const struct cluster_regs *b)
{
    return memcmp(a->gpr, b->gpr, sizeof(a->gpr)) == 0 && a->rip == b->rip &&
           a->rflags == b->rflags && a->sti_shadow == b->sti_shadow;
}

bool party_same_state(const struct party *a, const struct party *b)
{
    const struct l1_state *s = &a->l->state, *t = &b->l->state;

    return same_regs(&s->regs, &t->regs) && s->gs_base == t->gs_base && s->cr2 == t->cr2 &&
           s->advanced == t->advanced && s->device == t->device && memcmp(s->vmcs, t->vmcs, sizeof(s->vmcs)) == 0 &&
           memcmp(s->dirty, t->dirty, sizeof(s->dirty)) == 0 &&
           memcmp(a->l->memory, b->l->memory, MEMORY) == 0;
}

bool party_same_calls(const struct party *a, const struct party *b, unsigned int count)
{
    return memcmp(a->l->call, b->l->call, count * sizeof(a->l->call[0])) == 0;
}

void party_copy_state(struct party *to, const struct party *from)
{
    to->l->state = from->l->state;
    memcpy(to->l->memory, from->l->memory, MEMORY);
}
