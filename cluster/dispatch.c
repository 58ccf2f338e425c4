/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dispatch.c - translated code is entered, and comes back for what it leaves to C.
 *
 * While it runs, L1's registers are in the frame, and x->regs with them.  RSP, RIP
 * and RFLAGS there are made true where C has to see them: load_state() and save_state().
 */
#include "alu.h"
#include "execution.h"
#include "graph.h"
#include "hosts.h"

/* The state at @exit, with RIP at @rip and RSP the region's entry's + @rsp. */
static void load_state(struct cluster_execution *e, const struct cluster_exit *exit, uint64_t rip,
                       int32_t rsp)
{
    struct cluster_frame *frame = e->frame;
    uint64_t flags = exit->flags_known ? exit->flags : frame->flags;
    uint64_t rflags = frame->regs.rflags & ~(CLUSTER_FLAGS_ARITHMETIC | CLUSTER_FLAG_IF);

    frame->regs.rflags = rflags | (flags & CLUSTER_FLAGS_ARITHMETIC) |
                         (frame->interrupts ? CLUSTER_FLAG_IF : 0);
    frame->regs.gpr[CLUSTER_RSP] = e->entry_rsp + rsp;
    frame->regs.rip = rip;
    frame->regs.sti_shadow = frame->sti_shadow;
}

/* As translated code wants it. */
static void save_state(struct cluster_execution *e)
{
    struct cluster_frame *frame = e->frame;
    uint64_t rflags = frame->regs.rflags;

    frame->flags = (frame->flags & ~CLUSTER_FLAGS_ARITHMETIC) |
                   (rflags & CLUSTER_FLAGS_ARITHMETIC);
    frame->interrupts = (rflags & CLUSTER_FLAG_IF) != 0;
    frame->sti_shadow = frame->regs.sti_shadow;
    frame->pending = e->x->world.pending;
}

/*
 * Where to go on with node @n, precise: by the interpreter, until there is code to enter.
 * NO_INDEX when the execution has ended.
 */
static uint32_t enter_node(struct cluster_execution *e, uint32_t n)
{
    /* Translated code ends STI's shadow only behind an STI of the same segment. */
    while (n != CLUSTER_NO_INDEX &&
           (e->vcpu->node[n].code == CLUSTER_NO_INDEX || e->frame->regs.sti_shadow))
        n = cluster_execution_step(e, n);
    if (n == CLUSTER_NO_INDEX)
        return CLUSTER_NO_INDEX;
    save_state(e);
    return e->vcpu->node[n].code;
}

/* Code at @code does not look at what an exit knew of the flags. */
static void store_known_flags(struct cluster_execution *e, const struct cluster_exit *exit)
{
    if (exit->flags_known)
        e->frame->flags = (e->frame->flags & ~CLUSTER_FLAGS_ARITHMETIC) | exit->flags;
}

static bool is_quick(const struct cluster_insn *insn, const struct cluster_exit *exit)
{
    return insn->op == CLUSTER_OP_RDMSR || (insn->op == CLUSTER_OP_VERW && exit->operand);
}

/*
 * What L1 has at every exit, without the interpreter: of the state, the world wants no
 * more for it than general registers.  Where it does not work out nothing has been done.
 */
static bool step_quickly(struct cluster_execution *e, const struct cluster_exit *exit)
{
    const struct cluster_insn *insn = &e->vcpu->node[exit->node].insn;
    struct cluster_frame *frame = e->frame;
    struct cluster_operands operands;

    if (!is_quick(insn, exit) || *frame->poke || frame->sti_shadow)
        return false;
    operands.memory[0] = frame->address;
    if (e->x->ops->emulate(e->x->ctx, insn->op, &frame->regs, &operands) != CLUSTER_EMULATED)
        return false;
    store_known_flags(e, exit);
    if (insn->op == CLUSTER_OP_VERW)
        frame->flags = (frame->flags & ~CLUSTER_FLAG_ZF) |
                       (operands.result ? CLUSTER_FLAG_ZF : 0);
    return true;
}

/* The node of @exit by the interpreter; code behind it is at @resume. */
static uint32_t step(struct cluster_execution *e, const struct cluster_exit *exit,
                     uint32_t resume)
{
    uint32_t next;

    if (resume != CLUSTER_NO_INDEX && step_quickly(e, exit))
        return resume;
    load_state(e, exit, e->vcpu->node[exit->node].rip, exit->rsp);
    next = cluster_execution_step(e, exit->node);
    if (next != exit->node + 1 || resume == CLUSTER_NO_INDEX)
        return enter_node(e, next);
    save_state(e);
    return resume;
}

/*
 * An access that misses again right after its slot was filled will not be cured by
 * that: the interpreter makes it, so that nothing can go round here for ever.
 */
static bool missed_already(struct cluster_execution *e, const struct cluster_exit *exit)
{
    bool again = exit == e->missed && e->frame->address == e->missed_address;

    e->missed = again ? NULL : exit;
    e->missed_address = e->frame->address;
    return again;
}

static uint32_t miss(struct cluster_execution *e, const struct cluster_exit *exit)
{
    if (!missed_already(e, exit) &&
        cluster_hosts_fill(e->vcpu, e->x, e->region, &e->frame->slot[exit->slot], e->frame->address, exit))
        return exit->resume;
    e->region->hops += exit->span;      /* where its page ends has changed: better recorded anew */
    return step(e, exit, exit->resume_next);
}

/* From code to code; nobody needs to see the state in between. */
static uint32_t go_over(struct cluster_execution *e, const struct cluster_exit *exit,
                        uint32_t code)
{
    store_known_flags(e, exit);
    return code;
}

/* The branch was executed, and left RSP at the entry's + @rsp. */
static uint32_t follow(struct cluster_execution *e, const struct cluster_exit *exit,
                       uint32_t edge, int32_t rsp)
{
    uint32_t next = cluster_execution_follow(e, edge);

    if (next != CLUSTER_NO_INDEX && e->vcpu->node[next].code != CLUSTER_NO_INDEX)
        return go_over(e, exit, e->vcpu->node[next].code);
    load_state(e, exit, e->vcpu->edge[edge].rip, rsp);
    return enter_node(e, next);
}

/*
 * The edge of a RET to where it has gone before, RSP included; NO_INDEX for any other branch.
 * What translated code leaves to the interpreter as a RET reads the stack where frame->stack has it.
 */
static uint32_t known_return(const struct cluster_execution *e, const struct cluster_exit *exit)
{
    const struct cluster_vcpu *vcpu = e->vcpu;
    const struct cluster_node *node = &vcpu->node[exit->node];
    uint64_t target;
    uint32_t edge, to;

    if (node->insn.op != CLUSTER_OP_RET)
        return CLUSTER_NO_INDEX;
    memcpy(&target, e->frame->stack + exit->rsp, sizeof(target));
    edge = cluster_graph_edge(vcpu, exit->node, true, target);
    if (edge == CLUSTER_NO_INDEX)
        return CLUSTER_NO_INDEX;
    to = vcpu->edge[edge].node;
    return to != CLUSTER_NO_INDEX && vcpu->node[to].rsp == cluster_graph_rsp_behind(node)
               ? edge : CLUSTER_NO_INDEX;
}

/*
 * Code does not know where the branch goes.  A function that L1 was seen to leave by another
 * way often ends so, at its RET, and joins the older path behind it: without the interpreter.
 */
static uint32_t at_target(struct cluster_execution *e, const struct cluster_exit *exit)
{
    uint32_t edge = known_return(e, exit);

    if (edge == CLUSTER_NO_INDEX)
        return step(e, exit, exit->resume);
    return follow(e, exit, edge, cluster_graph_rsp_behind(&e->vcpu->node[exit->node]));
}

static uint32_t at_end(struct cluster_execution *e, const struct cluster_exit *exit)
{
    const struct cluster_node *node = &e->vcpu->node[exit->node];

    if (node->edge != CLUSTER_NO_INDEX)
        return follow(e, exit, node->edge, exit->rsp);
    load_state(e, exit, node->rip + node->insn.length, exit->rsp);
    cluster_execution_stop(e, exit->node, true, CLUSTER_STOP_COMPLETE);
    return CLUSTER_NO_INDEX;
}

/* The node of @exit and all behind it. */
static uint32_t interpret(struct cluster_execution *e, const struct cluster_exit *exit)
{
    load_state(e, exit, e->vcpu->node[exit->node].rip, exit->rsp);
    cluster_execution_interpret(e, exit->node);
    return CLUSTER_NO_INDEX;
}

static uint32_t stop_before(struct cluster_execution *e, const struct cluster_exit *exit,
                            enum cluster_stop why)
{
    load_state(e, exit, e->vcpu->node[exit->node].rip, exit->rsp);
    cluster_execution_stop(e, exit->node, false, why);
    return CLUSTER_NO_INDEX;
}

/* What @exit asks for.  Returns where to go on, or NO_INDEX at the end. */
static uint32_t dispatch(struct cluster_execution *e, const struct cluster_exit *exit)
{
    switch (exit->kind) {
    case CLUSTER_EXIT_MISS:
        return miss(e, exit);
    case CLUSTER_EXIT_STEP:
        return step(e, exit, exit->resume);
    case CLUSTER_EXIT_TARGET:
        return at_target(e, exit);
    case CLUSTER_EXIT_INTERPRET:
        return interpret(e, exit);
    case CLUSTER_EXIT_EDGE:
        return follow(e, exit, exit->edge, exit->rsp);
    case CLUSTER_EXIT_END:
        return at_end(e, exit);
    case CLUSTER_EXIT_LEAVE:
        return stop_before(e, exit, CLUSTER_STOP_RESUME);
    default:
        return stop_before(e, exit, *e->frame->poke ? CLUSTER_STOP_EVENT : CLUSTER_STOP_BUDGET);
    }
}

static void start_frame(struct cluster_execution *e, const struct cluster_regs *regs)
{
    const struct cluster_world *world = &e->x->world;
    struct cluster_frame *frame = e->frame;

    frame->regs = *regs;
    frame->flags = __builtin_ia32_readeflags_u64();
    frame->entry_rsp = e->entry_rsp;
    frame->segment_base[CLUSTER_SEG_FLAT] = 0;
    frame->segment_base[CLUSTER_SEG_FS] = world->fs_base;
    frame->segment_base[CLUSTER_SEG_GS] = world->gs_base;
    frame->tsc_offset = world->tsc_offset;
    frame->tsc_counts = world->tsc_counts;
    frame->vmcs = world->vmcs;
    frame->vmcs_dirty = world->vmcs_dirty;
    frame->tag = e->region->tag;
    frame->poke = world->poke;
    frame->cr2 = world->cr2;
    frame->budget = *e->budget;
    frame->exiting = *e->exiting;
    frame->silent = 0;
    e->budget = &frame->budget;
    e->exiting = &frame->exiting;
    frame->stack = (uint8_t *)((uintptr_t)e->region->stack_host + e->entry_rsp -
                               e->region->stack_page);
    save_state(e);
}

void cluster_execution_enter(struct cluster_execution *e, uint32_t code)
{
    struct cluster_regs *regs = e->x->regs;

    start_frame(e, regs);
    e->x->regs = &e->frame->regs;
    do {
        cluster_enter(e->vcpu->arena.execute + code);
        code = dispatch(e, &e->vcpu->exit[e->frame->exit]);
    } while (code != CLUSTER_NO_INDEX);
    *regs = e->frame->regs;
    e->x->regs = regs;
    if (e->x->world.silent)
        *e->x->world.silent += e->frame->silent;
}
