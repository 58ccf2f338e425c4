# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034,SC2154,SC2016
# The sources of Zydis and Zycore, unpacked: for Xen and for the hosted tests.

step_inputs()
{
    source_inputs ZYDIS_SRC zydis-source
    source_inputs ZYCORE_SRC zycore-source
}

step_build()
{
    source_unpack ZYDIS_SRC zydis-source zydis
    source_unpack ZYCORE_SRC zycore-source zycore
}
