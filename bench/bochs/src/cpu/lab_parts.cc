/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lab_parts.cc - see lab_parts.h.
 *
 * The calls that have not returned are a stack per processor.  L0 leaves it behind
 * when it enters a guest from inside a part; the next exit begins with a higher
 * RSP, and so it is emptied before it counts again.
 */
#define NEED_CPU_REG_SHORTCUTS 1
#include "bochs.h"
#include "cpu.h"
#include "lab_parts.h"

#include <stdlib.h>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

/* This name is no part's: it says of a function that L0 calls it where it reflects an L2 exit. */
#define REFLECT "reflect"

/* Calls inside calls that are told apart; deeper ones belong to the innermost of these. */
#define MAX_DEPTH 32

struct lab_call {
    unsigned part;
    Bit64u entry;       /* address of the function */
    Bit64u rsp;         /* at its entry: where the return address is */
};

struct lab_stack {
    struct lab_call call[MAX_DEPTH];
    unsigned depth;
    Bit64u counted_to;  /* icount; meaningful while depth is not 0 */
};

static std::vector<std::string> names;
static std::unordered_map<Bit64u, unsigned> entries;
static std::unordered_set<Bit64u> reflecting;
static bool maybe_entry[4096];      /* of either, by the low bits of an address: most are not */
static struct lab_stack stacks[BX_MAX_SMP_THREADS_SUPPORTED];
static struct bx_lab_part_counts counts;

/* Too early for Bochs' own way to end. */
static void fail(const char *what)
{
    fprintf(stderr, "NVMX_LAB_PARTS: %s\n", what);
    exit(1);
}

static unsigned part_number(const std::string &name)
{
    for (unsigned part = 0; part < names.size(); part++)
        if (names[part] == name)
            return part;
    if (names.size() == LAB_MAX_PARTS)
        fail("too many parts");
    names.push_back(name);
    return names.size() - 1;
}

static void add_function(const std::string &name, Bit64u address)
{
    if (name == REFLECT)
        reflecting.insert(address);
    else
        entries[address] = part_number(name);
    maybe_entry[address % 4096] = true;
}

static bool read_parts()
{
    const char *path = getenv("NVMX_LAB_PARTS");
    unsigned long long address;
    char name[32];
    FILE *file;
    int got;

    if (path == NULL || *path == 0)
        return false;
    file = fopen(path, "r");
    if (file == NULL)
        fail("the file cannot be read");
    while ((got = fscanf(file, "%31[A-Za-z0-9_-] %llx ", name, &address)) == 2)
        add_function(name, address);
    if (got != EOF)
        fail("a line is not a name and an address");
    fclose(file);
    return !entries.empty() || !reflecting.empty();
}

bool bx_lab_parts = read_parts();

/* Everything up to now belongs to the innermost call. */
static void count(struct lab_stack *stack, Bit64u icount)
{
    if (stack->depth != 0)
        counts.instructions[stack->call[stack->depth - 1].part] += icount - stack->counted_to;
    stack->counted_to = icount;
}

static void leave(struct lab_stack *stack, Bit64u rsp, Bit64u icount)
{
    while (stack->depth != 0 && rsp > stack->call[stack->depth - 1].rsp) {
        count(stack, icount);
        stack->depth--;
    }
}

/* The same trace may be announced twice before it runs. */
static bool announced(const struct lab_stack *stack, Bit64u rip, Bit64u rsp)
{
    const struct lab_call *top = &stack->call[stack->depth - 1];

    return stack->depth != 0 && top->entry == rip && top->rsp == rsp;
}

void bx_lab_trace_begins(BX_CPU_C *cpu)
{
    struct lab_stack *stack = &stacks[cpu->which_cpu()];
    Bit64u rip, rsp;

    if (cpu->in_vmx_guest || !cpu->in_vmx || cpu->user_pl)
        return;
    rip = cpu->get_instruction_pointer();
    rsp = cpu->get_reg64(BX_64BIT_REG_RSP);
    leave(stack, rsp, cpu->icount);

    if (!maybe_entry[rip % 4096])
        return;
    if (reflecting.count(rip))
        cpu->lab.note_reflected();
    std::unordered_map<Bit64u, unsigned>::const_iterator found = entries.find(rip);
    if (found == entries.end() || stack->depth == MAX_DEPTH || announced(stack, rip, rsp))
        return;
    count(stack, cpu->icount);
    counts.calls[found->second]++;
    stack->call[stack->depth++] = { found->second, rip, rsp };
}

void bx_lab_part_totals(struct bx_lab_part_counts *totals)
{
    *totals = counts;
}

unsigned bx_lab_nr_parts()
{
    return names.size();
}

const char *bx_lab_part_name(unsigned part)
{
    return names[part].c_str();
}
