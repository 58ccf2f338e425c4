# SPDX-License-Identifier: GPL-2.0-only
#
# nvmx-cluster: see `make help`.

.DEFAULT_GOAL := help
.PHONY: help setup run check list clean

help:
	@echo 'make run     set-up, then the main job: L2 compiles with clusters off, static, off'
	@echo 'make check   set-up, then all the tests'
	@echo 'make setup   the set-up alone: packages, emulator, hypervisor, images'
	@echo 'make list    the steps of the set-up, and which of them are cached'
	@echo 'make clean   removes what was built inside this tree; the cache stays'
	@echo 'Variables: bench/run --help, bench/setup/setup --help'

setup:
	@bench/setup/setup

run: setup
	@bench/run

check: setup
	@tests/check

list:
	@bench/setup/setup --list

clean:
	rm -rf out tools/*/build tests/build tests/*/build tests/*/build-* tests/system/payload/build
