/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stepper.h - the interpreter without the engine around it: instructions one by
 * one, as the recorder executes them; and what the tests of it share.
 */
#ifndef STEPPER_H
#define STEPPER_H

#include "alu.h"
#include "guest.h"
#include "interp.h"
#include "unit.h"

#define GPR(g, name) ((g)->regs.gpr[CLUSTER_##name])
#define NONCANONICAL 0x0000800000000000ull
#define UNMAPPED     (GUEST_DATA + 9 * GUEST_PAGE)

struct stepped {
    enum cluster_step did;      /* the last instruction that was tried */
    enum cluster_stop stop;     /* what it says where @did is STOP or LAST */
    unsigned int executed;      /* instructions */
};

/*
 * Put @code at GUEST_CODE and step from there, until RIP is no longer in @code,
 * an instruction stops, or eight were executed.  The record starts anew.
 */
struct stepped step(struct guest *g, struct code code);

/* The same as part of @region. */
struct stepped step_in(struct guest *g, struct code code, const struct cluster_region *region);

/* One instruction, which must be executed to its end; RIP must be where it goes. */
void step_next(struct guest *g, struct code code);

/* One instruction, which must stop for @why with no register changed. */
void step_stop(struct guest *g, struct code code, enum cluster_stop why);

/* Was op @what called with @argument? */
bool step_called(const struct guest *g, char what, uint64_t argument);

/* Set-up and tear-down of a test: *state is a new guest. */
int step_start(void **state);
int step_end(void **state);

#define LAW(name) cmocka_unit_test_setup_teardown(name, step_start, step_end)

#endif /* STEPPER_H */
