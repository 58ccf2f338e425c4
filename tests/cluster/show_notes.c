/* SPDX-License-Identifier: GPL-2.0-only */
/* show_notes.c - what the translator meant, written down while it works; L1's bytes. */
#include "show.h"

static struct show_note notes[CLUSTER_MAX_NODES];

/* The linker's names for the functions themselves, and for those put in front of them. */
void __real_xlate_resume_previous(struct xlate *x, uint32_t first, uint32_t end);
void __wrap_xlate_resume_previous(struct xlate *x, uint32_t first, uint32_t end);
bool __real_cluster_translate(struct cluster_vcpu *vcpu, uint32_t segment,
                              const struct cluster_ops *fields, void *ctx);
bool __wrap_cluster_translate(struct cluster_vcpu *vcpu, uint32_t segment,
                              const struct cluster_ops *fields, void *ctx);

/* Called for each node, before the first code of its own. */
void __wrap_xlate_resume_previous(struct xlate *x, uint32_t first, uint32_t end)
{
    struct show_note *note = &notes[x->index];

    __real_xlate_resume_previous(x, first, end);
    *note = (struct show_note){
        .start = x->start, .first_slot = x->vcpu->nr_slots, .plan = *x->plan, .flags = x->flags,
    };
    if (x->index != x->segment->first_node)
        note[-1].end = x->start;
}

bool __wrap_cluster_translate(struct cluster_vcpu *vcpu, uint32_t segment,
                              const struct cluster_ops *fields, void *ctx)
{
    const struct cluster_segment *s = &vcpu->segment[segment];
    bool done = __real_cluster_translate(vcpu, segment, fields, ctx);
    uint32_t i;

    for (i = 0; i < s->nr_nodes; i++)
        notes[s->first_node + i].taken = done;
    if (done)
        notes[s->first_node + s->nr_nodes - 1].end = vcpu->arena_used;
    return done;
}

const struct show_note *show_note(uint32_t n)
{
    return notes[n].taken ? &notes[n] : NULL;
}

/* False: not in the segment's snapshot. */
static bool byte_at(const struct cluster_vcpu *vcpu, const struct cluster_segment *segment,
                    uint64_t linear, uint8_t *byte)
{
    const struct cluster_region *region = &vcpu->region[segment->region];
    uint32_t i;

    for (i = 0; i < segment->nr_pieces; i++) {
        const struct cluster_piece *piece = &vcpu->piece[segment->first_piece + i];
        uint64_t offset = linear - (region->page[piece->page].linear + piece->offset);

        if (offset < 8 * piece->words) {
            *byte = ((const uint8_t *)&vcpu->code_words[piece->snapshot])[offset];
            return true;
        }
    }
    return false;
}

unsigned int show_bytes(const struct cluster_vcpu *vcpu, uint32_t n,
                        uint8_t bytes[CLUSTER_MAX_INSN_BYTES])
{
    const struct cluster_node *node = &vcpu->node[n];
    const struct cluster_segment *segment = &vcpu->segment[node->segment];
    unsigned int i;

    for (i = 0; i < node->insn.length; i++)
        if (!byte_at(vcpu, segment, node->rip + i, &bytes[i]))
            break;
    return i;
}
