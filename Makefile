# make run: a working portal from a bare machine with Python 3.11. make test: everything CI runs.
.DEFAULT_GOAL := help
.PHONY: help run test setup setup-dev open-data format bench bench-dosage bench-evaluation bench-returns

help:
	@echo "make run                   set up, load the demonstration programme if the database is empty, serve"
	@echo "make test                  format, lint, types, import contracts, tests (what CI runs)"
	@echo "make open-data FOLDER=... PROGRAMME=...  load an unpacked archive of data.police.uk (see scripts/open-data.sh)"
	@echo "make bench-dosage          speed and memory of counting minutes, into docs/benchmarks.md (SIZE=full: about an hour)"
	@echo "make bench-evaluation      speed of the patrol-day estimate beside statsmodels and pyfixest, into docs/benchmarks.md"
	@echo "make bench-returns         time and memory of a return beside Chromium and Typst, and of 43, into docs/benchmarks.md"
	@echo "make bench                 all benches: those and the accuracy of minutes"
	@echo "make format                put the code into the standard format"

setup:
	@scripts/setup.sh run

setup-dev:
	@scripts/setup.sh test

run: setup
	@scripts/serve.sh

test: setup-dev
	@scripts/check.sh

open-data: setup
	@FOLDER="$(FOLDER)" PROGRAMME="$(PROGRAMME)" SETTINGS="$(SETTINGS)" AREAS="$(AREAS)" FORCE="$(FORCE)" scripts/open-data.sh

format: setup-dev
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

bench-dosage: setup-dev
	@scripts/bench.sh kernel_peers end_to_end memory executors

bench-evaluation: setup-dev
	@scripts/bench.sh evaluation_peers

bench-returns: setup-dev
	@scripts/bench.sh returns_speed

bench: setup-dev
	@scripts/bench.sh kernel_peers end_to_end memory executors accuracy evaluation_peers returns_speed
