/* SPDX-License-Identifier: GPL-2.0-only */
#include "xlate.h"
#include "alu.h"

enum { IF_SHIFT = 9 };

/* The bits of RFLAGS that PUSHF takes as they are in frame->regs. RF and VM it stores as 0. */
#define FLAGS_STEADY (~(uint32_t)(CLUSTER_FLAGS_ARITHMETIC | 1u << IF_SHIFT | 3u << 16))

static void push(struct xlate *x)
{
    const struct cluster_insn *insn = x->insn;
    uint8_t reg = SCRATCH;
    struct emit_rm stack;

    if (insn->src.kind == CLUSTER_OPERAND_MEM)
        emit_load(&x->hot, 8, SCRATCH, xlate_memory(x));
    else if (insn->src.kind == CLUSTER_OPERAND_REG && insn->src.reg == CLUSTER_RSP)
        xlate_load_rsp(x, &x->hot, SCRATCH, 0);
    else if (xlate_homed(x, insn->src))
        emit_load(&x->hot, 8, SCRATCH, xlate_register(x, insn->src));
    else if (insn->src.kind == CLUSTER_OPERAND_REG)
        reg = xlate_host(x, insn->src.reg);
    stack = xlate_stack(x->node->rsp - 8);
    if (insn->src.kind == CLUSTER_OPERAND_IMM)
        emit_store_imm(&x->hot, 8, stack, insn->imm);
    else
        emit_store(&x->hot, 8, stack, reg);
}

static void pop(struct xlate *x)
{
    bool home = xlate_homed(x, x->insn->dst);

    if (x->insn->dst.kind == CLUSTER_OPERAND_MEM) {
        struct emit_rm memory = xlate_memory(x);

        emit_load(&x->hot, 8, SCRATCH, xlate_stack(x->node->rsp));
        emit_store(&x->hot, 8, memory, SCRATCH);
        return;
    }

    emit_load(&x->hot, 8, home ? SCRATCH : xlate_host(x, x->insn->dst.reg),
              xlate_stack(x->node->rsp));
    if (home)
        emit_store(&x->hot, 8, xlate_register(x, x->insn->dst), SCRATCH);
}

/* RFLAGS is put together of L1's arithmetic flags, its IF, and what only C may change. */
static void pushf(struct xlate *x)
{
    struct emitter *e = &x->hot;

    xlate_flags_to_frame(x, e);
    xlate_flags_spare(x);
    emit_load(e, 8, SCRATCH_ADDRESS, emit_frame(offsetof(struct cluster_frame, flags)));
    emit_alu_imm(e, 0, CLUSTER_OP_AND, 4, emit_reg(SCRATCH_ADDRESS), CLUSTER_FLAGS_ARITHMETIC);
    emit_load(e, 8, SCRATCH, emit_frame(offsetof(struct cluster_frame, regs.rflags)));
    emit_alu_imm(e, 0, CLUSTER_OP_AND, 4, emit_reg(SCRATCH), (int32_t)FLAGS_STEADY);
    emit_alu(e, 0, CLUSTER_OP_OR, 4, emit_reg(SCRATCH), SCRATCH_ADDRESS);
    emit(e, &(struct emit_insn){
        .two_byte = true, .opcode = 0xb6, .width = 4, .byte_rm = true, .reg = SCRATCH_ADDRESS,
        .rm = emit_frame(offsetof(struct cluster_frame, interrupts)) });
    emit(e, &(struct emit_insn){ .opcode = 0xc1, .width = 4, .reg = 4,
        .rm = emit_reg(SCRATCH_ADDRESS), .imm_bytes = 1, .imm = IF_SHIFT });
    emit_alu(e, 0, CLUSTER_OP_OR, 4, emit_reg(SCRATCH), SCRATCH_ADDRESS);
    emit_store(e, 8, xlate_stack(x->node->rsp - 8), SCRATCH);
}

/* CLC, STC, CMC: the other flags stay. */
static void change_carry(struct xlate *x, uint8_t opcode)
{
    if (x->insn->op == CLUSTER_OP_CMC || xlate_observed_after(x))
        xlate_flags_to_host(x, &x->hot);
    emit_byte(&x->hot, opcode);
    xlate_flags_produced(x);
}

static void fence(struct xlate *x)
{
    const uint8_t code[] = { 0x0f, 0xae, 0xc0 | (x->insn->cond & 7) << 3 };

    emit_bytes(&x->hot, code, sizeof(code));
}

/* L1's CR2 is a variable of L0's. */
static void read_cr2(struct xlate *x)
{
    bool home = xlate_homed(x, x->insn->dst);
    uint8_t reg = home ? SCRATCH : xlate_host(x, x->insn->dst.reg);

    emit_load(&x->hot, 8, SCRATCH_ADDRESS, emit_frame(offsetof(struct cluster_frame, cr2)));
    emit_load(&x->hot, 8, reg, emit_mem(SCRATCH_ADDRESS, 0));
    if (home)
        emit_store(&x->hot, 8, xlate_register(x, x->insn->dst), SCRATCH);
}

static void write_cr2(struct xlate *x)
{
    uint8_t reg = xlate_in_register(x, x->insn->src, SCRATCH);

    emit_load(&x->hot, 8, SCRATCH_ADDRESS, emit_frame(offsetof(struct cluster_frame, cr2)));
    emit_store(&x->hot, 8, emit_mem(SCRATCH_ADDRESS, 0), reg);
}

static void load_byte(struct xlate *x, uint8_t reg, size_t offset)
{
    emit(&x->hot, &(struct emit_insn){ .two_byte = true, .opcode = 0xb6, .width = 4,
                                       .byte_rm = true, .reg = reg, .rm = emit_frame(offset) });
}

/*
 * Where an event may be waiting for IF, the interpreter asks.  There is a shadow
 * unless IF was set before (SDM vol. 2, STI).
 */
static void sti(struct xlate *x)
{
    xlate_flags_spare(x);
    emit_load(&x->hot, 8, SCRATCH_ADDRESS, emit_frame(offsetof(struct cluster_frame, poke)));
    load_byte(x, SCRATCH, offsetof(struct cluster_frame, pending));
    emit_alu_load(&x->hot, CLUSTER_OP_OR, 4, SCRATCH, emit_mem(SCRATCH_ADDRESS, 0));
    xlate_exit_if(x, EMIT_NOT_EQUAL, CLUSTER_EXIT_STEP);
    load_byte(x, SCRATCH, offsetof(struct cluster_frame, interrupts));
    emit_alu_imm(&x->hot, 0, CLUSTER_OP_XOR, 4, emit_reg(SCRATCH), 1);
    emit_store(&x->hot, 1, emit_frame(offsetof(struct cluster_frame, sti_shadow)), SCRATCH);
    emit_store_imm(&x->hot, 1, emit_frame(offsetof(struct cluster_frame, interrupts)), 1);
}

static void shift_rdx(struct emitter *e, unsigned int extension)
{
    emit(e, &(struct emit_insn){ .opcode = 0xc1, .width = 8, .reg = extension,
                                 .rm = emit_reg(CLUSTER_RDX), .imm_bytes = 1, .imm = 32 });
}

/* The sum is made in one register, and parted again. */
static void rdtsc(struct xlate *x)
{
    static const uint8_t code[] = { 0x0f, 0x31 };
    enum { SHL = 4, SHR = 5 };
    struct emitter *e = &x->hot;

    xlate_flags_spare(x);
    load_byte(x, SCRATCH, offsetof(struct cluster_frame, tsc_counts));
    emit_alu(e, 0, CLUSTER_OP_TEST, 4, emit_reg(SCRATCH), SCRATCH);
    xlate_exit_if(x, EMIT_EQUAL, CLUSTER_EXIT_STEP);
    emit_bytes(e, code, sizeof(code));
    shift_rdx(e, SHL);
    emit_alu(e, 0, CLUSTER_OP_OR, 8, emit_reg(CLUSTER_RDX), CLUSTER_RAX);
    emit_alu_load(e, CLUSTER_OP_ADD, 8, CLUSTER_RDX,
                  emit_frame(offsetof(struct cluster_frame, tsc_offset)));
    emit_load(e, 4, CLUSTER_RAX, emit_reg(CLUSTER_RDX));
    shift_rdx(e, SHR);
}

bool xlate_system(struct xlate *x)
{
    static const uint8_t pause[] = { 0xf3, 0x90 };

    switch (x->insn->op) {
    case CLUSTER_OP_PUSH:  push(x); return true;
    case CLUSTER_OP_POP:   pop(x); return true;
    case CLUSTER_OP_PUSHF: pushf(x); return true;
    case CLUSTER_OP_LEAVE:
        emit_load(&x->hot, 8, CLUSTER_RBP, xlate_stack(x->plan->offset));
        return true;
    case CLUSTER_OP_CLI:
        emit_store_imm(&x->hot, 1, emit_frame(offsetof(struct cluster_frame, interrupts)), 0);
        return true;
    case CLUSTER_OP_STI:   sti(x); return true;
    case CLUSTER_OP_RDTSC: rdtsc(x); return true;
    case CLUSTER_OP_READ_CR2:  read_cr2(x); return true;
    case CLUSTER_OP_WRITE_CR2: write_cr2(x); return true;
    case CLUSTER_OP_CLC:   change_carry(x, 0xf8); return true;
    case CLUSTER_OP_STC:   change_carry(x, 0xf9); return true;
    case CLUSTER_OP_CMC:   change_carry(x, 0xf5); return true;
    case CLUSTER_OP_FENCE: fence(x); return true;
    case CLUSTER_OP_PAUSE: emit_bytes(&x->hot, pause, sizeof(pause)); return true;
    default:
        return false;
    }
}

void xlate_load_operand(struct xlate *x)
{
    struct emit_rm memory = xlate_memory(x);

    emit(&x->hot, &(struct emit_insn){ .two_byte = true, .opcode = 0xb7, .width = 4,
                                       .reg = SCRATCH, .rm = memory });
    emit_store(&x->hot, 8, emit_frame(offsetof(struct cluster_frame, address)), SCRATCH);
}

/* An event may want to come before what exits; before the region's first, L0 has looked. */
static void check_poke(struct xlate *x)
{
    if (x->node->depth == 0)
        return;
    xlate_flags_spare(x);
    emit_load(&x->hot, 8, SCRATCH_ADDRESS, emit_frame(offsetof(struct cluster_frame, poke)));
    emit_alu_imm(&x->hot, 0, CLUSTER_OP_CMP, 4, emit_mem(SCRATCH_ADDRESS, 0), 0);
    xlate_exit_if(x, EMIT_NOT_EQUAL, CLUSTER_EXIT_POKE);
}

/* Code that is right for one field only. */
static void check_field(struct xlate *x)
{
    if (!x->plan->guarded)
        return;
    xlate_flags_spare(x);
    emit_alu_imm(&x->hot, 0, CLUSTER_OP_CMP, 8, xlate_register(x, x->insn->src),
                 (int64_t)x->plan->address);
    xlate_exit_if(x, EMIT_NOT_EQUAL, CLUSTER_EXIT_INTERPRET);
}

/* Where its flags are changed anyway. */
static void count_silent(struct xlate *x)
{
    if (x->plan->silent)
        emit_alu_imm(&x->hot, 0, CLUSTER_OP_ADD, 4,
                     emit_frame(offsetof(struct cluster_frame, silent)), 1);
}

/* A field of 2, 4 or 8 bytes, zero-extended. */
void xlate_vmread(struct xlate *x)
{
    bool home = xlate_homed(x, x->insn->dst), two = x->plan->field_width == 2;
    uint8_t reg = home ? SCRATCH : xlate_host(x, x->insn->dst.reg);
    struct emit_rm field = emit_mem(SCRATCH_ADDRESS, x->plan->offset);

    x->region->reads_vmcs = true;
    check_poke(x);
    check_field(x);
    emit_load(&x->hot, 8, SCRATCH_ADDRESS, emit_frame(offsetof(struct cluster_frame, vmcs)));
    if (two)
        emit(&x->hot, &(struct emit_insn){ .two_byte = true, .opcode = 0xb7, .width = 4,
                                           .reg = reg, .rm = field });
    else
        emit_load(&x->hot, x->plan->field_width, reg, field);
    if (home)
        emit_store(&x->hot, 8, xlate_register(x, x->insn->dst), SCRATCH);
    count_silent(x);
    xlate_flags_cleared(x);
}

/* The flags are VMWRITE's to set: ORing may change them. */
static void note_dirty(struct xlate *x)
{
    if (!x->plan->dirty_mask)
        return;
    emit_load(&x->hot, 8, SCRATCH_ADDRESS, emit_frame(offsetof(struct cluster_frame, vmcs_dirty)));
    emit_alu_imm(&x->hot, 0, CLUSTER_OP_OR, 1, emit_mem(SCRATCH_ADDRESS, x->plan->dirty_byte),
                 (int8_t)x->plan->dirty_mask);
}

/* The same field, the other way: the low bytes of a register. */
void xlate_vmwrite(struct xlate *x)
{
    uint8_t reg;

    x->region->reads_vmcs = true;
    check_poke(x);
    reg = xlate_in_register(x, x->insn->src, SCRATCH);
    emit_load(&x->hot, 8, SCRATCH_ADDRESS, emit_frame(offsetof(struct cluster_frame, vmcs)));
    emit_store(&x->hot, x->plan->field_width, emit_mem(SCRATCH_ADDRESS, x->plan->offset), reg);
    note_dirty(x);
    count_silent(x);
    xlate_flags_cleared(x);
}
