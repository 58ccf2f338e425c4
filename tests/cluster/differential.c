/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * differential.c - the interpreter against the CPU this runs on.
 *
 * Random sequences of gap fillers are executed twice from the same random
 * state, by the CPU on real pages and by the interpreter on copies of them.
 * All registers, all flags that the SDM defines and all of the memory must be
 * equal afterwards.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include <Zydis/Zydis.h>

#include "alu.h"
#include "decode.h"
#include "generate.h"
#include "insn_text.h"
#include "interp.h"
#include "native.h"
#include "unit.h"

enum {
    PAGE = 4096,
    DATA_SIZE = NATIVE_DATA_PAGES * PAGE,
    SHOWN = 3,                  /* mismatches printed in full */
    ENOUGH = 10000,             /* sequences among which every form must have been */
};

static const char *const gpr_name[CLUSTER_NR_GPRS] = {
    "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
    "r8 ", "r9 ", "r10", "r11", "r12", "r13", "r14", "r15",
};

/* What is the interpreter's: copies of the data pages, and the sequence it runs. */
struct model {
    uint8_t *data;
    const struct sequence *s;
    struct cluster cluster;
    struct cluster_regs regs;
    struct cluster_outcome out;
};

struct tally {
    uint64_t insns, branches_taken, mismatches;
    uint64_t *per_form;
};

/* ---- the interpreter's side ---- */

static void *op_translate(void *ctx, uint64_t page, enum cluster_access access)
{
    struct model *m = ctx;

    (void)access;
    if (page < NATIVE_DATA || page >= NATIVE_DATA + DATA_SIZE)
        return NULL;
    return m->data + (page - NATIVE_DATA);
}

static void op_release(void *ctx)
{
    (void)ctx;
}

static uint64_t op_segment_base(void *ctx, enum cluster_segment seg)
{
    struct model *m = ctx;

    return seg == CLUSTER_SEG_FS ? m->s->fs : m->s->gs;
}

/* There are no exiting instructions in the sequences. */
static enum cluster_vmx op_vmread(void *ctx, uint64_t field, uint64_t *value)
{
    (void)ctx, (void)field, (void)value;
    abort();
}

static enum cluster_vmx op_vmwrite(void *ctx, uint64_t field, uint64_t value)
{
    (void)ctx, (void)field, (void)value;
    abort();
}

static bool op_event_pending(void *ctx, uint64_t rflags)
{
    (void)ctx, (void)rflags;
    abort();
}

static const struct cluster_ops model_ops = {
    op_translate, op_release, op_segment_base, op_vmread, op_vmwrite, op_event_pending,
};

static uint8_t index_at(const struct sequence *s, uint64_t target)
{
    unsigned int i;

    for (i = 0; i < s->nr_insns; i++)
        if (target == (uint64_t)NATIVE_CODE + s->offset[i])
            return i;
    return CLUSTER_TARGET_OUTSIDE;
}

/* Formation, without its demand for exiting instructions. */
static void decode_sequence(struct model *m)
{
    const struct sequence *s = m->s;
    struct cluster *c = &m->cluster;
    unsigned int i;

    memset(c, 0, sizeof(*c));
    c->rip = NATIVE_CODE;
    c->bytes = s->size;
    c->nr_insns = s->nr_insns;
    for (i = 0; i < s->nr_insns; i++) {
        struct cluster_insn *insn = &c->insn[i];

        if (cluster_decode(insn, s->code + s->offset[i], s->size - s->offset[i],
                           NATIVE_CODE + s->offset[i]) != CLUSTER_DECODE_OK)
            abort();            /* the generator has seen to it */
        insn->offset = s->offset[i];
        if (insn->op == CLUSTER_OP_JCC)
            insn->target = index_at(s, insn->imm);
    }
}

static void interpret(struct model *m)
{
    static const uint8_t no_page;
    struct cluster_exec x = {
        .ops = &model_ops, .ctx = m, .regs = &m->regs, .code = { { &no_page, &no_page } },
    };

    memcpy(m->regs.gpr, m->s->gpr, sizeof(m->regs.gpr));
    m->regs.rip = NATIVE_CODE;
    m->regs.rflags = m->s->rflags;
    memset(&m->out, 0, sizeof(m->out));
    decode_sequence(m);
    cluster_tlb_start(&x.tlb);
    cluster_interpret(&x, &m->cluster, &m->out);
}

/* ---- the CPU's side ---- */

static bool execute(const struct sequence *s)
{
    struct native_state *state = native_state();

    memcpy(state->gpr_in, s->gpr, sizeof(state->gpr_in));
    state->rflags_in = s->rflags;
    state->fs_in = s->fs;
    state->gs_in = s->gs;
    return native_execute(s->code, s->size);
}

/* ---- comparison ---- */

static bool defines_af(const struct cluster_insn *insn)
{
    switch (insn->op) {
    case CLUSTER_OP_ADD: case CLUSTER_OP_ADC: case CLUSTER_OP_SUB: case CLUSTER_OP_SBB:
    case CLUSTER_OP_CMP: case CLUSTER_OP_INC: case CLUSTER_OP_DEC: case CLUSTER_OP_NEG:
        return true;
    default:
        return false;
    }
}

static bool undefines_af(const struct cluster_insn *insn)
{
    return insn->op == CLUSTER_OP_AND || insn->op == CLUSTER_OP_OR ||
           insn->op == CLUSTER_OP_XOR || insn->op == CLUSTER_OP_TEST;
}

/*
 * AF is not compared when it may be undefined at the end: no instruction that
 * defines it is certain to have come after one that leaves it undefined.
 */
static uint64_t defined_flags(const struct cluster *c)
{
    uint64_t skippable_until = 0;       /* no branch goes beyond this address */
    bool undefined = false;
    unsigned int i;

    for (i = 0; i < c->nr_insns; i++) {
        const struct cluster_insn *insn = &c->insn[i];

        if (insn->op == CLUSTER_OP_JCC && (uint64_t)insn->imm > skippable_until)
            skippable_until = insn->imm;
        if (undefines_af(insn))
            undefined = true;
        else if (defines_af(insn) && c->rip + insn->offset >= skippable_until)
            undefined = false;
    }
    return undefined ? CLUSTER_FLAGS_ARITHMETIC & ~CLUSTER_FLAG_AF : CLUSTER_FLAGS_ARITHMETIC;
}

static bool flags_equal(const struct model *m)
{
    return ((native_state()->rflags_out ^ m->regs.rflags) & defined_flags(&m->cluster)) == 0;
}

static bool ended(const struct model *m)
{
    return (m->out.stop == CLUSTER_STOP_COMPLETE || m->out.stop == CLUSTER_STOP_BRANCH) &&
           m->regs.rip == NATIVE_CODE + m->s->size;
}

static bool equal(const struct model *m)
{
    return ended(m) && flags_equal(m) &&
           memcmp(native_state()->gpr_out, m->regs.gpr, sizeof(m->regs.gpr)) == 0 &&
           memcmp(native_data(), m->data, DATA_SIZE) == 0;
}

/* ---- telling ---- */

static void show_sequence(const struct model *m)
{
    const struct sequence *s = m->s;
    unsigned int i, j;

    for (i = 0; i < s->nr_insns; i++) {
        ZydisDisassembledInstruction text;

        ZydisDisassembleIntel(ZYDIS_MACHINE_MODE_LONG_64, NATIVE_CODE + s->offset[i],
                              s->code + s->offset[i], s->offset[i + 1] - s->offset[i], &text);
        printf("  0x%x ", NATIVE_CODE + s->offset[i]);
        for (j = s->offset[i]; j < s->offset[i] + 15u; j++)
            printf(j < s->offset[i + 1] ? " %02x" : "   ", s->code[j % CLUSTER_MAX_BYTES]);
        printf("  %-44s | ", text.text);
        insn_text(stdout, &m->cluster.insn[i]);
    }
}

static void show_value(const char *name, uint64_t before, uint64_t native, uint64_t interpreted)
{
    printf("  %-6s %016" PRIx64 "  %016" PRIx64 "  %016" PRIx64 "%s\n", name, before, native,
           interpreted, native == interpreted ? "" : "  <-- differs");
}

static void show_memory(const struct model *m)
{
    unsigned int i, shown = 0;

    for (i = 0; i < DATA_SIZE && shown < 16; i++) {
        if (native_data()[i] == m->data[i])
            continue;
        printf("  memory at 0x%x: CPU %02x, interpreter %02x\n", NATIVE_DATA + i,
               native_data()[i], m->data[i]);
        shown++;
    }
}

static void show(const struct model *m, uint64_t number, bool faulted)
{
    uint64_t flags = defined_flags(&m->cluster);
    unsigned int i;

    printf("\nsequence %" PRIu64 "%s:\n", number, faulted ? " FAULTED on the CPU" : " DIFFERS");
    show_sequence(m);
    printf("  %-6s %-16s  %-16s  %-16s\n", "", "before", "CPU", "interpreter");
    for (i = 0; i < CLUSTER_NR_GPRS; i++)
        show_value(gpr_name[i], m->s->gpr[i], native_state()->gpr_out[i], m->regs.gpr[i]);
    show_value("flags", m->s->rflags & flags, native_state()->rflags_out & flags,
               m->regs.rflags & flags);
    show_value("rip", NATIVE_CODE, NATIVE_CODE + m->s->size, m->regs.rip);
    printf("  fs base %" PRIx64 ", gs base %" PRIx64 ", stopped with reason %d after %u\n",
           m->s->fs, m->s->gs, m->out.stop, m->out.insns);
    show_memory(m);
}

/* ---- the run ---- */

static void one_sequence(struct model *m, struct tally *tally, uint64_t number)
{
    unsigned int i;
    bool ran = execute(m->s);

    interpret(m);
    tally->insns += m->s->nr_insns;
    tally->branches_taken += m->out.insns < m->s->nr_insns;
    for (i = 0; i < m->s->nr_insns; i++)
        tally->per_form[m->s->form[i]]++;
    if (ran && equal(m))
        return;
    if (tally->mismatches++ < SHOWN)
        show(m, number, !ran);
    memcpy(m->data, native_data(), DATA_SIZE);  /* the next one starts equal again */
}

static void fill_memory(struct model *m, struct random *r)
{
    unsigned int i;

    m->data = malloc(DATA_SIZE);
    if (!m->data)
        abort();
    for (i = 0; i < DATA_SIZE; i++)
        m->data[i] = random_next(r);
    memcpy(native_data(), m->data, DATA_SIZE);
}

static unsigned int forms_never_drawn(const struct tally *tally, bool tell)
{
    unsigned int i, missing = 0;

    for (i = 0; i < generate_forms(); i++) {
        if (tally->per_form[i] != 0)
            continue;
        if (tell)
            printf("never executed: %s\n", generate_form_name(i));
        missing++;
    }
    return missing;
}

static int run(uint64_t seed, uint64_t count)
{
    struct random r = { seed };
    struct tally tally = { .per_form = calloc(generate_forms(), sizeof(uint64_t)) };
    struct sequence s;
    struct model m = { .s = &s };
    unsigned int missing;
    uint64_t i;

    native_start();
    fill_memory(&m, &r);
    for (i = 0; i < count; i++) {
        generate(&s, &r, native_has_bases());
        one_sequence(&m, &tally, i);
    }
    missing = forms_never_drawn(&tally, count >= ENOUGH);
    printf("%" PRIu64 " sequences, %" PRIu64 " instructions of %u forms, "
           "%" PRIu64 " sequences with a branch taken, %" PRIu64 " differ\n",
           count, tally.insns, generate_forms() - missing, tally.branches_taken,
           tally.mismatches);
    free(m.data);
    free(tally.per_form);
    /* Two tests: all are equal, and all forms were there to be compared. */
    return unit_report("interpreter against the CPU", 2,
                       (tally.mismatches != 0) + (missing != 0 && count >= ENOUGH));
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: differential [--seed N] [--count N]\n"
            "\n"
            "Executes random sequences of instructions on this CPU and in the\n"
            "interpreter, and compares what they leave.\n"
            "\n"
            "  --seed N    start the random numbers at N; default: chosen anew each time\n"
            "              and printed.  The same seed gives the same sequences.\n"
            "  --count N   number of sequences; default 100000\n"
            "  --help      this text\n");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "seed", required_argument, NULL, 's' },
        { "count", required_argument, NULL, 'c' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    uint64_t seed, count = 100000;
    int option;

    if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
        seed = 1;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's': seed = strtoull(optarg, NULL, 0); break;
        case 'c': count = strtoull(optarg, NULL, 0); break;
        case 'h': usage(stdout); return 0;
        default:  usage(stderr); return 2;
        }
    }
    printf("seed %" PRIu64 ", FS and GS bases %s\n", seed,
           native_has_bases() ? "included" : "left out: the kernel does not let programs set them");
    fflush(stdout);
    return run(seed, count);
}
