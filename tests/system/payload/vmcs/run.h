/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - a step of a test, and what is told of it.
 *
 *   case NAME                  what the lines behind it belong to
 *     write NAME=VALUE         VMWRITE; " flags F" behind it where it failed
 *     exit REASON              L2 ran until an exit
 *     fails flags F error E    it did not
 *     fields, l1, l2 ...       see look.h
 */
#ifndef VMCS_RUN_H
#define VMCS_RUN_H

#include "vm.h"

/* Behind so many exits L2's orders are given up. */
enum { MAX_EXITS = 64 };

/* What run_enter() returns when L2 was not entered. */
#define RUN_FAILED 0xffffffffu

/* The text is @name's: it is handed over before each case. */
void run_text_of(const char *name);
void run_hand_over(void);

void run_begin(const char *name);

/* A case of two words. */
void run_begin_of(const char *what, const char *name);

void run_write(uint32_t field, uint64_t value);

/* An entry: the exit reason or RUN_FAILED. */
uint32_t run_enter(struct vm *vm);

/* Until all of L2's orders are carried out. */
void run_on(struct vm *vm);

/* L2 carries out @op, then looks about. */
void run_op(struct vm *vm, void (*op)(void), uint64_t a, uint64_t b);

/* L2 only looks about. */
void run_look(struct vm *vm);

/* What failed, if @flags say so: " flags F error E". */
void run_say_flags(uint32_t flags);

#endif /* VMCS_RUN_H */
