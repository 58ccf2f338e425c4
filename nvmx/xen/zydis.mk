# SPDX-License-Identifier: GPL-2.0-only
# How to compile against the copy of Zydis: the decoder's one user and Zydis
# itself have to agree on these.
zydis := $(srctree)/arch/x86/hvm/vmx/nvmx-cluster/zydis
# Our LibC.h comes before Zycore's.
CFLAGS-y += -I$(srctree)/arch/x86/hvm/vmx/nvmx-cluster/nvmx/xen/zydis/include
CFLAGS-y += -I$(zydis)/include -I$(zydis)
CFLAGS-y += -DZYDIS_STATIC_BUILD -DZYCORE_STATIC_BUILD -DZYAN_NO_LIBC
CFLAGS-y += -DZYDIS_DISABLE_FORMATTER -DZYDIS_DISABLE_ENCODER
CFLAGS-y += -DZYDIS_DISABLE_AVX512 -DZYDIS_DISABLE_KNC -DZYDIS_DISABLE_SEGMENT
