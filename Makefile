# SPDX-License-Identifier: GPL-2.0-only
#
# nvmx-cluster: see `make help`.

.DEFAULT_GOAL := help
.PHONY: help setup run regions check list clean

help:
	@echo 'make run     set-up, then the main job: L2 compiles and forks with clusters off, static,'
	@echo '             interp, on, off'
	@echo 'make regions the same off and on, and verify, with two kernels, with and without EPT, on'
	@echo '             two CPU models: 16 boots; bench/matrix --help says how to have fewer'
	@echo 'make check   set-up, then all the tests'
	@echo 'make setup   the set-up alone: packages, emulator, hypervisor, images'
	@echo 'make list    the steps of the set-up, and which of them are cached'
	@echo 'make clean   removes what was built inside this tree; the cache stays'
	@echo 'Variables: bench/run --help, bench/setup/setup --help'

setup:
	@bench/setup/setup

run: setup
	@bench/run

regions:
	@bench/matrix

check: setup
	@tests/check

list:
	@bench/setup/setup --list

clean:
	rm -rf out out-regions tools/*/build tests/build tests/*/build tests/*/build-* tests/system/payload/build bench/guest/micro/build
