/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sync_random.c - a vvmcs and vmcs02 synchronised with what has changed (lazy.h) against
 * stock Xen's copying of everything (stock.h), with and without VMCS shadowing.
 *
 * A WORLD is one vCPU that accesses fields, changes its vvmcs and runs L2, at random.  What
 * L1 reads, what L2 runs with, and what others find when they look at a vvmcs, must be
 * the same.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "fields.h"
#include "lazy.h"
#include "random.h"
#include "random_run.h"
#include "unit.h"

enum {
    PER_WORLD = 1000,           /* operations */
    FAVOURITES = 12,            /* fields that this L1 and this L2 use often */
    MOST_ACCESSES = 6,          /* carried out in one exit */
    MOST_CHANGES = 8,           /* fields, in one run of L2 */
    MOST_SHOWN = 10,            /* worlds that differ; then the run ends */
    ENOUGH = 100000,            /* operations among which all of struct tally must have been */
    REPORT_EVERY = 1000,        /* worlds; in endless runs */
};

struct world {
    uint64_t seed;
    struct random r;
    const struct nvmx_field *favourite[FAVOURITES];
    uint64_t operations;
    bool differs;
    uint64_t vvmcs[NR_PAGES][NVMX_POSITIONS];   /* stock Xen's */
    struct vmcs02 vmcs02;
    struct lazy lazy;
};

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

/* ---- What is compared. ---- */

static void compare(struct world *w, const char *what, uint32_t encoding, uint64_t stock,
                    uint64_t lazy)
{
    if (w->differs || stock == lazy)
        return;
    w->differs = true;
    printf("seed %" PRIu64 ", %s, operation %" PRIu64 ": %s, %04" PRIx32 ": stock Xen has %"
           PRIx64 ", not %" PRIx64 "\n", w->seed, w->lazy.shadowing ? "shadowing" : "no shadowing",
           w->operations, what, encoding, stock, lazy);
}

static uint64_t *stock_vvmcs(struct world *w)
{
    return w->vvmcs[w->lazy.current];
}

static bool means_nothing_without_event(uint32_t encoding)
{
    return encoding == VM_ENTRY_EXCEPTION_ERROR_CODE || encoding == VM_ENTRY_INSTRUCTION_LEN;
}

static void compare_what_l2_runs_with(struct world *w)
{
    bool event = has_event(w->vmcs02.field);
    unsigned int i;

    for (i = 0; i < nvmx_nr_fields; i++) {
        uint32_t encoding = nvmx_fields[i].encoding;
        unsigned int p = nvmx_position(encoding);

        if (event || !means_nothing_without_event(encoding))
            compare(w, "vmcs02", encoding, w->vmcs02.field[p], w->lazy.vmcs02.field[p]);
    }
    for (i = 0; i < NR_INPUTS; i++)
        compare(w, "computed from input", 1u << i, w->vmcs02.computed[i],
                w->lazy.vmcs02.computed[i]);
}

static void compare_pages(struct world *w)
{
    unsigned int page, i;

    for (page = 0; page < NR_PAGES; page++)
        for (i = 0; i < nvmx_nr_fields; i++) {
            unsigned int p = nvmx_position(nvmx_fields[i].encoding);

            compare(w, "page", nvmx_fields[i].encoding, w->vvmcs[page][p],
                    w->lazy.page[page][p]);
        }
}

/* ---- What is accessed. ---- */

static const struct nvmx_field *any_field(struct world *w)
{
    return &nvmx_fields[random_below(&w->r, nvmx_nr_fields)];
}

static const struct nvmx_field *some_field(struct world *w)
{
    return one_in(&w->r, 6) ? any_field(w) : w->favourite[random_below(&w->r, FAVOURITES)];
}

static bool has_halves(uint32_t encoding)
{
    return nvmx_field_width(encoding | 1) == 4 && nvmx_field_width(encoding) == 8;
}

/* What L1 names: now and then the high half. */
static uint32_t some_encoding(struct world *w)
{
    uint32_t encoding = some_field(w)->encoding;

    return has_halves(encoding) && one_in(&w->r, 8) ? encoding | 1 : encoding;
}

/* Often one that is there already, or was. */
static uint64_t some_value(struct world *w, uint32_t encoding)
{
    switch (random_below(&w->r, 4)) {
    case 0:  return vmcs_read(stock_vvmcs(w), encoding);
    case 1:  return vmcs_read(w->vmcs02.field, encoding);
    case 2:  return random_below(&w->r, 3);
    default: return random_next(&w->r);
    }
}

/* ---- L1. ---- */

static uint64_t read_by_l0(struct world *w, uint32_t encoding)
{
    return lazy_translates(&w->lazy, encoding) && one_in(&w->r, 2)
           ? lazy_translated_read(&w->lazy, encoding) : lazy_vmread(&w->lazy, encoding);
}

static void write_by_l0(struct world *w, uint32_t encoding, uint64_t value)
{
    if (lazy_translates(&w->lazy, encoding) && one_in(&w->r, 2))
        lazy_translated_write(&w->lazy, encoding, value);
    else
        lazy_vmwrite(&w->lazy, encoding, value);
}

static void l0_reads_or_writes(struct world *w, uint32_t encoding, enum nvmx_access access)
{
    uint64_t value;

    if (access == NVMX_READ) {
        compare(w, "VMREAD", encoding, vmcs_read(stock_vvmcs(w), encoding),
                read_by_l0(w, encoding));
        return;
    }
    value = some_value(w, encoding);
    vmcs_write(stock_vvmcs(w), encoding, value);
    write_by_l0(w, encoding, value);
}

static void l1_reads_or_writes(struct world *w, uint32_t encoding, enum nvmx_access access)
{
    uint64_t value;

    if (access == NVMX_READ) {
        compare(w, "VMREAD without an exit", encoding, vmcs_read(stock_vvmcs(w), encoding),
                lazy_passed_read(&w->lazy, encoding));
        return;
    }
    value = some_value(w, encoding);
    vmcs_write(stock_vvmcs(w), encoding, value);
    lazy_passed_write(&w->lazy, encoding, value);
}

static enum nvmx_access read_or_write(struct world *w)
{
    return one_in(&w->r, 3) ? NVMX_WRITE : NVMX_READ;
}

/* Where it exits, L0 may carry out some of what follows, a cluster. */
static void l1_accesses(struct world *w)
{
    uint32_t encoding = some_encoding(w);
    enum nvmx_access access = read_or_write(w);
    unsigned int more = one_in(&w->r, 3) ? random_below(&w->r, MOST_ACCESSES) : 0;

    if (lazy_passes(&w->lazy, encoding, access)) {
        l1_reads_or_writes(w, encoding, access);
        return;
    }
    l0_reads_or_writes(w, encoding, access);
    for (; more > 0; more--) {
        encoding = some_encoding(w);
        l0_reads_or_writes(w, encoding, read_or_write(w));
    }
    lazy_before_l1(&w->lazy);
}

static void l1_fails(struct world *w)
{
    uint32_t error = random_below(&w->r, 29);

    vmcs_write(stock_vvmcs(w), VM_INSTRUCTION_ERROR, error);
    lazy_vmfail(&w->lazy, error);
    lazy_before_l1(&w->lazy);
}

static void l1_loads_another_vvmcs(struct world *w)
{
    lazy_vmptrld(&w->lazy, random_below(&w->r, NR_PAGES));
    lazy_before_l1(&w->lazy);
}

/* VMXON: vmcs02 becomes a copy of vmcs01. */
static void l1_leaves_and_enters_vmx_operation(struct world *w)
{
    unsigned int i;

    lazy_vmptrld(&w->lazy, (w->lazy.current + 1) % NR_PAGES);
    for (i = 0; i < NVMX_POSITIONS; i++)
        w->vmcs02.field[i] = random_next(&w->r);
    for (i = 0; i < NR_INPUTS; i++)
        w->vmcs02.computed[i] = random_next(&w->r);
    w->lazy.vmcs02 = w->vmcs02;
    lazy_forget(&w->lazy);
    lazy_before_l1(&w->lazy);
}

/* The vCPU leaves its processor; or verify mode copies the vvmcs. */
static void others_look(struct world *w)
{
    lazy_complete(&w->lazy);
    compare_pages(w);
    lazy_before_l1(&w->lazy);
}

/* L0 translates code that accesses the field. */
static void l0_pins(struct world *w)
{
    if (!w->lazy.shadowing)
        lazy_pin(&w->lazy, some_field(w)->encoding);
}

/* ---- L2. ---- */

static bool l2_may_change(struct world *w, const struct nvmx_field *field)
{
    return field->exit == NVMX_EXIT_HARDWARE ||
           (field->exit == NVMX_EXIT_CR3 && cr3_is_l2s(stock_vvmcs(w)));
}

static void l2_runs(struct world *w)
{
    unsigned int n;

    for (n = random_below(&w->r, MOST_CHANGES + 1); n > 0; n--) {
        const struct nvmx_field *field = some_field(w);
        uint64_t value = some_value(w, field->encoding);

        if (!l2_may_change(w, field))
            continue;
        vmcs_write(w->vmcs02.field, field->encoding, value);
        vmcs_write(w->lazy.vmcs02.field, field->encoding, value);
    }
}

static void will_store(struct world *w, struct stores *stores, uint32_t encoding)
{
    nvmx_set_add(&stores->set, nvmx_position(encoding));
    vmcs_write(stores->value, encoding, some_value(w, encoding));
}

/*
 * Seldom what much is computed from.  Also CR0, where Xen carried out L2's CLTS, and what
 * nvmx_sync_exception_state() stores.
 */
static void xen_will_store(struct world *w, struct stores *stores)
{
    unsigned int i;

    memset(&stores->set, 0, sizeof(stores->set));
    for (i = 0; i < nvmx_nr_fields; i++)
        if (nvmx_fields[i].exit == NVMX_EXIT_XEN && one_in(&w->r, nvmx_fields[i].inputs ? 32 : 2))
            will_store(w, stores, nvmx_fields[i].encoding);
    if (one_in(&w->r, 32))
        will_store(w, stores, GUEST_CR0);
    if (one_in(&w->r, 4)) {
        will_store(w, stores, VM_EXIT_REASON);
        will_store(w, stores, EXIT_QUALIFICATION);
        will_store(w, stores, VM_EXIT_INTR_INFO);
        will_store(w, stores, VM_EXIT_INTR_ERROR_CODE);
    }
}

static enum way some_way(struct world *w)
{
    if (!one_in(&w->r, 64))
        return BY_BATCH;
    return one_in(&w->r, 2) ? BY_STOCK : UNUSUAL;
}

/* From a virtual entry to the exit behind it. */
static void l1_resumes(struct world *w)
{
    struct stores stores;

    stock_enter(stock_vvmcs(w), &w->vmcs02);
    lazy_enter(&w->lazy, some_way(w));
    compare_what_l2_runs_with(w);
    l2_runs(w);
    if (one_in(&w->r, 32))
        lazy_shadow_complete(&w->lazy);     /* the vCPU leaves its processor meanwhile */
    xen_will_store(w, &stores);
    stock_leave(stock_vvmcs(w), &w->vmcs02, &stores);
    lazy_leave(&w->lazy, &stores);
    lazy_before_l1(&w->lazy);
}

/* ---- Worlds. ---- */

/* How often, of 1024 operations. */
static const struct {
    unsigned int often;
    void (*operation)(struct world *w);
} operations[] = {
    { 814, l1_accesses },
    { 176, l1_resumes },
    { 12, others_look },
    { 8, l1_fails },
    { 8, l0_pins },
    { 4, l1_loads_another_vvmcs },
    { 2, l1_leaves_and_enters_vmx_operation },
};

static void some_operation(struct world *w)
{
    unsigned int n = random_below(&w->r, 1024), i;

    for (i = 0; n >= operations[i].often; i++)
        n -= operations[i].often;
    operations[i].operation(w);
    w->operations++;
}

static const struct nvmx_field *field_of(uint32_t encoding)
{
    unsigned int i = 0;

    while (nvmx_fields[i].encoding != encoding)
        i++;
    return &nvmx_fields[i];
}

/* Any L1 changes these controls, and whether it intercepts MOV to CR3 is among them. */
static void start(struct world *w, uint64_t seed)
{
    unsigned int i;

    memset(w, 0, sizeof(*w));
    w->seed = w->r.state = seed;
    for (i = 0; i < FAVOURITES; i++)
        w->favourite[i] = any_field(w);
    w->favourite[0] = field_of(CPU_BASED_VM_EXEC_CONTROL);
    lazy_start(&w->lazy, one_in(&w->r, 2));
}

/* A world ends with what differs first. */
static void run_world(struct world *w, uint64_t seed, uint64_t operations)
{
    start(w, seed);
    while (!w->differs && w->operations < operations)
        some_operation(w);
    if (!w->differs)
        others_look(w);
}

/* ---- The whole. ---- */

struct run {
    uint64_t worlds, operations, differ;
    struct tally tally;
};

static void add(struct run *run, const struct world *w)
{
    const struct tally *tally = &w->lazy.tally;

    run->worlds++;
    run->operations += w->operations;
    run->differ += w->differs;
    run->tally.entries += tally->entries;
    run->tally.copied += tally->copied;
    run->tally.computed += tally->computed;
    run->tally.fetched += tally->fetched;
    run->tally.fetched_late += tally->fetched_late;
    run->tally.translated += tally->translated;
    run->tally.passed += tally->passed;
    run->tally.gathered += tally->gathered;
    run->tally.written_back += tally->written_back;
}

static void print_totals(const struct run *run, uint64_t next)
{
    const struct tally *t = &run->tally;

    printf("%" PRIu64 " operations in %" PRIu64 " worlds, %" PRIu64 " differ; next seed %" PRIu64
           "\n", run->operations, run->worlds, run->differ, next);
    printf("%" PRIu64 " entries by batch: %" PRIu64 " fields copied, something computed in %" PRIu64
           "; %" PRIu64 " fetched, %" PRIu64 " of them late; %" PRIu64 " accesses translated\n",
           t->entries, t->copied, t->computed, t->fetched, t->fetched_late, t->translated);
    printf("shadowing: %" PRIu64 " accesses without an exit, %" PRIu64 " fields gathered, %" PRIu64
           " written back\n", t->passed, t->gathered, t->written_back);
    fflush(stdout);
}

/* Was it lazy at all?  Stock Xen copies fifty fields to vmcs02, and sixty back, each time. */
static bool worth_it(const struct tally *t)
{
    return t->copied < 10 * t->entries && t->computed < t->entries / 4 * 3 &&
           t->fetched < 20 * t->entries && t->fetched_late && t->translated && t->passed &&
           t->gathered && t->written_back;
}

static int run(uint64_t seed, uint64_t count, bool endless)
{
    struct world *w = malloc(sizeof(*w));
    struct run run = { 0 };
    bool worth;

    if (!w)
        abort();
    while (!interrupted && run.differ < MOST_SHOWN && (endless || run.operations < count)) {
        run_world(w, seed++, PER_WORLD);
        add(&run, w);
        if (endless && run.worlds % REPORT_EVERY == 0)
            print_totals(&run, seed);
    }
    free(w);
    print_totals(&run, seed);
    worth = interrupted || run.operations < ENOUGH || worth_it(&run.tally);
    if (!worth)
        printf("most was copied, or something did not come up\n");
    /* Two tests: all are equal, and it was worth it. */
    return unit_report("laziness against stock Xen", 2, (run.differ != 0) + !worth);
}

static void usage(FILE *out)
{
    fprintf(out,
            "usage: sync_random [--seed N] [--count N | --endless]\n"
            "\n"
            "L1s and L2s that access fields at random: what they find, with only those fields\n"
            "moved that sync.h and hot.h say, is compared with what stock Xen's copying gives.\n"
            "\n"
            "  --seed N    of the first world, the next ones following; default: chosen anew\n"
            "              each time and printed.  A seed always gives the same world.\n"
            "  --count N   number of operations; default 100000\n"
            "  --endless   until interrupted\n"
            "  --help      this text\n");
}

int main(int argc, char **argv)
{
    struct random_run options;
    int status;

    if (!random_run_options(argc, argv, usage, &options, &status))
        return status;
    printf("seed %" PRIu64 "\n", options.seed);
    fflush(stdout);
    signal(SIGINT, on_interrupt);
    return run(options.seed, options.count, options.endless);
}
