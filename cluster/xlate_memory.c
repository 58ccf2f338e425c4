/* SPDX-License-Identifier: GPL-2.0-only */
#include "xlate.h"

enum { PAGE = 4096 };

uint8_t xlate_host(const struct xlate *x, uint8_t gpr)
{
    if (gpr < CLUSTER_R8)
        return gpr;
    return x->region->host[gpr - CLUSTER_R8];
}

struct emit_rm xlate_gpr(const struct xlate *x, uint8_t gpr)
{
    uint8_t host = xlate_host(x, gpr);

    if (host != CLUSTER_HOST_NONE)
        return emit_reg(host);
    return emit_frame(offsetof(struct cluster_frame, regs.gpr) + 8 * gpr);
}

struct emit_rm xlate_register(const struct xlate *x, struct cluster_operand o)
{
    if (o.kind == CLUSTER_OPERAND_REG_HIGH)
        return emit_reg(o.reg | EMIT_HIGH);
    return xlate_gpr(x, o.reg);
}

bool xlate_homed(const struct xlate *x, struct cluster_operand o)
{
    return o.kind == CLUSTER_OPERAND_REG && xlate_host(x, o.reg) == CLUSTER_HOST_NONE;
}

void xlate_load_rsp(struct xlate *x, struct emitter *e, uint8_t into, int32_t more)
{
    int32_t offset = x->node->rsp + more;

    emit_load(e, 8, into, emit_frame(offsetof(struct cluster_frame, entry_rsp)));
    if (offset != 0)
        emit_lea(e, 8, into, emit_mem(into, offset));
}

struct emit_rm xlate_stack(int32_t offset)
{
    return emit_mem(HOST_STACK, offset);
}

/* A register that is part of an address: where it is, or @scratch, loaded. */
static uint8_t address_register(struct xlate *x, uint8_t gpr, uint8_t scratch)
{
    uint8_t host = xlate_host(x, gpr);

    if (gpr == CLUSTER_RSP)
        emit_load(&x->hot, 8, scratch, emit_frame(offsetof(struct cluster_frame, entry_rsp)));
    else if (host == CLUSTER_HOST_NONE)
        emit_load(&x->hot, 8, scratch, xlate_gpr(x, gpr));
    else
        return host;
    return scratch;
}

/* The operand of LEA that makes the address of @mem + @more.  The displacement fits 32 bits. */
static struct emit_rm address_of(struct xlate *x, const struct cluster_mem *mem, int32_t more)
{
    int32_t disp = (int32_t)mem->disp + more + (mem->base == CLUSTER_RSP ? x->node->rsp : 0);
    uint8_t base, index;

    if (mem->base == CLUSTER_REG_NONE) {
        index = address_register(x, mem->index, SCRATCH);
        return emit_indexed(EMIT_NO_BASE, index, mem->shift, disp);
    }
    base = address_register(x, mem->base, SCRATCH_ADDRESS);
    if (mem->index == CLUSTER_REG_NONE)
        return emit_mem(base, disp);
    index = address_register(x, mem->index, SCRATCH);
    return emit_indexed(base, index, mem->shift, disp);
}

void xlate_lea(struct xlate *x, uint8_t reg, unsigned int width)
{
    const struct cluster_mem *mem = &x->insn->mem;

    if (mem->base == CLUSTER_REG_NONE && mem->index == CLUSTER_REG_NONE) {
        uint64_t value = mem->addr32 ? (uint32_t)mem->disp : (uint64_t)mem->disp;

        emit_constant(&x->hot, reg, width == 4 ? (uint32_t)value : value);
        return;
    }
    emit_lea(&x->hot, mem->addr32 && width == 8 ? 4 : width, reg, address_of(x, mem, 0));
}

static struct emit_rm slot_member(uint32_t slot, size_t offset)
{
    return emit_frame(offsetof(struct cluster_frame, slot) + slot * sizeof(struct cluster_slot) +
                      offset);
}

static struct emit_rm slot_page(uint32_t slot)
{
    return slot_member(slot, offsetof(struct cluster_slot, page));
}

static struct emit_rm slot_host(uint32_t slot)
{
    return slot_member(slot, offsetof(struct cluster_slot, host));
}

static struct emit_rm slot_limit(uint32_t slot)
{
    return slot_member(slot, offsetof(struct cluster_slot, limit));
}

static struct emit_rm slot_value(uint32_t slot)
{
    return slot_member(slot, offsetof(struct cluster_slot, value));
}

static struct emit_rm slot_at(uint32_t slot)
{
    return slot_member(slot, offsetof(struct cluster_slot, at));
}

static uint32_t new_slot(struct xlate *x, uint64_t delta)
{
    uint32_t index = x->vcpu->nr_slots++;
    struct cluster_slot *slot = &x->vcpu->arena.frame->slot[index];

    x->segment->nr_slots++;
    *slot = (struct cluster_slot){ .delta = delta, .segment = x->insn->mem.segment };
    cluster_slot_clear(slot);
    return index;
}

static struct emit_rm segment_base(uint8_t segment)
{
    return emit_frame(offsetof(struct cluster_frame, segment_base) + 8 * segment);
}

static struct emit_rm frame_address(void)
{
    return emit_frame(offsetof(struct cluster_frame, address));
}

/* Of what the slot is checked for. */
static unsigned int checked_width(const struct xlate *x)
{
    return x->plan->span ? x->plan->span : cluster_operand_width(x->insn);
}

static bool checked_write(const struct xlate *x)
{
    return x->plan->probes || cluster_operand_written(x->insn);
}

/* A MISS, out of line.  frame->address is set. */
static void miss(struct xlate *x, uint32_t slot, bool constant)
{
    uint32_t resume = xlate_resume(x);
    struct cluster_exit *exit = xlate_exit(x, &x->cold, CLUSTER_EXIT_MISS);

    exit->slot = slot;
    exit->constant = constant;
    exit->write = checked_write(x);
    exit->probes = x->plan->probes;
    exit->span = x->plan->span != 0;
    exit->width = checked_width(x);
    exit->resume = resume;
}

static void shift_right(struct emitter *e, uint8_t reg, unsigned int count)
{
    emit(e, &(struct emit_insn){ .opcode = 0xc1, .width = 8, .reg = 5, .rm = emit_reg(reg),
                                 .imm_bytes = 1, .imm = count });
}

/* A member of the frame, whose address is in HOST_STACK for now: the same bytes wherever it is. */
static struct emit_rm near_frame(uint32_t offset)
{
    return emit_mem(HOST_STACK, offset);
}

/*
 * What is put here does not depend on the place: encoded once for a segment, then copied.
 * False: it is the first time, and copy->bytes has to be set behind it.
 */
static bool emit_copy(struct xlate *x, struct xlate_copied *copy)
{
    if (copy->bytes == 0) {
        copy->from = x->cold.at;
        return false;
    }
    emit_again(&x->cold, copy->from, copy->bytes);
    return true;
}

/*
 * Is the shared page that the address in SCRATCH_ADDRESS may have the right one?  EQUAL, and
 * SCRATCH is its host.
 */
static void find_shared(struct xlate *x, bool write)
{
    struct xlate_copied *copy = &x->find_shared[write];
    struct emitter *e = &x->cold;
    uint32_t table = offsetof(struct cluster_frame, shared) +
                     write * sizeof(((struct cluster_frame *)NULL)->shared[0]);

    _Static_assert(sizeof(struct cluster_shared_page) == 16, "a shift by 12 - 4");
    if (emit_copy(x, copy))
        return;
    emit_load(e, 8, SCRATCH, emit_reg(SCRATCH_ADDRESS));
    shift_right(e, SCRATCH_ADDRESS, 8);
    emit_alu_imm(e, 0, CLUSTER_OP_AND, 4, emit_reg(SCRATCH_ADDRESS),
                 16 * (CLUSTER_SHARED_PAGES - 1));
    emit_lea(e, 8, SCRATCH_ADDRESS, emit_indexed(HOST_STACK, SCRATCH_ADDRESS, 0, 0));
    emit_alu_imm(e, 0, CLUSTER_OP_AND, 8, emit_reg(SCRATCH), -PAGE);
    emit_alu_load(e, CLUSTER_OP_OR, 8, SCRATCH, near_frame(offsetof(struct cluster_frame, tag)));
    emit_alu_load(e, CLUSTER_OP_CMP, 8, SCRATCH,
                  emit_mem(SCRATCH_ADDRESS, table + offsetof(struct cluster_shared_page, page)));
    emit_load(e, 8, SCRATCH,
              emit_mem(SCRATCH_ADDRESS, table + offsetof(struct cluster_shared_page, host)));
    copy->bytes = e->at - copy->from;
}

/*
 * SCRATCH = the page of frame->address, SCRATCH_ADDRESS = the offset in it.  HOST_STACK is
 * itself again.
 */
static void part_address(struct xlate *x)
{
    struct xlate_copied *copy = &x->part_address;
    struct emitter *e = &x->cold;

    if (emit_copy(x, copy))
        return;
    emit_load(e, 8, SCRATCH_ADDRESS, near_frame(offsetof(struct cluster_frame, address)));
    emit_load(e, 8, SCRATCH, emit_reg(SCRATCH_ADDRESS));
    emit_alu_imm(e, 0, CLUSTER_OP_AND, 8, emit_reg(SCRATCH), -PAGE);
    emit_alu_imm(e, 0, CLUSTER_OP_AND, 4, emit_reg(SCRATCH_ADDRESS), PAGE - 1);
    emit_load(e, 8, HOST_STACK, near_frame(offsetof(struct cluster_frame, stack)));
    copy->bytes = e->at - copy->from;
}

/*
 * The slot has another page.  One that another slot was filled with is taken over from
 * there; else it is a MISS, at @miss, which can do without HOST_STACK.  frame->address
 * is set.  Goes on at @behind with the offset in the page.
 */
static void take_shared(struct xlate *x, uint32_t slot, uint32_t miss, uint32_t behind)
{
    struct emitter *e = &x->cold;
    uint32_t limit = PAGE - checked_width(x) + 1;

    emit_lea(e, 8, HOST_STACK, emit_frame(0));
    find_shared(x, checked_write(x));
    emit_jump_if(e, EMIT_NOT_EQUAL, miss);
    emit_store(e, 8, slot_host(slot), SCRATCH);
    part_address(x);
    emit_store(e, 8, slot_page(slot), SCRATCH);
    emit_store_imm(e, 8, slot_limit(slot), limit);
    emit_alu_imm(e, 0, CLUSTER_OP_CMP, 8, emit_reg(SCRATCH_ADDRESS), limit);
    emit_jump_if(e, EMIT_NOT_BELOW, miss);
    emit_jump(e, behind);
}

/* The first word of a MISS's code, out of line. */
static uint32_t emit_miss(struct xlate *x, uint32_t slot)
{
    uint32_t at;

    xlate_resume(x);                    /* out of line as well: before what comes now */
    at = x->cold.at;
    miss(x, slot, false);
    return at;
}

/* SCRATCH_ADDRESS is the distance from the slot's page, which it is too far from. */
static void other_page(struct xlate *x, uint32_t slot, uint32_t at_miss, uint32_t behind)
{
    emit_alu_load(&x->cold, CLUSTER_OP_ADD, 8, SCRATCH_ADDRESS, slot_page(slot));
    emit_store(&x->cold, 8, frame_address(), SCRATCH_ADDRESS);
    if (cluster_insn_bit_string(x->insn))   /* SCRATCH is in use */
        emit_jump(&x->cold, at_miss);
    else
        take_shared(x, slot, at_miss, behind);
}

static void no_page_if(struct xlate *x, enum emit_cond cond, uint32_t slot)
{
    const struct cluster_mem *mem = &x->insn->mem;

    xlate_resume(x);
    emit_jump_if(&x->hot, cond, x->cold.at);
    emit_constant(&x->cold, SCRATCH_ADDRESS, x->plan->address);
    if (mem->segment != CLUSTER_SEG_FLAT)
        emit_alu_load(&x->cold, CLUSTER_OP_ADD, 8, SCRATCH_ADDRESS, segment_base(mem->segment));
    emit_store(&x->cold, 8, frame_address(), SCRATCH_ADDRESS);
    miss(x, slot, true);
}

/* The slot's host address is that of the operand itself. */
static void check_constant(struct xlate *x)
{
    uint32_t slot = new_slot(x, 0);

    emit_load(&x->hot, 8, SCRATCH_ADDRESS, slot_host(slot));
    emit_alu(&x->hot, 0, CLUSTER_OP_TEST, 8, emit_reg(SCRATCH_ADDRESS), SCRATCH_ADDRESS);
    no_page_if(x, EMIT_EQUAL, slot);
}

/* The part of a bit string that the register names: SCRATCH_ADDRESS has the string's address. */
static void add_bit_offset(struct xlate *x)
{
    bool quad = x->insn->width == 8;
    struct emit_insn part = {           /* SAR: the offset has a sign */
        .opcode = 0xc1, .width = 8, .reg = 7, .rm = emit_reg(SCRATCH), .imm_bytes = 1,
        .imm = quad ? 6 : 5,
    };

    if (quad)
        emit_load(&x->hot, 8, SCRATCH, xlate_register(x, x->insn->src));
    else
        emit(&x->hot, &(struct emit_insn){ .opcode = 0x63, .width = 8, .reg = SCRATCH,
                                           .rm = xlate_register(x, x->insn->src) });
    emit(&x->hot, &part);
    emit_lea(&x->hot, 8, SCRATCH_ADDRESS,
             emit_indexed(SCRATCH_ADDRESS, SCRATCH, quad ? 3 : 2, 0));
    emit(&x->hot, &(struct emit_insn){ .opcode = 0xf7, .width = 8, .reg = 3,
                                       .rm = emit_reg(SCRATCH) });
}

/* The host's instruction adds it once more; SCRATCH has it, negated. */
static void subtract_bit_offset(struct xlate *x)
{
    emit_lea(&x->hot, 8, SCRATCH_ADDRESS,
             emit_indexed(SCRATCH_ADDRESS, SCRATCH, x->insn->width == 8 ? 3 : 2, 0));
}

/*
 * The distance of the address in SCRATCH_ADDRESS from the slot's page, as a number without sign,
 * must leave room for the operand, or the span; what the jump behind this looks at.
 */
static void compare_page(struct xlate *x, struct emitter *e, uint32_t slot)
{
    uint8_t segment = x->insn->mem.segment;

    if (segment != CLUSTER_SEG_FLAT)
        emit_alu_load(e, CLUSTER_OP_ADD, 8, SCRATCH_ADDRESS, segment_base(segment));
    emit_alu_load(e, CLUSTER_OP_SUB, 8, SCRATCH_ADDRESS, slot_page(slot));
    emit_alu_load(e, CLUSTER_OP_CMP, 8, SCRATCH_ADDRESS, slot_limit(slot));
}

/*
 * From the distance to the host's address.  The AND changes nothing: it is for a processor that has
 * guessed the jump before it wrong, and would read all of L0's memory at L1's wish.  A span's
 * other accesses go beyond the operand: nothing but 0 will do there.
 */
static void add_host(struct xlate *x, struct emitter *e, uint32_t slot)
{
    if (x->plan->span) {
        emit_alu(e, 0, CLUSTER_OP_SBB, 8, emit_reg(SCRATCH), SCRATCH);
        emit_alu(e, 0, CLUSTER_OP_AND, 8, emit_reg(SCRATCH_ADDRESS), SCRATCH);
    } else {
        emit_alu_imm(e, 0, CLUSTER_OP_AND, 4, emit_reg(SCRATCH_ADDRESS), PAGE - 1);
    }
    emit_alu_load(e, CLUSTER_OP_ADD, 8, SCRATCH_ADDRESS, slot_host(slot));
}

/* SCRATCH_ADDRESS = what a slot without a key is looked at by. */
static void load_address(struct xlate *x)
{
    if (x->plan->span)
        emit_lea(&x->hot, 8, SCRATCH_ADDRESS, address_of(x, &x->insn->mem, x->plan->offset));
    else
        xlate_lea(x, SCRATCH_ADDRESS, 8);
}

static void check_slot(struct xlate *x)
{
    uint32_t slot = new_slot(x, 0), at_miss;

    load_address(x);
    if (cluster_insn_bit_string(x->insn))
        add_bit_offset(x);
    compare_page(x, &x->hot, slot);
    at_miss = emit_miss(x, slot);
    emit_jump_if(&x->hot, EMIT_NOT_BELOW, x->cold.at);
    other_page(x, slot, at_miss, x->hot.at);
    add_host(x, &x->hot, slot);
}

static bool is_keyed(const struct xlate *x)
{
    return !cluster_insn_bit_string(x->insn) && !x->insn->mem.addr32 &&
           x->insn->mem.base != CLUSTER_RSP && x->region->rsp_low != x->region->rsp_high;
}

/* What a slot is keyed by is a register as it is. */
static bool is_keyed_by_base(const struct xlate *x)
{
    return x->insn->mem.index == CLUSTER_REG_NONE;
}

static int64_t key_to_operand(const struct xlate *x)
{
    int32_t more = x->plan->span ? x->plan->offset : 0;

    return is_keyed_by_base(x) ? (int64_t)x->insn->mem.disp + more : 0;
}

/* The register of the host that has the key. */
static uint8_t load_key(struct xlate *x)
{
    const struct cluster_mem *mem = &x->insn->mem;

    if (is_keyed_by_base(x))
        return address_register(x, mem->base, SCRATCH_ADDRESS);
    emit_lea(&x->hot, 8, SCRATCH_ADDRESS,
             address_of(x, mem, x->plan->span ? x->plan->offset : 0));
    return SCRATCH_ADDRESS;
}

/*
 * Out of line: the key is another one.  Mostly the page is the slot's all the same; the slot
 * gets the key of this access, and is looked at again.
 */
static void other_key(struct xlate *x, uint32_t slot, uint8_t key, uint32_t other, uint32_t behind)
{
    struct emitter *e = &x->cold;
    bool keep = key == SCRATCH_ADDRESS;

    if (keep)
        emit_store(e, 8, frame_address(), key);
    if (!keep || key_to_operand(x) != 0)
        emit_lea(e, 8, SCRATCH_ADDRESS, emit_mem(key, (int32_t)key_to_operand(x)));
    compare_page(x, e, slot);
    emit_jump_if(e, EMIT_NOT_BELOW, other);
    add_host(x, e, slot);
    if (keep)
        emit_load(e, 8, SCRATCH, frame_address());
    emit_store(e, 8, slot_value(slot), keep ? SCRATCH : key);
    emit_store(e, 8, slot_at(slot), SCRATCH_ADDRESS);
    emit_jump(e, behind);
}

/*
 * Whatever the processor guesses, what it finds in the slot is a place of L1's that was checked
 * for this access.
 */
static void check_key(struct xlate *x)
{
    uint32_t slot = new_slot(x, key_to_operand(x)), look = x->hot.at, at_miss, other;
    uint8_t key = load_key(x);

    emit_alu_load(&x->hot, CLUSTER_OP_CMP, 8, key, slot_value(slot));
    at_miss = emit_miss(x, slot);
    other = x->cold.at;
    other_page(x, slot, at_miss, look);
    emit_jump_if(&x->hot, EMIT_NOT_EQUAL, x->cold.at);
    other_key(x, slot, key, other, x->hot.at);
    emit_load(&x->hot, 8, SCRATCH_ADDRESS, slot_at(slot));
}

/*
 * An operand that is aligned lies in one cache line, and its bus lock need not be split.
 * The page's offset is that of the linear address.
 */
static void check_alignment(struct xlate *x)
{
    unsigned int width = cluster_operand_width(x->insn);

    if (width == 1)
        return;
    emit_alu_imm(&x->hot, 0, CLUSTER_OP_TEST, 4, emit_reg(SCRATCH_ADDRESS), width - 1);
    xlate_exit_if(x, EMIT_NOT_EQUAL, CLUSTER_EXIT_STEP);
}

struct emit_rm xlate_memory(struct xlate *x)
{
    if (x->plan->place == PLAN_PLACE_STACK)
        return xlate_stack(x->plan->offset);
    if (x->plan->place == PLAN_PLACE_SPAN)
        return emit_mem(SCRATCH_ADDRESS, x->plan->offset);
    xlate_flags_spare(x);
    if (x->plan->place == PLAN_PLACE_CONSTANT)
        check_constant(x);
    else if (is_keyed(x))
        check_key(x);
    else
        check_slot(x);
    if (cluster_insn_locked(x->insn))
        check_alignment(x);
    if (cluster_insn_bit_string(x->insn))
        subtract_bit_offset(x);
    return emit_mem(SCRATCH_ADDRESS, x->plan->span ? -x->plan->offset : 0);
}
