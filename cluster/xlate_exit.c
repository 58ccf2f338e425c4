/* SPDX-License-Identifier: GPL-2.0-only */
#include "xlate.h"

/* In this order, so that one register can address the frame until its turn comes. */
static const uint8_t kept[] = {
    CLUSTER_RAX, CLUSTER_RCX, CLUSTER_RDX, CLUSTER_RBX, CLUSTER_RBP, CLUSTER_RSI, CLUSTER_RDI,
    CLUSTER_R8, CLUSTER_R9, CLUSTER_R10, CLUSTER_R11, CLUSTER_R12, CLUSTER_R13, CLUSTER_R14,
    CLUSTER_R15,
};

static uint32_t offset_of_gpr(uint8_t gpr)
{
    return offsetof(struct cluster_frame, regs.gpr) + 8 * gpr;
}

static void emit_leave(struct xlate *x)
{
    unsigned int i;

    x->leave_flags = x->cold.at;
    emit_pushfq(&x->cold);
    emit_pop(&x->cold, emit_frame(offsetof(struct cluster_frame, flags)));
    x->leave = x->cold.at;
    for (i = 0; i < sizeof(kept); i++)
        if (xlate_host(x, kept[i]) != CLUSTER_HOST_NONE)
            emit_store(&x->cold, 8, emit_frame(offset_of_gpr(kept[i])), xlate_host(x, kept[i]));
    emit_ret(&x->cold);
}

/* The code is as long wherever it is: so once more, where its RET may be. */
void xlate_emit_leave(struct xlate *x)
{
    uint32_t at = x->cold.at, ret;

    emit_leave(x);
    ret = x->cold.at - 1;
    if (emit_may_ret_at(ret) || x->cold.full)
        return;
    x->cold.at = at;
    for (; !emit_may_ret_at(ret); ret++)
        emit_int3(&x->cold);
    emit_leave(x);
}

/* The same wherever it is, thanks to R13. */
static void emit_loads(struct xlate *x, struct emitter *e)
{
    unsigned int i;

    emit_push(e, emit_mem(HOST_STACK, offsetof(struct cluster_frame, flags)));
    emit_popfq(e);
    for (i = 0; i < sizeof(kept); i++)
        if (xlate_host(x, kept[i]) != CLUSTER_HOST_NONE)
            emit_load(e, 8, xlate_host(x, kept[i]), emit_mem(HOST_STACK, offset_of_gpr(kept[i])));
    emit_load(e, 8, HOST_STACK, emit_mem(HOST_STACK, offsetof(struct cluster_frame, stack)));
}

/* R13 holds the frame's address at first: shorter code than addresses relative to RIP. */
static void begin_entry(struct emitter *e)
{
    emit_endbr64(e);
    emit_lea(e, 8, HOST_STACK, emit_frame(0));
}

uint32_t xlate_emit_entry(struct xlate *x)
{
    uint32_t at = x->hot.at;

    begin_entry(&x->hot);
    x->load = x->hot.at;
    emit_loads(x, &x->hot);
    x->load_bytes = x->hot.at - x->load;
    return at;
}

uint32_t xlate_resume(struct xlate *x)
{
    if (x->resume == CLUSTER_NO_INDEX) {
        x->resume = x->cold.at;
        begin_entry(&x->cold);
        emit_again(&x->cold, x->load, x->load_bytes);
        emit_jump(&x->cold, x->start);
    }
    return x->resume;
}

void xlate_resume_previous(struct xlate *x, uint32_t first, uint32_t end)
{
    for (; first < end; first++) {
        struct cluster_exit *exit = &x->vcpu->exit[first];

        if (exit->kind == CLUSTER_EXIT_MISS && !exit->span)
            exit->resume_next = xlate_resume(x);
        else if (exit->kind == CLUSTER_EXIT_STEP || exit->kind == CLUSTER_EXIT_TARGET)
            exit->resume = xlate_resume(x);
    }
}

/* L1's flags for C: known to it, in the frame already, or to be stored on the way out. */
static uint32_t end_of_exit(struct xlate *x, struct emitter *e, struct cluster_exit *exit)
{
    struct xlate_flags before = x->flags;

    if (before.where & FLAGS_KNOWN) {
        exit->flags_known = true;
        exit->flags = before.known;
        return x->leave;
    }
    if (before.where & FLAGS_FRAME)
        return x->leave;
    xlate_flags_to_host(x, e);
    x->flags = before;
    return x->leave_flags;
}

struct cluster_exit *xlate_exit(struct xlate *x, struct emitter *e, enum cluster_exit_kind kind)
{
    uint32_t index = x->vcpu->nr_exits++, end;
    struct cluster_exit *exit = &x->vcpu->exit[index];

    *exit = (struct cluster_exit){
        .kind = kind, .node = x->index, .edge = CLUSTER_NO_INDEX, .slot = CLUSTER_NO_INDEX,
        .rsp = x->node->rsp, .resume = CLUSTER_NO_INDEX, .resume_next = CLUSTER_NO_INDEX,
    };
    end = end_of_exit(x, e, exit);
    emit_store_imm(e, 4, emit_frame(offsetof(struct cluster_frame, exit)), index);
    emit_jump(e, end);
    return exit;
}

void xlate_exit_if(struct xlate *x, enum emit_cond cond, enum cluster_exit_kind kind)
{
    emit_jump_if(&x->hot, cond, x->cold.at);
    xlate_exit(x, &x->cold, kind);
}
