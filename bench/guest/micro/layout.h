/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * layout.h - addresses and numbers that C and assembly share.
 *
 * The first 4 GiB of linear memory are mapped to themselves by 2 MiB pages. Behind them is
 * FAULT_PAGE, a page of 4 KiB that is mapped by the operation `pagefault` only.
 */
#ifndef LAYOUT_H
#define LAYOUT_H

#define FAULT_PAGE      0x100000000

#define PTE_PRESENT     0x001
#define PTE_WRITE       0x002
#define PTE_LARGE       0x080

#define KERNEL_CS       0x08
#define KERNEL_DS       0x10

#define NR_EXCEPTIONS   32

#endif /* LAYOUT_H */
