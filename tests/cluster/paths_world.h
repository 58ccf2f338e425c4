/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * paths_world.h - the world of L1 made of a recorded path, for the engine to run
 * in: memory, and L0's answers.
 *
 * A world holds a part of a path, instructions [first, end).  Its memory is what
 * the part read before it wrote it, and its code; every other byte is 0xcc, which as
 * an instruction (INT3) is one that the engine leaves to hardware.  That is also
 * put where the part ends.  What L0 changed in memory while it handled an exit
 * (interrupts injected aside, see path_decode()) it changes here as well.
 *
 * Order of calls: path_decode() once per path; then path_world_build(), and before each
 * execution path_world_reset(); path_world_check() after it.
 */
#ifndef PATHS_WORLD_H
#define PATHS_WORLD_H

#include "paths_flags.h"
#include "paths_read.h"

enum { PATH_PAGE = 4096, PATH_MAX_PAGES = 256, PATH_MAX_FIELDS = 128, PATH_MAX_PATCHES = 1024 };

/* A path with its instructions decoded. */
struct path_code {
    const struct path *path;
    struct cluster_insn *insn;  /* op CLUSTER_NR_OPS where the engine has none */
    bool *joins;                /* may be executed after the one before it, in one part */
};

struct path_page {
    uint64_t linear;
    uint8_t *host;              /* what the engine works on, 4 KiB */
    uint8_t *initial;           /* as the part found it */
    uint8_t *model;             /* scratch: as the recorded instructions leave it */
    uint8_t known[4096 / 8];    /* bytes that some instruction told of */
    bool writable, executable;
};

/* A byte that L0 changed while it handled instruction @insn. */
struct path_patch {
    unsigned int insn;
    uint64_t linear;
    uint8_t byte;
};

struct path_field {
    uint64_t field, initial;
    bool plain;                 /* changes by VMWRITE only: a VMREAD may be a plain load */
};

struct path_world {
    const struct path_code *code;
    unsigned int first, end;
    bool plain_fields;          /* begin() gives a vmcs */
    uint64_t epoch;
    struct path_page page[PATH_MAX_PAGES];
    unsigned int nr_pages;
    struct path_patch patch[PATH_MAX_PATCHES];
    unsigned int nr_patches;
    struct path_field field[PATH_MAX_FIELDS];
    unsigned int nr_fields;
    uint64_t vmcs[PATH_MAX_FIELDS];
    uint64_t cr2;               /* as the next read of it found it */
    unsigned int next;          /* instruction from which on L0's next answer is looked for */
    char error[200];            /* what the engine asked for that L1 did not; empty: nothing */
};

void path_decode(struct path_code *code, const struct path *path);
void path_code_free(struct path_code *code);

/* VMRESUME, VMLAUNCH. */
static inline bool path_is_entry(const struct cluster_insn *insn)
{
    return insn->op == CLUSTER_OP_VMRESUME || insn->op == CLUSTER_OP_VMLAUNCH;
}

/* Is L0 asked about instruction @i: VMREAD, VMWRITE or an emulated one? */
bool path_asks(const struct path_code *code, unsigned int i);

/*
 * The value of an operand of instruction @i: a register, or what the recorder saw in
 * memory: @what is 'p' for the value before the instruction, 'q' for that after it.
 */
uint64_t path_operand(const struct path_code *code, unsigned int i,
                      const struct cluster_operand *operand, char what);

/* VMREAD, VMWRITE @i: the field, and the value that it gave or took. */
uint64_t path_field_number(const struct path_code *code, unsigned int i);
uint64_t path_value(const struct path_code *code, unsigned int i);

/* What the flags behind VMX instruction @i say of it. */
enum cluster_vmx path_vmx_result(const struct path_code *code, unsigned int i);

/*
 * Returns false, with the reason in world->error, where no world can be made: a page too
 * many, memory changed without L0, no place for the INT3.  Pages of an earlier build are reused.
 */
bool path_world_build(struct path_world *world, const struct path_code *code,
                      unsigned int first, unsigned int end);
void path_world_free(struct path_world *world);

/* Memory, fields and answers as at the beginning; @regs L1's registers there. */
void path_world_reset(struct path_world *world, struct cluster_regs *regs);

/*
 * Are @regs and memory what the processor had before instruction @at (first <= at <= end)?
 * If not, the reason is in world->error.
 */
bool path_world_check(struct path_world *world, const struct cluster_regs *regs,
                      unsigned int at);

/* As path_world_check(), registers only, with these flags left out. */
bool path_world_check_registers(struct path_world *world, const struct cluster_regs *regs,
                                unsigned int at, unsigned int undefined);

/* For paths_ops.c. Sets the error, unless there is one already; false. */
bool path_world_fail(struct path_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The page of @linear, or NULL. */
struct path_page *path_world_page(struct path_world *world, uint64_t linear);

/* The field's entry, a new one where there is none; NULL: no room. */
struct path_field *path_world_field(struct path_world *world, uint64_t field);

/* Change what L0 changed while it handled @insn, in the engine's memory or in the model. */
void path_world_patch(struct path_world *world, unsigned int insn, bool to_model);

/* ctx is a struct path_world. */
extern const struct cluster_ops path_world_ops;

#endif /* PATHS_WORLD_H */
