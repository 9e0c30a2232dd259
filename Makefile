# The doors of this project. `make` alone lists them.
# The series of the image where this machine has it: a distribution's build is optimised, one compiled by hand often is not.
PYTHON ?= $(shell python3.13 -c "import ensurepip" 2>/dev/null && echo python3.13 || echo python3)
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run demo test bench soak rehearse fuzz attack image-test upgrade-test mutation screens check release messages reference lock sbom licences local dev
.DELETE_ON_ERROR:

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 18

run: local ## the whole portal on this machine, for a first look (PORT, DATA_DIR change where)
	@$(BIN)/python -m tools.dev_server --with-parent

demo: local ## fill the desk of a running first look with 300 invented reports
	@$(BIN)/python -m tools.demo reports --wait 60

test: dev ## the whole suite on real PostgreSQL and Valkey: what goes by the clock, then browsers, portals and all else
	@BIN=$(BIN) sh .ci/tests

bench: dev ## measure against limits of the same run (ONLY=1 for one bar)
	@$(BIN)/python -m bench $(if $(ONLY),--benchmark $(ONLY))

soak: dev ## 10,000 reports under random kills for ten minutes (MINUTES, REPORTS, SEED): none may be lost; a list of 100,000 rows (ROWS), twice
	@$(BIN)/python -m tools.soak_test --minutes $(or $(MINUTES),10) --reports $(or $(REPORTS),10000) $(if $(SEED),--seed $(SEED))
	@FLOOD=$(or $(FLOOD),10000) $(BIN)/python -m pytest tests/reports/submission/test_flood.py -q -n 0
	@LIST_ROWS=$(or $(ROWS),100000) $(BIN)/python -m pytest tests/reports/management/commands/test_import_size.py -q -n 0 -s

rehearse: dev ## hosts of database, portal and store fail under 50 reports a second (root; RATE, FAULTS); DRILL=restore: any second back
	@$(BIN)/python -m tools.rehearsal --drill $(or $(DRILL),failover) $(if $(RATE),--rate $(RATE)) $(if $(FAULTS),--faults $(FAULTS))
	@$(BIN)/python -m pytest -n 0 -q -m rehearsal tests/faults/test_two_hosts.py

fuzz: dev ## 50,000 hostile requests at every public address and as many at both APIs, in this process (REQUESTS, SEED): none may fail; then new examples for every property
	@FUZZ_REQUESTS=$(or $(REQUESTS),50000) FUZZ_SEED=$(SEED) $(BIN)/python -m pytest tests/attacks/test_fuzz.py tests/attacks/test_api_fuzz.py -n 0 -q -s
	@$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=search -n 2 -q

attack: dev ## what is slow of tests/attacks: 4,000 sockets, 64 senders of the worst texts against a whole portal, growth of every reader
	@ATTACK_SOCKETS=$(or $(SOCKETS),4000) ATTACK_CLIENTS=$(or $(CLIENTS),64) ATTACK_SECONDS=20 \
		$(BIN)/python -m pytest -n 0 -q tests/attacks/test_front_limits.py tests/attacks/test_large_bodies.py \
		tests/attacks/test_addresses_in_logs.py tests/attacks/test_growth.py

image-test: ## build the image and the compose file as they are, and run them in a Docker Engine of its own (root; HERE=1: in this machine's)
	@nice -n 19 $(PYTHON) -m tools.image_test $(if $(HERE),--here) $(if $(KEEP),--keep)

upgrade-test: dev ## the version before with 10,000 reports (FROM=v1.0.0, REPORTS), changed over to this one under 50 posts a second
	@UPGRADE_REPORTS=$(or $(REPORTS),10000) UPGRADE_FROM=$(FROM) $(BIN)/python -m pytest -n 0 -q -s tests/faults/test_upgrade.py

mutation: .venv/mutation.stamp ## change what must not be wrong, line by line: a test must turn red (ONLY='core.outbox*' for a part)
	@$(BIN)/python -m tools.mutation $(ONLY)

screens: dev ## screenshots of the pages, to look at them
	@$(BIN)/python -m tools.screenshots

check: dev ## format, lint, types, migrations, translations, deploy checks, compose file
	@BIN=$(BIN) sh .ci/checks

release: dev ## the same before a release: what could not be checked fails, too
	@RELEASE=1 BIN=$(BIN) sh .ci/checks

messages: dev ## gather the words of pages and code into locale/en, and compile them (needs gettext)
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh locale/gather.sh

reference: dev ## write docs/reference anew from settings, commands and this file
	@$(BIN)/python -m tools.write_reference

lock: dev ## write the hashed locks anew from pyproject.toml
	@BIN=$(BIN) sh requirements/lock.sh

sbom: dev ## what the portal is made of, as CycloneDX: build/sbom.cdx.json
	@mkdir -p build && $(BIN)/python requirements/sbom.py >build/sbom.cdx.json && echo build/sbom.cdx.json

licences: dev ## every locked package with its licence
	@$(BIN)/python requirements/sbom.py --licences

# A lock is installed once: the stamp is younger than the lock, or its packages are installed anew.
local: .venv/local.stamp
dev: .venv/dev.stamp

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + ": try make PYTHON=python3.13")'
	@echo "Making a virtual environment in .venv …"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --require-hashes --requirement requirements/uv.txt

# Where uv cannot reach the index as pip can (a proxy, a certificate of one's own), pip takes a minute.
.venv/%.stamp: requirements/%.txt | .venv/bin/uv
	@echo "Installing the locked packages of $< …"
	@VIRTUAL_ENV=.venv $(BIN)/uv pip install --quiet --require-hashes --requirement $< || \
		$(BIN)/pip install --quiet --require-hashes --requirement $<
	@touch $@
