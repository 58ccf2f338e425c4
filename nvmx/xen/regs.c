/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * regs.c - L1's registers, between Xen's order and the engine's.
 */
#include "internal.h"

void nvmx_cluster_load_regs(struct cluster_regs *to,
                            const struct cpu_user_regs *from)
{
    to->gpr[CLUSTER_RAX] = from->rax;
    to->gpr[CLUSTER_RCX] = from->rcx;
    to->gpr[CLUSTER_RDX] = from->rdx;
    to->gpr[CLUSTER_RBX] = from->rbx;
    to->gpr[CLUSTER_RSP] = from->rsp;
    to->gpr[CLUSTER_RBP] = from->rbp;
    to->gpr[CLUSTER_RSI] = from->rsi;
    to->gpr[CLUSTER_RDI] = from->rdi;
    to->gpr[CLUSTER_R8] = from->r8;
    to->gpr[CLUSTER_R9] = from->r9;
    to->gpr[CLUSTER_R10] = from->r10;
    to->gpr[CLUSTER_R11] = from->r11;
    to->gpr[CLUSTER_R12] = from->r12;
    to->gpr[CLUSTER_R13] = from->r13;
    to->gpr[CLUSTER_R14] = from->r14;
    to->gpr[CLUSTER_R15] = from->r15;
    to->rip = from->rip;
    to->rflags = from->rflags;
    to->sti_shadow = false;
}

void nvmx_cluster_store_regs(struct cpu_user_regs *to,
                             const struct cluster_regs *from)
{
    to->rax = from->gpr[CLUSTER_RAX];
    to->rcx = from->gpr[CLUSTER_RCX];
    to->rdx = from->gpr[CLUSTER_RDX];
    to->rbx = from->gpr[CLUSTER_RBX];
    to->rsp = from->gpr[CLUSTER_RSP];
    to->rbp = from->gpr[CLUSTER_RBP];
    to->rsi = from->gpr[CLUSTER_RSI];
    to->rdi = from->gpr[CLUSTER_RDI];
    to->r8 = from->gpr[CLUSTER_R8];
    to->r9 = from->gpr[CLUSTER_R9];
    to->r10 = from->gpr[CLUSTER_R10];
    to->r11 = from->gpr[CLUSTER_R11];
    to->r12 = from->gpr[CLUSTER_R12];
    to->r13 = from->gpr[CLUSTER_R13];
    to->r14 = from->gpr[CLUSTER_R14];
    to->r15 = from->gpr[CLUSTER_R15];
    to->rip = from->rip;
    to->rflags = from->rflags;
}

/*
 * Local variables:
 * mode: C
 * c-file-style: "BSD"
 * c-basic-offset: 4
 * tab-width: 4
 * indent-tabs-mode: nil
 * End:
 */
