# SPDX-License-Identifier: GPL-2.0-only
#
# nvmx-cluster: see `make help`.

.DEFAULT_GOAL := help
.PHONY: help setup run regions bench bench-full check list clean

help:
	@echo 'make run     set-up, then the main job: L2 compiles and forks on what stock Xen does, with'
	@echo '             clusters off, static, interp, on; and forks in mode verify'
	@echo 'make bench   stock Xen, KVM, clusters off and on, by six workloads, with two kernels, with and'
	@echo '             without EPT, on two CPU models: 16 boots, then docs/RESULTS.md with its figures'
	@echo '             and docs/PROFILE.md, where the cycles go; two boots at once, done ones are'
	@echo '             kept. BENCH= has fewer: bench/matrix --help'
	@echo 'make bench-full  L2 compiles a whole kernel, stock, off and on, with two kernels as L1: 2 boots'
	@echo '             of many hours; everything goes to out-full/'
	@echo 'make regions stock, off, on and verify, compiling and forking, on the same machines: 16 boots'
	@echo 'make check   set-up, then all the tests'
	@echo 'make setup   the set-up alone: packages, emulator, hypervisor, images'
	@echo 'make list    the steps of the set-up, and which of them are cached'
	@echo 'make clean   removes what was built inside this tree; the cache stays'
	@echo 'Variables: bench/run --help, bench/setup/setup --help'

setup:
	@bench/setup/setup

run: setup
	@bench/run

bench:
	@bench/matrix

bench-full:
	@OUT=$${OUT:-out-full} DOCS=$${DOCS:-out-full} WORKLOAD=kernel-full LAB_LIMIT=$${LAB_LIMIT:-86400} \
	BENCH="$${BENCH:-sandy_bridge-debian-ept1-xen sandy_bridge-small-ept1-xen}" bench/matrix

regions:
	@OUT=$${OUT:-out-regions} DOCS=$${DOCS:-out-regions} BENCH="$${BENCH:-*-xen *-verify}" \
	WORKLOAD="$${WORKLOAD:-kernel-compile forks}" MODES="$${MODES:-stock off on stock}" bench/matrix

check: setup
	@tests/check

list:
	@bench/setup/setup --list

clean:
	rm -rf out out-full out-regions tools/*/build tests/build tests/*/build tests/*/build-* tests/system/payload/build bench/guest/micro/build
