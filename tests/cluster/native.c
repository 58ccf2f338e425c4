/* SPDX-License-Identifier: GPL-2.0-only */
#define _GNU_SOURCE
#include "native.h"

#include <err.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

#define PAGE 4096
#define HWCAP2_FSGSBASE_BIT 2u  /* in AT_HWCAP2: the kernel allows WRFSBASE */
#define FLAG_TF (1ull << 8)

_Static_assert(offsetof(struct native_state, rflags_in) == STATE_RFLAGS_IN &&
               offsetof(struct native_state, entry) == STATE_ENTRY &&
               offsetof(struct native_state, gpr_out) == STATE_GPR_OUT &&
               offsetof(struct native_state, rflags_out) == STATE_RFLAGS_OUT &&
               offsetof(struct native_state, host_rsp) == STATE_HOST_RSP &&
               offsetof(struct native_state, leave) == STATE_LEAVE &&
               offsetof(struct native_state, bases) == STATE_BASES &&
               offsetof(struct native_state, fs_in) == STATE_FS_IN &&
               offsetof(struct native_state, gs_in) == STATE_GS_IN &&
               offsetof(struct native_state, host_fs) == STATE_HOST_FS &&
               offsetof(struct native_state, host_gs) == STATE_HOST_GS, "as in native.h");

void native_enter(void);
void native_leave(void);

static uint8_t *writable_code;
/* Bases are changed only while this is set: the handler must restore them. */
static volatile sig_atomic_t in_sequence;

struct native_state *native_state(void)
{
    return (struct native_state *)NATIVE_STATE;
}

uint8_t *native_data(void)
{
    return (uint8_t *)NATIVE_DATA;
}

bool native_has_bases(void)
{
    return getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT;
}

/* Each once with AF set before; OR-ed, the four results. */
bool native_clears_af(void)
{
    uint64_t flags, all = 0;

#define AFTER(insn)                                                     \
    __asm__ volatile("mov $15, %%al\n\tadd $1, %%al\n\t"                \
                     insn "\n\tpushfq\n\tpopq %0"                       \
                     : "=r"(flags) : : "rax", "cc");                    \
    all |= flags
    AFTER("and $1, %%al");
    AFTER("or $1, %%al");
    AFTER("xor $1, %%al");
    AFTER("test $1, %%al");
#undef AFTER
    return !(all & 1 << 4);
}

/*
 * Note what happened and leave with the registers as they are.  The C library keeps its own data
 * at FS: before anything else, its base must be back.
 */
__attribute__((no_stack_protector, no_sanitize("address", "undefined")))
static void on_fault(int signal, siginfo_t *info, void *context)
{
    struct native_state *state = native_state();
    greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;

    if (!in_sequence) {
        static const char message[] = "a fault outside the sequences\n";
        ssize_t ignored = write(STDERR_FILENO, message, sizeof(message) - 1);

        (void)ignored;
        _exit(128 + signal);
    }
    if (state->bases) {
        __asm__ volatile("wrfsbase %0" : : "r"(state->host_fs));
        __asm__ volatile("wrgsbase %0" : : "r"(state->host_gs));
    }
    state->signal = signal;
    state->signal_rip = regs[REG_RIP];
    state->signal_address = (uint64_t)info->si_addr;
    regs[REG_RIP] = (uint64_t)native_leave;
    regs[REG_EFL] &= ~FLAG_TF;
}

/* On a stack of its own: the sequence's RSP may point anywhere. */
static void catch_faults(void)
{
    static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE, SIGSYS };
    static uint8_t stack_memory[65536];
    stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };
    struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_ONSTACK | SA_SIGINFO };
    unsigned int i;

    if (sigaltstack(&stack, NULL))
        err(2, "sigaltstack");
    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (sigaction(signals[i], &action, NULL))
            err(2, "sigaction");
}

/* A sequence that returns into the middle of an instruction might come upon SYSCALL. */
static void forbid_system_calls(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
                 offsetof(struct seccomp_data, instruction_pointer) + 4),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NATIVE_CODE + PAGE + 1, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, NATIVE_CODE, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        err(2, "seccomp");
}

static void map_data(uintptr_t address, size_t size)
{
    void *at = (void *)address;

    if (mmap(at, size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != at)
        err(2, "mmap at %p", at);
}

static void map_code(void)
{
    void *at = (void *)NATIVE_CODE;
    int fd = memfd_create("sequence", MFD_CLOEXEC);

    if (fd < 0 || ftruncate(fd, PAGE))
        err(2, "memfd_create");
    if (mmap(at, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0) != at)
        err(2, "mmap at %p", at);
    writable_code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (writable_code == MAP_FAILED)
        err(2, "mmap");
    close(fd);
}

void native_protect(bool read_only)
{
    if (mprotect(native_data() + NATIVE_READ_ONLY * PAGE, PAGE,
                 PROT_READ | (read_only ? 0 : PROT_WRITE)))
        err(2, "mprotect");
}

void native_start(void)
{
    map_data(NATIVE_STATE, PAGE);
    map_data(NATIVE_DATA, NATIVE_DATA_PAGES * PAGE);
    if (mprotect(native_data() + NATIVE_HOLE * PAGE, PAGE, PROT_NONE))
        err(2, "mprotect");
    map_code();
    catch_faults();
    forbid_system_calls();
    native_state()->leave = (uintptr_t)native_leave;
    native_state()->bases = native_has_bases();
}

/* JMP through native_state.leave, by a 32-bit absolute address. */
static void append_leave(uint8_t *at)
{
    static const uint8_t jump[] = { 0xff, 0x24, 0x25 };
    uint32_t address = NATIVE_STATE + STATE_LEAVE;

    memcpy(at, jump, sizeof(jump));
    memcpy(at + sizeof(jump), &address, sizeof(address));
}

const uint8_t *native_put_code(const uint8_t *code, unsigned int size)
{
    memcpy(writable_code, code, size);
    append_leave(writable_code + size);
    return writable_code;
}

void native_execute(uint64_t rip)
{
    native_state()->entry = rip;
    native_state()->signal = 0;
    in_sequence = 1;
    native_enter();
    in_sequence = 0;
}
