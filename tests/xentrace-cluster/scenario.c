/* SPDX-License-Identifier: GPL-2.0-only */
#include "cluster.h"
#include "scenario.h"

const char scenario_symbols[] =
    "ffffffff81000000 T _text\n"
    "ffffffffc0a41200 t vmx_vcpu_run\t[kvm_intel]\n"
    "ffffffffc0a42000 t vmx_handle_exit\t[kvm_intel]\n"
    "ffffffffc0a43000 t nested_site\t[kvm_intel]\n";

/* vmread rax, rdx; mov [rbp+16], rax; test; jz +14; vmread rcx, rdx; nop; vmwrite rax, rbx */
static const uint8_t run_code[] = {
    0x0f, 0x78, 0xd0,
    0x48, 0x89, 0x45, 0x10,
    0x48, 0x85, 0xc0,
    0x74, 0x0e,
    0x0f, 0x78, 0xd1,
    0x90,
    0x0f, 0x79, 0xc3,
};

/* The same after L1 patched the jump away. */
static const uint8_t patched_code[] = {
    0x0f, 0x78, 0xd0,
    0x48, 0x89, 0x45, 0x10,
    0x48, 0x85, 0xc0,
    0x66, 0x90,
    0x0f, 0x78, 0xd1,
    0x90,
    0x0f, 0x79, 0xc3,
};

/* vmread rax, rcx; vmread rbx, rcx */
static const uint8_t short_code[] = { 0x0f, 0x78, 0xc8, 0x0f, 0x78, 0xcb };

enum { V0 = 1 << 16, V1 = 1 << 16 | 1 };

static const struct site run_v0 = { 0xffffffffc0a41224, V0 };
static const struct site run_v1 = { 0xffffffffc0a41224, V1 };
static const struct site exit_v0 = { 0xffffffffc0a42010, V0 };
static const struct site exit_v1 = { 0xffffffffc0a42010, V1 };
static const struct site bare_v0 = { 0xffffffff81234567, V0 };

/* vCPU 0 forms a cluster on CPU 0 and uses it for a while. */
static void first_round(struct writer *w)
{
    unsigned int i;

    writer_window(w, 0);
    writer_timed(w, 0x00081001, 1000, 2, (uint32_t[]){ 1, 2 });
    writer_formed(w, 1010, run_v0, 7, 3, run_code, sizeof(run_code));
    for (i = 0; i < 6; i++)
        writer_executed(w, 1020 + i, run_v0, 7, 3, CLUSTER_STOP_COMPLETE);
    writer_executed(w, 1030, run_v0, 1, 1, CLUSTER_STOP_MEMORY);
    writer_stopped(w, 1031, run_v0, CLUSTER_STOP_MEMORY, run_v0.rip + 3);
    writer_executed(w, 1040, run_v0, 4, 1, CLUSTER_STOP_BRANCH);
    writer_stopped(w, 1041, run_v0, CLUSTER_STOP_BRANCH, run_v0.rip + 26);
    writer_executed(w, 1050, run_v0, 6, 2, CLUSTER_STOP_EVENT);
    writer_stopped(w, 1051, run_v0, CLUSTER_STOP_EVENT, run_v0.rip + 16);
    writer_window(w, 1);
    writer_record(w, 0x00021002, 1, (uint32_t[]){ 5 });
    writer_formed(w, 1015, run_v1, 7, 3, run_code, sizeof(run_code));
    writer_executed(w, 1018, run_v1, 7, 3, CLUSTER_STOP_COMPLETE);
    writer_stopped(w, 1019, bare_v0, CLUSTER_STOP_NO_CODE, bare_v0.rip);
}

/*
 * L1 patches its code.  vCPU 1 sees that on CPU 1, then moves to CPU 0, whose
 * window comes first in the file.
 */
static void second_round(struct writer *w)
{
    writer_window(w, 0);
    writer_executed(w, 2100, run_v1, 7, 3, CLUSTER_STOP_COMPLETE);
    writer_executed(w, 2110, run_v1, 7, 3, CLUSTER_STOP_COMPLETE);
    writer_stopped(w, 2120, run_v1, CLUSTER_STOP_FLAGS, run_v1.rip);
    writer_window(w, 1);
    writer_discarded(w, 2000, run_v1, CLUSTER_DISCARD_BYTES, 1);
    writer_formed(w, 2001, run_v1, 7, 3, patched_code, sizeof(patched_code));
    writer_executed(w, 2010, run_v1, 7, 3, CLUSTER_STOP_COMPLETE);
    writer_formed(w, 2020, exit_v0, 2, 2, short_code, sizeof(short_code));
    writer_executed(w, 2030, exit_v0, 2, 2, CLUSTER_STOP_COMPLETE);
    writer_timed(w, 0x0001f002, 2040, 7, (uint32_t[7]){ 0 });
}

static void last_round(struct writer *w)
{
    writer_window(w, 1);
    writer_executed(w, 3000, exit_v1, 2, 2, CLUSTER_STOP_COMPLETE);
    writer_discarded(w, 3010, exit_v0, CLUSTER_DISCARD_EVICTED, 1);
    writer_discarded(w, 3020, (struct site){ 0, V0 }, CLUSTER_DISCARD_FLUSHED, 3);
    writer_end(w);
}

void scenario_two_cpus(struct writer *w)
{
    first_round(w);
    second_round(w);
    last_round(w);
}

void scenario_lost(struct writer *w)
{
    writer_window(w, 0);
    writer_shape(w, 100, run_v0, 7, 3, sizeof(run_code));
    writer_code(w, 101, run_v0, 0, run_code, 12);
    writer_lost(w, 5000, 1234, V0, 102);
    writer_executed(w, 5001, run_v0, 7, 3, CLUSTER_STOP_COMPLETE);
    writer_executed(w, 5002, exit_v0, 2, 2, CLUSTER_STOP_COMPLETE);
    writer_window(w, 1);
    writer_lost(w, 6000, 1, V1, 6000);
    writer_end(w);
}

void scenario_odd(struct writer *w)
{
    writer_formed(w, 1000, exit_v0, 2, 2, short_code, sizeof(short_code));
    writer_executed(w, 1010, exit_v0, 2, 2, CLUSTER_STOP_COMPLETE);
    writer_word(w, 0);
    writer_window(w, 2);
    writer_executed(w, UINT64_MAX - 5, exit_v0, 2, 2, CLUSTER_STOP_COMPLETE);
    writer_executed(w, UINT64_MAX - 9, exit_v0, 2, 2, CLUSTER_STOP_COMPLETE);
    writer_executed(w, 5, exit_v0, 2, 2, 99);
    writer_timed(w, 0x00088042, 6, 3, (uint32_t[]){ 1, 2, 3 });
    writer_word(w, 0);
    writer_end(w);
}

/* vmread rax, rdx; call +0x10d6 (nested_site); test rax, rax; jnz +5 */
static const uint8_t caller_code[] = {
    0x0f, 0x78, 0xd0,
    0xe8, 0xd4, 0x1d, 0x00, 0x00,
    0x48, 0x85, 0xc0,
    0x75, 0x05,
};

/* mov rax, rdi; ret */
static const uint8_t callee_code[] = { 0x48, 0x89, 0xf8, 0xc3 };

/* vmwrite rax, rbx; vmresume */
static const uint8_t resume_code[] = { 0x0f, 0x79, 0xc3, 0x0f, 0x01, 0xc3 };

/* rdmsr */
static const uint8_t rdmsr_code[] = { 0x0f, 0x32 };

enum { CACHED = 1, ON = 2 << 8, VERIFY = 3 << 8 };

static void region_formed(struct writer *w, uint64_t tsc, uint32_t vcpu, unsigned int number)
{
    struct site site = { run_v0.rip, vcpu };

    writer_segment(w, tsc, site, number, true, (struct shape){ 8, 3, 23, 480 });
    writer_pieces(w, tsc, site, number, caller_code, sizeof(caller_code));
    writer_pieces(w, tsc, (struct site){ 0xffffffffc0a43000, vcpu }, number, callee_code,
                  sizeof(callee_code));
    writer_pieces(w, tsc, (struct site){ site.rip + 18, vcpu }, number, resume_code,
                  sizeof(resume_code));
}

static void region_used(struct writer *w)
{
    unsigned int i;

    writer_ran(w, 1100, run_v0, 8, 2, CLUSTER_STOP_RESUME, ON);
    for (i = 0; i < 5; i++)
        writer_ran(w, 1110 + i, run_v0, 8, 2, CLUSTER_STOP_RESUME, ON | CACHED);
    writer_ran(w, 1120, run_v0, 6, 1, CLUSTER_STOP_EDGE, ON | CACHED);
    writer_stopped(w, 1121, run_v0, CLUSTER_STOP_EDGE, run_v0.rip + 13);
    writer_segment(w, 1130, run_v0, 1, false, (struct shape){ 1, 1, 2, 64 });
    writer_pieces(w, 1130, (struct site){ run_v0.rip + 13, V0 }, 1, rdmsr_code,
                  sizeof(rdmsr_code));
    writer_ran(w, 1140, run_v0, 700, 300, CLUSTER_STOP_EVENT, ON | CACHED);
    writer_stopped(w, 1141, run_v0, CLUSTER_STOP_EVENT, run_v0.rip + 13);
    writer_stopped(w, 1150, run_v0, CLUSTER_STOP_STACK, run_v0.rip);
}

static void predictions(struct writer *w)
{
    writer_ran(w, 2000, run_v1, 6, 1, CLUSTER_STOP_COMPLETE, VERIFY);
    writer_mismatch(w, 2001, run_v1, (struct differs){
        .what = 0, .where = 3, .width = 8, .rip = run_v0.rip + 8, .insns = 5,
        .expected = 0x1234, .actual = 0x1235 });
    writer_mismatch(w, 2002, run_v1, (struct differs){
        .what = 0, .where = 3, .width = 8, .rip = run_v0.rip + 8, .insns = 5,
        .expected = 1, .actual = 2 });
    writer_mismatch(w, 2003, run_v1, (struct differs){
        .what = 3, .where = 0xffff888000001000, .width = 4, .rip = 0xffffffff81234567,
        .insns = 9, .expected = 0, .actual = UINT32_MAX });
    writer_mismatch(w, 2004, run_v1, (struct differs){
        .what = 4, .where = 0x681e, .width = 8, .rip = 0xffffffffc0a43003, .insns = 4 });
}

void scenario_regions(struct writer *w)
{
    writer_window(w, 0);
    writer_formed(w, 1010, run_v0, 7, 3, run_code, sizeof(run_code));
    writer_ran(w, 1020, run_v0, 7, 3, CLUSTER_STOP_COMPLETE, CACHED);
    writer_discarded(w, 1030, (struct site){ 0, V0 }, CLUSTER_DISCARD_FLUSHED, 1);
    region_formed(w, 1040, V0, 0);
    region_used(w);
    writer_window(w, 1);
    region_formed(w, 1500, V1, 7);
    writer_segment(w, 1510, exit_v1, 8, true, (struct shape){ 2, 2, 6, 0 });
    writer_pieces(w, 1511, exit_v1, 8, short_code, 3);
    writer_piece(w, 1512, exit_v1, 9, short_code, 3);
    predictions(w);
    writer_discarded(w, 2010, run_v1, CLUSTER_DISCARD_BYTES, 1);
    writer_end(w);
}

void scenario_batches(struct writer *w)
{
    unsigned int i;

    writer_window(w, 0);
    writer_batch(w, 1000, V0, 75, 0, 0x7fff);
    for (i = 0; i < 5; i++)
        writer_batch(w, 1100 + i, V0, 2, 7 + i % 2, i == 3 ? 0x202 : 0);
    writer_ran(w, 1200, run_v0, 8, 2, CLUSTER_STOP_RESUME, ON | CACHED);
    writer_batch(w, 1201, V0, 0, 0, 0);
    writer_window(w, 1);
    writer_batch(w, 1150, V1, 512, 3, 0x80000400);
    writer_end(w);
}
