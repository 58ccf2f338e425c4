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
